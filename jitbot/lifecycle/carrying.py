"""Carries out a plan: accounts side by side, in each one change after the other, and what came of it as events."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from jitbot.domain.changes import Change, Confirm, Deny, Extend, Provision, Remove
from jitbot.domain.errors import DeniedError, JitbotError, UnavailableError
from jitbot.domain.events import Event, Kind, Why
from jitbot.domain.iam import Documents
from jitbot.domain.model import AccountId
from jitbot.domain.ports import Account, Receipt
from jitbot.domain.roles import Actual, as_read, differences, unfinished
from jitbot.lifecycle.world import World

MOST_AT_ONCE = 32
_NO_ROOM = "the account has no room for another role: its IAM quota is used up; raise it, or end grants"
_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)  # seconds between readings, while IAM may still show what was before


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A change that could not be made: it stays due. `final` tells a refusal from trouble."""

    change: Change | None  # None: the account could not even be entered or listed
    account_id: AccountId
    message: str
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one account's changes."""

    events: tuple[Event, ...] = ()
    failures: tuple[Failure, ...] = ()


def carry_out(world: World, changes: Sequence[Change], now: datetime) -> Outcome:
    """Make every change, whatever becomes of the others. One account's trouble neither stops nor delays another's."""
    by_account: dict[AccountId, list[Change]] = {}
    for change in changes:
        by_account.setdefault(change.account_id, []).append(change)
    return gathered(
        world, by_account, lambda account, each: _in_account(world, account, by_account[each], now)
    )


def gathered(
    world: World, accounts: Iterable[AccountId], work: Callable[[Account, AccountId], Outcome]
) -> Outcome:
    """Enter each account, side by side, and put the outcomes together in the accounts' order."""
    wanted = list(accounts)
    if not wanted:
        return Outcome()
    cloud = world.cloud()

    def one(account_id: AccountId) -> Outcome:
        try:
            return work(cloud.enter(account_id), account_id)
        except JitbotError as error:
            return Outcome(failures=(_failure(None, account_id, error),))

    with ThreadPoolExecutor(max_workers=min(MOST_AT_ONCE, len(wanted))) as pool:
        outcomes = list(pool.map(one, wanted))
    events = tuple(event for outcome in outcomes for event in outcome.events)
    return Outcome(events=events, failures=tuple(each for outcome in outcomes for each in outcome.failures))


def failed_event(failure: Failure, *, now: datetime, run: str) -> Event | None:
    """The record of a failure that concerns a request; None for one that concerns a whole account."""
    change = failure.change
    if change is None:
        return None
    return Event(
        kind=Kind.FAILED,
        at=now,
        request=change.request,
        ask={"requester": change.requester},
        commit=change.commit,
        account=change.account,
        account_id=failure.account_id,
        role_name=change.role_name,
        cause=f"{type(change).__name__.lower()}: {'refused' if failure.final else 'trouble'}",
        evidence={"message": failure.message},
        run=run,
    )


def _in_account(world: World, account: Account, changes: Sequence[Change], now: datetime) -> Outcome:
    events: list[Event] = []
    crowded = _beyond_quota(account, changes)
    failures = [_failure(change, change.account_id, DeniedError(_NO_ROOM)) for change in crowded]
    for change in changes:
        if change in crowded:
            continue
        world.say(f"{type(change).__name__.lower()} {change.role_name}")
        try:
            event = make(world, account, change, now)
        except JitbotError as error:
            failures.append(_failure(change, change.account_id, error))
        else:
            events += [event] if event is not None else []
    return Outcome(events=tuple(events), failures=tuple(failures))


def _beyond_quota(account: Account, changes: Sequence[Change]) -> list[Change]:
    """The roles that the account has no room for, found before the first write, so that none is half made."""
    new = [change for change in changes if isinstance(change, Provision)]
    return list(new[max(account.room(), 0) :]) if new else []


def make(world: World, account: Account, change: Change, now: datetime) -> Event | None:
    """Make one change and read it back. None if there was nothing there to change, so that it stays due."""
    match change:
        case Provision() | Extend():
            return _give(world, account, change)
        case Deny():
            return _deny(world, account, change, now)
        case Confirm():
            return _confirm(world, account, change, now)
        case Remove():
            return _remove(world, account, change)
        case _:
            assert_never(change)


def _give(world: World, account: Account, change: Provision | Extend) -> Event:
    """Make the role, or bring what a stopped run left of it to the approved documents; never touch another's."""
    documents = change.documents
    if isinstance(change, Extend):
        _rewrite(account, documents, *change.held)
    elif not account.create(documents):
        _rewrite(account, documents)
    account.write_permissions(documents)
    account.attach(documents)
    actual, receipt = _settled(world, account, documents)
    return Event(
        kind=Kind.GRANTED,
        at=receipt.at,
        request=change.request,
        ask={"requester": change.requester},
        commit=change.commit,
        account=documents.account,
        account_id=documents.account_id,
        role_name=documents.role_name,
        window=documents.window,
        documents=(as_read(actual, documents),),
        evidence={"role_id": actual.role_id, "aws_request_ids": list(receipt.request_ids)},
        run=world.run.url,
    )


def _rewrite(account: Account, documents: Documents, *held: Documents) -> None:
    """Give an existing role the approved trust, if all it holds is ours; make it, if it is gone."""
    actual, _ = account.read(documents.role_name)
    if actual is None:
        account.create(documents)
    elif not unfinished(actual, documents, *held):
        raise DeniedError(
            f"role {documents.role_name} exists and is not what was approved; nothing was changed"
        )
    elif differences(actual, documents):
        account.write_trust(documents)


def _settled(world: World, account: Account, documents: Documents) -> tuple[Actual, Receipt]:
    """Read the role back until it is as written. What never settles is not recorded as granted."""
    wrong: tuple[str, ...] = ("role",)
    for pause in (*_PAUSES, None):
        actual, receipt = account.read(documents.role_name)
        wrong = differences(actual, documents) if actual is not None else ("role",)
        if actual is not None and not wrong:
            return actual, receipt
        if pause is not None:
            world.sleep(pause)
    raise UnavailableError(f"role {documents.role_name} does not read back as written: {', '.join(wrong)}")


def _deny(world: World, account: Account, change: Deny, now: datetime) -> Event | None:
    """End access now. A role that is not there yet keeps the end due until its window is over.

    Read first: asked to attach to a role that is not there, AWS may only say that it denies it.
    """
    actual, read = account.read(change.role_name)
    if actual is None:
        over = change.window is not None and now >= change.window.expires_at
        if not over and change.why is not Why.DRIFT:
            return None
        return _ended(world, change, change.why, at=read.at, actual=None, cause=change.detail)
    receipt = account.deny(change.role_name)
    actual, _ = account.read(change.role_name)
    if receipt is None or actual is None or not actual.denied:
        raise UnavailableError(
            f"role {change.role_name} does not read back as denied; the next run looks again"
        )
    return _ended(world, change, change.why, at=receipt.at, actual=actual, cause=change.detail)


def _confirm(world: World, account: Account, change: Confirm, now: datetime) -> Event | None:
    """After expiry: the guard is there as recorded, or it is drift and denied at once."""
    actual, read = account.read(change.role_name)
    if actual is None:
        return _ended(world, change, Why.EXPIRED, at=read.at, actual=None, cause="")
    wrongs = sorted((differences(actual, expected) for expected in change.expected), key=len)
    if wrongs and not wrongs[0]:
        return _ended(world, change, Why.EXPIRED, at=read.at, actual=actual, cause="")
    detail = f"after expiry it is not as recorded: {', '.join(wrongs[0])}"
    drift = Deny(
        request=change.request, commit=change.commit, account=change.account, account_id=change.account_id, role_name=change.role_name,
        why=Why.DRIFT, detail=detail, window=change.window,
    )  # fmt: skip
    return _deny(world, account, drift, now)


def _ended(
    world: World, change: Deny | Confirm, why: Why, *, at: datetime, actual: Actual | None, cause: str
) -> Event:
    effective = change.window.expires_at if why is Why.EXPIRED and change.window is not None else at
    return Event(
        kind=Kind.ENDED,
        at=at,
        request=change.request,
        ask={"requester": change.requester},
        commit=change.commit,
        account=change.account,
        account_id=change.account_id,
        role_name=change.role_name,
        why=why,
        window=change.window,
        cause=cause,
        evidence={
            "role_id": actual.role_id if actual is not None else "",
            "effective_at": effective.isoformat().replace("+00:00", "Z"),
            "seen": "denied"
            if actual is not None and actual.denied
            else "as recorded"
            if actual is not None
            else "absent",
        },
        run=world.run.url,
    )


def _remove(world: World, account: Account, change: Remove) -> Event | None:
    actual, receipt = account.read(change.role_name)
    if actual is not None:
        account.remove(actual)
        for pause in (*_PAUSES, None):
            actual, receipt = account.read(change.role_name)
            if actual is None:
                break
            if pause is None:
                raise UnavailableError(f"role {change.role_name} is still there after its removal")
            world.sleep(pause)
    return Event(
        kind=Kind.REMOVED,
        at=receipt.at,
        request=change.request,
        ask={"requester": change.requester},
        commit=change.commit,
        account=change.account,
        account_id=change.account_id,
        role_name=change.role_name,
        window=change.window,
        evidence={"verified_absent": True, "aws_request_ids": list(receipt.request_ids)},
        run=world.run.url,
    )


def _failure(change: Change | None, account_id: AccountId, error: JitbotError) -> Failure:
    return Failure(
        change=change, account_id=account_id, message=str(error), final=isinstance(error, DeniedError)
    )
