"""Objects of JSON that are kept small: they read as they were, and take less."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    """A small object stays what it is."""
    packer, small = Packer(), {"requester": "alice"}
    assert packer.pack(small) is small
    packed = packer.pack(LARGE)
    assert isinstance(packed, Packed)
    assert packer.pack(json.loads(json.dumps(LARGE))) is packed
    assert len(packed._kept) * 4 < len(json.dumps(LARGE))
    assert JsonObject(packed) == JsonObject(LARGE)


def test_what_is_packed_is_never_written_as_if_it_were_empty() -> None:
    """Who writes it must open it first."""
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(Packer().pack(LARGE))
