"""Apply a plan: accounts in parallel, the changes of one account in sequence, and the outcomes as events."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from jitbot.domain.enforce.changes import Change, Confirm, Deny, Extend, Provision, Remove, outcome, word_of
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.bounds import ACCOUNTS_AT_ONCE, TEXT_WRITTEN
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import DeniedError, JitbotError
from jitbot.ports.cloud import Account
from jitbot.usecases.apply.end_access import confirm, deny, remove
from jitbot.usecases.apply.provision import give
from jitbot.usecases.context import Context

_NO_ROOM = "the account has no room for another role: its IAM quota is used up; raise it, or end grants"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A change that could not be made; it stays due. `final` is True for a refusal, and False for a temporary failure."""

    change: Change | None  # None: the account could not even be entered or listed
    account_id: AccountId
    message: str
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyResult:
    """The outcome of one account's changes."""

    events: tuple[Event, ...] = ()
    failures: tuple[Failure, ...] = ()

    def to_record(self, *, now: datetime, run: str) -> tuple[Event, ...]:
        """What is to be recorded of it: what happened, and what could not be made."""
        failed = (failed_event(failure, now=now, run=run) for failure in self.failures)
        return (*self.events, *(event for event in failed if event is not None))


def apply(context: Context, changes: Sequence[Change], now: datetime) -> ApplyResult:
    """Make every change. A change that fails does not stop the others, and no account delays another account."""
    by_account: dict[AccountId, list[Change]] = {}
    for change in changes:
        by_account.setdefault(change.account_id, []).append(change)
    return for_each_account(
        context, by_account, lambda account, each: _in_account(context, account, by_account[each], now)
    )


def for_each_account(
    context: Context, accounts: Iterable[AccountId], work: Callable[[Account, AccountId], ApplyResult]
) -> ApplyResult:
    """Enter each account, side by side, and put the outcomes together in the accounts' order."""
    wanted = list(accounts)
    if not wanted:
        return ApplyResult()
    cloud = context.cloud()

    def one(account_id: AccountId) -> ApplyResult:
        try:
            return work(cloud.enter(account_id), account_id)
        except JitbotError as error:
            return ApplyResult(failures=(failure_of(None, account_id, error),))

    with ThreadPoolExecutor(max_workers=min(ACCOUNTS_AT_ONCE, len(wanted))) as pool:
        outcomes = list(pool.map(one, wanted))
    events = tuple(event for outcome in outcomes for event in outcome.events)
    return ApplyResult(
        events=events, failures=tuple(each for outcome in outcomes for each in outcome.failures)
    )


def failed_event(failure: Failure, *, now: datetime, run: str) -> Event | None:
    """The record of a failure that concerns a request; None for one that concerns a whole account."""
    change = failure.change
    if change is None:
        return None
    return outcome(
        change,
        EventType.FAILED,
        at=now,
        run=run,
        cause=f"{word_of(change)}: {'refused' if failure.final else 'trouble'}",
        evidence=Evidence.of(Evidence.message(failure.message[:TEXT_WRITTEN])),
    )


def _in_account(context: Context, account: Account, changes: Sequence[Change], now: datetime) -> ApplyResult:
    events: list[Event] = []
    crowded = _beyond_quota(account, changes)
    failures = [failure_of(change, change.account_id, DeniedError(_NO_ROOM)) for change in crowded]
    for change in changes:
        if change in crowded:
            continue
        context.say(f"{word_of(change)} {change.role_name}")
        try:
            event = _make(context, account, change, now)
        except JitbotError as error:
            failures.append(failure_of(change, change.account_id, error))
        else:
            events += [event] if event is not None else []
    return ApplyResult(events=tuple(events), failures=tuple(failures))


def _beyond_quota(account: Account, changes: Sequence[Change]) -> list[Change]:
    """The roles that the account has no room for, found before the first write, so that none is half made."""
    new = [change for change in changes if isinstance(change, Provision)]
    return list(new[max(account.room(), 0) :]) if new else []


def _make(context: Context, account: Account, change: Change, now: datetime) -> Event | None:
    """Make one change and read it back. None if there was nothing there to change, so that it stays due."""
    match change:
        case Provision() | Extend():
            return give(context, account, change)
        case Deny():
            return deny(context, account, change, (change.why, change.detail), now)
        case Confirm():
            return confirm(context, account, change, now)
        case Remove():
            return remove(context, account, change)
        case _:
            assert_never(change)


def failure_of(change: Change | None, account_id: AccountId, error: JitbotError) -> Failure:
    """The failure of a change, or of a whole account, after an error."""
    return Failure(
        change=change, account_id=account_id, message=str(error), final=isinstance(error, DeniedError)
    )
