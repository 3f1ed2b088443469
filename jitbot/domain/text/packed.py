"""Objects of JSON that are kept small in memory: a long ledger holds many, and reads few of them at a time."""

import json
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache

_WORTH = 200  # characters of JSON: a shorter object is smaller as it is
_OPEN = 32  # objects that stay open, since one is often read key by key


class Packed(Mapping[str, object]):
    """An object of JSON, compressed. It is opened where it is read, and equals what it was made of."""

    __slots__ = ("_kept",)

    def __init__(self, kept: bytes) -> None:
        self._kept = kept

    def __getitem__(self, key: str) -> object:
        return _opened(self._kept)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(_opened(self._kept))

    def __len__(self) -> int:
        return len(_opened(self._kept))


class Packer:
    """Packs objects; equal texts are kept once."""

    def __init__(self) -> None:
        self._known: dict[bytes, Packed] = {}

    def pack(self, whole: Mapping[str, object]) -> Mapping[str, object]:
        """The object, packed if that makes it smaller."""
        text = json.dumps(dict(whole))
        if len(text) < _WORTH:
            return whole
        kept = zlib.compress(text.encode(), 1)
        return self._known.setdefault(kept, Packed(kept))


@lru_cache(maxsize=_OPEN)
def _opened(kept: bytes) -> dict[str, object]:
    found: dict[str, object] = json.loads(zlib.decompress(kept))
    return found
