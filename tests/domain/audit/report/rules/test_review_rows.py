"""The rows of access reviews: counted once, and the same in figures, tables and words."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from acme_facts import DAY, NOW, sha

from jitbot.domain.access_review.entitlements import Entitlement
from jitbot.domain.audit.history.access_reviews import (
    AccessReview,
    AccessReviews,
    PolicyStanding,
    ReviewStanding,
)
from jitbot.domain.audit.history.policy_changes import MoveResult
from jitbot.domain.audit.report.rules.review_page import section
from jitbot.domain.audit.report.rules.review_rows import ReviewRows, StandingRow, review_rows
from jitbot.domain.audit.verify.grant_record import ControlAnswer

TODAY = NOW.date()


def a_review(**changes: Any) -> AccessReview:
    """A review of today, in time."""
    given: dict[str, Any] = {
        "policy": "orders-db-read",
        "day": TODAY,
        "before": None,
        "commit": sha("c"),
        "merged_at": NOW,
        "result": MoveResult.COUNTED,
        "reviewed_by": ("erin",),
        "digest": "d" * 64,
    }
    return AccessReview(**{**given, **changes})


def a_standing(state: ReviewStanding = ReviewStanding.IN_TIME, **changes: Any) -> PolicyStanding:
    """Where the policy stands after it."""
    given: dict[str, Any] = {
        "policy": "orders-db-read",
        "claimed": TODAY,
        "last": a_review(),
        "due": TODAY + 90 * DAY,
        "why": "because",
    }
    return PolicyStanding(state=state, **{**given, **changes})


def rows(
    *standing: PolicyStanding, made: tuple[AccessReview, ...] = (), digest: str = "d" * 64
) -> ReviewRows:
    """The rows of the days around now."""
    now = Entitlement(
        policy="orders-db-read", description="", eligible=(), accounts=(), max_duration="", approvals=1,
        approvers=(), owner_rule="", rules_sha256=digest,
    )  # fmt: skip
    found = AccessReviews(made=made, policies=standing, every=timedelta(days=90))
    return review_rows(found, NOW - DAY, NOW + DAY, [now])


@pytest.mark.parametrize(
    ("state", "answer"),
    [
        (ReviewStanding.IN_TIME, ControlAnswer.YES),
        (ReviewStanding.OVERDUE, ControlAnswer.NO),
        (ReviewStanding.NEVER, ControlAnswer.NOT_DUE),
        (ReviewStanding.WAITING, ControlAnswer.NOT_DUE),
        (ReviewStanding.UNKNOWN, ControlAnswer.UNKNOWN),
        (ReviewStanding.NOT_ASKED, ControlAnswer.NOT_REQUIRED),
    ],
)
def test_each_state_has_its_answer(state: ReviewStanding, answer: ControlAnswer) -> None:
    """Only one of them is an exception, and only one a doubt."""
    found = rows(a_standing(state))
    assert found.policies[0].reviewed is answer
    assert (len(found.overdue), len(found.unknown)) == (
        int(answer is ControlAnswer.NO),
        int(answer is ControlAnswer.UNKNOWN),
    )


def test_every_state_is_answered() -> None:
    """One that somebody adds later, too."""
    for state in ReviewStanding:
        assert rows(a_standing(state)).policies


def test_a_period_has_the_reviews_of_its_days() -> None:
    """From its first moment until, not at, its end."""
    at = (NOW - DAY - timedelta(seconds=1), NOW - DAY, NOW + DAY - timedelta(seconds=1), NOW + DAY)
    found = rows(made=tuple(a_review(merged_at=each) for each in at))
    assert [each.merged_at for each in found.made] == [*at[1:3]]


def test_late_and_overdue_are_counted_apart() -> None:
    """And said together."""
    late = a_review(due=TODAY - DAY)
    found = rows(
        a_standing(ReviewStanding.OVERDUE), a_standing(ReviewStanding.UNKNOWN), made=(late, a_review())
    )
    assert (found.exceptions, found.made[0].in_words) == (2, "reviewed by erin, 1 day late")
    in_time = rows(made=(a_review(due=TODAY), a_review(withdrawn_by=sha("back")))).made
    assert [each.in_words for each in in_time] == [
        "reviewed by erin",
        f"reviewed by erin; moved back later by {sha('back')[:10]}",
    ]
    assert found.in_short == "; of the access reviews of 2 policies 1 overdue, 1 late, 1 unknown"
    figures = found.as_json()
    assert (figures["reviews"], figures["policies"], figures["in_time"]) == (2, 2, 0)
    assert rows(a_standing()).in_short == ""


def test_what_does_not_count_says_why() -> None:
    """It is no review in any figure."""
    found = rows(made=(a_review(result=MoveResult.NOT_COUNTED, why="pushed", due=TODAY - DAY),))
    assert found.made[0].in_words == "does not count: pushed"
    assert (found.as_json()["reviews"], found.late) == (0, ())


@pytest.mark.parametrize(
    ("last", "digest", "changed"),
    [("d" * 64, "d" * 64, False), ("e" * 64, "d" * 64, True), ("", "d" * 64, None), ("d" * 64, "", None)],
)
def test_whether_the_rules_changed_is_known_or_not(last: str, digest: str, changed: bool | None) -> None:
    """A digest that is missing on either side is no answer."""
    found = rows(a_standing(last=a_review(digest=last)), digest=digest)
    assert found.policies[0].rules_changed is changed


def test_a_policy_without_a_review_has_nothing_of_one() -> None:
    """Neither a day, nor people, nor a digest; it is named as never reviewed."""
    never = a_standing(ReviewStanding.NEVER, policy="never", last=None)
    found = rows(a_standing(), never)
    assert found.policies == (
        StandingRow(
            policy="orders-db-read",
            reviewed=ControlAnswer.YES,
            state=ReviewStanding.IN_TIME,
            due=TODAY + 90 * DAY,
            last=TODAY,
            reviewed_by=("erin",),
            commit=sha("c"),
            rules_sha256="d" * 64,
            rules_changed=False,
            date_in_file=TODAY,
            why="because",
        ),
        StandingRow(
            policy="never",
            reviewed=ControlAnswer.NOT_DUE,
            state=ReviewStanding.NEVER,
            due=TODAY + 90 * DAY,
            last=None,
            reviewed_by=(),
            commit=None,
            rules_sha256="",
            rules_changed=None,
            date_in_file=TODAY,
            why="because",
        ),
    )
    assert found.as_json()["never_reviewed"] == ["never"]


def test_the_tables_of_the_pack_have_every_row() -> None:
    """A day is its date in both forms, and no cell of the table is a formula."""
    made, due = rows(a_standing(why="=1+1"), made=(a_review(author="@x"),)).tables
    assert (made.objects[0]["day"], made.objects[0]["withdrawn_by"]) == (str(TODAY), None)
    assert due.objects[0]["due"] == str(TODAY + 90 * DAY)
    for table in (made, due):
        (_, line, *_) = table.csv.decode("utf-8-sig").split("\r\n")
        assert not any(cell.startswith(("=", "@", "+", "-")) for cell in line.strip('"').split('","'))


def test_the_row_of_the_first_page() -> None:
    """Its numbers are those of the words; where no reviews are asked for there is no exception to have."""
    late = a_review(due=TODAY - DAY)
    answer = rows(a_standing(ReviewStanding.OVERDUE), a_standing(), made=(late, a_review())).answer
    assert answer.answer == "Of 2 policies: in time: 1; overdue: 1. 2 reviews in this period; 1 of them late."
    assert (answer.exceptions, answer.unknown, answer.controls) == (2, 0, ("CC6.3", "A.5.18"))
    assert not answer.caution
    good, waits = (rows(a_standing(each)).answer for each in (ReviewStanding.IN_TIME, ReviewStanding.WAITING))
    assert good.answer == "Of 1 policy: in time: 1. 0 reviews in this period."
    assert (good.caution, waits.caution) == (False, True)
    assert (good.exceptions, good.unknown, good.mark) == (0, 0, "good")
    none = review_rows(
        AccessReviews(policies=(a_standing(ReviewStanding.NOT_ASKED),)), NOW - DAY, NOW + DAY
    ).answer
    assert (none.answer, none.exceptions, none.unknown) == (
        "settings.yaml asks for no reviews. 0 reviews in this period.",
        None,
        None,
    )


def test_what_nobody_asks_for_any_longer_is_an_exception() -> None:
    """Also where settings.yaml asks for no review at the end: then, too, what was late is counted."""
    lapsed = a_review(result=MoveResult.LAPSED, why="it was due", reviewed_by=())
    found = replace(rows(made=(lapsed, a_review(due=TODAY - DAY))), every_days=None)
    assert (found.exceptions, found.answer.exceptions, found.answer.unknown) == (2, 2, 0)
    assert found.answer.answer == (
        "settings.yaml asks for no reviews. 1 review in this period; 1 of them late. "
        "Overdue when the rules stopped asking for it: 1 review."
    )
    assert found.as_json()["lapsed"] == [
        {"policy": "orders-db-read", "commit": lapsed.commit, "why": "it was due"}
    ]
    assert found.in_short == "; of the access reviews of 0 policies 1 late, 1 overdue and asked for no longer"
    made: Any = section(found)["made"]
    assert [(each["mark"], each["dates"]) for each in made] == [
        ("exception", ""), ("exception", f"none → {TODAY}"),
    ]  # fmt: skip
    assert replace(rows(made=(a_review(),)), every_days=None).answer.exceptions is None


def test_an_app_that_opened_it_is_named() -> None:
    """The words say that one person is on record, and the table has a column for it."""
    found = rows(made=(a_review(app=True, author="jitbot[bot]"), a_review(author="bob")))
    assert [each.in_words for each in found.made] == [
        "reviewed by erin; jitbot[bot], an app, opened it",
        "reviewed by erin",
    ]
    assert [each["app"] for each in found.tables[0].objects] == [True, False]


def test_a_removed_policy_is_in_the_period_in_which_it_was_removed() -> None:
    """And in no other one."""
    at = (NOW - 2 * DAY, NOW - DAY, NOW, NOW + DAY)
    gone = [a_standing(ReviewStanding.REMOVED, removed_at=each, policy=f"p{n}") for n, each in enumerate(at)]
    found = review_rows(AccessReviews(removed=tuple(gone)), NOW - DAY, NOW + DAY)
    assert [each.policy for each in found.policies] == ["p1", "p2"]
    assert (found.exceptions, found.answer.exceptions) == (0, None)
