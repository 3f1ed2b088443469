"""Was it used? Never is said only where everything was looked at."""

import pytest

from jitbot.domain.ledger.recorded_use import RecordedUnseen, UseState, state_of

CALLS = RecordedUnseen.of(RecordedUnseen.about("calls"))
ENTERING = RecordedUnseen.of(RecordedUnseen.about("entering"))
UNKNOWN = RecordedUnseen.of(RecordedUnseen.about("a kind of a later version"))


@pytest.mark.parametrize(
    ("entered", "not_seen", "state"),
    [
        (0, (), UseState.NEVER),
        (0, (CALLS,), UseState.NEVER),
        (0, (CALLS, ENTERING), UseState.NOT_SEEN),
        (0, (UNKNOWN,), UseState.NOT_SEEN),
        (0, (RecordedUnseen({}),), UseState.NOT_SEEN),
        (1, (), UseState.ENTERED),
        (1, (ENTERING,), UseState.ENTERED),
        (None, (), UseState.NOT_SEEN),
        (-1, (), UseState.NOT_SEEN),
        (-1, (ENTERING,), UseState.NOT_SEEN),
    ],
)
def test_whether_a_role_was_entered(
    entered: int | None, not_seen: tuple[RecordedUnseen, ...], state: UseState
) -> None:
    """What was seen was; what was out of sight, or of no number that can be, never becomes a never."""
    assert state_of(entered, not_seen) is state
