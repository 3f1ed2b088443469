"""Registry files are changed entry by entry: everything else keeps its bytes and its place."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitbot.adapters import documents
from jitbot.domain.imports.entries import (
    FileEntries,
    ImportSource,
    Value,
    _with_items,
    as_meant,
    compare,
    edited,
    items_of,
    rendered,
)
from jitbot.domain.model.account_groups import ACCOUNT_GROUPS
from jitbot.domain.model.documents import ACCOUNTS, PEOPLE, TEAMS, Source
from jitbot.domain.model.errors import InvalidError

ALICE = "  alice: {github_id: 1001, identity_center: alice@acme.com, source: csv}"
FILE = f"""\
# Who a login is.
defaults:
  identity_center: {{account: "222222222222", permission_set: Developer}}

people:
  # approves, never asks
  erin: {{github_id: 1005}}

  # by the import
{ALICE}  # since 2026
  bob:  # shared
    github_id: 1002
    source: csv

  # the last
  dave: {{github_id: 1004}}
# the end
"""


def entries(text: str, path: str = PEOPLE) -> FileEntries:
    """A file as entries."""
    parsed = documents.parse_entries(Source(path=path, content=text.encode()))
    assert parsed.value is not None, parsed.findings
    return parsed.value


def person(number: str, name: str = "") -> Value:
    """An entry of people.yaml as the import writes it."""
    return {"github_id": number, **({"identity_center": name} if name else {}), "source": "csv"}


def imported(
    text: str, wanted: dict[str, Value], source: ImportSource = ImportSource.CSV, path: str = PEOPLE
) -> str:
    """The text after an import of these entries; read back, it says what was meant."""
    file = entries(text, path)
    changes = compare(file, wanted, source)
    after = edited(file, changes)
    assert as_meant(file, changes, entries(after, path))
    return after


def test_what_is_as_wanted_is_not_touched() -> None:
    """The same bytes, and no change."""
    file = entries(FILE)
    changes = compare(
        file, {"alice": person("1001", "alice@acme.com"), "BOB": person("1002")}, ImportSource.CSV
    )
    assert not changes
    assert edited(file, changes) == FILE


def test_one_more_comes_after_the_last() -> None:
    """Before the comment at the end of the file, which may be about what follows; all else stays."""
    wanted = {
        "alice": person("1001", "alice@acme.com"),
        "bob": person("1002"),
        "carol": person("1003", "c=d@acme.com"),
    }
    line = '  carol: {github_id: 1003, identity_center: "c=d@acme.com", source: csv}'
    assert imported(FILE, wanted) == FILE.replace("# the end", f"{line}\n# the end")


def test_who_goes_takes_no_comment_along() -> None:
    """The entry's own lines go, also where there are several; comments above and below stay."""
    gone = FILE.replace(f"{ALICE}  # since 2026\n", "")
    assert imported(FILE, {"bob": person("1002")}) == gone
    both = gone.replace("  bob:  # shared\n    github_id: 1002\n    source: csv\n", "")
    assert imported(FILE, {}) == both


def test_a_change_keeps_the_comment_in_its_line() -> None:
    """The entry is written anew, what follows the # stays."""
    after = imported(FILE, {"alice": person("1001", "alice.b@acme.com"), "bob": person("1002")})
    assert after == FILE.replace("alice@acme.com", "alice.b@acme.com")


def test_a_change_that_would_lose_a_comment_is_refused() -> None:
    """With the line, and how to write it."""
    with pytest.raises(
        InvalidError, match=r"policies/people.yaml:11: bob has comments that a change would lose"
    ):
        imported(FILE, {"alice": person("1001", "alice@acme.com"), "bob": person("7")})
    plain = FILE.replace("bob:  # shared", "bob:")
    after = imported(plain, {"alice": person("1001", "alice@acme.com"), "bob": person("7")})
    assert "  bob: {github_id: 7, source: csv}\n\n  # the last\n" in after


def test_entries_of_others_are_left_alone() -> None:
    """Without `source:`, or with another one, an entry is nobody's but its writer's."""
    file = entries(FILE)
    changes = compare(file, {"Erin": person("9"), "dave": person("9")}, ImportSource.CSV)
    assert (changes.left_alone, dict(changes.added), dict(changes.changed)) == (("Erin", "dave"), {}, {})
    assert changes.removed == ("alice", "bob")
    assert compare(file, {}, ImportSource.GITHUB).removed == ()


TEAM = """\
acme/leads: [erin]
acme/payments:
  source: github
  members:
    - alice
    # on parental leave
    - {login: dave, until: 2027-01-06T08:00:00Z}  # back in January
    - bob  # the first
# the end
"""


def team(*members: Value) -> dict[str, Value]:
    """The team payments as the import writes it."""
    return {"acme/payments": {"source": "github", "members": list(members)}}


DAVE: Value = {"login": "dave", "until": "2027-01-06T08:00:00Z"}


def test_members_come_and_go_line_by_line() -> None:
    """Each member is a line; comments, and the lines of the others, stay."""
    after = imported(TEAM, team("alice", DAVE, "carol"), ImportSource.GITHUB, TEAMS)
    assert after == TEAM.replace("    - bob  # the first\n", "    - carol\n")
    after = imported(TEAM, team(DAVE, "bob", "carol", "zoe"), ImportSource.GITHUB, TEAMS)
    assert after == TEAM.replace("    - alice\n", "").replace(
        "# the first\n", "# the first\n    - carol\n    - zoe\n"
    )


def test_a_list_on_one_line_is_written_anew() -> None:
    """Where no comment is in it; else it is refused."""
    flat = "acme/payments: {source: github, members: [alice]}\n"
    after = imported(flat, team("alice", "bob"), ImportSource.GITHUB, TEAMS)
    assert after == "acme/payments:\n  source: github\n  members:\n    - alice\n    - bob\n"
    with pytest.raises(InvalidError, match="would lose"):
        imported(flat.replace("\n", "  # us\n"), team("alice", "bob"), ImportSource.GITHUB, TEAMS)


@pytest.mark.parametrize("empty", ["", "# nobody yet\n", "{}\n", "# none\n{}\n", "\n"])
def test_a_file_without_entries_gets_its_first(empty: str) -> None:
    """Also one that is not there; its comments stay at the top."""
    number: dict[str, Value] = {"prod": {"id": "012345670123", "source": "organizations"}}
    after = imported(empty, number, ImportSource.ORGANIZATIONS, ACCOUNTS)
    comment = "".join(f"{line}\n" for line in empty.splitlines() if line.startswith("#"))
    assert after.lstrip("\n") == f'{comment}prod: {{id: "012345670123", source: organizations}}\n'
    group: dict[str, Value] = {"production": {"source": "organizations", "accounts": ["prod"]}}
    assert "    - prod\n" in imported(empty, group, ImportSource.ORGANIZATIONS, ACCOUNT_GROUPS)
    if "{}" not in empty:
        assert imported(empty, {"alice": person("1")}).endswith(
            "people:\n  alice: {github_id: 1, source: csv}\n"
        )


def test_the_last_one_goes_and_another_comes() -> None:
    """What follows the people is none of them."""
    rest = '\ndefaults: {identity_center: {account: "222222222222", permission_set: Developer}}\n'
    after = imported(f"people:\n  bob: {{github_id: 2, source: csv}}\n{rest}", {"alice": person("1")})
    assert after == f"people:\n  alice: {{github_id: 1, source: csv}}\n{rest}"


@pytest.mark.parametrize(
    "text",
    [
        "people: {alice: {github_id: 1}}\n",
        "people: {alice: {github_id: 1}, bob: {github_id: 2}}\n",
        "people: {alice: {github_id: 1},\n  bob: {github_id: 2}}\n",
    ],
)
def test_entries_that_share_a_line_are_refused(text: str) -> None:
    """An edit replaces whole lines."""
    parsed = documents.parse_entries(Source(path=PEOPLE, content=text.encode()))
    assert {each.code for each in parsed.findings} == {"shared-line"}


def test_what_was_not_meant_is_seen() -> None:
    """Another value, another order, one more, or something else beside the entries."""
    file = entries(FILE)
    changes = compare(file, {"bob": person("1002")}, ImportSource.CSV)
    good = entries(edited(file, changes))
    assert as_meant(file, changes, good)
    assert not as_meant(file, changes, file)
    assert not as_meant(file, changes, replace(good, entries=good.entries[::-1]))
    assert not as_meant(file, changes, replace(good, rest={}))
    assert not as_meant(file, changes, replace(good, entries=good.entries[:-1]))


NAMES = st.sampled_from(["alice", "Bob", "x-1", "123", "no", "zoe_acme"])
TEXTS = ["a@acme.com", "no", "-x", "a,b", "@x", "a+b=c", "007", "1.5", "a.b-c_d"]
NOTES = st.sampled_from(["", "# a note\n", "\n", "  # indented\n\n"])
PERSONS = st.sampled_from(
    [person(*each) for each in product(["1", "20", "300"], [*[""] * len(TEXTS), *TEXTS])]
)
OTHERS = st.sampled_from(
    ["{github_id: 5}", "\n    github_id: 6\n    # why\n    iam_user: arn:aws:iam::222222222222:user/x"]
)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(NOTES, NAMES, PERSONS | OTHERS), min_size=1, unique_by=lambda each: each[1].casefold()
    ),
    st.dictionaries(NAMES, PERSONS),
)
def test_whatever_is_imported_only_own_lines_change(
    lines: list[tuple[str, str, Value]], wanted: dict[str, Value]
) -> None:
    """Every line that is not of an own entry stays, in order; and a second import finds nothing to do."""
    text, others = "people:\n", ["people:"]
    for note, name, value in lines:
        own = isinstance(value, dict)
        whole = "\n".join(rendered(name, value, 2)) if own else f"  {name}: {value}"
        text += f"{note}{whole}\n"
        others += [*note.rstrip("\n").split("\n")] if note else []
        others += [] if own else whole.split("\n")
    wanted = wanted or {"alice": person("1")}
    after = imported(text, wanted)
    left = iter(after.rstrip("\n").split("\n"))
    assert all(line in left for line in others if line.strip())
    again = compare(entries(after), wanted, ImportSource.CSV)
    assert not again


@pytest.mark.parametrize(
    ("wanted", "changed"),
    [
        ({"alice": {"github_id": "1"}, "bob": {"github_id": "2"}}, True),
        ({"alice": {"github_id": "7"}}, True),
        ({}, True),
        ({"alice": {"github_id": "1"}}, False),
    ],
)
def test_any_kind_of_change_is_one(wanted: dict[str, dict[str, str]], *, changed: bool) -> None:
    """One that comes, one that becomes another, one that goes."""
    file = entries("people:\n  alice: {github_id: 1, source: csv}\n")
    named: dict[str, Value] = {key: {**value, "source": "csv"} for key, value in wanted.items()}
    assert bool(compare(file, named, ImportSource.CSV)) is changed


def test_only_entries_of_others_are_left_alone() -> None:
    """Not those that are new, and not the import's own."""
    wanted = {"erin": person("5"), "alice": person("1001", "alice@acme.com"), "new": person("9")}
    assert compare(entries(FILE), wanted, ImportSource.CSV).left_alone == ("erin",)


def test_an_entry_is_written_as_yaml_has_it() -> None:
    """A moment as it is, a list within an item in brackets, and what is no object in one line."""
    dated: Value = {"members": [{"login": "a", "until": "2027-01-01"}, {"login": "b", "in": ["x", "y z"]}]}
    assert rendered("acme/a", dated, 0) == [
        "acme/a:",
        "  members:",
        "    - {login: a, until: 2027-01-01}",
        '    - {login: b, in: [x, "y z"]}',
    ]
    assert rendered("many", ["a", "b"], 2) == ["  many: [a, b]"]


def test_a_list_is_one_only_where_it_is_alone() -> None:
    """An entry with two, with something else beside it, or with none, has no items."""
    assert items_of({"source": "x", "members": ["a"]}) == ["a"]
    nothing: tuple[Value, ...] = (
        "a",
        ["a"],
        {"one": ["a"], "two": ["b"]},
        {"one": ["a"], "two": {"b": "c"}},
        {"one": "a", "two": {"b": "c"}},
    )
    assert [items_of(each) for each in nothing] == [[]] * 5


def test_a_comment_beside_the_heading_stays() -> None:
    """And no second heading is written."""
    text = "people:  # all of us\n  erin: {github_id: 5}\n"
    assert imported(text, {"bob": person("2")}) == f"{text}  bob: {{github_id: 2, source: csv}}\n"


def test_the_first_entry_is_the_first_line() -> None:
    """Of a file that is not there."""
    number: dict[str, Value] = {"prod": {"id": "012345670123", "source": "organizations"}}
    after = imported("", number, ImportSource.ORGANIZATIONS, ACCOUNTS)
    assert after == 'prod: {id: "012345670123", source: organizations}\n'


def test_blanks_at_the_end_of_a_changed_line_go() -> None:
    """They are no comment."""
    text = f"people:\n{ALICE}   \n"
    after = imported(text, {"alice": person("7", "alice@acme.com")})
    assert after == f"people:\n{ALICE.replace('1001', '7')}\n"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ({"source": "x", "members": ["a"]}, {"source": "y", "members": ["a", "b"]}, "  - a"),
        ({"source": "x", "members": ["a"]}, {"source": "x", "members": ["a", "b"]}, "  - z"),
        ("a", {"source": "x", "members": ["a"]}, "  - a"),
        ({"source": "x", "members": ["a"]}, "a", "  - a"),
    ],
)
def test_items_are_changed_alone_only_where_nothing_else_changes(old: Value, new: Value, line: str) -> None:
    """Another part, lines that say something else, what is no list: the entry is written anew."""
    assert _with_items(old, new, [line]) == []
    same: Value = {"source": "x", "members": ["a"]}
    assert _with_items(same, {"source": "x", "members": ["a", "b"]}, ["  - a"]) == ["  - a", "  - b"]
