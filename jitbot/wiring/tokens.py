"""The job's own token for AWS, never an old one."""

import time
from collections.abc import Callable
from threading import Lock

FRESH = 120  # seconds; GitHub's tokens live for a few minutes, and a run may take longer


class FreshToken:
    """One token for all accounts, which are entered side by side; asked for anew once it is `FRESH` seconds old."""

    def __init__(self, ask: Callable[[], str], *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._seconds = seconds
        self._lock = Lock()
        self._token = ""
        self._since = 0.0

    def __call__(self) -> str:
        """The token. A failure to get one is not kept: the next account asks again."""
        with self._lock:
            now = self._seconds()
            if not self._token or now - self._since >= FRESH:
                self._token, self._since = self._ask(), now
            return self._token
