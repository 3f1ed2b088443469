"""The rules at any commit of main, made once for all commits that share their files."""

from collections.abc import Iterable

from jitbot.domain.audit.history.main_history import Files
from jitbot.domain.model.documents import PLAIN, Parsed, Request, Sha, Source
from jitbot.domain.model.merge_facts import ODD, Change, Rules
from jitbot.ports.documents import DocumentReader
from jitbot.ports.git import Git
from jitbot.usecases.collect.collect_case import large, read_rules, rule_paths
from jitbot.usecases.collect.memory_tree import MemoryTree


class Rulebook:
    """Every code-owned document that main ever had, and the rules they make together."""

    def __init__(self, git: Git, documents: DocumentReader, blobs: Iterable[Sha]) -> None:
        self._git = git
        self._documents = documents
        self._contents: dict[Sha, bytes | None] = {}
        self._large: set[Sha] = set()  # those that are here, and larger than what is read
        self._known: dict[tuple[str, tuple[tuple[str, Sha], ...]], Rules] = {}
        self.learn(blobs)

    def learn(self, blobs: Iterable[Sha]) -> None:
        """Read more documents, such as those of heads that main never had."""
        plain = {blob for blob in blobs if not blob.startswith(ODD)}
        found = dict(self._git.contents(plain - self._contents.keys()))
        self._contents.update(found)
        self._large |= self._git.here(blob for blob, content in found.items() if content is None)

    def files_at(self, commit: Sha, policy: str) -> Files:
        """The files that make the rules for this policy at a commit, asked of that commit itself."""
        found = self._git.blobs_at([(commit, path) for path in rule_paths(policy)])
        files = {path: blob for (_, path), blob in found.items() if blob is not None}
        self.learn(files.values())
        return files

    def rules(self, files: Files, policy: str) -> Rules | None:
        """The rules that these files make for this policy; None if one of them is not in this clone."""
        named = rule_paths(policy)
        key = (policy, tuple((path, files[path]) for path in named if path in files))
        if key not in self._known:
            odd = {path: mode for path, blob in key[1] if (mode := self._odd(blob))}
            plain = [(path, blob) for path, blob in key[1] if path not in odd]
            there = {
                path: content for path, blob in plain if (content := self._contents.get(blob)) is not None
            }
            if len(there) < len(plain):
                return None
            self._known[key] = read_rules(MemoryTree(there, odd), self._documents, policy)
        return self._known[key]

    def _odd(self, blob: Sha) -> str:
        """The git mode of a file that is not ordinary, or too large; empty for any other."""
        if blob in self._large:
            return large(blob)
        return blob.removeprefix(ODD) if blob.startswith(ODD) else ""

    def request(self, change: Change, content: bytes | None) -> Parsed[Request] | None:
        """What the bytes of a changed request file say, as a run reads them."""
        if change.blob is None:
            return None
        if change.mode != PLAIN or content is None:
            return Parsed(value=None)
        return self._documents.parse_request(Source(path=change.path, content=content))
