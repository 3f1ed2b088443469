"""The open pull requests that ask for access, and what each waits for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jitbot.domain.access.approvals.pending_approvals import NotKnown, PendingApprovals
from jitbot.domain.access.approvals.requirement import Requirement, under
from jitbot.domain.model import owners
from jitbot.domain.model.documents import Login, Request, same_login
from jitbot.domain.model.errors import JitbotError
from jitbot.domain.model.grammar import is_request, policy_of
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.usecases.request.open_approvals import OpenApprovals
from jitbot.usecases.request.requester_client import RequesterClient

MOST = 50  # pull requests to look into: each costs a few calls


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """One open request: how long it asks for, and its approvals so far.

    `needed` is main's number only where it is not known what a decision would ask for.
    """

    request: str
    requester: Login
    accounts: tuple[str, ...]
    duration: timedelta
    number: int
    url: str
    approvals: PendingApprovals | NotKnown
    needed: int
    owners: tuple[str, ...]
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadRequest:
    """An open pull request that may ask for something, and could not be read. `request` is None where not even the path is known."""

    number: int
    url: str
    request: str | None
    approvals: NotKnown


def open_requests(
    client: RequesterClient,
    login: str | None,
    now: datetime,
    *,
    most: int = MOST,
    listed: Sequence[PullRequest] | None = None,
) -> tuple[tuple[OpenRequest | UnreadRequest, ...], int]:
    """The open requests of a login, or of everybody, newest first; and how many pull requests were left out.

    `listed` are the open pull requests, where they are known already. Raises JitbotError if GitHub does not answer. What
    is wrong with one pull request alone hides no other.
    """
    every = client.github.open_pulls() if listed is None else listed
    pulls = [pull for pull in every if login is None or same_login(login, pull.author.login)]
    approvals = OpenApprovals(client=client)
    found = (each for pull in pulls[:most] for each in _of(approvals, pull, now))
    return tuple(found), max(len(pulls) - most, 0)


def _of(approvals: OpenApprovals, pull: PullRequest, now: datetime) -> Iterator[OpenRequest | UnreadRequest]:
    """What a pull request asks for; nothing if it is about something else, or its request does not read."""
    try:
        path = _path(approvals.client, pull)
    except JitbotError as error:
        yield _unread(approvals.client, pull, None, error)
        return
    if path is not None:
        yield from read_open(approvals, pull, path, now)


def read_open(
    approvals: OpenApprovals, pull: PullRequest, path: str, now: datetime
) -> Iterator[OpenRequest | UnreadRequest]:
    """The request at this path of an open pull request, with its approvals so far; nothing if it does not read."""
    try:
        request = approvals.request(pull, path)
    except JitbotError as error:
        yield _unread(approvals.client, pull, path, error)
        return
    if request is not None:
        yield _asked(approvals, pull, request, now)


def _unread(
    client: RequesterClient, pull: PullRequest, path: str | None, error: JitbotError
) -> UnreadRequest:
    """The author of a pull request chooses its bytes and its size. If GitHub answers nothing else either, this raises."""
    client.github.tip(client.place.branch)
    return UnreadRequest(number=pull.number, url=pull.url, request=path, approvals=NotKnown(why=str(error)))


def _path(client: RequesterClient, pull: PullRequest) -> str | None:
    """The request that a pull request is about; None if it is about something else."""
    paths = client.github.files(pull.number)
    return paths[0] if len(paths) == 1 and is_request(paths[0]) else None


def _asked(approvals: OpenApprovals, pull: PullRequest, request: Request, now: datetime) -> OpenRequest:
    client = approvals.client
    rules = client.rules(policy_of(request.path))
    owned_by = owners.of(request.path, codeowners=rules.codeowners, people=client.people, teams=client.teams)
    so_far = approvals.of(pull, request.path, now)
    return OpenRequest(
        request=request.path,
        requester=request.requester,
        accounts=request.accounts,
        duration=request.duration,
        number=pull.number,
        url=pull.url,
        approvals=so_far,
        needed=_needed(so_far, under(rules, request, now)),
        owners=owned_by.names,
        asked_at=pull.created_at,
    )


def _needed(so_far: PendingApprovals | NotKnown, at_main: Requirement | None) -> int:
    if isinstance(so_far, PendingApprovals):
        return so_far.required
    return at_main.need if at_main is not None else 0
