"""What was asked for under a policy since a moment, and done with it, by the ledger. What nobody knows is never "unused"."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.access.request_state import RequestState
from jitbot.domain.enforce.grant_status import GrantState, GrantStatus, grant_statuses
from jitbot.domain.ledger.recorded_use import UseState
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.usage.in_words import NOT_ASKED

NOT_OVER = "not over"  # in the place of a state of use
STATES = (UseState.ENTERED, UseState.NEVER, UseState.NOT_SEEN, NOT_ASKED, NOT_OVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyUse:
    """One policy since a moment. `uses` counts its grants, one for each request and account, by what is known of their use.

    `never_accounts` and `never_people` can be asked for, or can ask, and no recorded request names them.
    """

    since: datetime
    requests: int
    refused: int  # of these: never granted
    people: int
    last_asked: datetime | None
    uses: Mapping[str, int]
    never_accounts: tuple[str, ...]
    never_people: tuple[str, ...]
    to_review: tuple[str, ...] = ()  # requests whose break-glass grant nobody has approved yet

    @property
    def grants(self) -> int:
        """How many grants there were."""
        return sum(self.uses.values())

    def as_json(self) -> dict[str, object]:
        """All of it for machines."""
        return {
            "since": self.since.isoformat().replace("+00:00", "Z"),
            "requests": self.requests,
            "refused": self.refused,
            "people": self.people,
            "grants": self.grants,
            "use": {state: self.uses.get(state, 0) for state in STATES},
            "accounts_never_asked_for": list(self.never_accounts),
            "people_who_never_asked": list(self.never_people),
            "to_review": list(self.to_review),
        }


def policy_use(
    name: str,
    states: Iterable[RequestState],
    *,
    since: datetime,
    now: datetime,
    accounts: Iterable[str],
    people: Iterable[str],
) -> PolicyUse:
    """The use of a policy by these states of the ledger. `accounts` can be asked for, and `people` can ask."""
    mine = [
        each for each in states if policy_of(each.request) == name and _last_asked(each, since) is not None
    ]
    asked_for = {account for each in mine for account in _accounts(each)}
    asking = {login.casefold() for each in mine for login in _requesters(each)}
    grants = [each for each in grant_statuses(mine, now) if each.granted_at is not None]
    return PolicyUse(
        since=since,
        requests=len(mine),
        refused=sum(each.current is None for each in mine),
        people=len(asking),
        last_asked=max((at for each in mine if (at := _last_asked(each, since)) is not None), default=None),
        uses=Counter(map(_use, grants)),
        never_accounts=tuple(each for each in accounts if each not in asked_for),
        never_people=tuple(each for each in people if each.casefold() not in asking),
        to_review=tuple(sorted(each.request for each in mine if each.to_review)),
    )


def _last_asked(state: RequestState, since: datetime) -> datetime | None:
    """When it was last asked for, or extended; None if that was before the moment."""
    times = [*(each.merged_at for each in state.terms), *(each.at for each in state.refusals)]
    return max((at for at in times if at >= since), default=None)


def _accounts(state: RequestState) -> Iterable[str]:
    yield from (each.account for term in state.terms for each in term.documents)
    yield from (account for each in state.refusals for account in each.evidence.asked.accounts or ())


def _requesters(state: RequestState) -> Iterable[str]:
    yield from (term.requester for term in state.terms)
    yield from (login for each in state.refusals if (login := each.evidence.asked.requester))


def _use(grant: GrantStatus) -> str:
    if grant.use is not None:
        return grant.use.state
    return NOT_ASKED if grant.state is GrantState.ENDED else NOT_OVER
