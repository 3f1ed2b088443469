"""`--against-aws`: every role under jitbot's path as it is now, held against the whole ledger. Reads only."""

from collections.abc import Iterator
from datetime import datetime

from jitbot.domain.access import request_state
from jitbot.domain.audit.history.absences import overdue
from jitbot.domain.audit.history.findings import AuditFinding, Severity, Subject
from jitbot.domain.audit.verify import aws_comparison
from jitbot.domain.aws.roles import Listed
from jitbot.domain.ledger.events import EventType
from jitbot.domain.model.documents import AccountId, Source
from jitbot.ports.cloud import Account
from jitbot.usecases.apply.apply import ApplyResult, for_each_account
from jitbot.usecases.audit.unfollowed import content_at
from jitbot.usecases.audit.verify_ledger import AuditInputs
from jitbot.usecases.collect.collect_case import ACCOUNTS
from jitbot.usecases.context import Context


def compare(context: Context, books: AuditInputs, now: datetime) -> Iterator[AuditFinding]:
    """What AWS has otherwise than the ledger says. An account that does not answer is a finding."""
    lives = request_state.fold_events(books.history.events)
    listed: dict[AccountId, tuple[Listed, ...]] = {}

    def look(account: Account, account_id: AccountId) -> ApplyResult:
        listed[account_id] = account.roles(whole=True)
        return ApplyResult()

    named = {documents.account_id for each in books.history.events for documents in each.documents}
    for failure in for_each_account(context, sorted({*_accounts(books), *named}), look).failures:
        yield Subject(name=f"account {failure.account_id}").problem(
            "account-not-read",
            failure.message,
            "the audit role, or your own credentials, must be able to read it",
            Severity.UNCHECKED,
        )
    orphans = [each for each in books.history.events if each.kind is EventType.ENDED and not each.request]
    ends = overdue(books.gone.absences, now)
    yield from aws_comparison.problems(lives, listed, orphans, ends, now, books.history.in_doubt)


def _accounts(books: AuditInputs) -> tuple[AccountId, ...]:
    """Every account that main names."""
    content = content_at(books.git, books.main, ACCOUNTS)
    if content is None:
        return ()
    accounts = books.documents.parse_accounts(Source(path=ACCOUNTS, content=content)).value
    return tuple(accounts.values()) if accounts is not None else ()
