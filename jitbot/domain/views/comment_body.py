"""What every comment of jitbot's is made of: parts that fit, texts made inert, documents folded away, and a marker.

What people wrote is escaped; what is folded away is JSON in a fence of code that nothing in it can close.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jitbot.domain.aws.iam import Documents
from jitbot.domain.model import escape
from jitbot.domain.views.request_summary import MARKDOWN

MARKER = (
    "<!-- jitbot: requests -->"  # the last line of each comment: by it, and by its author, it is found again
)
LONGEST = 65_536  # characters that GitHub takes: https://docs.github.com/en/rest/issues/comments
_TEXT = 600  # characters of one text of a person's
_INERT = 2_800  # characters that one may take once it is inert: a valid reason fits, whatever is in it
_VALUE = 800  # the same of a parameter, an account, a name


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a comment. One that must be there is never dropped to make room for another."""

    text: str
    must: bool


def must(text: str) -> Part:
    """A part that must be there."""
    return Part(text, must=True)


def is_ours(body: str) -> bool:
    """Whether a comment's text ends as ours do."""
    return body.rstrip().endswith(MARKER)


def whole(parts: Iterable[str], folded: Iterable[str], *, number: int) -> str:
    """The comment of these parts, then of what is folded away, as far as GitHub takes it; it says what was left out."""
    foot = (
        f"<sub>Kept current by jitbot. Whoever may write here may edit it; what counts is the diff, "
        f"and `jitbot explain {number}`.</sub>\n\n{MARKER}\n"
    )
    room = LONGEST - len(foot) - 200
    kept: list[str] = []
    for part in parts:
        if len(part) + 2 > room:
            kept.append(f"*Too long to be shown here: see `jitbot explain {number}`.*")
            break
        kept.append(part)
        room -= len(part) + 2
    for part in folded:
        if len(part) + 2 > room:
            kept.append(f"*The documents are too long to be shown here: see `jitbot explain {number}`.*")
            break
        kept.append(part)
        room -= len(part) + 2
    return "\n\n".join((*kept, foot))


def fitted(parts: Sequence[Part]) -> list[str]:
    """The texts of these parts that say anything, as far as there is room; those that may be left out go first, from the end on."""
    kept = [part for part in parts if part.text]
    over = sum(len(part.text) + 2 for part in kept) - (LONGEST - 1_000)
    for part in [part for part in kept if not part.must][::-1]:
        if over <= 0:
            break
        kept.remove(part)
        over -= len(part.text) + 2
    return [part.text for part in kept]


def folded(grants: Iterable[Documents], *, until: str = "") -> Iterator[str]:
    """Each role's documents, whole, behind a line to press on.

    `until`: what stands for the end where it is counted from a merge that has not been. So the comment says
    the same a minute later, and nothing that is not so.
    """
    for grant in grants:
        managed = [f"managed policy: `{arn}`" for arn in grant.managed_policies]
        lines = [f"`{grant.role_arn}`", f"boundary: `{grant.permissions_boundary}`", *managed]
        texts = [
            f"{title}\n\n{fenced(json.dumps(_timed(document, until), indent=2))}"
            for title, document in (
                ("Who may enter:", grant.trust_policy),
                ("What may be done:", grant.permission_policy),
            )
        ]
        account = html.escape(escape.terminal(grant.account))  # inside HTML, Markdown's escapes are none
        summary = f"Exactly this role in <b>{account}</b>"
        inside = "\n\n".join(("<br>\n".join(lines), *texts))
        yield f"<details><summary>{summary}</summary>\n\n{inside}\n\n</details>"


def _timed(document: object, until: str) -> object:
    """A document in which the time that AWS compares its clock with is said in words, if there are any.

    No policy may compare the clock by itself, so all of these are the window's.
    """
    if isinstance(document, Mapping):
        return {
            key: until if until and key == "aws:CurrentTime" else _timed(value, until)
            for key, value in document.items()
        }
    return [_timed(each, until) for each in document] if isinstance(document, list) else document


def fenced(text: str, language: str = "json") -> str:
    """A block of code, in a fence longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def cut(text: str, most: int = _INERT) -> str:
    """A text of a person's, inert, and no longer than a comment needs."""
    length = min(len(text), _TEXT)
    while len(shown := MARKDOWN.plain(text if length == len(text) else f"{text[:length]}…")) > most:
        length = length * 3 // 4
    return shown


def short(text: str) -> str:
    """The same of a text that is shorter."""
    return cut(text, _VALUE)


def exact(text: str) -> str:
    """A name or a value: as `short`, and no letter of another script passes for one of ASCII."""
    return short(escape.literal(text))
