"""The way into a grant, in plain values: which one, whether it is open, whose it is, and what a refusal means."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import EXPIRES_AT, HOUR, MINUTE, NOW, PATH, a_request
from builders import a_life, an_approval, an_extension, an_outcome, the_documents

from jitbot.domain import doors, life
from jitbot.domain.doors import Caller, Door, Session
from jitbot.domain.errors import InvalidError
from jitbot.domain.events import Event, Kind
from jitbot.domain.standing import State

GRANTED = an_outcome(Kind.GRANTED)
ALICE = Caller(
    arn="arn:aws:sts::222222222222:assumed-role/AWSReservedSSO_Developer_0123456789abcdef/alice@acme.com",
    userid="AROAX:alice@acme.com",
)
OTHER = PATH.replace("refunds", "other")


def found(*events: Event) -> tuple[Door, ...]:
    """The doors that these events make."""
    return doors.doors(life.fold(events), NOW + 2 * MINUTE)


(LIVE,) = found(an_approval(), GRANTED)


def test_a_door_has_what_its_user_needs() -> None:
    """Whose it is, which role, since when, until when."""
    assert (
        Door(
            request=PATH,
            requester="alice",
            principal="Developer in 222222222222 as alice@acme.com",
            account="prod",
            account_id="111111111111",
            role_arn=the_documents().role_arn,
            state=State.LIVE,
            why="",
            starts_at=None,
            granted_at=GRANTED.at,
            expires_at=EXPIRES_AT,
        )
        == LIVE
    )
    longer = an_extension()
    again = replace(GRANTED, commit=longer.commit, at=NOW + HOUR, window=longer.window)
    assert [each.granted_at for each in found(an_approval(), GRANTED, longer, again)] == [NOW + HOUR]
    assert [each.granted_at for each in found(an_approval())] == [None]
    assert a_life().current is None
    assert found() == ()


def test_the_newest_is_the_one_granted_last() -> None:
    """Among the caller's own that are live; without a time of its grant its end counts, then its name."""
    newer = replace(LIVE, request=OTHER, granted_at=NOW + HOUR)
    assert doors.newest([LIVE, newer], ALICE) == OTHER
    assert doors.newest([newer, LIVE], ALICE) == OTHER
    assert doors.newest([LIVE, replace(newer, granted_at=None)], ALICE) == OTHER
    assert doors.newest([LIVE, replace(newer, granted_at=None, expires_at=NOW)], ALICE) == PATH
    assert doors.newest([LIVE, replace(newer, state=State.ENDED)], ALICE) == PATH
    assert doors.newest([LIVE, replace(newer, principal="arn:aws:iam::1:user/bob")], ALICE) == PATH
    with pytest.raises(InvalidError, match="nothing is live for arn:aws:sts"):
        doors.newest([replace(LIVE, state=State.PLANNED)], ALICE)


def test_one_door_is_meant() -> None:
    """The only one, or that of the account, by alias or id; anything else says what there is."""
    two = found(an_approval(asked=a_request(accounts=("prod", "staging"))))
    prod, staging = sorted(two, key=lambda each: each.account)
    assert doors.one([LIVE], PATH, None) == LIVE
    assert doors.one(two, PATH, "staging") == staging
    assert doors.one(two, PATH, "111111111111") == prod
    for account, said in (
        (None, r"is for several accounts \(prod, staging\); say which: --account (prod|staging)"),
        ("mars", "is not for the account mars; it is for prod, staging"),
    ):
        with pytest.raises(InvalidError, match=said):
            doors.one(two, PATH, account)
    with pytest.raises(InvalidError, match="was never approved"):
        doors.one(two, OTHER, None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": State.ENDED, "why": "expired"}, "expired at 2026-11-24T11:00:00Z; ask anew"),
        ({"state": State.ENDED, "why": "revoked"}, r"ended early \(revoked\); ask anew"),
        ({"state": State.PLANNED, "starts_at": NOW + HOUR}, "begins at 2026-11-24T10:01:00Z, in 1h; try again then"),
        ({"state": State.APPROVED}, "is approved and not granted yet in prod"),
    ],
)  # fmt: skip
def test_a_closed_door_says_why(changes: dict[str, Any], said: str) -> None:
    """Over, not begun, or not granted yet."""
    with pytest.raises(InvalidError, match=said):
        doors.ensure_open(replace(LIVE, **changes), NOW)


def test_an_open_door() -> None:
    """What is live can be used."""
    doors.ensure_open(LIVE, NOW)
    doors.ensure_open(replace(LIVE, starts_at=NOW + HOUR), NOW)


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
    assert doors.is_principal(replace(LIVE, principal=principal), Caller(arn=arn, userid=userid)) is fits


def test_what_a_refusal_means() -> None:
    """Somebody else, or one's own side lacks the right."""
    bob = Caller(arn="arn:aws:iam::2:user/bob", userid="AIDA")
    assert "sign in as that" in doors.why_refused(LIVE, bob, "no")
    own = doors.why_refused(LIVE, ALICE, "AccessDenied")
    assert "sts:AssumeRole on arn:aws:iam::*:role/jit/*" in own
    assert own.endswith("AWS said: AccessDenied")


def test_a_session_never_shows_its_secrets() -> None:
    """Not in a log, not in a traceback."""
    session = Session(access_key="ASIA1", secret_key="hush", token="hush too", expires_at=EXPIRES_AT)
    assert repr(session) == "Session(ASIA1, until 2026-11-24T11:00:00Z)"
