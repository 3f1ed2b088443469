"""GitHub's required reviewers by path: what they may stand for, and what waits for them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from acme_facts import a_policy
from github_facts import FINE, MAIN, MAIN_RULES, asking

from jitbot.domain.model import codeowners
from jitbot.domain.setup.doctor import break_glass, ownership
from jitbot.domain.setup.doctor.github.desired_settings import MAIN as MAIN_ROWS
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Unknown

ONE, NONE = MAIN_RULES, asking(MAIN_RULES, "pull_request", required_approving_review_count=0)
ROWS = {row.check.code: row for row in MAIN_ROWS}
LINES = "* @bob\n/requests/ssm-shell/ @bob\n/requests/break/\n/policies/ @bob\n/.github/ @bob\n"
FILES = ("README.md", "requests/break/any")
SSM = a_policy(name="ssm-shell")


def approvals(rules: Any) -> Check:
    """The check of the number of approvals, under these rules of main."""
    return ROWS["main-approvals"].compare(replace(FINE, main=replace(MAIN, rules=rules)))


def again(check: Check, rules: Any) -> Check:
    """The same once more, with the required reviewers."""
    return ownership.by_path(check, FILES, [SSM], codeowners.parse(LINES), replace(MAIN, rules=rules))


EMERGENCY = a_policy(name="break", approvals=0, reviewers=("bob",), review_within=timedelta(days=1))
EVERY_PATH = ("policies/**", ".github/**", "README.md", "requests/ssm-shell/**")


def reviewers(*patterns: str, minimum: Any = 1, team: Any = 4711) -> dict[str, Any]:
    """A required reviewer by path, as GitHub lists it."""
    return {
        "file_patterns": list(patterns),
        "minimum_approvals": minimum,
        "reviewer": {"id": team, "type": "Team"},
    }


@pytest.mark.parametrize(
    ("listed_there", "left_out"),
    [
        ([reviewers(*EVERY_PATH)], None),
        ([reviewers(each, team=number) for number, each in enumerate(EVERY_PATH, 1)], None),
        ([reviewers("policies/**", ".github/**", "requests/ssm-shell/**")], "README.md"),
        ([reviewers(*EVERY_PATH[:3])], "requests/ssm-shell/"),
        ([reviewers(*EVERY_PATH[:3], "requests/ssm-shell-too/**")], "requests/ssm-shell/"),
        (
            [reviewers(*EVERY_PATH[1:], "policies/*")],
            "policies/",
        ),  # in gitignore's reading not deep enough
        ([reviewers(*EVERY_PATH[1:], "policies/**/*.yaml")], "policies/"),
        ([reviewers(*EVERY_PATH[1:], "policies/")], "policies/"),
        ([reviewers(*EVERY_PATH[1:], "polic[i]es/**")], "policies/"),
        ([reviewers("*")], ".github/"),
        ([reviewers("**")], ".github/"),
        ([reviewers(*EVERY_PATH, "!policies/people.yaml")], "policies/"),
        ([reviewers(*EVERY_PATH[1:]), reviewers("policies/**", minimum=0)], "policies/"),
        ([reviewers(*EVERY_PATH[1:]), reviewers("policies/**", minimum=True)], "policies/"),
        ([reviewers(*EVERY_PATH[1:]), reviewers("policies/**", team=None)], "policies/"),
        ([reviewers(*EVERY_PATH[1:]), {"file_patterns": ["policies/**"]}, "policies/**"], "policies/"),
    ],
)
def test_no_general_approval_needs_a_reviewer_of_every_owned_path(
    listed_there: list[Any], left_out: str | None
) -> None:
    """Wrong if an owned path is surely in none, and else a warning: what GitHub makes of the patterns is not proven."""
    rules = asking(NONE, "pull_request", required_reviewers=listed_there)
    found = again(approvals(rules), rules)
    assert found.verdict is (CheckVerdict.WARN if left_out is None else CheckVerdict.WRONG)
    assert (left_out is None) is ("surely covers" not in found.observed)
    assert (f" {left_out}," if left_out else "instead the teams") in f"{found.observed},"
    other = ROWS["main-code-owners"].check.no("no")
    assert again(other, rules) == other


def test_without_required_reviewers_nothing_is_added() -> None:
    """The check of the general number stays as it is: right with 1, wrong with 0, unknown where nobody told."""
    for rules in (ONE, NONE, Unknown(why="no")):
        assert again(approvals(rules), rules) == approvals(rules)
    by_path = asking(ONE, "pull_request", required_reviewers=[reviewers("x")])
    assert approvals(by_path).verdict is CheckVerdict.OK
    assert again(approvals(by_path), by_path) == approvals(by_path)


@pytest.mark.parametrize(
    ("pattern", "waits"),
    [("**", True), ("*", True), ("/requests/**", True), ("requests/brea*/**", True), ("requests", True),
     ("policies/**", False), ("requests/ssm-shell/**", False)],
)  # fmt: skip
def test_a_break_glass_that_waits_for_a_team(pattern: str, waits: bool) -> None:
    """A required reviewer whose path may be that of its requests is a warning, a negation beside it or not."""
    for more in ((), ("!requests/break/**",)):
        rules = asking(ONE, "pull_request", required_reviewers=[reviewers(pattern, *more)])
        (check,) = break_glass.soon([EMERGENCY], replace(MAIN, rules=rules))
        assert check.verdict is (CheckVerdict.WARN if waits else CheckVerdict.OK)
