"""What each picture shows, as text: made by the real commands and renderers, and compared with what is kept beside this.

Where the text of today differs from the text that was drawn, the picture is out of date. How a page looks (its style)
is not compared: look at the pictures after such a change.
"""

import io
import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import story
from rich.console import Console

from jitbot import __version__
from jitbot.adapters import documents
from jitbot.adapters.iam_reference import ServiceAuthorizationReference
from jitbot.cli import main
from jitbot.sandbox import organisation
from jitbot.sandbox.story.play import play
from jitbot.terminal.paths import FolderTree, policy_paths
from jitbot.usecases.pull_request import requests_page

KEPT = Path(__file__).parent / "shown"
ROOT = Path(__file__).parents[2]
IMAGES = ROOT / ".github/images"
THEMES = ("light", "dark")
MADE_BY = "python tests/pictures"
COLUMNS = 112  # of the terminal that shows the demo
SCENES = 3  # of the demo
_ACME = Path(organisation.__file__).parent / "acme"
# A commit, or the beginning of one; ports of this machine; and the version, since a new one changes no picture.
_CHANGING = (
    (re.compile(r"\b(?=[0-9a-f]*[0-9])[0-9a-f]{7,64}\b"), "0123456"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "https://github.com"),
    (re.compile(rf"\bjitbot {re.escape(__version__)}"), "jitbot"),
)


_FOLDED = re.compile(r"(?<=</summary>).*?(?=</details>)|<!--.*?-->", re.DOTALL)


class _EnoughError(Exception):
    """The demo has played what is shown."""


class _Words(HTMLParser):
    """The text of a page as a reader sees it without its scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self._silent += tag in ("script", "style", "noscript")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style", "noscript")

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._silent:
            self.words.append(" ".join(data.split()))


@cache
def played() -> story.Told:
    """The story, played once."""
    return story.told()


@cache
def demo() -> Console:
    """The beginning of the demo, recorded as the terminal shows it."""
    console = Console(
        file=io.StringIO(), record=True, width=COLUMNS, highlight=False, force_terminal=True, color_system="truecolor"
    )  # fmt: skip
    scenes = iter(range(1, SCENES))

    def after_scene() -> None:
        if next(scenes, None) is None:
            raise _EnoughError

    try:
        play(main, console, after_scene=after_scene)
    except _EnoughError:
        return console
    raise AssertionError("the demo has fewer scenes than are shown")


def page_of_requests() -> str:
    """acme's requests/README.md."""
    page = requests_page.made(
        FolderTree(root=_ACME), documents, ServiceAuthorizationReference(), policy_paths(_ACME)
    )
    assert page is not None, "acme's rules cannot be read"
    return page


def texts() -> Mapping[str, str]:
    """The name of each picture -> what it shows, without what differs from run to run."""
    told = played()
    words = _Words()
    words.feed(told.report.partition("</table>")[0])  # the picture ends with the table of questions
    comment = _FOLDED.sub("", told.comment)
    shown = {
        "comment": f"{told.title} #{told.number}, by {told.author}\n\n{comment}",
        "report": "\n".join(words.words),
        "request-page": page_of_requests(),
        "demo": demo().export_text(clear=False),
    }
    return {name: settled(text) for name, text in shown.items()}


def settled(text: str) -> str:
    """A text without what differs from run to run, and without the version."""
    for pattern, instead in _CHANGING:
        text = pattern.sub(instead, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"


def digest(text: str) -> str:
    """The digest of what a picture shows."""
    return sha256(text.encode()).hexdigest()
