"""When a change of the rules came to main: what is recorded comes before what its author says."""

from datetime import datetime, timedelta

from acme_facts import DAY, HOUR, NOW, sha
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.audit.history.limits import RULES_RECORDED_WITHIN
from jitbot.domain.audit.history.rule_times import came_to_main
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.git_history import RuleChange


def a_change(name: str, at: datetime) -> RuleChange:
    """A commit with a date that its author chose."""
    return RuleChange(commit=sha(name), at=at, subject=name, paths=("policies/people.yaml",))


def a_record(name: str, at: datetime, merged_at: datetime | None = None) -> Event:
    """Its record: of a merge, or of a push."""
    parts = () if merged_at is None else (Evidence.merged_at(merged_at),)
    return Event(kind=EventType.RULES, at=at, request="", commit=sha(name), evidence=Evidence.of(*parts))


def when(changes: list[RuleChange], *events: Event) -> list[datetime]:
    """When each came."""
    return [each.at for each in came_to_main(changes, events, NOW)]


def test_a_merge_came_when_github_says() -> None:
    """Whatever date its commit has."""
    changes = [a_change("a", NOW - 900 * DAY), a_change("b", NOW + 900 * DAY)]
    records = [a_record(name, NOW, NOW - n * HOUR) for n, name in ((2, "a"), (1, "b"))]
    assert when(changes, *records) == [NOW - 2 * HOUR, NOW - HOUR]


def test_a_push_has_its_own_date_only_near_its_record() -> None:
    """A run records it within a day; another date was chosen."""
    for own, expected in (
        (NOW - RULES_RECORDED_WITHIN, NOW - RULES_RECORDED_WITHIN),
        (NOW - RULES_RECORDED_WITHIN - timedelta(seconds=1), NOW),
        (NOW + RULES_RECORDED_WITHIN + timedelta(seconds=1), NOW),
    ):
        assert when([a_change("a", own)], a_record("a", NOW)) == [expected]


def test_what_is_not_recorded_came_after_what_is() -> None:
    """And not in the future. Before the record there is nothing but its own date."""
    changes = [a_change(name, NOW - 900 * DAY) for name in "abc"] + [a_change("d", NOW + 900 * DAY)]
    assert when(changes, a_record("b", NOW - DAY)) == [NOW - 900 * DAY, NOW - DAY, NOW - DAY, NOW]


def test_what_is_not_recorded_moves_nothing_that_is() -> None:
    """Its own date is no bound: its author chose it."""
    changes = [a_change("a", NOW), a_change("b", NOW - 9 * DAY)]
    assert when(changes, a_record("b", NOW, NOW - DAY)) == [NOW, NOW - DAY]


@given(st.lists(st.tuples(st.integers(-9000, 9000), st.integers(-9000, 9000)), max_size=8))
def test_no_author_chooses_the_period(dates: list[tuple[int, int]]) -> None:
    """Of recorded pushes: whatever two dates a commit has, both are within a day of its record."""
    names = [str(n) for n in range(len(dates))]
    records = [a_record(name, NOW + n * HOUR) for n, name in enumerate(names)]
    for which in (0, 1):
        changes = [a_change(name, NOW + each[which] * DAY) for name, each in zip(names, dates, strict=True)]
        for found, record in zip(when(changes, *records), records, strict=True):
            assert abs(found - record.at) <= RULES_RECORDED_WITHIN
