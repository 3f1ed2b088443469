"""What protects main and the ledger, in plain values."""

from dataclasses import fields, replace
from typing import Any

import pytest

from jitbot.domain.setup.doctor import branches
from jitbot.domain.setup.doctor.branches import Branch, Bypass, Protection
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Unknown

PAGE = "https://github.com/acme/access"
GAP = Unknown(why="nobody told")
RULES = Protection(
    force_push_blocked=True,
    deletion_blocked=True,
    pull_request=True,
    approvals=1,
    code_owners=True,
    dismisses_stale=True,
    last_push_approval=True,
    statuses=branches.STATUSES,
)
MAIN = Branch(name="main", rules=RULES, classic=Protection(), bypasses=())
LEDGER = Branch(
    name="ledger",
    rules=Protection(force_push_blocked=True, deletion_blocked=True),
    classic=Protection(),
    bypasses=(),
)
ADMINS = Bypass(kind="RepositoryRole", number=5, mode="always", ruleset="main")
OF_MAIN = {
    "main-pull-request": {"pull_request": False},
    "main-approvals": {"approvals": 0},
    "main-code-owners": {"code_owners": False},
    "main-dismiss-stale": {"dismisses_stale": False},
    "main-last-push": {"last_push_approval": False},
    "main-force-push": {"force_push_blocked": False},
    "main-deletion": {"deletion_blocked": False},
    "main-statuses": {"statuses": frozenset({"jitbot/check"})},
    "main-up-to-date": {"up_to_date": True},
}
COMFORTS = {"main-statuses", "main-up-to-date"}


def not_ok(checks: Any) -> dict[str, CheckVerdict]:
    """The checks that are not fine, by code."""
    found: list[Check] = list(checks)
    assert found
    return {check.code: check.verdict for check in found if check.verdict is not CheckVerdict.OK}


def test_all_as_it_should_be() -> None:
    """Where every rule is on, every check is fine."""
    assert not_ok(branches.main(MAIN, PAGE)) == {}
    assert not_ok(branches.ledger(LEDGER, True, PAGE)) == {}


@pytest.mark.parametrize(("code", "change"), OF_MAIN.items())
def test_each_rule_that_is_off_turns_its_own_check(code: str, change: dict[str, Any]) -> None:
    """One rule less is one check that is not fine, and no other."""
    weak = replace(MAIN, rules=replace(RULES, **change))
    expected = CheckVerdict.WARN if code in COMFORTS else CheckVerdict.WRONG
    assert not_ok(branches.main(weak, PAGE)) == {code: expected}


@pytest.mark.parametrize("code", sorted(OF_MAIN.keys() - {"main-up-to-date"}))
def test_classic_protection_adds_up(code: str) -> None:
    """What a ruleset leaves out, classic protection may ask for."""
    weak = replace(MAIN, rules=replace(RULES, **OF_MAIN[code]), classic=RULES)
    assert not_ok(branches.main(weak, PAGE)) == {}


def test_classic_protection_may_want_too_much() -> None:
    """Branches that must be up to date are told, wherever it is asked for."""
    strict = replace(MAIN, classic=Protection(up_to_date=True))
    assert not_ok(branches.main(strict, PAGE)) == {"main-up-to-date": CheckVerdict.WARN}


@pytest.mark.parametrize(("code", "change"), OF_MAIN.items())
def test_what_cannot_be_seen_is_not_fine(code: str, change: dict[str, Any]) -> None:
    """A rule that rulesets do not hold, with classic protection out of sight, is unknown: neither fine nor wrong."""
    dim = replace(MAIN, rules=replace(RULES, **change), classic=GAP)
    found = not_ok(branches.main(dim, PAGE))
    expected = CheckVerdict.WARN if code == "main-up-to-date" else CheckVerdict.UNKNOWN
    assert found[code] is expected
    assert set(found) <= {code, "main-up-to-date"}


def test_nothing_seen_is_nothing_fine() -> None:
    """Where neither kind of rule can be read every check of main is unknown."""
    dark = Branch(name="main", rules=GAP, classic=GAP, bypasses=GAP)
    assert set(not_ok(branches.main(dark, PAGE)).values()) == {CheckVerdict.UNKNOWN}
    assert len(not_ok(branches.main(dark, PAGE))) == len(OF_MAIN) + 1


@pytest.mark.parametrize(
    ("bypass", "verdict"),
    [
        (ADMINS, CheckVerdict.WARN),
        (replace(ADMINS, kind="OrganizationAdmin", number=1), CheckVerdict.WARN),
        (replace(ADMINS, number=4), CheckVerdict.WRONG),
        (replace(ADMINS, kind="Team"), CheckVerdict.WRONG),
        (replace(ADMINS, kind="Integration"), CheckVerdict.WRONG),
        (replace(ADMINS, kind="DeployKey", number=None), CheckVerdict.WRONG),
        (replace(ADMINS, kind="User", mode="pull_request"), CheckVerdict.WRONG),
    ],
)
def test_who_may_pass_is_named(bypass: Bypass, verdict: CheckVerdict) -> None:
    """Admins, who could change the rules, are shown; anybody else is wrong, beside admins too."""
    for name, found in (
        ("main", list(branches.main(replace(MAIN, bypasses=(ADMINS, bypass)), PAGE))),
        ("ledger", list(branches.ledger(replace(LEDGER, bypasses=(ADMINS, bypass)), True, PAGE))),
    ):
        assert not_ok(found) == {f"{name}-bypass": verdict}
        assert bypass.shown() in found[-1].says


@pytest.mark.parametrize(
    ("code", "change"),
    [("force-push", {"force_push_blocked": False}), ("deletion", {"deletion_blocked": False})],
)
def test_the_ledger_counts_rulesets_alone(code: str, change: dict[str, Any]) -> None:
    """`grant` reads rulesets alone, so that classic protection of the ledger helps nothing."""
    classic = Protection(force_push_blocked=True, deletion_blocked=True)
    weak = replace(LEDGER, rules=Protection(**{**vars_of(classic), **change}), classic=classic)
    assert not_ok(branches.ledger(weak, True, PAGE)) == {f"ledger-{code}": CheckVerdict.WRONG}


def vars_of(protection: Protection) -> dict[str, Any]:
    """A protection's fields."""
    return {
        "force_push_blocked": protection.force_push_blocked,
        "deletion_blocked": protection.deletion_blocked,
    }


@pytest.mark.parametrize("asks", [{"pull_request": True}, {"statuses": frozenset({"ci"})}])
@pytest.mark.parametrize("kind", ["rules", "classic"])
def test_a_ledger_nobody_can_write_to_is_wrong(kind: str, asks: dict[str, Any]) -> None:
    """A rule that wants pull requests or green checks of the ledger keeps jitbot out."""
    held = replace(Protection(force_push_blocked=True, deletion_blocked=True), **asks)
    assert not_ok(branches.ledger(replace(LEDGER, **{kind: held}), True, PAGE)) == {
        "ledger-writable": CheckVerdict.WRONG
    }


def test_no_ledger_is_wrong() -> None:
    """Without the branch nothing can be recorded; where nobody can tell, it is unknown."""
    assert not_ok(branches.ledger(LEDGER, False, PAGE)) == {"ledger-exists": CheckVerdict.WRONG}
    assert not_ok(branches.ledger(LEDGER, GAP, PAGE)) == {"ledger-exists": CheckVerdict.UNKNOWN}


FLAGS = [field.name for field in fields(Protection) if field.default is False]


@pytest.mark.parametrize("name", FLAGS)
def test_the_stricter_of_two_counts(name: str) -> None:
    """Each demand counts, whichever of the two makes it."""
    asks: Any = {name: True}
    assert Protection(**asks).plus(Protection()) == Protection(**asks)
    assert Protection().plus(Protection(**asks)) == Protection(**asks)


@pytest.mark.parametrize(
    ("bypass", "shown"),
    [
        (ADMINS, "the repository's admins (always, in ruleset main)"),
        (replace(ADMINS, number=4), "RepositoryRole 4 (always, in ruleset main)"),
        (replace(ADMINS, kind="OrganizationAdmin"), "the organisation's admins (always, in ruleset main)"),
        (replace(ADMINS, kind="DeployKey", number=None), "every deploy key (always, in ruleset main)"),
        (replace(ADMINS, kind="Team", mode="exempt"), "Team 5 (exempt, in ruleset main)"),
    ],
)
def test_who_may_pass_in_words(bypass: Bypass, shown: str) -> None:
    """Kind and number, or who that is."""
    assert bypass.shown() == shown


def test_which_promise_a_bypass_breaks() -> None:
    """Of main the first, of the ledger the fourth."""
    of_main, of_ledger = list(branches.main(MAIN, PAGE))[-1], list(branches.ledger(LEDGER, True, PAGE))[-1]
    assert [each.means.partition(":")[0] for each in (of_main, of_ledger)] == ["promise 1", "promise 4"]


def test_a_ledger_out_of_sight_is_unknown() -> None:
    """Where rulesets cannot be read nobody knows what holds of the ledger."""
    dark = not_ok(branches.ledger(replace(LEDGER, rules=GAP), True, PAGE))
    assert dark == dict.fromkeys(
        ("ledger-force-push", "ledger-deletion", "ledger-writable"), CheckVerdict.UNKNOWN
    )


def test_methods_that_both_allow() -> None:
    """Two rules allow what each of them allows; a rule that says nothing allows all."""
    one, other = Protection(methods=frozenset({"merge", "squash"})), Protection(methods=frozenset({"squash"}))
    assert one.plus(other).methods == {"squash"}
    assert one.plus(Protection()).methods == {"merge", "squash"}
    assert Protection().plus(Protection()).methods is None
