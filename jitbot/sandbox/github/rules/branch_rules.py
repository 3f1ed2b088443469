"""The rules of a branch: who may move it how, and what a pull request still lacks."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from jitbot.sandbox.github.records import Pull, PullRequestRule, Review, Ruleset, User
from jitbot.sandbox.github.rules import owners
from jitbot.sandbox.github.site import HostedRepository, Site

_OPINIONS = {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}

VIOLATION = "Repository rule violations found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one account may not do to one branch."""

    pull_request: bool = False
    force_push: bool = False
    deletion: bool = False


def limits(site: Site, user: User, branch: str) -> Limits:
    """The rules of `branch` that hold for `user`: none without a ruleset, or for an admin who may bypass it."""
    ruleset = site.rules.get(branch)
    if ruleset is None or _bypasses(ruleset, user):
        return Limits()
    return Limits(
        pull_request=ruleset.pull_request is not None,
        force_push=ruleset.block_force_push,
        deletion=ruleset.block_deletion,
    )


def violation(
    site: Site, repository: HostedRepository, user: User, branch: str, old: str | None, new: str | None
) -> str | None:
    """Why this move of a branch outside a pull request is refused, in GitHub's words; None if it is allowed."""
    held = limits(site, user, branch)
    reason = None
    if new is None:
        kept = held.deletion or branch == repository.default_branch
        reason = "Cannot delete this branch" if kept else None
    elif held.pull_request:
        reason = "Changes must be made through a pull request."
    elif held.force_push and old and not repository.store.is_ancestor(old, new):
        reason = "Cannot force-push to this branch"
    return f"{VIOLATION}\n\n{reason}\n\n" if reason else None


def lacking(site: Site, repository: HostedRepository, pull: Pull, merger: User) -> list[str]:
    """What the rules still ask of a pull request before `merger` may merge it; empty if nothing."""
    ruleset = site.rules.get(pull.base_ref)
    if ruleset is None or _bypasses(ruleset, merger):
        return []
    reasons = [
        f'Required status check "{context}" is expected.'
        for context in ruleset.required_checks
        if state_of(repository, pull.head_sha, context) != "success"
    ]
    if ruleset.pull_request is not None:
        reasons += _review_reasons(site, repository, pull, ruleset.pull_request)
    return reasons


def state_of(repository: HostedRepository, sha: str, context: str) -> str | None:
    """The newest state of one status context."""
    states = [
        status.state for status in repository.statuses if (status.sha, status.context) == (sha, context)
    ]
    return states[-1] if states else None


def _review_reasons(site: Site, repository: HostedRepository, pull: Pull, rule: PullRequestRule) -> list[str]:
    opinions = _opinions(site, repository.reviews_of(pull))
    approvers = {login for login, review in opinions.items() if review.state == "APPROVED"}
    count = rule.required_approving_review_count
    reasons = []
    if any(review.state == "CHANGES_REQUESTED" for review in opinions.values()):
        reasons.append("Changes have been requested.")
    if len(approvers) < count:
        noun = "review is" if count == 1 else "reviews are"
        reasons.append(f"At least {count} approving {noun} required by reviewers with write access.")
    if rule.require_code_owner_review and count:  # with 0, others measured a merge without any approval
        reasons += _owner_reasons(site, repository, pull, approvers)
    if rule.require_last_push_approval and approvers == {pull.last_pusher.login.casefold()}:
        reasons.append("New changes require approval from someone other than the last pusher.")
    return reasons


def _opinions(site: Site, reviews: Iterable[Review]) -> dict[str, Review]:
    """The latest opinion of everyone who may write; an author can have none of their own pull request."""
    latest = {}
    for review in reviews:
        login = review.author.login.casefold()
        if review.state in _OPINIONS and site.user(login).may_write:
            latest[login] = review
    return latest


def _owner_reasons(site: Site, repository: HostedRepository, pull: Pull, approvers: set[str]) -> list[str]:
    _, lines = owners.read(repository, repository.tip(pull.base_ref))
    waiting = []
    for path in repository.changed_paths(pull):
        named = owners.owners_of(lines, path)
        able = {login for owner in named for login in owners.logins(site, owner)}
        if able and not able & approvers:
            waiting.append(f"Waiting on code owner review from {' and/or '.join(named)}.".replace("@", ""))
    return list(dict.fromkeys(waiting))


def _bypasses(ruleset: Ruleset, user: User) -> bool:
    return ruleset.admins_bypass and user.permission == "admin"


def as_listed(ruleset: Ruleset, source: str) -> list[dict[str, object]]:
    """The rules as `rules/branches/{branch}` lists them."""
    listed: list[dict[str, object]] = []
    if ruleset.block_deletion:
        listed.append({"type": "deletion"})
    if ruleset.block_force_push:
        listed.append({"type": "non_fast_forward"})
    if ruleset.pull_request is not None:
        parameters = asdict(ruleset.pull_request)
        parameters["allowed_merge_methods"] = list(ruleset.pull_request.allowed_merge_methods)
        parameters["required_reviewers"] = list(ruleset.pull_request.required_reviewers)
        parameters["required_review_thread_resolution"] = False
        listed.append({"type": "pull_request", "parameters": parameters})
    if ruleset.required_checks:
        checks = [{"context": context} for context in ruleset.required_checks]
        parameters = {
            "required_status_checks": checks,
            "strict_required_status_checks_policy": ruleset.strict_checks,
        }
        listed.append({"type": "required_status_checks", "parameters": parameters})
    origin = {"ruleset_source_type": "Repository", "ruleset_source": source, "ruleset_id": ruleset.id}
    return [rule | origin for rule in listed]
