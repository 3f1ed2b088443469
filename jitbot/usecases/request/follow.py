"""Follows a pull request until its request is granted or refused, or the waiting time is over."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from jitbot.domain.access import request_state
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.domain.request import progress
from jitbot.domain.request.progress import FINAL, ProgressStep, ProgressUpdate
from jitbot.usecases.ledger.remote_ledger import UnverifiedLedger
from jitbot.usecases.request.open_approvals import OpenApprovals
from jitbot.usecases.request.requester_client import RequesterClient

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 10.0  # seconds between two looks


def follow(
    client: RequesterClient, pull: PullRequest, request: str, *, now: datetime, patience: timedelta
) -> Iterator[ProgressUpdate]:
    """The state after each look. The last one is final unless the waiting time ended first."""
    ledger, approvals = UnverifiedLedger(client.github), OpenApprovals(client=client, follows=True)
    for waited in looks(client, patience):
        update = look(approvals, ledger, client.github.pull(pull.number), request, now + waited)
        yield update
        if update.step in FINAL:
            return


def looks(client: RequesterClient, patience: timedelta) -> Iterator[timedelta]:
    """The time waited so far: zero first, then after longer and longer pauses, up to the whole waiting time."""
    waited, pause = 0.0, _FIRST_PAUSE
    while True:
        yield timedelta(seconds=waited)
        if waited >= patience.total_seconds():
            return
        step = min(pause, patience.total_seconds() - waited)
        client.sleep(step)
        waited, pause = waited + step, min(pause * 1.5, _LONGEST_PAUSE)


def look(
    approvals: OpenApprovals, ledger: UnverifiedLedger, pull: PullRequest, request: str, now: datetime
) -> ProgressUpdate:
    """One look at the pull request, and once it is merged at what is recorded of it."""
    if pull.merge_commit is not None and pull.merged_at is not None:
        events = [
            event
            for event in ledger.events(pull.merged_at - timedelta(days=7), now)
            if event.request == request
        ]
        folded = request_state.fold_request(events, request)
        step, reasons, term = progress.after_merge(pull.merge_commit, events, folded)
        return ProgressUpdate(step=step, statuses={}, reasons=reasons, term=term)
    if not pull.is_open:
        return ProgressUpdate(step=ProgressStep.CLOSED, statuses={})
    statuses = {
        context: status.state.value for context, status in approvals.client.github.statuses(pull.head).items()
    }
    return ProgressUpdate(
        step=ProgressStep.ASKED, approvals=approvals.of(pull, request, now), statuses=statuses
    )


def ended(state: RequestState | None) -> bool:
    """Whether the record says that a request ended in every one of its accounts."""
    if state is None or state.current is None:
        return False
    ends = [state.account_state(each.account_id).end for each in state.current.documents]
    return bool(ends) and None not in ends
