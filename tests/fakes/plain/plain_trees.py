"""Commits and their files in memory, as git shows them to a use case that reads nothing but trees."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from acme_facts import sha

from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model.bounds import EVENT_READ
from jitbot.domain.model.documents import PLAIN, Sha
from jitbot.domain.model.errors import UnavailableError
from jitbot.sandbox.organisation import acme_tree

FOLDER = "040000"
MAIN = sha("main")


@dataclass(slots=True, kw_only=True)
class PlainTrees:
    """A repository: main's files, and the commits that were made on it. All of it is fetched, except the `heads`."""

    files: dict[str, bytes] = field(default_factory=lambda: dict(acme_tree("https://x.example")))
    modes: dict[str, str] = field(default_factory=dict)  # of what is no plain file, in every commit
    branches: dict[str, Sha] = field(default_factory=lambda: {"main": MAIN})
    parents: dict[Sha, Sha] = field(default_factory=dict)
    trees: dict[Sha, Mapping[str, bytes]] = field(default_factory=dict)  # of other commits than main's tip
    heads: dict[int, Sha] = field(default_factory=dict)  # of pull requests, as they were fetched
    fetched: list[tuple[int, ...]] = field(default_factory=list)
    vast: bool = False  # whether a change is too much to read

    def push(self, branch: str, files: Mapping[str, bytes | None], parent: Sha = MAIN) -> Sha:
        """Somebody's commit on a branch; None deletes a file."""
        commit = sha(f"{branch}: {sorted(files.items(), key=str)} on {parent}")
        after = {
            path: content for path, content in {**self.tree(parent), **files}.items() if content is not None
        }
        self.parents[commit], self.trees[commit] = parent, after
        self.branches[branch] = commit
        return commit

    def tree(self, commit: Sha) -> Mapping[str, bytes]:
        """All files of a commit."""
        return self.files if commit == MAIN else self.trees[commit]

    def lies_in(self, commit: Sha, folder: str) -> Iterator[AddedEntry]:
        """What lies directly in a folder, in git's order; "" is the root."""
        tree, start = self.tree(commit), f"{folder}/" if folder else ""
        below = [path for path in [*tree, *self.modes] if path.startswith(start)]
        # A folder has its place as if its name ended in a slash.
        names = {
            name + slash for name, slash, _ in (path.removeprefix(start).partition("/") for path in below)
        }
        for path in (start + name.rstrip("/") for name in sorted(names)):
            mode = self.modes.get(path, PLAIN if path in tree else FOLDER)
            yield AddedEntry(path=path, mode=mode, blob=blob_name(tree[path]) if path in tree else sha(path))

    def known(self) -> Mapping[Sha, bytes]:
        """Every content by its name."""
        return {
            blob_name(content): content
            for tree in (self.files, *self.trees.values())
            for content in tree.values()
        }

    def _differing(self, base: Sha, commit: Sha) -> tuple[str, ...]:
        one, other = self.tree(base), self.tree(commit)
        return tuple(sorted(path for path in {*one, *other} if one.get(path) != other.get(path)))

    # What a use case asks of git

    def main(self) -> Sha:
        """Its tip."""
        return self.branches["main"]

    def entries(self, commit: Sha, paths: Sequence[str]) -> tuple[AddedEntry, ...]:
        """At these paths, or directly in these folders, as git lists them.

        What leads to another path is opened, not named; in it lies what any of the paths is, or leads to.
        """
        asked = [path.removeprefix("./") for path in paths]
        opened = {path[: end + 1] for path in asked for end, sign in enumerate(path) if sign == "/"}
        wanted = tuple(f"{path.rstrip('/')}/" if path else "" for path in asked)

        def below(folder: str) -> Iterator[AddedEntry]:
            for each in self.lies_in(commit, folder):
                if each.mode == FOLDER and f"{each.path}/" in opened:
                    yield from below(each.path)
                elif each.path in asked or each.path.startswith(wanted):
                    yield each

        return tuple(below(""))

    def small(self, blobs: Iterable[Sha], most: int) -> Mapping[Sha, bytes | None]:
        """Their bytes, up to so many."""
        known = self.known()
        found: dict[Sha, bytes | None] = {}
        for each in blobs:
            if each not in known:  # as a commit of another repository, which no clone of this one has
                raise UnavailableError(f"{each} is not here")
            found[each] = known[each] if len(known[each]) <= most else None
        return found

    def read(self, blobs: Iterable[Sha]) -> Mapping[Sha, bytes]:
        """The bytes of all of them."""
        found = self.small(blobs, EVENT_READ)
        if None in found.values():
            raise UnavailableError("a file is larger than any of jitbot")
        return {each: content for each, content in found.items() if content is not None}

    def touched(self, base: Sha, commit: Sha) -> tuple[str, ...] | None:
        """What differs."""
        if self.vast:
            return None
        return self._differing(base, commit)

    def merge_base(self, one: Sha, other: Sha) -> Sha:
        """The newest commit that both have in their past."""
        past, commit = [one], one
        while commit in self.parents:
            commit = self.parents[commit]
            past.append(commit)
        while other not in past:
            if other not in self.parents:
                raise UnavailableError(f"git finds no common ancestor of {one[:10]} and {other[:10]} here")
            other = self.parents[other]
        return other

    def pull_head(self, number: int) -> Sha | None:
        """As it was fetched."""
        return self.heads.get(number)
