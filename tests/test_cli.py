"""The command line as a whole: help, exit codes, and no traceback for any input. How it starts: tests/proofs."""

import errno
import gc
import importlib
import inspect
import shlex
import shutil
import sys
from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from desk import ASK, NOW, TEXT, Desk, said
from hypothesis import given, settings
from hypothesis import strategies as st

from jitbot import __version__, cli
from jitbot.cli import GROUPS, VERBS, Verbs, jitbot
from jitbot.domain.model.errors import DeniedError, InvalidError, SupersededError, UnavailableError
from jitbot.domain.text.visible import unseen_in
from jitbot.terminal.lazy_group import LazyCommand


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """acme's files, for all the tests here: none of them changes what another reads."""
    folder = tmp_path_factory.mktemp("desk")
    made = Desk(root=folder)
    made.begin()
    made.write(ASK)
    yield made
    shutil.rmtree(folder)


def test_help_lists_every_verb(desk: Desk) -> None:
    """The help names each verb with what it is for, and where to begin."""
    answer = desk.run("--help")
    assert (answer.code, answer.err) == (0, "")
    for verb in VERBS:
        assert f"\n  {verb} " in answer.out
    assert "jitbot demo" in answer.out


def test_help_lists_the_verbs_in_groups(desk: Desk) -> None:
    """What a developer types is apart from what Actions runs; -h is --help, of every verb too."""
    text = desk.run("--help").out
    places = [text.index(f"\n{title}:\n") for title in GROUPS]
    assert places == sorted(places)
    actions = text.partition("Run by Actions:\n")[2].partition("\n\n")[0]
    assert [line.split()[0] for line in actions.splitlines()] == [
        "comment",
        "grant",
        "sweep",
        "revoke",
        "stop",
        "notify",
    ]
    assert desk.run("-h").out == text
    assert desk.run("audit", "log", "-h").out == desk.run("audit", "log", "--help").out
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("reqest", "request"),
        ("docter", "doctor"),
        ("validate", "check"),
        ("list", "status"),
        ("audit lgo", "log"),
    ],
)
def test_a_verb_that_is_misspelt_is_named(desk: Desk, typed: str, meant: str) -> None:
    """Or one that other tools call so."""
    answer = desk.run(*typed.split())
    assert (answer.code, answer.out) == (2, "")
    assert f"Did you mean {meant!r}?" in answer.err
    assert "Did you mean" not in desk.run("qqqq").err


def test_the_version(desk: Desk) -> None:
    """The version is one line."""
    assert desk.run("--version").out == f"jitbot {__version__}\n"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_an_example(desk: Desk, verb: str) -> None:
    """Each verb's help says how to use it, by an example that its own parser accepts."""
    answer = desk.run(verb, "--help")
    assert answer.code == 0
    words = shlex.split(answer.out.partition("Example: jitbot ")[2].splitlines()[0])
    assert words[:1] == [verb]
    command = jitbot.get_command(click.Context(jitbot), verb)
    assert command is not None
    command.make_context(verb, list(takewhile(lambda word: word != ">", words[1:])))


def test_every_verb_exists() -> None:
    """Each verb in the table leads to a command, and no other name does."""
    context = click.Context(jitbot)
    assert isinstance(jitbot, Verbs)
    assert all(jitbot.get_command(context, verb) for verb in VERBS)
    assert jitbot.get_command(context, "nonsense") is None


@pytest.mark.parametrize(
    "arguments", [(), ("nonsense",), ("--nonsense",), ("check", "--nonsense"), ("explain",)]
)
def test_misuse_is_exit_code_2(desk: Desk, arguments: tuple[str, ...]) -> None:
    """Whatever is no command of ours gives 2 and the usage, and nothing on stdout."""
    answer = desk.run(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert "Usage: jitbot" in answer.err


def test_misuse_is_told_inertly(desk: Desk) -> None:
    """What was typed is shown without its effect on a terminal or a runner."""
    answer = desk.run("check", "--x\n::error::y\x1b[31m##[error]")
    assert answer.code == 2
    assert "\x1b" not in answer.err
    assert "##[" not in answer.err
    assert "\n::" not in answer.err


def test_what_is_declared_is_what_runs() -> None:
    """Each verb's module has the function that its declaration names, which takes what may be typed and nothing else."""
    for command in every_command(jitbot):
        if isinstance(command, click.Group):
            continue
        assert isinstance(command, LazyCommand)
        module, _, function = command.runs.partition(":")
        runs = getattr(importlib.import_module(module), function)
        taken = inspect.signature(runs, follow_wrapped=False).parameters
        first, *rest = taken.values()
        given = {parameter.name for parameter in command.params} | (
            {"command"} if command.name == "exec" else set()
        )
        assert first.kind is first.VAR_POSITIONAL or first.name.strip("_") == "invocation"
        named = {each.name for each in rest if each.kind is each.KEYWORD_ONLY}
        spare = any(each.kind is each.VAR_KEYWORD for each in rest)
        assert named <= given if spare else named == given, command.name


def every_command(group: click.Group) -> Iterator[click.Command]:
    """Every command below a group."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield command
        if isinstance(command, click.Group):
            yield from every_command(command)


# An argument holds no NUL. A byte that is no text comes as one of these surrogates, and none of the others comes at all.
BYTES = st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF)
CHARACTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"]) | BYTES
TYPED = st.text(CHARACTERS, max_size=40) | st.sampled_from(
    [
        "--at",
        "--format",
        "json",
        "--base",
        "--head",
        "HEAD",
        "main",
        ASK,
        "--codeowners",
        "--",
        "-",
        "..",
        "~",
        "alice",
        "2026-11-24T09:00:00Z",
    ]
)


@settings(max_examples=150, deadline=None)
@given(verb=st.sampled_from(["check", "explain", "owners", ""]), arguments=st.lists(TYPED, max_size=4))
def test_no_arguments_end_in_a_traceback(desk: Desk, verb: str, arguments: list[str]) -> None:
    """Whatever is typed gives an exit code and words, all of them inert."""
    answer = desk.run(*([verb] if verb else []), *arguments)
    assert answer.code in (0, 1, 2, 3)
    for text in (answer.out, answer.err):
        assert not [each for line in text.split("\n") for each in unseen_in(line)]
        assert "##[" not in text


PIECES = st.sampled_from(
    [b"requester: alice\n", b"accounts: [prod]\n", b"duration: 2h\n", b"reason: x\n", b"parameters:\n  table: orders\n",
     b"starts_at: 2026-11-25T00:00:00Z\n", b"starts_at: ", b"9999-12-31T23:59:59Z", b"ticket: ", b": ", b"- ", b"&a ", b"*a", b"!!", b"\xef\xbb\xbf", b"\xff\xfe", b"\t", b"{", b"}", b"[", b"'", b'"', b"\x00", b"\r", b"%", b"---\n", b"? ", b"<<: "]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(content=st.lists(PIECES | st.binary(max_size=8), max_size=12).map(b"".join))
def test_no_bytes_of_a_request_end_in_a_traceback(desk: Desk, content: bytes) -> None:
    """Whatever a request file holds is judged: 0 if it is one, else 1 with findings in one shape."""
    path = desk.write("requests/orders-db-read/2026-11/24-alice-bytes.yaml", content)
    checked = desk.run("check", path, "--format", "json")
    assert checked.code == (0 if checked.json["ok"] else 1)
    assert checked.json["ok"] == (checked.json["findings"] == [])
    explained = desk.run("explain", path)
    assert explained.code == checked.code
    (desk.root / path).unlink()


def test_the_desk_is_good(desk: Desk) -> None:
    """The request that these tests begin with would be granted, so that their refusals mean something."""
    assert TEXT.encode() == (desk.root / ASK).read_bytes()
    assert said("check", ASK, folder=desk.root).code == 0


@pytest.mark.parametrize(
    ("outcome", "code", "words"),
    [
        (0, 0, ""),
        (3, 3, ""),
        (None, 0, ""),
        ("7", 0, ""),
        (click.exceptions.Abort(), 3, "stopped\n"),
        (click.UsageError("odd\x1b"), 2, "Error: odd\\x1b\n"),
        (SupersededError("another run\nis newer\x1b"), 0, "superseded: another run\nis newer\\x1b\n"),
        (InvalidError("wrong\x1b"), 1, "error: wrong\\x1b\n"),
        (DeniedError("denied\n  for good\x1b"), 3, "error: denied\n  for good\\x1b\n"),
        (UnavailableError("away"), 3, "error: away\n"),
        (
            OSError(errno.ENOSPC, "No space left"),
            3,
            "error: No space left: the output, or a temporary file\n",
        ),
        (OSError(errno.EROFS, "Read-only", "/a\x1b"), 3, "error: Read-only: /a\\x1b\n"),
        (SystemExit(0), 0, ""),
        (SystemExit(1), 3, ""),
        (SystemExit(None), 0, ""),
    ],
    ids=str,
)
def test_each_outcome_has_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], outcome: Any, code: int, words: str
) -> None:
    """Nothing that failed looks like a success, and what others wrote is said inertly, line by line."""

    def ends(*_: object, **__: object) -> Any:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    monkeypatch.setattr(jitbot, "main", ends)
    assert cli.main(["x"], now=NOW, environ={}, folder=Path("/")) == code
    assert capsys.readouterr() == ("", words)


@pytest.mark.parametrize(
    ("environ", "colour", "prepared"),
    [
        ({}, None, 0),
        ({"NO_COLOR": ""}, None, 0),
        ({"NO_COLOR": "1"}, False, 0),
        ({"_JITBOT_COMPLETE": "bash_complete"}, None, 1),
    ],
)
def test_the_environment_says_how_it_runs(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], colour: bool | None, prepared: int
) -> None:
    """Without colours where that is asked for; and a shell that completes gets what it needs first."""
    seen: list[Any] = []
    ready: list[str] = []

    def runs(arguments: list[str], **options: Any) -> int:
        seen.append((arguments, options))
        return 0

    monkeypatch.setattr(jitbot, "main", runs)
    monkeypatch.setattr(
        cli, "import_module", lambda name: SimpleNamespace(prepare=lambda: ready.append(name))
    )
    assert cli.main(("a", "b"), now=NOW, environ=environ, folder=Path("/")) == 0
    ((arguments, options),) = seen
    assert (arguments, options["prog_name"], options["standalone_mode"]) == (["a", "b"], "jitbot", False)
    assert (options["color"], options["obj"].now, options["obj"].environ) == (colour, NOW, environ)
    assert ready == ["jitbot.commands.setup.completion"] * prepared


def test_an_error_that_is_no_disks_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is shown with where it was raised."""
    monkeypatch.setattr(jitbot, "main", lambda *_, **__: (_ for _ in ()).throw(OSError(errno.EBADF, "bad")))
    with pytest.raises(OSError, match="bad"):
        cli.main(["x"], now=NOW, environ={}, folder=Path("/"))


def test_a_folder_that_is_gone_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell may still be in a folder that was deleted."""
    monkeypatch.setattr(Path, "cwd", lambda: (_ for _ in ()).throw(FileNotFoundError()))
    monkeypatch.setattr(gc, "set_threshold", lambda *_: None)
    with pytest.raises(SystemExit, match="the current folder is not there any more"):
        cli.run()


def test_the_entry_point_ends_with_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads clock, environment and arguments; garbage is looked for rarely, and not at all at the end."""
    collected: list[Any] = []
    monkeypatch.setattr(gc, "set_threshold", lambda *limits: collected.append(limits))
    monkeypatch.setattr(gc, "freeze", lambda: collected.append("frozen"))
    monkeypatch.setattr(sys, "argv", ["jitbot", "status", "--all"])
    monkeypatch.setattr(cli, "clock", lambda: NOW)
    monkeypatch.setenv("JITBOT_REPOSITORY", "acme/access")

    def runs(arguments: list[str], *, now: datetime, environ: dict[str, str], folder: Path) -> int:
        collected.append((arguments, now, environ["JITBOT_REPOSITORY"], folder))
        return 3

    monkeypatch.setattr(cli, "main", runs)
    with pytest.raises(SystemExit) as ended:
        cli.run()
    assert ended.value.code == 3
    asked = (["status", "--all"], NOW, "acme/access", Path.cwd())
    assert collected == [(100_000, 20, 100), asked, "frozen"]
