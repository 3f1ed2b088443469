"""The requester's other requests under the same policy: rules of approval see one request, and people should see all."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from jitbot.domain.access.request_state import RequestState
from jitbot.domain.enforce.grant_status import GrantState, grant_statuses
from jitbot.domain.model.documents import Request, same_login
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.text import duration
from jitbot.domain.views.wording import Escaper, listed, when

_SHOWN = 6  # others that are named before the rest is counted


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherRequest:
    """One of them: live, planned or approved until `until`; or asked for by an open pull request, then `until` is None."""

    state: str
    accounts: tuple[str, ...]
    length: timedelta | None = None  # of what is only asked for
    starts_at: datetime | None = None
    until: datetime | None = None
    number: int | None = None  # of the open pull request


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherRequests:
    """Those that were found, and why there may be more; `doubt` is empty if all were looked at."""

    found: tuple[OtherRequest, ...] = ()
    doubt: str = ""


def by_ledger(states: Iterable[RequestState], request: Request, now: datetime) -> tuple[OtherRequest, ...]:
    """What the requester has, or gets later, under the same policy by the ledger, this request aside."""
    others = [
        state
        for state in states
        if state.current is not None
        and state.request != request.path
        and policy_of(state.request) == policy_of(request.path)
        and same_login(state.current.requester, request.requester)
    ]
    found: list[OtherRequest] = []
    for state in others:
        running = [each for each in grant_statuses([state], now) if each.state is not GrantState.ENDED]
        if running:
            first = running[0]
            accounts = tuple(dict.fromkeys(each.account for each in running))
            found.append(
                OtherRequest(
                    state=first.state, accounts=accounts, starts_at=first.starts_at, until=first.expires_at
                )
            )
    return tuple(found)


def asked(request: Request, number: int | None) -> OtherRequest:
    """What an open pull request asks for."""
    return OtherRequest(
        state="asked for",
        accounts=request.accounts,
        length=request.duration,
        starts_at=request.starts_at,
        number=number,
    )


def others_in_words(request: Request, others: OtherRequests, escaper: Escaper) -> Iterator[str]:
    """That rules see one request, and what else there is, each a sentence."""
    who, policy = escaper.strong(request.requester), escaper.plain(policy_of(request.path))
    yield "The rules see one request: two of 2h pass a rule for over 2h."
    if others.found:
        named = listed((_shown(each, escaper) for each in others.found), "and", most=_SHOWN)
        yield f"Other requests of {who} under {policy}: {named}."
    elif not others.doubt:
        yield f"{who} has, and asks for, nothing else under {policy} now."
    if others.doubt:
        yield f"There may be more requests of {who} under {policy}: {escaper.plain(others.doubt)}."


def _shown(other: OtherRequest, escaper: Escaper) -> str:
    where = listed((escaper.plain(each) for each in other.accounts), "and")
    begins = f" from {when(other.starts_at)}" if other.starts_at is not None else ""
    until = f" until {when(other.until)}" if other.until is not None else ""
    length = f" for {duration.show(other.length)}" if other.length is not None else ""
    pull = f" in pull request {other.number}" if other.number is not None else ""
    return f"{where}{length}{begins}{until} ({other.state}{pull})"
