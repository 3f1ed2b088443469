"""Dated memberships in a decision, to the second: for an approver at the review and the merge, for a requester at the merge and the start."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from acme_facts import (
    DAY,
    HOUR,
    MERGED_AT,
    MINUTE,
    SECOND,
    TEAMS,
    a_policy,
    a_request,
    owned_by,
    the_rules,
    unreadable,
)
from builders import (
    a_case,
    a_change,
    a_merge,
    a_pull,
    a_request_state,
    a_review,
    a_window,
    an_approval,
    codes,
    judged,
)

from jitbot.domain.access.approval import Decision, Verdict, window_of
from jitbot.domain.model.approval_rules import ApprovalRule
from jitbot.domain.model.documents import Login
from jitbot.domain.model.merge_facts import ChangeKind, Rules
from jitbot.domain.model.roster import Membership, Roster

REVIEWED_AT = MERGED_AT - 10 * MINUTE  # bob's review
LEADS, PAYMENTS = "acme/payments-leads", "acme/payments"


def rules(
    team: str, login: str, since: datetime | None = None, until: datetime | None = None, **changes: Any
) -> Rules:
    """Acme's rules, in which a team has this member from and until these moments, and grace."""
    plain = {name: tuple(Membership(login=each) for each in logins) for name, logins in TEAMS.items()}
    member = (Membership(login=Login(login), since=since, until=until), Membership(login=Login("grace")))
    return the_rules(teams=Roster.of({**plain, team: member}), **changes)


def decided(base: Rules, head: Rules | None = None, **changes: Any) -> Decision:
    """The decision on alice's request, approved by bob, under these rules."""
    return judged(a_case(rules=base, merge=a_merge(head_rules=head or base), **changes))


@pytest.mark.parametrize("file", ["policy", "teams"])
def test_without_a_policy_or_teams_the_duration_alone_counts(file: str) -> None:
    """No date of a membership is made up where none can be read."""
    window = window_of(the_rules(**{file: unreadable()}), a_request(), MERGED_AT, MERGED_AT)
    assert window == a_window()


def not_counted(decision: Decision) -> str:
    """Why bob's approval does not count."""
    assert codes(decision) == {"not-enough-approvals"}
    return decision.ignored[0].why if decision.ignored else ""


@pytest.mark.parametrize(
    ("since", "until", "why"),
    [
        (None, MERGED_AT + SECOND, ""),
        (REVIEWED_AT, MERGED_AT + SECOND, ""),
        (REVIEWED_AT, None, ""),
        (None, MERGED_AT, "not at the merge"),
        (None, MERGED_AT - SECOND, "not at the merge"),
        (None, REVIEWED_AT, "not at the merge"),
        (REVIEWED_AT + SECOND, None, "not when the review was given"),
        (MERGED_AT, None, "not when the review was given"),
        (MERGED_AT + SECOND, None, "not at the merge"),
    ],
)
def test_an_approver_is_one_at_the_review_and_at_the_merge(
    since: datetime | None, until: datetime | None, why: str
) -> None:
    """At `from` exactly, and no longer at `until` exactly."""
    decision = decided(rules(LEADS, "bob", since, until))
    if why:
        assert not_counted(decision).startswith("owns this path only ")
        assert not_counted(decision).endswith(why)
    else:
        assert decision.verdict is Verdict.APPROVED


@pytest.mark.parametrize("since", [REVIEWED_AT + SECOND, MERGED_AT + SECOND])
def test_the_dates_at_the_head_count_too(since: datetime) -> None:
    """By the rules that the approver saw they were none yet; those of the merge alone are not enough."""
    assert not_counted(decided(the_rules(), rules(LEADS, "bob", since)))
    assert not_counted(decided(rules(LEADS, "bob", since), the_rules()))


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (MERGED_AT, None, "approved"),
        (MERGED_AT + SECOND, None, "only from 2026-11-24 09:00:01 UTC, so not at the merge"),
        (None, MERGED_AT + SECOND, "approved"),
        (None, MERGED_AT, "only until 2026-11-24 09:00 UTC, so not at the merge"),
    ],
)
def test_a_requester_is_a_member_at_the_merge(
    since: datetime | None, until: datetime | None, expected: str
) -> None:
    """At `from` exactly, and no longer at `until` exactly."""
    decision = decided(rules(PAYMENTS, "alice", since, until))
    if expected == "approved":
        assert decision.verdict is Verdict.APPROVED
    else:
        assert codes(decision) == {"not-eligible"}
        assert expected in decision.reasons[0].message


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, MERGED_AT + DAY + SECOND, "approved"),
        (None, MERGED_AT + DAY, "so not when the access begins"),
        (MERGED_AT + SECOND, None, "so not at the merge"),
        (MERGED_AT + DAY, None, "so not at the merge"),
    ],
)
def test_a_requester_is_a_member_at_the_start_too(
    since: datetime | None, until: datetime | None, expected: str
) -> None:
    """Of a request that begins tomorrow, both count."""
    request = a_request(starts_at=MERGED_AT + DAY)
    decision = decided(rules(PAYMENTS, "alice", since, until), request=request)
    if expected == "approved":
        assert decision.verdict is Verdict.APPROVED
    else:
        assert codes(decision) == {"not-eligible"}
        assert expected in decision.reasons[0].message


def test_a_start_before_the_merge_asks_for_no_earlier_membership() -> None:
    """Access cannot begin before the merge, whatever `starts_at` says."""
    request = a_request(starts_at=MERGED_AT - HOUR)
    assert decided(rules(PAYMENTS, "alice", MERGED_AT - MINUTE), request=request).verdict is Verdict.APPROVED


@pytest.mark.parametrize(
    ("until", "ends"),
    [
        (HOUR, HOUR),
        (2 * HOUR - SECOND, 2 * HOUR - SECOND),
        (2 * HOUR, 2 * HOUR),
        (2 * HOUR + SECOND, 2 * HOUR),
        (SECOND, SECOND),
    ],
)
def test_access_ends_with_the_membership(until: timedelta, ends: timedelta) -> None:
    """The window is cut at `until`; the duration still counts from the merge, and is recorded as it was asked for."""
    decision = decided(rules(PAYMENTS, "alice", until=MERGED_AT + until))
    assert decision.verdict is Verdict.APPROVED
    assert decision.window == a_window(expires_at=MERGED_AT + ends)
    assert decision.began == MERGED_AT
    assert f"{(MERGED_AT + ends):%Y-%m-%dT%H:%M:%SZ}" in str(decision.grants[0].permission_policy)


def test_who_is_named_directly_or_by_another_team_is_not_cut() -> None:
    """What the date ends is one of two reasons for which alice may ask."""
    base = rules(
        PAYMENTS, "alice", until=MERGED_AT + HOUR, policy=a_policy(eligible=("@acme/payments", "alice"))
    )
    assert decided(base).window == a_window()
    base = rules(
        PAYMENTS,
        "alice",
        until=MERGED_AT + HOUR,
        policy=a_policy(eligible=(f"@{PAYMENTS}", "@acme/engineering")),
    )
    assert decided(base).window == a_window()


def test_a_cut_that_the_approvers_did_not_see_is_a_change_of_rules() -> None:
    """Other documents would be granted, in either direction."""
    cut = rules(PAYMENTS, "alice", until=MERGED_AT + HOUR)
    assert codes(decided(cut, the_rules())) == {"rules-changed"}
    assert codes(decided(the_rules(), cut)) == {"rules-changed"}
    later = rules(PAYMENTS, "alice", until=MERGED_AT + DAY)
    assert decided(the_rules(), later).verdict is Verdict.APPROVED  # it ends before either


def extended(until: timedelta, merged_after: timedelta = HOUR) -> Decision:
    """An extension of alice's two hours to three, where her membership ends this long after the first merge."""
    base, merged_at = rules(PAYMENTS, "alice", until=MERGED_AT + until), MERGED_AT + merged_after
    merge = a_merge(
        pull_request=a_pull(merged_at=merged_at),
        reviews=(a_review(submitted_at=merged_at - MINUTE),),
        head_rules=base,
    )
    change = a_change(kind=ChangeKind.MODIFIED, committed_at=merged_at)
    case = a_case(rules=base, merge=merge, change=change, earlier=True, request=a_request(duration=3 * HOUR))
    return judged(case, a_request_state(an_approval()))


def test_an_extension_ends_with_the_membership() -> None:
    """It counts from the first start, is cut at `until`, and needs a member at its own merge."""
    decision = extended(3 * HOUR - SECOND)
    assert decision.verdict is Verdict.APPROVED
    assert (decision.began, decision.window) == (
        MERGED_AT,
        a_window(expires_at=MERGED_AT + 3 * HOUR - SECOND),
    )
    assert codes(extended(HOUR)) == {"not-eligible"}


def test_an_extension_never_shortens_what_is_live() -> None:
    """A membership that was shortened since ends nothing that was granted: the former end stays."""
    assert codes(extended(90 * MINUTE)) == {"not-longer"}
    assert codes(extended(2 * HOUR)) == {"not-longer"}


@pytest.mark.parametrize("until", [REVIEWED_AT - DAY, REVIEWED_AT, MERGED_AT, None])
@pytest.mark.parametrize("since", [None, MERGED_AT + DAY])
def test_an_objection_counts_whatever_the_dates(since: datetime | None, until: datetime | None) -> None:
    """Else a date would help a request. frank approves, bob objects."""
    if since is not None and until is not None:
        return
    base = rules(LEADS, "bob", since, until, codeowners=owned_by(f"@{LEADS}", "@frank"))
    reviews = (a_review("frank", review_id=2), a_review("bob", state="CHANGES_REQUESTED"))
    decision = judged(a_case(rules=base, merge=a_merge(head_rules=base, reviews=reviews)))
    assert "changes-requested" in codes(decision)


@pytest.mark.parametrize("at_head", [False, True])
@pytest.mark.parametrize(
    ("since", "until", "approved"),
    [
        (REVIEWED_AT, MERGED_AT + SECOND, True),
        (REVIEWED_AT + SECOND, None, False),
        (None, MERGED_AT, False),
        (None, None, True),
    ],
)
def test_a_place_of_a_team_takes_a_member_at_the_review_and_at_the_merge(
    since: datetime | None, until: datetime | None, approved: bool, at_head: bool
) -> None:
    """bob owns the path all the time; of the team that a rule asks for he is a member for a time, by either version."""
    rule = ApprovalRule(need=1, teams=("@acme/security",))
    policy = a_policy(approval_rules=(rule,))
    dated, always = (rules("acme/security", "bob", *dates, policy=policy) for dates in ((since, until), ()))
    decision = decided(always, dated) if at_head else decided(dated, always)
    assert (decision.verdict is Verdict.APPROVED) is approved
    assert approved or codes(decision) == {"not-enough-approvals"}
    assert [each.person.login for each in decision.approvals] == ["bob"]
