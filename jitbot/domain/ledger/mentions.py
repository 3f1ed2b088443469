"""Could a file of the ledger name a person? Its bytes are asked, so that what cannot concern the person need not be judged.

"No" is certain: no reading of the file as an event names the login, in capitals or small letters. "Yes" is not. JSON can
write a letter as an escape, and in other encodings than UTF-8, so such a file may name anybody.
"""

import re
from dataclasses import dataclass

from jitbot.domain.ledger.events import SCHEMA

_PLAIN = re.compile(r"[A-Za-z0-9\[\]_-]+", re.ASCII)  # JSON can write these as themselves, or by `\\u` alone
# How an event begins, as `events.dump` writes it. Only in this place it is certain which key of which object it is.
_BEGINS = re.compile(
    rb'\{\n  "schema": %d,\n  "event": "[a-z-]+",\n  "at": "[0-9A-Z:-]+",\n  "request": "([^"\\\n]*)",\n'
    % SCHEMA
)


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What the bytes of an event show without being read: its request, and whether it may say why that was asked for."""

    request: str
    may_say_why: bool


class Mentions:
    """Looks for one login."""

    def __init__(self, login: str) -> None:
        self._folded = login.casefold()
        self._bytes = self._folded.encode(errors="replace")
        self._escape = b"\\u" if _PLAIN.fullmatch(login) else b"\\"

    def may_be_in(self, content: bytes | None) -> bool:
        """Whether a file of these bytes may name the person. None: nobody knows its bytes."""
        if content is None or self._escape in content or b"\0" in content:
            return True
        if content.isascii():
            return self._bytes in content.lower()
        return self._folded in content.decode(errors="replace").casefold()


def glimpse(content: bytes | None) -> Glimpse | None:
    """What can be seen of an event; None where it must be read for that."""
    if content is None or (begins := _BEGINS.match(content)) is None:
        return None
    try:
        request = begins[1].decode()
    except UnicodeDecodeError:
        return None
    return Glimpse(request=request, may_say_why=b'"reason"' in content or b"\\u" in content)
