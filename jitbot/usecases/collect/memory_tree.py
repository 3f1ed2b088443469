"""Files that are read already, or are nowhere yet, as `read_rules` asks for them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MemoryTree:
    """Files by path, and the git modes of what is no ordinary file."""

    files: Mapping[str, bytes]
    odd: Mapping[str, str] = field(default_factory=dict)

    def read(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """The contents of those paths that are ordinary files."""
        return {path: self.files[path] for path in paths if path in self.files}

    def others(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The modes of those paths that are there and are no ordinary files."""
        return {path: self.odd[path] for path in paths if path in self.odd}
