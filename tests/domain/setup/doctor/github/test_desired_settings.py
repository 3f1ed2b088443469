"""The table of desired settings, in GitHub's answers: what is fine, what is not, and what cannot be seen."""

import json
from dataclasses import replace
from typing import Any

import pytest
from github_facts import (
    CLASSIC,
    FINE,
    HOSTING,
    LEDGER,
    LEDGER_RULES,
    MAIN,
    MAIN_RULES,
    asking,
    classic,
    job_tokens,
    without,
)
from github_facts import hosting as repository

from jitbot.domain.ledger.events import LEDGER_RULES as KINDS
from jitbot.domain.setup.doctor.github import desired_settings as desired
from jitbot.domain.setup.doctor.github.github_state import Bypass, GitHubState
from jitbot.domain.setup.doctor.github.setting import Setting, SettingRule
from jitbot.domain.setup.doctor.github.setting_changes import body, commands
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Unknown

PAGE = "https://github.com/acme/access"
GAP = Unknown(why="nobody told")
ADMINS = Bypass(kind="RepositoryRole", number=5, mode="always", ruleset="main")
TEAM = replace(ADMINS, kind="Team")
ROWS = {row.check.code: row for row in desired.TABLE}
DARK_MAIN = replace(MAIN, rules=GAP, classic=GAP, bypasses=GAP)
DARK_LEDGER = replace(LEDGER, rules=GAP, classic=GAP, bypasses=GAP)
REVIEWS, CHECKS = "required_pull_request_reviews", "required_status_checks"


def asked(rows: Any, state: GitHubState) -> dict[str, Check]:
    """The checks of these rows, by code."""
    found = {row.check.code: row.compare(state, PAGE) for row in rows}
    assert found
    return found


def not_ok(rows: Any, state: GitHubState = FINE, **changes: Any) -> dict[str, CheckVerdict]:
    """The checks that are not fine, by code."""
    found = asked(rows, replace(state, **changes))
    return {code: check.verdict for code, check in found.items() if check.verdict is not CheckVerdict.OK}


def of_main(**changes: Any) -> dict[str, Any]:
    """Another main."""
    return {"main": replace(MAIN, **changes)}


def of_ledger(**changes: Any) -> dict[str, Any]:
    """Another ledger."""
    return {"ledger": replace(LEDGER, **changes)}


def pull(**parameters: Any) -> dict[str, Any]:
    """Main with another rule of pull requests."""
    return of_main(rules=asking(MAIN_RULES, "pull_request", **parameters))


def checks(**parameters: Any) -> dict[str, Any]:
    """Main with another rule of status checks."""
    return of_main(rules=asking(MAIN_RULES, CHECKS, **parameters))


def unruled(kind: str) -> dict[str, Any]:
    """Main without a kind of rule."""
    return of_main(rules=without(MAIN_RULES, kind))


NO_RULES = [{"main": DARK_MAIN}, of_main(rules=GAP)]
NO_LEDGER_RULES = [{"ledger": DARK_LEDGER}, of_ledger(rules=GAP)]
METHODS = ("allow_merge_commit", "allow_squash_merge", "allow_rebase_merge")
OPEN = of_main(rules=asking(MAIN_RULES, "pull_request", allowed_merge_methods=...))

# Each row: how GitHub may answer otherwise than is wanted, and how it may not tell.
ANSWERS: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    "default-branch": (
        [{"hosting": repository(default_branch="trunk")}],
        [{"hosting": repository(default_branch=...)}, {"hosting": repository(default_branch=None)}],
    ),
    "not-archived": (
        [{"hosting": repository(archived=True)}],
        [{"hosting": repository(archived=...)}, {"hosting": repository(archived="no")}],
    ),
    "issues": (
        [{"hosting": repository(has_issues=False)}],
        [{"hosting": repository(has_issues=...)}, {"hosting": repository(has_issues=None)}],
    ),
    "main-pull-request": ([unruled("pull_request")], NO_RULES),
    "main-approvals": (
        [pull(required_approving_review_count=0), unruled("pull_request")],
        [*NO_RULES, pull(required_approving_review_count=...), pull(required_approving_review_count=True)],
    ),
    "main-code-owners": (
        [pull(require_code_owner_review=False)],
        [*NO_RULES, *(pull(require_code_owner_review=value) for value in (..., 1, [], ["yes"]))],
    ),
    "main-dismiss-stale": (
        [pull(dismiss_stale_reviews_on_push=False)],
        [*NO_RULES, pull(dismiss_stale_reviews_on_push=...), pull(dismiss_stale_reviews_on_push="yes")],
    ),
    "main-last-push": (
        [pull(require_last_push_approval=False)],
        [*NO_RULES, pull(require_last_push_approval=...), pull(require_last_push_approval=None)],
    ),
    "main-force-push": ([unruled("non_fast_forward")], NO_RULES),
    "main-deletion": ([unruled("deletion")], NO_RULES),
    "main-statuses": (
        [checks(required_status_checks=[{"context": "jitbot/check"}]), unruled(CHECKS)],
        [*NO_RULES, checks(required_status_checks=...), checks(required_status_checks="jitbot/check")],
    ),
    "main-up-to-date": (
        [checks(strict_required_status_checks_policy=True)],
        [
            *NO_RULES,
            of_main(classic=GAP),
            checks(strict_required_status_checks_policy=...),
            checks(strict_required_status_checks_policy="no"),
        ],
    ),
    "main-bypass": ([of_main(bypasses=(TEAM,)), of_main(bypasses=(ADMINS, TEAM))], [of_main(bypasses=GAP)]),
    "ledger-exists": ([{"has_ledger": False}], [{"has_ledger": GAP}]),
    "ledger-force-push": ([of_ledger(rules=without(LEDGER_RULES, "non_fast_forward"))], NO_LEDGER_RULES),
    "ledger-deletion": ([of_ledger(rules=without(LEDGER_RULES, "deletion"))], NO_LEDGER_RULES),
    "ledger-writable": (
        [of_ledger(rules=MAIN_RULES), of_ledger(rules=without(MAIN_RULES, CHECKS)), of_ledger(classic=CLASSIC)],
        [*NO_LEDGER_RULES, of_ledger(classic=GAP)],
    ),
    "ledger-bypass": ([of_ledger(bypasses=(TEAM,))], [of_ledger(bypasses=GAP)]),
    "merge-methods": (
        [{**OPEN, "hosting": repository(allow_rebase_merge=True)}],
        [{**OPEN, "hosting": repository(**{key: value})} for key in METHODS for value in (..., None)],
    ),
    "auto-merge": (
        [{"hosting": repository(allow_auto_merge=False)}],
        [{"hosting": repository(allow_auto_merge=...)}, {"hosting": repository(allow_auto_merge=1)}],
    ),
    "delete-branch": (
        [{"hosting": repository(delete_branch_on_merge=False)}],
        [{"hosting": repository(delete_branch_on_merge=value)} for value in (..., None)],
    ),
    "actions-default-read": (
        [{"job_tokens": job_tokens(default_workflow_permissions="write")}],
        [{"job_tokens": GAP}, {"job_tokens": job_tokens(default_workflow_permissions=...)}],
    ),
    "actions-never-approve": (
        [{"job_tokens": job_tokens(can_approve_pull_request_reviews=True)}],
        [
            {"job_tokens": GAP},
            *({"job_tokens": job_tokens(can_approve_pull_request_reviews=value)} for value in (..., None, 0)),
        ],
    ),
}  # fmt: skip
COMFORTS = {
    "main-statuses",
    "main-up-to-date",
    "auto-merge",
    "delete-branch",
    "actions-default-read",
    "issues",
}


@pytest.mark.parametrize("code", ROWS)
def test_each_row_is_fine_wrong_or_unknown(code: str) -> None:
    """What is wanted is fine, every other answer is not, and what GitHub does not tell is unknown; init changes both."""
    row, (others, unseen) = ROWS[code], ANSWERS[code]
    assert row.compare(FINE).verdict is CheckVerdict.OK
    assert (row.compare(FINE).fix, desired.due(FINE)) == ("", frozenset())
    otherwise = CheckVerdict.WARN if code in COMFORTS else CheckVerdict.WRONG
    for change in (*others, *unseen):
        state = replace(FINE, **change)
        check = row.compare(state, PAGE)
        assert check.verdict is (otherwise if change in others else CheckVerdict.UNKNOWN)
        assert check.observed
        assert check.impact
        assert check.fix
        assert "{" not in check.fix + check.observed
        assert row.change is None or row.change in desired.due(state)
    assert others
    assert unseen


SAID = {
    "default-branch": "it is trunk",
    "main-up-to-date": "a rule asks for it",
    "main-bypass": TEAM.shown(),
    "ledger-exists": "there is none",
    "ledger-force-push": "no active ruleset says so",
    "ledger-deletion": "no active ruleset says so",
    "ledger-writable": "a rule asks for it",
    "ledger-bypass": TEAM.shown(),
    "merge-methods": "allowed: merge, rebase, squash",
    "not-archived": "it is",
    "issues": "they are off",
    "auto-merge": "it is off",
    "delete-branch": "it is off",
    "actions-default-read": "it may write",
    "actions-never-approve": "they can",
}


@pytest.mark.parametrize("code", ROWS)
def test_what_is_said_of_another_value(code: str) -> None:
    """What was found where something else is wanted."""
    check = ROWS[code].compare(replace(FINE, **ANSWERS[code][0][0]))
    assert check.observed == SAID.get(code, "no active rule says so")


@pytest.mark.parametrize(
    ("code", "change", "why"),
    [
        ("auto-merge", {"hosting": repository(allow_auto_merge=...)}, "only people who may write see this"),
        ("main-approvals", {"main": DARK_MAIN}, GAP.why),
        ("main-approvals", pull(required_approving_review_count=...), "GitHub does not say required_approving_review_count of a rule"),
        ("actions-default-read", {"job_tokens": GAP}, GAP.why),
    ],
)  # fmt: skip
def test_why_it_cannot_be_seen(code: str, change: dict[str, Any], why: str) -> None:
    """What is unknown says why."""
    assert ROWS[code].compare(replace(FINE, **change)).observed == why


def test_every_row_is_tried() -> None:
    """Each row has its own code and its own answers above, and init can change it, but for the default branch and an archive."""
    assert set(ANSWERS) == set(ROWS)
    assert len(ROWS) == len(desired.TABLE)
    assert {code for code, row in ROWS.items() if row.change is None} == {"default-branch", "not-archived"}
    assert {row.change for row in desired.TABLE} - {None} == set(desired.CHANGES)


OF_MAIN: dict[str, tuple[dict[str, Any], set[str]]] = {
    "main-pull-request": (
        unruled("pull_request"),
        {"main-approvals", "main-code-owners", "main-dismiss-stale", "main-last-push"},
    ),
    "main-approvals": (pull(required_approving_review_count=0), set()),
    "main-code-owners": (pull(require_code_owner_review=False), set()),
    "main-dismiss-stale": (pull(dismiss_stale_reviews_on_push=False), set()),
    "main-last-push": (pull(require_last_push_approval=False), set()),
    "main-force-push": (unruled("non_fast_forward"), set()),
    "main-deletion": (unruled("deletion"), set()),
    "main-statuses": (checks(required_status_checks=[{"context": "jitbot/check"}]), set()),
    "main-up-to-date": (checks(strict_required_status_checks_policy=True), set()),
}


@pytest.mark.parametrize("code", OF_MAIN)
def test_each_rule_that_is_off_turns_its_own_check(code: str) -> None:
    """One rule less is one check that is not fine, and no other but those of what the same rule asks for."""
    change, more = OF_MAIN[code]
    verdicts = {each: CheckVerdict.WARN if each in COMFORTS else CheckVerdict.WRONG for each in (code, *more)}
    assert not_ok(desired.MAIN, **change) == verdicts


@pytest.mark.parametrize("code", sorted(OF_MAIN.keys() - {"main-up-to-date"}))
def test_classic_protection_adds_up(code: str) -> None:
    """What a ruleset leaves out, classic protection may ask for."""
    weak = OF_MAIN[code][0]["main"]
    assert not_ok(desired.MAIN, main=replace(weak, classic=CLASSIC)) == {}
    assert not_ok(desired.MAIN, main=replace(weak, rules=(), classic=CLASSIC)) == {}
    assert not_ok(desired.MAIN, main=replace(weak, rules=GAP, classic=CLASSIC)) == {
        "main-up-to-date": CheckVerdict.UNKNOWN
    }


@pytest.mark.parametrize(
    ("protection", "code"),
    [
        (classic(REVIEWS, required_approving_review_count=0), "main-approvals"),
        (classic(REVIEWS, required_approving_review_count=...), "main-approvals"),
        (classic(REVIEWS, require_code_owner_reviews=False), "main-code-owners"),
        (classic(REVIEWS, require_code_owner_reviews=...), "main-code-owners"),
        (classic(REVIEWS, dismiss_stale_reviews=False), "main-dismiss-stale"),
        (classic(REVIEWS, require_last_push_approval=...), "main-last-push"),
        (classic("allow_force_pushes", enabled=True), "main-force-push"),
        (classic("allow_force_pushes", enabled=...), "main-force-push"),
        ({**CLASSIC, "allow_force_pushes": None}, "main-force-push"),
        (classic("allow_deletions", enabled=True), "main-deletion"),
        (classic(CHECKS, contexts=["jitbot/check"]), "main-statuses"),
        (classic(CHECKS, contexts=...), "main-statuses"),
    ],
)
def test_what_classic_protection_does_not_ask_for(protection: Any, code: str) -> None:
    """What classic protection allows, or does not name, it does not ask for."""
    verdict = CheckVerdict.WARN if code in COMFORTS else CheckVerdict.WRONG
    assert not_ok(desired.MAIN, **of_main(rules=(), classic=protection)) == {code: verdict}


@pytest.mark.parametrize(
    ("protection", "code"),
    [
        (classic(REVIEWS, required_approving_review_count="1"), "main-approvals"),
        (classic(REVIEWS, require_code_owner_reviews="true"), "main-code-owners"),
        (classic(REVIEWS, dismiss_stale_reviews=1), "main-dismiss-stale"),
        (classic("allow_force_pushes", enabled=0), "main-force-push"),
        (classic("allow_deletions", enabled="false"), "main-deletion"),
        (classic(CHECKS, contexts="jitbot/check"), "main-statuses"),
        (classic(CHECKS, strict="no"), "main-up-to-date"),
    ],
)  # fmt: skip
def test_what_classic_protection_says_in_another_way_is_unknown(protection: Any, code: str) -> None:
    """A value of another kind than GitHub describes is neither fine nor wrong."""
    assert not_ok(desired.MAIN, **of_main(rules=(), classic=protection)) == {code: CheckVerdict.UNKNOWN}


def test_status_checks_add_up() -> None:
    """One check that a ruleset requires and one that classic protection requires are both required."""
    half = checks(required_status_checks=[{"context": "jitbot/check"}])["main"]
    other = {CHECKS: {"strict": False, "contexts": ["jitbot/approval"]}}
    assert not_ok(desired.MAIN, main=replace(half, classic=other)) == {}
    assert not_ok(desired.MAIN, main=replace(half, classic=GAP))["main-statuses"] is CheckVerdict.UNKNOWN


def test_classic_protection_may_want_too_much() -> None:
    """Branches that must be up to date are told, wherever it is asked for."""
    strict = of_main(classic={CHECKS: {"strict": True, "contexts": []}})
    assert not_ok(desired.MAIN, **strict) == {"main-up-to-date": CheckVerdict.WARN}


@pytest.mark.parametrize("code", OF_MAIN)
def test_what_cannot_be_seen_is_not_fine(code: str) -> None:
    """A rule that rulesets do not hold, with classic protection out of sight, is unknown: neither fine nor wrong."""
    change, more = OF_MAIN[code]
    found = not_ok(desired.MAIN, main=replace(change["main"], classic=GAP))
    assert found[code] is (CheckVerdict.WARN if code == "main-up-to-date" else CheckVerdict.UNKNOWN)
    assert {found[each] for each in more} <= {CheckVerdict.UNKNOWN}
    assert set(found) == {code, "main-up-to-date"} | more


def test_nothing_seen_is_nothing_fine() -> None:
    """Where neither kind of rule can be read every check of main is unknown."""
    assert not_ok(desired.MAIN, main=DARK_MAIN) == {
        row.check.code: CheckVerdict.UNKNOWN for row in desired.MAIN
    }
    assert len(desired.MAIN) == len(OF_MAIN) + 1


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
    both = (ADMINS, bypass)
    for rows, change in ((desired.MAIN, of_main(bypasses=both)), (desired.LEDGER, of_ledger(bypasses=both))):
        code = f"{rows[-1].check.group}-bypass"
        assert not_ok(rows, **change) == {code: verdict}
        found = asked(rows, replace(FINE, **change))[code]
        assert found.observed == f"{ADMINS.shown()}, {bypass.shown()}"
        assert found.fix.endswith(f": {PAGE}/settings/rules")


@pytest.mark.parametrize("kind", ["non_fast_forward", "deletion"])
def test_the_ledger_counts_rulesets_alone(kind: str) -> None:
    """`grant` reads rulesets alone, so that classic protection of the ledger helps nothing."""
    protection = {"allow_force_pushes": {"enabled": False}, "allow_deletions": {"enabled": False}}
    weak = of_ledger(rules=without(LEDGER_RULES, kind), classic=protection)
    code = {"non_fast_forward": "ledger-force-push", "deletion": "ledger-deletion"}[kind]
    assert not_ok(desired.LEDGER, **weak) == {code: CheckVerdict.WRONG}


@pytest.mark.parametrize(
    ("rule", "section"),
    [
        ({"type": "pull_request"}, {REVIEWS: {}}),
        ({"type": CHECKS, "parameters": {CHECKS: [{"context": "ci"}]}}, {CHECKS: {"contexts": ["ci"]}}),
    ],
)
def test_a_ledger_nobody_can_write_to_is_wrong(rule: Any, section: Any) -> None:
    """A rule that wants pull requests or green checks of the ledger keeps jitbot out."""
    for change in (of_ledger(rules=(*LEDGER_RULES, rule)), of_ledger(classic=section)):
        assert not_ok(desired.LEDGER, **change) == {"ledger-writable": CheckVerdict.WRONG}


def test_what_grant_refuses_to_work_without_is_what_init_sets() -> None:
    """The rules that `grant` asks of the ledger are those of the ledger's ruleset, no more and no less."""
    assert {rule["type"] for rule in LEDGER_RULES} == KINDS
    assert sorted(KINDS) == ["deletion", "non_fast_forward"]


def test_no_ledger_is_wrong() -> None:
    """Without the branch nothing can be recorded; where nobody can tell, it is unknown."""
    assert not_ok(desired.LEDGER, has_ledger=False) == {"ledger-exists": CheckVerdict.WRONG}
    assert not_ok(desired.LEDGER, has_ledger=GAP) == {"ledger-exists": CheckVerdict.UNKNOWN}


@pytest.mark.parametrize(
    ("nothing", "one", "other", "both"),
    [
        (False, True, False, True),
        (0, 2, 1, 2),
        (frozenset(), [{"context": "a"}], [{"context": "b"}], frozenset({"a", "b"})),
    ],
)
def test_the_stricter_of_two_counts(nothing: Any, one: Any, other: Any, both: Any) -> None:
    """Each demand counts, whichever of two rulesets makes it, and without any nothing is asked for."""
    rule = SettingRule(kind="x", parameter="y", nothing=nothing)
    row = replace(ROWS["main-pull-request"], wanted=both, read=lambda state: rule.asked_of(state.main))
    first, second = ({"type": "x", "parameters": {"y": each}} for each in (one, other))
    rules: tuple[dict[str, Any], ...]
    for rules in ((first, second), (second, first)):
        assert not_ok([row], **of_main(rules=rules)) == {}
    unlike = {"type": "z", "parameters": {"y": one}}
    for rules in ((second,), (unlike, second), (unlike,), ()):
        assert not_ok([row], **of_main(rules=rules)) == {"main-pull-request": CheckVerdict.WRONG}
    for rules in (({"type": "x"},), (second, {"type": "x", "parameters": None})):
        assert not_ok([row], **of_main(rules=rules)) == {"main-pull-request": CheckVerdict.UNKNOWN}


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
    promises = [ROWS[f"{name}-bypass"].check.impact.partition(":")[0] for name in ("main", "ledger")]
    assert promises == ["promise 1", "promise 4"]


def test_a_ledger_out_of_sight_is_unknown() -> None:
    """Where rulesets cannot be read nobody knows what holds of the ledger."""
    assert not_ok(desired.LEDGER, **of_ledger(rules=GAP)) == dict.fromkeys(
        ("ledger-force-push", "ledger-deletion", "ledger-writable"), CheckVerdict.UNKNOWN
    )


def methods(*lists: Any) -> Any:
    """Main with a rule of pull requests for each list of allowed methods."""
    return of_main(
        rules=tuple({"type": "pull_request", "parameters": {"allowed_merge_methods": each}} for each in lists)
    )


@pytest.mark.parametrize(
    ("state", "verdict", "observed"),
    [
        ({}, CheckVerdict.OK, ""),
        ({**OPEN, "hosting": repository(allow_rebase_merge=True)}, CheckVerdict.WRONG, "allowed: merge, rebase, squash"),
        ({**OPEN, "hosting": repository(allow_merge_commit=False)}, CheckVerdict.OK, ""),
        ({**OPEN, "hosting": repository(allow_merge_commit=False, allow_squash_merge=False, allow_rebase_merge=True)}, CheckVerdict.WRONG, "neither merge nor squash is allowed"),
        ({**OPEN, "hosting": repository(allow_squash_merge=...)}, CheckVerdict.UNKNOWN, "only people with write access see how merging is set"),
        ({**methods(["squash"]), "hosting": repository(allow_rebase_merge=True)}, CheckVerdict.OK, ""),
        ({**methods(["squash"]), "hosting": repository(allow_squash_merge=...)}, CheckVerdict.OK, ""),
        ({**methods(["squash", "rebase"]), "hosting": repository(allow_squash_merge=...)}, CheckVerdict.WRONG, "allowed: rebase, squash"),
        (methods(["merge"], ["squash"]), CheckVerdict.WRONG, "neither merge nor squash is allowed"),
        ({**methods(["merge", "squash"], ["squash"], None, []), "hosting": repository(allow_rebase_merge=True)}, CheckVerdict.OK, ""),
        (methods("squash"), CheckVerdict.OK, ""),
        (of_main(rules=GAP), CheckVerdict.OK, ""),
        ({**of_main(rules=GAP), "hosting": repository(allow_squash_merge=...)}, CheckVerdict.UNKNOWN, "only people with write access see how merging is set"),
    ],
)  # fmt: skip
def test_methods_that_both_allow(state: dict[str, Any], verdict: CheckVerdict, observed: str) -> None:
    """The repository and each rule of main allow what each of them allows; a rule that says nothing allows all."""
    check = ROWS["merge-methods"].compare(replace(FINE, **state))
    assert (check.verdict, check.observed) == (verdict, observed)


def test_how_settings_are_repaired() -> None:
    """A setting of the repository or of its jobs is repaired by one command about this repository."""
    assert {row.check.code: row.check.fix.format(repository="acme/access") for row in desired.REPOSITORY} == {
        "not-archived": "gh api -X PATCH repos/acme/access -F archived=false",
        "issues": "gh api -X PATCH repos/acme/access -F has_issues=true",
        "merge-methods": "gh api -X PATCH repos/acme/access -F allow_merge_commit=true -F allow_squash_merge=true -F allow_rebase_merge=false",
        "auto-merge": "gh api -X PATCH repos/acme/access -F allow_auto_merge=true",
        "delete-branch": "gh api -X PATCH repos/acme/access -F delete_branch_on_merge=true",
        "actions-default-read": "gh api -X PUT repos/acme/access/actions/permissions/workflow -f default_workflow_permissions=read",
        "actions-never-approve": "gh api -X PUT repos/acme/access/actions/permissions/workflow -F can_approve_pull_request_reviews=false",
    }  # fmt: skip
    default: Setting = desired.DEFAULT_BRANCH
    wrong = default.compare(replace(FINE, hosting=repository(default_branch="trunk")))
    assert (wrong.observed, wrong.fix) == (
        "it is trunk",
        f"gh api -X PATCH repos/{HOSTING.full_name} -f default_branch=main",
    )


def test_each_change_as_a_command() -> None:
    """What `init` tells an administrator to type: in this order, about this repository alone."""
    told = list(commands("acme/access"))
    assert [what for what, _ in told] == [
        "the branch ledger, without a past",
        "merge and squash alone, auto-merge, merged branches deleted, issues on",
        "a job's token may only read by default, and approves nothing",
        "the ruleset of the ledger",
        "the ruleset of main",
        "the environment jitbot, for main alone",
    ]
    for _, command in told:
        assert command.startswith("gh api ")
        assert "repos/acme/access" in command
    assert [key for _, command in told for key in ("allow_auto_merge", "custom_branch_policies") if key in command] == [
        "allow_auto_merge", "custom_branch_policies",
    ]  # fmt: skip
    assert told[0][1].startswith(
        "gh api repos/acme/access/git/refs -f ref=refs/heads/ledger -f sha=$(gh api "
    )
    assert [command.split()[3] for _, command in told[1:]] == ["PATCH", "PUT", "POST", "POST", "PUT"]
    assert not any(" && " in command for _, command in told[:-1])
    limit, name = told[-1][1].split(" && ")
    assert limit == (
        "gh api -X PUT repos/acme/access/environments/jitbot --input - <<< "
        """'{"deployment_branch_policy": {"protected_branches": false, "custom_branch_policies": true}}'"""
    )
    assert name == (
        "gh api repos/acme/access/environments/jitbot/deployment-branch-policies -f name=main -f type=branch"
    )


def test_what_is_sent() -> None:
    """The rulesets are active, bind everybody, and hold each rule once, with all that GitHub wants said of it."""
    assert body(desired.JOB_TOKENS) == {
        "default_workflow_permissions": "read",
        "can_approve_pull_request_reviews": False,
    }
    assert body(desired.MERGING) == {
        "allow_merge_commit": True,
        "allow_squash_merge": True,
        "allow_rebase_merge": False,
        "allow_auto_merge": True,
        "delete_branch_on_merge": True,
        "has_issues": True,
    }
    main, ledger = body(desired.MAIN_RULESET), body(desired.LEDGER_RULESET)
    shared = {"target": "branch", "enforcement": "active", "bypass_actors": []}
    assert ledger == {
        **shared,
        "name": "jitbot: ledger",
        "conditions": {"ref_name": {"include": ["refs/heads/ledger"], "exclude": []}},
        "rules": [{"type": "deletion"}, {"type": "non_fast_forward"}],
    }
    assert main == {
        **shared,
        "name": "jitbot: main",
        "conditions": {"ref_name": {"include": ["refs/heads/main"], "exclude": []}},
        "rules": [
            {"type": "deletion"},
            {"type": "non_fast_forward"},
            {
                "type": "pull_request",
                "parameters": {
                    "required_approving_review_count": 1,
                    "require_code_owner_review": True,
                    "dismiss_stale_reviews_on_push": True,
                    "require_last_push_approval": True,
                    "required_review_thread_resolution": False,
                    "allowed_merge_methods": ["merge", "squash"],
                },
            },
            {
                "type": CHECKS,
                "parameters": {
                    "strict_required_status_checks_policy": False,
                    CHECKS: [{"context": "jitbot/check"}, {"context": "jitbot/approval"}],
                },
            },
        ],
    }
    assert json.loads(json.dumps(main)) == main


OWN, SHARED = 1, 2  # rulesets: the repository's, and one of its organisation


def of(ruleset: int, rules: Any) -> tuple[dict[str, Any], ...]:
    """The rules as GitHub lists them of a ruleset."""
    return tuple({**rule, "ruleset_id": ruleset} for rule in rules)


@pytest.mark.parametrize("bypasses", [(TEAM,), GAP])
@pytest.mark.parametrize(
    ("own", "strict", "fine"),
    [
        (MAIN_RULES, {OWN}, True),
        (MAIN_RULES, set(), False),
        (MAIN_RULES, {SHARED}, True),
        (without(MAIN_RULES, "deletion"), {OWN}, False),
        (asking(MAIN_RULES, "pull_request", require_last_push_approval=False), {OWN}, False),
        (without(MAIN_RULES, CHECKS), {OWN}, True),
    ],
)
def test_who_passes_another_ruleset_passes_nothing_that_is_needed(
    own: Any, strict: set[int], fine: bool, bypasses: Any
) -> None:
    """An organisation's ruleset has a bypass list of its own, often out of sight: rulesets add up, and ours has none."""
    rules = (*of(OWN, own), *of(SHARED, MAIN_RULES))
    main = replace(MAIN, rules=rules, bypasses=bypasses, strict=frozenset(strict))
    otherwise = CheckVerdict.UNKNOWN if bypasses is GAP else CheckVerdict.WRONG
    assert ROWS["main-bypass"].compare(replace(FINE, main=main)).verdict is (
        CheckVerdict.OK if fine else otherwise
    )


def test_the_same_of_the_ledger() -> None:
    """By its own two rules; what main has says nothing of it."""
    rules = (*of(OWN, LEDGER_RULES), *of(SHARED, LEDGER_RULES))
    for strict, verdict in (({OWN}, CheckVerdict.OK), (set[int](), CheckVerdict.WRONG)):
        ledger = replace(LEDGER, rules=rules, bypasses=(TEAM,), strict=frozenset(strict))
        assert ROWS["ledger-bypass"].compare(replace(FINE, ledger=ledger)).verdict is verdict
    main = replace(MAIN, rules=of(OWN, MAIN_RULES), strict=frozenset({OWN}))
    ledger = replace(LEDGER, bypasses=(TEAM,))
    assert (
        ROWS["ledger-bypass"].compare(replace(FINE, main=main, ledger=ledger)).verdict is CheckVerdict.WRONG
    )


def test_classic_protection_is_no_strict_ruleset() -> None:
    """What it asks for has bypasses of its own."""
    main = replace(
        MAIN,
        rules=of(OWN, without(MAIN_RULES, "deletion")),
        classic=CLASSIC,
        bypasses=(TEAM,),
        strict=frozenset({OWN}),
    )
    assert ROWS["main-bypass"].compare(replace(FINE, main=main)).verdict is CheckVerdict.WRONG


@pytest.mark.parametrize("kind", ["OrganizationAdmin", "EnterpriseOwner"])
def test_who_could_change_the_rules_is_a_warning(kind: str) -> None:
    """Owners of the organisation and of its enterprise pass by what they could take away."""
    main = replace(MAIN, bypasses=(replace(ADMINS, kind=kind, number=None),))
    check = ROWS["main-bypass"].compare(replace(FINE, main=main))
    assert (check.verdict, "None" in check.observed) == (CheckVerdict.WARN, False)
