"""The use of a grant in words, the same in the comment, at a terminal, on the page and in the pack."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from jitbot.domain.ledger.recorded_use import CALLS, RecordedUnseen, Unseen, UseState
from jitbot.domain.model.bounds import some
from jitbot.domain.text import timestamp
from jitbot.domain.text.amount import many
from jitbot.domain.usage.use_event import GrantUse

NOT_ASKED = "not asked"  # in the place of a state: no event says anything

_UNSEEN: Mapping[str, str] = {
    Unseen.DATA_EVENTS: "calls that read or write data",
    Unseen.TRAIL_SELECTION: "what the trail was not set to record",
    Unseen.OTHER_REGIONS: "calls in other regions than {}",
    Unseen.REGIONS_UNKNOWN: "other regions, since AWS did not list them",
    Unseen.REFUSED: "{} (AWS refused)",
    Unseen.UNAVAILABLE: "{} (AWS did not answer)",
    Unseen.TOO_MUCH: "{} (more than is read)",
    Unseen.AGE: "what is older than the 90 days that CloudTrail keeps",
    Unseen.LATER: "the time that was added later",
}


def in_words(use: GrantUse, when: Callable[[datetime], str] = timestamp.show) -> str:
    """What is known of the use, without what was out of sight: `entered 3 times, first use …, last use …; 2 denied calls seen`."""
    if use.state is not UseState.ENTERED:
        return use.state
    count = use.entered or 0
    times = f"{'' if use.whole else 'at least '}{'once' if count == 1 else many(count, 'time')}"
    span = [f"first use {when(use.first)}"] if use.first is not None else []
    span += [f"last use {when(use.last)}"] if use.last is not None else []
    calls = [f"{many(use.calls, 'call')} seen"] if use.calls is not None else []
    calls += [f"{many(use.denied, 'denied call')} seen"] if use.denied else []
    return "; ".join([", ".join([f"entered {times}", *span]), *calls])


def out_of_sight(not_seen: Iterable[RecordedUnseen]) -> tuple[str, ...]:
    """What was not seen, in words, what hides an entering first; places with the same reason are joined."""
    places: dict[tuple[bool, str], list[str]] = {}
    for each in sorted(not_seen, key=lambda each: not each.hides_entering):
        phrase = _UNSEEN.get(each.what, "something that this jitbot does not know")
        places.setdefault((each.about == CALLS, phrase), []).append(each.where or "some of it")
    return tuple(_joined(phrase, where, calls=calls) for (calls, phrase), where in places.items())


def _joined(phrase: str, where: Sequence[str], *, calls: bool) -> str:
    named = some(list(dict.fromkeys(where)))
    return f"{'calls in ' if calls and phrase.startswith('{}') else ''}{phrase.format(named)}"


def as_json(use: GrantUse) -> dict[str, object]:
    """The use for machines: null for what was not seen, and `not_seen` in words."""
    first, last = ((timestamp.show(each) if each is not None else None) for each in (use.first, use.last))
    return {
        "state": use.state,
        "entered": use.entered,
        "first_use": first,
        "last_use": last,
        "denied_calls": use.denied,
        "calls": use.calls,
        "not_seen": list(out_of_sight(use.not_seen)),
        "asked_at": timestamp.show(use.at),
    }
