"""Evidence is JSON that any jitbot may have written: each part is what it should be, or as good as not there."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from jitbot.domain import moments


def obj(value: object) -> Mapping[str, object]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> Sequence[object]:
    """A list; an empty one for anything else."""
    return value if isinstance(value, list) else ()


def text(value: object) -> str:
    """A text; an empty one for anything else."""
    return value if isinstance(value, str) else ""


def number(value: object) -> int | None:
    """A whole number, or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def moment(value: object) -> datetime | None:
    """A moment, or None."""
    try:
        return moments.parse(value) if isinstance(value, str) else None
    except ValueError:
        return None
