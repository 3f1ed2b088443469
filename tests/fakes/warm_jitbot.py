"""jitbot in processes of its own that need not load it: each is a fork of one that has loaded all of it, and done nothing.

To load jitbot and what it stands on takes three times as long as most verbs take. Arguments, environment, folder,
terminal, exit code and what happens at the end are those of `python -m jitbot`; what is loaded when, and how fast,
is the subject of other tests, which start it so. Nothing of this module's tests or fakes is in these processes.
"""

import atexit
import fcntl
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

_MOST = 1 << 20  # bytes of a question
_LATER = "jitbot.sandbox"  # has servers, and what they need


@dataclass(slots=True, kw_only=True)
class Running:
    """A process of jitbot."""

    pid: int
    _end: socket.socket
    _code: int | None = None

    def kill(self) -> None:
        """End it at once, if it has not ended."""
        try:
            self.wait(0)
        except BlockingIOError:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, negative for a signal, as `subprocess` gives it. Raises TimeoutError."""
        if self._code is None:
            self._end.settimeout(timeout)
            self._code = int(self._end.recv(_MOST))
            self._end.close()
        return self._code


def run(
    arguments: Sequence[str], *, environ: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run `python -m jitbot` to its end, without a terminal."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, Path(os.devnull).open() as nothing:
        files = (nothing.fileno(), out.fileno(), err.fileno())
        code = start(arguments, environ=environ, folder=folder, files=files).wait()
        for file in (out, err):
            file.seek(0)
        told = [file.read().decode() for file in (out, err)]
    return subprocess.CompletedProcess(tuple(arguments), code, *told)


def start(
    arguments: Sequence[str],
    *,
    environ: Mapping[str, str],
    folder: Path,
    files: tuple[int, int, int],
    terminal: bool = False,
) -> Running:
    """Start `python -m jitbot` with these three files; `terminal` says that the first is to be its own terminal."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        asked = json.dumps([list(arguments), dict(environ), str(folder), terminal]).encode()
        socket.send_fds(_warm(), [asked], [*files, theirs.fileno()])
    pid = ours.recv(_MOST)
    if not pid:
        raise RuntimeError("the process that has loaded jitbot has ended")
    return Running(pid=int(pid), _end=ours)


@cache
def _warm() -> socket.socket:
    """The way to the process that has loaded jitbot; it ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()]
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _serve(asked: socket.socket) -> tuple[list[str], bool]:
    """Fork at each question. Returns in the fork, with what it is to do; ends the process with the last question."""
    while True:
        question, files, _, _ = socket.recv_fds(asked, _MOST, 4)
        while _reaped():
            pass
        if not question:
            sys.exit()
        if os.fork() == 0:
            asked.close()
            arguments, environ, folder, terminal = json.loads(question)
            _forked(environ, folder, files)
            return arguments, terminal
        for each in files:
            os.close(each)


def _reaped() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


def _forked(environ: Mapping[str, str], folder: str, files: list[int]) -> None:
    """Fork once more: one waits for the other, and says how it ended."""
    end = socket.socket(fileno=files.pop())
    pid = os.fork()
    if pid:
        end.send(str(pid).encode())
        end.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
        os._exit(0)
    end.close()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    for at, each in enumerate(files):
        os.dup2(each, at)
        os.close(each)


def _load() -> None:
    import jitbot

    (root,) = map(Path, jitbot.__path__)
    for file in sorted(root.rglob("*.py")):
        name = ".".join((jitbot.__name__, *file.relative_to(root).with_suffix("").parts))
        if not name.startswith(_LATER) and not name.endswith("__"):
            import_module(name)
    gc.collect()
    gc.freeze()


def _main(asked: socket.socket) -> None:
    sys.path[0] = ""
    _load()
    arguments, terminal = _serve(asked)
    if terminal:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdin = os.fdopen(0, "r", -1, "utf-8", "surrogateescape", closefd=False)
    sys.stdout = os.fdopen(1, "w", -1, "utf-8", "surrogateescape", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, "utf-8", "backslashreplace", closefd=False)
    from jitbot.cli import run

    sys.argv = [str(Path(sys.modules["jitbot"].__path__[0]) / "__main__.py"), *arguments]
    run()


if __name__ == "__main__":
    _main(socket.socket(fileno=int(sys.argv[1])))
