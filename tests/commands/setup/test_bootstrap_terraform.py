"""`jitbot bootstrap --format terraform`: the very template, in the resources that hand it to CloudFormation.

An HCL parser reads it; no provider of Terraform is asked.
"""

import json
import re
from pathlib import Path
from typing import Any

import hcl2
import pytest
from desk import said

import jitbot

ACME = Path(jitbot.__file__).parent / "sandbox" / "acme"
OWNER = ("--owner-id", "9000")
# A heredoc may hold as much as CloudFormation takes in a call: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackSet.html
LONGEST = 51_200


def printed(*arguments: str) -> str:
    """What is printed for acme."""
    answer = said("bootstrap", "--format", "terraform", *arguments, folder=ACME)
    assert answer.code == 0, answer.err
    return answer.out


def parsed(*arguments: str) -> dict[str, Any]:
    """The same as the parser reads it."""
    found: dict[str, Any] = hcl2.loads(printed(*arguments))
    return found


def resource(made: dict[str, Any], kind: str) -> dict[str, Any]:
    """The one resource of a kind."""
    (found,) = [each[f'"{kind}"'] for each in made["resource"] if f'"{kind}"' in each]
    (body,) = found.values()
    return dict(body)


def template_in(made: dict[str, Any]) -> str:
    """The text that Terraform makes of the template's heredoc."""
    found = re.fullmatch(r'"?<<JITBOT\n(.*?)\n?JITBOT"?', made["locals"][0]["jitbot_template"], re.DOTALL)
    assert found is not None
    assert not re.search(r"(?<![$])\$\{|(?<!%)%\{", found[1])  # Terraform would fill these in
    return found[1].replace("$${", "${").replace("%%{", "%{")


@pytest.mark.parametrize(
    "options", [(), OWNER, (*OWNER, "--services", "s3", "--no-pin"), (*OWNER, "--existing-provider")]
)
def test_it_is_the_very_template(options: tuple[str, ...]) -> None:
    """What CloudFormation is given is to the letter what the other formats print, and short enough for a call."""
    template = template_in(parsed(*options))
    other = said("bootstrap", "--format", "json", *options, folder=ACME)
    assert json.loads(template) == other.json
    assert len(template) <= LONGEST
    assert "${AWS::AccountId}" in template


def test_every_parameter_is_named() -> None:
    """Each parameter of the template has its default here too, as Terraform's provider wants it."""
    made = parsed(*OWNER, "--services", "s3")
    parameters = made["locals"][0]["jitbot_parameters"]
    wanted = json.loads(template_in(made))["Parameters"]
    assert parameters.pop("RepositoryOwnerId") == "${var.jitbot_repository_owner_id}"
    (variable,) = made["variable"]
    assert variable['"jitbot_repository_owner_id"']["default"] == '"9000"'
    defaults = {name: json.dumps(each["Default"]) for name, each in wanted.items()}
    assert parameters == {name: value for name, value in defaults.items() if name != "RepositoryOwnerId"}


def test_an_owner_nobody_named_is_asked_for() -> None:
    """Without --owner-id the variable has no default, so that Terraform asks; and that is said."""
    (variable,) = parsed()["variable"]
    assert "default" not in variable['"jitbot_repository_owner_id"']
    answer = said("bootstrap", "--format", "terraform", folder=ACME)
    assert "--owner-id $(gh api users/acme --jq .id)" in answer.err
    assert "Next: save it as jitbot.tf, read it, and apply it" in answer.err


def test_every_account_is_reached() -> None:
    """The member accounts get the stack set's stacks, and the management account one of its own if it is listed."""
    made = parsed(*OWNER, "--region", "eu-central-1")
    local = made["locals"][0]
    assert local["jitbot_accounts"] == ['"111111111111"', '"012345670123"', '"333333333333"']
    assert local["jitbot_member_accounts"] == (
        "${setsubtract(local.jitbot_accounts, [local.jitbot_management_account])}"
    )
    assert local["jitbot_management_account"] == (
        "${data.aws_organizations_organization.jitbot.master_account_id}"
    )
    instances = resource(made, "aws_cloudformation_stack_instances")
    (targets,) = instances["deployment_targets"]
    assert targets["accounts"] == "${local.jitbot_member_accounts}"
    assert targets["account_filter_type"] == '"INTERSECTION"'
    assert instances["regions"] == ['"eu-central-1"']
    alone = resource(made, "aws_cloudformation_stack")
    assert alone["count"] == ("${contains(local.jitbot_accounts, local.jitbot_management_account) ? 1 : 0}")
    for kind in ("aws_cloudformation_stack_set", "aws_cloudformation_stack"):
        made_of = resource(made, kind)
        assert made_of["template_body"] == "${local.jitbot_template}"
        assert made_of["parameters"] == "${local.jitbot_parameters}"
        assert made_of["capabilities"] == ['"CAPABILITY_NAMED_IAM"']
        assert made_of["name"] == '"jitbot"'


def test_nothing_else_is_made() -> None:
    """No resource but CloudFormation's own three, so that the template stays the one text that is reviewed."""
    kinds = sorted(kind for each in parsed(*OWNER)["resource"] for kind in each)
    assert kinds == [
        '"aws_cloudformation_stack"',
        '"aws_cloudformation_stack_instances"',
        '"aws_cloudformation_stack_set"',
    ]


def test_a_region_that_is_none_is_refused() -> None:
    """Nothing is printed for it."""
    answer = said("bootstrap", "--format", "terraform", "--region", '"]', folder=ACME)
    assert (answer.code, answer.out) == (2, "")
