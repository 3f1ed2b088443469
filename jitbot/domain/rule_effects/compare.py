"""The comparison: what the rules at the head let people do that those at the base did not, and the reverse. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime

from jitbot.domain.access.approvals.requirement import rules_of
from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.aws.risk import Level
from jitbot.domain.ledger.ask import principal_text
from jitbot.domain.ledger.git_history import CODE
from jitbot.domain.model.documents import (
    ISSUER_KEYS,
    Accounts,
    Finding,
    OwnTrail,
    People,
    Person,
    Policy,
    Settings,
    policy_path,
)
from jitbot.domain.model.merge_facts import SHARED_RULES, Rules
from jitbot.domain.rule_effects import approving, granting, reviewing
from jitbot.domain.rule_effects.calendar import Calendar, Times, Who
from jitbot.domain.rule_effects.effect import Direction, Effect, most_serious_first
from jitbot.domain.rule_effects.rule_set import RuleSet, comparable
from jitbot.domain.text import duration

W, N = Direction.WIDER, Direction.NARROWER
_ASKING = "{people} may newly ask for {policies}", "{people} may no longer ask for {policies}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEffects:
    """Everything that a change of rules does, the most serious first; both are empty if it does nothing.

    `unread` are the files that could not be compared, with the reason: what they say at the head counts for nothing.
    """

    effects: tuple[Effect, ...] = ()
    unread: tuple[Finding, ...] = ()

    def of(self, direction: Direction) -> tuple[Effect, ...]:
        """The effects of one direction."""
        return tuple(each for each in self.effects if each.direction is direction)


def compare(base: RuleSet, head: RuleSet, now: datetime, catalogue: ActionCatalog) -> RuleEffects:
    """What merging `head` over `base` changes for people, from this moment on. Of two equal rule sets: nothing."""
    known = set(base.unreadable)
    unread = tuple(dict.fromkeys(each for each in head.unreadable if each not in known))
    whole = _Comparison(*comparable(base, head), now, catalogue)
    effects = (*_of_codeowners(base, head), *whole.effects())
    return RuleEffects(effects=most_serious_first(effects), unread=unread)


def _of_codeowners(base: RuleSet, head: RuleSet) -> Iterator[Effect]:
    """A CODEOWNERS that GitHub reads only in part, or not at all: then other people approve than it seems to name."""
    old, new = base.shared.codeowners, head.shared.codeowners
    if new is not None and new.findings and (old is None or not old.findings):
        text = "GitHub does not read all of CODEOWNERS: it skips lines, so other people may approve changes of the rules"
        yield Effect(code="codeowners-skipped", direction=W, level=Level.CRITICAL, text=text)


class _Comparison:
    """Two comparable rule sets, with what is looked up once."""

    def __init__(self, base: RuleSet, head: RuleSet, now: datetime, catalogue: ActionCatalog) -> None:
        self.base, self.head, self.catalogue = base, head, catalogue
        self.sides = (_calendar(base.shared, now), _calendar(head.shared, now))

    def effects(self) -> Iterator[Effect]:
        """All of them, in no order that matters."""
        for name in dict.fromkeys((*self.base.policies, *self.head.policies)):
            yield from self._of_policy(name)
        old, new = self.base.shared, self.head.shared
        yield from _people(old.people.value or {}, new.people.value or {})
        yield from _settings(old.settings.value, new.settings.value)
        yield from _aliases(old.accounts.value or {}, new.accounts.value or {})
        yield from approving.of_the_rules((*self.base.files, *self.head.files), old, new, self.sides)
        yield from _files(self.base, self.head)

    def _of_policy(self, name: str) -> Iterator[Effect]:
        base, head = self.base.policy(name), self.head.policy(name)
        if head is None and self.head.policies.get(name) is not None:
            return  # it does not read there: `unread` says so, and every request for it is refused
        found = tuple(self._of_people(name, base, head))
        if found:  # as dangerous as what the people concerned can do
            level = max(granting.risk_of(each, self.catalogue).level for each in (base, head))
            yield from (replace(each, level=max(each.level, level)) for each in found)
        if head is not None:
            yield from granting.in_aws(name, base, head, self.catalogue)

    def _of_people(self, name: str, base: Policy | None, head: Policy | None) -> Iterator[Effect]:
        """Who may ask for what, where and how long, and who approves it."""
        if head is None:
            if base is not None:
                text = "Nobody can ask for {policies} any more: removed from the rules"
                yield Effect(code="policy-removed", direction=N, text=text, policies=(name,))
            return
        rules = self.base.of(name), self.head.of(name)
        yield from _added(name, head) if base is None else granting.terms(name, base, head)
        yield from () if base is None else reviewing.date_moves(name, base, head)
        old, new = (_askers(each, side) for each, side in zip((base, head), self.sides, strict=True))
        codes = "may-ask", "no-longer-ask"
        yield from approving.compared((old, new), self.sides, codes, _ASKING, policies=(name,))
        yield from granting.where(name, *rules)
        yield from approving.approvals_needed(name, *rules)
        yield from approving.approvers(name, *rules, self.sides)


def _added(name: str, policy: Policy) -> Iterator[Effect]:
    yield Effect(
        code="policy-added",
        direction=W,
        text="NEW policy {policies}: {what}; for at most {before}; approvals: {after}",
        policies=(name,),
        what=(policy.description,),
        before=duration.show(policy.max_duration),
        after="; ".join(rule.in_words() for rule in rules_of(policy)),
    )


def _calendar(rules: Rules, now: datetime) -> Calendar:
    roster = rules.teams.value
    if rules.people.value is None or roster is None:
        raise ValueError("the rules are not comparable")
    return Calendar(people=rules.people.value, roster=roster, start=now)


def _askers(policy: Policy | None, calendar: Calendar) -> Mapping[Who, Times]:
    """Who may ask, and when: people without an AWS principal cannot."""
    named = calendar.behind(policy.eligible) if policy is not None else {}
    return {who: times for who, times in named.items() if calendar.person(who).principal is not None}


def _people(old: People, new: People) -> Iterator[Effect]:
    """Logins that stand for somebody else now: another GitHub account, or another identity in AWS."""
    for login, person in new.items():
        was = old.get(login)
        if was is None:
            continue
        for code, text, before, after in (
            ("another-account", "{people} is another GitHub account: {after}, until now {before}", str(was.github_id), str(person.github_id)),
            ("another-identity", "What {people} is granted goes to another AWS identity: {after}; until now: {before}", _identity(was), _identity(person)),
        ):  # fmt: skip
            if before != after:
                yield Effect(code=code, direction=W, level=Level.CRITICAL, text=text, people=(login,), before=before, after=after)  # fmt: skip


def _identity(person: Person) -> str:
    return principal_text(person.principal) or "none"


def _settings(old: Settings | None, new: Settings | None) -> Iterator[Effect]:
    if old is None or new is None:
        return
    before, after = old.approvals_valid_for, new.approvals_valid_for
    if before != after:
        longer = after > before
        yield Effect(
            code="approvals-valid-longer" if longer else "approvals-valid-shorter",
            direction=W if longer else N,
            level=Level.HIGH if longer else Level.LOW,
            text="An approval counts for {after} before the merge; until now: {before}",
            before=duration.show(before),
            after=duration.show(after),
        )
    for name in ("repository", "repository_id", "namespace", "issuer"):
        one, other = (str(getattr(each, name)) for each in (old, new))
        if one != other:
            text = f"policies/settings.yaml: {name} is {{after}}; until now: {{before}}"
            yield Effect(code="settings-changed", direction=W, level=Level.CRITICAL, text=text, before=one, after=other)  # fmt: skip
    yield from reviewing.review_every(old, new)
    if old.trail != new.trail:
        yield Effect(
            code="trail-changed",
            direction=Direction.OTHER,
            level=Level.MEDIUM,
            text="What was done with a grant is read from {after}; until now: {before}",
            before=_trail(old.trail),
            after=_trail(new.trail),
        )


def _trail(trail: OwnTrail | None) -> str:
    if trail is None:
        return "CloudTrail's event history alone"
    given = ((each.name, getattr(trail, each.name)) for each in fields(trail))
    return ", ".join(f"{name} {value}" for name, value in given if value)


def _aliases(old: Accounts, new: Accounts) -> Iterator[Effect]:
    """Aliases that stand for another account: what was asked for one is granted in the other."""
    for alias in sorted(old.keys() & new.keys()):
        if old[alias] != new[alias]:
            text = "{what} is another AWS account: {after}, until now {before}"
            yield Effect(code="another-aws-account", direction=W, level=Level.CRITICAL, text=text, what=(alias,), before=old[alias], after=new[alias])  # fmt: skip


def _mentions(rules: RuleSet, path: str, word: str) -> int:
    found = rules.workflows.get(path)
    return found.mentions(word) if found is not None else 0


_SAID = {
    "id-token": "Newly mentions id-token, a permission by which a job can get tokens that AWS accepts: {what}",
    "write-all": "Newly asks for every permission in the repository (write-all): {what}",
    "pull_request_target": "Newly starts by pull_request_target, so with main's permissions on what anybody proposes: {what}",
}


def _files(base: RuleSet, head: RuleSet) -> Iterator[Effect]:
    """What changes of files whose meaning is not compared: keys of the ledger, workflows and code, and any others."""
    changed = [
        path
        for path in dict.fromkeys((*base.files, *head.files))
        if base.files.get(path) != head.files.get(path)
    ]
    if ISSUER_KEYS in changed:
        text = "{what}: the keys that verify the records of the ledger change"
        yield Effect(code="keys-changed", direction=W, level=Level.CRITICAL, text=text, what=(ISSUER_KEYS,))
    for needle, text in _SAID.items():
        more = tuple(
            path for path in changed
            if _mentions(head, path, needle) > _mentions(base, path, needle)
        )  # fmt: skip
        if more:
            yield Effect(code=f"workflow-{needle.replace('_', '-')}", direction=W, level=Level.CRITICAL, text=text, what=more)  # fmt: skip
    if runs := tuple(path for path in changed if path.startswith(CODE)):
        text = "The code that runs changes, and only the diff shows how: {what}"
        yield Effect(code="code-changed", direction=Direction.OTHER, level=Level.HIGH, text=text, what=runs)
    known = {*SHARED_RULES, ISSUER_KEYS, *map(policy_path, (*base.policies, *head.policies))}
    others = tuple(path for path in changed if path.startswith("policies/") and path not in known)
    if others:
        text = "Not compared here: {what}"
        yield Effect(
            code="not-compared", direction=Direction.OTHER, level=Level.MEDIUM, text=text, what=others
        )
