"""The state of a request: what the ledger says of it (asked, extended, ended), folded into one value.

The order in which events arrive does not matter: they are sorted by their time. Terms are sorted by their end,
and an early end is final at any position.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from jitbot.domain.access import post_review
from jitbot.domain.aws.iam import Documents, Window
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import GIVES, EndReason, Event, EventType
from jitbot.domain.ledger.stops import Stop, stops_of
from jitbot.domain.model.documents import AccountId, Finding, Request, Sha
from jitbot.domain.model.merge_facts import Change, ChangeKind
from jitbot.domain.text import timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedTerm:
    """One approval of a request: the first, or an extension of it."""

    commit: Sha
    window: Window
    documents: tuple[Documents, ...]
    ask: Ask
    merged_at: datetime

    @property
    def requester(self) -> str:
        """The login that asked."""
        return self.ask.requester


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """What happened in one account: the outcomes recorded there."""

    granted: tuple[Event, ...] = ()  # by their end, the furthest last
    ended: tuple[Event, ...] = ()  # early ends; each is final
    expired: tuple[Event, ...] = ()
    removed: tuple[Event, ...] = ()
    used: tuple[Event, ...] = ()  # what CloudTrail showed of its use, asked after the end

    @property
    def end(self) -> Event | None:
        """The early end that came first, if there is any."""
        return self.ended[0] if self.ended else None

    def granted_for(self, commit: Sha) -> Event | None:
        """The record that the term of this merge is in force here."""
        return next((event for event in self.granted if event.commit == commit), None)

    def expired_at(self, moment: datetime) -> bool:
        """Whether the end at this moment was seen and recorded."""
        return any(event.window is not None and event.window.expires_at >= moment for event in self.expired)

    def removed_after(self, moment: datetime) -> bool:
        """Whether the role was recorded as removed at or after this moment."""
        return any(event.at >= moment for event in self.removed)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestState:
    """Everything recorded of one request. It is empty if the ledger has no event of the request."""

    request: str
    terms: tuple[ApprovedTerm, ...] = ()  # by their end, the furthest last
    decided: frozenset[Sha] = frozenset()  # merges with a recorded decision, refusals too
    refusals: tuple[Event, ...] = ()  # what was not granted, and why, oldest first
    revoked: Event | None = None
    stopped: Event | None = None  # the stop that ended it, for good, lifted since or not
    stops: tuple[Stop, ...] = ()  # every stop that the ledger records, of this request or not
    account_states: Mapping[AccountId, AccountState] = field(default_factory=dict)
    review_events: tuple[Event, ...] = ()  # the break-glass approvals, and what is recorded of their reviews

    @property
    def post_reviews(self) -> tuple[post_review.PendingReview, ...]:
        """Every merge of this request that gave access before it was approved, reviewed since or not."""
        return post_review.pending_reviews(self.review_events)

    @property
    def to_review(self) -> tuple[post_review.PendingReview, ...]:
        """Those of them that still wait for an approving review."""
        return tuple(
            pending_review for pending_review in self.post_reviews if pending_review.reviewed is None
        )

    @property
    def current(self) -> ApprovedTerm | None:
        """The term that counts: the one that ends last."""
        return self.terms[-1] if self.terms else None

    @property
    def began(self) -> datetime | None:
        """When the first term began; extensions and the policy's maximum count from here."""
        return self.terms[0].ask.began if self.terms else None

    @property
    def ended_early(self) -> bool:
        """Whether a final end is recorded for the request or for any of its accounts."""
        return self.end_decision is not None or any(
            account_state.end is not None for account_state in self.account_states.values()
        )

    @property
    def end_decision(self) -> Event | None:
        """The decision that ended it early in all its accounts: a revocation or a stop, whichever came first."""
        found = [event for event in (self.revoked, self.stopped) if event is not None]
        return min(found, key=lambda event: event.at, default=None)

    @property
    def over_at(self) -> datetime | None:
        """When its access ends, or ended, in the last of its accounts; None if it was never approved."""
        if self.current is None:
            return None
        planned = self.current.window.expires_at
        ends = [self.early_end(each.account_id) or planned for each in self.current.documents]
        return min(planned, max(ends, default=planned))

    def early_end(self, account_id: AccountId) -> datetime | None:
        """When access ended early in an account: as recorded for it, otherwise when the request was revoked or stopped."""
        event = self.account_state(account_id).end or self.end_decision
        return None if event is None else event.evidence.effective_at or event.at

    def account_state(self, account_id: AccountId) -> AccountState:
        """What was recorded in an account; an empty state if nothing was."""
        return self.account_states.get(account_id, _NOTHING)


_NOTHING = AccountState()


def fold_events(events: Iterable[Event]) -> Mapping[str, RequestState]:
    """The state of each request that the events name. The order of the events does not matter."""
    known = list(events)
    states, stops = dict[str, RequestState](), stops_of(known)
    for event in sorted(known, key=lambda each: (each.at, each.key)):
        if event.request:
            states[event.request] = _grown(
                states.get(event.request, RequestState(request=event.request, stops=stops)), event
            )
    if not stops:
        return states
    return {request: replace(state, stopped=_stopped(state)) for request, state in states.items()}


def fold_request(events: Iterable[Event], request: str) -> RequestState:
    """The state of one request, by these events; they must include every stop."""
    known = list(events)
    state = fold_events(known).get(request)
    return state or RequestState(request=request, stops=stops_of(known))


def _stopped(state: RequestState) -> Event | None:
    """The first stop that ended this request: approved for a merge before the stop ended, and not over when it began."""
    term = state.current
    if term is None:
        return None
    merged = [each.merged_at for each in state.terms]
    for stop in state.stops:
        before = any(map(stop.reaches, merged))
        if before and stop.event.at < term.window.expires_at and _is_about(stop, state, term):
            return stop.event
    return None


def _is_about(stop: Stop, state: RequestState, term: ApprovedTerm) -> bool:
    return stop.subject.includes(state.request, term.ask.github_id)


def pull_requests(events: Iterable[Event]) -> Mapping[str, tuple[int, ...]]:
    """The requests that events are about, each with every pull request that asked for it; what was refused comes first.

    Anybody may change somebody's request file, and be refused: that takes no number away.
    """
    found: dict[str, dict[int, None]] = {}
    for event in sorted(events, key=lambda each: each.kind in GIVES):
        number = event.evidence.pull_request
        if event.request:
            numbers = found.setdefault(event.request, {})
            if number is not None:
                numbers.pop(number, None)
                numbers[number] = None
    return {request: tuple(numbers) for request, numbers in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestChange:
    """A change of a request file: a first request or an extension, and whether the state of the request allows it."""

    change: Change
    request: Request
    merged_at: datetime
    window: Window
    earlier: bool  # whether main changed this path before
    as_recorded: tuple[Documents, ...]  # what today's rules render for the recorded window; none without one


def objections(proposal: RequestChange, state: RequestState) -> tuple[Finding, ...]:
    """Why this is neither a first request nor a valid extension. Empty if it is one of them."""
    change = proposal.change
    if change.kind is ChangeKind.ADDED:
        return tuple(_first(proposal, state))
    if state.current is None:
        return (
            Finding.in_file(
                change.path,
                "nothing-to-extend",
                "the request was never approved, so there is nothing to extend",
                _ANEW,
            ),
        )
    return tuple(_extension(proposal, state, state.current))


_ANEW = "ask anew in a new file: `jitbot request --again`"


def _first(proposal: RequestChange, state: RequestState) -> Iterator[Finding]:
    if proposal.earlier or state.decided or state.terms or state.account_states or state.revoked:
        yield Finding.in_file(
            proposal.change.path,
            "retired-path",
            "this path was used before; one that was refused, ended or deleted cannot come back",
            _ANEW,
        )


def _extension(proposal: RequestChange, state: RequestState, current: ApprovedTerm) -> Iterator[Finding]:
    change, window = proposal.change, proposal.window
    if other := current.ask.changed_by(proposal.request):
        yield Finding.in_file(
            change.path,
            "not-an-extension",
            f"an approved request may change its duration alone; this changes {', '.join(other)}",
            "the former grant stays in force; for anything else ask anew in a new file",
        )
    if state.ended_early:
        yield Finding.in_file(
            change.path, "already-ended", "the grant was ended early, and such an end is final", _ANEW
        )
    if proposal.merged_at >= current.window.expires_at:
        yield Finding.in_file(
            change.path,
            "too-late",
            f"merged after the grant's end, {timestamp.show(current.window.expires_at)}",
            _ANEW,
        )
    if window.expires_at <= current.window.expires_at:
        yield Finding.in_file(
            change.path,
            "not-longer",
            "an extension makes the duration longer; this does not",
            "to end early, delete the file or use `jitbot release`",
        )
    if not other and proposal.as_recorded != current.documents:
        yield Finding.in_file(
            change.path,
            "rules-changed",
            "the rules changed since the approval: other documents would be granted than were approved",
            "the former grant stays in force; ask anew in a new file",
        )


def _grown(state: RequestState, event: Event) -> RequestState:
    """The state with one more event in it."""
    match event.kind:
        case EventType.APPROVED | EventType.EXTENDED:
            return _with_term(state, event)
        case EventType.REFUSED:
            return replace(state, decided=state.decided | {event.commit}, refusals=(*state.refusals, event))
        case EventType.REVOKED:
            return replace(state, revoked=state.revoked or event)
        case EventType.GRANTED | EventType.ENDED | EventType.REMOVED | EventType.USED:
            account_state = _held(state.account_state(event.account_id), event)
            return replace(state, account_states={**state.account_states, event.account_id: account_state})
        case EventType.REVIEWED | EventType.OVERDUE:
            return replace(state, review_events=(*state.review_events, event))
        case EventType.FAILED | EventType.VERIFIED | EventType.RULES | EventType.STOPPED | EventType.LIFTED:
            return state
        case EventType.PROTECTION_SEEN | EventType.PROTECTION_SAID:
            return state
        case _:
            assert_never(event.kind)


def _with_term(state: RequestState, event: Event) -> RequestState:
    if event.evidence.is_break_glass:
        state = replace(state, review_events=(*state.review_events, event))
    if event.window is None:
        return state
    term = ApprovedTerm(
        commit=event.commit,
        window=event.window,
        documents=event.documents,
        ask=event.ask,
        merged_at=event.came_at,
    )
    others = tuple(each for each in state.terms if each.commit != event.commit)
    terms = tuple(sorted((*others, term), key=lambda each: each.window.expires_at))
    return replace(state, terms=terms, decided=state.decided | {event.commit})


def _held(account_state: AccountState, event: Event) -> AccountState:
    if event.kind is EventType.GRANTED:
        return replace(account_state, granted=tuple(sorted((*account_state.granted, event), key=_end_of)))
    if event.kind is EventType.REMOVED:
        return replace(account_state, removed=(*account_state.removed, event))
    if event.kind is EventType.USED:
        return replace(account_state, used=(*account_state.used, event))
    if event.why is EndReason.EXPIRED:
        return replace(account_state, expired=(*account_state.expired, event))
    return replace(account_state, ended=(*account_state.ended, event))


def _end_of(event: Event) -> datetime:
    return event.window.expires_at if event.window is not None else event.at
