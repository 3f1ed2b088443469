"""`jitbot audit usage`: asks CloudTrail about each grant that is over, once, and records what it showed.

It has a job of its own, reads only, and comes after everything: nothing of it delays or fails the end of access.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from jitbot.domain.ledger.commit_message import sentence
from jitbot.domain.ledger.events import Event
from jitbot.domain.ledger.recorded_use import CALLS, RecordedUnseen, Unseen
from jitbot.domain.model.bounds import USE_SESSIONS, USES
from jitbot.domain.model.documents import ACCOUNTS, AccountId, Finding
from jitbot.domain.model.errors import DeniedError, JitbotError, TooMuchError
from jitbot.domain.text.amount import many
from jitbot.domain.usage.role_usage import GLOBAL, Opening, Period, regions_of
from jitbot.domain.usage.use_event import (
    ENTERING,
    DueUse,
    SeenUse,
    ServiceCalls,
    due_uses,
    unseen,
    used_event,
)
from jitbot.ports.trail import CallLog, Trails
from jitbot.usecases.context import Context, ensure_current, ensure_recordable
from jitbot.usecases.ledger.ledger import Ledger
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.runs.report import Report
from jitbot.usecases.usage.role_answers import RoleAnswers, answering, ask

TRAIL = "the trail"  # in the place of a region
_ACCOUNT = "the account"


def record_use(
    context: Context, trails: Trails, call_log: CallLog | None, now: datetime, *, dry_run: bool = False
) -> Report:
    """Record the use of every grant that is over and has no such event. What AWS does not show stays due, or unseen."""
    ensure_current(context)
    if not dry_run:
        ensure_recordable(context)
    ledger = Ledger(context, now)
    history = ledger.read()
    report = Report(doubt=history.doubt, dry=dry_run)
    if history.doubt:
        return report
    asking = _Asking(context=context, trails=trails, call_log=call_log, at=now)
    due = _due(history, now)
    for start in range(0, len(due), USES):
        events, waiting = asking.of(due[start : start + USES])
        report = replace(report, warnings=report.warnings + waiting)
        if events and not dry_run:
            report = replace(report, recorded=report.recorded + ledger.add(events))
        left = len(due) - start - USES
        if left > 0 and trails.spent():
            more = _waits(
                f"waiting: {many(left, 'more grant')}, as this run has asked as much as one run may"
            )
            return replace(report, warnings=(*report.warnings, more))
    return report


def _due(history: LedgerView, now: datetime) -> tuple[DueUse, ...]:
    """What is due, those that ended first in front; not what an unread event may be about."""
    return due_uses((each for each in history.states.values() if not history.doubt_of(each.request)), now)


@dataclass(slots=True, kw_only=True)
class _Asking:
    """One run that asks: what it asked of an account once, it remembers."""

    context: Context
    trails: Trails
    call_log: CallLog | None
    at: datetime
    _regions: dict[AccountId, tuple[str, ...] | RecordedUnseen] = field(default_factory=dict)
    _shut: dict[AccountId, RecordedUnseen] = field(default_factory=dict)  # accounts that could not be entered

    def of(self, part: Sequence[DueUse]) -> tuple[list[Event], tuple[Finding, ...]]:
        """The events of these grants that can be recorded now, and why the others wait."""
        sums, silent = self._sums(part)
        events: list[Event] = []
        waiting: list[Finding] = []
        for due in sorted(part, key=_account_of):
            seen, services = self._seen(due), sums.get(due.documents.role_arn)
            selection = Unseen.DATA_EVENTS if services is None else Unseen.TRAIL_SELECTION
            not_seen = (
                *seen.not_seen,
                *silent.get(due.documents.role_arn, ()),
                unseen(selection, about=CALLS),
            )
            if due.is_final(not_seen, self.at):
                seen = replace(seen, services=services, not_seen=not_seen)
                events.append(used_event(due, seen, now=self.at, run=self.context.run.url))
                self.context.say(sentence(events[-1]))
            else:
                waiting.append(_asked_again(due, not_seen))
        return events, tuple(waiting)

    def _seen(self, due: DueUse) -> SeenUse:
        """What the event history shows: two rounds, who entered anywhere, then what was called."""
        if due.period is None:
            return SeenUse()
        if (shut := self._shut.get(due.documents.account_id)) is not None:
            return SeenUse(not_seen=(shut,))
        account_id, role, period = due.documents.account_id, due.documents.role_arn, due.period
        named = regions_of(due.documents)
        everywhere, missing = self._everywhere(account_id, named)
        try:
            trails = {region: self.trails.of(account_id, region) for region in everywhere}
        except JitbotError as error:
            self._shut[account_id] = _unanswered(error, _ACCOUNT, ENTERING)
            return SeenUse(not_seen=(*missing, self._shut[account_id]))
        found = ask(trails, role, period, where=_where_called(everywhere, named), most=USE_SESSIONS)
        return SeenUse(
            openings=found.openings,
            calls=found.calls,
            regions=answering(everywhere, found.unopened),
            call_regions=answering(found.call_regions, found.uncalled),
            not_seen=(*missing, *_unread(found)),
        )

    def _everywhere(
        self, account_id: AccountId, named: frozenset[str]
    ) -> tuple[tuple[str, ...], tuple[RecordedUnseen, ...]]:
        """The regions to look in for who entered; those that the policy names, where AWS does not list them."""
        if account_id not in self._regions:
            try:
                self._regions[account_id] = self.trails.regions(account_id)
            except JitbotError as error:
                self._regions[account_id] = unseen(Unseen.REGIONS_UNKNOWN, why=str(error))
        listed = self._regions[account_id]
        if isinstance(listed, RecordedUnseen):
            return tuple(dict.fromkeys((*sorted(named), GLOBAL))), (listed,)
        return listed, ()

    def _sums(
        self, part: Sequence[DueUse]
    ) -> tuple[Mapping[str, tuple[ServiceCalls, ...]], Mapping[str, tuple[RecordedUnseen, ...]]]:
        """What a trail of one's own holds of each role, one question for each account; and of which it did not answer."""
        sums: dict[str, tuple[ServiceCalls, ...]] = {}
        silent: dict[str, tuple[RecordedUnseen, ...]] = {}
        if self.call_log is None:
            return sums, silent
        asked = sorted((each for each in part if each.period is not None), key=_account_of)
        for account_id, group in groupby(asked, key=_account_of):
            dues = list(group)
            roles = [each.documents.role_arn for each in dues]
            periods = [each.period for each in dues if each.period is not None]
            whole = Period(start=min(each.start for each in periods), end=max(each.end for each in periods))
            try:
                answer = self.call_log.calls_of(account_id, roles, whole)
                sums |= {role: answer.get(role, ()) for role in roles}
            except JitbotError as error:
                silent |= dict.fromkeys(roles, (_unanswered(error, TRAIL, CALLS),))
        return sums, silent


def _account_of(due: DueUse) -> AccountId:
    return due.documents.account_id


def _unread(found: RoleAnswers) -> Iterator[RecordedUnseen]:
    """What was out of sight in the answers about one role."""
    for about, errors in ((ENTERING, found.unopened), (CALLS, found.uncalled)):
        for region, error in errors.items():
            yield _unanswered(error, region, about)
    if found.left_out:
        yield unseen(Unseen.TOO_MUCH, where="sessions", about=CALLS)
    if found.openings and len(found.call_regions) < len(found.regions):
        yield unseen(Unseen.OTHER_REGIONS, where=", ".join(found.call_regions), about=CALLS)


def _where_called(
    everywhere: tuple[str, ...], named: frozenset[str]
) -> Callable[[Collection[Opening]], tuple[str, ...]]:
    """Where calls are looked for: where the policy's statements say, and where it was entered; else everywhere."""

    def where(openings: Collection[Opening]) -> tuple[str, ...]:
        wanted = {*named, GLOBAL, *(each.region for each in openings)} if named else {*everywhere}
        return tuple(each for each in everywhere if openings and each in wanted)

    return where


def _unanswered(error: JitbotError, where: str, about: str) -> RecordedUnseen:
    """An error of AWS, as what was not seen for it."""
    what = Unseen.REFUSED if isinstance(error, DeniedError) else Unseen.UNAVAILABLE
    what = Unseen.TOO_MUCH if isinstance(error, TooMuchError) else what
    return unseen(what, where=where, why=str(error), about=about)


def _asked_again(due: DueUse, not_seen: Iterable[RecordedUnseen]) -> Finding:
    why = next((each.why for each in not_seen if each.why), "AWS does not answer")
    return _waits(f"what was done with {due.documents.role_name} is not known yet: {why}")


def _waits(message: str) -> Finding:
    return Finding(
        code="use-not-recorded",
        message=message,
        file=ACCOUNTS,
        hint="access is not affected; the next run of `jitbot audit usage` asks again, for three days",
    )
