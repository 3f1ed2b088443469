"""Fills in a CloudFormation template as AWS would, as far as jitbot's own template needs it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jitbot.domain.model.errors import InvalidError

_PLACE = re.compile(r"\$\{(!?)([^}]*)\}")
_NO_VALUE = object()

Template = Mapping[str, Any]
Properties = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource of a stack, with nothing left to fill in."""

    kind: str  # such as AWS::IAM::Role
    properties: Properties


def resolve(
    template: Template, *, account_id: str, parameters: Mapping[str, str] | None = None
) -> dict[str, Resource]:
    """The resources that a stack of the template would have in an account, by their names in the template.

    Raises InvalidError where CloudFormation would refuse the parameters, or for what this does not know.
    """
    values = {**_pseudo(account_id), **_parameters(template.get("Parameters", {}), parameters or {})}
    conditions = template.get("Conditions", {})
    wanted = template["Resources"]
    filler = _Filler(values=values, conditions=conditions, account_id=account_id, resources=wanted)
    return {
        name: Resource(kind=each["Type"], properties=filler.fill(each.get("Properties", {})))
        for name, each in wanted.items()
        if "Condition" not in each or filler.holds(each["Condition"])
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filler:
    values: Mapping[str, Any]  # of parameters and pseudo parameters
    conditions: Mapping[str, Any]
    account_id: str
    resources: Mapping[str, Any]

    def fill(self, node: Any) -> Any:
        """The node with every function of it, however deep, replaced by its value."""
        match node:
            case dict() if len(node) != 1:
                return self._fields(node)
            case {"Ref": str(name)}:
                return self._ref(name)
            case {"Fn::Sub": str(text)}:
                return self._sub(text, {})
            case {"Fn::Sub": [str(text), dict(local)]}:
                return self._sub(text, self.fill(local))
            case {"Fn::Join": [str(delimiter), parts]}:
                return delimiter.join(self.fill(parts))
            case {"Fn::Split": [str(delimiter), text]}:
                return self.fill(text).split(delimiter)
            case {"Fn::If": [str(condition), then, otherwise]}:
                return self.fill(then if self.holds(condition) else otherwise)
            case dict():
                return self._fields(node)
            case list():
                return [item for item in map(self.fill, node) if item is not _NO_VALUE]
            case _:
                return node

    def holds(self, condition: str) -> bool:
        """Whether a condition of the template holds."""
        if condition not in self.conditions:
            raise InvalidError(f"the template has no condition {condition}")
        return self._true(self.conditions[condition])

    def _true(self, test: Any) -> bool:
        match test:
            case {"Fn::Equals": [one, other]}:
                return bool(self.fill(one) == self.fill(other))
            case {"Fn::Not": [inner]}:
                return not self._true(inner)
            case _:
                raise InvalidError(f"this is no condition the sandbox knows: {test}")

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self.values:
            return self.values[name]
        match self.resources.get(name):
            case {"Type": "AWS::IAM::OIDCProvider", "Properties": {"Url": url}}:
                issuer = self.fill(url).partition("://")[2]
                return f"arn:aws:iam::{self.account_id}:oidc-provider/{issuer}"
        raise InvalidError(f"the sandbox does not know what {name} refers to")

    def _sub(self, text: str, local: Mapping[str, str]) -> str:
        def value(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            found = local[name] if name in local else self._ref(name)
            if not isinstance(found, str):
                raise InvalidError(f"{name} is no text, so it cannot stand in {text}")
            return found

        return _PLACE.sub(value, text)

    def _fields(self, node: Mapping[str, Any]) -> Properties:
        if unknown := [key for key in node if key.startswith("Fn::") or key == "Ref"]:
            raise InvalidError(f"the sandbox does not know {unknown[0]} in this form: {node[unknown[0]]}")
        filled = {key: self.fill(value) for key, value in node.items()}
        return {key: value for key, value in filled.items() if value is not _NO_VALUE}


def _pseudo(account_id: str) -> dict[str, str]:
    stack = f"arn:aws:cloudformation:us-east-1:{account_id}:stack/jitbot/5a1b7c1e-0000-4000-8000-000000000000"
    return {"AWS::AccountId": account_id, "AWS::Partition": "aws", "AWS::StackId": stack}


def _parameters(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    if unknown := sorted(given.keys() - declared.keys()):
        raise InvalidError(f"the template has no parameter {unknown[0]}")
    return {name: _parameter(name, declaration, given.get(name)) for name, declaration in declared.items()}


def _parameter(name: str, declaration: Mapping[str, Any], given: str | None) -> Any:
    text = declaration.get("Default") if given is None else given
    if text is None:
        raise InvalidError(f"parameter {name} must be given: it has no default")
    listed = declaration["Type"] == "CommaDelimitedList"
    # CloudFormation trims each value, and makes of no text at all a list of one empty value.
    values = [item.strip() for item in text.split(",")] if listed else [text]
    for value in values:
        if not re.fullmatch(declaration.get("AllowedPattern", ".*"), value):
            raise InvalidError(f"parameter {name} may not be {value!r}")
        if value not in declaration.get("AllowedValues", [value]):
            raise InvalidError(f"parameter {name} may not be {value!r}")
    return values if listed else text
