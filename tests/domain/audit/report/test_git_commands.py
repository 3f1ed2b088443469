"""The git commands beside a grant: what people paste into a shell is what the record says, quoted, and nothing else."""

import shlex
from dataclasses import replace
from typing import Any

import pytest
from acme_facts import PATH
from audit_facts import a_record, approval, granted

from jitbot.domain.audit.report.git_commands import commands

GRANT = a_record(approval(), granted())
(DECIDED,) = GRANT.decisions
FIRST = "--grep=^Request: requests/orders-db-read/2026-11/24-alice-refunds[.]yaml$"


def test_the_commands_of_a_grant() -> None:
    """Its batches, its merge, the rules that it was decided by, and its pull request."""
    log, *others = commands(GRANT)
    assert shlex.split(log) == [
        "git",
        "log",
        "--reverse",
        "--basic-regexp",
        FIRST,
        "refs/remotes/origin/ledger",
    ]
    assert others == [
        f"git show {DECIDED.commit}",
        f"git show {DECIDED.rules_commit}:.github/CODEOWNERS",
        f"git show {DECIDED.rules_commit}:policies/access/orders-db-read.yaml",
        "git fetch origin refs/pull/7/head && git log -3 FETCH_HEAD",
    ]


@pytest.mark.parametrize(
    ("changes", "left_out"),
    [
        ({"commit": ""}, "git show "),
        ({"rules_commit": ""}, "CODEOWNERS"),
        ({"rules_commit": ""}, "policies/"),
        ({"pull_request": None}, "git fetch"),
    ],
)
def test_what_is_not_recorded_has_no_command(changes: dict[str, Any], left_out: str) -> None:
    """The others are there."""
    bare = replace(GRANT, decisions=(replace(DECIDED, **changes),))
    shown = commands(bare)
    if left_out == "git show ":
        assert not any(each.startswith("git show ") and ":" not in each for each in shown)
    else:
        assert not any(left_out in each for each in shown)
    assert len(shown) in (3, 4)


@pytest.mark.parametrize("policy", ["", "orders\nrm -rf ~"])
def test_a_policy_that_does_not_print_is_left_out(policy: str) -> None:
    """And so is one that has no name."""
    assert not any("policies/" in each for each in commands(replace(GRANT, policy=policy)))


@pytest.mark.parametrize("path", ["", f"{PATH}\n"])
def test_a_role_that_no_pathexplains_is_looked_for_by_its_name(path: str) -> None:
    """So is one whose request does not print; without either there is no command."""
    odd = replace(GRANT, request=path, decisions=())
    (log,) = commands(odd)
    assert f"--grep=^Role: {odd.role_name}$" in shlex.split(log)
    assert commands(replace(odd, role_name="")) == ()


def test_a_name_is_one_word_and_no_pattern() -> None:
    """Whatever a shell or git would read in it."""
    hostile = "a'; rm -rf ~ #.*[x]$\\"
    (log, *_) = commands(replace(GRANT, request=hostile))
    (word,) = (each for each in shlex.split(log) if each.startswith("--grep="))
    assert word == "--grep=^Request: a'; rm -rf ~ #[.][*][[]x][$][\\]$"
