"""Runs git without prompts and with a time limit. The token is never among its arguments."""

import base64
import os
import secrets
import signal
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import IO, cast

from jitbot.domain.model.errors import UnavailableError

NEVER_ASK = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}

TURN = 4096  # characters that every pipe takes at once: one page
_ASKED = 64 * TURN  # characters that one git is asked: some 3,000 comparisons of trees, all of which it keeps

_RETRIES = (1.0, 3.0, 9.0)  # seconds between attempts at a fetch that may yet go right
_UNKNOWN_CALLER = ("authentication failed", "could not read username", "could not read password")
_FINAL = (  # why one would fail again, in git's words, which LC_ALL keeps in English
    "couldn't find remote ref",
    *_UNKNOWN_CALLER,
    "repository not found",
    "does not appear to be a git repository",
    "no such remote",
    "not our ref",
)


_ALWAYS_SAID = (
    "fatal: Could not read from remote repository.",
    "Please make sure you have the correct access rights",
    "and the repository exists.",
    "To add an exception for this directory, call:",
    # Below a mount point that is in no repository; the line before says so.
    "Stopping at filesystem boundary (GIT_DISCOVERY_ACROSS_FILESYSTEM not set).",
)


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and the one server that may have it, as in `https://github.com`; empty: none may."""

    secret: str = field(default="", repr=False)
    server: str = ""


NO_TOKEN = Token()


class _Standing:
    """A git that waits for questions. `left` are characters: what git keeps of each must not grow without end."""

    def __init__(self, start: "Callable[[int], subprocess.Popen[bytes]]") -> None:
        self.words = tempfile.TemporaryFile()  # noqa: SIM115 - closed when git ends
        try:
            self.process = start(self.words.fileno())
        except UnavailableError:
            self.words.close()
            raise
        self._asked = cast("IO[bytes]", self.process.stdin)  # a pipe
        self.left = _ASKED

    def ask(self, lines: str) -> BufferedReader:
        """Hand it lines that fit into a pipe. Its answer comes from what is returned."""
        self.left -= len(lines)
        with suppress(BrokenPipeError):  # then there is no answer to read either
            self._asked.write(lines.encode(errors="surrogateescape"))
            self._asked.flush()
        return cast("BufferedReader", self.process.stdout)  # a pipe, unbuffered by none

    def asks_no_more(self) -> None:
        """Let it end, if it has not: it waits for no more questions."""
        with suppress(BrokenPipeError):
            self._asked.close()

    def end(self) -> None:
        _end(self.process)
        self.words.close()


_Question = tuple[int, bool, tuple[str, ...]]


class GitProcess:
    """The command git in one folder, run in this environment, with what is added to it here."""

    def __init__(self, root: Path, *, timeout: float, environ: Mapping[str, str] = os.environ) -> None:
        self._root = root
        self._environ = environ
        self._timeout = timeout
        # diff-tree reads the index first, which names every file of the commit checked out, and uses nothing of it.
        self._no_index = str(Path(tempfile.gettempdir()) / f"no-index-{secrets.token_hex(8)}")
        self._fetches = 0
        self._standing: dict[_Question, _Standing] = {}
        weakref.finalize(self, _end_all, self._standing)

    def ask(self, *arguments: str, stdin: str = "", lazily: bool = True) -> bytes:
        """What git prints; `lazily` as in `run`. Raises UnavailableError with git's last words if it fails."""
        result = self.run(*arguments, stdin=stdin, lazily=lazily)
        if result.returncode != 0:
            raise UnavailableError(f"git {arguments[0]} failed: {last_line(result.stderr)}")
        return result.stdout

    def run(
        self, *arguments: str, stdin: str = "", token: Token = NO_TOKEN, lazily: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git to its end. Without `lazily`, git does not fetch the objects that a partial clone lacks.

        Raises UnavailableError if it does not run, or not end.
        """
        try:
            return subprocess.run(
                ["git", "-C", str(self._root), *arguments],
                input=stdin.encode(),
                capture_output=True,
                env={**self._environ, **NEVER_ASK, **_fetching(lazily), **_credentials(token)},
                timeout=self._timeout,
                check=False,
            )
        except FileNotFoundError:
            raise UnavailableError("git is not installed, or not on PATH") from None
        except OSError as error:
            raise UnavailableError(f"git cannot be run: {error.strerror}") from None
        except subprocess.TimeoutExpired:
            raise UnavailableError(f"git {arguments[0]} took longer than {self._timeout:.0f} s") from None

    def fetch(
        self, *arguments: str, stdin: str = "", token: Token = NO_TOKEN, options: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[bytes]:
        """Run `git fetch`, again and more slowly where it may yet go right. `options` are git's own, before the verb."""
        try:
            for pause in (*_RETRIES, None):
                result = self.run(*options, "fetch", *arguments, stdin=stdin, token=token)
                reason = last_line(result.stderr).lower()
                if result.returncode == 0 or pause is None or any(each in reason for each in _FINAL):
                    break
                time.sleep(pause)
        finally:
            self._fetches += 1
            _end_all(self._standing)
        return result

    @contextmanager
    def streamed(self, *arguments: str, stdin: str, lazily: bool = True) -> Iterator[BufferedReader]:
        """What git prints, as it comes, for answers that others make as large as they like; `lazily` as in `run`.

        Raises UnavailableError if git does not run, fails, or takes too long. Who reads raises EOFError where the answer
        ends too early: UnavailableError then says why.
        """
        with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as words:
            asked.write(stdin.encode(errors="surrogateescape"))
            asked.seek(0)
            process = self._started(arguments, asked.fileno(), words.fileno(), lazily=lazily)
            with self._until_it_ends(process, arguments[0], words):
                assert isinstance(process.stdout, BufferedReader)  # noqa: S101 - it is: a pipe, unbuffered by none
                yield process.stdout

    @contextmanager
    def standing(self, *arguments: str, stdin: str, lazily: bool = True) -> Iterator[BufferedReader]:
        """As `streamed`, but git stays for the next such question, until a fetch: to start one costs 5 ms of CPU.

        For a verb that answers each line, as `cat-file --batch`. Who does not read all of the answer leaves git, too.
        """
        if len(stdin) > TURN:
            with self.streamed(*arguments, stdin=stdin, lazily=lazily) as answer:
                yield answer
            return
        question = (self._fetches, lazily, arguments)  # what git knows of a remote is as old as its process
        found = self._standing.pop(question, None)
        if found is not None and found.process.poll() is not None:
            found.end()
            found = None
        if found is None:
            found = _Standing(lambda words: self._started(arguments, subprocess.PIPE, words, lazily=lazily))
        timer = threading.Timer(self._timeout, found.process.kill)
        timer.start()
        try:
            yield found.ask(stdin)
        except EOFError:
            try:
                with self._until_it_ends(found.process, arguments[0], found.words):
                    found.asks_no_more()
                    raise
            finally:
                found.end()
        except BaseException:
            found.end()
            raise
        finally:
            timer.cancel()
        stays = question[0] == self._fetches and found.left > 0
        if not stays or self._standing.setdefault(question, found) is not found:
            found.end()

    @contextmanager
    def _until_it_ends(
        self, process: "subprocess.Popen[bytes]", verb: str, words: IO[bytes]
    ) -> Iterator[None]:
        """Let it end by itself within the time limit, and raise UnavailableError if it failed; kill it if we fail."""
        timer = threading.Timer(self._timeout, process.kill)
        timer.start()
        cut = False
        try:
            try:
                yield
            except EOFError:
                cut = True  # git's own words say why, if it has any
            code = process.wait()
        finally:
            timer.cancel()
            _end(process)
        if code == -signal.SIGKILL:
            raise UnavailableError(f"git {verb} took longer than {self._timeout:.0f} s")
        if code != 0:
            words.seek(0)
            raise UnavailableError(f"git {verb} failed: {last_line(words.read())}")
        if cut:
            raise UnavailableError(f"git {verb} ended before its answer did")

    def _started(
        self, arguments: tuple[str, ...], stdin: int, stderr: int, *, lazily: bool
    ) -> "subprocess.Popen[bytes]":
        try:
            return subprocess.Popen(
                ["git", "-C", str(self._root), *arguments],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**self._environ, **NEVER_ASK, **_fetching(lazily), "GIT_INDEX_FILE": self._no_index},
            )
        except FileNotFoundError:
            raise UnavailableError("git is not installed, or not on PATH") from None
        except OSError as error:
            raise UnavailableError(f"git cannot be run: {error.strerror}") from None


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()


def _end_all(standing: "dict[_Question, _Standing]") -> None:
    while standing:
        standing.popitem()[1].end()


def last_line(stderr: bytes) -> str:
    """The last of git's words that says why, with the command that git proposes: what it adds to every failure is no reason."""
    lines = stderr.decode(errors="replace").strip().splitlines()
    proposed = [f"; git proposes: {line.strip()}" for line in lines if line.startswith("\tgit ")]
    words = [line for line in lines if line.strip() and not line.startswith("\tgit ")]
    reasons = [line for line in words if line.strip() not in _ALWAYS_SAID]
    return (reasons or words or ["no reason given"])[-1] + "".join(proposed[-1:])


def why_not_fetched(stderr: bytes, token: Token) -> str:
    """Why a remote gave nothing, with what to do where it is the token; else git's own words.

    A server that refuses a token asks for a name instead, and so git says that it could not read one.
    """
    words = last_line(stderr)
    said = words.casefold()
    sent = bool(token.secret and token.server) and token.server in words
    if any(each in said for each in _UNKNOWN_CALLER):
        if sent:
            return "the server refuses the token: it is wrong or has expired; set GITHUB_TOKEN to a valid one"
        return "the server asks who you are: set GITHUB_TOKEN, as in export GITHUB_TOKEN=$(gh auth token)"
    if sent and "returned error: 403" in said:
        return "the server refuses the token: it may not read this repository, or its organisation wants single sign-on"
    if "repository not found" in said or "returned error: 404" in said:
        return "the server shows no such repository: check the address of the remote, and that the token may read it"
    return words


def _fetching(lazily: bool) -> dict[str, str]:
    return {} if lazily else {"GIT_NO_LAZY_FETCH": "1"}


def _credentials(token: Token) -> dict[str, str]:
    """The token as a header in git's environment: not in the arguments, which every process can see.

    git sends it to this server alone, and compares scheme, host and port with those of the address that it
    really asks, after `url.<base>.insteadOf`: https://git-scm.com/docs/git-config (`http.<url>.*`).
    """
    if not token.secret or not token.server:
        return {}
    basic = base64.b64encode(f"x-access-token:{token.secret}".encode()).decode()
    here = f"http.{token.server}/"
    settings = (
        (f"{here}.extraHeader", f"Authorization: Basic {basic}"),
        # git goes on to send its headers after a redirect, to whatever host that names.
        (f"{here}.followRedirects", "false"),
    )
    numbered = {
        f"GIT_CONFIG_{part}_{number}": text
        for number, setting in enumerate(settings)
        for part, text in zip(("KEY", "VALUE"), setting, strict=True)
    }
    return {"GIT_CONFIG_COUNT": str(len(settings)), **numbered}
