"""Whether Actions may run jitbot's jobs, and whom their tokens name: what GitHub answers, and what it leaves open."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from github_facts import ACTIONS, SUBJECT, hosting

import jitbot
from jitbot.adapters.documents import parse_workflow
from jitbot.domain.model.documents import Source
from jitbot.domain.setup.doctor.github.actions_policy import USED_WITHIN, checks
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Unknown

OK, WRONG, UNKNOWN = CheckVerdict.OK, CheckVerdict.WRONG, CheckVerdict.UNKNOWN
GAP = Unknown(why="nobody told")
PIN = "a" * 40
USED = ["./.github/actions/jitbot", f"actions/checkout@{PIN}", f"acme/jitbot/.github/actions/jitbot@{PIN}"]
SETUP_UV, ALL_OF_UV = "astral-sh/setup-uv@*", "astral-sh/*"


def asked(policy: Any = ACTIONS, subject: Any = SUBJECT, used: list[str] = USED) -> dict[str, Check]:
    """The checks, by code."""
    found = list(checks(policy, subject, hosting(owner={"id": 9000}), used, "https://x.example/acme/access"))
    assert all(each.observed and each.fix for each in found if each.verdict is not OK)
    assert not [each for each in found if "{" in each.fix]
    return {each.code: each for each in found}


def selected(*patterns: str, owned: bool = True, verified: bool = False) -> Mapping[str, Any]:
    """A policy that names actions."""
    chosen = {"github_owned_allowed": owned, "verified_allowed": verified, "patterns_allowed": list(patterns)}
    return {"enabled": True, "allowed_actions": "selected", **chosen}


def test_all_that_github_begins_with_is_fine() -> None:
    """Actions on, all of them allowed, the usual subject."""
    assert {code: each.verdict for code, each in asked().items()} == {
        "actions-on": OK,
        "oidc-subject": OK,
        "actions-allowed": OK,
    }


def test_where_actions_are_off_nothing_else_is_asked_of_them() -> None:
    """GitHub then names no actions that are allowed."""
    found = asked({"enabled": False})
    assert (found["actions-on"].verdict, "actions-allowed" in found) == (WRONG, False)
    assert "repos/acme/access/actions/permissions" in found["actions-on"].fix


@pytest.mark.parametrize("policy", [GAP, {}, {"enabled": "yes"}])
def test_what_is_not_told_of_actions_is_unknown(policy: Any) -> None:
    """A token that may not see it, and an answer without it."""
    found = asked(policy)
    assert (found["actions-on"].verdict, found["actions-allowed"].verdict) == (UNKNOWN, UNKNOWN)


@pytest.mark.parametrize(
    ("policy", "refused"),
    [
        (selected(SETUP_UV), ""),
        (selected(ALL_OF_UV), ""),
        (selected("Astral-SH/Setup-UV@v10"), ""),
        (selected("*"), ""),
        (selected(SETUP_UV, verified=True), ""),
        (selected(SETUP_UV, "xactions/checkout@*"), ""),
        (selected(), "astral-sh/setup-uv"),
        (selected("astral-sh/setup-uv/sub@*"), "astral-sh/setup-uv"),
        (selected(SETUP_UV, "!actions/checkout@*"), "actions/checkout"),
        (selected(SETUP_UV, "!acme/*"), "acme/jitbot/.github/actions/jitbot"),
        (selected(SETUP_UV, owned=False), "actions/checkout, actions/setup-python"),
        (selected(SETUP_UV, f"actions/checkout@{PIN}", "actions/setup-python@*", owned=False), ""),
        (
            selected(SETUP_UV, "actions/checkout@v7", "actions/setup-python@*", owned=False),
            "actions/checkout",
        ),
        (
            {"enabled": True, "allowed_actions": "local_only"},
            "actions/checkout, actions/setup-python, astral-sh/setup-uv",
        ),
    ],
)
def test_every_action_that_runs_must_be_let_in(policy: Any, refused: str) -> None:
    """GitHub's own, those of the same owner, and what a pattern names; what one keeps out stays out."""
    found = asked(policy)["actions-allowed"]
    assert (found.verdict, found.observed) == (
        (WRONG, f"the policy lets in no {refused}") if refused else (OK, "")
    )


@pytest.mark.parametrize(
    "policy",
    [
        selected(verified=True),
        {"enabled": True},
        {"enabled": True, "allowed_actions": "some"},
        {"enabled": True, "allowed_actions": "selected"},
    ],
)
def test_which_actions_are_let_in_may_be_unknown(policy: Any) -> None:
    """Who is a verified creator GitHub alone knows; an answer without the list says nothing."""
    assert asked(policy)["actions-allowed"].verdict is UNKNOWN


@pytest.mark.parametrize(
    ("subject", "verdict"),
    [
        ({"use_default": True, "sub_claim_prefix": "repo:acme@9000/access@7"}, OK),
        ({"use_default": True, "sub_claim_prefix": "repo:acme/access:"}, OK),
        ({"use_default": True}, OK),
        ({"use_default": True, "sub_claim_prefix": ""}, OK),
        ({"use_default": True, "sub_claim_prefix": 7}, OK),
        ({"use_default": True, "include_claim_keys": ["actor"]}, OK),
        ({"use_default": False, "include_claim_keys": ["repo", "context"]}, OK),
        ({"use_default": False, "include_claim_keys": ["repo"]}, WRONG),
        ({"use_default": False, "include_claim_keys": ["job_workflow_ref", "repo"]}, WRONG),
        ({"use_default": True, "sub_claim_prefix": "repo:acme/former"}, WRONG),
        ({"use_default": True, "sub_claim_prefix": "repo:acme@9001/access@7"}, WRONG),
        ({"use_default": False}, UNKNOWN),
        ({"use_default": False, "include_claim_keys": []}, UNKNOWN),
        ({}, UNKNOWN),
        (GAP, UNKNOWN),
    ],
)
def test_the_subject_must_be_one_that_the_template_lets_in(subject: Any, verdict: CheckVerdict) -> None:
    """By the names, or with both numbers; what the organisation's template makes of it the repository does not show."""
    assert asked(subject=subject)["oidc-subject"].verdict is verdict


@pytest.mark.parametrize(
    ("keys", "shown"), [(["job_workflow_ref", "repo"], "job_workflow_ref, repo"), ("actor", "actor")]
)
def test_what_a_subject_is_made_of_is_said(keys: object, shown: str) -> None:
    """A list, or whatever GitHub gives in its place."""
    subject = {"use_default": False, "include_claim_keys": keys}
    assert asked(subject=subject)["oidc-subject"].observed == f"it is made of {shown}"


def test_a_repository_whose_owner_is_not_told_has_a_name_all_the_same() -> None:
    """GitHub's answer without the owner's number."""
    subject = {"use_default": True, "sub_claim_prefix": "repo:acme/access"}
    (found,) = (
        each
        for each in checks(ACTIONS, subject, hosting(owner=None), USED, "https://x.example/acme/access")
        if each.code == "oidc-subject"
    )
    assert found.verdict is OK


def test_what_jitbots_own_action_uses_is_known() -> None:
    """A repository of data alone does not have that action, and a policy stops what it uses all the same."""
    path = ".github/actions/jitbot/action.yml"
    action = Path(jitbot.__file__).parents[1] / path
    found = parse_workflow(Source(path=path, content=action.read_bytes()))
    assert tuple(each.partition("@")[0] for each in found.uses) == USED_WITHIN
