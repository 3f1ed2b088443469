"""Where a command works: the data root, the files in it, and the clone around it."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from jitbot.domain.model.documents import FOLDER, PLAIN, POLICIES, SETTINGS
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.text.addresses import server

if TYPE_CHECKING:
    from jitbot.adapters.git import GitRepository

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
        modes = {path: mode for path in paths if (mode := self._mode(self.root / path))}
        plain = {PLAIN} if PLAIN in modes.values() else {"100755"}
        return {path: mode for path, mode in modes.items() if mode not in plain}

    def _is_plain(self, file: Path) -> bool:
        return file.is_file() and not self._is_behind_a_link(file)

    def _is_behind_a_link(self, file: Path) -> bool:
        """Whether a file, or a folder above it in here, is a symlink."""
        return any(
            part.is_symlink() for part in takewhile(lambda part: part != self.root, (file, *file.parents))
        )

    def _mode(self, file: Path) -> str:
        """The mode by which git would take up a file; empty if there is none."""
        if self._is_behind_a_link(file):
            return "120000"
        if file.is_dir():
            return FOLDER
        if not file.exists():
            return ""
        return "100755" if file.stat().st_mode & 0o100 else PLAIN


def policy_paths(root: Path) -> list[str]:
    """The paths of all policies below a data root."""
    return sorted(path.relative_to(root).as_posix() for path in (root / POLICIES).glob("*.yaml"))


def data_root(start: Path) -> Path:
    """The nearest folder, from here up to the clone's own, that holds policies/settings.yaml. Raises InvalidError if none does."""
    found = _nearest(start)
    if found is None:
        raise InvalidError(
            f"no {SETTINGS} in {start} or above: run jitbot inside a clone of the access repository"
        )
    return found


def has_data_root(start: Path) -> bool:
    """Whether there is such a folder."""
    return _nearest(start) is not None


def root_of(files: Iterable[str], folder: Path) -> Path:
    """The data root that these files of the command line lie in; without any, the one that the folder lies in.

    Raises InvalidError if there is none, or more than one.
    """
    roots = {file: _root_above(Path(os.path.normpath(folder / file))) for file in files}
    found = {root for root in roots.values() if root is not None}
    if len(found) > 1:
        named = ", ".join(str(root) for root in sorted(found))
        raise InvalidError(f"these files lie in several access repositories: {named}; check each by itself")
    for file, root in roots.items():
        if root is None and _is_link(folder / file):
            target = (folder / file).resolve()
            raise InvalidError(f"{file} is a symlink; name the file itself, {target}")
    return found.pop() if found else data_root(folder)


def is_folder(path: Path) -> bool:
    """Whether a folder lies there, and no symlink to one."""
    try:
        return path.is_dir() and not path.is_symlink()
    except OSError:  # a name too long for any file
        return False


def _is_link(path: Path) -> bool:
    try:
        return path.is_symlink()
    except OSError:
        return False


def _root_above(path: Path) -> Path | None:
    return _nearest(path if is_folder(path) else path.parent)


def _nearest(start: Path) -> Path | None:
    """It lies in the repository of `start`: a clone that surrounds this one has the rules of somebody else."""
    for each in (start, *start.parents):
        if (each / SETTINGS).is_file():
            return each
        if (each / ".git").exists():
            return None
    return None


def clone(start: Path, environ: Mapping[str, str]) -> "GitRepository":
    """The clone that holds the data root."""
    from jitbot.adapters.git import GitRepository

    token = environ.get("GITHUB_TOKEN", "")
    return GitRepository(data_root(start), token=token, server=server(environ), environ=environ)


def relative(file: str, *, folder: Path, root: Path) -> str:
    """A file named on the command line, as a path below the data root. Raises InvalidError if it lies elsewhere."""
    full = Path(os.path.normpath(folder / file))
    if full.is_relative_to(root):
        return full.relative_to(root).as_posix()
    raise InvalidError(f"{file} does not lie in the access repository at {root}")
