"""`jitbot audit usage` in memory: what a run records, what it leaves for the next one, and when it does nothing."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from acme_facts import PATH
from builders import an_approval, an_outcome
from plain_run import PlainRun
from use_facts import ASKED_AT

from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.model.errors import DeniedError, SupersededError, UnavailableError
from jitbot.usecases.runs.report import Report
from jitbot.usecases.usage import record_use as module
from jitbot.usecases.usage.record_use import record_use

OTHERS = tuple(PATH.replace("refunds", f"other{number}") for number in range(3))


def given(path: str = PATH) -> tuple[Event, Event]:
    """A request that was approved and granted; it is over by now."""
    return an_approval(request=path), an_outcome(EventType.GRANTED, request=path)


@dataclass(kw_only=True)
class Trails:
    """Accounts in which nobody entered any role."""

    tired: bool = False  # whether a run has asked as much as it may
    shut: bool = False
    entered: int = 0

    def of(self, *_: object) -> Any:
        """A region in which nothing happened."""
        self.entered += 1
        if self.shut:
            raise UnavailableError("AWS does not answer")
        return SimpleNamespace(openings=lambda *_: iter(()), calls=lambda *_: iter(()))

    def regions(self, _: object) -> tuple[str, ...]:
        """One is enough."""
        return ("eu-west-1",)

    def spent(self) -> bool:
        """Whether there is no time left."""
        return self.tired


def asked(run: PlainRun, *paths: str, trails: Trails | None = None, **how: bool) -> Report:
    """A run that asks about the use of these requests' grants."""
    for path in paths:
        run.push(*given(path))
    run.now = ASKED_AT
    context: Any = run.context()
    context.git.fetch()
    return record_use(context, trails or Trails(), None, ASKED_AT, **how)


def test_a_use_is_recorded_once() -> None:
    """It is said, too; the next run asks about it no more."""
    run, trails = PlainRun(), Trails()
    report = asked(run, PATH, trails=trails)
    (event,) = report.recorded
    assert (event.kind, event.request, event.evidence.use.state) == (EventType.USED, PATH, "never entered")
    assert (len(run.written), report.warnings, report.doubt, report.dry) == (1, (), "", False)
    assert any("never" in each or PATH in each for each in run.said)
    assert (asked(run, trails=trails).recorded, trails.entered) == ((), 1)


def test_a_dry_run_records_nothing_and_needs_no_protection() -> None:
    """Any other run needs it before it asks AWS anything."""
    run = PlainRun(protected=False)
    report = asked(run, PATH, dry_run=True)
    assert (report.recorded, report.dry, run.written) == ((), True, [])
    trails = Trails()
    with pytest.raises(DeniedError, match="not protected"):
        asked(run, trails=trails)
    assert (trails.entered, run.written) == (0, [])


def test_old_code_asks_nothing() -> None:
    """A re-run of an old run has main's old code."""
    run, trails = PlainRun(stale=True), Trails()
    run.lies = {}
    with pytest.raises(SupersededError):
        asked(run, PATH, trails=trails)
    assert trails.entered == 0


def test_a_ledger_in_doubt_is_asked_about_nothing() -> None:
    """It may hold the use, or what extends the grant."""
    run, trails = PlainRun(), Trails()
    run.push(*given())
    run.push(*given(OTHERS[0]), kid="of another key")
    run.silent = True
    report = asked(run, trails=trails)
    assert (bool(report.doubt), report.recorded, trails.entered) == (True, (), 0)


def test_what_aws_does_not_show_yet_waits() -> None:
    """Nothing is written of it; its warning says why."""
    run = PlainRun()
    report = asked(run, PATH, trails=Trails(shut=True))
    (waits,) = report.warnings
    assert ("AWS does not answer" in waits.message, report.recorded, run.written) == (True, (), [])


@pytest.mark.parametrize(
    ("tired", "count", "recorded", "left"),
    [(False, 3, 3, ""), (True, 3, 2, "waiting: 1 more grant,"), (True, 2, 2, ""), (True, 1, 1, "")],
)
def test_a_run_ends_after_a_part_when_it_has_asked_enough(
    monkeypatch: pytest.MonkeyPatch, *, tired: bool, count: int, recorded: int, left: str
) -> None:
    """What it recorded until then counts; the rest is the next run's."""
    monkeypatch.setattr(module, "USES", 2)
    run = PlainRun()
    report = asked(run, *OTHERS[:count], trails=Trails(tired=tired))
    assert [each.request for each in report.recorded] == sorted(OTHERS[:recorded])
    assert len(run.written) == (recorded + 1) // 2
    assert [each.message[: len(left)] for each in report.warnings] == ([left] if left else [])
