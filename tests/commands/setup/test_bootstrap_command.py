"""`jitbot bootstrap`: what it prints where, and what it refuses."""

import json
import re
import shlex
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.session import get_session

import jitbot
from jitbot.cli import main
from jitbot.domain.setup import account_template
from jitbot.sandbox.aws import accounts, stacks

ACME = Path(jitbot.__file__).parent / "sandbox" / "acme"
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
Captured = pytest.CaptureFixture[str]


def run(capsys: Captured, *arguments: str, folder: Path = ACME) -> tuple[int, str, str]:
    """The exit code, what was printed, and what was said beside it."""
    code = main(["bootstrap", *arguments], now=NOW, environ={}, folder=folder)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def template(capsys: Captured, *arguments: str, folder: Path = ACME) -> dict[str, Any]:
    """The printed template."""
    code, out, _ = run(capsys, "--format", "json", *arguments, folder=folder)
    assert code == 0
    found: dict[str, Any] = json.loads(out)
    return found


def defaults(made: dict[str, Any]) -> dict[str, str | None]:
    """The defaults of a template's parameters."""
    return {name: parameter.get("Default") for name, parameter in made["Parameters"].items()}


@pytest.fixture
def access(tmp_path: Path) -> Path:
    """A copy of acme's access repository."""
    shutil.copytree(ACME / "policies", tmp_path / "policies")
    return tmp_path


def test_yaml_and_json_say_the_same(capsys: Captured) -> None:
    """YAML without aliases, which CloudFormation does not take, and with numbers kept as text."""
    _, text, _ = run(capsys, "--owner-id", "9000")
    assert yaml.safe_load(text) == template(capsys, "--owner-id", "9000")
    assert not re.search(r"[&*]id\d", text)
    assert "Default: '700001'" in text


def test_only_the_template_is_on_stdout(capsys: Captured) -> None:
    """What it is, what comes next, and what is still missing is said on stderr."""
    code, out, err = run(capsys)
    assert (code, out.startswith("AWSTemplateFormatVersion")) == (0, True)
    assert "Next:" in err
    assert "gh api users/acme" in err
    assert "gh api users/acme" not in run(capsys, "--owner-id", "9000")[2]


def test_the_defaults_come_from_the_repository(capsys: Captured) -> None:
    """From settings.yaml and from what acme's policies use."""
    assert defaults(template(capsys)) == {
        "RepositoryOwner": "acme",
        "RepositoryOwnerId": None,
        "RepositoryName": "access",
        "RepositoryId": "700001",
        "Namespace": "jit",
        "CreateOidcProvider": "true",
        "BoundaryServices": "*",
        "ManagedPolicies": "AdministratorAccess,ReadOnlyAccess",
        "PinNewClaims": "true",
    }


def test_the_sandbox_is_made_of_the_same(capsys: Captured) -> None:
    """The embedded AWS fills its accounts from the very template that is printed for acme."""
    made = accounts.template(
        namespace="jit",
        issuer="https://token.actions.githubusercontent.com",
        repository="acme/access",
        repository_id=700001,
        owner_id=9000,
    )
    assert template(capsys, "--owner-id", "9000") == made


def test_the_services_are_those_of_the_policies(capsys: Captured, access: Path) -> None:
    """Where no policy carries a managed policy, the boundary opens no further than the statements need."""
    for name in ("account-read-only", "production-admin", "production-break-glass", "ssm-shell"):
        (access / "policies" / "access" / f"{name}.yaml").unlink()
    found = defaults(template(capsys, folder=access))
    assert (found["BoundaryServices"], found["ManagedPolicies"]) == ("dynamodb,logs,s3,sqs", "")


def test_options_replace_the_defaults(capsys: Captured) -> None:
    """Each option is a parameter's default."""
    found = defaults(
        template(
            capsys,
            *("--owner-id", "9000", "--services", "s3, dynamodb,s3", "--managed-policies", ""),
            *("--existing-provider", "--no-pin"),
        )
    )
    assert found["RepositoryOwnerId"] == "9000"
    assert (found["BoundaryServices"], found["ManagedPolicies"]) == ("s3,dynamodb", "")
    assert (found["CreateOidcProvider"], found["PinNewClaims"]) == ("false", "false")


def test_an_issuer_of_ones_own_is_never_pinned(capsys: Captured, access: Path) -> None:
    """The roles would let nobody in: nothing is printed but why, and what to give."""
    file = access / "policies" / "settings.yaml"
    file.write_text(
        file.read_text().replace("//token.actions.githubusercontent.com", "//token.actions.acme.ghe.com")
    )
    code, out, err = run(capsys, folder=access)
    assert (code, out) == (1, "")
    assert "the issuer here is https://token.actions.acme.ghe.com" in err
    assert defaults(template(capsys, "--no-pin", folder=access))["PinNewClaims"] == "false"


def test_the_stacks_are_where_the_organisation_allows(capsys: Captured) -> None:
    """What they make is global, but an organisation may deny every region but its own."""
    _, out, _ = run(capsys, "--stackset", "--region", "eu-central-1")
    assert "--regions eu-central-1 " in out
    assert "--region eu-central-1 " in out
    assert "us-east-1" not in out
    assert run(capsys, "--stackset", "--region", "eu; rm -rf /")[0] == 2


def test_requesters_are_told_what_they_need(capsys: Captured) -> None:
    """One policy, to enter roles under the grants' path and nothing else."""
    code, out, err = run(capsys, "--requesters")
    (statement,) = json.loads(out)["Statement"]
    assert code == 0
    assert statement["Action"] == ["sts:AssumeRole", "sts:SetSourceIdentity"]
    assert (statement["Effect"], statement["Resource"]) == ("Allow", "arn:aws:iam::*:role/jit/*")
    assert "permission set" in err


def test_the_roll_out_names_every_account(capsys: Captured) -> None:
    """The commands begin by making the very template that the options ask for."""
    code, out, err = run(capsys, "--stackset", "--owner-id", "9000", "--services", "s3", "--no-pin")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "owner_id=9000"
    words = shlex.split(lines[1])
    assert words[:4] == ["jitbot", "bootstrap", "--owner-id", "$owner_id"]
    assert words[4:] == [
        *("--services", "s3", "--managed-policies", "AdministratorAccess,ReadOnlyAccess"),
        *("--no-pin", ">", "jitbot.yaml"),
    ]
    assert "Accounts=111111111111,012345670123,333333333333," in out
    assert "--requesters" in err
    assert "--existing-provider" in run(capsys, "--stackset", "--existing-provider")[1]
    assert "owner_id=$(gh api users/acme --jq .id)" in run(capsys, "--stackset")[1]


def test_the_commands_are_awss(capsys: Captured) -> None:
    """Every command and option of the roll-out exists in AWS's own description of CloudFormation."""
    model: Any = get_session().get_service_model("cloudformation")  # AWS's document, parsed
    _, out, _ = run(capsys, "--stackset")
    commands = [
        shlex.split(line)
        for line in out.replace("\\\n", "").splitlines()
        if line.startswith("aws cloudformation")
    ]
    assert [command[2] for command in commands] == [
        "create-stack-set",
        "create-stack-instances",
        "create-stack",
    ]
    for command in commands:
        known = model.operation_model(_camel(command[2])).input_shape.members
        given = {word for word in command if word.startswith("--")}
        # Where a stack lives is the client's business, not the call's.
        assert {_camel(word) for word in given - {"--region"}} <= known.keys()
        # Roles with names of their own are made only by who acknowledges it.
        assert ("CAPABILITY_NAMED_IAM" in command) is (command[2] != "create-stack-instances")
    members = model.shape_for("DeploymentTargets").members
    assert {"OrganizationalUnitIds", "Accounts", "AccountFilterType"} <= members.keys()
    assert "SOFT_FAILURE_TOLERANCE" in model.shape_for("ConcurrencyMode").enum


def _camel(words: str) -> str:
    return "".join(word.capitalize() for word in words.strip("-").split("-"))


def test_the_roll_out_sets_what_it_uses(capsys: Captured) -> None:
    """No variable is used before it is set."""
    _, out, _ = run(capsys, "--stackset")
    used = re.findall(r"\$([a-z_]+)", out)
    assert used == ["owner_id", "root"]
    for name in used:
        assert 0 <= f"\n{out}".find(f"\n{name}=") < out.index(f"${name}")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--services", "s3;x"),
        ("--services", "S3"),
        ("--services", "s3,*"),
        ("--services", "s3:Get*"),
        ("--managed-policies", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
        ("--managed-policies", "Read*"),
        ("--owner-id", "0"),
        ("--owner-id", "acme"),
        ("--format", "xml"),
    ],
)
def test_what_is_no_such_name_is_a_usage_error(capsys: Captured, arguments: tuple[str, ...]) -> None:
    """Nothing is printed that CloudFormation or AWS would have to refuse, or take for a pattern."""
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert "Error" in err


def test_what_does_not_read_makes_no_template(capsys: Captured, access: Path) -> None:
    """A policy with a mistake is named with its line; a folder without settings, or without services, is refused."""
    broken = access / "policies" / "access" / "orders-db-read.yaml"
    broken.write_text(broken.read_text().replace("approvals: 1", "approvals: many"))
    code, out, err = run(capsys, folder=access)
    assert (code, out) == (1, "")
    assert re.search(r"policies/access/orders-db-read\.yaml:\d+: ", err)
    shutil.rmtree(access / "policies" / "access")
    assert run(capsys, folder=access)[0] == 1
    assert run(capsys, "--services", "s3", folder=access)[0] == 0
    (access / "policies" / "settings.yaml").unlink()
    assert run(capsys, folder=access)[:2] == (1, "")


def test_a_boundary_that_aws_would_not_take_is_refused(capsys: Captured) -> None:
    """A managed policy has a size: too many services are refused with a way out, the most that pass do fit."""
    names = ",".join(f"service{number:03}" for number in range(400))
    code, out, err = run(capsys, "--services", names)
    assert (code, out) == (1, "")
    assert re.search(r"\d characters; AWS takes 6144 at most.*--services '\*'", err, re.DOTALL)
    most = max(
        number for number in range(150, 190) if run(capsys, "--services", names[: 11 * number - 1])[0] == 0
    )
    assert 150 < most < 189
    made = template(capsys, "--services", names[: 11 * most - 1], "--owner-id", "9000")
    boundary = stacks.resolve(made, account_id="111111111111", parameters={"Namespace": "a" * 12})["Boundary"]
    size = len(json.dumps(boundary.properties["PolicyDocument"], separators=(",", ":")))
    assert 5_700 < size <= 6_144 - 128 - 4 * len("-us-gov")  # a stack's name, another partition


def test_an_account_that_holds_the_trail_is_prepared_too(capsys: Captured, access: Path) -> None:
    """The audit role must be there to ask it, although nobody is granted anything there."""
    file = access / "policies" / "settings.yaml"
    trail = 'trail:\n  region: eu-west-1\n  account: "444444444444"\n  log_group: aws-cloudtrail-logs\n'
    before = run(capsys, "--stackset", folder=access)[1]
    file.write_text(file.read_text() + trail)
    after = run(capsys, "--stackset", folder=access)[1]
    assert "444444444444" not in before
    assert ",444444444444,AccountFilterType" in after
    assert "444444444444" in run(capsys, "--format", "terraform", folder=access)[1]
    (inline,) = template(capsys, folder=access)["Resources"]["AuditRole"]["Properties"]["Policies"]
    assert "aws-cloudtrail-logs" in json.dumps(inline)


def test_a_list_of_names_is_read_as_people_write_it(capsys: Captured) -> None:
    """With blanks and commas too many; all services at once stand alone."""
    listed = template(capsys, "--services", "s3, ,dynamodb,,s3")
    assert defaults(listed)["BoundaryServices"] == "s3,dynamodb"
    assert run(capsys, "--services", "*")[0] == 0
    assert "* stands alone" in run(capsys, "--services", "*,s3")[2]


@pytest.mark.parametrize(("more", "code"), [(0, 0), (1, 1)])
def test_the_largest_boundary_that_aws_takes(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, more: int, code: int
) -> None:
    """To the character."""
    size = account_template.BOUNDARY_LIMIT + more
    monkeypatch.setattr(account_template, "boundary_size", lambda _: size)
    assert run(capsys)[0] == code


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_template_ends_with_one_line_end(capsys: Captured, form: str) -> None:
    """As a file does."""
    _, out, _ = run(capsys, "--format", form)
    assert out.endswith("\n")
    assert not out.endswith("\n\n")


@pytest.mark.parametrize(("option", "said"), [((), False), (("--no-pin",), True)])
def test_a_roll_out_pins_unless_it_is_told_otherwise(
    capsys: Captured, option: tuple[str, ...], *, said: bool
) -> None:
    """The printed command makes the template that was meant."""
    code, out, _ = run(capsys, "--stackset", *option)
    assert (code, "--no-pin" in out) == (0, said)


def test_without_accounts_nothing_is_rolled_out(capsys: Captured, access: Path) -> None:
    """A file that is not there is no empty one."""
    (access / "policies/accounts.yaml").unlink()
    code, out, err = run(capsys, "--stackset", folder=access)
    assert (code, out) == (1, "")
    assert "there is no policies/accounts.yaml" in err
