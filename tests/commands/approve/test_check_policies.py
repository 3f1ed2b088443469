"""`jitbot check` on policies that AWS would take without a word, and that may not say what they mean.

Each file in bad_policies/ is one such policy; a comment behind a line is the finding expected there.
"""

import re
from pathlib import Path

import pytest
from desk import Desk, said

CASES = sorted(Path(__file__).with_name("bad_policies").glob("*.yaml"))
STARTER = Path(__file__).parents[3]
CODEOWNERS = ".github/CODEOWNERS"
POLICY = "policies/access/x.yaml"


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk with a line of CODEOWNERS for the policy that these tests write."""
    owners = (desk.root / CODEOWNERS).read_text("utf-8")
    desk.write(
        CODEOWNERS,
        owners.replace("/requests/ssm-shell/", "/requests/x/ @acme/platform\n/requests/ssm-shell/"),
    )
    desk.commit("owners")
    return desk


def expected(text: str) -> list[tuple[int, str]]:
    """The line and the code of each comment."""
    lines = enumerate(text.splitlines(), 1)
    return [(number, line.rpartition("  # ")[2]) for number, line in lines if "  # " in line]


def test_there_are_cases() -> None:
    """The test below runs on twenty policies at least, and each of them expects something."""
    assert len(CASES) >= 20
    assert all(expected(case.read_text("utf-8")) for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_policy_that_does_not_say_what_it_means_is_found(desk: Desk, case: Path) -> None:
    """Exactly the findings that the file announces, each with its code, its file, its line and a way out."""
    text = case.read_text("utf-8")
    answer = desk.run("check", desk.write(POLICY, text), "--format", "json")
    findings = answer.json["warnings"]
    assert (answer.code, answer.json["ok"], answer.json["findings"]) == (0, True, [])
    assert sorted((each["line"], each["code"]) for each in findings) == expected(text)
    assert {each["file"] for each in findings} == {POLICY}
    for each in findings:
        before = re.match(r" +(- |[^ ]+: )", text.splitlines()[each["line"] - 1])
        assert before
        assert each["column"] == before.end() + 1
        assert each["message"]
        assert each["hint"]


def test_a_finding_is_told_to_people(desk: Desk) -> None:
    """In words it is the file and the line, and what is wrong there."""
    text = next(case for case in CASES if case.stem == "action-misspelt").read_text("utf-8")
    answer = desk.run("check", desk.write(POLICY, text))
    assert answer.code == 0
    assert answer.out.startswith(f"{POLICY}:8:9: warning: no action dynamodb:GetItm of AWS is known")
    assert answer.out.endswith("all good, 1 warning\n")
    told = desk.run("check", POLICY, "--format", "github").out
    assert told.startswith(f"::warning file={POLICY},line=8,col=9,title=unknown-action::")


ACKNOWLEDGED = """acknowledged:
  - finding: unknown-action
    about: dynamodb:GetItm
    reason: AWS announced it yesterday
"""


def test_a_finding_can_be_acknowledged(desk: Desk) -> None:
    """In the policy itself, where its owners approve it; then it is told with the reason, and in vain without it."""
    text = next(case for case in CASES if case.stem == "action-misspelt").read_text("utf-8")
    answer = desk.run("check", desk.write(POLICY, text + ACKNOWLEDGED))
    assert answer.code == 0
    assert "acknowledged: AWS announced it yesterday" in answer.out
    assert answer.out.endswith("all good, 1 acknowledged\n")
    told = desk.run("check", POLICY, "--format", "github").out
    assert told.startswith(f"::notice file={POLICY},line=8,")
    found = desk.run("check", POLICY, "--format", "json").json
    assert [list(found), len(found["findings"]), len(found["acknowledged"])] == [
        ["ok", "findings", "acknowledged"],
        0,
        1,
    ]
    fixed = text.replace("GetItm", "GetItem") + ACKNOWLEDGED
    answer = desk.run("check", desk.write(POLICY, fixed))
    assert (answer.code, "[acknowledged-in-vain]" in answer.out) == (0, True)


def test_a_condition_that_no_session_meets_is_a_problem(desk: Desk) -> None:
    """What is sure, whatever the reference lists, keeps the policy from being merged."""
    text = next(case for case in CASES if case.stem == "action-misspelt").read_text("utf-8")
    text += '    conditions: {BoolIfExists: {"aws:MultiFactorAuthPresent": "true"}}\n'
    answer = desk.run("check", desk.write(POLICY, text))
    assert answer.code == 1
    assert answer.out.endswith("1 problem, 1 warning\n")


def test_a_policy_is_linted_when_it_changes(desk: Desk) -> None:
    """In a pull request the policies that it touches are linted, and no others."""
    text = CASES[0].read_text("utf-8")
    desk.write("policies/access/old.yaml", text)
    base = desk.commit("as it was")
    desk.write(POLICY, text)
    answer = desk.run("check", "--base", base, "--head", desk.commit("a policy"), "--format", "json")
    assert answer.code == 0
    assert {each["file"] for each in answer.json["warnings"]} == {POLICY}


def test_acmes_policies_are_clean(desk: Desk) -> None:
    """Nothing is wrong with the example organisation's policies."""
    policies = sorted(path.name for path in (desk.root / "policies/access").iterdir())
    assert len(policies) == 8
    answer = desk.run("check", *(f"policies/access/{name}" for name in policies))
    assert (answer.code, answer.out) == (0, "all good\n")


def test_the_starter_policies_are_clean() -> None:
    """Nor with the policies that the repository itself begins with."""
    policies = sorted(str(path) for path in (STARTER / "policies/access").iterdir())
    assert len(policies) >= 3
    answer = said("check", *policies, folder=STARTER)
    assert (answer.code, answer.out) == (0, "all good\n")
