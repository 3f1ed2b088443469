"""A sample that anybody can draw again: the items whose digests, under a seed, come first.

Which item is drawn hangs on its id and the seed alone: not on the order of the items, nor on a generator that
another version of Python may implement otherwise.
"""

import hashlib
from collections.abc import Iterable
from typing import TypeVar

from jitbot.domain.audit.items import Item

T = TypeVar("T", bound=Item)


def sample(items: Iterable[T], *, size: int, seed: str) -> tuple[T, ...]:
    """At most `size` of the items, in the order in which they were drawn."""
    return tuple(sorted(items, key=lambda item: rank(item.id, seed))[:size])


def rank(item_id: str, seed: str) -> str:
    """The item's place in the draw, as hex: `printf '%s\\n%s' SEED ID | sha256sum` gives the same."""
    return hashlib.sha256(f"{seed}\n{item_id}".encode()).hexdigest()
