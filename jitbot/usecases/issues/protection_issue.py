"""The one issue about safeguards of main and ledger that were lost: open until a look sees them hold again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jitbot import catalogs
from jitbot.domain.audit.protection.safeguards import Safeguard
from jitbot.domain.audit.protection.timeline import Loss
from jitbot.domain.model.github_objects import Issue
from jitbot.domain.setup.doctor.report import Check
from jitbot.domain.text import escape, timestamp
from jitbot.usecases.context import Context
from jitbot.usecases.issues.alert_issue import EVER
from jitbot.usecases.issues.single_issue import keep_one, twin

MARKER = "<!-- jitbot:protection -->"
_TITLE = "A protection of main or ledger was lost"
_OPEN = catalogs.text("issues/protection-lost.md")
_DONE = catalogs.text("issues/protection-seen.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A safeguard that is lost, since when, and doctor's check of it."""

    safeguard: Safeguard
    loss: Loss
    check: Check


def keep_protection_issue(context: Context, lost: Sequence[Lost], now: datetime, *, blind: bool) -> None:
    """Open, bring up to date, or close the one issue about them. Raises JitbotError if GitHub does not let us.

    `blind`: this look saw nothing of a branch, so that an issue that is open stays open.
    """

    def wanted(issue: Issue, twin_of: int | None) -> Issue:
        words = {"at": timestamp.show(now), "run": context.run.url}
        if twin_of is not None:
            return twin(issue, issue.title or _TITLE, twin_of, f"\n{MARKER}")
        if not lost and (blind or not issue.is_open):
            return issue
        body = _OPEN.format(**words, lost=_listed(lost)) if lost else _DONE.format(**words)
        return Issue(number=issue.number, title=_TITLE, body=f"{body}\n{MARKER}", is_open=bool(lost))

    keep_one(context.issues, context.issues.ours(EVER), wanted, marker=MARKER, since=EVER, needed=bool(lost))


def _listed(lost: Sequence[Lost]) -> str:
    return "\n".join(_line(each) for each in lost)


def _line(each: Lost) -> str:
    before = f", last seen to hold at {timestamp.show(each.loss.after)}" if each.loss.after else ""
    said = escape.markdown(f"{each.check.impact}. Fix: {each.check.fix}")
    return (
        f"- **{escape.markdown(each.safeguard.title)}** (`{each.safeguard.code}`), "
        f"not since {timestamp.show(each.loss.since)}{before}. {said}"
    )
