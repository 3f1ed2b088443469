"""`jitbot grant`: decide, record, grant, read back, record; last, what changed the rules. Safe to stop anywhere and to run twice."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from jitbot.domain.access import too_large
from jitbot.domain.enforce import plan
from jitbot.domain.enforce.changes import Deny
from jitbot.domain.ledger.events import GIVES, Event, EventType
from jitbot.domain.model.documents import Finding
from jitbot.domain.model.errors import BranchMovedError, DeniedError, JitbotError
from jitbot.domain.model.merge_facts import Change
from jitbot.usecases.apply.apply import ApplyResult, apply
from jitbot.usecases.collect.collect_case import CaseCollector
from jitbot.usecases.collect.meanwhile import meanwhile
from jitbot.usecases.context import Context, ensure_current, ensure_recordable
from jitbot.usecases.decide import early_ends
from jitbot.usecases.decide.deciding import Decided, Due, SoFar, decide_all, due, unrecorded
from jitbot.usecases.ledger.ledger import Ledger, Write
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.runs.announce import Announcing, announced
from jitbot.usecases.runs.post_review import with_reviews
from jitbot.usecases.runs.report import Report
from jitbot.usecases.runs.rule_record import with_rule_changes

SWEEP = "sweep"  # the output of this step that says `no` where a sweep would have no early end to make
# Records in a row to which GitHub gives no answer that can be used, before a run gives way to the next.
_DOWN = 5


def grant(context: Context, now: datetime, *, dry_run: bool = False) -> Report:
    """Decide every new change of a request, and grant what the ledger says is approved and not granted yet."""
    ensure_current(context)
    if not dry_run:
        meanwhile(partial(ensure_recordable, context), context.issuer.keys)
    ledger = Ledger(context, now)
    with announced(ledger) as announcing:
        report = _grant(ledger, announcing, dry_run=dry_run)
    if not report.may_have_to_end:
        try:
            context.output(SWEEP, "no")
        except JitbotError as error:
            context.say(f"a sweep is started, whatever there is to end: {error}")
    return report


def _grant(ledger: Ledger, announcing: Announcing, *, dry_run: bool) -> Report:
    context, now = ledger.context, ledger.at
    run = _Run(ledger=ledger, collector=CaseCollector(context=context))
    announcing.conversation = lambda number: run.collector.github.conversation(number)
    history = ledger.read()
    run.report = Report(doubt=history.doubt, warnings=history.ignored, dry=dry_run)
    if history.doubt:
        return run.report  # what cannot be checked may hold an end: nothing is given
    # Bulk requests of one merge, and changes in doubt, wait until everybody else has their access.
    for number, portion in enumerate(due(context, history, now)):
        history = run.portion(ledger.refresh() if number else history, portion)
    while undecided := run.undecided():
        if dry_run or not run.collector.patience.wait(context.sleep):
            break
        run.collector.forget()
        run.so_far.attempt += 1
        history = run.portion(ledger.refresh(), Due(changes=undecided))
    report = with_reviews(ledger, run.report, history, late_fails=False)
    return with_rule_changes(ledger, report, history)


@dataclass(slots=True, kw_only=True)
class _Run:
    """One run of grant: its results so far."""

    ledger: Ledger
    collector: CaseCollector
    report: Report = field(default_factory=Report)
    so_far: SoFar = field(default_factory=SoFar)
    _asked: dict[Change, bool] = field(default_factory=dict)

    def portion(self, history: LedgerView, portion: Due) -> LedgerView:
        """Decide some changes, record that, and carry out what the ledger says is approved and not granted."""
        self._asked |= dict(portion.changes)
        history, decided = self._decide(history, portion)
        changed = {each.change for each in decided}
        self.report = replace(
            self.report,
            decided=(*(each for each in self.report.decided if each.change not in changed), *decided),
            refused=(*self.report.refused, *portion.too_large),
            warnings=history.ignored,
        )
        self.report = _carried_out(self.ledger, history, self.report)
        return history

    def undecided(self) -> tuple[tuple[Change, bool], ...]:
        """What is in doubt yet, as it was to be decided."""
        doubtful = {each.change for each in self.report.decided if each.event is None}
        return tuple(each for each in self._asked.items() if each[0] in doubtful)

    def _decide(self, history: LedgerView, portion: Due) -> tuple[LedgerView, tuple[Decided, ...]]:
        """Decide and record the decisions, on a ledger that nobody moved meanwhile."""
        found: dict[Change, Decided] = {}
        whole = [
            too_large.refusal(each, now=self.ledger.at, run=self.ledger.context.run.url)
            for each in portion.too_large
        ]
        try:
            history = self._decide_and_record(history, portion.changes, whole, found)
        except BranchMovedError as error:  # nobody can record anything now
            return history, tuple(unrecorded(each, str(error)) for each in found.values())
        except JitbotError:
            if not whole and not any(each.event is not None for each in found.values()):
                raise  # it was not for what was to be recorded
            history = self._one_by_one(history, whole, found)
        return history, tuple(found.values())

    def _decide_and_record(
        self,
        history: LedgerView,
        changes: Sequence[tuple[Change, bool]],
        whole: Sequence[Event],
        found: dict[Change, Decided],
    ) -> LedgerView:
        """Decide these changes into `found`, by the ledger as it is when that is recorded, and record it."""

        def build(known: LedgerView) -> Sequence[Event]:
            for change, _ in changes:
                found.pop(change, None)
            decided = decide_all(self.collector, changes, known, self.ledger.at, self.so_far)
            found.update({each.change: each for each in decided})
            return [*whole, *(each.event for each in decided if each.event is not None)]

        if self.report.dry:
            return _with(history, build(history))
        history, _ = self.ledger.transact(build, partial(self._beside, found))
        return history

    def _beside(self, found: Mapping[Change, Decided], write: Write) -> LedgerView:
        """Record decisions, and where one gives access load what speaks to AWS: it enters no account yet."""
        gives = any(each.event is not None and each.event.kind in GIVES for each in found.values())
        return meanwhile(write, *([self.ledger.context.cloud] if gives else []))

    def _one_by_one(
        self, history: LedgerView, whole: Sequence[Event], found: dict[Change, Decided]
    ) -> LedgerView:
        """Record what can be recorded, merge by merge, where all of it together could not be.

        What is asked of a file whose earlier change is not recorded waits for that one.
        """
        down, stuck = 0, set[str]()
        decided = [each.change for each in found.values() if each.event is not None]
        for commit in dict.fromkeys([*(each.commit for each in whole), *(each.commit for each in decided)]):
            changes = [(each, self._asked[each]) for each in decided if each.commit == commit]
            refusals = [each for each in whole if each.commit == commit]
            why = "GitHub takes no record now" if down == _DOWN else ""
            if not why and stuck.intersection(change.path for change, _ in changes):
                why = "an earlier change of this file is not recorded"
            if not why:
                try:
                    history, down = self._decide_and_record(history, changes, refusals, found), 0
                except JitbotError as error:
                    why, down = str(error), 0 if isinstance(error, DeniedError) else down + 1
            if why:
                stuck |= {change.path for change, _ in changes}
                found |= {change: unrecorded(found[change], why) for change, _ in changes if change in found}
        return history


def _carried_out(ledger: Ledger, history: LedgerView, report: Report) -> Report:
    """Do what the ledger says is approved and not granted, and record it."""
    context, now = ledger.context, ledger.at
    ends = early_ends.ends_at_main(context, history, now)
    changes = plan.to_grant(history.states.values(), ends, now, history.in_doubt)
    decided = tuple(each.event for each in report.decided if each.event is not None and not report.dry)
    known = {event.key for event in report.recorded}
    recorded = report.recorded + tuple(event for event in decided if event.key not in known)
    report = replace(
        report,
        planned=changes,
        recorded=recorded,
        alarms=(*early_ends.alarms(ends), *_waiting(history, ends, now)),
        may_have_to_end=plan.may_have_to_end(history.states.values(), ends),
    )
    if report.dry or not changes:
        return report
    outcome = apply(context, changes, now)
    final = _record(ledger, outcome)
    failures = report.failures + outcome.failures + final.failures
    return replace(report, recorded=recorded + final.events, failures=failures)


def _waiting(history: LedgerView, ends: plan.EarlyEnds, now: datetime) -> Iterator[Finding]:
    """Approved requests that are given nothing in doubt. They fail the run, so that the clock starts the next one."""
    for path in plan.waiting(history.states.values(), ends, now, history.in_doubt):
        yield Finding(
            code="grant-in-doubt",
            message=f"it is approved, and nothing is granted: {history.doubt_of(path)}",
            file=path,
            hint="update jitbot to the version that wrote the event: `jitbot audit verify` names it",
        )


def _record(ledger: Ledger, outcome: ApplyResult) -> ApplyResult:
    """Record what was granted, unless its end was recorded meanwhile: then end it here and now, and record that."""
    context, now = ledger.context, ledger.at
    granted = list(outcome.to_record(now=now, run=context.run.url))
    ended = ApplyResult()

    def build(known: LedgerView) -> Sequence[Event]:
        nonlocal granted, ended
        overtaken = tuple(_overtaken(context, granted, known, now))
        more = apply(context, overtaken, now)
        ended = ApplyResult(events=ended.events + more.events, failures=ended.failures + more.failures)
        gone = {(denial.request, denial.account_id) for denial in overtaken}
        granted = [event for event in granted if (event.request, event.account_id) not in gone]
        return (*granted, *ended.events)

    ledger.refresh()
    _, recorded = ledger.transact(build)
    return replace(ended, events=recorded)


def _overtaken(
    context: Context, granted: Iterable[Event], history: LedgerView, now: datetime
) -> Iterator[Deny]:
    """The grants just made that must end at once: revoked, deleted or offboarded while they were being made."""
    ends = early_ends.ends_at_main(context, history, now)
    for event in granted:
        state = history.state(event.request)
        end = ends.of(state, state.account_state(event.account_id))
        if event.kind is EventType.GRANTED and end is not None:
            yield from (each for each in plan.denials(state, end) if each.account_id == event.account_id)


def _with(history: LedgerView, new: Iterable[Event]) -> LedgerView:
    """The history as it will read once these events are in it."""
    return replace(history, events=(*history.events, *new))
