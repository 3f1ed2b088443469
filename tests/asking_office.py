"""A person at a terminal, and acme running beside it with its workflows: for the tests of what people type."""

import os
import pty
import re
import select
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import warm_jitbot
from desk import Said, said

from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github.records import Pull
from jitbot.sandbox.organisation import Acme
from jitbot.sandbox.workflows import Workflows


@dataclass(kw_only=True)
class Office:
    """acme in the real time, with nobody's clone: people have a token and an empty folder."""

    acme: Acme
    workflows: Workflows
    folder: Path
    runs: list[str] = field(default_factory=list)

    def environ(self, login: str) -> dict[str, str]:
        """What a person has exported."""
        return {
            "GITHUB_TOKEN": self.acme.token(login),
            "GITHUB_API_URL": self.acme.github.api_url,
            "JITBOT_REPOSITORY": self.acme.repository,
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
        }

    def run(self, *arguments: str, login: str = "alice", **other: str) -> Said:
        """Run jitbot as this person, with no terminal."""
        environ = {**self.environ(login), **other}
        environ = {name: value for name, value in environ.items() if value}
        return said(*arguments, folder=self.folder, environ=environ, now=self.acme.clock.now())

    @property
    def github(self) -> Any:
        """The repository as the embedded GitHub holds it."""
        return self.acme.github._site.repository(self.acme.repository)

    def pulls(self) -> list[Pull]:
        """The open pull requests."""
        return [pull for pull in self.github.pulls.values() if pull.is_open]

    def branches(self) -> set[str]:
        """The branches that people made."""
        return {ref.removeprefix("refs/heads/") for ref in self.github.store.refs("refs/heads/jitbot/")}

    def propose(self, login: str, branch: str, files: Mapping[str, bytes | None]) -> int:
        """Open a pull request of one commit on main's tip that has these files; None deletes one. Gives its number."""
        store, site = self.github.store, self.acme.github._site
        who, tip = site.signature(site.user(login)), store.tip("main")
        kept = {path: content for path, content in files.items() if content is not None}
        store.update_ref(f"refs/heads/{branch}", tip)
        store.commit_files(branch, tip, kept, tuple(files.keys() - kept.keys()), "x", who, who)
        made = self.acme.call(login, "POST", "/pulls", title=branch, head=branch, base="main")
        assert made.ok, made.content
        return int(made.content["number"])

    def approve(self, login: str, number: int) -> None:
        """Approve a pull request's head."""
        answer = self.acme.call(login, "POST", f"/pulls/{number}/reviews", event="APPROVE", body="")
        assert answer.ok, answer.content

    @contextmanager
    def approving(self, *logins: str) -> Iterator[None]:
        """These people approve the next pull request as soon as its auto-merge is on."""

        def approve(number: int) -> None:
            for login in logins:
                self.approve(login, number)

        with self.when_asked(approve):
            yield

    @contextmanager
    def when_asked(self, act: Callable[[int], object]) -> Iterator[None]:
        """Somebody acts on the next pull request as soon as its auto-merge is on."""
        known = set(self.github.pulls)

        def work() -> None:
            for _ in range(400):
                time.sleep(0.05)
                new = [pull for pull in list(self.github.pulls.values()) if pull.number not in known]
                if new and new[0].auto_merge is not None:
                    act(new[0].number)
                    return

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            thread.join()


@contextmanager
def open_office(folder: Path, tree: Callable[[str], dict[str, bytes]] | None = None) -> Iterator[Office]:
    """acme, running, with its workflows; `tree` gives other files than acme's, for the issuer."""
    runs: list[str] = []

    def run(arguments: Sequence[str], environ: Mapping[str, str], where: Path) -> None:
        ran = warm_jitbot.run(arguments, environ=environ, folder=where)
        runs.append(f"{' '.join(arguments)}: {ran.returncode}\n{ran.stdout}{ran.stderr}")

    with Acme(Clock(), tree=tree) as acme, Workflows(acme, run, runs.append) as workflows:
        yield Office(acme=acme, workflows=workflows, folder=folder, runs=runs)


class Terminal:
    """jitbot in a terminal of its own, sixty columns wide, with somebody who reads and types."""

    def __init__(self, arguments: Sequence[str], *, environ: Mapping[str, str], folder: Path) -> None:
        self.raw = ""
        self._seen = 0
        self._ours, theirs = pty.openpty()
        self._running = warm_jitbot.start(
            arguments,
            environ={"TERM": "xterm", "COLUMNS": "60", **environ},
            folder=folder,
            files=(theirs, theirs, theirs),
            terminal=True,
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._running.kill()
        self._running.wait()
        os.close(self._ours)

    @property
    def shown(self) -> str:
        """All that was shown, without its colours."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self.raw)

    def reads(self, words: str, seconds: float = 10) -> str:
        """Wait until these words are shown after those read before; gives all that came with them."""
        end = time.monotonic() + seconds
        while words not in self.shown[self._seen :]:
            ready = select.select([self._ours], [], [], max(end - time.monotonic(), 0))[0]
            more = self._more() if ready else ""
            if not more:
                raise AssertionError(f"{words!r} was never shown, but:\n{self.shown[self._seen :]}")
            self.raw += more
        begun = self._seen
        self._seen = self.shown.index(words, begun) + len(words)
        return self.shown[begun : self._seen]

    def types(self, text: str) -> None:
        """Type a line, or with `\\x03` press Ctrl-C."""
        if text == "\x03":
            time.sleep(
                0.3
            )  # in the instant before Python reads a line, a signal waits for that line to be typed
        os.write(self._ours, text.encode() if text == "\x03" else f"{text}\n".encode())

    def ends(self, seconds: float = 15) -> int:
        """Read to the end; gives the exit code."""
        end = time.monotonic() + seconds
        while select.select([self._ours], [], [], max(end - time.monotonic(), 0))[0] and (
            more := self._more()
        ):
            self.raw += more
        return self._running.wait(timeout=1)

    def _more(self) -> str:
        try:
            return os.read(self._ours, 65536).decode(errors="replace").replace("\r\n", "\n")
        except OSError:  # the other side has closed it
            return ""
