"""Objects of JSON that are kept small: they read as they were, and take less."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.text import packed as module
from jitbot.domain.text.json_object import JsonObject
from jitbot.domain.text.packed import Packed, Packer

_texts = st.text(max_size=40) | st.sampled_from(["\udc80", "x" * 300])
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=8,
)
LARGE = {"reason": "a reason " * 40, "statements": [{"Action": f"service:Action{n}"} for n in range(40)]}


@given(st.dictionaries(_texts, _values, max_size=5))
def test_what_is_packed_reads_as_it_was(whole: dict[str, object]) -> None:
    """Equal both ways, with its keys in the same order, and the same when it is written."""
    packed = Packer().pack(whole)
    assert packed == whole
    assert whole == packed
    assert json.dumps(dict(packed)) == json.dumps(whole)
    assert [packed.get(key) for key in whole] == list(whole.values())
    assert packed.get("no such key", "nothing") == "nothing"


def test_what_is_large_takes_less_and_is_kept_once() -> None:
    """A small object stays open, and its keys are the texts that any other has."""
    packer = Packer()
    one, other = (packer.pack(json.loads('{"requester": "alice"}')) for _ in range(2))
    assert one == other == {"requester": "alice"}
    assert all(first is second for first, second in zip(one, other, strict=True))
    packed = packer.pack(LARGE)
    assert isinstance(packed, Packed)
    assert packer.pack(json.loads(json.dumps(LARGE))) is packed
    assert len(packed._kept) * 4 < len(json.dumps(LARGE))
    assert JsonObject(packed) == JsonObject(LARGE)


def test_a_short_value_and_a_missing_key_are_read_without_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most readers ask many objects for a key that few have; a text that fits is at most 64 characters long."""
    short = {"at": "x" * 64, "number": 7, "by": None, "seen": True}
    packed = Packer().pack({**LARGE, **short, "longer": "x" * 65, "list": [], "part": 0.5})
    opened: list[bytes] = []

    def open_it(kept: bytes) -> dict[str, object]:
        opened.append(kept)
        return {"longer": 1, "list": 2, "part": 3}

    monkeypatch.setattr(module, "_opened", open_it)
    assert {key: packed[key] for key in short} == short
    assert [type(packed[key]) for key in short] == [type(value) for value in short.values()]
    assert (packed.get("missing"), packed.get("missing", 1), "missing" in packed) == (None, 1, False)
    assert (len(packed), list(packed)[:2], opened) == (9, ["reason", "statements"], [])
    assert [packed[key] for key in ("longer", "list", "part")] == [1, 2, 3]
    assert len(opened) == 3
    with pytest.raises(KeyError):
        packed["missing"]


def test_what_is_packed_is_never_written_as_if_it_were_empty() -> None:
    """Who writes it must open it first."""
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(Packer().pack(LARGE))
