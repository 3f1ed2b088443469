"""One thing that must be so on GitHub, as a row of a table: what is wanted, how it is read, and how it is changed."""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from jitbot.domain.setup.doctor.github.github_state import Body, Branch, Bypass, GitHubState
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Unknown, listed

Value = bool | int | str | frozenset[str] | tuple[Bypass, ...]
MERGE_METHODS = frozenset({"merge", "squash"})
Seen = tuple[Value | Unknown, ...]  # a value for each place where GitHub keeps it


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRule:
    """One thing that the rules of a branch may ask for. `nothing` is its value where no rule asks for it.

    In a ruleset it is a parameter of a rule of this kind; without a parameter, that the rule is there at all.
    `classic` is where classic protection says the same; empty where classic protection does not count.
    """

    kind: str
    parameter: str = ""
    classic: tuple[str, ...] = ()
    nothing: bool | int | frozenset[str] = False

    def asked_of(self, branch: Branch) -> Seen:
        """What each rule of the branch asks for. Rulesets and classic protection add up on GitHub."""
        rules = (branch.rules,) if isinstance(branch.rules, Unknown) else branch.rules
        found = [
            self._in_ruleset(rule)
            for rule in rules
            if isinstance(rule, Unknown) or rule.get("type") == self.kind
        ]
        if self.classic:
            found.append(self._in_classic(branch.classic))
        lists = [each for each in found if isinstance(each, frozenset)]
        if lists:
            found.append(frozenset().union(*lists))
        return tuple(found) or (self.nothing,)

    def body(self, wanted: bool | int | frozenset[str]) -> Mapping[str, Mapping[str, object]]:
        """The parameters of the rule that asks for this, by its kind, as a ruleset has them."""
        value: object = wanted
        if isinstance(wanted, frozenset):
            value = [{"context": each} for each in sorted(wanted, reverse=True)]
        return {self.kind: {self.parameter: value} if self.parameter else {}}

    def _in_ruleset(self, rule: Body | Unknown) -> Value | Unknown:
        if isinstance(rule, Unknown):
            return rule
        return self._value(below(rule, "parameters", self.parameter)) if self.parameter else True

    def _in_classic(self, found: Body | Unknown | None) -> Value | Unknown:
        if isinstance(found, Unknown):
            return found
        raw = below(found, *self.classic)
        if raw is None:
            return self.nothing
        value = self._value(raw if len(self.classic) > 1 else True)
        # There GitHub says what is allowed, and a ruleset what is blocked.
        return not value if isinstance(value, bool) and self.classic[0].startswith("allow_") else value

    def _value(self, value: Any) -> Value | Unknown:
        """The value, if it has the type that it must have: the meaning of any other value is unknown."""
        found: Value | Unknown = Unknown(why=f"GitHub does not say {self.parameter} of a rule")
        if isinstance(self.nothing, frozenset) and isinstance(value, list):
            found = frozenset(str(below(each, "context") or each) for each in value)
        elif type(value) is type(self.nothing):
            found = value
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """What `init --apply` changes with one call of GitHub's API, below `repos/<owner>/<name>`.

    `title` names it when it is applied; `effect` says before what it does, where the title does not.
    `branch`: the call makes its ruleset.
    """

    title: str
    method: str
    effect: str = ""
    path: str = ""
    branch: str = ""


def some_of(value: frozenset[str], wanted: frozenset[str]) -> bool:
    """Whether there is something, and nothing but what is wanted."""
    return bool(value) and value <= wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row. `says` is what is said of another value, shown in its braces; `sets` is the row's part of the change.

    `fits` compares a value with the wanted one. With `operator.ge` one place is enough, otherwise each must fit.
    """

    check: Check
    wanted: Value
    fits: Callable[[Any, Any], bool] = operator.eq
    read: Callable[[GitHubState], Seen]
    observed: str
    change: SettingChange | None = None
    sets: Callable[[], Mapping[str, Any]] = dict

    def compare(self, state: GitHubState, page: str = "") -> Check:
        """The check, answered; `page` is the repository's, for people. Only what was seen is fine."""
        fix = self.check.fix.format(repository=state.hosting.full_name, page=page)
        check, seen = replace(self.check, fix=fix), self.read(state)
        gaps = [each.why for each in seen if isinstance(each, Unknown)]
        known = [each for each in seen if not isinstance(each, Unknown)]
        wrong = [each for each in known if not self.fits(each, self.wanted)]
        one_is_enough = self.fits is operator.ge
        if len(wrong) < len(known) and (one_is_enough or not (wrong or gaps)):
            return check.ok()
        if wrong and not (one_is_enough and gaps):
            return self._differs(check, wrong[0])
        return check.unknown(gaps[0])

    def _differs(self, check: Check, value: Any) -> Check:
        if isinstance(value, tuple):
            # Admins could change the rules instead: GitHub has no way to bind them, and SECURITY says so.
            if all(each.is_admin for each in value):
                check = replace(check, otherwise=CheckVerdict.WARN)
            return check.no(self.observed.format(listed(each.shown() for each in value)))
        if self.fits is some_of and not value & MERGE_METHODS:
            return check.no("neither merge nor squash is allowed")
        return check.no(
            self.observed.format(listed(sorted(value)) if isinstance(value, frozenset) else value)
        )


def key_setting(
    answer_of: Callable[[GitHubState], Body | Unknown],
    key: str,
    wanted: bool | str,
    observed: str,
    change: SettingChange | None,
    check: Check,
) -> Setting:
    """One key of an answer of GitHub's."""
    return Setting(
        check=check,
        wanted=wanted,
        read=partial(_read_key, answer_of, key, type(wanted)),
        observed=observed,
        change=change,
        sets=partial(dict, {key: wanted}),
    )


def of_repository(state: GitHubState) -> Body:
    """The repository's own settings."""
    return state.hosting.answer


def of_job_tokens(state: GitHubState) -> Body | Unknown:
    """What a job's token may do by default."""
    return state.job_tokens


def _read_key(
    answer_of: Callable[[GitHubState], Body | Unknown],
    key: str,
    kind: type[bool | str],
    state: GitHubState,
) -> Seen:
    answer = answer_of(state)
    if isinstance(answer, Unknown):
        return (answer,)
    value = answer.get(key)
    return (value if isinstance(value, kind) else Unknown(why="only people who may write see this"),)


def pass_by(state: GitHubState, name: str, rows: Iterable[Setting]) -> Seen:
    """Who may pass the rules of main or ledger by; nobody, where strict rulesets alone ask for all that these rows want.

    Rulesets add up, and a bypass is of one of them: https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/about-rulesets
    """
    branch = state.main if name == "main" else state.ledger
    rules = () if isinstance(branch.rules, Unknown) else branch.rules
    kept = tuple(rule for rule in rules if rule.get("ruleset_id") in branch.strict)
    alone = replace(branch, rules=kept, classic=None)
    strictly = replace(state, main=alone, ledger=alone)
    wanted = [row for row in rows if row.check.otherwise is CheckVerdict.WRONG and row.wanted != ()]
    if kept and all(row.compare(strictly).verdict is CheckVerdict.OK for row in wanted):
        return ((),)
    return (branch.bypasses,)


def below(found: object, *names: str) -> object:
    """What lies below these names; None where nothing does."""
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
