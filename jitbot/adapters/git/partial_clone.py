"""What a shallow or partial clone left at the remote, brought when it is needed.

https://git-scm.com/docs/partial-clone. git itself would bring what is missing one object at a time, and
without the job's token.
"""

import re
from collections.abc import Collection, Iterable, Sequence, Set
from pathlib import Path

from jitbot.adapters.git.process import GitProcess, Token, last_line, why_not_fetched
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import UnavailableError

REMOTE = "origin"
DEEPER = 1000  # commits more at a time: some ten days of a busy organisation
SMALL = "64k"  # what is larger comes when it is read
QUIETLY = ("--quiet", "--no-tags", "--no-recurse-submodules")


_NAME = re.compile(r"[0-9a-f]{40}")
_REFUSED = re.compile(r"(?:not our ref|couldn't find remote ref) ([0-9a-f]{40})")


class _AbsentError(UnavailableError):
    """The remote does not have one of the blobs that it was asked for."""

    def __init__(self, message: str, name: Sha) -> None:
        super().__init__(message)
        self.name = name


class Remainder:
    """The part of one clone's history and blobs that may still be at its remote."""

    def __init__(self, git: GitProcess, *, token: Token) -> None:
        self._git = git
        self._token = token
        self._here: set[str] = set()  # what was seen here, by name
        self._listed = False  # whether that is all that was here
        self._partial: bool | None = None
        self._shallow: Path | None = None  # git's file of the commits whose parents are not here

    def bring_blobs(self, blobs: Iterable[Sha]) -> None:
        """In a partial clone, fetch those of these blobs that are not here, all in one call."""
        self._bring(set(blobs))

    def bring_those_there(self, blobs: Iterable[Sha]) -> frozenset[Sha]:
        """As `bring_blobs`, without those that the remote does not have: gives them.

        git names one of them in each refusal, so each costs one call more.
        """
        wanted = set(blobs)
        absent = {name for name in wanted if not _NAME.fullmatch(name)}
        while True:
            try:
                self._bring(wanted - absent)
            except _AbsentError as error:
                absent.add(error.name)
            else:
                return frozenset(absent)

    def _bring(self, wanted: Set[Sha]) -> None:
        if not wanted or not self._is_partial():
            return
        missing = self._missing(sorted(wanted - self._here))
        if not missing:
            self._here |= wanted
            return
        # Nothing here helps the remote to send less, so nothing is offered: https://git-scm.com/docs/git-config
        alone = ("-c", "fetch.negotiationAlgorithm=noop")
        options = (*QUIETLY, "--no-write-fetch-head", "--filter=blob:none", "--stdin")
        asked = "".join(f"{name}\n" for name in missing)
        result = self._git.fetch(*options, REMOTE, stdin=asked, token=self._token, options=alone)
        if result.returncode != 0:
            reason = last_line(result.stderr)
            why = why_not_fetched(result.stderr, self._token)
            message = f"git could not fetch {len(missing)} blobs from {REMOTE}: {why}"
            if (refused := _REFUSED.search(reason)) and refused[1] in missing:
                raise _AbsentError(message, Sha(refused[1]))
            raise UnavailableError(message)
        self._here |= wanted

    def small_blobs_too(self) -> tuple[str, ...]:
        """Options for a fetch of little that is new: in a partial clone what will be read then comes with it."""
        return (f"--filter=blob:limit={SMALL}",) if self._is_partial() else ()

    def cuts(self, commits: Collection[Sha]) -> bool:
        """Whether a shallow clone's history ends at one of these commits, whose parents git then hides."""
        return not self._boundary().isdisjoint(commits)

    def is_shallow(self) -> bool:
        """Whether history ends here before its beginning."""
        return bool(self._boundary())

    def deepen(self, refspec: str) -> None:
        """Bring more of a branch's history. Raises UnavailableError if it cannot be fetched."""
        before = self._boundary()
        result = self._git.fetch(*QUIETLY, f"--deepen={DEEPER}", REMOTE, refspec, token=self._token)
        if result.returncode != 0 or self._boundary() == before:
            why = why_not_fetched(result.stderr, self._token)
            raise UnavailableError(f"this clone's history is cut off; fetch deeper (fetch-depth: 0): {why}")

    def _boundary(self) -> frozenset[str]:
        if self._shallow is None:
            named = self._git.ask("rev-parse", "--path-format=absolute", "--git-path", "shallow")
            self._shallow = Path(named.decode().removesuffix("\n"))
        return frozenset(self._shallow.read_text().split()) if self._shallow.is_file() else frozenset()

    def _is_partial(self) -> bool:
        if self._partial is None:
            asked = self._git.run("config", "--type=bool", "--get", f"remote.{REMOTE}.promisor")
            self._partial = asked.stdout.strip() == b"true"
        return self._partial

    def _missing(self, wanted: Sequence[str]) -> list[str]:
        """Those of these blobs that are not here, found without fetching any of them.

        Usually all of them are here, and one call confirms it. That call fails at the first missing blob: then everything
        that is here is listed, once. Objects that were fetched later are checked by git itself.
        """
        if not wanted or self._listed:
            return list(wanted)
        asked = "".join(f"{name}\n" for name in wanted)
        looked = self._git.run("cat-file", "--batch-check=%(objectname)", stdin=asked, lazily=False)
        if looked.returncode != 0:
            options = ("--batch-check=%(objectname)", "--batch-all-objects", "--unordered")
            self._here.update(self._git.ask("cat-file", *options).decode().split())
            self._listed = True
            return [name for name in wanted if name not in self._here]
        return sorted(set(wanted) - set(looked.stdout.decode().splitlines()))
