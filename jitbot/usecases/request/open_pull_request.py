"""Puts a proposal before its approvers: one branch, one commit, one pull request, and auto-merge where it is safe.

The commit is made on the branch by `createCommitOnBranch`: GitHub signs it, so that it is accepted where signed
commits are required. It does not sign what a person's token commits by REST:
https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification
After every write that failed, GitHub is asked whether it took effect: a time-out is not an answer.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from jitbot.domain.access.approvals.requirement import Requirement
from jitbot.domain.access_review.review_proposal import ReviewProposal
from jitbot.domain.imports.plan import ImportProposal
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import DeniedError, InvalidError, JitbotError, UnavailableError
from jitbot.domain.model.github_objects import BranchRules
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.domain.request import new_request
from jitbot.domain.request.new_request import APPROVAL, NewRequest
from jitbot.usecases.request.requester_client import RequesterClient

T = TypeVar("T")


class BranchProposal(Protocol):
    """What is put before its approvers: the files of one commit, its branch, and the text of the pull request."""

    @property
    def files(self) -> Mapping[str, bytes]:
        """What the commit adds, or changes."""
        ...

    @property
    def branch(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def message(self) -> str: ...


P = TypeVar("P", NewRequest, ImportProposal, ReviewProposal)

_NAMES = 9  # to try of one kind
_BRANCHES = 99  # of one extension: those that nobody deleted


def open_pull(client: RequesterClient, proposal: BranchProposal) -> PullRequest:
    """Open the pull request. Whatever stops this, Ctrl-C too, leaves no branch behind, or says which.

    Raises DeniedError or UnavailableError, with what was done, if there is no pull request in the end.
    """
    _branch(client, proposal)
    try:
        return _pull(client, proposal, _commit(client, proposal))
    except BaseException:
        _take_back(client, proposal)
        raise


def free_path(
    client: RequesterClient, policy: str, reason: str, now: datetime, others: Iterable[str] = ()
) -> str:
    """A path for a new request that main has never known, and that nobody asks for on a branch.

    It is named by the reason, or by the `others`. Where the first few of a name are taken, the second of the day
    makes it one that is not.
    """
    name = new_request.name(reason, others, now)
    numbers = range(1, _NAMES + 1)
    names = (new_request.numbered(name, number) for number in numbers)
    timed = (new_request.numbered(f"at-{now:%H%M%S}", number) for number in numbers)
    for each in (*names, *timed):
        path = new_request.path(policy, client.person.login, now, each)
        if client.github.tip(new_request.branch(path)) is None and not client.github.was_used(
            client.place.branch, path
        ):
            return path
    raise InvalidError(f"the requests of this second have every name that {name!r} gives; run this again")


def free_branch(client: RequesterClient, proposal: P) -> P:
    """The proposal, under the first name for its branch that is not taken."""
    names = (f"{proposal.branch}{f'-{number}' if number > 1 else ''}" for number in range(1, _BRANCHES + 1))
    for name in names:
        if client.github.tip(name) is None:
            return replace(proposal, branch=name)
    raise InvalidError(f"the branch {proposal.branch} exists already; delete it, or have it merged")


def _branch(client: RequesterClient, proposal: BranchProposal) -> None:
    """Make the branch at main's tip. An existing one that holds nothing else is taken; any other stays, and is an error."""
    name, tip = proposal.branch, client.place.tip
    try:
        client.github_write.create_branch(name, tip)
    except JitbotError:
        there = _ask(
            partial(client.github.tip, name),
            f"the branch {name}; if it is there: git push origin --delete {name}",
        )
        if there is None:
            raise
        if there != tip:
            raise DeniedError(f"somebody made a branch {name} just now; run this again") from None
    except BaseException:
        _take_back(client, proposal)
        raise


def _commit(client: RequesterClient, proposal: BranchProposal) -> Sha:
    """Commit the files, on exactly main's tip. GitHub signs such a commit, also for a person's token."""
    name = proposal.branch
    try:
        return client.github_write.commit_on_branch(name, client.place.tip, proposal.message, proposal.files)
    except JitbotError as error:
        there = _ask(partial(client.github.tip, name), f"the commit on the branch {name}")
        if there is None or there == client.place.tip:
            raise
        if not _ask(partial(_holds, client, proposal, there), f"the commit on the branch {name}"):
            raise DeniedError(f"somebody pushed to the branch {name} just now; run this again") from error
        return there


def _holds(client: RequesterClient, proposal: BranchProposal, commit: Sha) -> bool:
    """Whether a commit is the proposal's: on main's tip, with its files."""
    if client.github.first_parent(commit) != client.place.tip:
        return False
    folders = client.github.folders(commit, {path.rpartition("/")[0] for path in proposal.files})
    there = {(each.path, each.blob) for entries in folders.values() for each in entries}
    return there >= {(path, blob_name(content)) for path, content in proposal.files.items()}


def _pull(client: RequesterClient, proposal: BranchProposal, commit: Sha) -> PullRequest:
    try:
        return client.github_write.open_pull(
            proposal.branch, client.place.branch, proposal.title, proposal.body
        )
    except JitbotError:
        listed = _ask(partial(client.github.open_pulls, proposal.branch), "the pull request")
        for pull in listed:
            if pull.head == commit and pull.author.github_id == client.place.actor.github_id:
                return pull
        raise


def _ask(question: Callable[[], T], what: str) -> T:
    """Ask GitHub whether a failed write took effect. Raises UnavailableError if that cannot be read either."""
    try:
        return question()
    except JitbotError as error:
        raise UnavailableError(f"{error}; nor does it say whether it made {what}") from error


def _take_back(client: RequesterClient, proposal: BranchProposal) -> None:
    """Delete our branch; a pull request from it is closed by that. Raises UnavailableError if it may still be there."""
    name = proposal.branch
    try:
        there = client.github.tip(name)
        if there is not None and (there == client.place.tip or _holds(client, proposal, there)):
            client.github_write.delete_branch(name)
    except JitbotError as error:
        raise UnavailableError(
            f"no pull request was opened, and the branch {name} may be left behind ({error}); "
            f"delete it with: git push origin --delete {name}"
        ) from error


def merge_when_approved(
    client: RequesterClient, pull: PullRequest, requirement: Requirement
) -> tuple[str, str]:
    """Turn auto-merge on, if main's rules wait for what the policy asks; gives the method, or why it is off."""
    place = client.place
    if not place.auto_merge or not place.methods:
        return "", "the repository does not allow it"
    try:
        if why := too_early(client.github.rules(place.branch), requirement):
            return "", why
        client.github_write.merge_when_ready(pull, place.methods[0])
    except JitbotError as error:
        return "", str(error)
    return place.methods[0], ""


def too_early(rules: BranchRules, requirement: Requirement) -> str:
    """Why GitHub might merge before enough approvals count, which refuses the request for good; empty if it cannot."""
    if APPROVAL in rules.checks:
        return ""
    if requirement.any_owner_will_do and rules.code_owners and rules.approvals >= requirement.need:
        return ""
    named = "".join(f", 1 of {team.name}" for team in requirement.teams)
    return (
        f"it takes {requirement.need} of the owners' approvals{named}, and main's rules do not wait for that "
        f"({APPROVAL} is no required check)"
    )
