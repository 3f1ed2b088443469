"""What one request needs to be approved: all rules of its policy that hold, joined.

The greatest `need` counts, and at least one approval of each team of every `from`. The rules at the approved head and
those before the merge are joined in the same way, each with its own account groups, teams and people.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from jitbot.domain.model import bounds
from jitbot.domain.model.account_groups import AccountGroups
from jitbot.domain.model.approval_rules import ApprovalRule
from jitbot.domain.model.codeowners import expand
from jitbot.domain.model.documents import People, Person, Policy, Request, Teams
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.model.owners import human_keys
from jitbot.domain.model.parsed_case import ParsedCase


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredTeam:
    """A team of which one approval is needed, as "@organisation/team".

    `rosters` are the human keys of its members, once for each version of the rules that asks for it.
    """

    name: str
    rosters: tuple[frozenset[str], ...]

    @property
    def short(self) -> str:
        """The name without the organisation: `security`."""
        return self.name.rpartition("/")[2]

    def has(self, person: Person) -> bool:
        """Whether this human is a member by every version, under any of their logins."""
        keys = human_keys(person)
        return bool(self.rosters) and not any(keys.isdisjoint(roster) for roster in self.rosters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """How many people must approve, and of which teams one each. `need` is never below the number of teams.

    `rules` are those that hold. `by_rules`: a policy asks by a list of rules, not by a number alone.
    """

    need: int
    teams: tuple[RequiredTeam, ...] = ()
    rules: tuple[ApprovalRule, ...] = ()
    by_rules: bool = False

    @property
    def any_owner_will_do(self) -> bool:
        """Whether one approval of any owner is enough, which is what GitHub's own rule asks for."""
        return self.need <= 1 and not self.teams

    def in_words(self) -> tuple[str, ...]:
        """The rules that hold, one by one; each is cut to what is recorded and shown of one."""
        return tuple(bounds.cut(rule.in_words()) for rule in self.rules)


def required_approvals(parsed_case: ParsedCase) -> Requirement:
    """What the request of a case needs, by the rules before the merge and by those at its head.

    If the rules at the head do not read, the case is refused for that, so only the others are asked.
    """
    case, request = parsed_case.case, parsed_case.request
    found = (under(rules, request) for rules in (case.rules, parsed_case.merge.head_rules))
    return join(each for each in found if each is not None)


def under(rules: Rules, request: Request) -> Requirement | None:
    """What a request needs under one version of the rules; None if they do not read."""
    policy, groups = rules.policy.value, rules.account_groups.value
    teams, people = rules.teams.value, rules.people.value
    if policy is None or groups is None or teams is None or people is None:
        return None
    held = (rule for rule in rules_of(policy) if holds(rule, request, groups))
    return of_rules(held, teams, people, by_rules=bool(policy.approval_rules))


def rules_of(policy: Policy) -> tuple[ApprovalRule, ...]:
    """The rules of a policy. A number is the one rule that always holds."""
    return policy.approval_rules or (ApprovalRule(need=policy.approvals),)


def holds(rule: ApprovalRule, request: Request, groups: AccountGroups) -> bool:
    """Whether a rule applies to a request: everything that its `when` names is so."""
    when = rule.when
    if when is None:
        return True
    if when.accounts is not None and groups.expand(when.accounts).isdisjoint(request.accounts):
        return False
    if when.duration_over is not None and request.duration <= when.duration_over:
        return False
    return not any(request.parameters.get(name) not in values for name, values in when.parameters.items())


def of_rules(
    rules: Iterable[ApprovalRule], teams: Teams, people: People, *, by_rules: bool = True
) -> Requirement:
    """What these rules need together."""
    known = {login.casefold(): person for login, person in people.items()}

    def one(rule: ApprovalRule) -> Requirement:
        wanted = (RequiredTeam(name=name, rosters=(_roster(name, teams, known),)) for name in rule.teams)
        return Requirement(need=rule.need, teams=tuple(wanted), rules=(rule,), by_rules=by_rules)

    return join(map(one, rules))


def _roster(team: str, teams: Teams, known: dict[str, Person]) -> frozenset[str]:
    members = (known.get(login.casefold()) for login in expand((team,), teams))
    return frozenset(key for person in members if person is not None for key in human_keys(person))


def join(requirements: Iterable[Requirement]) -> Requirement:
    """What all of these need together. The same team is needed once, and its rosters all count."""
    need, by_rules = 0, False
    teams: dict[str, RequiredTeam] = {}
    rules: list[ApprovalRule] = []
    for each in requirements:
        need, by_rules = max(need, each.need), by_rules or each.by_rules
        rules += [rule for rule in each.rules if rule not in rules]
        for team in each.teams:
            known = teams.setdefault(team.name.casefold(), RequiredTeam(name=team.name, rosters=()))
            rosters = dict.fromkeys((*known.rosters, *team.rosters))
            teams[team.name.casefold()] = RequiredTeam(name=known.name, rosters=tuple(rosters))
    return Requirement(
        need=max(need, len(teams)), teams=tuple(teams.values()), rules=tuple(rules), by_rules=by_rules
    )
