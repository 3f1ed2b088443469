"""What the README and the pages beside it say is true of the code: commands, examples, links, tests."""

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import click
import pytest
from markdown_it import MarkdownIt

from jitbot import __version__
from jitbot.adapters import documents
from jitbot.adapters.iam_reference import ServiceAuthorizationReference
from jitbot.cli import VERBS, jitbot
from jitbot.domain.model.documents import Parsed, Source
from jitbot.domain.request import new_request
from jitbot.terminal.paths import FolderTree, policy_paths
from jitbot.usecases.pull_request import requests_page
from jitbot.usecases.pull_request.checking import Checker

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCUMENTS = (README, ROOT / ".github/CONTRIBUTING.md", ROOT / ".github/SECURITY.md")
DECISIONS = ROOT / ".github/docs/decisions"
# The pages that tell people what to type.
GUIDES = (
    *DOCUMENTS,
    *sorted((ROOT / ".github/docs").glob("*.md")),
    *sorted((ROOT / ".github/docs/setups").glob("*.md")),
)
# Every page of the project; the texts of the templates and of issues get their links where they are written.
PAGES = sorted([
    *ROOT.glob("*.md"),
    *(page for folder in (".github", "jitbot", "requests", "tests") for page in (ROOT / folder).rglob("*.md")),
])  # fmt: skip
UNFILLED = {ROOT / "jitbot/templates", ROOT / "jitbot/catalogs"}

PROMISED = (
    "python3 -m venv .venv && .venv/bin/pip install -q '.[sandbox]' && .venv/bin/jitbot demo",
    "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/pytest",
    "uv run --extra sandbox jitbot demo",
    "uv run --extra test pytest",
)
PARSERS: dict[str, Callable[[Source], Parsed[Any]]] = {
    "requests/": documents.parse_request,
    "policies/access/": documents.parse_policy,
    "policies/people.yaml": documents.parse_people,
    "policies/teams.yaml": documents.parse_teams,
    "policies/account-groups.yaml": documents.parse_account_groups,
    "policies/notify.yaml": documents.parse_notify,
}

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")


def blocks(file: Path, language: str) -> list[str]:
    """The fenced blocks of a document in this language."""
    return [text for kind, text in _BLOCK.findall(file.read_text("utf-8")) if kind == language]


def prose(file: Path) -> str:
    """A document without its fenced blocks."""
    return _BLOCK.sub("", file.read_text("utf-8"))


def inline(file: Path) -> list[str]:
    """Everything that a document's prose sets as code."""
    return re.findall(r"`([^`\n]+)`", prose(file))


def typed(*files: Path) -> list[str]:
    """Every call of jitbot in the shell blocks of these documents, from its verb on."""
    lines = [line for file in files for block in blocks(file, "sh") for line in block.splitlines()]
    today = (line.replace("$(date -u +%F)", "2026-11-24") for line in lines)
    return [call for line in today for call in re.findall(r"(?:^|[ /(])jitbot ([a-z][^|&;)]*)", line)]


def mentioned() -> list[str]:
    """Every call of jitbot in running text, from its verb on."""
    found = (
        code.removeprefix("jitbot ") for file in GUIDES for code in inline(file) if code[:7] == "jitbot "
    )
    return list(dict.fromkeys(found))


def named(file: Path) -> str:
    """A page by its path, for the name of a test."""
    return file.relative_to(ROOT).as_posix()


def cells(row: str) -> int:
    """How many cells GitHub reads in a row: a bar ends one, unless a backslash stands before it."""
    return len(re.findall(r"(?<!\\)\|", row)) - 1


@pytest.mark.parametrize("file", PAGES, ids=named)
def test_no_table_is_cut(file: Path) -> None:
    """An empty line in a table leaves the rows below it as plain text."""
    tokens = MarkdownIt("commonmark").enable("table").parse(file.read_text("utf-8"))
    stray = [each.content for each in tokens if each.type == "inline" and each.content.startswith("|")]
    assert not stray


@pytest.mark.parametrize("file", PAGES, ids=named)
def test_each_row_of_a_table_has_as_many_cells_as_its_head(file: Path) -> None:
    """GitHub drops the cells that are too many without a word, and shows missing ones as empty."""
    for table in re.findall(r"(?:^\|.*\n?)+", prose(file), re.MULTILINE):
        head, *rows = table.splitlines()
        assert [row for row in rows if cells(row) != cells(head)] == []


def verb(name: str) -> click.Command:
    """The command of that name, which must exist."""
    found = jitbot.get_command(click.Context(jitbot), name)
    assert found is not None, f"there is no jitbot {name}"
    return found


def resolved(call: str) -> tuple[click.Command, list[str]]:
    """The command that a call means, a group's own command where it names one, and its arguments."""
    name, *arguments = shlex.split(call, comments=True)
    found = verb(name)
    while isinstance(found, click.Group) and arguments:
        inner = found.get_command(click.Context(found), arguments[0])
        assert inner is not None, f"there is no jitbot {name} {arguments[0]}"
        found, arguments = inner, arguments[1:]
    return found, arguments


def examples() -> list[tuple[str, str]]:
    """Every YAML example that is a whole file, with its path, which its first line says; of settings pages show a part."""
    texts = [text for file in GUIDES for text in blocks(file, "yaml")]
    files = tuple(f"# {start}" for start in PARSERS)
    return [(text.splitlines()[0][2:], text) for text in texts if text.startswith(files)]


def anchors(file: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a document."""
    titles = re.findall(r"^#+ (.+)$", prose(file), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("command", PROMISED)
def test_the_promised_commands_stand_there(command: str) -> None:
    """Each promised command is a line of a shell block, to the letter."""
    assert command in [line for block in blocks(README, "sh") for line in block.splitlines()]


@pytest.mark.parametrize("call", dict.fromkeys(typed(*GUIDES)))
def test_what_people_are_told_to_type_is_understood(call: str) -> None:
    """Each call of jitbot in a shell block has a verb that exists, with arguments and options it takes."""
    command, arguments = resolved(call.partition(" > ")[0])  # where its answer goes is the shell's affair
    assert command.make_context(command.name, arguments).info_name == command.name


@pytest.mark.parametrize("call", mentioned())
def test_what_is_mentioned_exists(call: str) -> None:
    """Each call of jitbot in running text names a verb and options that exist."""
    command, arguments = resolved(call)
    known = {option for parameter in command.params for option in parameter.opts}
    own = takewhile(lambda argument: argument != "--", arguments)
    assert {argument for argument in own if argument.startswith("-")} <= known


def test_what_is_installed_is_this_version() -> None:
    """Each line that installs the command names the version that these pages are about."""
    texts = [file.read_text("utf-8") for file in GUIDES]
    named = [version for text in texts for version in re.findall(r"git\+https://\S+/jitbot@v([\w.]+)", text)]
    assert len(named) > 3
    assert set(named) == {__version__}
    assert not [text for text in texts if re.search(r"git\+https://\S+/jitbot(?!@v)", text)]


def test_calls_are_found() -> None:
    """The two tests above look at real calls: the README's tour meets most verbs, and the guides mention others."""
    met = {"request", "approve", "status", "exec", "release", "audit", "init", "doctor", "demo", "sandbox"}
    assert met <= {each.split()[0] for each in typed(README)}
    assert {"extend", "plan", "import", "completion"} <= {each.split()[0] for each in typed(*GUIDES)}
    assert {"doctor", "audit", "release", "explain"} <= {each.split()[0] for each in mentioned()}


@pytest.mark.parametrize(("path", "text"), examples(), ids=lambda text: text.splitlines()[0])
def test_examples_are_good(path: str, text: str) -> None:
    """Each YAML example reads without a finding as the file that it says it is."""
    parse = next(parse for start, parse in PARSERS.items() if path.startswith(start))
    parsed = parse(Source(path=path, content=text.encode()))
    assert parsed.findings == ()
    assert parsed.value is not None


def test_there_is_an_example_of_each_kind() -> None:
    """A request and a policy are in the README; people and the rest in the guides."""
    starts = {next(start for start in PARSERS if path.startswith(start)) for path, _ in examples()}
    assert starts == set(PARSERS)
    assert [text.splitlines()[0].split("/")[0] for text in blocks(README, "yaml")] == [
        "# requests",
        "# policies",
    ]


@pytest.mark.parametrize("file", [page for page in PAGES if UNFILLED.isdisjoint(page.parents)], ids=named)
def test_links_lead_somewhere(file: Path) -> None:
    """Each relative link leads to a file of the repository, and to a heading of it where it names one."""
    links = [link for link in _LINK.findall(prose(file)) if not link.startswith("https://")]
    assert links or file not in DOCUMENTS
    for link in links:
        path, _, anchor = link.partition("#")
        target = (file.parent / path).resolve() if path else file
        assert target.exists(), f"{link} leads nowhere"
        assert target.is_relative_to(ROOT), f"{link} leads out of the repository"
        assert not anchor or anchor in anchors(target), f"{link} names no heading"


@pytest.mark.parametrize(
    "record", [page for page in PAGES if page.parent == DECISIONS and page.name != "README.md"], ids=named
)
def test_a_decision_record_is_dated_and_listed(record: Path) -> None:
    """Each record says when and in which situation what was decided, and what follows; the index leads to it."""
    text = record.read_text("utf-8")
    assert re.search(r"^Date: 20\d\d-\d\d-\d\d$", text, re.MULTILINE)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert f"({record.name})" in (DECISIONS / "README.md").read_text("utf-8")


def test_tests_that_are_named_exist() -> None:
    """Each test that a document calls as a witness is a test of this project."""
    named = {code for file in DOCUMENTS for code in inline(file) if code.startswith("test_")}
    text = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert len(named) > 10
    assert named - set(re.findall(r"^def (test_\w+)", text, re.MULTILINE)) == set()


def test_modules_that_are_named_exist() -> None:
    """Each module that a document names by its path lies there."""
    named = {
        code for file in DOCUMENTS for code in inline(file) if re.fullmatch(r"[a-z_]+/[a-z_/]+\.py", code)
    }
    assert len(named) > 5
    assert {path for path in named if not (ROOT / "jitbot" / path).is_file()} == set()


WEB = re.compile(r"\((https://github\.com/[\w-]+/[\w-]+/new/main\?[^)\s]+)\)")
LINKED = (*DOCUMENTS, ROOT / "requests/README.md")
ANSWERS = {
    "requester:": "requester: example-developer",
    "reason:": "reason: INC-1234 why",
    "  log_group:": "  log_group: /aws/lambda/payments",
    "  bucket:": "  bucket: example-data",
    "  prefix:": "  prefix: reports/2026",
}  # what a person writes behind the colons that have no answer


def web_links() -> list[str]:
    """Every link to GitHub's page for a new file."""
    return [link for file in LINKED for link in WEB.findall(file.read_text("utf-8"))]


def answered(text: str) -> str:
    """The file, with an answer wherever one is missing."""
    lines = (line.partition("  #")[0] for line in text.splitlines())
    return "".join(f"{ANSWERS.get(line, line)}\n" for line in lines).replace("[]", "[example-production]")


@pytest.mark.parametrize("link", web_links())
def test_links_to_a_new_file_are_filled_in_well(link: str) -> None:
    """Each opens the page with a request that its policy takes, once the words in capitals and the answers are there."""
    given = parse_qs(urlsplit(link).query, strict_parsing=True)
    (path,), (text,) = given["filename"], given["value"]
    address = link.partition("/new/")[0]
    assert link == new_request.web_link(address, branch="main", path=path, text=text)
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    path = path.replace("YYYY-MM", "2026-11").replace("DD", "24").replace("LOGIN", "example-developer")
    path = path.replace("WORDS", "why")
    checker = Checker(documents=documents, catalogue=ServiceAuthorizationReference(), when=now)
    tree = Filled(files=FolderTree(root=ROOT), path=path, content=answered(text).encode())
    found = {finding.code for finding in checker.files(tree, [path])}
    assert found <= {"unowned", "nobody-can-approve", "no-known-owner"}  # who approves here is not set up yet


def test_there_are_links_to_a_new_file() -> None:
    """Each starter policy has one."""
    policies = {path.stem for path in (ROOT / "policies/access").glob("*.yaml")}
    linked = {unquote(link).partition("requests/")[2].split("/")[0] for link in web_links()}
    assert linked == policies


@dataclass(frozen=True)
class Filled:
    """The repository's own files, with one more."""

    files: FolderTree
    path: str
    content: bytes

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The contents of those paths that are there."""
        wanted = list(paths)
        found = dict(self.files.read([path for path in wanted if path != self.path]))
        return found | ({self.path: self.content} if self.path in wanted else {})

    def others(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The modes of those paths that are no ordinary files."""
        return self.files.others(path for path in paths if path != self.path)


@pytest.mark.parametrize("name", VERBS)
def test_every_option_is_explained(name: str) -> None:
    """Each option of each verb says what it is for, in a sentence."""
    silent = [
        each.name
        for each in verb(name).params
        if isinstance(each, click.Option) and not (each.help or "").strip().endswith(".")
    ]
    assert silent == []


def test_the_template_of_pull_requests_says_what_holds() -> None:
    """What those who ask on the website read names a path of the right shape, and verbs that exist."""
    text = (ROOT / ".github/PULL_REQUEST_TEMPLATE.md").read_text("utf-8")
    assert "requests/<policy>/<yyyy-mm>/<dd>-<login>-<slug>.yaml" in text
    named = {call.split()[0] for call in re.findall(r"`jitbot ([^`]+)`", text)}
    assert {"request", "release"} <= named <= set(VERBS)


def test_the_page_of_requests_is_what_the_rules_give() -> None:
    """This repository's own is made by jitbot, and it says how to ask, to extend and to end."""
    own = (ROOT / "requests/README.md").read_text("utf-8")
    tree, policies = FolderTree(root=ROOT), policy_paths(ROOT)
    assert policies
    assert own == requests_page.made(tree, documents, ServiceAuthorizationReference(), policies)
    assert {"jitbot request", "jitbot extend --by 1h", "jitbot release"} <= set(re.findall(r"`([^`]+)`", own))
