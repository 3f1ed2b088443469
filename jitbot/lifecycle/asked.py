"""The open pull requests that ask for access, and what each waits for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from jitbot.domain import owners
from jitbot.domain.errors import JitbotError
from jitbot.domain.model import Login, Request
from jitbot.domain.pending_approvals import NotKnown, PendingApprovals
from jitbot.domain.ports import Pull
from jitbot.domain.vocabulary import is_request, policy_of
from jitbot.lifecycle.desk import Desk
from jitbot.lifecycle.open_approvals import OpenApprovals

MOST = 50  # pull requests to look into: each costs a few calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One open request: how long it asks for, and how its approvals stand.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """An open pull request that may ask for something, and could not be read. `request` is None where not even the path is known."""

    number: int
    url: str
    request: str | None
    approvals: NotKnown


def open_requests(
    desk: Desk, login: str | None, now: datetime, *, most: int = MOST
) -> tuple[tuple[Asked | Unread, ...], int]:
    """The open requests of a login, or of everybody, newest first; and how many pull requests were left out.

    Raises JitbotError if GitHub does not answer. What is wrong with one pull request alone hides no other.
    """
    pulls = [pull for pull in desk.personal.open_pulls() if login in (None, pull.author.login)]
    approvals = OpenApprovals(desk=desk)
    found = (each for pull in pulls[:most] for each in _of(approvals, pull, now))
    return tuple(found), max(len(pulls) - most, 0)


def _of(approvals: OpenApprovals, pull: Pull, now: datetime) -> Iterator[Asked | Unread]:
    """What a pull request asks for; nothing if it is about something else, or its request does not read."""
    desk = approvals.desk
    path: str | None = None
    try:
        path = _path(desk, pull)
        request = approvals.request(pull, path) if path is not None else None
    except JitbotError as error:
        # Whoever may open a pull request chooses its bytes and its size. If GitHub answers nothing else either,
        # it is not this one, and this raises.
        desk.personal.branch(desk.place.branch)
        yield Unread(number=pull.number, url=pull.url, request=path, approvals=NotKnown(why=str(error)))
        return
    if request is not None:
        yield _asked(approvals, pull, request, now)


def _path(desk: Desk, pull: Pull) -> str | None:
    """The request that a pull request is about; None if it is about something else."""
    paths = desk.forge.files(pull.number)
    return paths[0] if len(paths) == 1 and is_request(paths[0]) else None


def _asked(approvals: OpenApprovals, pull: Pull, request: Request, now: datetime) -> Asked:
    desk = approvals.desk
    rules = desk.rules(policy_of(request.path))
    owned_by = owners.of(request.path, codeowners=rules.codeowners, people=desk.people, teams=desk.teams)
    stand, policy = approvals.of(pull, request.path, now), rules.policy.value
    asked = policy.approvals if policy is not None else 0
    return Asked(
        request=request.path,
        requester=request.requester,
        accounts=request.accounts,
        duration=request.duration,
        number=pull.number,
        url=pull.url,
        approvals=stand,
        needed=stand.required if isinstance(stand, PendingApprovals) else asked,
        owners=owned_by.names,
    )
