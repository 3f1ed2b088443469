"""What a shallow or partial clone left at the remote, brought when it is needed.

https://git-scm.com/docs/partial-clone. git itself would bring what is missing one object at a time, and
without the job's token.
"""

import re
from collections.abc import Collection, Iterable, Sequence, Set
from pathlib import Path

from jitbot.adapters.git.process import GitProcess, Token, last_line, why_not_fetched
from jitbot.adapters.git.ref_names import tips
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import UnavailableError

REMOTE = "origin"
# Names the tip of a ledger whose commits are here, and of its trees those of the tip at most.
COMMITS = "refs/jitbot/ledger-commits"
MOST_ASKED = 16  # calls for some trees; then one brings those of the whole ledger
DEEPER = 1000  # commits more at a time: some ten days of a busy organisation
SMALL = "64k"  # what is larger comes when it is read
NO_BLOBS, COMMITS_ALONE, SMALL_BLOBS = "blob:none", "tree:0", f"blob:limit={SMALL}"
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
        self._asked_for_trees = 0
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

    def bring_trees(self, trees: Iterable[Sha]) -> None:
        """In a partial clone, fetch those of these trees that are not here, and nothing that is in them.

        Each call takes a moment, and anybody who may push chooses how many commits, with how deep folders, are looked at. So
        after some calls all trees of the ledger come in one.
        """
        fetched = self._bring(set(trees), COMMITS_ALONE, "trees")
        self._asked_for_trees += fetched
        if fetched and self._asked_for_trees == MOST_ASKED:
            self.bring_all_trees()

    def bring_folder(self, tree: Sha) -> None:
        """In a partial clone, fetch a tree and every tree below it."""
        if self._is_partial():
            self._ask_for([tree], NO_BLOBS, "trees")

    def bring_files(self, blobs: Iterable[Sha], folders: Iterable[Sha], inside: Collection[Sha]) -> None:
        """As `bring_blobs`, and in the same call the small ones `inside` these folders, which are here themselves."""
        wanted = set(blobs)
        if not wanted or not self._is_partial():
            return
        missing = self._missing(sorted(wanted - self._here))
        if missing:
            self._ask_for([*missing, *folders], SMALL_BLOBS, "blobs")
            asked = "".join(f"{name}\n" for name in inside)
            looked = self._git.run("cat-file", "--batch-check=%(objectname)", stdin=asked, lazily=False)
            # git ends at a large one, which did not come: that is asked for when it is read.
            self._here.update(looked.stdout.decode().splitlines())
        self._here |= wanted

    def _bring(self, wanted: Set[Sha], only: str = NO_BLOBS, kind: str = "blobs") -> bool:
        """Whether some of them were fetched."""
        if not wanted or not self._is_partial():
            return False
        if missing := self._missing(sorted(wanted - self._here)):
            self._ask_for(missing, only, kind)
        self._here |= wanted
        return bool(missing)

    def _ask_for(self, missing: Sequence[str], only: str, kind: str) -> None:
        """Fetch these objects, and of what lies below them what the filter `only` lets through."""
        # Nothing here helps the remote to send less, so nothing is offered: https://git-scm.com/docs/git-config
        alone = ("-c", "fetch.negotiationAlgorithm=noop")
        options = (*QUIETLY, "--no-write-fetch-head", f"--filter={only}", "--stdin")
        asked = "".join(f"{name}\n" for name in missing)
        result = self._git.fetch(*options, REMOTE, stdin=asked, token=self._token, options=alone)
        if result.returncode != 0:
            reason = last_line(result.stderr)
            why = why_not_fetched(result.stderr, self._token)
            message = f"git could not fetch {len(missing)} {kind} from {REMOTE}: {why}"
            if (refused := _REFUSED.search(reason)) and refused[1] in missing:
                raise _AbsentError(message, Sha(refused[1]))
            raise UnavailableError(message)

    def small_blobs_too(self) -> tuple[str, ...]:
        """Options for a fetch of little that is new: in a partial clone what will be read then comes with it."""
        return (f"--filter={SMALL_BLOBS}",) if self._is_partial() else ()

    def bring_commits(self, source: str) -> Sha | None:
        """The tip of a branch of the remote, with all commits of its history and no tree of them, kept as `COMMITS`.

        None where the remote does not send commits alone: nothing is said of why, since an ordinary fetch says it.
        """
        options = (*QUIETLY, "--no-write-fetch-head", f"--filter={COMMITS_ALONE}")
        result = self._git.run("fetch", *options, REMOTE, f"+{source}:{COMMITS}", token=self._token)
        return tips(self._git, [COMMITS]).get(COMMITS) if result.returncode == 0 else None

    def bring_all_trees(self) -> None:
        """Where the ledger's commits came alone, fetch the trees of all of them; those that came later have theirs."""
        tip = tips(self._git, [COMMITS]).get(COMMITS) if self._is_partial() else None
        if tip is None:
            return
        options = (*QUIETLY, "--no-write-fetch-head", "--refetch", f"--filter={NO_BLOBS}")
        result = self._git.fetch(*options, REMOTE, tip, token=self._token)
        if result.returncode != 0:
            why = why_not_fetched(result.stderr, self._token)
            raise UnavailableError(f"git could not fetch the ledger's trees from {REMOTE}: {why}")
        self._git.ask("update-ref", "-d", COMMITS)
        self._here, self._listed = set(), False  # much more is here now

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
