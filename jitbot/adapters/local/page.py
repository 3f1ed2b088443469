"""Pages from the templates: one file, every text escaped, and a Content-Security-Policy that blocks everything else."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template

# Inside a script element only these could end it, or begin a comment; JSON reads the escapes as the characters.
_INERT = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})


def page(template: str, *, style: str, scripts: Sequence[str], content: object, **values: object) -> str:
    """A page of `templates/`, with its style and scripts in it, and `content` as JSON for the scripts.

    A template may include others by their path in `templates/`: what two pages share is written once.

    Raises jinja2.UndefinedError if the template asks for a value that is not given.
    """
    from markupsafe import Markup

    css, script = _text(style), "\n".join(map(_text, scripts))
    return _template(template).render(
        style=Markup(css),  # noqa: S704 - our own files, which hold nobody's text
        script=Markup(script),  # noqa: S704
        content=Markup(as_json(content)),  # noqa: S704 - inert, see above
        security_policy=security_policy(css, script),
        **values,
    )


def security_policy(style: str, script: str) -> str:
    """A Content-Security-Policy under which this style and this script work, and nothing is fetched or sent.

    https://www.w3.org/TR/CSP3/
    """
    rules: Mapping[str, str] = {
        "default-src": "'none'",
        "script-src": f"'sha256-{_digest(script)}'",
        "style-src": f"'sha256-{_digest(style)}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def as_json(content: object) -> str:
    """JSON that can stand in a script element: it cannot end it, whatever text is in it."""
    return json.dumps(content, ensure_ascii=True, separators=(",", ":")).translate(_INERT)


@cache
def _template(name: str) -> "Template":
    """To compile one takes longer than to fill it."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True, loader=FunctionLoader(_text)
    )
    return environment.from_string(_text(name))


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _text(name: str) -> str:
    return (files("jitbot") / "templates" / name).read_text("utf-8")
