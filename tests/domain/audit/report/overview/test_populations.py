"""What was active at a moment, to the second; and who may ask, where some rules cannot be read."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from acme_facts import EXPIRES_AT, HOUR, MINUTE, NOW, SECOND
from audit_facts import LATER, a_record, approval, ended, granted, removed
from random_ledger import ENTITLED
from use_facts import UNUSED, a_seen_use, a_used_event

from jitbot.domain.audit.report.overview.grant_answers import active_answer
from jitbot.domain.audit.report.overview.populations import active_at, last_moment, populations
from jitbot.domain.audit.verify.grant_record import GrantOutcome
from jitbot.domain.usage.use_event import use_of

GOOD = a_record(approval(), granted(), ended(), removed())
GIVEN = NOW + MINUTE


@pytest.mark.parametrize(
    ("changes", "at", "active"),
    [
        ({}, GIVEN - SECOND, False),
        ({}, GIVEN, True),
        ({}, EXPIRES_AT - SECOND, True),
        ({}, EXPIRES_AT, False),
        ({"not_before": NOW + HOUR}, NOW + HOUR - SECOND, False),
        ({"not_before": NOW + HOUR}, NOW + HOUR, True),
        ({"not_after": None, "ended": None}, LATER, True),
        ({"granted": ()}, GIVEN, False),
    ],
)
def test_what_is_active_at_a_moment(changes: Any, at: datetime, active: bool) -> None:
    """From its grant or start until, not at, its end; without a recorded end it stays active."""
    record = replace(GOOD, **changes)
    found = active_at([record], at)
    assert found.records == ((record,) if active else ())


def test_the_last_moment_is_the_last_second_or_now() -> None:
    """A period that is not over is looked at as of now."""
    assert last_moment(NOW, NOW) == NOW - SECOND
    assert last_moment(NOW + HOUR, NOW) == NOW


def test_rules_that_cannot_be_read_make_eligible_people_unknown() -> None:
    """Who may ask is counted once each, and the policies of which nobody knows are beside it."""
    eligible = populations([GOOD], ENTITLED, NOW)[0]
    assert (eligible.count, eligible.not_known, eligible.begins) == (2, 1, NOW)


def test_without_any_grant_there_are_no_dates() -> None:
    """Nothing is from nothing until nothing."""
    for each in populations([], [], NOW)[1:]:
        assert (each.count, each.not_known, each.begins, each.ends) == (0, 0, None, None)


def test_a_grant_that_was_not_looked_at_is_neither_used_nor_unused() -> None:
    """It is in "not known" of both."""
    found = {each.name: each for each in populations([GOOD], [], NOW + timedelta(days=1))}
    assert (found["used"].count, found["never used"].count) == (0, 0)
    assert (found["used"].not_known, found["never used"].not_known) == (1, 1)


def test_each_population_has_its_own_grants_and_dates() -> None:
    """A grant that is live is neither gone nor used up, whatever was seen of it; what was not granted is in none."""
    entered, nothing = (use_of([a_used_event(each)], None) for each in (a_seen_use(), UNUSED))
    assert entered is not None
    used, never = replace(GOOD, use=entered), replace(GOOD, use=nothing, verified_absent=False)
    live = replace(used, outcome=GrantOutcome.LIVE)
    pending = replace(GOOD, outcome=GrantOutcome.PENDING, granted=())
    found = {each.name: each for each in populations([used, never, live, pending, GOOD], [], NOW)}
    assert {name: (each.count, each.not_known) for name, each in found.items()} == {
        "eligible": (0, 0), "granted": (4, 0), "used": (1, 2), "never used": (1, 2), "gone": (2, 1), "live": (1, 0),
    }  # fmt: skip
    assert (found["granted"].begins, found["granted"].ends) == (GOOD.granted_at, GOOD.granted_at)
    assert (found["used"].begins, found["used"].ends) == (entered.first, entered.last)
    assert found["never used"].ends == GOOD.held_until
    assert found["gone"].ends == GOOD.removed_at
    endless = replace(never, not_after=None, ended=None)
    (unused,) = (each for each in populations([endless, never], [], NOW) if each.name == "never used")
    assert (unused.count, unused.begins, unused.ends) == (2, GOOD.held_until, GOOD.held_until)


@pytest.mark.parametrize(("changes", "unknown"), [({"not_after": None, "ended": None}, 1), ({}, None)])
def test_a_grant_whose_end_nobody_recorded_is_unknown_at_the_end(
    changes: dict[str, Any], unknown: int | None
) -> None:
    """It counts as active, and the first page says that nobody knows."""
    answer = active_answer(active_at([replace(GOOD, **changes)], GIVEN))
    assert (answer.numbers["active"], answer.unknown) == (1, unknown)
