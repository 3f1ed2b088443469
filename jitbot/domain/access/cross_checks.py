"""Do the documents agree with each other, and can a request be approved at all? For `check`, before it matters."""

from collections.abc import Iterator

from jitbot.domain.access import break_glass, eligibility
from jitbot.domain.access.pending_approvals import could_approve
from jitbot.domain.model import owners
from jitbot.domain.model.codeowners import CodeOwners
from jitbot.domain.model.documents import Accounts, Finding, People, Policy, Position, Request, Teams


def policy_findings(
    policy: Policy, *, accounts: Accounts, people: People, teams: Teams
) -> tuple[Finding, ...]:
    """What a policy names that no other file knows."""
    return (
        *_unknown_accounts(policy, accounts),
        *_unknown_people(policy, "eligible", policy.eligible, people, teams),
        *_unknown_people(policy, "reviewers", policy.reviewers, people, teams),
        *_own_reviewer(policy, people, teams),
    )


def break_glass_findings(policy: Policy, codeowners: CodeOwners | None) -> tuple[Finding, ...]:
    """Why CODEOWNERS does not let a policy give access before anybody approves; empty if it need not, or does."""
    if not break_glass.is_break_glass(policy):
        return ()
    return break_glass.line_findings(f"requests/{policy.name}/2026-01/01-somebody-anything.yaml", codeowners)


def teams_findings(teams: Teams, people: People, *, file: str) -> tuple[Finding, ...]:
    """Members of teams.yaml that people.yaml does not know: they can neither ask nor approve."""
    return tuple(
        Finding(
            code="unknown-person",
            message=f"{login}, of {team}, is not in policies/people.yaml",
            file=file,
            hint="add the person there with their GitHub id, or take the login out",
        )
        for team, logins in teams.items()
        for login in logins
        if login not in people
    )


def approvable(
    request: Request, policy: Policy, *, codeowners: CodeOwners | None, people: People, teams: Teams
) -> tuple[Finding, ...]:
    """Why too few people can approve a request; empty if enough can."""
    if break_glass.is_break_glass(policy):
        return tuple(_reviewable(request, policy, codeowners, people, teams))
    owned_by = owners.of(request.path, codeowners=codeowners, people=people, teams=teams)
    if owned_by.findings:
        return owned_by.findings
    able = [person.login for person in could_approve(owned_by, people.get(request.requester))]
    if len(able) >= policy.approvals:
        return ()
    who = ", ".join(able) or "nobody"
    message = f"{policy.name} needs {policy.approvals} approvals, and only {who} can give one to {request.requester}"
    hint = "an admin adds approvers to CODEOWNERS and teams.yaml"
    return (Finding(code="nobody-can-approve", message=message, file=request.path, hint=hint),)


def _unknown_accounts(policy: Policy, accounts: Accounts) -> Iterator[Finding]:
    for index, alias in enumerate(policy.accounts):
        if alias not in accounts:
            hint = "add it there, or take it out here"
            yield _at(
                policy,
                f"accounts.{index}",
                "unknown-account",
                f"{alias} is not in policies/accounts.yaml",
                hint,
            )


def _reviewable(
    request: Request, policy: Policy, codeowners: CodeOwners | None, people: People, teams: Teams
) -> Iterator[Finding]:
    yield from break_glass.line_findings(request.path, codeowners)
    requester, named = people.get(request.requester), break_glass.reviewers_of(policy, people, teams)
    if requester is not None and not break_glass.others(named, requester):
        yield break_glass.nobody_reviews(policy, request.requester, request.path)


def _own_reviewer(policy: Policy, people: People, teams: Teams) -> Iterator[Finding]:
    """Somebody who may ask, and of whom every reviewer would be the same human."""
    named = break_glass.reviewers_of(policy, people, teams)
    for person in people.values():
        alone = named and not break_glass.others(named, person)
        if alone and eligibility.is_eligible(person.login, policy.eligible, teams):
            message = f"{person.login} may ask, and nobody else could review it"
            yield _at(policy, "reviewers", "no-reviewer", message, "name a second reviewer")


def _unknown_people(
    policy: Policy, field: str, entries: tuple[str, ...], people: People, teams: Teams
) -> Iterator[Finding]:
    known = {f"@{team}".casefold() for team in teams}
    means = "it makes nobody eligible" if field == "eligible" else "nobody reviews for it"
    for index, entry in enumerate(entries):
        if entry.startswith("@") and entry.casefold() not in known:
            message = f"{entry} is not in policies/teams.yaml, so {means}"
            yield _at(policy, f"{field}.{index}", "unknown-team", message, "add the team there")
        if not entry.startswith("@") and entry not in people:
            message = f"{entry} is not in policies/people.yaml"
            yield _at(policy, f"{field}.{index}", "unknown-person", message, "add the person there")


def _at(policy: Policy, field: str, code: str, message: str, hint: str) -> Finding:
    place = policy.where.get(field, policy.where.get(field.partition(".")[0], Position(line=0, column=0)))
    file = f"policies/access/{policy.name}.yaml"
    return Finding(code=code, message=message, file=file, line=place.line, column=place.column, hint=hint)
