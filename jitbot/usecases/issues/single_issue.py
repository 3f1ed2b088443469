"""Exactly one issue for each hidden mark: opened once, kept current, found again by its mark and its author."""

from collections.abc import Callable, Iterable
from datetime import datetime

from jitbot import catalogs
from jitbot.domain.model.errors import JitbotError
from jitbot.domain.model.github_objects import Issue
from jitbot.ports.issues import Issues

_TWIN = catalogs.text("issues/opened-twice.md")
# An issue as it should be; the number of which it is a twin.
WantedIssue = Callable[[Issue, int | None], Issue]


def keep_one(
    issues: Issues, found: Iterable[Issue], wanted: WantedIssue, *, marker: str, since: datetime, needed: bool
) -> None:
    """Make the issue with this mark as wanted. If there is none, open it if it is `needed`. Raises JitbotError.

    `found` are the issues that the workflows opened and that changed since `since`. The whole issue is compared,
    so any run repairs it.
    """
    named = _named(marker, found)
    if not named and needed:
        named = _open(issues, wanted, marker, since)
    for position, issue in enumerate(named):
        # The oldest is kept. A parallel run may have opened a second one, which is closed here.
        right = wanted(issue, named[0].number if position else None)
        if right != issue and (issue.is_open or not position):
            issues.update(right)


def twin(issue: Issue, title: str, twin_of: int, mark: str) -> Issue:
    """A second issue for the same mark: it is closed, and its text links to the issue with this number."""
    body = _TWIN.format(number=twin_of) + mark
    return Issue(number=issue.number, title=title, body=body, is_open=False)


def _open(issues: Issues, wanted: WantedIssue, marker: str, since: datetime) -> tuple[Issue, ...]:
    """Open the issue, then read the issues again: the answer may be lost, or another run may have opened one too."""
    new = wanted(Issue(number=0, title="", body="", is_open=False), None)
    try:
        made = issues.create(new.title, new.body)
    except JitbotError:
        if not (there := _named(marker, issues.ours(since))):
            raise
        return there
    listed = _named(marker, issues.ours(since))
    return listed if made in listed else _by_number((*listed, made))


def _named(marker: str, found: Iterable[Issue]) -> tuple[Issue, ...]:
    """The issues that carry this mark, the oldest first."""
    return _by_number(issue for issue in found if marker in issue.body)


def _by_number(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    return tuple(sorted(issues, key=lambda issue: issue.number))
