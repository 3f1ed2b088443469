"""The open pull requests that ask for access, and what each waits for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from jitbot.domain import owners
from jitbot.domain.model import Login
from jitbot.domain.pending_approvals import NotKnown, PendingApprovals
from jitbot.domain.ports import Pull
from jitbot.domain.vocabulary import is_request
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


def open_requests(
    desk: Desk, login: str | None, now: datetime, *, most: int = MOST
) -> tuple[tuple[Asked, ...], int]:
    """The open requests of a login, or of everybody, newest first; and how many pull requests were left out."""
    pulls = [pull for pull in desk.personal.open_pulls() if login in (None, pull.author.login)]
    approvals = OpenApprovals(desk=desk)
    found = (each for pull in pulls[:most] for each in _of(approvals, pull, now))
    return tuple(found), max(len(pulls) - most, 0)


def _of(approvals: OpenApprovals, pull: Pull, now: datetime) -> Iterator[Asked]:
    """What a pull request asks for; nothing if it is about something else, or its request does not read."""
    desk = approvals.desk
    paths = desk.forge.files(pull.number)
    if len(paths) != 1 or not is_request(paths[0]):
        return
    request = approvals.request(pull, paths[0])
    if request is None:
        return
    rules = desk.rules(request.path.split("/")[1])
    owned_by = owners.of(request.path, codeowners=rules.codeowners, people=desk.people, teams=desk.teams)
    stand, policy = approvals.of(pull, request.path, now), rules.policy.value
    asked = policy.approvals if policy is not None else 0
    yield Asked(
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
