"""What CloudFormation makes of a fragment of the template: with its functions filled in, for the few that this template uses.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_PLACE = re.compile(r"\$\{([A-Za-z0-9:]+)\}")
_NOTHING = object()  # where AWS::NoValue stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What one stack knows: its parameters, the pseudo parameters among them, and how its conditions came out."""

    parameters: Mapping[str, str | tuple[str, ...]]
    conditions: Mapping[str, bool] = field(default_factory=dict)

    def filled(self, fragment: object) -> object:
        """The fragment as AWS is given it. Raises KeyError for a parameter, condition or function it does not know."""
        if isinstance(fragment, list | tuple):
            found = [self.filled(each) for each in fragment]
            return [each for each in found if each is not _NOTHING]
        if not isinstance(fragment, Mapping):
            return fragment
        if len(fragment) == 1:
            ((name, given),) = fragment.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._answer(name, given)
        pairs = ((name, self.filled(each)) for name, each in fragment.items())
        return {name: each for name, each in pairs if each is not _NOTHING}

    def _answer(self, name: str, given: object) -> object:
        match name, given:
            case "Ref", "AWS::NoValue":
                return _NOTHING
            case "Ref", str():
                known = self.parameters[given]
                return list(known) if isinstance(known, tuple) else known
            case "Fn::Sub", str():
                return self._substituted(given, {})
            case "Fn::Sub", [str() as text, Mapping() as more]:
                return self._substituted(text, {key: str(self.filled(each)) for key, each in more.items()})
            case "Fn::If", [str() as condition, then, otherwise]:
                return self.filled(then if self.conditions[condition] else otherwise)
            case "Fn::Join", [str() as between, parts]:
                return between.join(map(str, _listed(self.filled(parts))))
            case "Fn::Split", [str() as between, text]:
                return str(self.filled(text)).split(between)
            case _:
                raise KeyError(name)

    def _substituted(self, text: str, more: Mapping[str, str]) -> str:
        return _PLACE.sub(lambda place: str({**self.parameters, **more}[place[1]]), text)


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise KeyError(f"{value!r} is no list")
    return value
