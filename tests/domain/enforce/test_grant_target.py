"""Entering a grant, in plain values: which one, whether it is open, whose it is, and what a refusal means."""

import re
from dataclasses import replace
from typing import Any

import pytest
from acme_facts import EXPIRES_AT, HOUR, MINUTE, NOW, PATH, a_request
from builders import an_approval, an_outcome

from jitbot.domain.access import request_state
from jitbot.domain.enforce import grant_target
from jitbot.domain.enforce.grant_status import GrantState, GrantStatus, grant_statuses
from jitbot.domain.enforce.grant_target import Caller, Session
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence, Reason
from jitbot.domain.model.documents import Finding
from jitbot.domain.model.errors import InvalidError

GRANTED = an_outcome(EventType.GRANTED)
ALICE = Caller(
    arn="arn:aws:sts::222222222222:assumed-role/AWSReservedSSO_Developer_0123456789abcdef/alice@acme.com",
    userid="AROAX:alice@acme.com",
)
OTHER = PATH.replace("refunds", "other")


def found(*events: Event) -> tuple[GrantStatus, ...]:
    """The grants that these events make."""
    return grant_statuses(request_state.fold_events(events).values(), NOW + 2 * MINUTE)


(LIVE,) = found(an_approval(), GRANTED)
STATE = request_state.RequestState(request=PATH)


def test_the_newest_is_the_one_granted_last() -> None:
    """Among the caller's own that are live; without a time of its grant its end counts, then its name."""
    newer = replace(LIVE, request=OTHER, granted_at=NOW + HOUR)
    assert grant_target.newest([LIVE, newer], ALICE) == OTHER
    assert grant_target.newest([newer, LIVE], ALICE) == OTHER
    assert grant_target.newest([LIVE, replace(newer, granted_at=None)], ALICE) == OTHER
    assert grant_target.newest([LIVE, replace(newer, granted_at=None, expires_at=NOW)], ALICE) == PATH
    assert grant_target.newest([LIVE, replace(newer, state=GrantState.ENDED)], ALICE) == PATH
    assert grant_target.newest([LIVE, replace(newer, principal="arn:aws:iam::1:user/bob")], ALICE) == PATH
    with pytest.raises(InvalidError, match="nothing is live for arn:aws:sts"):
        grant_target.newest([replace(LIVE, state=GrantState.PLANNED)], ALICE)


def test_one_grant_is_meant() -> None:
    """The only one, or that of the account, by alias or id; anything else says what there is."""
    two = found(an_approval(asked=a_request(accounts=("prod", "staging"))))
    prod, staging = sorted(two, key=lambda each: each.account)
    assert grant_target.one([LIVE], STATE, None) == LIVE
    assert grant_target.one(two, STATE, "staging") == staging
    assert grant_target.one(two, STATE, "111111111111") == prod
    for account, said in (
        (None, r"is for several accounts \(prod, staging\); say which: --account (prod|staging)"),
        ("mars", "is not for the account mars; it is for prod, staging"),
    ):
        with pytest.raises(InvalidError, match=said):
            grant_target.one(two, STATE, account)
    with pytest.raises(InvalidError, match="was never approved"):
        grant_target.one(two, request_state.RequestState(request=OTHER), None)


def test_what_was_refused_says_why() -> None:
    """When, for which reasons, and how to ask anew: by its pull request where that is recorded."""
    reason = Reason(Finding(code="x", message="too long", file=PATH).as_json())
    refused = Event(
        kind=EventType.REFUSED,
        at=NOW,
        request=PATH,
        evidence=Evidence.of(Evidence.reasons((reason,)), Evidence.pull_request(7)),
    )
    (state,) = request_state.fold_events([refused]).values()
    assert grant_target.why_not_granted(state) == (
        f"{PATH} was refused at 2026-11-24T09:01:00Z: too long. Ask anew: jitbot request --again 7"
    )
    (bare,) = request_state.fold_events([Event(kind=EventType.REFUSED, at=NOW, request=PATH)]).values()
    assert f"no reason is recorded. Ask anew: jitbot request --again {PATH}" in grant_target.why_not_granted(
        bare
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": GrantState.ENDED, "why": "expired", "ended_at": EXPIRES_AT}, "expired at 2026-11-24T11:00:00Z; ask anew"),
        ({"state": GrantState.ENDED, "why": "revoked", "ended_at": NOW}, r"ended at 2026-11-24T09:01:00Z \(revoked\); ask anew"),
        ({"state": GrantState.ENDED, "why": "revoked"}, r"yaml ended \(revoked\); ask anew"),
        ({"state": GrantState.PLANNED, "starts_at": NOW + HOUR}, "begins at 2026-11-24T10:01:00Z, in 1h; try again then"),
        ({"state": GrantState.APPROVED}, "is approved and not granted yet in prod"),
    ],
)  # fmt: skip
def test_a_grant_that_is_not_open_says_why(changes: dict[str, Any], said: str) -> None:
    """Over, not begun, or not granted yet."""
    with pytest.raises(InvalidError, match=said):
        grant_target.ensure_open(replace(LIVE, **changes), NOW)


def test_an_open_grant() -> None:
    """What is live can be used."""
    grant_target.ensure_open(LIVE, NOW)
    grant_target.ensure_open(replace(LIVE, starts_at=NOW + HOUR), NOW)


@pytest.mark.parametrize(
    ("principal", "arn", "userid", "fits"),
    [
        (LIVE.principal, ALICE.arn, ALICE.userid, True),
        (LIVE.principal, ALICE.arn.replace("222222222222", "333333333333"), ALICE.userid, False),
        (LIVE.principal, ALICE.arn.replace("/alice@", "/bob@"), ALICE.userid, False),
        (LIVE.principal, ALICE.arn.replace("SSO_Developer", "SSO_Admin"), ALICE.userid, False),
        (LIVE.principal, ALICE.arn.replace("AWSReservedSSO_", ""), ALICE.userid, False),
        (LIVE.principal, "arn:aws:iam", ALICE.userid, False),
        ("arn:aws:iam::2:user/alice", "arn:aws:iam::2:user/alice", "AIDA", True),
        ("arn:aws:iam::2:user/alice", "arn:aws:iam::2:user/bob", "AIDA", False),
        ("arn:aws:iam::2:role/shared as AROAX:alice", "arn:aws:sts::2:assumed-role/shared/alice", "AROAX:alice", True),
        ("arn:aws:iam::2:role/shared as AROAX:alice", "arn:aws:sts::2:assumed-role/shared/alice", "AROAX:bob", False),
    ],
)  # fmt: skip
def test_whose_it_is(principal: str, arn: str, userid: str, fits: bool) -> None:
    """A person's own user, their session of a shared role, or their permission set: all of it must fit."""
    assert (
        grant_target.is_principal(replace(LIVE, principal=principal), Caller(arn=arn, userid=userid)) is fits
    )


def test_what_a_refusal_means() -> None:
    """Somebody else, or one's own side lacks the right."""
    bob = Caller(arn="arn:aws:iam::2:user/bob", userid="AIDA")
    assert "sign in as that" in grant_target.why_refused(LIVE, bob, "no")
    own = grant_target.why_refused(LIVE, ALICE, "AccessDenied")
    assert "sts:AssumeRole on arn:aws:iam::*:role/jit/*" in own
    assert "sts:TagSession, which no grant allows" in own
    assert own.endswith("AWS said: AccessDenied")


@pytest.mark.parametrize("login", ["x", "alice", "a" * 39])
def test_every_login_names_a_session(login: str) -> None:
    """AWS takes 2 to 64 characters, and GitHub has logins of one."""
    name = grant_target.session_name(replace(LIVE, requester=login))
    assert re.fullmatch(r"[\w+=,.@-]{2,64}", name, re.ASCII)
    assert name.endswith(login)


def test_a_session_never_shows_its_secrets() -> None:
    """Not in a log, not in a traceback."""
    session = Session(access_key="ASIA1", secret_key="hush", token="hush too", expires_at=EXPIRES_AT)
    assert repr(session) == "Session(ASIA1, until 2026-11-24T11:00:00Z)"
