"""What a break-glass grant still owes: read from the ledger in any order, and paid by the right review alone."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from acme_facts import (
    DAY,
    HEAD,
    HOUR,
    MERGE,
    MERGED_AT,
    MINUTE,
    NOW,
    PATH,
    PEOPLE,
    SECOND,
    a_person,
    an_actor,
    people,
    sha,
)
from builders import a_request_state, a_review, an_approval, an_extension

from jitbot.domain.access.post_review import (
    PendingReview,
    judge,
    must_remind,
    overdue_event,
    pending_reviews,
    review_event,
)
from jitbot.domain.enforce.grant_status import grant_statuses
from jitbot.domain.ledger import commit_message, events
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import ReviewOutcome
from jitbot.domain.model.documents import GithubId, Login, Person
from jitbot.domain.model.merge_facts import Review
from jitbot.domain.text import timestamp

BY = MERGED_AT + DAY
REVIEWERS = [{"login": "erin", "github_id": 1005}, {"login": "frank", "github_id": 1006}]
EVIDENCE: dict[str, Any] = {
    "pull_request": 7,
    "head": HEAD,
    "merged_at": timestamp.show(MERGED_AT),
    "break_glass": {"review_by": timestamp.show(BY), "reviewers": REVIEWERS},
}


def approved(**changes: Any) -> Event:
    """The record of alice's break-glass approval."""
    return an_approval(evidence=EVIDENCE, **changes)


def a_debt(**changes: Any) -> PendingReview:
    """What it owes."""
    (pending_review,) = pending_reviews([approved()])
    return replace(pending_review, **changes)


def said(login: str = "erin", **changes: Any) -> Review:
    """An approval of the merged head, an hour after the merge."""
    return a_review(login, **{"submitted_at": MERGED_AT + HOUR, **changes})


def reviewed(
    outcome: ReviewOutcome = ReviewOutcome.APPROVED, *, at: timedelta = HOUR, **changes: Any
) -> Event:
    """The record of a review."""
    return review_event(a_debt(), outcome, said(**changes), now=MERGED_AT + at, run="")


def test_a_break_glass_approval_owes_a_review() -> None:
    """Who, which merge and head, which pull request, by when, and by whom."""
    (pending_review,) = a_request_state(approved()).to_review
    assert (
        pending_review.request,
        pending_review.commit,
        pending_review.head,
        pending_review.pull_request,
    ) == (PATH, MERGE, HEAD, 7)
    assert (pending_review.requester, pending_review.requester_id) == ("alice", 1001)
    assert (pending_review.merged_at, pending_review.review_by) == (MERGED_AT, BY)
    assert [(each.login, each.github_id) for each in pending_review.reviewers] == [
        ("erin", 1005),
        ("frank", 1006),
    ]


def test_an_ordinary_approval_owes_nothing() -> None:
    """Approved before is not reviewed after."""
    assert a_request_state(an_approval()).post_reviews == ()


def test_an_approving_review_pays_it_and_an_objection_does_not() -> None:
    """An objection is on record, and the debt stays."""
    no = reviewed(ReviewOutcome.OBJECTED, review_id=2)
    assert [each.evidence.json["by"] for each in a_request_state(approved(), no).to_review[0].objections] == [
        "erin"
    ]
    state = a_request_state(approved(), no, reviewed(login="frank", at=2 * HOUR))
    assert state.to_review == ()
    assert state.post_reviews[0].reviewed is not None


@pytest.mark.parametrize(
    ("outcomes", "now", "told"),
    [
        ((), NOW, "review by 2026-11-25T09:00:00Z"),
        ((), BY, "review overdue"),
        ((ReviewOutcome.OBJECTED,), NOW, "objected to"),
        ((ReviewOutcome.OBJECTED,), BY, "objected to"),
        ((ReviewOutcome.APPROVED,), BY, "reviewed"),
    ],
)
def test_where_the_review_stands(outcomes: tuple[ReviewOutcome, ...], now: datetime, told: str) -> None:
    """Objected to is told first, then that it is late, then by when; what owes nothing has nothing to tell."""
    (status,) = grant_statuses([a_request_state(approved(), *(reviewed(each) for each in outcomes))], now)
    (plain,) = grant_statuses([a_request_state(an_approval())], now)
    assert (status.review, plain.review) == (told, "")


def test_a_review_of_another_merge_pays_nothing() -> None:
    """An extension under break-glass has a debt of its own."""
    longer = an_extension(evidence={**EVIDENCE, "pull_request": 8})
    state = a_request_state(approved(), longer, reviewed())
    assert [pending_review.pull_request for pending_review in state.to_review] == [8]


def test_the_order_of_events_does_not_matter() -> None:
    """The same events make the same debts, also where a review and its approval are of one second."""
    told = (approved(at=NOW), reviewed(at=MINUTE), overdue_event(a_debt(), now=BY, run=""))
    states = {repr(a_request_state(*order).post_reviews) for order in permutations(told)}
    assert len(states) == 1
    assert a_request_state(*told).to_review == ()


def test_an_overdue_record_tells_the_whole_debt() -> None:
    """Without the approval, which may lie too far back to be read, it owes the same."""
    (alone,) = a_request_state(overdue_event(a_debt(), now=BY, run="")).to_review
    assert replace(alone, recorded_at=NOW) == replace(a_debt(), recorded_at=NOW)


def test_a_debt_is_overdue_at_its_time() -> None:
    """Not a second before; and a reviewed one never is."""
    assert not a_debt().overdue(BY - SECOND)
    assert a_debt().overdue(BY)
    assert not a_debt(reviewed=reviewed()).overdue(BY + DAY)


def test_an_overdue_debt_is_recorded_once_and_then_weekly() -> None:
    """So that it is on record before the days that every run reads are over, for as long as it lasts."""
    assert not must_remind(a_debt(), BY - SECOND)
    assert must_remind(a_debt(), BY)
    again = a_debt(recorded_at=BY)
    assert not must_remind(again, BY + 7 * DAY - SECOND)
    assert must_remind(again, BY + 7 * DAY)
    assert not must_remind(a_debt(reviewed=reviewed()), BY + DAY)
    one, other = (overdue_event(a_debt(), now=when, run="") for when in (BY, BY + 7 * DAY))
    assert one.key != other.key


@pytest.mark.parametrize(
    "mark", [None, "x", {}, {"review_by": "soon", "reviewers": "erin"}, {"reviewers": [1, {"login": 5}]}]
)
def test_what_does_not_read_stays_due(mark: object) -> None:
    """A mark that makes no sense is a debt that nobody can pay, due at once: red, not forgotten."""
    (pending_review,) = a_request_state(an_approval(evidence={"break_glass": mark})).to_review
    assert pending_review.overdue(NOW)
    assert judge(pending_review, (said(),), PEOPLE) is None
    assert pending_review.merged_at == pending_review.recorded_at == NOW


def test_before_or_after_the_merge_an_approval_of_the_head_counts() -> None:
    """A reviewer who had approved already need not do it again; lateness is no reason either."""
    for when in (MERGED_AT - HOUR, MERGED_AT, MERGED_AT + HOUR, BY + 30 * DAY):
        review = said(submitted_at=when)
        assert judge(a_debt(), (review,), PEOPLE) == (ReviewOutcome.APPROVED, review)
    assert reviewed().evidence.json["in_time"] is True
    late = review_event(a_debt(), ReviewOutcome.APPROVED, said(submitted_at=BY), now=BY, run="")
    assert late.evidence.json["in_time"] is False


SAME = a_person("alice").principal
NOT_COUNTED: dict[str, tuple[Review, dict[Login, Person]]] = {
    "somebody who is no reviewer": (said("bob"), people()),
    "the requester": (said("alice"), people()),
    "somebody who joined the team later": (said("heidi"), people()),
    "a bot of a reviewer's name": (said(user=an_actor("erin", kind="Bot")), people()),
    "another account under a reviewer's login": (
        said(user=replace(an_actor("erin"), github_id=GithubId(99))),
        people(),
    ),
    "a reviewer's id under a login that nobody knows": (
        said(user=replace(an_actor("erin"), login=Login("erin-new"))),
        people(),
    ),
    "a reviewer who has left": (
        said(),
        {login: person for login, person in PEOPLE.items() if login != "erin"},
    ),
    "a reviewer who has the requester's principal": (said(), people(a_person("erin", principal=SAME))),
    "a comment": (said(state="COMMENTED"), people()),
    "an approval that was dismissed": (said(state="DISMISSED"), people()),
    "an approval of another commit": (said(commit=sha("before")), people()),
}


@pytest.mark.parametrize(("review", "known"), NOT_COUNTED.values(), ids=NOT_COUNTED)
def test_a_review_that_does_not_count(review: Review, known: dict[Login, Person]) -> None:
    """It pays nothing, and is no objection."""
    assert judge(a_debt(), (review,), known) is None


def test_the_requester_cannot_get_in_among_the_reviewers() -> None:
    """Even a record that named the requester would not let them review themselves."""
    (pending_review,) = pending_reviews(
        [
            an_approval(
                evidence={**EVIDENCE, "break_glass": {"reviewers": [{"login": "alice", "github_id": 1001}]}}
            )
        ]
    )
    assert judge(pending_review, (said("alice"),), PEOPLE) is None


def test_an_objection_stands_beside_an_approval() -> None:
    """One reviewer cannot approve another's objection away; whoever objected can take it back."""
    no, yes = said("frank", state="CHANGES_REQUESTED", review_id=2), said("erin", review_id=3)
    assert judge(a_debt(), (no, yes), PEOPLE) == (ReviewOutcome.OBJECTED, no)
    assert judge(a_debt(), (yes, no), {}) == (ReviewOutcome.OBJECTED, no)
    back = said("frank", review_id=4, submitted_at=MERGED_AT + 2 * HOUR)
    assert judge(a_debt(), (no, yes, back), PEOPLE) == (ReviewOutcome.APPROVED, yes)
    other = said("mallory", state="CHANGES_REQUESTED", review_id=5)
    assert judge(a_debt(), (other, yes), PEOPLE) == (ReviewOutcome.APPROVED, yes)


def test_the_mark_of_a_debt_is_its_own() -> None:
    """Two merges, or two requests of one merge, are two debts."""
    marks = {a_debt().marker, a_debt(commit=sha("x")).marker, a_debt(request="requests/a/b/c").marker}
    assert len(marks) == 3


@pytest.mark.parametrize("event", [reviewed(), overdue_event(a_debt(), now=BY, run="")])
def test_the_new_events_read_back(event: Event) -> None:
    """The ledger keeps them as every other event."""
    assert events.load(event.path, events.dump(event)) == event
    assert a_request_state(event).decided == frozenset()


def test_the_git_log_tells_it() -> None:
    """Sentences for people, and trailers that are there for what they name alone."""
    message = commit_message.message([approved()])
    assert message.startswith("approved (break-glass): alice gets orders-db-read in prod until")
    assert "to be reviewed by 2026-11-25T09:00:00Z" in message
    assert "\nReview-by: 2026-11-25T09:00:00Z" in message
    assert commit_message.message([an_extension(evidence=EVIDENCE)]).startswith("extended (break-glass): ")
    yes, no = commit_message.message([reviewed()]), commit_message.message([reviewed(ReviewOutcome.OBJECTED)])
    assert yes.startswith("reviewed: orders-db-read of alice, approved by erin\n")
    assert "\nReviewed-by: erin" in yes
    assert no.startswith("reviewed: orders-db-read of alice, objected to by erin\n")
    assert "Reviewed-by" not in no
    late = commit_message.message([overdue_event(a_debt(), now=BY, run="")])
    assert late.startswith(
        "overdue: orders-db-read of alice was to be reviewed by 2026-11-25T09:00:00Z, and was not"
    )
    assert EventType.OVERDUE in late
    assert "break-glass" not in commit_message.message([an_approval()])


def test_an_approval_is_no_objection() -> None:
    """Of what is recorded of a debt, approvals pay it, and objections alone object."""
    assert pending_reviews([an_approval()]) == ()
    (paid,) = pending_reviews([approved(), reviewed()])
    assert (paid.reviewed is not None, paid.objections) == (True, ())
    (review,) = pending_reviews([approved(), reviewed(ReviewOutcome.OBJECTED)])
    assert (review.reviewed, len(review.objections)) == (None, 1)


@pytest.mark.parametrize("number", ["7", None, [7], {}])
def test_a_number_that_is_none_is_none(number: object) -> None:
    """Evidence of another shape is read as what it is: no pull request, and no reviewer's id."""
    evidence = {
        **EVIDENCE,
        "pull_request": number,
        "break_glass": {"reviewers": [{"login": "erin", "github_id": number}]},
    }
    (pending_review,) = pending_reviews([an_approval(evidence=evidence)])
    assert (pending_review.pull_request, [each.github_id for each in pending_review.reviewers]) == (0, [None])
