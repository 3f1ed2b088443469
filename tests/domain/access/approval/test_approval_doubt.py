"""What cannot be decided yet, and what cannot be read: neither is ever granted."""

from datetime import timedelta

import pytest
from acme_facts import (
    HOUR,
    MERGE,
    MINUTE,
    NOW,
    SECOND,
    unreadable,
)
from builders import (
    a_case,
    a_change,
    a_pull,
    codes,
    judged,
)

from jitbot.domain.access.approval import Verdict

YOUNG = 15 * MINUTE


@pytest.mark.parametrize(
    ("age", "verdict"),
    [
        (timedelta(), Verdict.UNDECIDED),
        (YOUNG - SECOND, Verdict.UNDECIDED),
        (YOUNG, Verdict.REFUSED),
        (YOUNG + SECOND, Verdict.REFUSED),
        (-MINUTE, Verdict.UNDECIDED),
        (-YOUNG, Verdict.REFUSED),
        (timedelta(days=-4000), Verdict.REFUSED),
    ],
)
def test_a_commit_without_a_pull_request_is_in_doubt_for_15_minutes(age: timedelta, verdict: Verdict) -> None:
    """GitHub may lag; then it is a push past the rules. A date in the future buys no doubt for ever."""
    decision = judged(a_case(listed=(), merge=None, change=a_change(committed_at=NOW - age)))
    assert decision.verdict is verdict
    assert decision.grants == ()
    (reason,) = decision.reasons
    assert MERGE[:10] in reason.message
    assert MERGE[:11] not in reason.message
    assert codes(decision) == {"no-pull-request-yet" if verdict is Verdict.UNDECIDED else "no-pull-request"}


@pytest.mark.parametrize(("age", "verdict"), [(YOUNG - SECOND, Verdict.UNDECIDED), (YOUNG, Verdict.REFUSED)])
def test_an_open_pull_request_alone_is_the_same_doubt(age: timedelta, verdict: Verdict) -> None:
    """GitHub may know the pull request, and not yet that it was merged."""
    case = a_case(listed=(a_pull(merged_at=None),), merge=None, change=a_change(committed_at=NOW - age))
    assert judged(case).verdict is verdict


@pytest.mark.parametrize("age", [timedelta(), HOUR])
def test_a_listed_pull_request_is_decided_at_once(age: timedelta) -> None:
    """There is no doubt where GitHub has answered: a young commit with a wrong pull request is refused."""
    change = a_change(committed_at=NOW - age)
    assert judged(a_case(change=change)).verdict is Verdict.APPROVED
    assert judged(a_case(change=change, listed=(a_pull(merge_commit=None),))).verdict is Verdict.REFUSED


def test_an_unreadable_request_refuses_with_its_own_finding() -> None:
    """A file that does not parse asks for nothing."""
    decision = judged(a_case(request=unreadable("misspelt-key")))
    assert decision.verdict is Verdict.REFUSED
    assert codes(decision) == {"misspelt-key"}
