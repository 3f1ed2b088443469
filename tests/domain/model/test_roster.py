"""Who is in which team at which moment."""

from datetime import datetime

import pytest
from acme_facts import DAY, NOW, SECOND

from jitbot.domain.model.documents import Login
from jitbot.domain.model.roster import Membership, Roster

TEAM, OTHER = "acme/leads", "acme/security"


def entry(login: str = "erin", since: datetime | None = None, until: datetime | None = None) -> Membership:
    """A membership."""
    return Membership(login=Login(login), since=since, until=until)


def roster(*leads: Membership, **others: tuple[Membership, ...]) -> Roster:
    """The team of leads, and the team security where given."""
    return Roster.of({TEAM: leads, **({OTHER: others["security"]} if others else {})})


@pytest.mark.parametrize(
    ("at", "there"),
    [
        (NOW - SECOND, False),
        (NOW, True),
        (NOW + DAY - SECOND, True),
        (NOW + DAY, False),
    ],
    ids=["a second before", "exactly from", "the last second", "exactly until"],
)
def test_a_membership_begins_at_from_and_is_over_at_until(at: datetime, there: bool) -> None:
    """To the second."""
    held = roster(entry("bob"), entry(since=NOW, until=NOW + DAY))
    assert held.at(at) == {TEAM: ("bob", "erin") if there else ("bob",)}
    assert held.everybody == {TEAM: ("bob", "erin")}


def test_a_date_bounds_one_end_alone() -> None:
    """Without `from` it has always been one, without `until` it stays one."""
    assert entry(until=NOW).holds(NOW - 9000 * DAY)
    assert not entry(until=NOW).holds(NOW)
    assert entry(since=NOW).holds(NOW + 9000 * DAY)
    assert not entry(since=NOW).holds(NOW - SECOND)


@pytest.mark.parametrize("dated", [entry(since=NOW + SECOND), entry(until=NOW)])
def test_one_date_is_enough_to_be_looked_at(dated: Membership) -> None:
    """A team is computed for a moment if any membership of it has any date."""
    assert roster(entry("bob"), dated).at(NOW) == {TEAM: ("bob",)}


def test_several_entries_of_one_person() -> None:
    """An on-call week, and the next: a member in either, once, and not between."""
    held = roster(entry(until=NOW), entry("ERIN", since=NOW + DAY))
    assert [len(held.at(NOW + days * DAY)[TEAM]) for days in (-1, 0, 1)] == [1, 0, 1]
    assert roster(entry(), entry("Erin")).at(NOW) == {TEAM: ("erin",)}


def test_without_dates_there_is_nothing_to_compute() -> None:
    """The very teams of the file, at any moment."""
    held = roster(entry("bob"))
    assert held.at(NOW) is held.everybody
    assert held.entries(TEAM) == (entry("bob"),)
    assert held.entries("acme/nobody") == ()


@pytest.mark.parametrize(
    ("names", "held", "expected"),
    [
        ((f"@{TEAM}",), roster(entry(until=NOW + DAY)), NOW + DAY),
        ((f"@{TEAM.upper()}",), roster(entry("ERIN", until=NOW + DAY)), NOW + DAY),
        ((f"@{TEAM}", "Erin"), roster(entry(until=NOW + DAY)), None),
        ((f"@{TEAM}",), roster(entry(since=NOW)), None),
        ((f"@{TEAM}",), roster(entry("bob", until=NOW + DAY)), None),
        ((TEAM,), roster(entry(until=NOW + DAY)), None),
        (
            (f"@{TEAM}",),
            roster(entry(until=NOW + DAY), entry(since=NOW + DAY, until=NOW + 2 * DAY)),
            NOW + DAY,
        ),
        (
            (f"@{TEAM}", f"@{OTHER}"),
            roster(entry(until=NOW + DAY), security=(entry(until=NOW + 2 * DAY),)),
            NOW + 2 * DAY,
        ),
        ((f"@{TEAM}", f"@{OTHER}"), roster(entry(until=NOW + DAY), security=(entry(),)), None),
        (
            (f"@{TEAM}", f"@{OTHER}"),
            roster(entry(until=NOW + DAY), security=(entry(since=NOW + SECOND),)),
            NOW + DAY,
        ),
    ],
    ids=[
        "its end",
        "whatever the case",
        "named directly",
        "no end",
        "somebody else's",
        "no team",
        "the one that holds",
        "the later of two",
        "one has no end",
        "one that does not hold yet",
    ],
)
def test_when_a_membership_ends(names: tuple[str, ...], held: Roster, expected: datetime | None) -> None:
    """The last moment by any of the teams that are named; none where nothing ends it."""
    assert held.until(Login("erin"), names, NOW) == expected


def test_dates_in_words() -> None:
    """As people are shown them: in UTC, with seconds only where there are some."""
    assert entry(since=NOW, until=NOW + SECOND).dates == (
        "from 2026-11-24 09:01 UTC until 2026-11-24 09:01:01 UTC"
    )
    assert entry().dates == ""
    held = roster(entry(until=NOW), entry(since=NOW + DAY))
    assert (
        held.dates(Login("ERIN"), (f"@{TEAM}",)) == "until 2026-11-24 09:01 UTC and from 2026-11-25 09:01 UTC"
    )
    assert held.dates(Login("erin"), (f"@{OTHER}", "erin")) == ""


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (entry(), entry(since=NOW), True),
        (entry(until=NOW), entry(since=NOW), False),
        (entry(since=NOW), entry(until=NOW), False),
        (entry(until=NOW + SECOND), entry(since=NOW), True),
        (entry(since=NOW), entry(since=NOW + DAY), True),
        (entry(until=NOW), entry(until=NOW + DAY), True),
        (entry(since=NOW, until=NOW + DAY), entry(since=NOW + DAY, until=NOW + 2 * DAY), False),
    ],
)
def test_whether_two_entries_meet(one: Membership, other: Membership, meet: bool) -> None:
    """There is a moment at which both hold; `until` itself is none of the first's."""
    assert one.meets(other) is other.meets(one) is meet
