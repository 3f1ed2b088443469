"""`jitbot sweep`: end, confirm, remove, find orphans and drift. They can give nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from jitbot.domain import plan
from jitbot.domain.drift import tag_findings
from jitbot.domain.errors import JitbotError
from jitbot.domain.model import AccountId, Source
from jitbot.domain.ports import Account
from jitbot.domain.roles import Actual, Listed
from jitbot.lifecycle import ending
from jitbot.lifecycle import history as ledger
from jitbot.lifecycle.carrying import Failure, Outcome, carry_out, failure_of, gathered
from jitbot.lifecycle.gathering import ACCOUNTS
from jitbot.lifecycle.history import History
from jitbot.lifecycle.recording import record
from jitbot.lifecycle.report import Report
from jitbot.lifecycle.reviewing import with_reviews
from jitbot.lifecycle.world import World, ensure_current, ensure_recordable, file_at_main


def sweep(world: World, now: datetime, *, dry_run: bool = False, complete: bool = False) -> Report:
    """Compare what is recorded with the roles that exist, and end, confirm and remove what is due.

    `complete` reads every role whole, for drift that the list does not show; once a day is enough.
    """
    ensure_current(world)
    if not dry_run:
        ensure_recordable(world)
    history = ledger.read(world, now)
    accounts = _accounts(world, history)
    listed, failures = _list(world, accounts, whole=complete)
    # After the lists: a grant made meanwhile is then known, and no orphan.
    history = ledger.read_again(world, history, now)
    report = Report(warnings=history.ignored, doubt=history.doubt, failures=failures, dry=dry_run)
    if history.doubt:
        return report  # what cannot be checked may explain a role: nothing live is ended in doubt
    listed, failed = _looked_at(world, history, listed, now)
    ends = ending.ends_at_main(world, history, now)
    changes = plan.to_end(history.lives, listed, history.orphans, ends, now, history.in_doubt)
    report = replace(
        report,
        planned=changes,
        failures=failures + failed,
        warnings=history.ignored + tag_findings(history.lives.values(), listed) + ending.warnings(ends),
        alarms=ending.alarms(ends),
    )
    if changes and not dry_run:
        outcome = carry_out(world, changes, now)
        recorded = record(world, outcome, now)
        report = replace(report, recorded=recorded, failures=report.failures + outcome.failures)
    return with_reviews(world, report, history, now, late_fails=True)


def _looked_at(
    world: World, history: History, listed: Mapping[AccountId, tuple[Listed, ...]], now: datetime
) -> tuple[Mapping[AccountId, tuple[Listed, ...]], tuple[Failure, ...]]:
    """The lists, with the roles that were ended early read whole: an end that somebody undid is made again."""
    wanted: dict[AccountId, list[str]] = {}
    for role in plan.to_look_at(history.lives.values(), listed, now):
        wanted.setdefault(role.account_id, []).append(role.role_name)
    found: dict[tuple[AccountId, str], Actual | None] = {}

    def look(account: Account, account_id: AccountId) -> Outcome:
        trouble: list[Failure] = []
        for name in wanted[account_id]:
            try:
                found[account_id, name], _ = account.read(name)
            except JitbotError as error:  # of the others in the account it says nothing
                trouble.append(failure_of(None, account_id, error))
        return Outcome(failures=tuple(trouble))

    outcome = gathered(world, wanted, look)
    looked = {
        account_id: tuple(
            replace(role, whole=found.get((account_id, role.role_name), role.whole)) for role in roles
        )
        for account_id, roles in listed.items()
    }
    return looked, outcome.failures


def _accounts(world: World, history: History) -> tuple[AccountId, ...]:
    """Every account main names, and every one that the ledger still has business in."""
    content = file_at_main(world.repository, ACCOUNTS)
    named: Iterable[AccountId] = ()
    if content is not None:
        parsed = world.documents.parse_accounts(Source(path=ACCOUNTS, content=content))
        named = parsed.value.values() if parsed.value is not None else ()
    held = (
        documents.account_id
        for life in history.lives.values()
        for term in life.terms
        for documents in term.documents
    )
    return tuple(sorted({*named, *held}))


def _list(
    world: World, accounts: Iterable[AccountId], *, whole: bool
) -> tuple[Mapping[AccountId, tuple[Listed, ...]], tuple[Failure, ...]]:
    listed: dict[AccountId, tuple[Listed, ...]] = {}

    def look(account: Account, account_id: AccountId) -> Outcome:
        listed[account_id] = account.roles(whole=whole)
        return Outcome()

    outcome = gathered(world, accounts, look)
    return listed, outcome.failures
