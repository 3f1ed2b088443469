"""The judge itself: installed whole, never shipped, and never taken for saying what it did not say."""

import json
import re
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from attack_roles import Attempt, Role, confirm_attempts, entering
from grants import ANYTHING, MERGED_AT, PROD, allowing
from installed import HERE, MANIFEST, Evaluator, UnavailableError, go_without, install
from judge import ALLOWED, DENIED, Case, Document, Judge, Question, root, session
from tally import total

PROJECT = HERE.parents[1]
PROVIDER = f"arn:aws:iam::{PROD}:oidc-provider/token.actions.githubusercontent.com"
ROLE = f"arn:aws:iam::{PROD}:role/deploy"
READ = Question(
    caller=session(ROLE, "attempt"),
    action="s3:GetObject",
    resource="arn:aws:s3:::bucket/key",
    account_id=PROD,
    at=MERGED_AT,
    identity_policies=(ANYTHING,),
)

ENTER = replace(READ, action="sts:AssumeRole", resource=ROLE)
NONSENSE = {"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]}


@pytest.fixture
def another_judge(evaluator: Evaluator) -> Judge:
    """A judge whose mistakes are meant, and not counted in the closing line."""
    return Judge(evaluator)


def a_machine(folder: Path, npm: str) -> dict[str, str]:
    """The environment of a machine whose npm does what this shell script says."""
    programs = folder / "bin"
    programs.mkdir()
    script = programs / "npm"
    script.write_text(f"#!/bin/sh\n{npm}\n", "utf-8")
    script.chmod(0o755)
    return {"PATH": f"{programs}:/usr/bin:/bin", "XDG_CACHE_HOME": str(folder / "cache"), "HOME": str(folder)}


def test_two_at_once_find_one_whole_folder(tmp_path: Path) -> None:
    """Tests that install at the same time all get the same finished folder, and leave nothing else behind."""
    machine = a_machine(
        tmp_path, "test -f package-lock.json && mkdir node_modules && sleep 0.2 && touch whole"
    )
    with ThreadPoolExecutor(3) as threads:
        folders = set(threads.map(lambda _: install(machine), range(3)))
    assert len(folders) == 1
    folder = folders.pop()
    assert {path.name for path in folder.iterdir()} == {*MANIFEST, "node_modules", "whole"}
    assert list(folder.parent.iterdir()) == [folder]


def test_what_is_installed_is_not_installed_again(tmp_path: Path) -> None:
    """The second time nothing is run, even if nothing could be."""
    machine = a_machine(tmp_path, "mkdir node_modules")
    first = install(machine)
    (tmp_path / "bin" / "npm").write_text("#!/bin/sh\nexit 1\n", "utf-8")
    assert install(machine) == first


def test_a_failed_installation_is_not_taken_for_one(tmp_path: Path) -> None:
    """Where npm fails the reason is told, and the next attempt starts anew."""
    machine = a_machine(tmp_path, "mkdir node_modules; echo no such registry >&2; exit 1")
    with pytest.raises(UnavailableError, match="no such registry"):
        install(machine)
    assert list((tmp_path / "cache" / "jitbot-judge").iterdir()) == []


def test_without_the_program_tests_skip_or_fail(tmp_path: Path) -> None:
    """Without npm the reason names it; the test skips, and fails where everything is required."""
    with pytest.raises(UnavailableError, match="npm is not installed") as missing:
        install({"PATH": str(tmp_path)})
    for environ, outcome in (
        ({}, pytest.skip.Exception),
        ({"JITBOT_REQUIRE_ALL": "1"}, pytest.fail.Exception),
    ):
        # Both are caught: a skip that escaped from here would skip this test instead of failing it.
        with pytest.raises(
            (pytest.skip.Exception, pytest.fail.Exception), match="npm is not installed"
        ) as how:
            go_without(str(missing.value), environ)
        assert how.type is outcome


def test_the_lock_pins_everything_and_names_no_host() -> None:
    """Every package has one version and a digest, and comes from whichever registry npm is set to."""
    lock = (HERE / "package-lock.json").read_text("utf-8")
    packages = {name: package for name, package in json.loads(lock)["packages"].items() if name}
    assert "node_modules/@cloud-copilot/iam-simulate" in packages
    for name, package in packages.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"]), name
        assert package["integrity"].startswith("sha512-"), name
    assert "://" not in lock
    assert "resolved" not in lock


def test_the_evaluator_is_never_shipped() -> None:
    """Its licence is not ours: the package takes in jitbot alone, and no file of jitbot knows the evaluator."""
    setup = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    assert setup["tool"]["setuptools"]["packages"]["find"]["include"] == ["jitbot*"]
    assert list(setup["tool"]["setuptools"]["package-data"]) == ["jitbot"]
    assert not any(".." in pattern for pattern in setup["tool"]["setuptools"]["package-data"]["jitbot"])
    sources = [path for path in (PROJECT / "jitbot").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert len(sources) > 50
    assert not [path for path in sources if b"cloud-copilot" in path.read_bytes()]


def test_what_is_installed_lies_outside_the_repository(tmp_path: Path) -> None:
    """The packages go to the cache of the user, wherever that is, under the digest of the lock."""
    machine = a_machine(tmp_path, "mkdir node_modules")
    del machine["XDG_CACHE_HOME"]
    folder = install(machine)
    assert folder.parent == tmp_path / ".cache" / "jitbot-judge"
    assert re.fullmatch("[0-9a-f]{16}", folder.name)
    assert not folder.is_relative_to(PROJECT)


@pytest.mark.parametrize(
    ("question", "why"),
    [
        (replace(READ, action="s3:ReadTheObject"), "invalid.action"),
        (replace(READ, action="dynamodb:GetItem"), "no.resource.types"),
        (replace(READ, context={"s3:nonsense": "yes"}), "no such condition keys here: s3:nonsense"),
        (replace(READ, identity_policies=(NONSENSE,)), "identityPolicyErrors"),
        (replace(READ, boundary=NONSENSE), "permissionBoundaryErrors"),
        (replace(READ, resource_policy=NONSENSE), "resourcePolicyErrors"),
        (replace(ENTER, resource_policy=ANYTHING), "resourcePolicyErrors"),
        (replace(ENTER, resource_policy=ANYTHING, action="sts:AssumeRoleWithWebIdentity"), "Principal"),
    ],
    ids=["action", "resource", "key", "policy", "boundary", "resource policy", "trust", "trust of tokens"],
)
def test_a_question_without_sense_has_no_answer(another_judge: Judge, question: Question, why: str) -> None:
    """What AWS would not even evaluate is an error with its reason, never a denial that could pass for a proof."""
    with pytest.raises(ValueError, match=why):
        another_judge.verdicts("nonsense", [question])


def test_a_broken_promise_is_told_and_counted(another_judge: Judge) -> None:
    """A verdict other than promised fails with its words, and shows in the summary."""
    kept = Case(says="as promised", question=READ, expected=ALLOWED)
    broken = Case(says="not as promised", question=READ, expected=DENIED)
    another_judge.confirm("reading", [kept])
    with pytest.raises(AssertionError, match="not as promised: s3:GetObject"):
        another_judge.confirm("reading", [kept, broken])
    assert another_judge.tally.lines()[:2] == [
        "judge: 3 evaluations, 1 wrong: reading",
        "  by kind: reading 3",
    ]


def test_attempts_are_counted_each_and_by_what_became_of_them(another_judge: Judge) -> None:
    """Tried, different, refused: told apart, and added up over the reports of many tests."""
    got_in = Case(says="escalates", question=READ, expected=DENIED)
    refused = Case(says="escalates", question=replace(READ, identity_policies=()), expected=DENIED)
    elsewhere = replace(refused.question, resource="arn:aws:s3:::other/key")
    other = Case(says="escalates", question=elsewhere, expected=DENIED)
    work = Case(says="works", question=READ, expected=ALLOWED)
    another_judge.confirm("escalation", [refused, refused, other, work])
    with pytest.raises(AssertionError):
        another_judge.confirm("escalation", [got_in])
    reports = [json.loads(json.dumps(another_judge.tally.as_property()))] * 2
    assert total(reports).lines()[2].endswith("8 attempts, 2 of them different, 6 refused")


def test_nothing_asked_is_nothing_proven(another_judge: Judge) -> None:
    """A test that asks nothing fails."""
    with pytest.raises(AssertionError, match="nothing was asked"):
        another_judge.confirm("reading", [])


def test_each_question_gets_its_own_answer(another_judge: Judge) -> None:
    """In a batch the answers stay in order, whatever documents the questions share."""
    questions = [READ if index % 3 else replace(READ, identity_policies=()) for index in range(30)]
    verdicts = another_judge.verdicts("reading", questions)
    assert [verdict in ALLOWED for verdict in verdicts] == [bool(index % 3) for index in range(30)]


def test_a_role_is_judged_with_its_boundary(another_judge: Judge) -> None:
    """An attempt is allowed only if the role's policies and its boundary both allow it."""
    reading: Document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}],
    }
    role = Role(arn=ROLE, identity_policies=(ANYTHING,), boundary=reading)
    attempts = [
        Attempt(says="reads", action="s3:GetObject", resource="arn:aws:s3:::bucket/key", allowed=True),
        Attempt(says="writes", action="s3:PutObject", resource="arn:aws:s3:::bucket/key"),
        Attempt(
            says="writes as invited",
            action="s3:PutObject",
            resource="arn:aws:s3:::bucket/key",
            resource_policy=allowing({"AWS": ROLE}, "s3:*", "arn:aws:s3:::bucket/key"),
        ),
    ]
    confirm_attempts(another_judge, "attempts", role, attempts, at=MERGED_AT)
    for attempt in attempts:
        allowed = another_judge.allowed_for_role(
            role_arn=role.arn,
            identity_policies=role.identity_policies,
            boundary=role.boundary,
            action=attempt.action,
            resource=attempt.resource,
            resource_policy=attempt.resource_policy,
            at=MERGED_AT,
        )
        assert allowed is attempt.allowed, attempt.says


@pytest.mark.parametrize(
    ("claims", "allowed"),
    [
        (
            {
                "aud": "sts.amazonaws.com",
                "sub": "repo:acme/access:ref:refs/heads/main",
                "ref": "refs/heads/main",
            },
            True,
        ),
        (
            {
                "aud": "sts.amazonaws.com",
                "sub": "repo:acme/access:ref:refs/heads/main",
                "ref": "refs/heads/x",
            },
            False,
        ),
        (
            {"aud": "sts.amazonaws.com", "sub": "repo:acme/access:pull_request", "ref": "refs/heads/main"},
            False,
        ),
        ({"aud": "sts.amazonaws.com", "sub": "repo:acme/access:ref:refs/heads/main"}, False),
    ],
    ids=["right", "other branch", "pull request", "claim unknown"],
)
def test_a_token_enters_by_its_claims(another_judge: Judge, claims: dict[str, str], allowed: bool) -> None:
    """A trust policy on tokens is judged by each claim, and a claim that AWS does not pass on denies."""
    name = PROVIDER.partition("oidc-provider/")[2]
    wanted = {
        "aud": "sts.amazonaws.com",
        "sub": "repo:acme/access:ref:refs/heads/main",
        "ref": "refs/heads/main",
    }
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": PROVIDER},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {f"{name}:{claim}": value for claim, value in wanted.items()}},
            }
        ],
    }
    case = entering(
        role_arn=ROLE,
        trust_policy=trust,
        provider_arn=PROVIDER,
        claims=claims,
        at=MERGED_AT,
        says="enters",
        allowed=allowed,
    )
    other = replace(case.question, caller=root(PROD), identity_policies=(ANYTHING,))
    stranger = Case(says="enters without a token", question=other, expected=DENIED)
    another_judge.confirm("tokens", [case, stranger])
