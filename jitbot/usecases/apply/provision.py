"""Creates and extends grants: first the trust policy, then the permissions with their guards, then managed policies."""

from jitbot.domain.aws.iam import Documents
from jitbot.domain.aws.roles import Actual, Receipt, as_read, described, differences, unfinished
from jitbot.domain.enforce.changes import Extend, Provision, outcome
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.ports.cloud import Account
from jitbot.usecases.context import Context
from jitbot.usecases.read_back import attempts


def give(context: Context, account: Account, change: Provision | Extend) -> Event:
    """Make the role, or complete the role that a stopped run left behind. Never touch a role that differs."""
    documents = change.documents
    if isinstance(change, Extend):
        _rewrite(account, documents, *change.held)
    elif not account.create(documents):
        _rewrite(account, documents)
    account.write_permissions(documents)
    account.attach(documents)
    actual, receipt = _settled(context, account, documents)
    return outcome(
        change,
        EventType.GRANTED,
        at=receipt.at,
        run=context.run.url,
        window=documents.window,
        documents=(as_read(actual, documents),),
        evidence=Evidence.of(Evidence.role_id(actual.role_id), Evidence.aws_request_ids(receipt.request_ids)),
    )


def _rewrite(account: Account, documents: Documents, *held: Documents) -> None:
    """Give an existing role the approved trust policy if everything in it was written by jitbot; make it if it is gone."""
    actual, _ = account.read(documents.role_name)
    if actual is None:
        account.create(documents)
    elif not unfinished(actual, documents, *held):
        raise DeniedError(
            f"role {documents.role_name} exists and is not what was approved; nothing was changed"
        )
    elif differences(actual, documents):
        account.write_trust(documents)


def _settled(context: Context, account: Account, documents: Documents) -> tuple[Actual, Receipt]:
    """Read the role back until it is as written. A role that never reads back as written is not recorded as granted."""
    wrong = ""
    for _ in attempts(context):
        actual, receipt = account.read(documents.role_name)
        if actual is None:
            wrong = "AWS does not show it"
        elif not (wrong := described(actual, documents)):
            return actual, receipt
    raise UnavailableError(f"role {documents.role_name} does not read back as written: {wrong}")
