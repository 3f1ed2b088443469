"""Runs git without prompts and with a time limit. The token is never among its arguments."""

import base64
import os
import secrets
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import IO

from jitbot.domain.model.errors import UnavailableError

NEVER_ASK = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}

TURN = 4096  # characters that every pipe takes at once: one page

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
    # Below a mount point that is in no repository; the line before says so.
    "Stopping at filesystem boundary (GIT_DISCOVERY_ACROSS_FILESYSTEM not set).",
)


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and the one server that may have it, as in `https://github.com`; empty: none may."""

    secret: str = field(default="", repr=False)
    server: str = ""


NO_TOKEN = Token()


class GitProcess:
    """The command git in one folder, run in this environment, with what is added to it here."""

    def __init__(self, root: Path, *, timeout: float, environ: Mapping[str, str] = os.environ) -> None:
        self._root = root
        self._environ = environ
        self._timeout = timeout
        # diff-tree reads the index first, which names every file of the commit checked out, and uses nothing of it.
        self._no_index = str(Path(tempfile.gettempdir()) / f"no-index-{secrets.token_hex(8)}")

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
        for pause in (*_RETRIES, None):
            result = self.run(*options, "fetch", *arguments, stdin=stdin, token=token)
            reason = last_line(result.stderr).lower()
            if result.returncode == 0 or pause is None or any(each in reason for each in _FINAL):
                break
            time.sleep(pause)
        return result

    @contextmanager
    def streamed(self, *arguments: str, stdin: str, lazily: bool = True) -> Iterator[BufferedReader]:
        """What git prints, as it comes, for answers that others make as large as they like; `lazily` as in `run`.

        Raises UnavailableError if git does not run, fails, or takes too long.
        """
        with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as words:
            asked.write(stdin.encode(errors="surrogateescape"))
            asked.seek(0)
            process = self._started(arguments, asked.fileno(), words.fileno(), lazily=lazily)
            with self._until_it_ends(process, arguments[0], words):
                assert isinstance(process.stdout, BufferedReader)  # noqa: S101 - it is: a pipe, unbuffered by none
                yield process.stdout

    @contextmanager
    def in_turns(self, *arguments: str, lazily: bool = True) -> Iterator[Callable[[str], BufferedReader]]:
        """One git that is asked again and again: each call hands it lines, and gives what it prints from then on.

        For a verb that answers line by line, as `diff-tree --stdin`, which repeats a line it does not know. A portion of
        `TURN` characters fits into every pipe, so that neither side waits for the other. Who reads raises EOFError where
        an answer ends too early. `lazily` and errors as in `streamed`.
        """
        with tempfile.TemporaryFile() as words:
            process = self._started(arguments, subprocess.PIPE, words.fileno(), lazily=lazily)
            asked = process.stdin
            assert asked is not None  # noqa: S101 - it is a pipe

            def ask(lines: str) -> BufferedReader:
                with suppress(BrokenPipeError):  # then there is no answer to read either
                    asked.write(lines.encode(errors="surrogateescape"))
                    asked.flush()
                return process.stdout  # type: ignore[return-value]  # a pipe, unbuffered by none

            cut = False
            with self._until_it_ends(process, arguments[0], words):
                try:
                    yield ask
                except EOFError:
                    cut = True  # git's own words say why, if it has any
                with suppress(BrokenPipeError):
                    asked.close()
            if cut:
                raise UnavailableError(f"git {arguments[0]} ended before its answer did")

    @contextmanager
    def _until_it_ends(
        self, process: "subprocess.Popen[bytes]", verb: str, words: IO[bytes]
    ) -> Iterator[None]:
        """Let it end by itself within the time limit, and raise UnavailableError if it failed; kill it if we fail."""
        timer = threading.Timer(self._timeout, process.kill)
        timer.start()
        try:
            yield
            code = process.wait()
        finally:
            timer.cancel()
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()
        if code == -signal.SIGKILL:
            raise UnavailableError(f"git {verb} took longer than {self._timeout:.0f} s")
        if code != 0:
            words.seek(0)
            raise UnavailableError(f"git {verb} failed: {last_line(words.read())}")

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


def last_line(stderr: bytes) -> str:
    """The last of git's words that says why: what git adds to every failure of a remote is no reason."""
    lines = stderr.decode(errors="replace").strip().splitlines()
    reasons = [line for line in lines if line.strip() and line.strip() not in _ALWAYS_SAID]
    return (reasons or lines or ["no reason given"])[-1]


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
