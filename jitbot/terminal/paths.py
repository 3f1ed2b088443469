"""Where a command works: the data root, the files in it, the clone around it, and the request it means."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from jitbot.adapters.git import GitRepository
from jitbot.domain.model import timestamp
from jitbot.domain.model.addresses import server
from jitbot.domain.model.errors import InvalidError
from jitbot.usecases.context import SETTINGS

LARGEST = 1 << 20  # bytes: what is larger than this is no document of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderTree:
    """The files of a folder as they lie on disk."""

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

        Where every file is executable, the file system knows no such bit, and git looks at none.
        """
        modes = {path: mode for path in paths if (mode := _mode(self.root / path))}
        plain = {"100644"} if "100644" in modes.values() else {"100755"}
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
    return "100755" if os.access(file, os.X_OK) and file.stat().st_mode & 0o100 else "100644"


class Moment(click.ParamType[datetime]):
    """A time on the command line."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read `2026-11-24T09:00:00Z`."""
        try:
            return value if isinstance(value, datetime) else timestamp.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


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
    return GitRepository(data_root(start), token=environ.get("GITHUB_TOKEN", ""), server=server(environ))


def relative(file: str, *, folder: Path, root: Path) -> str:
    """A file named on the command line, as a path below the data root. Raises InvalidError if it lies elsewhere."""
    full = Path(os.path.normpath(folder / file))
    if full.is_relative_to(root):
        return full.relative_to(root).as_posix()
    raise InvalidError(f"{file} does not lie in the access repository at {root}")


def meant(text: str, known: Mapping[str, int | None]) -> str:
    """The request a person means, by path, id, unique part, or number of its pull request.

    `known` maps request paths to pull request numbers. Raises InvalidError if none or several fit.
    """
    if text in known:
        return text
    if number := re.fullmatch(r"#?([1-9][0-9]{0,9})", text):
        fits = [path for path, pull in known.items() if pull == int(number[1])]
    else:
        fits = [path for path in known if text in path]
    if len(fits) == 1:
        return fits[0]
    if not fits:
        raise InvalidError(f"no request is called {text!r}; `jitbot status` lists them")
    listed = "\n  ".join(sorted(fits)[:10])
    raise InvalidError(f"{text!r} fits {len(fits)} requests; which one?\n  {listed}")


def find_file(text: str, *, folder: Path, root: Path) -> str:
    """The request file a person means: a file's name from here, or a unique part of a request's path."""
    for start in (folder, root):
        if _is_file(start / text):
            return relative(text, folder=start, root=root)
    known = {file.relative_to(root).as_posix(): None for file in (root / "requests").glob("*/*/*.yaml")}
    return meant(text, known)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long for any file
        return False
