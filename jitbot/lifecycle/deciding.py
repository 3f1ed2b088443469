"""Decides what main holds and the ledger does not know yet, oldest first, each change on its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from jitbot.domain import testimony
from jitbot.domain.approval import Decision, Verdict, decide
from jitbot.domain.doubt import FORGES
from jitbot.domain.errors import JitbotError
from jitbot.domain.events import Event
from jitbot.domain.evidence import Case, Change
from jitbot.domain.life import Life, fold
from jitbot.domain.model import Finding
from jitbot.lifecycle.gathering import Gatherer, candidates, latest_end
from jitbot.lifecycle.history import History


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One change and what came of it. `event` is None exactly if it stays due."""

    change: Change
    decision: Decision
    event: Event | None


def decide_all(
    gatherer: Gatherer, changes: Sequence[Change], history: History, now: datetime
) -> tuple[Decided, ...]:
    """A decision for each undecided ask and extension. What one change's facts lack holds up its own path alone.

    What is in doubt is asked again, all of it together, as long as the run's patience lasts. A refusal for what
    GitHub answered is one only if it answers so twice in a row; until then it is in doubt.
    """
    so_far = _SoFar()
    results = _look(gatherer, changes, history, now, so_far)
    while any(each.event is None for each in results) and gatherer.patience.wait(gatherer.world.sleep):
        gatherer.forget()
        so_far.again = True
        results = _look(gatherer, changes, history, now, so_far)
    return results


@dataclass(slots=True)
class _SoFar:
    """What the looks of this run came to: what is decided stays so, and the last result of all the rest."""

    decided: dict[Change, Decided] = field(default_factory=dict)
    doubtful: dict[Change, Decided] = field(default_factory=dict)
    again: bool = False  # whether this is not the first look


def _look(
    gatherer: Gatherer, changes: Sequence[Change], history: History, now: datetime, so_far: _SoFar
) -> tuple[Decided, ...]:
    """One look at everything that is not decided yet."""
    lives: dict[str, Life] = dict(history.lives)
    waiting: set[str] = set()
    results: list[Decided] = []
    for change, earlier in candidates(changes):
        life = lives.get(change.path, Life(request=change.path))
        if change.commit in life.decided:
            continue
        if change.path in waiting:
            results.append(_undecided(change, "an earlier change of this file is not decided yet"))
            continue
        result = _one(gatherer, change, so_far, earlier=earlier, life=life, now=now)
        results.append(result)
        if result.event is None:
            waiting.add(change.path)
        else:
            recorded = [event for event in history.events if event.request == change.path]
            new = [
                each.event for each in results if each.event is not None and each.change.path == change.path
            ]
            lives[change.path] = fold([*recorded, *new])[change.path]
    return tuple(results)


def _one(
    gatherer: Gatherer, change: Change, so_far: _SoFar, *, earlier: bool, life: Life, now: datetime
) -> Decided:
    before = so_far.doubtful.get(change)
    if change in so_far.decided:
        return so_far.decided[change]
    if before is None:
        gatherer.world.say(f"deciding {change.path}")
    if before is not None and so_far.again and not gatherer.patience.take():
        return before
    found = _decided(gatherer, change, earlier=earlier, life=life, now=now)
    if found.event is not None and _must_be_confirmed(found.decision, before):
        found = replace(found, decision=replace(found.decision, verdict=Verdict.UNDECIDED), event=None)
    (so_far.doubtful if found.event is None else so_far.decided)[change] = found
    return found


def _must_be_confirmed(decision: Decision, before: Decided | None) -> bool:
    """Whether a refusal rests on nothing but what GitHub answered, and the look before did not say the same."""
    codes = {reason.code for reason in decision.reasons}
    if decision.verdict is not Verdict.REFUSED or not codes <= FORGES:
        return False
    return before is None or {reason.code for reason in before.decision.reasons} != codes


def _decided(gatherer: Gatherer, change: Change, *, earlier: bool, life: Life, now: datetime) -> Decided:
    case: Case | None = None
    try:
        case = gatherer.case(change, earlier=earlier)
    except JitbotError as error:
        decision = _undecided(change, str(error)).decision
    else:
        decision = decide(case, life, now)
    if decision.verdict is Verdict.UNDECIDED and now >= latest_end(change, case):
        decision = replace(
            decision, verdict=Verdict.REFUSED
        )  # it can give nothing any more; the doubt is the reason
    event = None
    if decision.verdict is not Verdict.UNDECIDED:
        event = testimony.of_decision(
            change, case, decision, now=now, run=gatherer.world.run.url, catalogue=gatherer.world.catalogue
        )
    return Decided(change=change, decision=decision, event=event)


def _undecided(change: Change, why: str) -> Decided:
    finding = Finding(
        code="not-decidable",
        message=why,
        file=change.path,
        hint="nothing was granted; the next run decides it",
    )
    return Decided(
        change=change, decision=Decision(verdict=Verdict.UNDECIDED, reasons=(finding,)), event=None
    )
