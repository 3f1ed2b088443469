"""How long people waited: which times count, and when a median is left out since it would be one person's."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from acme_facts import HOUR, MERGED_AT, MINUTE, NOW
from audit_facts import a_record, approval, ended, granted, removed
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.audit.report.overview.waiting_times import (
    FEWEST,
    NOT_KNOWN,
    WITHHELD,
    Waited,
    median_of,
    short,
    waited,
)
from jitbot.domain.audit.verify.grant_record import GrantRecord, RecordedDecision

GOOD = a_record(approval(), granted(), ended(), removed())
(DECIDED,) = GOOD.decisions
(BOB,) = DECIDED.reviews
ASKED = DECIDED.requested_at or MERGED_AT
ALICE = Waited(
    requester="alice", approver="bob", by_owners=True, asked_at=NOW, approved_at=NOW + MINUTE, live_at=NOW + HOUR
)  # fmt: skip


def decided(**changes: Any) -> GrantRecord:
    """alice's grant, decided on other facts."""
    return replace(GOOD, decisions=(replace(DECIDED, **changes),))


def test_a_good_life() -> None:
    """Asked with the pull request, approved by bob, live with AWS's answer: three lengths, of which the last is the sum."""
    (found,) = waited([GOOD])
    assert (found.asked_at, found.approved_at, found.live_at) == (ASKED, BOB.submitted_at, GOOD.granted_at)
    assert found.to_approved is not None
    assert found.to_live is not None
    assert found.in_all == found.to_approved + found.to_live


def test_a_request_is_live_when_all_its_accounts_are() -> None:
    """It counts once, with its last account; until that is granted nobody knows how long it takes."""
    later = replace(GOOD, id="b", granted=(replace(GOOD.granted[0], at=NOW + HOUR),))
    (found,) = waited([GOOD, later])
    assert found.live_at == NOW + HOUR
    (waits,) = waited([GOOD, replace(later, granted=())])
    assert (waits.live_at, waits.to_live, waits.in_all) == (None, None, None)
    assert waits.to_approved is not None


def test_it_is_approved_with_the_last_approval_that_counts() -> None:
    """The first alone was not enough; one that did not count, or has no time, makes nothing earlier or known."""
    erin = replace(BOB, login="erin", github_id=1005, submitted_at=MERGED_AT)
    early = replace(BOB, login="carol", counted=False, submitted_at=ASKED)
    (found,) = waited([decided(reviews=(early, erin, BOB))])
    assert (found.approved_at, found.approver) == (MERGED_AT, "erin")
    (found,) = waited([decided(reviews=(replace(erin, submitted_at=None), BOB))])
    assert (found.approved_at, found.approver) == (None, "")


@pytest.mark.parametrize(
    ("changes", "lengths"),
    [
        ({"requested_at": None}, (False, True, False)),
        ({"reviews": ()}, (False, False, True)),
        ({"requested_at": NOW + HOUR}, (False, True, False)),
        ({"reviews": (replace(BOB, submitted_at=NOW + HOUR),)}, (True, False, True)),
    ],
)
def test_what_is_not_recorded_or_runs_backwards_is_not_known(changes: Any, lengths: tuple[bool, ...]) -> None:
    """Never zero: a time that contradicts another is no time."""
    (found,) = waited([decided(**changes)])
    assert tuple(each is not None for each in (found.to_approved, found.to_live, found.in_all)) == lengths


def test_what_is_no_approved_request_is_not_counted() -> None:
    """A refusal, and a role that no request explains."""
    refused: RecordedDecision = replace(DECIDED, kind="refused")
    assert waited([replace(GOOD, decisions=(refused,)), replace(GOOD, request="")]) == ()
    (later,) = waited([replace(GOOD, decisions=(replace(refused, reviews=()), DECIDED))])
    assert later.approved_at == BOB.submitted_at
    (glass,) = waited([decided(required=0, reviews=())])
    assert (glass.by_owners, glass.to_approved) == (False, None)


def people(asked: str, approved: str) -> list[Waited]:
    """Requests by these requesters and approvers, a letter each; the first took a minute, the next two, and so on."""
    return [
        replace(ALICE, requester=who, approver=by, approved_at=NOW + MINUTE * (at + 1))
        for at, (who, by) in enumerate(zip(asked, approved, strict=True))
    ]


def to_approved(each: Waited) -> timedelta | None:
    """The time that approvers take."""
    return each.to_approved


@pytest.mark.parametrize(
    ("asked", "approved", "shown"),
    [
        ("abcd", "wxyz", False),  # too few
        ("abcde", "vwxyz", True),
        ("aaaab", "vwxyz", False),  # four of five are one person's
        ("abcde", "vvvvw", False),
        ("aaabbccc", "vvvvwwxx", True),
        ("aaaaaabb", "vvvvwwxx", True),  # three of four are not more than that
        ("aaaaaaab", "vvvvwwxx", False),
    ],
)
def test_a_median_of_one_person_is_left_out(asked: str, approved: str, shown: bool) -> None:
    """Of few requests, and where one person asked for, or approved, more than three in four; it is said why."""
    found = median_of(people(asked, approved), to_approved)
    assert (found.seconds is not None, found.withheld) == (shown, not shown)
    assert found.known == found.requests == len(asked)
    assert (found.in_words == WITHHELD) is not shown


def test_an_approver_who_is_not_known_is_nobody() -> None:
    """Not one person who approved them all."""
    unknown = [replace(each, approver="") for each in people("abcde", "vvvvv")]
    assert median_of(unknown, to_approved).seconds == 180


def test_break_glass_has_no_approver_to_protect() -> None:
    """Nobody approved it, so nobody approved most of it."""
    glass = [replace(each, by_owners=False) for each in people("abcde", "vvvvv")]
    assert median_of(glass, lambda each: each.in_all).seconds == 3600


def test_a_median_says_how_many_it_is_of() -> None:
    """In words, with those that are not known; of nothing there are no words, and of nothing known it says so."""
    requests = people("abcdeab", "vwxyzvw")
    requests[0] = replace(requests[0], asked_at=None)
    found = median_of(requests, to_approved)
    assert (found.seconds, found.known, found.requests) == (270, 6, 7)
    assert found.in_words == "4m (6, 1 not known)"
    assert median_of(people("abcde", "vwxyz"), to_approved).in_words == "3m (5)"
    assert median_of([], to_approved).in_words == ""
    unknown = median_of([replace(ALICE, asked_at=None)], to_approved)
    assert (unknown.in_words, unknown.withheld) == (NOT_KNOWN, False)


def test_a_short_time_is_not_nothing() -> None:
    """Less than a minute is shown in seconds, and only nothing is zero."""
    assert [short(each) for each in (0, 5, 59, 60, 3725, 90000)] == ["0s", "5s", "59s", "1m", "1h2m", "1d1h"]


@given(st.lists(st.none() | st.integers(-50, 50), max_size=30))
def test_a_median_is_never_of_what_is_unknown(minutes: list[int | None]) -> None:
    """With any times, missing and contradicting ones too, it is the middle of the known ones, and `known` counts those."""

    def approved(minute: int | None) -> datetime | None:
        return None if minute is None else NOW + MINUTE * minute

    requests = [
        replace(ALICE, requester=f"r{at}", approver=f"a{at}", approved_at=approved(minute))
        for at, minute in enumerate(minutes)
    ]
    found = median_of(requests, to_approved)
    known = sorted(each * 60 for each in minutes if each is not None and each >= 0)
    assert found.known == len(known)
    assert (found.seconds is not None) == (len(known) >= FEWEST)
    if found.seconds is not None:
        assert found.seconds == (known[(len(known) - 1) // 2] + known[len(known) // 2]) // 2
