"""What is fuzzed, without a fuzzer: each target takes its seeds, and notices a wrong reading."""

import fuzz
import pytest
import targets

from jitbot.domain.ledger import events
from jitbot.domain.text import duration


@pytest.mark.parametrize("target", fuzz.NAMES)
def test_the_seeds_hold(target: str) -> None:
    """What the fuzzing begins with breaks nothing, and some of it is good."""
    for seed in targets.seeds(target):
        targets.TARGETS[target](seed)


def test_a_wrong_reading_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second reader notices a duration, and an event, that are read as something else."""
    parse, load = duration.parse, events.load
    monkeypatch.setattr(duration, "parse", lambda text: parse(text) * 2)
    with pytest.raises(targets.WrongError, match="counted by hand"):
        targets.length(b"2h")
    (seed, *_) = targets.seeds("events")
    told = seed.replace(b'"request"', b'"asked"')
    monkeypatch.setattr(events, "load", lambda path, _: load(path.replace("x", "x"), seed))
    with pytest.raises(targets.WrongError, match="another story"):
        targets.event(told)
