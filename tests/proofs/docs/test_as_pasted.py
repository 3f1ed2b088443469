"""The README's five minutes as somebody pastes them: a sandbox in one terminal, its line and these commands in another."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from aws_cli import aws_command
from typed import tour

pytestmark = pytest.mark.real_git

STARTS = ".venv/bin/jitbot sandbox"
REFUSED = "--table-name refunds"  # the one line that must not work: that table was not asked for
READY = 180  # seconds: for the workflows that a merge starts


class Shell:
    """A shell at a terminal, to which lines are pasted one by one."""

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self._end, theirs = pty.openpty()
        self._running = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"],
            stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=dict(environ), start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self.shown = ""
        self.types("PS1=; stty -echo")

    def types(self, line: str) -> None:
        """Paste a line, with Enter."""
        os.write(self._end, f"{line}\n".encode())

    def reads(self, pattern: str, seconds: float = 120) -> re.Match[str]:
        """Wait until this is shown; what was shown before it is read."""
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.shown)):
            if not select.select([self._end], [], [], max(end - time.monotonic(), 0))[0]:
                raise AssertionError(f"{pattern!r} was never shown, but:\n{self.shown}")
            text = os.read(self._end, 65536).decode(errors="replace").replace("\r\n", "\n")
            self.shown += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
        self.shown = self.shown[found.end() :]
        return found

    def pastes(self, line: str, answer: str = "") -> tuple[int, str]:
        """Paste a line, answer its question if there is one, and wait for its end: the exit code, and what it showed."""
        self.types(f'{line}; echo "ended-with:$?"')
        before = ""
        if answer:
            before = self.reads(r"(?s).*\[y/N\]:? ?|(?s:.*)\[Y/n\]:? ?").group()
            self.types(answer)
        found = self.reads(r"(?s)(.*)ended-with:(\d+)\n")
        return int(found[2]), before + found[1]

    def close(self) -> None:
        """Hang up, as when a window is closed."""
        os.killpg(self._running.pid, signal.SIGKILL)
        self._running.wait()
        os.close(self._end)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A second terminal, in which the line was typed that the sandbox printed in the first."""
    programs = f"{Path(sys.executable).parent}:{Path(aws_command(os.environ)).parent}:{os.environ['PATH']}"
    environ = {"PATH": programs, "HOME": str(tmp_path), "TERM": "xterm", "LANG": "C.UTF-8"}
    with (
        tempfile.TemporaryDirectory() as temporary,
        subprocess.Popen(
            [sys.executable, "-m", "jitbot", *STARTS.split()[1:]],
            stdout=subprocess.PIPE, text=True, env={**environ, "TMPDIR": temporary}, start_new_session=True,
        ) as sandbox,
    ):  # fmt: skip
        assert sandbox.stdout is not None
        line = next(line for line in sandbox.stdout if line.startswith(". "))
        opened = Shell(environ, tmp_path)
        opened.types(line.strip())
        try:
            yield opened
        finally:
            opened.close()
            os.killpg(sandbox.pid, signal.SIGKILL)


def until_live(shell: Shell, line: str) -> str:
    """Paste `jitbot status` until the grant is live, as a person does."""
    end = time.monotonic() + READY
    while True:
        code, shown = shell.pastes(line)
        assert code == 0, shown
        if "live" in shown:
            return shown
        assert time.monotonic() < end, shown
        time.sleep(1)


def test_the_five_minutes_work_as_pasted(shell: Shell) -> None:
    """Every line, in its order: each ends with 0, except the call that nobody approved."""
    first, *lines = tour()
    assert first == STARTS
    shown = {}
    for line in lines:
        if line == "jitbot status":
            shown[line] = until_live(shell, line)
            continue
        code, shown[line] = shell.pastes(line, "y" if "jitbot approve" in line else "")
        assert (code != 0) == (REFUSED in line), f"{line} ended with {code}:\n{shown[line]}"
    by_verb = {line.partition("jitbot ")[2].partition(" ")[0]: text for line, text in shown.items()}
    assert {"request", "approve", "status", "exec", "credentials", "console", "release", "audit"} <= set(
        by_verb
    )
    assert "AccessDenied" in next(text for line, text in shown.items() if REFUSED in line)
    assert "every grant was rightly given" in next(
        text for line, text in shown.items() if "audit verify" in line
    )
    assert "granted: alice has orders-db-read in prod" in next(
        text for line, text in shown.items() if "git log" in line
    )
