"""The reader of source finds what Python's own finds."""

import io
import tokenize
from pathlib import Path

import source_tokens

SOURCE = r'''
# a comment with "quotes" and 'others'
def größe(a_1, *, b=0x1F, c=1e5, d=r"\\"):  # and one behind
    """A docstring: it's "quoted", over
    two lines, and ends with a backslash \\"""
    return b'bytes' + RB"raw \n" + "a\"b" + 'c\'d' + "" + '' + u"# none" + """\""" ""\\""", "a" 'b'
x = {"k": [1, 2.5, 3_000]}  # last'''
KINDS = {tokenize.NAME: "name", tokenize.STRING: "text", tokenize.COMMENT: "comment"}


def by_python(source: str) -> list[tuple[str, str, int]]:
    """Its names, texts and comments, as `tokenize` has them."""
    found = tokenize.generate_tokens(io.StringIO(source).readline)
    return [(KINDS[each.type], each.string, each.start[0]) for each in found if each.type in KINDS]


def test_every_kind_of_text_is_read() -> None:
    """Raw, bytes, empty, over several lines, with quotes and comment signs in them; and nothing of it as a name."""
    found = list(source_tokens.read(SOURCE))
    assert found == by_python(SOURCE)
    assert {each.kind for each in found} == set(KINDS.values())


def test_a_module_is_read() -> None:
    """This one and that reader, which hold no text with values in it: newer Pythons take those apart."""
    for file in (Path(__file__), Path(source_tokens.__file__)):
        source = file.read_text("utf-8")
        assert list(source_tokens.tokens(file)) == by_python(source)


def test_a_text_with_values_is_one() -> None:
    """On any Python."""
    assert list(source_tokens.read("y = f'{x!r} {z:>3}'")) == [
        ("name", "y", 1),
        ("text", "f'{x!r} {z:>3}'", 1),
    ]
