"""Whether a person asks for what they have, or wait for, already: said before a second pull request is opened.

It decides nothing. The ledger is read through the API and is not verified, and what GitHub does not answer is left out.
"""

from collections.abc import Iterator
from datetime import datetime

from jitbot.commands.request.resolve_request import LedgerAnswer, ask_ledger
from jitbot.domain.access.request_state import ApprovedTerm
from jitbot.domain.model.documents import Request, same_login
from jitbot.domain.model.errors import JitbotError
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.text import timestamp
from jitbot.usecases.ledger.remote_ledger import UnverifiedLedger
from jitbot.usecases.request.open_requests import OpenRequest, open_requests
from jitbot.usecases.request.requester_client import RequesterClient

_MOST = 10  # own open pull requests that are looked into


def asked_already(client: RequesterClient, request: Request, now: datetime) -> tuple[str, ...]:
    """A sentence for each grant that runs, and each request that waits, of the same person for the same."""
    answer = ask_ledger(UnverifiedLedger(client.github), now)
    return (*_granted(answer, request, now), *_waiting(client, request, now))


def _granted(answer: LedgerAnswer, request: Request, now: datetime) -> Iterator[str]:
    for path, state in answer.states.items():
        term = state.current
        if term is None or state.ended_early or now >= term.window.expires_at or not _same(term, request):
            continue
        until = timestamp.show(term.window.expires_at)
        yield f"you have this already until {until}, as the ledger records; for more time: jitbot extend {path}"


def _same(term: ApprovedTerm, request: Request) -> bool:
    ask = term.ask
    return (
        same_login(ask.requester, request.requester)
        and ask.policy == policy_of(request.path)
        and set(ask.accounts or ()) >= set(request.accounts)
        and dict(ask.parameters or {}) == dict(request.parameters)
    )


def _waiting(client: RequesterClient, request: Request, now: datetime) -> Iterator[str]:
    try:
        found, _ = open_requests(client, request.requester, now, most=_MOST)
    except JitbotError:
        return
    for each in found:
        if not isinstance(each, OpenRequest) or policy_of(each.request) != policy_of(request.path):
            continue
        if set(each.accounts) & set(request.accounts):
            yield f"a request of yours under this policy waits already: {each.url}"
