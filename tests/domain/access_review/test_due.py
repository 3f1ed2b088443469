"""When a review is due, whom it is said to, and which dates no review can have."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from acme_facts import DAY, NOW, a_person, a_policy, the_rules, the_settings, unreadable

from jitbot.domain.access_review.due import due_on, future_review, lapsed, looks_back
from jitbot.domain.model.documents import Person, Policy
from jitbot.domain.model.merge_facts import Rules

TODAY = NOW.date()
QUARTER = timedelta(days=90)


def asking(every: timedelta | None = QUARTER) -> Rules:
    """Acme's rules, where reviews are due so often."""
    return the_rules(settings=the_settings(review_every=every))


def told(*policies: Policy, person: Person | None = None, rules: Rules | None = None) -> list[str]:
    """The policies that this person, or erin, who owns them, is told of."""
    found = lapsed(policies, rules or asking(), person or a_person("erin"), NOW)
    return [each.policy for each in found]


def test_the_last_day_is_in_time() -> None:
    """Due on a day means until its end; an owner is told from the next one on."""
    assert due_on(date(2026, 12, 1), QUARTER) == date(2027, 3, 1)
    assert told(a_policy(reviewed=TODAY - QUARTER)) == []
    assert told(a_policy(reviewed=TODAY - QUARTER - DAY)) == ["orders-db-read"]


def test_those_that_are_longest_overdue_come_first() -> None:
    """So that a few that are named are the ones that matter."""
    old, older = (a_policy(name=name, reviewed=TODAY - days * DAY) for name, days in (("a", 100), ("b", 200)))
    assert told(old, older) == ["b", "a"]


@pytest.mark.parametrize(
    "rules",
    [
        asking(None),
        replace(asking(), settings=unreadable()),
        replace(asking(), people=unreadable()),
        replace(asking(), teams=unreadable()),
    ],
)
def test_where_nobody_asks_nobody_is_told(rules: Rules) -> None:
    """Without review_every, or where the rules do not read."""
    assert told(a_policy(reviewed=date(2020, 1, 1)), rules=rules) == []


def test_only_owners_of_the_file_are_told() -> None:
    """bob approves requests under it, and does not own the policy; a file without a date says nothing."""
    old = a_policy(reviewed=date(2020, 1, 1))
    assert told(old, person=a_person("bob")) == []
    assert told(a_policy()) == []


def test_a_review_is_never_to_come() -> None:
    """The day is that of the merge in UTC, or an earlier one."""
    assert future_review(a_policy(reviewed=TODAY), NOW) == ()
    assert future_review(a_policy(), NOW) == ()
    (found,) = future_review(a_policy(reviewed=TODAY + DAY), NOW)
    assert found.code == "review-to-come"
    assert found.hint == f"write reviewed: {TODAY}, or an earlier day"


@pytest.mark.parametrize(
    ("reviewed", "every", "days"),
    [
        (None, None, 90),
        (None, timedelta(days=30), 30),
        (TODAY - 10 * DAY, QUARTER, 10),
        (TODAY, QUARTER, 0),
        (TODAY + DAY, QUARTER, 90),  # a date ahead hides nothing
        (date(2001, 1, 1), QUARTER, 366),
    ],
)
def test_how_far_back_a_review_looks(reviewed: date | None, every: timedelta | None, days: int) -> None:
    """To the last review, as the file says; never further than a year, and not nowhere for a date ahead."""
    midnight = datetime(NOW.year, NOW.month, NOW.day, tzinfo=UTC)
    assert looks_back(a_policy(reviewed=reviewed), every, midnight) == days * DAY
    assert looks_back(None, every, midnight) == (every or 90 * DAY)
