"""A registry file as an import changes it: its entries, each with its line, and where another one would go."""

from typing import Any

import pytest

from jitbot.adapters.documents.entries import parse_entries
from jitbot.domain.model.documents import Source

TEAMS, PEOPLE = "policies/teams.yaml", "policies/people.yaml"
DEFAULTS = 'defaults: {identity_center: {account: "222222222222", permission_set: Developer}}\n'
REST = {"defaults": {"identity_center": {"account": "222222222222", "permission_set": "Developer"}}}


def read(path: str, text: str) -> Any:
    """What is read of a file."""
    return parse_entries(Source(path=path, content=text.encode()))


@pytest.mark.parametrize(("path", "column"), [(TEAMS, 1), (PEOPLE, 3)])
@pytest.mark.parametrize(
    ("text", "end"),
    [("", 1), ("\n", 1), ("# c\n", 2), ("---\n{}\n", 3), ("# c\n\n  # d\n\n", 4), ("# c", 2)],
)
def test_a_file_of_comments_has_no_entries(path: str, column: int, text: str, end: int) -> None:
    """The first one goes below them."""
    found = read(path, text).value
    assert (found.entries, found.column, found.end, found.rest, found.text) == ((), column, end, {}, text)


@pytest.mark.parametrize(
    ("path", "text", "entries", "column", "end", "rest"),
    [
        (TEAMS, "{ } # nobody\n", [], 1, 2, {}),
        (
            TEAMS,
            "acme/a: [alice]\nacme/b:\n  source: github\n  members:\n    - bob\n# end\n\n",
            [("acme/a", 1, ["alice"]), ("acme/b", 2, {"source": "github", "members": ["bob"]})],
            1,
            7,
            {},
        ),
        (
            TEAMS,
            "  acme/a: [{login: alice, from: 2026-01-01}]\n\n  acme/b: [bob]",
            [("acme/a", 1, [{"login": "alice", "from": "2026-01-01"}]), ("acme/b", 3, ["bob"])],
            3,
            4,
            {},
        ),
        (
            PEOPLE,
            f"people:\n  alice: {{github_id: 1001}}\n  bob: {{github_id: 1002}}\n{DEFAULTS}",
            [("alice", 2, {"github_id": "1001"}), ("bob", 3, {"github_id": "1002"})],
            3,
            4,
            REST,
        ),
        (
            PEOPLE,
            f"{DEFAULTS}people:\n    alice: {{github_id: 1001}}\n",
            [("alice", 3, {"github_id": "1001"})],
            5,
            4,
            REST,
        ),
        (PEOPLE, "people:\n  alice: {github_id: 1001}\n", [("alice", 2, {"github_id": "1001"})], 3, 3, {}),
    ],
)
def test_entries_have_their_lines(
    path: str, text: str, entries: list[Any], column: int, end: int, rest: dict[str, Any]
) -> None:
    """In the order of the file, with what is beside them, and the line after the last of them."""
    found = read(path, text).value
    assert [(each.key, each.line, each.value) for each in found.entries] == entries
    assert (found.path, found.column, found.end, found.rest, found.text) == (path, column, end, rest, text)


@pytest.mark.parametrize(
    ("path", "text", "places"),
    [
        (TEAMS, "{acme/a: [alice], acme/b: [bob]}\n", [(1, 2), (1, 19)]),
        (PEOPLE, "people: {alice: {github_id: 1001}}\n", [(1, 10)]),
        (PEOPLE, "people: {\n  alice: {github_id: 1001},\n    bob: {github_id: 1002} }\n", [(3, 5)]),
    ],
)
def test_an_import_changes_whole_lines(path: str, text: str, places: list[tuple[int, int]]) -> None:
    """An entry that shares its line, or begins in another column than the first, is left to a person."""
    found = read(path, text)
    assert found.value is None
    assert {each.code for each in found.findings} == {"shared-line"}
    assert [(each.line, each.column) for each in found.findings] == places


@pytest.mark.parametrize(
    ("path", "text", "codes"),
    [
        ("policies/settings.yaml", "# nothing", {"no-registry"}),
        (TEAMS, "acme/a: [alice\n", {"yaml-syntax"}),
        (TEAMS, "{acme/a: alice}\n", {"wrong-type"}),
        (PEOPLE, "people:\n  alice: {github_id: x}\n", {"wrong-type"}),
        (PEOPLE, DEFAULTS, {"missing-key"}),
        (PEOPLE, "- a\n", {"not-a-mapping"}),
    ],
)
def test_what_does_not_read_is_not_changed(path: str, text: str, codes: set[str]) -> None:
    """It is read as strictly as everything else, and only then are its lines looked at."""
    found = read(path, text)
    assert (found.value, {each.code for each in found.findings}) == (None, codes)
