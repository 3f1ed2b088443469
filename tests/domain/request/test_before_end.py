"""The warning before a grant ends: from when on, and whether it names a way to more time."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from acme_facts import (
    EXPIRES_AT,
    HOUR,
    MINUTE,
    PATH,
    SECOND,
    WIDER,
    a_policy,
    a_request,
    the_rules,
    unreadable,
)
from builders import a_request_state, a_revocation, an_approval, an_outcome
from catalogue_facts import the_catalogue
from hypothesis import example, given
from hypothesis import strategies as st

from jitbot.domain.access.request_state import RequestState
from jitbot.domain.enforce.grant_status import GrantStatus, grant_statuses
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.model.account_groups import NO_GROUPS
from jitbot.domain.model.documents import Login
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.model.roster import Membership, Roster
from jitbot.domain.request.before_end import SOON, ends_soon, more_time, warning

GRANTED = an_outcome(EventType.GRANTED)
LATE = EXPIRES_AT - 10 * MINUTE


def live(*events: Event, now: datetime = LATE) -> GrantStatus:
    """Alice's grant at a moment."""
    (only,) = grant_statuses([state(*events)], now)
    return only


def state(*events: Event) -> RequestState:
    """What the ledger says of alice's request: that it was granted, and what came then."""
    return a_request_state(an_approval(), GRANTED, *events)


def more(
    rules: Rules | None = None, of: RequestState | None = None, now: datetime = LATE, **changes: Any
) -> timedelta | None:
    """How much longer alice can ask for."""
    return more_time(a_request(**changes), rules or the_rules(), of or state(), the_catalogue(), now)


@example(left=SOON)
@example(left=SOON - SECOND)
@given(left=st.timedeltas(timedelta(), timedelta(hours=3)))
def test_the_last_quarter_of_an_hour_is_soon(left: timedelta) -> None:
    """At exactly fifteen minutes nothing is said yet; a second later it is, and at the end no more."""
    left -= timedelta(microseconds=left.microseconds)
    assert ends_soon(live(now=EXPIRES_AT - left)) == (timedelta() < left < SOON)


def test_what_ended_early_is_not_warned_of() -> None:
    """It is over: there is nothing left to last."""
    assert ends_soon(live())
    assert not ends_soon(live(a_revocation()))


@pytest.mark.parametrize(
    ("longest", "by"),
    [
        (2 * HOUR, None),
        (2 * HOUR + 14 * MINUTE, None),
        (2 * HOUR + 15 * MINUTE, 15 * MINUTE),
        (9 * HOUR, HOUR),
    ],
)
def test_it_offers_an_hour_or_what_the_policy_leaves(longest: timedelta, by: timedelta | None) -> None:
    """The whole, from the first start on, stays within the policy's maximum; less than 15 minutes cannot be asked for."""
    assert more(the_rules(policy=a_policy(max_duration=longest))) == by


def test_it_offers_nothing_that_would_be_refused() -> None:
    """An ended grant, rules that changed since, a person who may no longer ask, another file on main, rules that do not read."""
    leaving = Roster.of({"acme/payments": (Membership(login=Login("alice"), until=EXPIRES_AT),)})
    assert more() == HOUR
    assert more(of=state(a_revocation())) is None
    assert more(of=a_request_state()) is None
    assert more(now=EXPIRES_AT) is None
    assert more(WIDER) is None
    assert more(the_rules(policy=a_policy(eligible=("bob",)))) is None
    assert (
        more(replace(the_rules(policy=a_policy(eligible=("@acme/payments",))), teams=_parsed(leaving)))
        is None
    )
    assert more(reason="something else") is None
    assert more(replace(the_rules(), policy=unreadable())) is None
    assert more(replace(the_rules(), codeowners=None)) is None


def _parsed(roster: Roster) -> Any:
    return replace(the_rules().teams, value=roster)


def test_the_sentence_names_the_end_and_the_command() -> None:
    """With the repository where the person named one; and no command that would be refused."""
    grant = live()
    ends = f"{PATH} ends in 10m, at 2026-11-24T11:00:00Z"
    ask = f"jitbot extend {PATH} --by 1h"
    assert warning(grant, HOUR) == f"{ends}; an extension must be approved and merged before that: {ask}"
    assert warning(grant, HOUR, options=" --repo acme/access").endswith(f"{ask} --repo acme/access")
    assert "extend " not in warning(grant, None)
    assert warning(grant, None).endswith(f"jitbot request --again {PATH}")
    assert warning(grant, None, known=False) == ends
    assert "ends in 1m, at" in warning(live(now=EXPIRES_AT - MINUTE), HOUR)
    assert "ends in less than a minute, at" in warning(live(now=EXPIRES_AT - SECOND), HOUR)


def test_a_repository_without_account_groups_is_one_like_others() -> None:
    """The rules of most repositories have none."""
    assert the_rules().account_groups.value == NO_GROUPS
    assert more() == HOUR
