"""Do the rules of approval agree with the other files? For `check` and `doctor`, and for each decision."""

from collections.abc import Iterable, Iterator

from jitbot.domain.access.approvals.places import can_fill
from jitbot.domain.access.approvals.requirement import Requirement, groups_of, of_rules, rules_of
from jitbot.domain.model.account_groups import ACCOUNT_GROUPS, AccountGroups, is_group
from jitbot.domain.model.approval_rules import ApprovalRule, RuleCondition
from jitbot.domain.model.codeowners import CodeOwners, owners_of
from jitbot.domain.model.documents import Accounts, Finding, People, Person, Policy, Problem, Request, Teams
from jitbot.domain.model.grammar import any_request
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.model.parsed_case import ParsedCase
from jitbot.domain.text import duration


def policy_findings(
    policy: Policy, *, accounts: Accounts, groups: AccountGroups, teams: Teams
) -> Iterator[Finding]:
    """What a rule names that no other file knows, and rules that hold for no request."""
    known = {f"@{team}".casefold() for team in teams}
    for rule in policy.approval_rules:
        for index, team in enumerate(rule.teams):
            if team.casefold() not in known:
                message = f"{team} is not in policies/teams.yaml, so nobody can give its approval"
                hint = "add the team there"
                yield Finding.at(policy, f"{rule.field}.from.{index}", "unknown-team", message, hint)
        if rule.when is not None:
            yield from _accounts(policy, rule, rule.when, accounts, groups)
            yield from _length(policy, rule, rule.when)
    yield from _ungrouped(policy, groups)


def _accounts(
    policy: Policy, rule: ApprovalRule, when: RuleCondition, accounts: Accounts, groups: AccountGroups
) -> Iterator[Finding]:
    unknown = False
    for index, name in enumerate(when.accounts or ()):
        field = f"{rule.field}.when.accounts.{index}"
        if is_group(name) and not groups.members(name):
            unknown = True
            yield Finding.at(policy, field, *_unknown_group(name))
        elif not is_group(name) and name not in accounts:
            unknown = True
            message = f"{name} is not in policies/accounts.yaml"
            yield Finding.at(policy, field, "unknown-account", message, "add it there, or take it out here")
    if when.accounts is None or unknown:
        return
    if groups.expand(when.accounts).isdisjoint(groups.expand(policy.accounts)):
        message = (
            f"this rule never holds: the policy gives access to no account in {', '.join(when.accounts)}"
        )
        hint = "name accounts of this policy, or remove the rule"
        yield Finding.at(policy, f"{rule.field}.when.accounts", "rule-never-holds", message, hint)


def _length(policy: Policy, rule: ApprovalRule, when: RuleCondition) -> Iterator[Finding]:
    if when.duration_over is not None and when.duration_over >= policy.max_duration:
        most = duration.show(policy.max_duration)
        message = f"this rule never holds: no request lasts over {duration.show(when.duration_over)}, the most is {most}"
        hint = f"write less than max_duration, {most}"
        yield Finding.at(policy, f"{rule.field}.when.duration_over", "rule-never-holds", message, hint)


def _ungrouped(policy: Policy, groups: AccountGroups) -> Iterator[Finding]:
    """The accounts of a policy that are in no group, although a rule names groups: the rule cannot be meant for them."""
    grouping = [rule for rule in policy.approval_rules if groups_of(rule)]
    for account in _in_no_group(groups.expand(policy.accounts), groups) if grouping else ():
        yield Finding.at(policy, f"{grouping[0].field}.when.accounts", *_no_group(account))


def owner_findings(policy: Policy, codeowners: CodeOwners | None) -> Iterator[Finding]:
    """The teams of rules that do not own the requests, so that GitHub would not ask them and no approval counts."""
    if codeowners is None or codeowners.findings:
        return
    owning = {name.casefold() for name in owners_of(codeowners, any_request(policy.name))}
    for rule in policy.approval_rules:
        for index, team in enumerate(rule.teams):
            if team.casefold() not in owning:
                message = f"{team} does not own requests/{policy.name}/, so GitHub does not ask it to review"
                hint = f"add {team} to the line for /requests/{policy.name}/ in .github/CODEOWNERS, or take it out here"
                yield Finding.at(policy, f"{rule.field}.from.{index}", "team-not-owner", message, hint)


def impossible(
    policy: Policy, able: tuple[Person, ...], people: People, teams: Teams
) -> tuple[ApprovalRule, Requirement] | None:
    """The first rule that these people cannot meet, with what it takes beside the rule that always holds."""
    always = tuple(rule for rule in rules_of(policy) if rule.when is None)
    for rule in rules_of(policy):
        required = of_rules((*always, rule), teams, people)
        if not can_fill(required, able):
            return rule, required
    return None


def request_findings(parsed_case: ParsedCase) -> Iterator[Finding]:
    """Why it is unknown which rules hold for a request, by either version of the rules; usually nothing."""
    versions = (parsed_case.case.rules, parsed_case.merge.head_rules)
    yield from dict.fromkeys(
        finding for rules in versions for finding in _unclear(rules, parsed_case.request)
    )


def _unclear(rules: Rules, request: Request) -> Iterator[Finding]:
    policy, groups = rules.policy.value, rules.account_groups.value
    if policy is None:
        return  # no documents come of it, and that is a reason of its own
    names = tuple(dict.fromkeys(name for rule in policy.approval_rules for name in groups_of(rule)))
    if not names:
        return
    if groups is None:
        message = "the account groups at the approved commit cannot be read"
        yield Finding.in_file(
            request.path, "rules-changed", message, "update the branch and have it approved again"
        )
        return
    for name in names:
        if not groups.members(name):
            yield Finding.in_file(request.path, *_unknown_group(name))
    for account in _in_no_group(request.accounts, groups):
        yield Finding.at(request, f"accounts.{request.accounts.index(account)}", *_no_group(account))


def _in_no_group(accounts: Iterable[str], groups: AccountGroups) -> tuple[str, ...]:
    grouped = {account for members in groups.groups.values() for account in members}
    return tuple(sorted(account for account in accounts if account not in grouped))


def _unknown_group(name: str) -> Problem:
    return (
        "unknown-group",
        f"{name} is no group of {ACCOUNT_GROUPS}, so it is unknown when the rule holds",
        "an admin adds the group there, or corrects the name in the policy",
    )


def _no_group(account: str) -> Problem:
    return (
        "account-in-no-group",
        f"{account} is in no group of {ACCOUNT_GROUPS}, although a rule of approval names groups",
        "an admin adds it to a group there, so that it is known which rules hold for it",
    )
