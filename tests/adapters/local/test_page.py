"""The page: one file, in which every text is inert, and under whose policy nothing else runs or is fetched."""

import base64
import hashlib
import json
import re
from importlib.resources import files

import pytest
from jinja2 import UndefinedError

from jitbot.adapters.local.page import as_json, page, security_policy

HOSTILE = "</script><script>alert(1)</script><!-- ]]> & \u2028\u2029 ' \" {{ 7*7 }} \x00\x1b \u202e"


def test_json_cannot_end_its_element() -> None:
    """No text can close the script element or open another, and it reads back as it was."""
    text = as_json({"a": HOSTILE})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {"a": HOSTILE}


def test_the_policy_names_exactly_what_is_there() -> None:
    """The hashes are those of the style and the script as they stand in their elements; all else is none."""
    rules = dict(rule.split(" ", 1) for rule in security_policy("a{}", "b()").split("; "))
    digest = base64.b64encode(hashlib.sha256(b"b()").digest()).decode()
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert "unsafe" not in str(rules)
    assert "http" not in str(rules)


def test_a_value_that_is_missing_is_an_error() -> None:
    """A template that asks for what it is not given makes no page."""
    with pytest.raises(UndefinedError):
        page("report/page.html", style="report/page.css", scripts=["report/data.js"], content={})


@pytest.mark.parametrize(
    "name", ["page.html", "page.css", "data.js", "timeline.js", "evidence.js", "table.js"]
)
def test_the_templates_fetch_nothing(name: str) -> None:
    """No template names a place on a network, or makes HTML of text."""
    text = (files("jitbot") / "templates/report" / name).read_text("utf-8")
    text = text.replace("http://www.w3.org/2000/svg", "")  # the name of SVG, which nobody fetches
    assert not re.search(
        r"https?://|//cdn|@import|url\(|innerHTML|outerHTML|insertAdjacent|document\.write", text
    )
    assert not re.search(r"\beval\b|\bFunction\(|\bfetch\(|XMLHttp|WebSocket|\bimport\(|\|\s*safe\b", text)
