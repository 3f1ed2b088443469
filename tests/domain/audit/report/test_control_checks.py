"""The auditors' questions, fact by fact and to the second: what turns a yes into a no, and what into nothing known."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from acme_facts import DAY, EXPIRES_AT, HEAD, HOUR, MERGED_AT, MINUTE, NOW, SECOND, sha
from audit_facts import LATER, a_record, approval, ended, granted, removed

from jitbot.domain.audit.verify.deadlines import not_granted
from jitbot.domain.audit.verify.grant_checks import judged
from jitbot.domain.audit.verify.grant_record import AfterReview, FilledPlace, GrantOutcome, GrantRecord
from jitbot.domain.ledger.attestation import CLOCK_SKEW

GOOD = a_record(approval(), granted(), ended(), removed())
(DECIDED,), (GRANTED,), ENDED = GOOD.decisions, GOOD.granted, GOOD.ended
(APPROVED,) = DECIDED.reviews
assert ENDED is not None


def but(**changes: Any) -> GrantRecord:
    """The good item, with other facts."""
    return replace(GOOD, **changes)


def decision(**changes: Any) -> GrantRecord:
    """The good item, decided on other facts."""
    return but(decisions=(replace(DECIDED, **changes),))


def review(**changes: Any) -> GrantRecord:
    """The good item, approved otherwise."""
    return decision(reviews=(replace(APPROVED, **changes),))


def grant(**changes: Any) -> GrantRecord:
    """The good item, granted otherwise."""
    return but(granted=(replace(GRANTED, **changes),))


def end(**changes: Any) -> GrantRecord:
    """The good item, ended otherwise."""
    assert ENDED is not None
    return but(ended=replace(ENDED, **changes))


def glass(review: AfterReview | None, **changes: Any) -> GrantRecord:
    """Access that came first, with what is known of its review."""
    return but(decisions=(replace(DECIDED, required=0, reviews=()),), after_review=review, **changes)


BY = MERGED_AT + DAY
DUE = AfterReview(due=BY, reviewers=("erin",))
REVIEWED = replace(DUE, at=BY, by="erin")
APPROVED_BEFORE, IN_TIME = "approved_before_grant", "removed_on_time"


def told(found: GrantRecord, question: str, now: datetime = LATER) -> tuple[str, str, bool]:
    """The answer, why, and whether it is due."""
    answer = judged(found, now)[question]
    return answer.answer.value, answer.why, answer.due


@pytest.mark.parametrize(
    ("found", "answer", "why"),
    [
        (but(), "yes", "approved by 2026-11-24T08:50:00Z, granted at 2026-11-24T09:02:00Z"),
        (grant(at=DECIDED.at), "yes", "approved by"),
        (grant(at=DECIDED.at - CLOCK_SKEW), "yes", "approved by"),
        (grant(at=DECIDED.at - CLOCK_SKEW - SECOND), "no", "decided only at 2026-11-24T09:01:00Z"),
        (grant(commit=sha("other")), "no", "of which no decision is recorded"),
        (but(granted=()), "unknown", "no grant is recorded"),
        (but(outcome=GrantOutcome.UNEXPLAINED, granted=()), "no", "no request explains this role"),
        (glass(DUE), "not required", "break-glass: its policy gives access at once, to be reviewed after"),
        (decision(required=None), "unknown", "how many approvals were needed"),
        (decision(merged_at=None), "unknown", "or when it was merged"),
        (decision(required=2), "no", "1 of 2 approvals are recorded"),
        (review(submitted_at=None), "unknown", "the time of bob's approval is not recorded"),
        (review(submitted_at=MERGED_AT), "yes", "approved by"),
        (review(submitted_at=MERGED_AT + SECOND), "no", "bob approved after the merge"),
        (review(commit=sha("else")), "no", "not the head that was merged"),
        (review(commit=""), "yes", "approved by"),
        (decision(head=""), "yes", "approved by"),
    ],
)
def test_approved_before_it_was_given(found: GrantRecord, answer: str, why: str) -> None:
    """By as many as had to, before the merge and the grant, of the head that was merged."""
    got, because, _ = told(found, APPROVED_BEFORE)
    assert got == answer
    assert why in because


def test_what_break_glass_does_without_is_not_held_against_it_twice() -> None:
    """An approval that came after the merge is one more than had to be."""
    late = replace(APPROVED, submitted_at=MERGED_AT + HOUR)
    found = but(decisions=(replace(DECIDED, required=0, reviews=(late,)),), after_review=REVIEWED)
    assert told(found, APPROVED_BEFORE)[1].startswith("break-glass")
    assert "after the merge" not in told(found, APPROVED_BEFORE)[1]
    refused = replace(DECIDED, required=0, kind="refused", commit=sha("refused"))
    assert not but(decisions=(DECIDED, refused)).break_glass


@pytest.mark.parametrize(
    ("found", "answer", "why"),
    [
        (but(), "yes", "at most 4h by the policy"),
        (but(decisions=()), "unknown", "no decision is recorded, so no maximum"),
        (decision(max_seconds=7200), "yes", "at most 2h"),
        (decision(max_seconds=7199), "no", "decided for longer than the policy's"),
        (decision(max_seconds=None), "unknown", "lacks the maximum, the start or the end"),
        (decision(began=None), "unknown", "lacks the maximum, the start or the end"),
        (decision(not_after=None), "unknown", "lacks the maximum, the start or the end"),
        (grant(not_after=None), "unknown", "the end that was granted, or decided, is not recorded"),
        (grant(commit=sha("other")), "unknown", "the end that was granted, or decided, is not recorded"),
        (grant(not_after=EXPIRES_AT + SECOND), "no", "granted until 2026-11-24T11:00:01Z"),
    ],
)
def test_within_the_maximum(found: GrantRecord, answer: str, why: str) -> None:
    """Decided for no longer than the policy had it, and granted for no longer than decided."""
    got, because, _ = told(found, "within_max")
    assert got == answer
    assert why in because


@pytest.mark.parametrize(
    ("found", "answer", "why"),
    [
        (but(), "yes", "nobody approved what was their own"),
        (but(decisions=()), "unknown", "no decision is recorded"),
        (decision(reviews=()), "unknown", "no approval is recorded"),
        (decision(named=None), "unknown", "does not say who asked"),
        (but(github_id=None), "unknown", "does not say who asked"),
        (decision(author_id=None), "unknown", "does not say who asked"),
        (but(github_id=1002), "no", "bob approved and is the requester"),
        (decision(author_id=1002), "no", "bob approved and is the pull request's author"),
        (decision(named=frozenset({1002})), "no", "bob approved and is named by a commit of the request"),
        (glass(DUE), "not due yet", "break-glass, and not reviewed yet"),
        (glass(None), "not due yet", "break-glass, and not reviewed yet"),
        (glass(REVIEWED), "yes", "nobody approved what was their own"),
        (glass(replace(REVIEWED, by="alice")), "no", "reviewed by its own requester"),
        (glass(replace(REVIEWED, by="ALICE")), "no", "reviewed by its own requester"),
        (glass(replace(REVIEWED, by="")), "no", "or by nobody who is named"),
    ],
)
def test_more_than_one_hand(found: GrantRecord, answer: str, why: str) -> None:
    """Nobody approved, or reviewed, what was their own."""
    got, because, _ = told(found, "separation_of_duties")
    assert (got, why in because) == (answer, True)


@pytest.mark.parametrize(
    ("found", "now", "answer", "why", "due"),
    [
        (glass(None), LATER, "unknown", "by when it must be reviewed is not recorded", True),
        (
            glass(replace(DUE, due=None)),
            LATER,
            "unknown",
            "by when it must be reviewed is not recorded",
            True,
        ),
        (
            glass(DUE),
            BY - SECOND,
            "not due yet",
            "nobody has reviewed it; due by 2026-11-25T09:00:00Z",
            False,
        ),
        (glass(DUE), BY, "no", "nobody has reviewed it", True),
        (glass(REVIEWED), LATER, "yes", "reviewed by its due time", True),
        (
            glass(replace(REVIEWED, at=BY + SECOND)),
            LATER,
            "no",
            "reviewed at 2026-11-25T09:00:01Z, after",
            True,
        ),
    ],
)
def test_reviewed_in_time(found: GrantRecord, now: datetime, answer: str, why: str, due: bool) -> None:
    """Not due until it is, and late from that second on."""
    got, because, is_due = told(found, "reviewed_in_time", now)
    assert (got, why in because, is_due) == (answer, True, due)


def test_only_break_glass_is_asked_about_its_review() -> None:
    """And what was never given is asked nothing."""
    assert "reviewed_in_time" not in judged(GOOD, LATER)
    for outcome in (GrantOutcome.REFUSED, GrantOutcome.PENDING):
        assert judged(but(outcome=outcome), LATER) == {}


CONFIRM_BY = EXPIRES_AT + DAY
GONE_BY = EXPIRES_AT + HOUR + DAY
REVOKED = GRANTED.at + MINUTE


def revoked(lag: timedelta) -> GrantRecord:
    """Access for six hours that was revoked a minute after it was given, and ended after this lag."""
    ended = end(why="revoked", at=REVOKED + lag, effective_at=REVOKED + lag)
    over = GRANTED.at + 6 * HOUR
    return replace(ended, must_end_at=REVOKED, not_after=over, removed_at=over + HOUR)


@pytest.mark.parametrize(
    ("found", "now", "answer", "why", "due"),
    [
        (but(), LATER, "yes", "expired, and the role was removed at 2026-11-24T12:30:00Z", True),
        (but(ended=None), EXPIRES_AT - SECOND, "not due yet", "access is not over yet", False),
        (but(ended=None, not_after=None), LATER, "not due yet", "access is not over yet", False),
        (but(ended=None), EXPIRES_AT, "not due yet", "the next sweep confirms it", False),
        (but(ended=None), CONFIRM_BY, "not due yet", "the next sweep confirms it", False),
        (but(ended=None), CONFIRM_BY + SECOND, "no", "its end at 2026-11-24T11:00:00Z was never confirmed", True),
        (but(removed_at=None), GONE_BY, "not due yet", "the role's removal is not due yet", False),
        (but(removed_at=None, not_after=None), LATER, "not due yet", "the role's removal is not due yet", False),
        (but(removed_at=None), GONE_BY + SECOND, "no", "could be removed from 2026-11-24T12:00:00Z on", True),
        (but(removed_at=GONE_BY), LATER, "yes", "expired, and the role was removed", True),
        (but(removed_at=GONE_BY + MINUTE), LATER, "no", "its role was removed 1d1m later than it could be", True),
        (but(verified_absent=False), LATER, "unknown", "the role's removal was not read back", True),
        (end(why="drift", cause="by hand"), LATER, "no", "found to be changed by hand in AWS, and ended: by hand", True),
        (end(why="orphan", cause=""), LATER, "no", "found to be changed by hand in AWS, and ended: orphan", True),
        (end(effective_at=None), LATER, "unknown", "when the end took effect is not recorded", True),
        (end(effective_at=EXPIRES_AT + SECOND), LATER, "no", "ended at 2026-11-24T11:00:01Z, after its expiry", True),
        (end(effective_at=EXPIRES_AT + SECOND, why="deleted"), LATER, "yes", "deleted, and the role was removed", True),
        (but(not_after=None), LATER, "yes", "expired, and the role was removed", True),
        (end(seen="?"), LATER, "unknown", "what was seen at the end is not recorded", True),
        (end(at=CONFIRM_BY), LATER, "yes", "expired", True),
        (end(at=CONFIRM_BY + MINUTE), LATER, "no", "that was confirmed 1d1m later", True),
        (end(at=CONFIRM_BY + MINUTE, why="revoked"), LATER, "no", "that was confirmed 1d1m later", True),
        (revoked(2 * HOUR), LATER, "yes", "revoked, and the role was removed", True),
        (revoked(2 * HOUR + SECOND), LATER, "no", "was to end at 2026-11-24T09:03:00Z, and access went on for", True),
        (but(ended=None, must_end_at=REVOKED, not_after=None), REVOKED + 2 * HOUR + SECOND, "no", "was to end at", True),
        (but(ended=None, must_end_at=REVOKED), REVOKED + HOUR, "not due yet", "the next sweep ends it", False),
        (but(ended=None, must_end_at=GRANTED.at - HOUR), GRANTED.at + HOUR, "not due yet", "to end since 2026-11-24T08:02:00Z", False),
    ],
)  # fmt: skip
def test_ended_and_removed_on_time(
    found: GrantRecord, now: datetime, answer: str, why: str, due: bool
) -> None:
    """Over at the latest at its expiry, seen to be so within a day, and the role gone a day after no session can live."""
    got, because, is_due = told(found, IN_TIME, now)
    assert (got, why in because, is_due) == (answer, True, due)


def test_a_no_is_told_before_a_doubt() -> None:
    """And each reason once."""
    found = but(decisions=(replace(DECIDED, author_id=1002, named=None),))
    assert told(found, "separation_of_duties") == (
        "no",
        "bob approved and is the pull request's author",
        True,
    )
    twice = but(granted=(GRANTED, GRANTED), decisions=(replace(DECIDED, required=2),))
    assert told(twice, APPROVED_BEFORE)[1] == "1 of 2 approvals are recorded"


def test_the_facts_are_those_of_the_record() -> None:
    """What the cases above begin with."""
    assert (DECIDED.head, GRANTED.at, GOOD.not_after) == (HEAD, NOW + MINUTE, EXPIRES_AT)


FILLED = FilledPlace(team="@acme/security", login="bob", github_id=1002)


@pytest.mark.parametrize(
    ("places", "why"),
    [
        ((FilledPlace(team="@acme/security", login="", github_id=None),), "the approval of @acme/security is not recorded"),
        ((FilledPlace(team="", login="", github_id=None),), "the approval of an owner is not recorded"),
        ((replace(FILLED, login="erin", github_id=1005),), "the approval of @acme/security is recorded of erin, whose approval is not"),
        ((FILLED, replace(FILLED, team="")), "bob is recorded for two of the approvals"),
    ],
)  # fmt: skip
def test_each_place_is_filled_by_one_who_approved(places: tuple[FilledPlace, ...], why: str) -> None:
    """An open one, one of somebody whose approval is not recorded, and a person in two are each a "no"."""
    answer, said, _ = told(decision(places=places), APPROVED_BEFORE)
    assert (answer, why in said) == ("no", True)


def test_a_place_that_is_filled_is_fine() -> None:
    """By one whose approval counted."""
    assert told(decision(places=(FILLED,)), APPROVED_BEFORE)[0] == "yes"


def test_the_term_that_counts_has_an_end() -> None:
    """Of several the one that ends last; a decision without an end is none, and neither is no decision."""
    endless = replace(DECIDED, not_after=None)
    assert but(decisions=(endless, DECIDED)).term == DECIDED
    assert but(decisions=(endless,)).term is but(decisions=()).term is None


def test_a_grant_is_named_by_what_is_known_of_it() -> None:
    """Its account by the number where it has no alias; its merge where there is one."""
    assert but(account="").subject.name.endswith(f" in {GOOD.account_id}")
    assert (GOOD.subject.commit, but(decisions=(), granted=()).subject.commit) == (DECIDED.commit, "")


def test_what_has_no_documents_is_not_missed() -> None:
    """Nothing was approved in that account."""
    waits = a_record(approval())
    late = EXPIRES_AT - SECOND
    assert list(not_granted(waits, late)) != []
    assert list(not_granted(replace(waits, documents=None), late)) == []
