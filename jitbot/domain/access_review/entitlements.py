"""Who could ask for what, and who could approve it: the rules of one moment, read as people."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.access.break_glass import is_break_glass, line_findings
from jitbot.domain.access.eligibility import is_eligible
from jitbot.domain.access_review.basis import rules_digest
from jitbot.domain.model import owners
from jitbot.domain.model.grammar import any_request
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.text import duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """One policy. `problem` says why nothing could be given by it, where that is so.

    `named` and `owners` are the teams and logins as the policy and CODEOWNERS write them; `reviewers` review
    break-glass afterwards, which nobody approves before.
    """

    policy: str
    description: str
    eligible: tuple[str, ...]  # logins with a principal: the others can approve, never ask
    accounts: tuple[str, ...]
    max_duration: str
    approvals: int | None
    approvers: tuple[str, ...]
    owner_rule: str
    problem: str = ""
    named: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()  # of approval, in words; empty where the policy asks by a number
    rules_sha256: str = ""  # the digest of the policy and what it rests on

    @property
    def is_known(self) -> bool:
        """Whether the rules could be read: otherwise nobody knows who may do what."""
        return self.approvals is not None


def entitlement(name: str, rules: Rules, at: datetime) -> Entitlement:
    """Who may ask under one policy and who owns its folder, by these rules at this moment. Owners of narrower paths are not listed.

    `approvers` are all its owners, login by login, as an auditor compares them with a list of staff. Who of them
    can approve one person's request is another question, which `pending_approvals` answers.
    """
    policy, people, roster = rules.policy.value, rules.people.value, rules.teams.value
    groups = rules.account_groups.value
    if policy is None or people is None or roster is None or groups is None:
        problems = _problems(rules)
        return Entitlement(
            policy=name,
            description="",
            eligible=(),
            accounts=(),
            max_duration="",
            approvals=None,
            approvers=(),
            owner_rule="",
            problem="; ".join(problems) or "its rules cannot be read",
        )
    path, teams = any_request(name), roster.at(at)
    glass = is_break_glass(policy)
    owned = owners.of(path, codeowners=rules.codeowners, people=people, teams=teams)
    findings = line_findings(path, rules.codeowners) if glass else owned.findings
    may = (login for login, person in people.items() if person.principal is not None)
    return Entitlement(
        policy=name,
        description=policy.description,
        eligible=tuple(sorted(login for login in may if is_eligible(login, policy.eligible, teams))),
        accounts=groups.listed(policy.accounts),
        max_duration=duration.show(policy.max_duration),
        approvals=policy.approvals,
        approvers=tuple(sorted(person.login for person in owned.people)),
        owner_rule=owned.rule,
        problem="; ".join(finding.message for finding in findings),
        named=policy.eligible,
        owners=owned.names,
        reviewers=policy.reviewers,
        rules=tuple(rule.in_words() for rule in policy.approval_rules),
        rules_sha256=rules_digest(rules),
    )


def _problems(rules: Rules) -> Iterable[str]:
    parts = (rules.policy, rules.account_groups, rules.people, rules.teams)
    return [finding.message for part in parts for finding in part.findings]
