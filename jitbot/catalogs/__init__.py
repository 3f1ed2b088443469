"""Lists, tables and texts that experts for AWS, GitHub and audits review. They are shipped with jitbot as constants.

A file that its reader does not expect raises ValueError or TypeError when the reader is imported: an unknown key, an
empty list, a repeated entry.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
_HERE = Path(__file__).parent


def lists(name: str, *keys: str) -> tuple[frozenset[str], ...]:
    """The lists of `<name>.toml` under these keys, in their order; the file holds no other."""
    found = _read(name)
    if found.keys() != set(keys):
        raise ValueError(f"{name}.toml holds {', '.join(found)}, not {', '.join(keys)}")
    return tuple(frozenset(_entries(f"{name}.toml: {key}", found[key])) for key in keys)


def table(name: str, key: str, row: type[T]) -> tuple[T, ...]:
    """The tables under the only key of `<name>.toml`, each as a `row`, of which it has all fields and no other."""
    found = _read(name)
    if found.keys() != {key} or not found[key]:
        raise ValueError(f"{name}.toml holds {', '.join(found)}, not tables under {key} alone")
    return tuple(
        row(**{field: _value(f"{name}.toml: {field}", value) for field, value in each.items()})
        for each in found[key]
    )


def text(name: str) -> str:
    """The text of a file as it lies there, with its last line end."""
    return (_HERE / name).read_text("utf-8")


def _read(name: str) -> Mapping[str, Any]:
    return tomllib.loads(text(f"{name}.toml"))


def _value(where: str, value: object) -> str | tuple[str, ...]:
    return value if isinstance(value, str) and value else _entries(where, value)


def _entries(where: str, listed: object) -> tuple[str, ...]:
    """A list as a tuple, since values are frozen."""
    if not isinstance(listed, list) or not listed:
        raise ValueError(f"{where} is no list, or an empty one")
    if not all(isinstance(each, str) and each for each in listed):
        raise ValueError(f"{where} holds what is no text, or an empty one")
    if len(set(listed)) < len(listed):
        raise ValueError(f"{where} has an entry twice")
    return tuple(listed)
