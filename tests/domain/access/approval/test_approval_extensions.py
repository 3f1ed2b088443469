"""Extensions: more time for what was approved, approved again, and nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from acme_facts import (
    EXPIRES_AT,
    HOUR,
    MERGED_AT,
    MINUTE,
    WIDER,
    a_person,
    a_policy,
    a_request,
    people,
    sha,
    the_rules,
)
from builders import (
    a_case,
    a_change,
    a_merge,
    a_pull,
    a_request_state,
    a_review,
    a_revocation,
    a_window,
    an_approval,
    an_extension,
    an_outcome,
    codes,
    judged,
    the_documents,
)

from jitbot.domain.access.approval import Verdict
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.ledger.events import EndReason, EventType
from jitbot.domain.model.merge_facts import Case, ChangeKind


def an_extending_case(duration: timedelta = 3 * HOUR, after: timedelta = HOUR, **changes: object) -> Case:
    """Alice's file asks for `duration` now; merged `after` the first merge, approved ten minutes before that."""
    merged_at = MERGED_AT + after
    merge = a_merge(
        pull_request=a_pull(merged_at=merged_at),
        reviews=(a_review(submitted_at=merged_at - 10 * MINUTE),),
        head_rules=changes.get("rules", the_rules()),
    )
    change = a_change(kind=ChangeKind.MODIFIED, committed_at=merged_at)
    plain = {"change": change, "merge": merge, "earlier": True, "request": a_request(duration=duration)}
    return a_case(**{**plain, **changes})


def test_an_extension_counts_from_the_first_start() -> None:
    """Whatever was extended before, the new duration counts from where the first term began."""
    state = a_request_state(an_approval(), an_extension(3 * HOUR))
    decision = judged(an_extending_case(4 * HOUR), state)
    assert decision.began == MERGED_AT
    assert decision.window == a_window(expires_at=MERGED_AT + 4 * HOUR)


def test_an_extension_gives_the_same_role_a_later_end() -> None:
    """Longer, in time, approved again: the documents are the former ones but for the window."""
    decision = judged(an_extending_case(), a_request_state(an_approval()))
    assert decision.verdict is Verdict.APPROVED
    assert decision.window == a_window(expires_at=MERGED_AT + 3 * HOUR)
    assert [grant.role_arn for grant in decision.grants] == [the_documents().role_arn]


def test_an_extension_needs_an_approval_of_its_own() -> None:
    """The review that gave the first grant does not give the second."""
    merge = a_merge(pull_request=a_pull(merged_at=MERGED_AT + HOUR, head=sha("second head")))
    case = an_extending_case(merge=replace(merge, fetched_head=sha("second head")))
    assert codes(judged(case, a_request_state(an_approval()))) == {"not-enough-approvals"}


def test_an_extension_processed_after_the_end_still_counts() -> None:
    """Merged in time is in time, however late the run."""
    decision = judged(an_extending_case(), a_request_state(an_approval()), now=EXPIRES_AT + 24 * HOUR)
    assert decision.verdict is Verdict.APPROVED


def test_an_extension_may_be_older_than_its_path_allows_an_ask() -> None:
    """The path's date bounds the first merge; a planned grant of a week can be extended in its last hour."""
    starts_at, week = MERGED_AT + timedelta(days=7), timedelta(days=6)
    rules = the_rules(policy=a_policy(max_duration=timedelta(days=7)))
    first = an_approval(
        asked=a_request(starts_at=starts_at, duration=week),
        window=a_window(starts_at=starts_at, expires_at=starts_at + week),
    )
    longer = a_request(starts_at=starts_at, duration=timedelta(days=7))
    case = an_extending_case(after=timedelta(days=13) - HOUR, request=longer, rules=rules)
    assert judged(case, a_request_state(first)).verdict is Verdict.APPROVED
    fresh = replace(case, change=a_change(), earlier=False)
    assert "path-date" in codes(judged(fresh))


EXTENSIONS: dict[str, tuple[Case, RequestState, str]] = {
    "past the maximum from the first start": (
        an_extending_case(5 * HOUR),
        a_request_state(an_approval()),
        "duration-above-maximum",
    ),
    "of nothing": (an_extending_case(), a_request_state(), "nothing-to-extend"),
    "at the end": (an_extending_case(after=2 * HOUR), a_request_state(an_approval()), "too-late"),
    "shorter": (an_extending_case(HOUR, after=MINUTE), a_request_state(an_approval()), "not-longer"),
    "of a revoked one": (
        an_extending_case(),
        a_request_state(an_approval(), a_revocation()),
        "already-ended",
    ),
    "of one that drifted": (
        an_extending_case(),
        a_request_state(an_approval(), an_outcome(EventType.ENDED, why=EndReason.DRIFT)),
        "already-ended",
    ),
    "of another account": (
        an_extending_case(request=a_request(duration=3 * HOUR, accounts=("staging",))),
        a_request_state(an_approval()),
        "not-an-extension",
    ),
    "for another reason": (
        an_extending_case(request=a_request(duration=3 * HOUR, reason="something else")),
        a_request_state(an_approval()),
        "not-an-extension",
    ),
    "under other rules": (
        an_extending_case(rules=WIDER),
        a_request_state(an_approval()),
        "rules-changed",
    ),
    "not approved": (
        an_extending_case(merge=a_merge(reviews=(), pull_request=a_pull(merged_at=MERGED_AT + HOUR))),
        a_request_state(an_approval()),
        "not-enough-approvals",
    ),
}


@pytest.mark.parametrize(("case", "so_far", "expected"), EXTENSIONS.values(), ids=EXTENSIONS.keys())
def test_an_extension_that_may_not_be(case: Case, so_far: RequestState, expected: str) -> None:
    """Each of these is refused and gives no document, so the former grant stays as it is."""
    decision = judged(case, so_far)
    assert decision.verdict is Verdict.REFUSED
    assert codes(decision) == set(expected.split())
    assert decision.grants == ()


def test_what_else_an_extension_lacks_is_said_where_there_are_no_documents() -> None:
    """Documents that are missing for a reason of their own are no other documents; all other reasons are told."""
    rules = the_rules(people=people(a_person("alice", principal=None)))
    decision = judged(an_extending_case(2 * HOUR, rules=rules), a_request_state(an_approval()))
    assert codes(decision) == {"no-principal", "not-longer"}
