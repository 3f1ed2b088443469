"""Looks after a pull request until its request is granted, refused, or the patience is over."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from jitbot.domain import life, progress
from jitbot.domain.life import Life
from jitbot.domain.ports import Pull
from jitbot.domain.progress import FINAL, Sight, Step
from jitbot.lifecycle.desk import Desk
from jitbot.lifecycle.open_approvals import OpenApprovals
from jitbot.lifecycle.remote_ledger import RemoteLedger

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 10.0  # seconds between two looks


def follow(desk: Desk, pull: Pull, request: str, *, now: datetime, patience: timedelta) -> Iterator[Sight]:
    """What is to be seen, look by look, the last one final unless the patience came to its end first."""
    ledger, approvals = RemoteLedger(desk.personal), OpenApprovals(desk=desk, follows=True)
    for waited in looks(desk, patience):
        sight = look(approvals, ledger, desk.personal.pull(pull.number), request, now + waited)
        yield sight
        if sight.step in FINAL:
            return


def looks(desk: Desk, patience: timedelta) -> Iterator[timedelta]:
    """The time waited so far, at once and after ever longer pauses, until it is the whole patience."""
    waited, pause = 0.0, _FIRST_PAUSE
    while True:
        yield timedelta(seconds=waited)
        if waited >= patience.total_seconds():
            return
        step = min(pause, patience.total_seconds() - waited)
        desk.sleep(step)
        waited, pause = waited + step, min(pause * 1.5, _LONGEST_PAUSE)


def look(approvals: OpenApprovals, ledger: RemoteLedger, pull: Pull, request: str, now: datetime) -> Sight:
    """One look at the pull request, and once it is merged at what is recorded of it."""
    if pull.merge_commit is not None and pull.merged_at is not None:
        told = [
            event
            for event in ledger.events(pull.merged_at - timedelta(days=7), now)
            if event.request == request
        ]
        folded = life.fold(told).get(request, Life(request=request))
        step, reasons, term = progress.after_merge(pull.merge_commit, told, folded)
        return Sight(step=step, statuses={}, reasons=reasons, term=term)
    if pull.closed:
        return Sight(step=Step.CLOSED, statuses={})
    statuses = approvals.desk.personal.statuses(pull.head)
    return Sight(step=Step.ASKED, approvals=approvals.of(pull, request, now), statuses=statuses)


def ended(lived: Life | None) -> bool:
    """Whether the record says of every account of a request that it ended."""
    term = lived.current if lived is not None else None
    if lived is None or term is None or not term.documents:
        return False
    return all(lived.holding(each.account_id).end is not None for each in term.documents)
