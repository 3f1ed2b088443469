"""The notes of a rehearsal as one file on this machine."""

from pathlib import Path

from jitbot.adapters.local.whole_file import write_whole
from jitbot.domain.model.errors import UnavailableError

_NAME = "jitbot-rehearsal.json"
_MOST = 1 << 16  # bytes: the notes are some hundreds


class NotebookFile:
    """The adapter of the port `Notebook`: a file in a folder, such as a clone's `.git`, which git does not commit."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / _NAME

    def load(self) -> bytes | None:
        try:
            with self._file.open("rb") as opened:
                return opened.read(_MOST)
        except OSError:
            return None

    def save(self, content: bytes) -> None:
        try:
            write_whole(self._file, content)
        except OSError as error:
            raise UnavailableError(f"{self._file} cannot be written: {error.strerror}") from None

    def clear(self) -> None:
        self._file.unlink(missing_ok=True)
