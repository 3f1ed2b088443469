"""A developer's first request in three ways, as steps: counted for .github/docs/first-request.md, played by its test.

Run as a program it writes the counted steps into that page. A step that types is one line at a shell or one field; a
press is one key or one click, and a typed line ends with Enter. A screen is a page or a window that the person must
find their way in; the same screen again counts again once another was in between.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jitbot import __version__

PAGE = Path(__file__).parents[3] / ".github/docs/first-request.md"
BEGIN, END = "<!-- counted steps -->\n", "<!-- end of the counted steps -->\n"
REASON = "INC-1234 refunds are stuck"
FILE = f"""requester: alice
accounts: [prod]
duration: 1h
reason: {REASON}
parameters:
  table: orders
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do. `old` is what the typed text replaces, selected by one click; `once` is for a new machine alone."""

    on: str  # the screen
    does: str = ""  # what is pressed or clicked, in words
    types: str = ""
    old: str = ""
    clicks: int = 0
    command: bool = False  # a line at a shell
    enter: bool = False
    once: bool = False

    @property
    def presses(self) -> int:
        """Keys and clicks."""
        return len(self.types) + self.clicks + bool(self.old) + (self.enter or self.command)

    def row(self) -> str:
        """The step in the page's table."""
        shown = " ".join(filter(None, (self.does, f"`{self.types}`" if self.types else "")))
        return f"| {'once: ' if self.once else ''}{shown} | {self.on} | {self.presses} |"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way from nothing to credentials."""

    name: str
    about: str
    steps: tuple[Step, ...]

    def counts(self, *, once: bool) -> tuple[int, int, int]:
        """Commands, screens and presses: of what is done once, or of each request."""
        steps = [each for each in self.steps if each.once == once]
        screens = [each.on for each in steps]
        changes = sum(before != after for before, after in zip(["", *screens], screens, strict=False))
        return sum(each.command for each in steps), changes, sum(each.presses for each in steps)


def _shell(text: str, *, once: bool = False) -> Step:
    return Step(on="terminal", does="Type", types=text, command=True, once=once)


def _answer(question: str, text: str) -> Step:
    return Step(
        on="terminal",
        does=f"{question}: type" if text else f"{question}: press Enter",
        types=text,
        enter=True,
    )


def _put(where: str, old: str, new: str, *, on: str = "new file") -> Step:
    return Step(on=on, does=f"{where}: in place of `{old}` type", types=new, old=old)


def _write(after: str, text: str) -> Step:
    return Step(on="new file", does=f"After `{after}` type", types=text, clicks=1)


_INSTALL = _shell(f"pipx install git+https://github.com/acme/jitbot@v{__version__}", once=True)
_USE = _shell("jitbot exec refunds -- aws sts get-caller-identity")
_CREATE = Step(on="pull request", does="Press **Create pull request**", clicks=1)
_MERGE = Step(
    on="pull request", does="Once it is approved, press **Squash and merge**, and confirm", clicks=2
)

TERMINAL = Way(
    name="By terminal",
    about="jitbot asks for what is missing, opens the pull request, and waits. No clone is needed.",
    steps=(
        _INSTALL,
        _shell("gh auth login --web", once=True),
        Step(
            on="github.com/login/device",
            does="Type the code, and confirm twice",
            types="ABCD-1234",
            clicks=2,
            once=True,
        ),
        _shell("git config --global jitbot.repository acme/access", once=True),
        _shell("jitbot request --wait"),
        _answer("policy", "orders"),
        _answer("account", "prod"),
        _answer("table", "1"),
        _answer("how long", ""),
        _answer("why", REASON),
        _answer("open the pull request?", ""),
        _USE,
    ),
)
LINK = Way(
    name="By link",
    about="requests/README.md in the access repository has a link for each policy. Nothing is installed; the pull "
    "request's comment has the link into the console, and a profile for programs.",
    steps=(
        Step(on="requests/README.md", does="Press **orders-db-read**", clicks=1),
        _put("File name", "YYYY-MM", "2026-11"),
        _put("File name", "DD", "24"),
        _put("File name", "LOGIN", "alice"),
        _put("File name", "WORDS", "refunds"),
        _write("requester:", " alice"),
        _put("Text", "[]", "[prod]"),
        _write("reason:", f" {REASON}"),
        _write("table:", " orders"),
        Step(
            on="new file",
            does="Press **Commit changes…**, choose a new branch, press **Propose changes**",
            clicks=3,
        ),
        _CREATE,
        _MERGE,
        Step(on="pull request", does="In the comment, press **Switch Role in the console**", clicks=1),
        Step(on="AWS console", does="Press **Switch Role**", clicks=1),
    ),
)
EDITOR = Way(
    name="By editor",
    about="For people who live in a clone. VS Code completes and checks the file by the schemas that the repository brings.",
    steps=(
        _INSTALL,
        _shell("git clone https://github.com/acme/access", once=True),
        _shell("cd access"),
        _shell("git switch -c refunds"),
        _shell("code requests/orders-db-read/2026-11/24-alice-refunds.yaml"),
        Step(on="editor", does="Write the file, and save it", types=FILE, clicks=1),
        _shell("git add -A"),
        _shell("git commit -m refunds"),
        _shell("git push -u origin refunds"),
        Step(on="terminal", does="Press the link that GitHub prints", clicks=1),
        _CREATE,
        _MERGE,
        _USE,
    ),
)
WAYS = (TERMINAL, LINK, EDITOR)


def counted(ways: Iterable[Way] = WAYS) -> str:
    """The part of the page that is made: the figures of all ways, then the steps of each."""
    rows = []
    for way in ways:
        once, each = way.counts(once=True), way.counts(once=False)
        rows.append(f"| {way.name} | {' | '.join(map(str, each))} | {_more(once)} |")
    head = "| | commands | screens | keys and clicks | once, on a new machine |\n|---|---|---|---|---|"
    return "\n\n".join(("\n".join((head, *rows)), *map(_steps, ways))) + "\n"


def _more(once: Sequence[int]) -> str:
    commands, screens, presses = once
    if not presses:
        return "nothing"
    return f"{commands} commands, {screens} screen{'s' if screens > 1 else ''}, {presses} keys and clicks"


def _steps(way: Way) -> str:
    head = "| step | screen | keys and clicks |\n|---|---|---|"
    rows = (each.row().replace(FILE, "the text below") for each in way.steps)
    text = f"## {way.name}\n\n{way.about}\n\n{head}\n" + "\n".join(rows)
    return f"{text}\n\n```yaml\n{FILE}```" if way is EDITOR else text


def written(page: str) -> str:
    """The page with its counted part made anew."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{counted()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
