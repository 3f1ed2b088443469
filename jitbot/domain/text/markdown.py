"""Pieces of Markdown for GitHub: a person's text that is inert and not too long, code, and what is folded away.

`escape.markdown` makes a text inert; nothing in a block of code can close its fence.
"""

import re

from jitbot.domain.text import escape

_TEXT = 600  # characters of one text of a person's
_INERT = 2_800  # characters that one may take once it is inert: a valid reason fits, whatever is in it
_VALUE = 800  # the same of a parameter, an account, a name


def cut(text: str, most: int = _INERT) -> str:
    """A text of a person's, inert, and no longer than a comment needs."""
    length = min(len(text), _TEXT)
    while len(shown := escape.markdown(text if length == len(text) else f"{text[:length]}…")) > most:
        length = length * 3 // 4
    return shown


def short(text: str) -> str:
    """The same of a text that is shorter."""
    return cut(text, _VALUE)


def exact(text: str) -> str:
    """A name or a value: as `short`, and no letter of another script passes for one of ASCII."""
    return short(escape.literal(text))


def fenced(text: str, language: str = "json") -> str:
    """A block of code, in a fence longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def hidden(summary: str, inside: str) -> str:
    """What a reader sees only after a press on the summary, which is HTML and no Markdown.

    https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/organizing-information-with-collapsed-sections
    """
    return f"<details><summary>{summary}</summary>\n\n{inside}\n\n</details>"
