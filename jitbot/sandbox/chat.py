"""The chat of acme: a server on this machine that takes what webhooks take, and shows it."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

_LARGEST = 100_000  # bytes of a message
# By what a message holds: as Slack and as Teams answer it.
_TAKEN = {"text": (200, b"ok"), "attachments": (202, b"")}


class ChatSandbox:
    """A chat on loopback that lives as long as its `with` block. `show(channel, text)` hears of each message."""

    def __init__(self, show: Callable[[str, str], None] = lambda *_: None) -> None:
        self.messages: list[tuple[str, Mapping[str, Any]]] = []  # the channel and the JSON of each
        self._show = show
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="sandbox-chat")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def addresses(self, channels: Iterable[str]) -> Mapping[str, str]:
        """The addresses of these channels, as the secret of the environment has them."""
        return {each: f"http://127.0.0.1:{self._server.server_port}/{each}" for each in channels}

    def take(self, channel: str, content: bytes) -> tuple[int, bytes]:
        """Keep a message. Returns the answer's status and body."""
        try:
            message = json.loads(content)
            status, answer = next(_TAKEN[key] for key in _TAKEN if key in message)
        except (ValueError, TypeError, StopIteration):
            return 400, b"invalid_payload"
        self.messages.append((channel, message))
        for line in lines(message):
            self._show(channel, line)
        return status, answer

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        sandbox = self

        class Handler(BaseHTTPRequestHandler):
            """One call of a webhook."""

            def do_POST(self) -> None:
                """Take a message."""
                length = min(int(self.headers.get("Content-Length") or 0), _LARGEST)
                status, answer = sandbox.take(self.path.strip("/"), self.rfile.read(length))
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                """Stay quiet: `ChatSandbox.messages` is the log."""

        return Handler


def lines(message: Mapping[str, Any]) -> list[str]:
    """What people read in a message, whatever its shape."""
    if "text" in message:
        return str(message["text"]).splitlines()
    blocks = (block for each in message["attachments"] for block in each["content"]["body"])
    return [str(block.get("text", "")) for block in blocks]
