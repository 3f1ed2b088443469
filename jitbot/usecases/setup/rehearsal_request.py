"""The request of a rehearsal: found again by its pull request, or asked for. It is an ordinary one in every respect."""

from collections.abc import Callable
from datetime import datetime, timedelta

from jitbot.domain.aws.rehearsal import POLICY, READ, is_rehearsal
from jitbot.domain.model.documents import Policy, Request, Source, same_login
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.grammar import is_request, policy_of
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.domain.request import new_request
from jitbot.domain.text import duration
from jitbot.domain.views.grant_preview import GrantPreview
from jitbot.usecases.request.open_pull_request import free_path, merge_when_approved, open_pull
from jitbot.usecases.request.requester_client import RequesterClient, ensure_may_push

REASON = "rehearsal by jitbot doctor"
_YOUNG = timedelta(days=2)  # an older rehearsal is not gone on with: its second of the end is long over


class NoPolicyError(InvalidError):
    """main has no policy for rehearsals. The command shows the one to add."""


def former(client: RequesterClient, now: datetime) -> tuple[str, PullRequest] | None:
    """The person's newest rehearsal of the last two days, with its request; None if there is none."""
    start = new_request.branch(f"requests/{POLICY}/2000-01/x.yaml").rpartition("/")[0]
    login = client.place.actor.login
    for pull in client.github.created_pulls(now - _YOUNG, now + timedelta(hours=1)):
        if pull.head_branch.startswith(f"{start}/") and same_login(pull.author.login, login):
            paths = client.github.files(pull.number)
            if len(paths) == 1 and is_request(paths[0]) and policy_of(paths[0]) == POLICY:
                return paths[0], pull
    return None


def ask(
    client: RequesterClient, account: str | None, now: datetime, say: Callable[[str], None]
) -> tuple[str, PullRequest]:
    """Open the pull request of a new rehearsal. Raises InvalidError, with what to do, where nothing was asked for."""
    policy = _policy(client)
    request = Request(
        path=free_path(client, POLICY, REASON, now),
        requester=client.person.login,
        accounts=(_account(policy, account),),
        duration=duration.MINIMUM,
        reason=REASON,
        parameters={},
    )
    source = Source(path=request.path, content=new_request.text(request).encode())
    preview = client.verdict(source, now)
    for finding in preview.findings:
        raise InvalidError(f"{finding.in_words}; {finding.hint}")
    if preview.grant_preview is None:
        raise InvalidError("the rules of main do not read: `jitbot check` says where and why")
    _must_be_harmless(preview.grant_preview)
    ensure_may_push(client)
    say(preview.grant_preview.in_words())
    say(f"it may do nothing but {READ}, and needs {preview.grant_preview.who_approves()}")
    pull = open_pull(client, new_request.ask(preview.grant_preview, source.content))
    method, why = merge_when_approved(client, pull, preview.grant_preview.requirement)
    say(
        "auto-merge is on: GitHub merges it once it is approved"
        if method
        else f"auto-merge is off ({why}): press Merge once it is approved"
    )
    return request.path, pull


def _policy(client: RequesterClient) -> Policy:
    """The policy of rehearsals. Raises NoPolicyError if there is none, InvalidError if the person may not use it."""
    if POLICY not in {each.name for each in client.policies}:
        raise NoPolicyError(f"main has no policy {POLICY} that reads, and a rehearsal asks under it")
    found = next((each for each in client.usable() if each.name == POLICY), None)
    if found is None:
        raise InvalidError(
            f"{client.person.login} may not ask under the policy {POLICY}: add the login to `eligible` there"
        )
    if found.approvals < 1:
        raise InvalidError(
            f"{found.path}: a rehearsal is approved by a second person before the access: write `approvals: 1`"
        )
    return found


def _account(policy: Policy, wanted: str | None) -> str:
    if wanted is None and len(policy.accounts) > 1:
        names = ", ".join(policy.accounts)
        raise InvalidError(f"say in which account: --account {policy.accounts[0]} (or one of {names})")
    if wanted is not None and wanted not in policy.accounts:
        raise InvalidError(f"{policy.path} is not for the account {wanted}; add it to `accounts` there")
    return wanted or policy.accounts[0]


def _must_be_harmless(preview: GrantPreview) -> None:
    """Raise InvalidError for a policy by which more than a rehearsal would be granted."""
    if not is_rehearsal(preview.policy.name, preview.grants):
        raise InvalidError(
            f"{preview.policy.path} gives more, or other, than a rehearsal may: write one statement with "
            f'`actions: ["{READ}"]` and `resources: ["*"]`, and no managed policy'
        )
