"""The request of a rehearsal, on a GitHub in memory: which former one is gone on with, and what keeps one from being asked for."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from acme_facts import DAY, HOUR, NOW, an_actor
from builders import a_pull
from plain_github import PlainGitHub

from jitbot.domain.model.documents import Login, policy_path
from jitbot.domain.model.errors import InvalidError
from jitbot.usecases.setup.rehearsal_request import NoPolicyError, ask, former

REQUEST = "requests/rehearsal/2026-11/24-alice-rehearsal-by-jitbot-doctor.yaml"
POLICY = """\
description: x
eligible: [alice]
accounts: [prod]
max_duration: 15m
approvals: 1
statements:
  - actions: ["ec2:DescribeRegions"]
    resources: ["*"]
"""


def acme(policy: str = POLICY, **changes: Any) -> PlainGitHub:
    """acme with this policy of rehearsals."""
    made = PlainGitHub(**changes)
    made.files[policy_path("rehearsal")] = policy.encode()
    return made


def asked(github: PlainGitHub, account: str | None = None) -> tuple[str, list[str]]:
    """The request that is asked for, and what is said."""
    said: list[str] = []
    path, pull = ask(github.client(), account, NOW, said.append)
    assert pull.number == github.pulls[-1].number
    return path, said


def test_it_is_asked_for_like_any_other() -> None:
    """For the shortest time, with what it may do and who approves it said before; GitHub merges it."""
    github = acme()
    path, said = asked(github)
    assert path == REQUEST
    assert b"duration: 15m" in github.trees[github.branches[github.pulls[0].head_branch]][path]
    assert said[1] == "it may do nothing but ec2:DescribeRegions, and needs 1 of @acme/platform"
    assert said[2] == "auto-merge is on: GitHub merges it once it is approved"
    assert (len(said), github.merging) == (3, [(1, "squash")])


def test_where_github_does_not_merge_it_is_said() -> None:
    """With the reason, and what the person does then."""
    said = asked(acme(auto_merge=False))[1]
    assert said[2] == "auto-merge is off (the repository does not allow it): press Merge once it is approved"


@pytest.mark.parametrize(
    ("policy", "account", "said"),
    [
        ("x: [", None, "main has no policy rehearsal that reads"),
        (POLICY.replace("alice", "bob"), None, "alice may not ask under the policy rehearsal: add the login"),
        (POLICY.replace("approvals: 1", "approvals: 0\nreview_within: 1d\nreviewers: [erin]\nticket: required"), None, "approved by a second person before the access"),
        (POLICY.replace("[prod]", "[prod, staging]"), None, r"--account prod \(or one of prod, staging\)"),
        (POLICY, "staging", "policies/access/rehearsal.yaml is not for the account staging"),
        (POLICY.replace("DescribeRegions", "DescribeInstances"), None, "gives more, or other, than a rehearsal may"),
        (POLICY.replace("[prod]", "[nowhere]"), None, r"\.yaml:\d+: .*nowhere"),
    ],
)  # fmt: skip
def test_what_keeps_one_from_being_asked_for(policy: str, account: str | None, said: str) -> None:
    """It is said, with what to do, and nothing is opened."""
    github = acme(policy)
    with pytest.raises(InvalidError, match=said) as caught:
        asked(github, account)
    assert isinstance(caught.value, NoPolicyError) is said.startswith("main has no policy")
    assert (github.pulls, [*github.branches]) == ([], ["main"])


def test_an_account_that_is_named_is_asked_for() -> None:
    """Of several; where there is one, it need not be named."""
    github = acme(POLICY.replace("[prod]", "[prod, staging]"))
    path, _ = asked(github, "staging")
    assert b"accounts: [staging]" in github.trees[github.branches[github.pulls[0].head_branch]][path]
    assert asked(acme(), "prod")[0] == REQUEST


def test_who_may_not_push_opens_nothing() -> None:
    """It is said before anything is written."""
    github = acme(may_write=False)
    with pytest.raises(InvalidError, match="alice may not push to acme/access"):
        asked(github)
    assert github.branches.keys() == {"main"}


def test_rules_that_do_not_read_are_named() -> None:
    """By their file, before anything is opened."""
    github = acme()
    del github.files["policies/accounts.yaml"]
    with pytest.raises(InvalidError, match=r"there is no policies/accounts\.yaml"):
        asked(github)
    assert github.pulls == []


OURS = a_pull(
    number=1,
    created_at=NOW - HOUR,
    head_branch="jitbot/ask/rehearsal/2026-11-24-alice-rehearsal-by-jitbot-doctor",
)


@pytest.mark.parametrize(
    ("changes", "touched", "found"),
    [
        ({}, (REQUEST,), True),
        ({"author": replace(an_actor("alice"), login=Login("ALICE"))}, (REQUEST,), True),
        ({"author": an_actor("bob")}, (REQUEST,), False),
        ({"head_branch": OURS.head_branch.replace("/rehearsal/", "/rehearsals/")}, (REQUEST,), False),
        ({"created_at": NOW - 2 * DAY}, (REQUEST,), True),
        ({"created_at": NOW - 2 * DAY - timedelta(seconds=1)}, (REQUEST,), False),
        ({"created_at": NOW + HOUR - timedelta(seconds=1)}, (REQUEST,), True),  # GitHub's clock is ahead
        ({}, (REQUEST, "README.md"), False),
        ({}, (), False),
        ({}, ("README.md",), False),
        ({}, (REQUEST.replace("/rehearsal/", "/orders-db-read/"),), False),
    ],
)
def test_which_former_one_is_gone_on_with(
    changes: dict[str, Any], touched: tuple[str, ...], found: bool
) -> None:
    """The person's own, of the last two days, that touches one request of this policy and nothing else."""
    pull = replace(OURS, **changes)
    github = acme(pulls=[pull], paths_of={1: touched})
    listed = replace(pull, commit_count=-1, merged_by=None)  # as a list has it
    assert former(github.client(), NOW) == ((REQUEST, listed) if found else None)
