"""How far a request has come, for the person who waits for it. Steers people; decides nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from jitbot.domain.access.approvals.pending_approvals import NotKnown, PendingApprovals
from jitbot.domain.access.request_state import ApprovedTerm, RequestState
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.model.documents import Sha


class ProgressStep(StrEnum):
    """Where a request is. The last four are final."""

    ASKED = "asked"
    MERGED = "merged"
    APPROVED = "approved"  # decided and recorded, not yet in AWS
    GRANTED = "granted"
    REFUSED = "refused"
    CLOSED = "closed"
    ENDED = "ended"


FINAL = frozenset({ProgressStep.GRANTED, ProgressStep.REFUSED, ProgressStep.CLOSED, ProgressStep.ENDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressUpdate:
    """The state of a pull request and of its request at one moment."""

    step: ProgressStep
    approvals: PendingApprovals | NotKnown | None = None  # while it is open
    statuses: Mapping[str, str]
    reasons: tuple[str, ...] = ()  # of a refusal, or of what AWS refused so far
    term: ApprovedTerm | None = None  # once it is approved


def after_merge(
    commit: Sha, events: Iterable[Event], state: RequestState
) -> tuple[ProgressStep, tuple[str, ...], ApprovedTerm | None]:
    """How far a merged request is by the ledger, with the reasons if it was refused or if AWS failed."""
    all_events = list(events)
    if refused := [
        event for event in all_events if event.kind is EventType.REFUSED and event.commit == commit
    ]:
        return ProgressStep.REFUSED, _reasons(refused[-1]), None
    term = next((each for each in state.terms if each.commit == commit), None)
    if term is None:
        return ProgressStep.MERGED, (), None
    if state.ended_early:
        return ProgressStep.ENDED, (), term
    account_states = [state.account_state(each.account_id) for each in term.documents]
    if account_states and all(each.granted_for(commit) is not None for each in account_states):
        return ProgressStep.GRANTED, (), term
    failed = tuple(dict.fromkeys(event.cause for event in all_events if event.kind is EventType.FAILED))
    return ProgressStep.APPROVED, failed, term


def _reasons(event: Event) -> tuple[str, ...]:
    return tuple(each.message for each in event.evidence.reasons if each.message)
