"""The sentences of a page, as a reader meets them."""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MADE = re.compile(r"^<!-- made: .*?^<!-- end -->$", re.MULTILINE | re.DOTALL)
_END = re.compile(r"(?<=[.!?])[\"')\]*]*\s+")
_BLOCKS = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def sentences(text: str) -> Iterator[str]:
    """Of paragraphs, headings, entries of lists and cells. What is set as code is one word; a made part is no prose."""
    for token in MarkdownIt("commonmark").enable("table").parse(_MADE.sub("", text)):
        if token.type == "inline":
            yield from filter(None, (each.strip() for each in _END.split(_plain(token.children or ()))))


def too_long(text: str, most: int) -> list[str]:
    """The sentences with more words than these, each with its number of words."""
    found = ((len(each.split()), each) for each in sentences(text))
    return [f"{words} words: {each}" for words, each in found if words > most]


def _plain(tokens: Sequence[Token]) -> str:
    words = {"code_inline": "code", "softbreak": " ", "hardbreak": ". "}
    return "".join(words.get(each.type, each.content if each.type == "text" else "") for each in tokens)
