"""The Terraform configuration around the template: what it gives on, as text in which Terraform fills nothing in."""

import json

import pytest

from jitbot.domain.setup.terraform import configuration


def made(**defaults: str | None) -> str:
    """The configuration for a template of these parameters."""
    parameters = {
        name: {"Type": "String", **({} if default is None else {"Default": default})}
        for name, default in {"RepositoryOwnerId": None, **defaults}.items()
    }
    return configuration(
        {"Parameters": parameters}, name="jitbot", accounts=["111111111111"], region="eu-west-1"
    )


def test_parameters_keep_their_defaults() -> None:
    """One without any is given as an empty text; the owner's number is a variable, with its default where there is one."""
    text = made(Namespace="jit", Principal=None)
    assert '    Namespace         = "jit"\n' in text
    assert '    Principal         = ""\n' in text
    assert "    RepositoryOwnerId = var.jitbot_repository_owner_id\n" in text
    assert "\n  default     = " not in text
    assert '\n  default     = "4711"\n' in made(RepositoryOwnerId="4711")


@pytest.mark.parametrize("value", ["${aws:username}", "%{if x}", '"\n'])
def test_nothing_in_a_text_is_filled_in(value: str) -> None:
    """Neither in a parameter nor in the template."""
    text = made(Namespace=value)
    written = json.dumps(value).replace("${", "$${").replace("%{", "%%{")
    assert f"    Namespace         = {written}\n" in text
    assert '["111111111111"]' in text
