"""What waits for one person: whom it may concern, and whether their approval is still missing."""

from dataclasses import replace
from typing import Any

from acme_facts import DAY, HOUR, MERGED_AT, MINUTE, PATH, a_person, a_policy, owned_by, the_rules, unreadable
from builders import a_case, a_merge, a_request_state, a_review, an_approval, previewed

from jitbot.domain.access.approvals.pending_approvals import PendingApprovals
from jitbot.domain.access.post_review import overdue_event, pending_reviews
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.request.to_approve import due_reviews, helps, may_judge

GLASS = a_policy(approvals=0, review_within=24 * HOUR, reviewers=("erin", "@acme/payments"))
BOB, ERIN = a_person("bob"), a_person("erin")


def awaiting(policy: Any = None, **merge: Any) -> PendingApprovals:
    """The approvals of alice's request so far."""
    rules = the_rules(policy=policy or a_policy())
    found = previewed(
        a_case(rules=rules, merge=a_merge(**{"reviews": (), "head_rules": rules, **merge}))
    ).awaiting
    assert found is not None
    return found


def test_owners_judge_and_of_break_glass_its_reviewers() -> None:
    """By main's rules; where those do not read, nobody is said to."""
    assert may_judge(BOB, PATH, the_rules(), MERGED_AT)
    assert not may_judge(ERIN, PATH, the_rules(), MERGED_AT)
    glass = the_rules(policy=GLASS)
    assert may_judge(ERIN, PATH, glass, MERGED_AT)
    assert may_judge(a_person("alice"), PATH, glass, MERGED_AT)
    assert not may_judge(BOB, PATH, glass, MERGED_AT)
    for part in ("policy", "people", "teams"):
        assert not may_judge(BOB, PATH, the_rules(**{part: unreadable()}), MERGED_AT)


def test_one_of_two_owners_is_enough() -> None:
    """Once carol has approved, bob could too, and need not."""
    rules = the_rules(codeowners=owned_by("@bob", "@carol"))
    reviews = (a_review("carol"),)
    merge = a_merge(reviews=reviews, head_rules=rules, permissions={"carol": "write"})
    found = previewed(a_case(rules=rules, merge=merge)).awaiting
    assert found is not None
    assert [each.login for each in found.able] == ["bob"]
    assert not helps(BOB, found)


def test_an_approval_helps_while_one_is_missing() -> None:
    """Not once it is given, not of who is no owner, and not of who took part."""
    assert helps(BOB, awaiting())
    assert not helps(ERIN, awaiting())
    assert not helps(BOB, awaiting(reviews=(a_review("bob"),)))
    mine = tuple(replace(each, named=(BOB.github_id,)) for each in a_merge().commits)
    assert not helps(BOB, awaiting(commits=mine))
    assert helps(ERIN, awaiting(GLASS))


def glass(**changes: Any) -> Event:
    """The record of a break-glass approval that erin is to review."""
    required = {
        "review_by": "2026-11-25T09:00:00Z",
        "reviewers": [{"login": "erin", "github_id": ERIN.github_id}],
    }
    evidence = {"pull_request": 7, "merged_at": "2026-11-24T09:00:00Z", "break_glass": required}
    return an_approval(evidence=evidence, **changes)


def test_a_review_is_due_whose_approval_is_older_than_what_is_read() -> None:
    """The record that it is overdue is enough; which accounts it is about is then not known."""
    (pending,) = pending_reviews([glass()])
    late = overdue_event(pending, now=MERGED_AT + 2 * DAY, run="")
    (due,) = due_reviews([a_request_state(late)], ERIN)
    assert (due.review.pull_request, due.accounts) == (7, ())


def test_reviews_are_due_to_those_who_are_named() -> None:
    """With the accounts; until one of them has given it; and of two, the more urgent first."""
    (due,) = due_reviews([a_request_state(glass())], ERIN)
    assert (due.review.request, due.review.pull_request, due.accounts) == (PATH, 7, ("prod",))
    assert due_reviews([a_request_state(glass())], BOB) == ()
    assert due_reviews([a_request_state(an_approval())], ERIN) == ()
    given = Event(
        kind=EventType.REVIEWED,
        at=MERGED_AT + MINUTE,
        request=PATH,
        commit=glass().commit,
        evidence=type(glass().evidence)({"outcome": "approved"}),
    )
    assert due_reviews([a_request_state(glass(), given)], ERIN) == ()
