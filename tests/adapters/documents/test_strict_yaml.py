"""What strict YAML refuses to read on: too many bytes, or too many parts; and what it says of an anchor."""

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

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


_PARTS = (
    "a", "b c", "key: ", "? ", ": ", ":", "- ", "-", "[", "]", "{", "}", ", ", "#", " # x", "&a ", "*a", "*a ", "!t ",
    "|", ">", "|-\n", "'", '"', "%YAML 1.1\n", "---", "...", "\n", "\n  ", "\n    ", "\n- ", "<<: ", "x" * 1025, "\\x",
    "1", "é", " ", "\ufeff", "\t",
)  # fmt: skip


@given(st.lists(st.sampled_from(_PARTS), max_size=12).map("".join))
@example("a: 1\nb: [c, {d: e}]\n")
@example("a: 1\nb\nc: 2\n")
@example("x" * 1025 + ": 1\n")
def test_the_parser_is_pyyamls_own(text: str) -> None:
    """The same events at the same places, and the same error where there is one, of whatever is no document either."""
    assert _told(text, strict_yaml._Parser) == _told(text, yaml.SafeLoader)


def _told(text: str, loader: Any) -> list[str]:
    told = list[str]()  # what was told before an error stays in it
    try:
        told += (
            f"{event!r} {getattr(event, 'style', None)} {event.start_mark} {event.end_mark}"
            for event in yaml.parse(text, Loader=loader)
        )
    except yaml.YAMLError as error:
        told.append(str(error))
    except ValueError as error:  # an escape of what is no character
        told.append(f"value: {error}")
    return told
