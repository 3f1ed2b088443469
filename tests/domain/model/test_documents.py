"""A finding points at the place that people open: the field, or what is left of it in the file."""

import json

import pytest
from acme_facts import PATH, a_policy, a_request

from jitbot.domain.model.documents import Finding, FindingLevel, Position, errors, policy_at

WHERE = {
    "parameters": Position(line=4, column=1),
    "parameters.table": Position(line=5, column=10),
}


@pytest.mark.parametrize(
    ("field", "line", "column"),
    [
        ("parameters.table", 5, 10),
        ("parameters.index", 4, 1),
        ("parameters.table.0.name", 5, 10),
        ("accounts.0", 0, 0),
        ("", 0, 0),
    ],
)
def test_a_finding_names_the_field_or_what_it_belongs_to(field: str, line: int, column: int) -> None:
    """A field that the file lacks is shown where it would be; one that belongs nowhere, at the file."""
    found = Finding.at(a_request(where=WHERE), field, "code", "message", "hint")
    assert found == Finding(code="code", message="message", file=PATH, line=line, column=column, hint="hint")


def test_a_finding_of_a_policy_names_its_file() -> None:
    """A policy lies in a file of its name."""
    found = Finding.at(a_policy(), "accounts", "code", "message", "hint")
    assert found == Finding(
        code="code", message="message", file="policies/access/orders-db-read.yaml", hint="hint"
    )


def test_a_finding_in_a_file_is_about_all_of_it_or_about_one_line() -> None:
    """A line is shown from its first column; the file as a whole has neither."""
    whole, part = Finding.in_file("f", "c", "m", "h"), Finding.in_file("f", "c", "m", "h", line=3)
    assert whole == Finding(code="c", message="m", file="f", hint="h")
    assert part == Finding(code="c", message="m", file="f", line=3, column=1, hint="h")


def test_a_finding_about_a_whole_file_names_no_line() -> None:
    """There is no line 0."""
    whole, part = Finding.in_file("f", "c", "m", "h"), Finding.in_file("f", "c", "m", "h", line=3)
    assert (whole.in_words, part.in_words) == ("f: m", "f:3: m")


def test_a_finding_is_json_as_published() -> None:
    """A finding has the fields that scripts rely on."""
    found = Finding(code="too-late", message="it is too late", file=PATH, line=3, column=1, hint="ask anew")
    assert json.loads(json.dumps(found.as_json())) == {
        "code": "too-late",
        "message": "it is too late",
        "file": PATH,
        "line": 3,
        "column": 1,
        "hint": "ask anew",
    }


def test_only_errors_are_errors() -> None:
    """A warning and a notice stop nothing."""
    found = [Finding(code=level.value, message="", file="", level=level) for level in FindingLevel]
    assert [each.code for each in errors(found)] == ["error"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("policies/access/orders-db-read.yaml", "orders-db-read"),
        ("policies/access/a/b.yaml", None),
        ("policies/access/orders-db-read.yml", None),
        ("policies/orders-db-read.yaml", None),
        ("orders-db-read", None),
    ],
)
def test_where_a_policy_can_lie(path: str, name: str | None) -> None:
    """In its folder itself, with the one ending."""
    assert policy_at(path) == name


def test_what_a_request_does_not_say_is_not_shown() -> None:
    """A ticket, where there is one."""
    assert a_request(ticket="OPS-1").optional == (("ticket", "OPS-1"),)
    assert a_request(ticket=None).optional == ()
