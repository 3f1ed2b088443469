"""What every comment of jitbot's is made of: parts that fit, documents folded away, and a marker."""

import html
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jitbot.domain.aws.iam import Documents
from jitbot.domain.text import escape
from jitbot.domain.text.markdown import fenced, hidden

MARKER = (
    "<!-- jitbot: requests -->"  # the last line of each comment: by it, and by its author, it is found again
)
LONGEST = 65_536  # characters that GitHub takes: https://docs.github.com/en/rest/issues/comments


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
        yield hidden(summary, "\n\n".join(("<br>\n".join(lines), *texts)))


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
