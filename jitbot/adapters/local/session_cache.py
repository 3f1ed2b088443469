"""Sessions kept on this machine while they are valid: one file each, readable only by this user."""

import hashlib
import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from jitbot.adapters.local.whole_file import write_whole
from jitbot.domain.enforce.grant_target import Session
from jitbot.domain.text import timestamp


def cache_folder(environ: Mapping[str, str]) -> Path:
    """This user's cache folder of jitbot."""
    home = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME") or Path.home()) / ".cache")
    return Path(home) / "jitbot"


def kept_sessions(environ: Mapping[str, str]) -> "SessionCache":
    """This user's sessions."""
    return SessionCache(cache_folder(environ) / "sessions")


class SessionCache:
    """A folder of sessions. Unreadable files, and files that other users could have written, are ignored."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, *key: str) -> tuple[Session, Mapping[str, Any]] | None:
        """A session kept under this key, with what was noted beside it."""
        return self._read(self._file(key))

    def forget(self, request: str, repository: str) -> None:
        """Remove the sessions that were noted as those of a request of this repository, or of one not named."""
        for file in self._folder.glob("*.json"):
            found = self._read(file)
            if found is None or found[1].get("request") != request:
                continue
            if str(found[1].get("repository", repository)).casefold() == repository.casefold():
                file.unlink(missing_ok=True)

    def _read(self, file: Path) -> tuple[Session, Mapping[str, Any]] | None:
        try:
            descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return None
        with os.fdopen(descriptor) as opened:
            owner = os.fstat(opened.fileno())
            if owner.st_uid != os.getuid() or owner.st_mode & 0o077:
                return None
            try:
                found = json.load(opened)
                session = Session(
                    access_key=found["access_key"],
                    secret_key=found["secret_key"],
                    token=found["token"],
                    expires_at=timestamp.parse(found["expires_at"]),
                )
                return session, dict(found["note"])
            except (ValueError, KeyError, TypeError):
                return None

    def keep(self, session: Session, note: Mapping[str, Any], *key: str) -> None:
        """Keep a session. If the folder cannot be written, only speed is lost."""
        content = {
            "access_key": session.access_key,
            "secret_key": session.secret_key,
            "token": session.token,
            "expires_at": timestamp.show(session.expires_at),
            "note": dict(note),
        }
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # What a killed process leaves beside it has the same ending, so it is forgotten as the others are.
            write_whole(self._file(key), json.dumps(content).encode())
        except OSError:
            return

    def forget_ended(self, now: datetime) -> None:
        """Remove the files of sessions that are over."""
        for file in self._folder.glob("*.json"):
            try:
                if file.stat().st_mtime < now.timestamp() - 2 * 3600:
                    file.unlink()
            except OSError:
                continue

    def _file(self, key: tuple[str, ...]) -> Path:
        return self._folder / f"{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]}.json"
