"""Where a command works: the data root, the files in it, and the clone around it."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from jitbot.adapters.git import GitRepository
from jitbot.domain.model.documents import PLAIN
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.text.addresses import server
from jitbot.usecases.context import SETTINGS

LARGEST = 1 << 20  # bytes: a larger file is not a document of jitbot


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderTree:
    """The files of a folder on disk."""

    root: Path

    def read(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """The contents of those paths that are ordinary files."""
        found = {}
        for path in paths:
            try:
                if self._is_plain(self.root / path):
                    with (self.root / path).open("rb") as opened:
                        found[path] = opened.read(LARGEST)
            except OSError as error:
                raise InvalidError(f"{path} cannot be read: {error.strerror}") from None
        return found

    def others(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The git modes that those paths would have which are there and are no ordinary files.

        If every file is executable, the file system has no such bit, and git ignores it.
        """
        modes = {path: mode for path in paths if (mode := _mode(self.root / path))}
        plain = {PLAIN} if PLAIN in modes.values() else {"100755"}
        return {path: mode for path, mode in modes.items() if mode not in plain}

    def _is_plain(self, file: Path) -> bool:
        below = [part for part in (file, *file.parents) if self.root in part.parents]
        return file.is_file() and not any(part.is_symlink() for part in below)


def _mode(file: Path) -> str:
    """The mode by which git would take up a file; empty if there is none."""
    if file.is_symlink():
        return "120000"
    if file.is_dir():
        return "040000"
    if not file.exists():
        return ""
    return "100755" if os.access(file, os.X_OK) and file.stat().st_mode & 0o100 else PLAIN


def data_root(start: Path) -> Path:
    """The nearest folder, from here upwards, that holds policies/settings.yaml. Raises InvalidError if none does."""
    for folder in (start, *start.parents):
        if (folder / SETTINGS).is_file():
            return folder
    raise InvalidError(
        f"no {SETTINGS} in {start} or above: run jitbot inside a clone of the access repository"
    )


def clone(start: Path, environ: Mapping[str, str]) -> GitRepository:
    """The clone that holds the data root."""
    token = environ.get("GITHUB_TOKEN", "")
    return GitRepository(data_root(start), token=token, server=server(environ), environ=environ)


def relative(file: str, *, folder: Path, root: Path) -> str:
    """A file named on the command line, as a path below the data root. Raises InvalidError if it lies elsewhere."""
    full = Path(os.path.normpath(folder / file))
    if full.is_relative_to(root):
        return full.relative_to(root).as_posix()
    raise InvalidError(f"{file} does not lie in the access repository at {root}")
