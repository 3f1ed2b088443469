"""The names, texts and comments of Python source: what tests of its words read.

`tokenize` is written in Python on the oldest version that jitbot supports, and takes seconds for all of the code.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

# Each as Python's reference has it; what no text and no comment holds is a name, a number, or neither.
_TOKEN = re.compile(
    r'''
      (?P<comment>\#[^\n]*)
    | (?P<text>(?:\b[rRbBuUfF]{1,2})?(?:
        """(?:[^"\\]++|\\.|"(?!""))*"""
      | \'\'\'(?:[^'\\]++|\\.|'(?!''))*\'\'\'
      | "(?:[^"\\]++|\\.)*"
      | '(?:[^'\\]++|\\.)*'))
    | (?P<name>\b[^\W\d]\w*+)
    ''',
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """One of them, with the line on which it begins."""

    kind: str  # name, text or comment
    string: str
    line: int


@cache
def tokens(path: Path) -> tuple[Token, ...]:
    """Those of a module, in their order, read once."""
    return tuple(read(path.read_text("utf-8")))


def read(source: str) -> Iterator[Token]:
    """Those of a source that Python accepts."""
    at, line = 0, 1
    for found in _TOKEN.finditer(source):
        begin = found.start()
        line += source.count("\n", at, begin)
        at = begin
        yield Token(str(found.lastgroup), found[0], line)
