"""Values as JSON, and back: each kind is read and written in one place.

Reading is strict: what is not of its kind raises TypeError or ValueError, and nothing is guessed. Where JSON may hold
anything, as in the ledger's ask and evidence, `json_object` reads by the same kinds and takes the rest for missing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, Final, Generic, TypeVar

from jitbot.domain.text import timestamp

Value = TypeVar("Value")
Default = TypeVar("Default")


class _Missing(Enum):
    KEY = "a missing key"


MISSING: Final = _Missing.KEY  # what is read where a key is missing, and written for a key that is left out


@dataclass(frozen=True, slots=True)
class Codec(Generic[Value]):
    """One kind of value. `load` raises TypeError or ValueError for anything else."""

    load: Callable[[object], Value]
    dump: Callable[[Value], object]

    def at(self, raw: Mapping[str, object], key: str) -> Value:
        """The value of a key. Raises ValueError, which names the key, if it is missing or of another kind."""
        try:
            return self.load(raw.get(key, MISSING))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{key}: {error}") from error


def as_it_is(value: object) -> object:
    """A value that JSON holds as it is."""
    return value


def _of_kind(kind: type[Value], name: str, value: object) -> Value:
    """A value that JSON has itself. To Python, true and false are numbers; here they are none."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{name} is missing")
    return value


def _plain(kind: type[Value], name: str) -> Codec[Value]:
    return Codec(partial(_of_kind, kind, name), as_it_is)


TEXT = _plain(str, "a text")
NUMBER = _plain(int, "a number")
FLAG = _plain(bool, "yes or no")
OBJECT: Codec[dict[str, object]] = _plain(dict, "an object")
LIST: Codec[list[object]] = _plain(list, "a list")
MOMENT = Codec(lambda value: timestamp.parse(TEXT.load(value)), timestamp.show)


def one_of(kind: type[Value]) -> Codec[Value]:
    """A word of an enumeration."""
    return Codec(kind, as_it_is)


def or_none(codec: Codec[Value]) -> Codec[Value | None]:
    """Such a value, or null."""
    return Codec(partial(_unless_none, codec.load), partial(_unless_none, codec.dump))


def _unless_none(act: Callable[[Any], Default], value: Any) -> Default | None:
    return None if value is None else act(value)


def since(codec: Codec[Value], default: Value) -> Codec[Value]:
    """A key that older versions did not write: it reads as this where it is missing."""
    return Codec(partial(_where_missing, codec, default), codec.dump)


def _where_missing(codec: Codec[Value], default: Value, value: object) -> Value:
    return default if value is MISSING else codec.load(value)


def unless(codec: Codec[Value], default: Value) -> Codec[Value]:
    """A key that is written only where it does not hold this."""
    return Codec(since(codec, default).load, partial(_left_out, codec, default))


def _left_out(codec: Codec[Value], default: Value, value: Value) -> object:
    return MISSING if value == default else codec.dump(value)


def many(codec: Codec[Value]) -> Codec[tuple[Value, ...]]:
    """A list of such values."""
    return Codec(
        lambda value: tuple(codec.load(each) for each in LIST.load(value)),
        lambda value: [codec.dump(each) for each in value],
    )


def by_name(codec: Codec[Value]) -> Codec[Mapping[str, Value]]:
    """An object with such a value for each name."""
    return Codec(
        lambda value: {name: codec.load(each) for name, each in OBJECT.load(value).items()},
        lambda value: {name: codec.dump(each) for name, each in value.items()},
    )


_AS_THEY_ARE: Mapping[str, str] = {}


def record(
    make: Callable[..., Value], renamed: Mapping[str, str] = _AS_THEY_ARE, /, **fields: Codec[Any]
) -> Codec[Value]:
    """An object with a key for each of these fields, in this order. `renamed`: the fields whose key has another name."""
    keys = {name: renamed.get(name, name) for name in fields}
    loads = tuple((name, keys[name], codec.load) for name, codec in fields.items())
    dumps = tuple((name, keys[name], codec.dump) for name, codec in fields.items())

    def load(value: object) -> Value:
        raw, found, key = OBJECT.load(value), {}, ""
        try:
            for name, key, read in loads:
                found[name] = read(raw.get(key, MISSING))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{key}: {error}") from error
        return make(**found)

    def dump(value: Value) -> object:
        found = {}
        for name, key, write in dumps:
            if (each := write(getattr(value, name))) is not MISSING:
                found[key] = each
        return found

    return Codec(load, dump)
