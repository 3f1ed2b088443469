"""Puts a proposal before its approvers: one commit, one branch, one pull request, and auto-merge where it is safe.

The branch appears with its commit, so there is one thing to take back. After every write that failed, GitHub is
asked whether it took effect all the same: a time-out is no answer.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from jitbot.domain import asking
from jitbot.domain.asking import CHECK, Proposal
from jitbot.domain.errors import DeniedError, InvalidError, JitbotError, UnavailableError
from jitbot.domain.model import Sha
from jitbot.domain.ports import MergeRules, PersonalForge, Pull
from jitbot.lifecycle.desk import Desk

T = TypeVar("T")

_NAMES = 9  # to try before one gives up


def open_pull(desk: Desk, proposal: Proposal) -> Pull:
    """Open the pull request. Whatever stops this, Ctrl-C too, leaves no branch behind, or says which.

    Raises DeniedError or UnavailableError, with what was done, if there is no pull request in the end.
    """
    commit = desk.personal.commit(desk.place.tip, proposal.request, proposal.content, proposal.message)
    _branch(desk.personal, proposal.branch, commit)
    try:
        return _pull(desk, proposal, commit)
    except BaseException:
        _take_back(desk.personal, proposal.branch, commit)
        raise


def free_path(desk: Desk, policy: str, reason: str, now: datetime) -> str:
    """A path for a new request that main has never known, and that nobody asks for on a branch."""
    name = asking.slug(reason)
    for number in range(1, _NAMES + 1):
        path = asking.path(policy, desk.person.login, now, asking.numbered(name, number))
        if desk.personal.branch(asking.branch(path)) is None and not desk.personal.was_used(
            desk.place.branch, path
        ):
            return path
    raise InvalidError(f"{_NAMES} requests of today are called {name!r} already; give another reason")


def free_branch(desk: Desk, proposal: Proposal) -> Proposal:
    """The proposal, under the first name for its branch that is not taken."""
    names = (f"{proposal.branch}{f'-{number}' if number > 1 else ''}" for number in range(1, _NAMES + 1))
    for name in names:
        if desk.personal.branch(name) is None:
            return replace(proposal, branch=name)
    raise InvalidError(f"the branch {proposal.branch} exists already; delete it, or have it merged")


def _branch(personal: PersonalForge, name: str, commit: Sha) -> None:
    """Make the branch for the commit. One of that name that is not ours is left alone, and is an error."""
    try:
        personal.create_branch(name, commit)
    except JitbotError:
        there = _ask(
            partial(personal.branch, name),
            f"the branch {name}; if it is there: git push origin --delete {name}",
        )
        if there is None:
            raise
        if there != commit:
            raise DeniedError(f"somebody made a branch {name} just now; run this again") from None
    except BaseException:
        _take_back(personal, name, commit)
        raise


def _pull(desk: Desk, proposal: Proposal, commit: Sha) -> Pull:
    try:
        return desk.personal.open_pull(proposal.branch, desk.place.branch, proposal.title, proposal.body)
    except JitbotError:
        listed = _ask(partial(desk.personal.open_pulls, proposal.branch), "the pull request")
        for pull in listed:
            if pull.head == commit and pull.author.github_id == desk.place.actor.github_id:
                return pull
        raise


def _ask(question: Callable[[], T], what: str) -> T:
    """Ask after a write that failed. Raises UnavailableError if that cannot be told either."""
    try:
        return question()
    except JitbotError as error:
        raise UnavailableError(f"{error}; nor does it say whether it made {what}") from error


def _take_back(personal: PersonalForge, name: str, commit: Sha) -> None:
    """Delete our branch; a pull request from it is closed by that. Raises UnavailableError if it may still be there."""
    try:
        if personal.branch(name) == commit:
            personal.delete_branch(name)
    except JitbotError as error:
        raise UnavailableError(
            f"no pull request was opened, and the branch {name} may be left behind ({error}); "
            f"delete it with: git push origin --delete {name}"
        ) from error


def merge_when_approved(desk: Desk, pull: Pull, approvals: int) -> tuple[str, str]:
    """Turn auto-merge on, if main's rules wait for what the policy asks; gives the method, or why it is off."""
    place = desk.place
    if not place.auto_merge or not place.methods:
        return "", "the repository does not allow it"
    try:
        if why := too_early(desk.personal.merge_rules(place.branch), approvals):
            return "", why
        desk.personal.merge_when_ready(pull, place.methods[0])
    except JitbotError as error:
        return "", str(error)
    return place.methods[0], ""


def too_early(rules: MergeRules, approvals: int) -> str:
    """Why GitHub might merge before enough approvals count, which refuses the request for good; empty if it cannot."""
    if CHECK in rules.checks:
        return ""
    if approvals <= 1 and rules.code_owners and rules.approvals >= approvals:
        return ""
    return (
        f"it takes {approvals} of the owners' approvals, and main's rules do not wait for that "
        f"({CHECK} is no required check)"
    )
