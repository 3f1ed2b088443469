"""Objects of JSON that the ledger keeps, read and written key by key: the one codec of an event's ask and evidence.

Any version of jitbot may have written them, and people chose some of their values. So a value of the wrong type reads
as missing, and reading never fails. An object keeps the JSON that it was read from, unknown keys included, and is
written again unchanged.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Generic, Self, TypeVar, overload

from jitbot.domain.text.json_codec import (
    MOMENT,
    NUMBER,
    OBJECT,
    TEXT,
    Default,
    Value,
    as_it_is,
    or_none,
)

Read = TypeVar("Read")
Written = TypeVar("Written")
Object = TypeVar("Object", bound="JsonObject")


@dataclass(frozen=True, slots=True)
class Key(Generic[Read, Written]):
    """One key of an object, declared once in its class: `requester = text("requester")`.

    On an object it is the value: `ask.requester`. On the class it writes one, as a pair for `JsonObject.of`:
    `Ask.of(Ask.requester("alice"))`.
    """

    name: str
    read: Callable[[object], Read]  # given None where the key is missing
    write: Callable[[Written], object]

    @overload
    def __get__(self, found: None, owner: type) -> "Key[Read, Written]": ...
    @overload
    def __get__(self, found: "JsonObject", owner: type) -> Read: ...
    def __get__(self, found: "JsonObject | None", owner: type) -> "Key[Read, Written] | Read":
        return self if found is None else self.read(found.json.get(self.name))

    def __call__(self, value: Written) -> tuple[str, object]:
        """The key with this value, as JSON has it."""
        return self.name, self.write(value)


@dataclass(frozen=True, slots=True)
class JsonObject:
    """An object with declared keys. Equal objects hold equal JSON."""

    json: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, *pairs: tuple[str, object]) -> Self:
        """The object with these keys, in this order."""
        return cls(dict(pairs))


def text(name: str) -> Key[str, str]:
    """A text; empty if there is none."""
    return Key(name, partial(_or, TEXT.load, ""), as_it_is)


def text_or_none(name: str) -> Key[str | None, str | None]:
    """A text, or None."""
    return Key(name, partial(_or, TEXT.load, None), as_it_is)


def number(name: str) -> Key[int | None, int | None]:
    """A whole number, or None."""
    return Key(name, partial(_or, NUMBER.load, None), as_it_is)


def true(name: str) -> Key[bool, bool]:
    """Whether it is recorded as true."""
    return Key(name, lambda value: value is True, as_it_is)


def moment(name: str) -> Key[datetime | None, datetime | None]:
    """A moment in jitbot's own spelling, or None."""
    return Key(name, partial(_or, MOMENT.load, None), or_none(MOMENT).dump)


def texts(name: str) -> Key[tuple[str, ...] | None, Iterable[str]]:
    """A list whose entries are shown as text, or None."""
    return Key(name, lambda value: tuple(map(str, value)) if isinstance(value, list) else None, list)


def numbers(name: str) -> Key[frozenset[int] | None, Iterable[int]]:
    """The whole numbers of a list, or None."""
    return Key(name, _numbers, list)


def texts_by_name(name: str) -> Key[Mapping[str, str] | None, Mapping[str, str]]:
    """An object whose values are shown as text, or None."""
    return Key(name, _texts_by_name, dict)


def one(name: str, kind: type[Object]) -> Key[Object, Object | None]:
    """An object of this kind; one without any key if there is none."""
    return Key(
        name, lambda value: kind(as_object(value)), lambda value: None if value is None else value.json
    )


def each(name: str, kind: type[Object]) -> Key[tuple[Object, ...], Iterable[Object]]:
    """The objects of this kind in a list."""

    def read(value: object) -> tuple[Object, ...]:
        listed = value if isinstance(value, list) else ()
        return tuple(kind(entry) for entry in listed if isinstance(entry, dict))

    return Key(name, read, lambda value: [entry.json for entry in value])


def unread(name: str) -> Key[object, object]:
    """What is recorded for people; jitbot never reads it."""
    return Key(name, as_it_is, as_it_is)


def as_object(value: object) -> Mapping[str, object]:
    """An object; one without any key for anything else."""
    return _or(OBJECT.load, {}, value)


def _or(load: Callable[[object], Value], default: Default, value: object) -> Value | Default:
    """Reads a value of this kind, and anything else as this."""
    try:
        return load(value)
    except (TypeError, ValueError):
        return default


def _numbers(value: object) -> frozenset[int] | None:
    found = [_or(NUMBER.load, None, each) for each in value] if isinstance(value, list) else None
    return None if found is None else frozenset(each for each in found if each is not None)


def _texts_by_name(value: object) -> Mapping[str, str] | None:
    return {str(name): str(given) for name, given in value.items()} if isinstance(value, dict) else None
