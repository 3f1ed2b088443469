"""Decides each change on main that has no decision in the ledger yet, oldest first, each on its own."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from jitbot.domain.access import decision_event, too_large
from jitbot.domain.access.approval import Decision, Verdict, decide
from jitbot.domain.access.doubt import BY_GITHUB, awaited
from jitbot.domain.access.request_state import RequestState, fold_request
from jitbot.domain.access.too_large import TooLarge, asking_too_much
from jitbot.domain.ledger.events import Event
from jitbot.domain.model.bounds import MEMORY
from jitbot.domain.model.documents import Finding
from jitbot.domain.model.errors import JitbotError
from jitbot.domain.model.grammar import is_request
from jitbot.domain.model.merge_facts import Case, Change, ChangeKind
from jitbot.usecases.collect.collect_case import CaseCollector, latest_end
from jitbot.usecases.context import Context
from jitbot.usecases.ledger.ledger_view import LedgerView

_FEW = 10  # files that one merge asks for at most, to be decided before all that ask for more
_NEW = timedelta(hours=1)  # what is older was looked at by a run before, or is late already
_TOGETHER = 100  # decisions that are recorded together where there are many


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One change and what came of it. `event` is None exactly if it stays due."""

    change: Change
    decision: Decision
    event: Event | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is to be decided together: changes, each with whether main changed its path before, and whole commits."""

    changes: tuple[tuple[Change, bool], ...] = ()
    too_large: tuple[TooLarge, ...] = ()


def due(context: Context, history: LedgerView, now: datetime) -> Iterator[Due]:
    """The undecided changes on main, in portions: first those merged lately, a few files at a time.

    A merge that asks for many requests, or that earlier runs could not decide, comes last, so that it delays nobody
    else. Each portion is recorded before the next one, so that a run that is stopped has made progress. There is always
    a first portion, possibly an empty one.
    """
    changes, since = context.git.changes(now - MEMORY), now - MEMORY
    large = (*context.git.too_large(since), *asking_too_much(changes))
    refused = {each.commit for each in large}
    new = tuple(each for each in large if too_large.refusal(each, now=now, run="").key not in history.keys)
    undecided = [
        (change, earlier)
        for change, earlier in _candidates(changes)
        if change.commit not in refused and change.commit not in history.state(change.path).decided
    ]
    few, many = _few_first(undecided, now)
    yield Due(changes=tuple(few), too_large=new)
    for start in range(0, len(many), _TOGETHER):
        yield Due(changes=tuple(many[start : start + _TOGETHER]))


def _few_first(
    undecided: Sequence[tuple[Change, bool]], now: datetime
) -> tuple[list[tuple[Change, bool]], list[tuple[Change, bool]]]:
    """New changes of commits with few of them, and the others; of one path, never a later one before an earlier one."""
    count = Counter(change.commit for change, _ in undecided)
    few: list[tuple[Change, bool]] = []
    many: list[tuple[Change, bool]] = []
    behind: set[str] = set()
    for change, earlier in undecided:
        old = now - change.committed_at > _NEW
        if old or count[change.commit] > _FEW or change.path in behind:
            behind.add(change.path)
            many.append((change, earlier))
        else:
            few.append((change, earlier))
    return few, many


def _candidates(changes: Sequence[Change]) -> Iterator[tuple[Change, bool]]:
    """The asks and extensions among main's changes, oldest first, each with whether its path was there before."""
    seen: set[str] = set()
    for change in changes:
        if change.kind is not ChangeKind.DELETED and is_request(change.path):
            yield change, change.path in seen
        seen.add(change.path)


@dataclass(slots=True)
class SoFar:
    """The results of this run's attempts to decide.

    A decision stays as long as the ledger has the same state of its request. For every other change the result of each
    attempt is kept by its number: one attempt asks GitHub once, however often the ledger moves meanwhile.
    """

    attempt: int = 0
    decided: dict[Change, tuple[RequestState, Decided]] = field(default_factory=dict)
    doubtful: dict[Change, dict[int, Decided]] = field(default_factory=dict)


def decide_all(
    collector: CaseCollector,
    changes: Sequence[tuple[Change, bool]],
    history: LedgerView,
    now: datetime,
    so_far: SoFar,
) -> tuple[Decided, ...]:
    """One attempt to decide each undecided request and extension. Missing facts of one change delay only its own path.

    A refusal that rests on GitHub's answers counts only if GitHub answers the same twice in a row. Until then the change
    is in doubt, and the caller tries again.
    """
    states: dict[str, RequestState] = {}  # of this attempt, where it adds something
    new: dict[str, list[Event]] = {}  # what it adds, by path
    waiting: set[str] = set()
    results: list[Decided] = []
    collector.expect([change.commit for change, _ in changes if change not in so_far.decided])
    for change, earlier in changes:
        state = states.get(change.path) or history.state(change.path)
        if change.commit in state.decided:
            continue
        if change.path in waiting:
            results.append(_undecided(change, "an earlier change of this file is not decided yet"))
            continue
        if why := history.doubt_of(change.path):
            results.append(_undecided(change, why))
            continue
        result = _one(collector, change, so_far, earlier=earlier, state=state, now=now)
        results.append(result)
        if result.event is None:
            waiting.add(change.path)
        else:
            of_path = new.setdefault(change.path, [])
            of_path.append(result.event)
            states[change.path] = fold_request([*history.about(change.path), *of_path], change.path)
    return tuple(results)


def _one(
    collector: CaseCollector,
    change: Change,
    so_far: SoFar,
    *,
    earlier: bool,
    state: RequestState,
    now: datetime,
) -> Decided:
    attempts = so_far.doubtful.setdefault(change, {})
    before = next(
        (attempts[number] for number in sorted(attempts, reverse=True) if number < so_far.attempt), None
    )
    decided = so_far.decided.get(change)
    if decided is not None and decided[0] == state:
        return decided[1]
    if decided is None and not attempts:
        collector.context.say(f"deciding {change.path}")
    if before is not None and so_far.attempt not in attempts and not collector.patience.take():
        return before
    found = _decided(collector, change, earlier=earlier, state=state, now=now)
    if _must_be_confirmed(found.decision, before):
        found = replace(found, decision=replace(found.decision, verdict=Verdict.UNDECIDED), event=None)
    if found.event is None:
        attempts[so_far.attempt] = found
    else:
        so_far.decided[change] = state, found
    return found


def _must_be_confirmed(decision: Decision, before: Decided | None) -> bool:
    """Whether a refusal rests only on GitHub's answers, and the attempt before did not give the same refusal."""
    codes = {reason.code for reason in decision.reasons}
    if decision.verdict is not Verdict.REFUSED or not codes <= BY_GITHUB:
        return False
    return before is None or {reason.code for reason in before.decision.reasons} != codes


def _decided(
    collector: CaseCollector, change: Change, *, earlier: bool, state: RequestState, now: datetime
) -> Decided:
    case: Case | None = None
    try:
        case = collector.case(change, earlier=earlier)
    except JitbotError as error:
        decision = _undecided(change, str(error)).decision
    else:
        decision = _unless_awaited(decide(case, state, now), case, now)
    if decision.verdict is Verdict.UNDECIDED and now >= latest_end(change, case):
        # It can give nothing any more; the doubt is the reason.
        decision = replace(decision, verdict=Verdict.REFUSED)
    event = None
    if decision.verdict is not Verdict.UNDECIDED:
        event = decision_event.of_decision(
            change,
            case,
            decision,
            now=now,
            run=collector.context.run.url,
            catalogue=collector.context.catalogue,
        )
    return Decided(change=change, decision=decision, event=event)


def _unless_awaited(decision: Decision, case: Case, now: datetime) -> Decision:
    """The decision. A refusal waits until GitHub's lists no longer lag. Only changes on main wait, so `decide` does not."""
    waits = tuple(awaited(case, now)) if decision.verdict is Verdict.REFUSED else ()
    if not waits:
        return decision
    return replace(decision, verdict=Verdict.UNDECIDED, reasons=(*decision.reasons, *waits))


def unrecorded(decided: Decided, why: str) -> Decided:
    """The result for a change whose decision could not be recorded on GitHub: it stays due."""
    return _undecided(decided.change, f"its decision could not be recorded: {why}")


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
