"""`--against-aws`: compare every role under jitbot's path, as it is now, with the whole ledger. Reads only."""

from collections.abc import Iterator
from datetime import datetime

from jitbot.domain.access import request_state
from jitbot.domain.audit.history.absences import overdue
from jitbot.domain.audit.history.findings import AuditFinding, Severity, Subject
from jitbot.domain.audit.verify import aws_comparison
from jitbot.domain.aws.roles import Listed
from jitbot.domain.ledger.events import EventType
from jitbot.domain.model.documents import ACCOUNTS, AccountId
from jitbot.ports.cloud import Account
from jitbot.usecases.apply.apply import ApplyResult, for_each_account
from jitbot.usecases.audit.unfollowed import parsed_at
from jitbot.usecases.audit.verify_ledger import AuditInputs
from jitbot.usecases.context import Context


def compare(context: Context, inputs: AuditInputs, now: datetime) -> Iterator[AuditFinding]:
    """How AWS differs from the ledger. An account that does not answer is a finding."""
    states = request_state.fold_events(inputs.history.events)
    listed: dict[AccountId, tuple[Listed, ...]] = {}

    def look(account: Account, account_id: AccountId) -> ApplyResult:
        listed[account_id] = account.roles(whole=True)
        return ApplyResult()

    named = {documents.account_id for each in inputs.history.events for documents in each.documents}
    for failure in for_each_account(context, sorted({*_accounts(inputs), *named}), look).failures:
        yield Subject(name=f"account {failure.account_id}").problem(
            "account-not-read",
            failure.message,
            "the audit role, or your own credentials, must be able to read it",
            Severity.UNCHECKED,
        )
    orphans = [each for each in inputs.history.events if each.kind is EventType.ENDED and not each.request]
    ends = overdue(inputs.gone.absences, now)
    yield from aws_comparison.problems(states, listed, orphans, ends, now, inputs.history.in_doubt)


def _accounts(inputs: AuditInputs) -> tuple[AccountId, ...]:
    """Every account that main names."""
    read = parsed_at(inputs.git, inputs.main, ACCOUNTS, inputs.documents.parse_accounts)
    return tuple((read.value or {}).values())
