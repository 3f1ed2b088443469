"""A commit of main that is too large to read: what it asks for is refused once, and nothing else is stopped.

A person who can merge one file can also merge a thousand files, or one file below a hundred folders. Such a commit
gives no access. If it deletes requests, the sweep detects that by looking for the known files, not by reading the
commit's changes.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from jitbot import __version__
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence, Reason
from jitbot.domain.model.bounds import DEEPEST, FILES, MOST_ASKS, MOST_OF_REQUESTS, are_few
from jitbot.domain.model.documents import Finding, Sha
from jitbot.domain.model.grammar import REQUESTS, is_request
from jitbot.domain.model.merge_facts import Change, ChangeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLarge:
    """One commit of main's first-parent line that is refused as a whole."""

    commit: Sha
    base: Sha  # the first parent
    committed_at: datetime


def asks(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes that ask for access or for more of it: request files that were added or changed."""
    return tuple(each for each in changes if each.kind is not ChangeKind.DELETED and is_request(each.path))


def asking_too_much(changes: Sequence[Change]) -> tuple[TooLarge, ...]:
    """The commits that add or change more request files than one merge may, in the order of `changes`."""
    count = Counter(each.commit for each in asks(changes))
    found = {
        each.commit: TooLarge(commit=each.commit, base=each.base, committed_at=each.committed_at)
        for each in changes
        if count[each.commit] > MOST_ASKS
    }
    return tuple(found.values())


def changes_too_much(paths: Collection[str]) -> bool:
    """Whether a commit that changes these paths is more than is read of requests/, folders counted too."""
    below = [path for path in paths if path.startswith(REQUESTS)]
    folders = {path[:end] for path in below for end, each in enumerate(path) if each == "/"}
    return len(below) + len(folders) > MOST_OF_REQUESTS or any(path.count("/") >= DEEPEST for path in below)


def too_many(touched: Sequence[str] | None, listed: Sequence[str] | None, file: str) -> tuple[Finding, ...]:
    """Why a merge gives nothing that touches so many paths, by git or by GitHub's list; empty if they are few.

    None in the place of paths: there are more than are read.
    """
    hint = "ask anew, in a pull request of one file"
    if touched is None:
        return (Finding.in_file(file, "too-large", "the merge changes more than is read", hint),)
    if listed is None or not are_few(listed) or not are_few(touched):
        message = f"the merge touches more than {FILES} files, or files of too long names"
        return (Finding.in_file(file, "too-many-files", message, hint),)
    return ()


def finding(found: TooLarge) -> Finding:
    """Why everything that this commit asks for is refused."""
    return Finding(
        code="too-large",
        message=f"commit {found.commit[:10]} of main changes more below requests/ than one merge may; "
        "nothing that it asks for is granted",
        file=REQUESTS,
        hint=f"ask in pull requests of at most {MOST_ASKS} files each, with `jitbot request`",
    )


def refusal(found: TooLarge, *, now: datetime, run: str) -> Event:
    """The record of it: one event for the whole commit, which names no request."""
    reason = finding(found)
    return Event(
        kind=EventType.REFUSED,
        at=now,
        request="",
        commit=found.commit,
        cause=reason.code,
        evidence=Evidence.of(
            Evidence.jitbot(__version__),
            Evidence.merge_commit(found.commit),
            Evidence.rules_commit(found.base),
            Evidence.reasons([Reason(reason.as_json())]),
        ),
        run=run,
    )
