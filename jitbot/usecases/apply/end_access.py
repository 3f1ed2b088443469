"""Ends, confirms and removes grants. Nothing here gives anybody anything."""

from datetime import datetime

from jitbot.domain.aws.roles import Actual, Receipt, differences
from jitbot.domain.enforce.changes import Confirm, Deny, Remove, outcome
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.errors import UnavailableError
from jitbot.ports.cloud import Account
from jitbot.usecases.context import Context
from jitbot.usecases.read_back import attempts


def deny(
    context: Context, account: Account, change: Deny | Confirm, due: tuple[EndReason, str], now: datetime
) -> Event | None:
    """End access now. A role that is not there yet keeps the end due until its window is over.

    The role is read first, because AWS may answer "access denied" when a policy is attached to a missing role.
    """
    why, detail = due
    actual, read = account.read(change.role_name)
    if actual is None:
        over = change.window is not None and now >= change.window.expires_at
        if not over and why is not EndReason.DRIFT:
            return None
        return _ended(context, change, why, at=read.at, actual=None, cause=detail)
    receipt = None
    for _ in attempts(context):
        receipt = receipt or account.deny(change.role_name)
        actual, _read = account.read(change.role_name)
        if receipt is not None and actual is not None and actual.denied:
            return _ended(context, change, why, at=receipt.at, actual=actual, cause=detail)
    raise UnavailableError(f"role {change.role_name} does not read back as denied; the next run looks again")


def confirm(context: Context, account: Account, change: Confirm, now: datetime) -> Event | None:
    """After expiry, check that the guard is still there as recorded. If it is not, that is drift: deny the role at once."""
    actual, read = account.read(change.role_name)
    over = change.window.expires_at
    if actual is None:
        return _ended(context, change, EndReason.EXPIRED, at=read.at, actual=None, cause="", effective=over)
    compared = (differences(actual, expected) for expected in change.expected)
    wrong = min(compared, key=len, default=("no documents of it are recorded",))
    if not wrong:
        return _ended(context, change, EndReason.EXPIRED, at=read.at, actual=actual, cause="", effective=over)
    detail = f"after expiry it is not as recorded: {', '.join(wrong)}"
    return deny(context, account, change, (EndReason.DRIFT, detail), now)


def _ended(
    context: Context,
    change: Deny | Confirm,
    why: EndReason,
    *,
    at: datetime,
    actual: Actual | None,
    cause: str,
    effective: datetime | None = None,
) -> Event:
    return outcome(
        change,
        EventType.ENDED,
        at=at,
        run=context.run.url,
        why=why,
        window=change.window,
        cause=cause,
        evidence=Evidence.of(
            Evidence.role_id(actual.role_id if actual is not None else ""),
            Evidence.effective_at(effective or at),
            Evidence.seen(_seen(actual)),
        ),
    )


def _seen(actual: Actual | None) -> str:
    if actual is None:
        return "absent"
    return "denied" if actual.denied else "as recorded"


def remove(context: Context, account: Account, change: Remove) -> Event:
    """Delete the role with everything in it, and confirm that it is gone. A role that is already gone is fine."""
    actual, receipt = account.read(change.role_name)
    if actual is not None:
        account.remove(actual)
        receipt = _absent(context, account, change.role_name)
    return outcome(
        change,
        EventType.REMOVED,
        at=receipt.at,
        run=context.run.url,
        window=change.window,
        evidence=Evidence.of(Evidence.verified_absent(True), Evidence.aws_request_ids(receipt.request_ids)),
    )


def _absent(context: Context, account: Account, role_name: str) -> Receipt:
    """Read the role until AWS no longer shows it."""
    for _ in attempts(context):
        actual, receipt = account.read(role_name)
        if actual is None:
            return receipt
    raise UnavailableError(f"role {role_name} is still there after its removal")
