"""What one request needs to be approved: all rules of its policy that hold, joined.

The greatest `need` counts, and at least one approval of each team of every `from`. The rules at the approved head and
those before the merge are joined in the same way, each with its own account groups, teams and people.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from jitbot.domain.access.approvals.reviews import Approval
from jitbot.domain.model import bounds
from jitbot.domain.model.account_groups import NO_GROUPS, AccountGroups, is_group
from jitbot.domain.model.approval_rules import ApprovalRule
from jitbot.domain.model.codeowners import expand
from jitbot.domain.model.documents import People, Person, Policy, Request, Teams
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.model.owners import by_login, human_keys
from jitbot.domain.model.parsed_case import ParsedCase
from jitbot.domain.model.roster import Roster


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


def required_approvals(parsed_case: ParsedCase, approvals: Sequence[Approval] = ()) -> Requirement:
    """What the request of a case needs, by the rules before the merge and by those at its head.

    Who was not in a team when they gave one of these approvals fills no place of it, even if they are in it at the
    merge. If the rules at the head do not read, the case is refused for that, so only the others are
    asked.
    """
    base, head, at = parsed_case.case.rules, parsed_case.merge.head_rules, parsed_case.merged_at
    versions = (base,) if head is base else (base, head)
    found = (under(rules, parsed_case.request, at, approvals) for rules in versions)
    return join(each for each in found if each is not None)


def under(
    rules: Rules, request: Request, at: datetime, approvals: Sequence[Approval] = ()
) -> Requirement | None:
    """What a request needs under one version of the rules if it is merged at this moment; None if they do not read."""
    policy, groups = rules.policy.value, rules.account_groups.value
    if policy is not None and not any(map(groups_of, policy.approval_rules)):
        groups = NO_GROUPS  # the file does not matter
    roster, people = rules.teams.value, rules.people.value
    if policy is None or groups is None or roster is None or people is None:
        return None
    held = (rule for rule in rules_of(policy) if holds(rule, request, groups))
    required = of_rules(held, roster.at(at), people, by_rules=bool(policy.approval_rules))
    if not roster.dated:
        return required
    known = by_login(people)
    return replace(
        required,
        teams=tuple(
            replace(
                team,
                rosters=tuple(keys - _later(team.name, roster, known, approvals) for keys in team.rosters),
            )
            for team in required.teams
        ),
    )


def _later(
    team: str, roster: Roster, known: Mapping[str, Person], approvals: Iterable[Approval]
) -> frozenset[str]:
    """The human keys of those who were not in a team when they approved."""
    return frozenset(
        key
        for each in approvals
        if human_keys(each.person).isdisjoint(_members(team, roster.at(each.review.submitted_at), known))
        for key in human_keys(each.person)
    )


def rules_of(policy: Policy) -> tuple[ApprovalRule, ...]:
    """The rules of a policy. A number is the one rule that always holds."""
    return policy.approval_rules or (ApprovalRule(need=policy.approvals),)


def groups_of(rule: ApprovalRule) -> tuple[str, ...]:
    """The groups of accounts that a rule names."""
    named = rule.when.accounts or () if rule.when is not None else ()
    return tuple(name for name in named if is_group(name))


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
    known = by_login(people)

    def one(rule: ApprovalRule) -> Requirement:
        wanted = (RequiredTeam(name=name, rosters=(_members(name, teams, known),)) for name in rule.teams)
        return Requirement(need=rule.need, teams=tuple(wanted), rules=(rule,), by_rules=by_rules)

    return join(map(one, rules))


def _members(team: str, teams: Teams, known: Mapping[str, Person]) -> frozenset[str]:
    """The human keys of a team's members."""
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
