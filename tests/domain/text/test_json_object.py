"""JSON that any jitbot may have written: each key is what it should be, or as good as not there."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from acme_facts import MERGED_AT

from jitbot.domain.text.json_object import (
    JsonObject,
    each,
    moment,
    number,
    numbers,
    one,
    text,
    text_or_none,
    texts,
    texts_by_name,
    true,
    unread,
)


@dataclass(frozen=True, slots=True)
class Inner(JsonObject):
    """An object within another."""

    login = text("login")


@dataclass(frozen=True, slots=True)
class Outer(JsonObject):
    """A key of each kind."""

    text = text("text")
    text_or_none = text_or_none("text or none")
    number = number("number")
    true = true("true")
    moment = moment("moment")
    texts = texts("texts")
    numbers = numbers("numbers")
    texts_by_name = texts_by_name("texts by name")
    one = one("one", Inner)
    each = each("each", Inner)
    unread = unread("unread")


WHOLE = Outer.of(
    Outer.text("a"),
    Outer.text_or_none("b"),
    Outer.number(7),
    Outer.true(True),
    Outer.moment(MERGED_AT),
    Outer.texts(("c", "d")),
    Outer.numbers([1, 2]),
    Outer.texts_by_name({"e": "f"}),
    Outer.one(Inner.of(Inner.login("bob"))),
    Outer.each(Inner.of(Inner.login(login)) for login in ("bob", "erin")),
    Outer.unread({"any": ["thing"]}),
)
JSON = {
    "text": "a",
    "text or none": "b",
    "number": 7,
    "true": True,
    "moment": "2026-11-24T09:00:00Z",
    "texts": ["c", "d"],
    "numbers": [1, 2],
    "texts by name": {"e": "f"},
    "one": {"login": "bob"},
    "each": [{"login": "bob"}, {"login": "erin"}],
    "unread": {"any": ["thing"]},
}


def test_what_is_written_is_json_in_the_given_order() -> None:
    """The keys stand as they were given, each value as JSON has it."""
    assert list(WHOLE.json.items()) == list(JSON.items())
    nothing = Outer.of(Outer.number(None), Outer.moment(None), Outer.text_or_none(None), Outer.one(None))
    assert set(nothing.json.values()) == {None}


def test_what_was_written_is_read() -> None:
    """Each key gives back the value that was written."""
    found = Outer(JSON)
    assert (found.text, found.text_or_none, found.number, found.true) == ("a", "b", 7, True)
    assert (found.moment, found.texts, found.numbers) == (MERGED_AT, ("c", "d"), frozenset({1, 2}))
    assert (found.texts_by_name, found.one.login) == ({"e": "f"}, "bob")
    assert ([inner.login for inner in found.each], found.unread) == (["bob", "erin"], {"any": ["thing"]})
    assert found == WHOLE


@pytest.mark.parametrize("junk", [None, 1, True, "x", [], {}, 1.5, [1, "x", None, True], {"login": 5}, [{}]])
def test_only_its_own_kind_is_read(junk: object) -> None:
    """Anything else reads as a key that is not there, whatever it is; what is shown as text is shown whatever it is."""
    found, missing = Outer(dict.fromkeys(JSON, junk)), Outer()
    assert found.text == (junk if isinstance(junk, str) else missing.text)
    assert found.text_or_none == (junk if isinstance(junk, str) else missing.text_or_none)
    assert found.number == (1 if junk == 1 and junk is not True else missing.number)
    assert found.true is (junk is True)
    assert found.moment is missing.moment
    assert found.texts == (tuple(map(str, junk)) if isinstance(junk, list) else missing.texts)
    whole = [entry for entry in junk if type(entry) is int] if isinstance(junk, list) else None
    assert found.numbers == (frozenset(whole) if whole is not None else missing.numbers)
    by_name = {name: str(value) for name, value in junk.items()} if isinstance(junk, dict) else None
    assert found.texts_by_name == (by_name if by_name is not None else missing.texts_by_name)
    assert found.one == (Inner(junk) if isinstance(junk, dict) else missing.one)
    assert found.one.login == ""
    entries = [entry for entry in junk if isinstance(entry, dict)] if isinstance(junk, list) else []
    assert [inner.json for inner in found.each] == entries
    assert found.unread == junk


def test_nothing_is_read_where_nothing_is() -> None:
    """A missing key is empty, or None."""
    found = Outer()
    assert (found.text, found.text_or_none, found.number, found.true, found.moment) == (
        "",
        None,
        None,
        False,
        None,
    )
    assert (found.texts, found.numbers, found.texts_by_name, found.one, found.each) == (
        None,
        None,
        None,
        Inner(),
        (),
    )


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("2026-11-24T09:00:00Z", True),
        ("2026-11-24T09:00:00+00:00", False),
        ("2026-11-24T10:00:00+01:00", False),
        ("2026-11-24T09:00:00", False),
        ("2026-11-24", False),
        ("1999-11-24T09:00:00Z", False),
        ("now", False),
        (7, False),
        (None, False),
    ],
)
def test_a_moment_in_our_own_spelling(text: object, fits: bool) -> None:
    """No other spelling of a time was ever recorded."""
    assert Outer({"moment": text}).moment == (datetime(2026, 11, 24, 9, tzinfo=UTC) if fits else None)


def test_what_is_not_known_is_kept() -> None:
    """Keys of another jitbot are part of what was read, and of what is equal to it."""
    newer = Outer({**JSON, "of tomorrow": 1})
    assert newer.json["of tomorrow"] == 1
    assert newer != WHOLE
