"""Do the documents agree with each other? For `check`, before it matters."""

from collections.abc import Iterator
from datetime import datetime

from jitbot.domain.access import break_glass
from jitbot.domain.access.eligibility import eligible_logins
from jitbot.domain.model.account_groups import ACCOUNT_GROUPS, AccountGroups, is_group
from jitbot.domain.model.codeowners import CodeOwners
from jitbot.domain.model.documents import (
    Accounts,
    Finding,
    Located,
    Login,
    People,
    Policy,
    Problem,
    Teams,
)
from jitbot.domain.model.grammar import any_request
from jitbot.domain.model.parsed_case import unknown_person
from jitbot.domain.model.roster import Membership, Roster
from jitbot.domain.text import timestamp


def policy_findings(policy: Policy, *, people: People, teams: Teams) -> tuple[Finding, ...]:
    """The people and teams that a policy names and no other file knows, and those who could not do their part."""
    return (
        *_unknown_people(policy, "eligible", policy.eligible, people, teams),
        *_unable_to_ask(policy, people, teams),
        *_unknown_people(policy, "reviewers", policy.reviewers, people, teams),
        *_own_reviewer(policy, people, teams),
    )


def account_findings(policy: Policy, accounts: Accounts, groups: AccountGroups) -> tuple[Finding, ...]:
    """The accounts and the groups of accounts that a policy names and no other file knows."""
    return tuple(_unknown_accounts(policy, accounts, groups))


def group_findings(groups: AccountGroups, accounts: Accounts) -> tuple[Finding, ...]:
    """The members of account groups that accounts.yaml does not know."""
    return tuple(
        Finding.at(groups, f"{group}.{index}", *_unknown_account(f"{alias}, of the group {group},"))
        for group, members in groups.groups.items()
        for index, alias in enumerate(members)
        if alias not in accounts
    )


def break_glass_findings(policy: Policy, codeowners: CodeOwners | None) -> tuple[Finding, ...]:
    """Why CODEOWNERS does not allow break-glass for a policy. Empty if it allows it, or if the policy is not break-glass."""
    if not break_glass.is_break_glass(policy):
        return ()
    return break_glass.line_findings(any_request(policy.name), codeowners)


def teams_findings(roster: Roster, people: People, now: datetime) -> tuple[Finding, ...]:
    """Members of teams.yaml that people.yaml does not know: they can neither ask nor approve. And those who are none any more."""
    return tuple(
        finding
        for team in roster.everybody
        for index, entry in enumerate(roster.entries(team))
        for finding in _of_member(roster, f"{team}.{index}", team, entry, people, now)
    )


def _of_member(
    roster: Roster, field: str, team: str, entry: Membership, people: People, now: datetime
) -> Iterator[Finding]:
    if entry.login not in people:
        yield Finding.at(roster, field, *unknown_person(f"{entry.login}, of {team},"))
    elif entry.until is not None and entry.until <= now:
        message = f"{entry.login} has not been in {team} since {timestamp.for_people(entry.until)}"
        yield _warning(roster, field, "membership-over", message, "remove the entry, or change its dates")


def _unknown_accounts(policy: Policy, accounts: Accounts, groups: AccountGroups) -> Iterator[Finding]:
    for index, name in enumerate(policy.accounts):
        field = f"accounts.{index}"
        if is_group(name) and not groups.members(name):
            message = f"{name} is not in {ACCOUNT_GROUPS}, so it stands for no account"
            yield Finding.at(
                policy, field, "unknown-group", message, "add the group there, or take it out here"
            )
        elif not is_group(name) and name not in accounts:
            yield Finding.at(policy, field, *_unknown_account(name))


def _unknown_account(name: str) -> Problem:
    return "unknown-account", f"{name} is not in policies/accounts.yaml", "add it there, or take it out here"


def _own_reviewer(policy: Policy, people: People, teams: Teams) -> Iterator[Finding]:
    """A finding for a person who may ask and whom no other human could review."""
    for login in break_glass.unreviewed(policy, people, teams):
        yield Finding.at(policy, "reviewers", *break_glass.no_reviewer(policy, login))


def _unable_to_ask(policy: Policy, people: People, teams: Teams) -> Iterator[Finding]:
    """A warning for each person whom `eligible` names and who cannot ask, and one if nobody can."""
    hint = "add the principal in policies/people.yaml: people without one can approve, but not ask"
    for index, entry in enumerate(policy.eligible):
        person = people.get(Login(entry))
        if person is not None and person.principal is None:
            message = f"{entry} has no AWS principal in policies/people.yaml, so {entry} cannot ask"
            yield _warning(policy, f"eligible.{index}", "no-principal", message, hint)
    able = {login.casefold() for login, person in people.items() if person.principal is not None}
    known = not any(_unknown_people(policy, "eligible", policy.eligible, people, teams))
    if known and able.isdisjoint(eligible_logins(policy.eligible, teams)):
        message = "nobody whom it makes eligible has an AWS principal, so nobody can ask"
        yield _warning(policy, "eligible", "nobody-can-ask", message, hint)


def _warning(document: Located, field: str, code: str, message: str, hint: str) -> Finding:
    return Finding.at(document, field, code, message, hint).as_warning()


def _unknown_people(
    policy: Policy, field: str, entries: tuple[str, ...], people: People, teams: Teams
) -> Iterator[Finding]:
    known = {f"@{team}".casefold() for team in teams}
    means = "it makes nobody eligible" if field == "eligible" else "nobody reviews for it"
    for index, entry in enumerate(entries):
        if entry.startswith("@") and entry.casefold() not in known:
            message = f"{entry} is not in policies/teams.yaml, so {means}"
            yield Finding.at(policy, f"{field}.{index}", "unknown-team", message, "add the team there")
        if not entry.startswith("@") and entry not in people:
            yield Finding.at(policy, f"{field}.{index}", *unknown_person(entry))
