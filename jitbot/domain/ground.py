"""What a decision stands on: a case whose every part parsed, or the reasons why it cannot be judged."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain import owners
from jitbot.domain.evidence import Case, ChangeKind, Merge, PullRequest
from jitbot.domain.model import Finding, Person, Policy, Request, Settings, Sha


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A case with everything parsed, as one value: what every rule of `approval` may rely on."""

    case: Case
    merge: Merge
    merged_at: datetime
    request: Request
    settings: Settings
    policy: Policy
    requester: Person
    owned_by: owners.Owners


def lay(case: Case) -> Ground | tuple[Finding, ...]:
    """The ground of a case, or all the reasons (at least one) why there is none."""
    findings = (*_plain_file(case), *_came_through_a_pull_request(case), *_readable(case), *_known(case))
    merge, request = case.merge, case.request.value if case.request else None
    settings, policy, people = case.rules.settings.value, case.rules.policy.value, case.rules.people.value
    merged_at = merge.pull_request.merged_at if merge else None
    requester = people.get(request.requester) if people is not None and request is not None else None
    if findings or not (merge and merged_at and request and settings and policy and people and requester):
        return findings or (at(case, "incomplete", "the facts of this merge are incomplete", "ask anew"),)
    teams = case.rules.teams.value or {}
    return Ground(
        case=case,
        merge=merge,
        merged_at=merged_at,
        request=request,
        settings=settings,
        policy=policy,
        requester=requester,
        owned_by=owners.of(case.change.path, codeowners=case.rules.codeowners, people=people, teams=teams),
    )


def fitting(
    listed: tuple[PullRequest, ...], *, commit: Sha, default_branch: str, repository_id: int
) -> tuple[PullRequest, ...]:
    """The pull requests whose merge into the default branch of this repository made exactly this commit."""
    return tuple(
        pull
        for pull in listed
        if pull.merged_at is not None
        and pull.merge_commit == commit
        and pull.base_branch == default_branch
        and pull.repository_id == repository_id
    )


def at(case: Case, code: str, message: str, hint: str) -> Finding:
    """A finding about the request file as a whole."""
    return Finding(code=code, message=message, file=case.change.path, hint=hint)


def _plain_file(case: Case) -> Iterator[Finding]:
    if case.change.mode != "100644":
        yield at(
            case, "not-a-plain-file", f"git mode {case.change.mode} is no plain file", "add an ordinary file"
        )
    for clash in case.clashes:
        yield at(
            case,
            "case-clash",
            f"the tree also holds {clash}, which differs only by case",
            "choose another name",
        )


def _came_through_a_pull_request(case: Case) -> Iterator[Finding]:
    settings, commit = case.rules.settings.value, case.change.commit
    fits: tuple[PullRequest, ...] = ()
    whole: tuple[PullRequest, ...] = ()
    if settings is not None:
        branch, repository_id = case.default_branch, settings.repository_id
        fits = fitting(case.listed, commit=commit, default_branch=branch, repository_id=repository_id)
        asked = () if case.merge is None else (case.merge.pull_request,)
        whole = fitting(asked, commit=commit, default_branch=branch, repository_id=repository_id)
    if not case.listed:
        message = f"{commit[:10]} came to {case.default_branch} without a pull request"
        yield at(case, "no-pull-request", message, "ask through a pull request: `jitbot request --again`")
    elif not fits:
        message = f"{commit[:10]} is not the commit that merged a pull request into {case.default_branch}"
        hint = "merge with a merge commit or a squash: a rebase of several commits cannot be checked"
        yield at(case, "not-its-merge", message, hint)
    elif len(fits) > 1 or case.merge is None or case.merge.pull_request.number != fits[0].number or not whole:
        message = f"GitHub names more than one pull request for {commit[:10]}"
        yield at(case, "ambiguous-merge", message, "ask anew, in a pull request of its own")


def _readable(case: Case) -> Iterator[Finding]:
    rules = case.rules
    for part in (case.request, rules.settings, rules.accounts, rules.people, rules.teams, rules.policy):
        if part is not None:
            yield from part.findings
    if case.change.kind is ChangeKind.DELETED or case.request is None:
        yield at(case, "deleted", "the file was deleted", "a deletion ends access; it asks for nothing")


def _known(case: Case) -> Iterator[Finding]:
    request, people = case.request.value if case.request else None, case.rules.people.value
    if request is not None and people is not None and request.requester not in people:
        message = f"{request.requester} is not in policies/people.yaml"
        hint = "an admin adds people there, with their GitHub id and AWS principal"
        yield at(case, "unknown-person", message, hint)
