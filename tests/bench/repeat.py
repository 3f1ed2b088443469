"""Repeats what the embedded AWS answers, from a process of its own that does little work, after a wait.

    python repeat.py http://127.0.0.1:4566 60

The first of equal questions goes on to the embedded AWS, with all that it checks. The same question again, of any run,
gets the same bytes, on a connection that stays open, as those to AWS do. Prints its port; then, for each line of its
input, what it was asked since the last, as JSON; and ends with its input.
"""

import asyncio
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO
from urllib.parse import parse_qs, urlsplit

_WHO = re.compile(rb"Credential=(\w+)/")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_OF_CONNECTION = re.compile(rb"\r\n(?:connection|content-length):[^\r]*", re.IGNORECASE)
_OF_A_RUN = {"RoleSessionName", "WebIdentityToken"}  # other ones in each run


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeating:
    """A running one."""

    url: str
    questions: IO[str]
    answers: IO[str]

    def asked(self) -> tuple[Mapping[str, int], int]:
        """How often each operation was asked for since the last time, and how many of these questions were new."""
        print(file=self.questions, flush=True)
        found = json.loads(self.answers.readline())
        return found["asked"], found["new"]


@contextmanager
def repeating(upstream: str, latency: float) -> Iterator[Repeating]:
    """One in a process of its own. Each of its answers waits so many milliseconds."""
    command = [sys.executable, __file__, upstream, str(latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield Repeating(url=f"http://127.0.0.1:{port}", questions=process.stdin, answers=process.stdout)
        process.stdin.close()


class Repeater:
    """Answers connections."""

    def __init__(self, upstream: str, seconds: float) -> None:
        self._host, self._port = urlsplit(upstream).hostname, urlsplit(upstream).port
        self._seconds = seconds
        self._known: dict[tuple[str, ...], bytes] = {}
        self._asked: Counter[str] = Counter()
        self._new = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until its other end closes it."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length[1])) if length else b""
                writer.write(await self._answer(head, body))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def told(self) -> str:
        """What was asked since the last time, and how many of these questions were new."""
        found = json.dumps({"asked": self._asked, "new": self._new})
        self._asked, self._new = Counter(), 0
        return found

    async def _answer(self, head: bytes, body: bytes) -> bytes:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self._asked[form["Action"]] += 1
        who = _WHO.search(head)
        said = (f"{name}={form[name]}" for name in sorted(form.keys() - _OF_A_RUN))
        question = (who[1].decode() if who else "", *said)
        await asyncio.sleep(self._seconds)
        if question not in self._known:
            self._new += 1
            self._known[question] = await self._ask(head, body)
        return self._known[question]

    async def _ask(self, head: bytes, body: bytes) -> bytes:
        """The embedded AWS's answer, for a connection that stays open."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        writer.write(head + body)
        start, _, content = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        kept = _OF_CONNECTION.sub(b"", start).replace(b"HTTP/1.0", b"HTTP/1.1", 1)
        return kept + b"\r\nContent-Length: %d\r\n\r\n" % len(content) + content


async def main() -> None:
    """Answer until the input ends."""
    repeater = Repeater(sys.argv[1], float(sys.argv[2]) / 1000)
    server = await asyncio.start_server(repeater.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(repeater.told(), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
