"""How views put names, moments and a person's text into a sentence: the same for Markdown and for a terminal."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.text import escape

_NAMED = 6  # how many people a sentence names before it counts the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Escaper:
    """How a text that a person wrote is shown: in running text, and emphasised."""

    plain: Callable[[str], str]
    strong: Callable[[str], str]


MARKDOWN = Escaper(plain=escape.markdown, strong=lambda text: f"**{escape.markdown(text) or '…'}**")
TERMINAL = Escaper(plain=escape.log, strong=escape.log)
UNESCAPED = Escaper(plain=str, strong=str)  # for a caller that escapes the sentence as a whole


def when(moment: datetime) -> str:
    """A moment for people: `24 Nov 2026, 11:00 UTC`."""
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def listed(names: Iterable[str], word: str, *, most: int = _NAMED) -> str:
    """`bob`, `bob or erin`, `bob, erin or frank`, and at most a handful of them."""
    every = list(names)
    shown = every[:most] + ([f"{len(every) - most} more"] if len(every) > most else [])
    return " ".join([", ".join(shown[:-1]), word, shown[-1]]) if len(shown) > 1 else "".join(shown)
