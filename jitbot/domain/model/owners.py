"""Who owns a path, as people: CODEOWNERS names logins and teams, teams.yaml says who they are today."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from jitbot.domain.model import bounds
from jitbot.domain.model.codeowners import LOCATIONS, CodeOwners, Rule, expand, unusable
from jitbot.domain.model.documents import ByLogin, Finding, GithubId, Login, People, Person, Principal, Teams
from jitbot.domain.model.grammar import REQUESTS, policy_of
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.model.roster import Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """The owners of one path. `names` as CODEOWNERS writes them, `people` those that count, by login."""

    names: tuple[str, ...]
    rule: str  # the line that decides, as `<line>: <pattern>`
    people: tuple[Person, ...]
    findings: tuple[Finding, ...]  # why nobody may approve here; empty exactly if somebody may

    def include(self, person: Person) -> bool:
        """Whether this person is one of them, by GitHub id."""
        return any(owner.github_id == person.github_id for owner in self.people)


def of(path: str, *, codeowners: CodeOwners | None, people: People, teams: Teams) -> Owners:
    """The owners of `path`. A file GitHub would partly skip, no line, or nobody known: findings, and no owner."""
    if codeowners is None or codeowners.findings:
        return Owners(names=(), rule="", people=(), findings=unusable(codeowners))
    rule = codeowners.rule_for(path)
    if rule is None:
        return nobody("unowned", f"no line of CODEOWNERS matches {path}", "add a line for its folder")
    names = rule.owners
    logins = expand(names, teams)
    known = by_login(people)
    owners = tuple(known[login.casefold()] for login in logins if login.casefold() in known)
    where = f"{rule.line}: {rule.pattern}"
    if owners:
        return Owners(names=names, rule=where, people=owners, findings=())
    message = f"line {where} names no owner, so nobody can approve"
    hint = "name the approvers in that line"
    if names:
        message = (
            f"line {where} names {' '.join(names)}, of whom policies/people.yaml and teams.yaml know no one"
        )
        hint = "add the approvers to policies/people.yaml and their team to policies/teams.yaml"
    return nobody("no-known-owner", message, hint, line=rule.line)


def by_login(people: People) -> Mapping[str, Person]:
    """People by their logins, casefolded: GitHub compares logins without case."""
    if isinstance(people, ByLogin):
        return people.folded
    return {login.casefold(): person for login, person in people.items()}


def ends(people: Iterable[Person], owned: Owners, roster: Roster, at: datetime) -> Mapping[Login, datetime]:
    """When the membership ends by which each of these owners is one, for those of whom it does."""
    names = [name if "/" in name else name.removeprefix("@") for name in owned.names]
    found = ((person.login, roster.until(person.login, names, at)) for person in people)
    return {login: end for login, end in found if end is not None}


def chosen_by_name(path: str, codeowners: CodeOwners | None) -> Finding | None:
    """Why the line that owns this request was chosen by the file's name or month, which its requester chooses."""
    rule = codeowners.rule_for(path) if codeowners is not None else None
    if rule is None or not path.startswith(REQUESTS) or owns_policy(rule, policy_of(path)):
        return None
    message = (
        f"line {rule.line}: {bounds.cut(rule.pattern)} owns this file by its name or month, not by its policy"
    )
    hint = f"name owners of /requests/{policy_of(path)}/ as a whole, or choose another name"
    return Finding.in_file(LOCATIONS[0], "owners-by-name", message, hint, line=rule.line)


def owns_policy(rule: Rule, policy: str) -> bool:
    """Whether a line covers every request for a policy, whatever its name and month."""
    return all(rule.covers(f"requests/{policy}/{month}/{name}") for month, name in _ANY_NAME)


def picks_requests(rule: Rule, policy: str) -> bool:
    """Whether a line covers only some requests for a policy. Then the requester could choose the line or avoid it."""
    return not owns_policy(rule, policy) and rule.may_cover(("requests", policy, "????-??", "??-*.yaml"))


# What every month and name has in common; only a wildcard matches a character that no path holds.
_ANY = "\0"
_ANY_NAME = tuple((f"{_ANY * 4}-{_ANY * 2}", f"{_ANY * 2}-{_ANY * length}.yaml") for length in (1, 60))


def person_behind(actor: Actor, people: People) -> Person | None:
    """The person behind a GitHub account, if people.yaml has this login with this id; otherwise None.

    A login that somebody else took over has another id. A bot or an App is not a person.
    """
    person = by_login(people).get(actor.login.casefold())
    known = person is not None and person.github_id == actor.github_id and actor.kind == "User"
    return person if known else None


def same_human(one: Person, other: Person) -> bool:
    """Two logins with one GitHub id or one AWS principal are one person."""
    return not human_keys(one).isdisjoint(human_keys(other))


def human_keys(person: Person) -> frozenset[str]:
    """What this human is known by, under any of their logins: two people who share a key are one."""
    return _keys(person.github_id, person.principal)


@lru_cache(4096)
def _keys(github_id: GithubId, principal: Principal | None) -> frozenset[str]:
    own = {f"github_id {github_id}"}
    return frozenset(own if principal is None else {*own, repr(principal).casefold()})


def nobody(code: str, message: str, hint: str, line: int = 0) -> Owners:
    """No owner, and why."""
    finding = Finding.in_file(LOCATIONS[0], code, message, hint, line=line)
    return Owners(names=(), rule="", people=(), findings=(finding,))
