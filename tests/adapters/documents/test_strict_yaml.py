"""What strict YAML refuses to read on: too many bytes, or too many parts; and what it says of an anchor."""

import pytest

from jitbot.adapters.documents import strict_yaml
from jitbot.domain.model.documents import Source


def codes(text: str, most: int) -> list[str]:
    """What is found in a file of which at most so many bytes are read."""
    document = strict_yaml.read(Source(path="x.yaml", content=text.encode()), most=most)
    return [each.code for each in document.findings]


@pytest.mark.parametrize(("size", "found"), [(40, []), (41, ["too-large"])])
def test_a_file_has_so_many_bytes_at_most(size: int, found: list[str]) -> None:
    """The most is still read; one more is not, whatever it says."""
    assert codes("a: b\n#".ljust(size, "x"), 40) == found
    assert codes("a: [".ljust(size, "x"), 40) == (found or ["yaml-syntax"])


@pytest.mark.parametrize(("items", "found"), [(8, []), (9, ["too-large"])])
def test_a_file_has_so_many_parts_at_most(items: int, found: list[str]) -> None:
    """A part for every four bytes: the file itself, its list, and what is in it."""
    assert codes("a: [" + "b," * items + "]", 40) == found


def test_an_anchor_is_named() -> None:
    """By the name that it has in the file."""
    document = strict_yaml.read(Source(path="x.yaml", content=b"a: &one b\nc: *one\n"))
    assert [each.message for each in document.findings] == [
        "&one names a part to be repeated",
        "*one repeats another part",
    ]
