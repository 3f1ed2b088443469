"""Whether a person is stopped, or has or waits for the same already: said before a pull request is opened.

It decides nothing. The ledger is read through the API and is not verified, and what GitHub does not answer is left out.
"""

from collections.abc import Iterator
from datetime import datetime

from jitbot.commands.request.resolve_request import LedgerAnswer, ask_ledger
from jitbot.domain.access.request_state import ApprovedTerm
from jitbot.domain.ledger.stops import stops_of
from jitbot.domain.model.documents import Request, same_login
from jitbot.domain.model.errors import JitbotError
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.text import timestamp
from jitbot.usecases.ledger.remote_ledger import UnverifiedLedger
from jitbot.usecases.request.open_requests import OpenRequest, open_requests
from jitbot.usecases.request.requester_client import RequesterClient

_MOST = 10  # own open pull requests that are looked into


def asked_already(client: RequesterClient, request: Request, now: datetime) -> tuple[str, ...]:
    """A sentence for each stop of the person or the policy, each grant that runs and each request that waits."""
    answer = ask_ledger(UnverifiedLedger(client.github), now)
    return (
        *_stopped(client, answer, request, now),
        *_granted(answer, request, now),
        *_waiting(client, request, now),
    )


def _stopped(client: RequesterClient, answer: LedgerAnswer, request: Request, now: datetime) -> Iterator[str]:
    for stop in stops_of(answer.events):
        if stop.holds(now) and stop.subject.includes(request.path, client.person.github_id):
            yield f"the ledger records, unverified: {stop.in_words}; while it holds, this is refused"


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
