"""`--against-aws`: every role under jitbot's path as it is now, held against the whole ledger. Reads only."""

from collections.abc import Iterator
from datetime import datetime

from jitbot.domain import life
from jitbot.domain.audit import against
from jitbot.domain.audit.grant_checks import overdue
from jitbot.domain.audit.problems import Problem, Weight
from jitbot.domain.events import Kind
from jitbot.domain.model import AccountId, Source
from jitbot.domain.ports import Account
from jitbot.domain.roles import Listed
from jitbot.lifecycle.auditing import Books, places_of
from jitbot.lifecycle.carrying import Outcome, gathered
from jitbot.lifecycle.gathering import ACCOUNTS
from jitbot.lifecycle.world import World


def compare(world: World, books: Books, now: datetime) -> Iterator[Problem]:
    """What AWS has otherwise than the ledger says. An account that does not answer is a finding."""
    lives = life.fold(books.archive.events)
    listed: dict[AccountId, tuple[Listed, ...]] = {}

    def look(account: Account, account_id: AccountId) -> Outcome:
        listed[account_id] = account.roles(whole=True)
        return Outcome()

    named = {documents.account_id for each in books.archive.events for documents in each.documents}
    for failure in gathered(world, sorted({*_accounts(books), *named}), look).failures:
        yield Problem(
            code="account-not-read",
            weight=Weight.UNCHECKED,
            message=f"account {failure.account_id}: {failure.message}",
            hint="the audit role, or your own credentials, must be able to read it",
        )
    orphans = [each for each in books.archive.events if each.kind is Kind.ENDED and not each.request]
    ends = overdue(places_of(books), now)
    yield from against.problems(lives, listed, orphans, ends, now, books.archive.in_doubt)


def _accounts(books: Books) -> tuple[AccountId, ...]:
    """Every account that main names."""
    blob = books.repository.blobs_at([(books.main, ACCOUNTS)]).get((books.main, ACCOUNTS))
    content = dict(books.repository.contents([blob])).get(blob) if blob is not None else None
    if content is None:
        return ()
    accounts = books.documents.parse_accounts(Source(path=ACCOUNTS, content=content)).value
    return tuple(accounts.values()) if accounts is not None else ()
