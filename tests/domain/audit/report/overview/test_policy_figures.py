"""The figures of each policy: every item in one of them, and what nobody knows is no number."""

from dataclasses import replace

from acme_facts import NOW
from audit_facts import a_record, approval, decided, ended, granted, removed
from builders import a_case, a_merge

from jitbot.domain.access_review.entitlements import Entitlement
from jitbot.domain.audit.report.overview.policy_figures import (
    ALL,
    NO_CODE,
    codes_of,
    figures_table,
    policy_figures,
    reasons_of,
)
from jitbot.domain.audit.verify.grant_record import AfterReview, ControlAnswer, ControlResult

GOOD = a_record(approval(), granted(), ended(), removed())
REFUSED = a_record(decided(a_case(merge=a_merge(reviews=()))))
GLASS = replace(
    GOOD,
    id="glass",
    policy="break-glass",
    request="requests/break-glass/x.yaml",
    decisions=(replace(GOOD.decisions[0], required=0),),
    after_review=AfterReview(due=NOW, reviewers=("erin",)),
    judgements={"reviewed_in_time": ControlResult(answer=ControlAnswer.NOT_DUE, why="")},
)


def entitled(policy: str, *eligible: str, approvals: int | None = 1) -> Entitlement:
    """Who may ask under a policy."""
    return Entitlement(
        policy=policy, description="", eligible=eligible, accounts=(), max_duration="", approvals=approvals,
        approvers=(), owner_rule="",
    )  # fmt: skip


def test_each_policy_and_all_of_them() -> None:
    """In the order of names, and all items as the last."""
    entitlements = [entitled("orders-db-read", "alice", "carol"), entitled("break-glass", approvals=None)]
    glass, orders, every = policy_figures([GOOD, REFUSED, GLASS], entitlements)
    assert [each.policy for each in (glass, orders, every)] == ["break-glass", "orders-db-read", ALL]
    assert [(each.items, each.requests, each.granted) for each in (glass, orders, every)] == [
        (1, 1, 1),
        (2, 1, 1),
        (3, 2, 2),
    ]
    assert [(each.refused, each.gone) for each in (glass, orders, every)] == [(0, 1), (1, 1), (1, 2)]
    assert [each.eligible for each in (glass, orders, every)] == [None, 2, None]
    assert [each.break_glass for each in (glass, orders, every)] == [1, 0, 1]
    assert [each.to_approved.requests for each in (glass, orders, every)] == [0, 1, 1]
    assert [each.in_all.requests for each in (glass, orders, every)] == [1, 1, 2]
    assert (glass.review_counts, orders.review_counts) == ("not due yet: 1", "")


def test_what_was_not_granted_or_is_not_gone_is_not_counted_as_such() -> None:
    """A removal that nobody verified; break-glass that was never given, or that nobody judged."""
    pending = replace(GLASS, granted=())
    unverified = replace(GOOD, verified_absent=False)
    kept = replace(GOOD, removed_at=None)
    unjudged = replace(GLASS, judgements={})
    (*_, every) = policy_figures([pending, unverified, kept, unjudged, replace(GOOD, request="")])
    assert (every.break_glass, every.gone, every.granted, every.requests) == (1, 3, 4, 2)
    assert every.review_counts == ""


def test_reasons_come_by_how_often_they_are_named() -> None:
    """Each once for an item, then by their names; one without a code says so."""
    (decision,) = REFUSED.decisions
    one, two, none = (
        replace(REFUSED, decisions=(replace(decision, codes=codes),))
        for codes in (("b", "a", "b"), ("b",), ())
    )
    assert codes_of(one) == ("b", "a")
    assert (
        codes_of(none) == codes_of(replace(none, decisions=(replace(decision, codes=("",)),))) == (NO_CODE,)
    )
    assert reasons_of([one, two, none]) == (("b", 2), ("a", 1), (NO_CODE, 1))


def test_a_policy_of_which_nobody_knows_who_may_ask() -> None:
    """The cell says so; the question of break-glass has no column for what is never its answer."""
    table = figures_table(policy_figures([GLASS], [entitled("break-glass", approvals=None)]))
    row = dict(zip(table.heads, table.rows[0], strict=True))
    assert (row["eligible"], row["reviewed_in_time_not_due_yet"]) == ("not known", 1)
    assert "reviewed_in_time_not_required" not in row
    known = figures_table(policy_figures([GLASS], [entitled("break-glass", "alice")]))
    assert dict(zip(known.heads, known.rows[0], strict=True))["eligible"] == 1
