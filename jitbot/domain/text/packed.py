"""Objects of JSON that are kept small in memory: a long ledger holds many, and reads few of them at a time."""

import hashlib
import marshal
import sys
import zlib
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import lru_cache

_WORTH = 200  # bytes: a shorter object is smaller as it is
_FORM = 2  # of marshal: later ones write the same object in several ways
_SHORT = 64  # characters of a text that stays open: the name of a commit, a moment
_OPEN = 32  # objects that stay open, since one is often read key by key


class _Kept(Enum):
    CLOSED = "a value that is among what is compressed alone"


class Packed(Mapping[str, object]):
    """An object of JSON, compressed. It is opened where it is read, and equals what it was made of.

    Which keys it has, and its short values, are known without: most readers ask many objects for a key that few have.
    """

    __slots__ = ("_places", "_short", "kept")

    def __init__(self, kept: bytes, places: Mapping[str, int], short: tuple[object, ...]) -> None:
        self.kept = kept
        self._places = places
        self._short = short

    def __getitem__(self, key: str) -> object:
        value = self._short[self._places[key]]
        return _opened(self.kept)[key] if value is _Kept.CLOSED else value

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def get(self, key: str, default: object = None) -> object:
        """As of any mapping, in one step where the key is missing."""
        return self[key] if key in self._places else default


class Packer:
    """Packs objects; equal ones are kept once, and so are equal lists of keys."""

    def __init__(self) -> None:
        self._known: dict[bytes, Packed] = {}
        self._places: dict[tuple[str, ...], Mapping[str, int]] = {}

    def pack(self, whole: Mapping[str, object]) -> Mapping[str, object]:
        """The object, packed if that makes it smaller. Of a small one only the keys are kept once."""
        written = marshal.dumps(dict(whole), _FORM)  # takes a quarter of the time of JSON
        if len(written) < _WORTH:
            return {sys.intern(key): value for key, value in whole.items()}
        digest = hashlib.sha256(written).digest()  # takes a tenth of the time of compressing what is known
        if (known := self._known.get(digest)) is None:
            keys = tuple(whole)
            places = self._places.setdefault(keys, {key: place for place, key in enumerate(keys)})
            packed = Packed(zlib.compress(written, 1), places, tuple(map(_short, whole.values())))
            known = self._known.setdefault(digest, packed)
        return known


def is_packed_alike(one: object, other: object) -> bool:
    """Whether two objects were packed from the same JSON, by whichever packers. It says nothing of any others."""
    return isinstance(one, Packed) and isinstance(other, Packed) and one.kept == other.kept


def plain(value: object) -> dict[str, object]:
    """What `json` writes in the place of a packed object, as its `default`. Raises TypeError for anything else."""
    if isinstance(value, Packed):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is nothing that JSON has")


def _short(value: object) -> object:
    """A value that takes little room as it is; in the place of any other, a word for it."""
    if type(value) is str and len(value) <= _SHORT:
        return sys.intern(value)
    return value if value is None or type(value) in (bool, int) else _Kept.CLOSED


@lru_cache(maxsize=_OPEN)
def _opened(kept: bytes) -> dict[str, object]:
    found: dict[str, object] = marshal.loads(zlib.decompress(kept))  # noqa: S302  # written by `pack`, in this process
    return found
