"""`jitbot sweep`: end, confirm, remove, find orphans and drift. They can give nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from jitbot.domain.aws.roles import Actual, Listed
from jitbot.domain.enforce import plan
from jitbot.domain.enforce.drift import tag_findings
from jitbot.domain.model.documents import ACCOUNTS, AccountId, Accounts, Finding, Parsed
from jitbot.domain.model.errors import JitbotError
from jitbot.ports.cloud import Account
from jitbot.usecases.apply.apply import ApplyResult, Failure, apply, failure_of, for_each_account
from jitbot.usecases.collect.collect_case import file_of_rules
from jitbot.usecases.context import Context, ensure_current, ensure_recordable
from jitbot.usecases.decide import early_ends
from jitbot.usecases.ledger.ledger import Ledger
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.runs.announce import announced
from jitbot.usecases.runs.post_review import with_reviews
from jitbot.usecases.runs.report import Report


def sweep(context: Context, now: datetime, *, dry_run: bool = False, complete: bool = False) -> Report:
    """Compare what is recorded with the roles that exist, and end, confirm and remove what is due.

    `complete` reads every role whole, for drift that the list does not show; once a day is enough.
    """
    ensure_current(context)
    if not dry_run:
        ensure_recordable(context)
    ledger = Ledger(context, now)
    with announced(ledger):
        return _sweep(ledger, dry_run=dry_run, complete=complete)


def _sweep(ledger: Ledger, *, dry_run: bool, complete: bool) -> Report:
    context, now = ledger.context, ledger.at
    named = file_of_rules(context, ACCOUNTS, context.documents.parse_accounts)
    accounts = _accounts(named.value or {}, ledger.read())
    listed, failures = _list(context, accounts, whole=complete)
    # After the lists: a grant made meanwhile is then known, and no orphan.
    history = ledger.refresh()
    unread = _accounts_not_read(named)
    report = Report(
        warnings=history.ignored, alarms=unread, doubt=history.doubt, failures=failures, dry=dry_run
    )
    if history.doubt:
        return report  # what cannot be checked may explain a role: nothing live is ended in doubt
    listed, failed = _looked_at(context, history, listed, now)
    ends = early_ends.ends_at_main(context, history, now)
    changes = plan.to_end(history.states, listed, history.orphans, ends, now, history.in_doubt)
    report = replace(
        report,
        planned=changes,
        failures=failures + failed,
        warnings=history.ignored + tag_findings(history.states.values(), listed) + early_ends.warnings(ends),
        alarms=(*unread, *early_ends.alarms(ends)),
    )
    if changes and not dry_run:
        outcome = apply(context, changes, now)
        recorded = ledger.add(outcome.to_record(now=now, run=context.run.url))
        report = replace(report, recorded=recorded, failures=report.failures + outcome.failures)
    return with_reviews(ledger, report, history, late_fails=True)


def _looked_at(
    context: Context, history: LedgerView, listed: Mapping[AccountId, tuple[Listed, ...]], now: datetime
) -> tuple[Mapping[AccountId, tuple[Listed, ...]], tuple[Failure, ...]]:
    """The lists, with every role that was ended early read in full: an end that somebody undid is made again."""
    wanted: dict[AccountId, list[str]] = {}
    for role in plan.to_look_at(history.states.values(), listed, history.orphans, now):
        wanted.setdefault(role.account_id, []).append(role.role_name)
    found: dict[tuple[AccountId, str], Actual | None] = {}

    def look(account: Account, account_id: AccountId) -> ApplyResult:
        trouble: list[Failure] = []
        for name in wanted[account_id]:
            try:
                found[account_id, name], _ = account.read(name)
            except JitbotError as error:  # of the others in the account it says nothing
                trouble.append(failure_of(None, account_id, error))
        return ApplyResult(failures=tuple(trouble))

    outcome = for_each_account(context, wanted, look)
    looked = {
        account_id: tuple(
            replace(role, whole=found[name]) if (name := (account_id, role.role_name)) in found else role
            for role in roles
        )
        for account_id, roles in listed.items()
    }
    return looked, outcome.failures


def _accounts(named: Accounts, history: LedgerView) -> tuple[AccountId, ...]:
    """Every account main names, and every one that the ledger still has business in."""
    held = (
        documents.account_id
        for state in history.states.values()
        for term in state.terms
        for documents in term.documents
    )
    return tuple(sorted({*named.values(), *held}))


def _accounts_not_read(named: Parsed[Accounts]) -> tuple[Finding, ...]:
    if named.value is not None:
        return ()
    message = (
        f"roles that no request explains are looked for where the ledger has grants alone: {named.why_none}"
    )
    hint = f"correct {ACCOUNTS} on main"
    return (Finding(code="accounts-not-read", message=message, file=ACCOUNTS, hint=hint),)


def _list(
    context: Context, accounts: Iterable[AccountId], *, whole: bool
) -> tuple[Mapping[AccountId, tuple[Listed, ...]], tuple[Failure, ...]]:
    listed: dict[AccountId, tuple[Listed, ...]] = {}

    def look(account: Account, account_id: AccountId) -> ApplyResult:
        listed[account_id] = account.roles(whole=whole)
        return ApplyResult()

    outcome = for_each_account(context, accounts, look)
    return listed, outcome.failures
