"""What is newly wrong with the rules as a whole: what `doctor` looks at in the files, for a change that is not merged yet."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from jitbot.domain.access import cross_checks, owner_checks
from jitbot.domain.model import bounds
from jitbot.domain.model.codeowners import LOCATIONS
from jitbot.domain.model.documents import Finding, People
from jitbot.domain.model.roster import Roster
from jitbot.domain.rule_effects.rule_set import RuleSet
from jitbot.domain.setup.doctor import workflows

_LINE = re.compile(r"\bline [0-9]+")


def newly_wrong(base: RuleSet, head: RuleSet, now: datetime) -> tuple[Finding, ...]:
    """The findings of the rules at the head that those at the base do not have, wherever their line is."""
    found = tuple(dict.fromkeys(_whole(head, now)))
    known = set(map(_same, _whole(base, now) if found else ()))
    return tuple(each for each in found if _same(each) not in known)


def with_new(found: tuple[Finding, ...], new: Iterable[Finding]) -> tuple[Finding, ...]:
    """These findings, and those of the new ones that are not among them, at whatever level."""
    known = {_same(each) for each in found}
    return (*found, *(each for each in new if _same(each) not in known))


def _same(finding: Finding) -> tuple[str, str, str]:
    return finding.code, finding.file, _LINE.sub("line", finding.message)


def _whole(rules: RuleSet, now: datetime) -> Iterator[Finding]:
    """Everything that the files show of owners, approvers and pins; nothing while they do not read."""
    shared = rules.shared
    found, people, roster = shared.codeowners, shared.people.value, shared.teams.value
    yield from _unpinned(rules)
    if people is None or roster is None:
        return
    if found is None:
        hint = "restore it: without owners anybody's approval lets a change of the rules in"
        yield Finding.in_file(LOCATIONS[0], "no-codeowners", "there is no CODEOWNERS file", hint)
    if found is None or found.findings:
        return
    yield from map(Finding.as_warning, _unknown(rules, people, roster, now))
    teams = roster.at(now)
    if not owner_checks.begins_with_everything(found):
        message, hint = "the first line does not own everything", "begin with a line `* @your-admins`"
        yield Finding.in_file(LOCATIONS[0], "no-line-for-everything", message, hint)
    yield from owner_checks.unknown_owners(found, people, roster.everybody)
    yield from owner_checks.rules_findings(owner_checks.one_of_each(rules.files, found), found, people, teams)
    yield from owner_checks.picking_findings(found, rules.policies)
    for policy in filter(None, map(rules.policy, rules.policies)):
        findings = owner_checks.approver_findings(policy, found, people, teams)
        yield from findings
        alone = () if findings else owner_checks.without_approvers(policy, found, people, teams)
        if alone:
            message = f"nobody is left to approve what {bounds.some(alone)} would ask for"
            hint = "name one more owner in .github/CODEOWNERS"
            yield Finding.at(policy, "eligible", "owners-ask-too", message, hint).as_warning()


def _unknown(rules: RuleSet, people: People, roster: Roster, now: datetime) -> Iterator[Finding]:
    """What one file names and another no longer knows: so a removal leaves nothing behind unseen."""
    yield from cross_checks.teams_findings(roster, people, now)
    accounts, groups = rules.shared.accounts.value, rules.shared.account_groups.value
    if accounts is not None and groups is not None:
        yield from cross_checks.group_findings(groups, accounts)
    for policy in filter(None, map(rules.policy, rules.policies)):
        yield from cross_checks.policy_findings(policy, people=people, teams=roster.at(now))
        if accounts is not None and groups is not None:
            yield from cross_checks.account_findings(policy, accounts, groups)


def _unpinned(rules: RuleSet) -> Iterator[Finding]:
    """Actions that a changed workflow uses without naming their commit."""
    for path, file in rules.workflows.items():
        check = workflows.pins({path: file})
        if check.observed:
            yield Finding.in_file(path, "workflow-pins", check.observed, check.fix)
