"""Of which events people are notified, and whom of them each concerns.

Only the run whose commit recorded an event notifies of it, so at most one run does. Nothing is looked up on GitHub to
find out whether somebody was notified already.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from jitbot.domain.access.post_review import PendingReview
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.enforce.grant_status import GrantStatus, grant_statuses
from jitbot.domain.ledger.events import DECIDES, GIVES, EndReason, Event, EventType
from jitbot.domain.model.documents import AccountId, Sha
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.views.merged_comment import is_usable


class NotificationKind(StrEnum):
    """What a notification is about."""

    GRANTED = "granted"
    EXTENDED = "extended"
    REFUSED = "refused"
    ENDED = "ended"  # early; nobody is notified of an end that everybody knew from the start
    REVIEW_DUE = "review-due"  # of a break-glass: access was given before anybody approved it
    REVIEW_OVERDUE = "review-overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One thing that happened to one request, for the people of one pull request.

    `decision` is the approval or the refusal of this pull request; of a review that is overdue, the record of that.
    `statuses` are those of the accounts it is about.
    """

    kind: NotificationKind
    pull_request: int
    decision: Event
    state: RequestState
    statuses: tuple[GrantStatus, ...] = ()
    review: PendingReview | None = None

    @property
    def policy(self) -> str:
        """The policy that the request's path names, whether the rest of the path is right or not."""
        return policy_of(self.decision.request)

    @property
    def requester(self) -> str:
        """Who opened the pull request: GitHub's word. A file may name anybody as its requester."""
        return self.review.requester if self.review is not None else self.decision.evidence.author.login

    @property
    def expires_at(self) -> datetime | None:
        """When the access ends, where there is any."""
        return self.statuses[0].expires_at if self.statuses else None


def notifications(
    written: Sequence[Event], events: Iterable[Event], states: Mapping[str, RequestState], at: datetime
) -> tuple[Notification, ...]:
    """What is to be said of the events that this run wrote, by the ledger as it is now: `events` and `states`.

    What a later event overtook is left out: nobody hears that something is granted which has ended since.
    """
    decided = {(each.request, each.commit): each for each in events if each.kind in DECIDES}
    accounts: dict[tuple[str, EventType], set[AccountId]] = {}
    for event in written:
        accounts.setdefault((event.request, event.kind), set()).add(event.account_id)
    touched = {path: states[path] for path, _ in accounts if path in states}
    statuses = {path: grant_statuses((state,), at) for path, state in touched.items()}
    found: dict[tuple[NotificationKind, str, Sha], Notification] = {}
    for event in written:
        path = event.request
        if path not in touched:
            continue
        about = _of_event(event, decided, touched[path], statuses[path], accounts[path, event.kind])
        for each in about:
            found.setdefault((each.kind, path, each.decision.commit), each)
    return tuple(found.values())


def _of_event(
    event: Event,
    decided: Mapping[tuple[str, Sha], Event],
    state: RequestState,
    statuses: tuple[GrantStatus, ...],
    accounts: Collection[AccountId],
) -> Iterator[Notification]:
    """What one event is worth to people. `accounts`: all that this run recorded the same of."""
    current = state.current.commit if state.current is not None else Sha("")
    commit = event.commit if event.kind is not EventType.ENDED else current
    decision = event if event.kind is EventType.OVERDUE else decided.get((event.request, commit))
    if decision is None or (number := decision.evidence.pull_request) is None:
        return
    live = tuple(each for each in statuses if is_usable(each))
    if event.kind is EventType.REFUSED:
        kind, about = NotificationKind.REFUSED, live
    elif event.kind is EventType.GRANTED and current == commit:
        kind, about = _given(decision), tuple(each for each in live if each.account_id in accounts)
    elif event.kind is EventType.ENDED and event.why is not EndReason.EXPIRED:
        kind = NotificationKind.ENDED
        about = tuple(each for each in statuses if each.account_id in accounts)
    else:
        yield from _review(event, decision, number, state, statuses)
        return
    if about or kind is NotificationKind.REFUSED:
        yield Notification(kind=kind, pull_request=number, decision=decision, state=state, statuses=about)


def _given(decision: Event) -> NotificationKind:
    extended = decision.kind is EventType.EXTENDED
    return NotificationKind.EXTENDED if extended else NotificationKind.GRANTED


def _review(
    event: Event, decision: Event, number: int, state: RequestState, statuses: tuple[GrantStatus, ...]
) -> Iterator[Notification]:
    """Break-glass: the people who may review it hear of it at once, and again each time it is recorded as overdue."""
    given = event.kind in GIVES  # of an approval that came before the merge no review is pending
    if not given and event.kind is not EventType.OVERDUE:
        return
    for pending in state.to_review:
        if pending.commit == event.commit:
            yield Notification(
                kind=NotificationKind.REVIEW_DUE if given else NotificationKind.REVIEW_OVERDUE,
                pull_request=number,
                decision=decision,
                state=state,
                statuses=statuses,
                review=pending,
            )
