"""Evidence is JSON that any jitbot may have written: each part is what it should be, or as good as not there."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from jitbot.domain.model import timestamp


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
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    # Only our own spelling counts; asked backwards, since reading it forwards is slow for a hundred thousand.
    return (
        found if found is not None and found.tzinfo is not None and timestamp.show(found) == value else None
    )
