"""A timeline says what the looks say and no more: held against a model that looks at one hour after the other."""

from datetime import datetime, timedelta

import pytest
from acme_facts import DAY, NOW
from audit_facts import WEEK, a_look, weekly
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.audit.protection.looks import Look, Sight
from jitbot.domain.audit.protection.timeline import MOST_APART, Gap, Loss, lost_now, timeline

CODE, HOUR = "main-deletion", timedelta(hours=1)
END = NOW + 4 * WEEK
GONE = {"main_deletion": Sight.NO_RULE}


def test_weekly_looks_without_a_gap() -> None:
    """Held on each of them: nothing is lost, and nothing unknown."""
    found = timeline(CODE, weekly(5), NOW, END)
    assert (len(found.looks), found.losses, found.gaps) == (4, (), ())


def test_a_loss_between_two_looks() -> None:
    """It is lost at some time after the second look, from the third on, until the fourth at most."""
    second, third, fourth = (NOW + number * WEEK for number in (1, 2, 3))
    looks = [*weekly(2), a_look(third, **GONE), a_look(fourth)]
    found = timeline(CODE, looks, NOW, END)
    assert found.losses == (Loss(after=second, since=third, until=fourth, looks=1),)
    assert found.gaps == (Gap(since=second, until=third),)
    assert lost_now(CODE, looks) is None
    assert lost_now(CODE, looks[:3]) == Loss(after=second, since=third, until=None, looks=1)


def test_what_no_ruleset_ever_asked_for_is_unknown() -> None:
    """It may be in a classic protection, which nobody but admins sees: it is no loss, and it is not held."""
    looks = weekly(5, NOW, **GONE)
    found = timeline(CODE, looks, NOW, END)
    assert (found.losses, found.gaps) == ((), (Gap(since=NOW, until=END),))
    assert lost_now(CODE, looks) is None


def test_what_is_seen_not_to_hold_is_lost_from_the_first_look_on() -> None:
    """The ledger's rules are in rulesets alone: nothing else can hold them."""
    looks = weekly(5, ledger_deletion=Sight.NOT_HELD)
    (loss,) = timeline("ledger-deletion", looks, NOW, END).losses
    assert (loss.after, loss.since, loss.until, loss.looks) == (None, NOW, None, 5)


def test_a_look_that_saw_nothing_ends_no_loss() -> None:
    """GitHub did not answer: what was lost before stays lost."""
    looks = [a_look(NOW), a_look(NOW + WEEK, **GONE), a_look(NOW + 2 * WEEK, main_deletion=Sight.NOT_SEEN)]
    assert lost_now(CODE, looks) is not None
    (loss,) = timeline(CODE, looks, NOW, END).losses
    assert (loss.until, loss.looks) == (None, 1)


@pytest.mark.parametrize(("apart", "gaps"), [(MOST_APART, 0), (MOST_APART + timedelta(seconds=1), 1)])
def test_looks_that_are_too_far_apart(apart: timedelta, gaps: int) -> None:
    """A day late is in time, for GitHub's schedules are late; a second more is a gap."""
    found = timeline(CODE, [a_look(NOW), a_look(NOW + apart)], NOW, NOW + apart)
    assert len(found.gaps) == gaps
    last = timeline(CODE, [a_look(NOW)], NOW, NOW + apart)  # and so is the time after the last one
    assert len(last.gaps) == gaps


@pytest.mark.parametrize(
    ("start", "end", "losses"),
    [
        (NOW, NOW + WEEK, 0),
        (NOW, NOW + WEEK + timedelta(seconds=1), 1),
        (NOW + 2 * WEEK - timedelta(seconds=1), END, 1),
        (NOW + 2 * WEEK, END, 0),
    ],
)
def test_a_loss_of_another_time(start: datetime, end: datetime, losses: int) -> None:
    """It began when this one was over, or was over when this one began; one that goes on is of every later time."""
    looks = [a_look(NOW), a_look(NOW + WEEK, **GONE), a_look(NOW + 2 * WEEK)]
    assert len(timeline(CODE, looks, start, end).losses) == losses
    assert len(timeline(CODE, looks[:2], start, end).losses) == (end > NOW + WEEK)


def test_nobody_ever_looked() -> None:
    """All of it is unknown."""
    assert timeline(CODE, (), NOW, END).gaps == (Gap(since=NOW, until=END),)


def state_at(looks: list[Look], moment: datetime, end: datetime) -> str:
    """The independent model: what is known of one moment, from the look before it and the look after it."""
    known: list[tuple[datetime, str]] = []
    for look in sorted(looks, key=lambda each: each.at):
        sight = look.sights[CODE]
        ever = any(word == "held" for _, word in known)
        if sight == "held":
            known.append((look.at, "held"))
        elif sight == "not held" or (sight == "no rule seen" and ever):
            known.append((look.at, "lost"))
    before = [each for each in known if each[0] <= moment]
    after = [each for each in known if each[0] > moment]
    if not before:
        return "unknown"
    at, word = before[-1]
    if word == "lost":
        return "lost"
    if after:
        return "held" if after[0][1] == "held" and after[0][0] - at <= 8 * DAY else "unknown"
    return "held" if end - at <= 8 * DAY else "unknown"


@st.composite
def looks(draw: st.DrawFn) -> list[Look]:
    """Looks at whole hours, often weekly, each with any answer, in any order."""
    at, found = NOW, []
    for _ in range(draw(st.integers(0, 9))):
        at += draw(st.sampled_from([HOUR, WEEK, WEEK, 8 * DAY, 8 * DAY + HOUR, 3 * WEEK]))
        found.append(a_look(at, main_deletion=draw(st.sampled_from(Sight))))
    return found


def said_of(found: list[Look], moment: datetime, start: datetime, end: datetime) -> str:
    """What the timeline says of one moment."""
    result = timeline(CODE, found, start, end)
    lost = any(each.since <= moment and (each.until is None or moment < each.until) for each in result.losses)
    unknown = any(each.since <= moment < each.until for each in result.gaps)
    assert not (lost and unknown)
    return "lost" if lost else "unknown" if unknown else "held"


@given(looks(), st.integers(-100, 1500), st.integers(1, 1500))
def test_the_timeline_is_what_the_model_says_of_each_hour(found: list[Look], begin: int, length: int) -> None:
    """Lost where the model says lost, unknown where it says unknown, and nowhere else."""
    start = NOW + begin * HOUR
    end = start + length * HOUR
    for number in range(0, length, max(1, length // 40)):
        moment = start + number * HOUR
        assert said_of(found, moment, start, end) == state_at(found, moment, end), moment


@given(looks(), st.integers(0, 200))
def test_unknown_never_becomes_held(found: list[Look], days: int) -> None:
    """A look that saw it hold, and then saw nothing instead, never makes more of the time known to hold."""
    start, end = NOW, NOW + 30 * WEEK
    moment = start + days * DAY
    for number, look in enumerate(found):
        if look.sights[CODE] is Sight.HELD and said_of(found, moment, start, end) != "held":
            blind = a_look(look.at, main_deletion=Sight.NOT_SEEN)
            assert said_of([*found[:number], blind, *found[number + 1 :]], moment, start, end) != "held"
