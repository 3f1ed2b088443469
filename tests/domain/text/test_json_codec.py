"""Values as JSON, kind by kind: what is written is read, and nothing else is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest
from acme_facts import MERGED_AT

from jitbot.domain.text.json_codec import (
    FLAG,
    LIST,
    MISSING,
    MOMENT,
    NUMBER,
    OBJECT,
    TEXT,
    Codec,
    by_name,
    many,
    one_of,
    or_none,
    record,
    since,
    unless,
)


class Colour(StrEnum):
    """A word of a closed set."""

    RED = "red"


@dataclass(frozen=True)
class Thing:
    """Something with a field of each sort."""

    name: str
    kind: Colour
    size: int | None = None
    note: str = ""


THING = record(
    Thing,
    {"kind": "colour"},
    name=TEXT,
    kind=one_of(Colour),
    size=since(or_none(NUMBER), 7),
    note=unless(TEXT, ""),
)
KINDS: dict[str, tuple[Codec[Any], object, object]] = {
    "text": (TEXT, "a", "a"),
    "number": (NUMBER, 0, 0),
    "flag": (FLAG, False, False),
    "object": (OBJECT, {"a": 1}, {"a": 1}),
    "list": (LIST, [1, "a"], [1, "a"]),
    "moment": (MOMENT, MERGED_AT, "2026-11-24T09:00:00Z"),
    "word": (one_of(Colour), Colour.RED, "red"),
    "nothing": (or_none(MOMENT), None, None),
    "some": (or_none(MOMENT), MERGED_AT, "2026-11-24T09:00:00Z"),
    "many": (many(MOMENT), (MERGED_AT,), ["2026-11-24T09:00:00Z"]),
    "by name": (by_name(MOMENT), {"a": MERGED_AT}, {"a": "2026-11-24T09:00:00Z"}),
    "record": (THING, Thing(name="x", kind=Colour.RED, note="y"), {"name": "x", "colour": "red", "size": None, "note": "y"}),
}  # fmt: skip
JUNK: tuple[object, ...] = (None, 0, True, "red", "x", 1.5, [], [None], {}, {"a": None}, MISSING)


@pytest.mark.parametrize(("codec", "value", "raw"), KINDS.values(), ids=KINDS)
def test_what_is_written_is_read(codec: Codec[Any], value: object, raw: object) -> None:
    """A value is one JSON, and that JSON is the value."""
    assert (codec.dump(value), codec.load(raw)) == (raw, value)


@pytest.mark.parametrize(
    ("codec", "fits"),
    [
        (TEXT, ["red", "x"]),
        (NUMBER, [0]),
        (FLAG, [True]),
        (OBJECT, [{}, {"a": None}]),
        (LIST, [[], [None]]),
        (MOMENT, []),
        (one_of(Colour), ["red"]),
        (or_none(TEXT), [None, "red", "x"]),
        (many(TEXT), [[]]),
        (by_name(TEXT), [{}]),
        (since(TEXT, ""), ["red", "x", MISSING]),
        (THING, []),
    ],
)
def test_nothing_else_is_read(codec: Codec[Any], fits: list[object]) -> None:
    """Each kind takes its own; true is no number, and a missing key is nothing but where older versions left it out."""
    taken = []
    for junk in JUNK:
        try:
            codec.load(junk)
        except (TypeError, ValueError):
            continue
        taken.append(junk)
    assert list(map(repr, taken)) == list(map(repr, fits))


def test_a_record_keeps_the_order_and_leaves_out_what_it_may() -> None:
    """Keys stand in the order of the fields; what is not written reads as what it stands for."""
    written = THING.dump(Thing(name="x", kind=Colour.RED, size=1))
    assert isinstance(written, dict)
    assert list(written.items()) == [("name", "x"), ("colour", "red"), ("size", 1)]
    assert THING.load({"colour": "red", "name": "x", "more": 1}) == Thing(name="x", kind=Colour.RED, size=7)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"colour": "red"}, "^name: a text is missing$"),
        ({"name": "x"}, "^colour: "),
        ({"name": "x", "colour": "red", "size": "1"}, "^size: a number is missing$"),
    ],
)
def test_the_key_that_does_not_read_is_named(raw: Mapping[str, object], said: str) -> None:
    """So that whoever meets a broken record knows where to look."""
    with pytest.raises(ValueError, match=said):
        THING.load(raw)


@pytest.mark.parametrize(
    ("raw", "said"), [({}, "^size: a number is missing$"), ({"size": "1"}, "^size: a number is missing$")]
)
def test_a_key_that_is_read_by_itself_is_named(raw: Mapping[str, object], said: str) -> None:
    """As those of a record are."""
    assert NUMBER.at({"size": 1, "more": "x"}, "size") == 1
    with pytest.raises(ValueError, match=said):
        NUMBER.at(raw, "size")
