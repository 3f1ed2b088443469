"""Over which rules a policy was reviewed: one digest of the policy and of all that it rests on.

It changes if anybody may newly ask or approve, or if a grant may do anything else. It does not change by the date of a
review, a description, a comment or an order, nor by people and accounts that the policy has nothing to do with. Anyone
who has the commit can compute it again.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta

from jitbot.domain.access.eligibility import allowed_accounts
from jitbot.domain.ledger.ask import principal_text
from jitbot.domain.model.codeowners import CodeOwners
from jitbot.domain.model.documents import People, Policy, policy_path
from jitbot.domain.model.grammar import any_request
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.model.roster import Membership, Roster
from jitbot.domain.text import timestamp

# Of a policy: what is for people, and where a thing is written.
_APART = frozenset({"where", "field", "reviewed", "description", "acknowledged"})
SHOWN = 12  # digits of a digest that people compare


def rules_digest(rules: Rules) -> str:
    """SHA-256 of what the policy in these rules rests on, as hex; empty if a part of it cannot be read.

    What is empty is left out, so that a key that policies may have in a later version does not change it.
    """
    policy, people, roster = rules.policy.value, rules.people.value, rules.teams.value
    accounts, groups = rules.accounts.value, rules.account_groups.value
    if policy is None or people is None or roster is None or accounts is None or groups is None:
        return ""
    if rules.codeowners is None or rules.codeowners.findings:
        return ""
    owned = _lines(policy, rules.codeowners)
    names = (
        *policy.eligible,
        *policy.reviewers,
        *_teams(policy),
        *(name for _, named in owned.values() for name in named),
    )
    members = dict(_members(names, roster))
    logins = {name.removeprefix("@") for name in names} | {
        login for entries in members.values() for login, *_ in entries
    }
    content = {
        "policy": policy,
        "accounts": {alias: accounts[alias] for alias in allowed_accounts(policy, groups, accounts)},
        "teams": members,
        "people": dict(_people(logins, people)),
        "owners": owned,
    }
    return hashlib.sha256(json.dumps(_plain(content), sort_keys=True).encode()).hexdigest()


def _teams(policy: Policy) -> Iterator[str]:
    return (team for rule in policy.approval_rules for team in rule.teams)


def _lines(policy: Policy, codeowners: CodeOwners) -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """The lines of CODEOWNERS that decide for the policy's requests and for its file, without their numbers."""
    paths = {"requests": any_request(policy.name), "policy": policy_path(policy.name)}
    found = {name: codeowners.rule_for(path) for name, path in paths.items()}
    return {name: (rule.pattern, rule.owners) for name, rule in found.items() if rule is not None}


def _members(names: Iterable[str], roster: Roster) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """The teams among these names, with everybody whom they name, and from when until when."""
    wanted = {name.casefold() for name in names}
    for team in roster.everybody:
        if f"@{team}".casefold() in wanted:
            yield team.casefold(), [_member(each) for each in roster.entries(team)]


def _member(entry: Membership) -> tuple[str, str, str]:
    since, until = (timestamp.show(at) if at is not None else "" for at in (entry.since, entry.until))
    return entry.login.casefold(), since, until


def _people(logins: Iterable[str], people: People) -> Iterator[tuple[str, list[object]]]:
    """Who these logins are, for GitHub and for AWS."""
    wanted = {login.casefold() for login in logins}
    for login, person in people.items():
        if login.casefold() in wanted:
            yield login.casefold(), [person.github_id, principal_text(person.principal)]


def _plain(value: object) -> object:
    """A part of the rules as JSON, without what is empty in a policy. No list of theirs has an order that means anything."""
    if is_dataclass(value):
        parts = {
            each.name: _plain(getattr(value, each.name)) for each in fields(value) if each.name not in _APART
        }
        return {name: part for name, part in parts.items() if part not in (None, "", [], {})}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, (tuple, list, frozenset)):
        return sorted((_plain(each) for each in value), key=json.dumps)
    return value
