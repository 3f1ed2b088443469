"""What every comment of jitbot's is made of: parts that fit, documents folded away, and a marker."""

import html
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jitbot.domain.aws.iam import Documents
from jitbot.domain.text import escape
from jitbot.domain.text.markdown import fenced, hidden

# The last line of each comment: by it, and by its author, it is found again.
MARKER = "<!-- jitbot: requests -->"
LONGEST = 65_536  # characters that GitHub takes: https://docs.github.com/en/rest/issues/comments


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a comment. A part that must be shown is never dropped in favour of another one."""

    text: str
    must: bool


def must(text: str) -> Part:
    """A part that must be there."""
    return Part(text, must=True)


def is_ours(body: str) -> bool:
    """Whether a comment's text ends with jitbot's marker."""
    return body.rstrip().endswith(MARKER)


def assembled(parts: Iterable[str], folded: Iterable[str], *, number: int, verb: str = "explain") -> str:
    """The comment of these parts, then of what is folded away, as far as GitHub takes it; it says what was left out.

    `verb` is the command that shows the same at a terminal.
    """
    command = f"jitbot {verb} {number}"
    foot = (
        f"<sub>Kept current by jitbot. Anyone with write access here may edit it; what counts is the diff, "
        f"and `{command}`.</sub>\n\n{MARKER}\n"
    )
    space = LONGEST - len(foot) - 200
    kept: list[str] = []
    for part in parts:
        if len(part) + 2 > space:
            kept.append(f"*Too long to be shown here: see `{command}`.*")
            break
        kept.append(part)
        space -= len(part) + 2
    for part in folded:
        if len(part) + 2 > space:
            kept.append(f"*The documents are too long to be shown here: see `{command}`.*")
            break
        kept.append(part)
        space -= len(part) + 2
    return "\n\n".join((*kept, foot))


def fitted(parts: Sequence[Part]) -> list[str]:
    """The texts of these parts, without empty ones, that fit. Optional parts are left out first, starting at the end."""
    kept = [part for part in parts if part.text]
    over = sum(len(part.text) + 2 for part in kept) - (LONGEST - 1_000)
    for part in [part for part in kept if not part.must][::-1]:
        if over <= 0:
            break
        kept.remove(part)
        over -= len(part.text) + 2
    return [part.text for part in kept]


def folded(grants: Iterable[Documents], *, until: str = "") -> Iterator[str]:
    """The complete documents of each role, folded behind a line to click on.

    `until` stands for the end if it is counted from a merge that has not happened yet. So the comment stays correct,
    and a run a minute later has nothing to edit.
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
    """The document, with the times that AWS compares its clock with replaced by these words, if any are given.

    A policy may not use the clock itself, so every such time belongs to the window.
    """
    if isinstance(document, Mapping):
        return {
            key: until if until and key == "aws:CurrentTime" else _timed(value, until)
            for key, value in document.items()
        }
    return [_timed(each, until) for each in document] if isinstance(document, list) else document
