"""What `jitbot sandbox` starts, shows and waits for, where acme is a plain value."""

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from desk import Said, said

from jitbot.commands.tryout import sandbox as module
from jitbot.sandbox import chat, organisation, workflows

TEXT = """# acme is running. In another terminal, type this line:

. {file}

# There you are alice, in a clone of acme/access. `sandbox_off` undoes it all.
"""


class Acme:
    """acme of two people; its clones lie in this folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.people = ("alice", "bob")
        self.repository = "acme/access"
        self.github = SimpleNamespace(url="http://127.0.0.1:1", api_url="http://127.0.0.1:1/api")

    def __enter__(self) -> "Acme":
        return self

    def __exit__(self, *_: object) -> None:
        (self.folder / "gone").touch()

    def workplace(self, login: str) -> Path:
        """A clone."""
        return self.folder / login

    def shell(self, login: str, *, job: bool) -> dict[str, str]:
        """What is exported."""
        return {"WHO": login, "JOB": str(job)}

    def token(self, login: str) -> str:
        """Of a person."""
        return f"token of {login}"


class Started:
    """What runs beside acme until it is stopped, and how often it was waited for."""

    def __init__(self) -> None:
        self.running: list[str] = []
        self.waits: list[bool] = [False, False, True]
        self.asked = 0
        self.chat: Callable[[str, str], None] = lambda *_: None
        self.trouble: Callable[[str], None] = lambda _: None
        self.given: tuple[Any, ...] = ()

    def wait(self, timeout: float) -> bool:
        """Stopped at the third look; meanwhile a run and a message of chat have something to say."""
        assert timeout == 1
        self.chat("ops", "a grant\x1b")
        self.trouble("a run failed")
        self.asked += 1
        return self.waits[self.asked - 1]

    @contextmanager
    def chats(self, say: Callable[[str, str], None]) -> Iterator[str]:
        """The chat."""
        self.chat = say
        self.running.append("chat")
        yield "the chat"
        self.running.remove("chat")

    @contextmanager
    def workflows(self, *given: Any, every: bool, chat: str) -> Iterator[None]:
        """The workflows."""
        self.given, self.trouble = (*given[:2], every, chat), given[2]
        self.running.append("workflows")
        yield
        self.running.remove("workflows")


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Started:
    """Such a sandbox."""
    found = Started()
    monkeypatch.setattr(organisation, "Acme", lambda _: Acme(tmp_path))
    monkeypatch.setattr(chat, "ChatSandbox", found.chats)
    monkeypatch.setattr(workflows, "Workflows", found.workflows)
    monkeypatch.setattr(module, "_stopped", lambda: found)
    return found


def ran(folder: Path, *arguments: str) -> Said:
    """Start it, until it is stopped."""
    return said("sandbox", *arguments, folder=folder)


def test_workflows_run_until_it_is_stopped(started: Started, tmp_path: Path) -> None:
    """What they and the chat say is shown, inert; afterwards nothing runs."""
    answer = ran(tmp_path)
    assert (answer.code, answer.err, started.asked, started.running) == (0, "stopped\n", 3, [])
    assert answer.out.startswith(TEXT.format(file=tmp_path / "shell"))
    assert answer.out.endswith("# chat, channel ops: a grant\\x1b\n# error: a run failed\n" * 3)
    assert (type(started.given[0]), started.given[1:]) == (Acme, (module._run, True, "the chat"))
    assert (tmp_path / "gone").exists()
    shell = (tmp_path / "shell").read_text("utf-8")
    assert "export WHO=alice\n" in shell
    assert "export JOB=False\n" in shell
    assert "export BOB='token of bob'\n" in shell
    undone = re.findall(r"^  unset _sandbox_(\w+)$", shell, re.MULTILINE)
    assert undone == ["pwd", "ALICE", "BOB", "WHO", "JOB", "PATH"]


def test_or_the_terminal_runs_them_by_hand(started: Started, tmp_path: Path) -> None:
    """Then nothing runs beside it, and the shell has what a job has."""
    answer = ran(tmp_path, "--as", "bob", "--no-workflows")
    assert (answer.code, started.given, "# chat" in answer.out) == (0, (), False)
    shell = (tmp_path / "shell").read_text("utf-8")
    assert "export WHO=bob\n" in shell
    assert "export JOB=True\n" in shell


def test_only_people_of_acme_have_a_shell(started: Started, tmp_path: Path) -> None:
    """The others are named with those there are, and nothing was started."""
    answer = ran(tmp_path, "--as", "zoe")
    assert (answer.code, answer.out, started.asked) == (2, "", 0)
    assert "acme has no zoe; it has: alice, bob" in answer.err


@pytest.mark.parametrize(
    ("hangup", "ending"),
    [
        (signal.SIG_DFL, [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]),
        (signal.SIG_IGN, [signal.SIGINT, signal.SIGTERM]),
    ],
)
def test_what_ends_it(monkeypatch: pytest.MonkeyPatch, hangup: Any, ending: list[int]) -> None:
    """Ctrl-C, an end by request, and a terminal that is closed, unless nohup has it run on."""
    found: dict[int, Any] = {}
    monkeypatch.setattr("signal.signal", found.__setitem__)
    monkeypatch.setattr("signal.getsignal", lambda _: hangup)
    for number in ending:
        found.clear()
        stopped = module._stopped()
        assert (list(found), stopped.is_set()) == (ending, False)
        found[number](number, None)
        assert stopped.is_set()


def test_a_run_is_shown_as_it_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its verb, its exit code, and what it printed."""
    given: list[Any] = []

    def run(arguments: list[str], **how: Any) -> Any:
        given.append((arguments[1:], how["cwd"], how["env"]))
        return SimpleNamespace(returncode=3, stdout=b"granted\n\x1b\xff\n")

    monkeypatch.setattr("subprocess.run", run)
    module._run(("grant", "--all"), {"A": "b"}, tmp_path)
    assert given == [(["-m", "jitbot", "grant", "--all"], tmp_path, {"A": "b"})]
    assert capsys.readouterr().out == "# grant ended with 3\n#   granted\n#   \\x1b\ufffd\n"
