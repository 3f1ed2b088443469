"""Times as sets, compared with the moments that are in them."""

from datetime import timedelta

from acme_facts import DAY, MERGED_AT
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.rule_effects.calendar import joined, longest, without

MOMENTS = [MERGED_AT + number * DAY for number in range(8)]
TIMES = st.lists(st.tuples(st.sampled_from(MOMENTS), st.sampled_from(MOMENTS)), max_size=5)


def inside(times: object, moment: object) -> bool:
    """Whether a moment is in one of these times."""
    return any(since <= moment < until for since, until in times)  # type: ignore[attr-defined]


@given(one=TIMES, other=TIMES)
def test_times_are_sets_of_moments(
    one: list[tuple[object, object]], other: list[tuple[object, object]]
) -> None:
    """Joined ones hold the same moments, and are apart; a difference holds what only the first holds."""
    left = without(joined(one), joined(other))  # type: ignore[arg-type]
    for moment in MOMENTS:
        for at in (moment, moment + timedelta(hours=1)):
            assert inside(joined(one), at) == inside(one, at)  # type: ignore[arg-type]
            assert inside(left, at) == (inside(one, at) and not inside(other, at))
    ends = [edge for each in joined(one) for edge in each]  # type: ignore[arg-type]
    assert ends == sorted(set(ends))


@given(times=TIMES)
def test_the_longest_times_hold_the_same_moments_and_none_in_another(
    times: list[tuple[object, object]],
) -> None:
    """What only meets or overlaps stays apart: access is cut at the end of one of them."""
    found = longest(times)  # type: ignore[arg-type]
    assert all(inside(found, moment) == inside(times, moment) for moment in MOMENTS)
    assert set(found) <= set(times)
    for one in found:
        assert not any(each != one and each[0] <= one[0] and one[1] <= each[1] for each in found)


def test_a_time_that_is_none_is_left_out() -> None:
    """One that ends as it begins, or before; and what is left of one that another covers to the moment."""
    first, second, third = MOMENTS[:3]
    assert longest([(second, first), (first, first)]) == ()
    assert without(((first, third),), ((first, third),)) == ()
    assert without(((first, third),), ((first, second),)) == ((second, third),)
    assert without(((first, third),), ((second, third),)) == ((first, second),)
