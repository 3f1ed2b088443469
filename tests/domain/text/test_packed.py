"""Objects of JSON that are kept small: they read as they were, and take less."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.text import packed as module
from jitbot.domain.text.json_object import JsonObject
from jitbot.domain.text.packed import Packed, Packer, is_packed_alike, plain

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
    assert not isinstance(one, Packed)
    assert all(first is second for first, second in zip(one, other, strict=True))
    packed = packer.pack(LARGE)
    assert isinstance(packed, Packed)
    assert packer.pack(json.loads(json.dumps(LARGE))) is packed
    assert len(packed.kept) * 4 < len(json.dumps(LARGE))
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
    assert all(key in packed for key in ("longer", "list", "at"))
    assert (len(packed), list(packed)[:2], opened) == (9, ["reason", "statements"], [])
    assert [packed[key] for key in ("longer", "list", "part")] == [1, 2, 3]
    assert len(opened) == 3
    with pytest.raises(KeyError):
        packed["missing"]


def test_what_is_packed_is_never_written_as_if_it_were_empty() -> None:
    """Who writes it must open it first."""
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(Packer().pack(LARGE))


_objects = st.dictionaries(_texts, _values, max_size=3).map(lambda part: {**LARGE, "part": part})


@given(_objects, _objects)
def test_two_packers_agree_on_what_is_alike(one: dict[str, object], other: dict[str, object]) -> None:
    """Exactly what is written alike is packed alike, whoever packed it: 1, 1.0 and true are three values."""
    packed = Packer().pack(one)
    assert is_packed_alike(packed, Packer().pack(json.loads(json.dumps(one))))
    assert is_packed_alike(packed, Packer().pack(other)) is (json.dumps(one) == json.dumps(other))


@pytest.mark.parametrize("other", [1.0, True, "1", [1], None])
def test_what_is_written_otherwise_is_not_alike(other: object) -> None:
    """Python takes some of them for equal."""
    assert not is_packed_alike(Packer().pack({**LARGE, "n": 1}), Packer().pack({**LARGE, "n": other}))


def test_what_is_not_packed_is_not_called_alike() -> None:
    """Whoever asks compares it then."""
    packed = Packer().pack(LARGE)
    assert not is_packed_alike(packed, LARGE)
    assert not is_packed_alike(LARGE, packed)
    assert not is_packed_alike(LARGE, LARGE)


def test_json_writes_what_is_packed_and_nothing_else_of_it() -> None:
    """As its `default`, which json asks of whatever it does not know."""
    assert json.loads(json.dumps(Packer().pack(LARGE), default=plain)) == LARGE
    with pytest.raises(TypeError, match="object is nothing that JSON has"):
        json.dumps(object(), default=plain)
