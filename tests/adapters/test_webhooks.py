"""Webhooks against a real HTTP server: both shapes arrive, and nothing that the other side does costs more than seconds."""

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from notification_facts import NOTICE

from jitbot.adapters.webhooks import Webhooks
from jitbot.domain.notifications.as_chat import message
from jitbot.domain.notifications.channels import ChannelShape
from jitbot.domain.notifications.chat_notice import HandedOn
from jitbot.sandbox.chat import ChatSandbox, lines

HANDED = HandedOn(attempt=1, notifications=(NOTICE,))
SECRET = "s3cret-part-of-an-address"
SAID = {"text": "hello"}


class Odd:
    """A server whose every path misbehaves in its own way; `asked` are the paths it was asked, in their order."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.let_go = threading.Event()
        odd = self

        class Handler(BaseHTTPRequestHandler):
            """One call."""

            def do_POST(self) -> None:
                """Answer as the first part of the path says."""
                odd.asked.append(self.path)
                odd.answer(self, self.path.split("/")[1])

            do_GET = do_POST  # noqa: N815 - as the base class has it

            def log_message(self, *_: Any) -> None:
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, call: BaseHTTPRequestHandler, kind: str) -> None:
        """Misbehave."""
        if kind == "hang":
            self.let_go.wait(20)
        elif kind == "drip":
            call.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not self.let_go.wait(0.05):
                call.wfile.write(b"X: y\r\n")
                call.wfile.flush()
        elif kind == "huge":
            call.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n")
            while not self.let_go.is_set():
                call.wfile.write(b"x" * 65_536)
        elif kind == "headers":
            call.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n")
        elif kind == "line":
            call.wfile.write(b"HTTP/1.1 " + b"2" * 100_000 + b"\r\n\r\n")
        elif kind == "noise":
            call.wfile.write(b"\x00\xff" * 50)
        elif kind == "nothing":
            call.connection.shutdown(socket.SHUT_RDWR)
        else:
            where = f"Location: {self.url}/200/elsewhere\r\n" if kind.startswith("3") else ""
            call.wfile.write(f"HTTP/1.1 {kind} X\r\n{where}Content-Length: 0\r\n\r\n".encode())


@pytest.fixture
def odd() -> Iterator[Odd]:
    """The server, running."""
    found = Odd()
    found.thread.start()
    yield found
    found.let_go.set()
    found.server.shutdown()
    found.thread.join()
    found.server.server_close()


def sent(odd: Odd, *kinds: str, seconds: float = 2.0) -> tuple[Mapping[str, str], float]:
    """Why each of these channels did not take its message, and how long it all took."""
    chat = Webhooks({kind: f"{odd.url}/{kind}/{SECRET}" for kind in kinds}, seconds=seconds)
    began = time.monotonic()
    trouble = chat.send(dict.fromkeys(kinds, SAID))
    return trouble, time.monotonic() - began


@pytest.mark.parametrize("shape", ChannelShape)
def test_a_message_arrives(shape: ChannelShape) -> None:
    """As JSON, in both shapes, once."""
    made = message(HANDED, shape, "https://github.com/acme/access")
    with ChatSandbox() as chat:
        assert Webhooks(chat.addresses(["payments"])).send({"payments": made}) == {}
        assert chat.messages == [("payments", json.loads(json.dumps(made)))]
        (line,) = lines(chat.messages[0][1])
    assert line.startswith("✅ alice has orders-db-read in prod until 24 Nov 2026, 11:00 UTC.")


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("400", "it answered 400"),
        ("404", "it answered 404"),
        ("429", "it answered 429"),
        ("500", "it answered 500"),
        ("300", "it answered 300, a redirect, which is not followed"),
        ("301", "it answered 301, a redirect, which is not followed"),
        ("307", "it answered 307, a redirect, which is not followed"),
        ("308", "it answered 308, a redirect, which is not followed"),
        ("headers", "it cannot be reached: ConnectionError"),
        ("line", "it cannot be reached: ConnectionError"),
        ("noise", "it cannot be reached: ConnectionError"),
        ("nothing", "it cannot be reached: ConnectionError"),
        ("hang", "it has not answered within 2 seconds"),
        ("drip", "it has not answered within 2 seconds"),
    ],
)
def test_a_channel_that_fails_is_asked_once(odd: Odd, kind: str, why: str) -> None:
    """One call, no redirect followed, a reason without the address, and seconds at the most."""
    trouble, took = sent(odd, kind)
    assert trouble == {kind: why}
    assert odd.asked == [f"/{kind}/{SECRET}"]
    assert took < 4


@pytest.mark.parametrize("kind", ["200", "201", "202", "204", "huge"])
def test_an_answer_is_not_read(odd: Odd, kind: str) -> None:
    """Success is in the status; a body without an end is never read."""
    trouble, took = sent(odd, kind)
    assert (trouble, len(odd.asked)) == ({}, 1)
    assert took < 4


def test_one_channel_delays_no_other(odd: Odd) -> None:
    """Beside one that hangs and one that fails, the good ones have their message at once."""
    trouble, took = sent(odd, "200", "hang", "500", "204", "drip")
    assert set(trouble) == {"hang", "500", "drip"}
    assert len(odd.asked) == 5
    assert took < 4


def test_nobody_there(odd: Odd) -> None:
    """A port that nobody listens on, a name that there is none of, and a channel without an address are reasons."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    chat = Webhooks(
        {"closed": f"http://127.0.0.1:{port}/{SECRET}", "label": f"https://{'a' * 64}.example/{SECRET}"}
    )
    trouble = chat.send({"closed": SAID, "label": SAID, "unknown": SAID})
    assert set(trouble) == {"closed", "label", "unknown"}
    assert trouble["unknown"] == "the secret JITBOT_CHANNELS has no address for it"
    assert not [why for why in trouble.values() if SECRET in why or "example" in why or str(port) in why]


def test_nothing_to_send_takes_no_time(odd: Odd) -> None:
    """No channel, no call."""
    assert Webhooks({}).send({}) == {}
    assert odd.asked == []
