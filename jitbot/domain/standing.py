"""Where a request stands in one account, as people want to know it: live until when, or how it ended."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from jitbot.domain import moments
from jitbot.domain.life import Holding, Life, Term
from jitbot.domain.model import AccountId


class State(StrEnum):
    """The states a person may see, in the order in which they matter."""

    LIVE = "live"
    PLANNED = "planned"  # granted, and its window has not begun
    APPROVED = "approved"  # decided, and not yet granted
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One request in one account at a moment. `left` is what remains of a window not yet over."""

    request: str
    requester: str
    account: str
    account_id: AccountId
    role_arn: str
    state: State
    expires_at: datetime
    left: timedelta
    why: str  # how it ended; empty unless ENDED
    review: str = ""  # of a break-glass: what its review still lacks, or that it was given; else empty


def standings(lives: Iterable[Life], now: datetime) -> tuple[Standing, ...]:
    """Every approved request in each of its accounts, what is live first, then what ends soonest."""
    found = [each for life in lives for each in _of(life, now)]
    order = list(State)
    return tuple(sorted(found, key=lambda each: (order.index(each.state), each.expires_at, each.request)))


def _of(life: Life, now: datetime) -> Iterable[Standing]:
    term = life.current
    for documents in term.documents if term is not None else ():
        assert term is not None  # noqa: S101 - the line above saw to it; this tells the type checker
        state, why = _state(life, term, life.holding(documents.account_id), now)
        yield Standing(
            request=life.request,
            requester=term.requester,
            account=documents.account,
            account_id=documents.account_id,
            role_arn=documents.role_arn,
            state=state,
            expires_at=term.window.expires_at,
            left=max(term.window.expires_at - now, timedelta()) if state is not State.ENDED else timedelta(),
            why=why,
            review=_review(life, now),
        )


def _review(life: Life, now: datetime) -> str:
    """Where the review stands that a break-glass owes: of several, the one that is worst."""
    if not life.debts:
        return ""
    waiting = life.to_review
    if any(debt.objections for debt in waiting):
        return "objected to"
    if any(debt.overdue(now) for debt in waiting):
        return "review overdue"
    if waiting:
        return f"review by {moments.show(min(debt.review_by for debt in waiting))}"
    return "reviewed"


def _state(life: Life, term: Term, holding: Holding, now: datetime) -> tuple[State, str]:
    if holding.end is not None:
        return State.ENDED, str(holding.end.why or "ended")
    if life.revoked is not None:
        return State.ENDED, str(life.revoked.why or "revoked")
    if now >= term.window.expires_at:
        return State.ENDED, "expired"
    if not holding.granted:
        return State.APPROVED, ""
    starts = term.window.starts_at
    return (State.PLANNED if starts is not None and now < starts else State.LIVE), ""
