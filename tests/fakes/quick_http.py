"""HTTP to an embedded GitHub or AWS of this very process, without a socket: the client's pool calls the application.

Everything above the connection stays the client's own (PyGithub, requests, botocore, urllib3 with its repeats), and
everything below it the server's own (Flask, the strict gateway, moto). What is not sent here goes through a socket:
a body that is no bytes, a chunked one, a port that nobody in this process listens on. A good answer does not pass
through what would hand it on as it is, PyGithub's session and urllib3's pool; any other does, since they may ask again.
"""

import http.client
import io
import sys
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from github.Requester import HTTPRequestsConnectionClass, RequestsResponse
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers, get_environ_proxies
from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.util import SKIP_HEADER

from jitbot.sandbox.aws import AwsSandbox
from jitbot.sandbox.github.server import Server
from requests import PreparedRequest, Response

LISTENING: dict[int, WSGIApplication] = {}  # by port on loopback, while the server runs
Answered = tuple[int, str, list[tuple[str, str]], bytes] | Exception  # status, reason, headers, body
_given = threading.local()  # what the application answered to this thread's call, until the pool takes it


def sent_here(patch: pytest.MonkeyPatch, left: list[bool]) -> None:
    """From now on servers that start are called in this process, unless `left` says that sockets are the subject."""
    _listening(patch)
    make, send = HTTPConnectionPool._make_request, HTTPAdapter.send
    getresponse = HTTPRequestsConnectionClass.getresponse

    def quick_getresponse(self: HTTPRequestsConnectionClass) -> RequestsResponse:
        here = self.host == "127.0.0.1" and not left[0]
        application = LISTENING.get(self.port) if here else None
        if application is not None and isinstance(self.input, bytes | str | None) and not self.stream:
            headers = {**self.session.headers, **self.headers}
            environ = _environ(self.verb, self.url, f"{self.host}:{self.port}", headers, self.input)
            answered = _called(application, environ, self.verb)
            if not isinstance(answered, Exception) and answered[0] < 400:
                return RequestsResponse(_good(answered))
            _given.answer = answered
        return getresponse(self)

    def quick_send(
        self: HTTPAdapter, request: PreparedRequest, stream: bool = False, timeout: Any = None, *more: Any, **named: Any
    ) -> Response:  # fmt: skip
        target = urlsplit(request.url or "")
        here = target.hostname == "127.0.0.1" and not left[0]
        application = LISTENING.get(target.port or 0) if here else None
        if application is not None and isinstance(request.body, bytes | str | None):
            method, url = str(request.method), request.path_url
            answered = _taken() or _called(
                application, _environ(method, url, target.netloc, request.headers, request.body), method
            )
            if not isinstance(answered, Exception) and answered[0] < 400:
                lazily = {"preload_content": False, "decode_content": False}
                return self.build_response(request, _response(answered, method, url, lazily))
            _given.answer = answered
        return send(self, request, stream, timeout, *more, **named)

    def quick_make(
        self: HTTPConnectionPool, conn: Any, method: str, url: str, body: Any = None, headers: Any = None,
        **more: Any,
    ) -> Any:  # fmt: skip
        application = LISTENING.get(self.port or 0) if self.host == "127.0.0.1" and not left[0] else None
        if application is None or more.get("chunked") or not isinstance(body, bytes | bytearray | str | None):
            return make(self, conn, method, url, body=body, headers=headers, **more)
        self.num_requests += 1
        answered = _taken() or _called(
            application, _environ(method, url, f"{self.host}:{self.port}", headers, body), method
        )
        if isinstance(answered, Exception):
            raise answered
        if more.get("response_conn") is not None:  # else the pool puts the connection back
            self._put_conn(conn)
        return _response(answered, method, url, more)

    def quick_proxies(url: str, no_proxy: Any = None) -> Any:
        return (
            {}
            if urlsplit(url).hostname == "127.0.0.1" and not left[0]
            else get_environ_proxies(url, no_proxy)
        )

    patch.setattr(HTTPRequestsConnectionClass, "getresponse", quick_getresponse)
    patch.setattr(HTTPAdapter, "send", quick_send)
    patch.setattr(HTTPConnectionPool, "_make_request", quick_make)
    # Both read every variable, for each call.
    patch.setattr("requests.sessions.get_environ_proxies", quick_proxies)
    patch.setattr("botocore.endpoint.get_environ_proxies", quick_proxies)


def _listening(patch: pytest.MonkeyPatch) -> None:
    """Know the embedded servers while they run."""
    start, stop, begin, end = Server.start, Server.stop, AwsSandbox.start, AwsSandbox.stop

    def started(self: Server) -> None:
        start(self)
        LISTENING[self._listener.port] = self._listener.app

    def stopped(self: Server) -> None:
        LISTENING.pop(self._listener.port, None)
        stop(self)

    def begun(self: AwsSandbox) -> AwsSandbox:
        found = begin(self)
        server: Any = self._server
        LISTENING[server.server_port] = _dated(server.app, server.RequestHandlerClass)
        return found

    def ended(self: AwsSandbox) -> None:
        if self._server is not None:
            LISTENING.pop(self._server.server_port, None)
        end(self)

    patch.setattr(Server, "start", started)
    patch.setattr(Server, "stop", stopped)
    patch.setattr(AwsSandbox, "start", begun)
    patch.setattr(AwsSandbox, "stop", ended)


def _dated(application: WSGIApplication, handler: type[BaseHTTPRequestHandler]) -> WSGIApplication:
    """An application whose server, not itself, writes the date into the answer."""
    nobody = handler.__new__(handler)

    def dated(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Callable[[bytes], object]:
            return start(status, [("Date", nobody.date_time_string()), *headers], *rest)

        return application(environ, begin)

    return dated


def environ_of(method: str, url: str, host: str, headers: Any, content: bytes) -> dict[str, Any]:
    """What a server hands to its application: https://peps.python.org/pep-3333/."""
    target = urlsplit(url)
    name, _, port = host.partition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(target.path).encode().decode("latin-1"),
        "QUERY_STRING": target.query,
        "REQUEST_URI": url,
        "RAW_URI": url,
        "SERVER_NAME": name,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": 1,
        "HTTP_HOST": host,
        "HTTP_ACCEPT_ENCODING": "identity",
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(content),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for header, value in headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        if text == SKIP_HEADER:
            continue
        key = header.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = text
    return environ


def _environ(
    method: str, url: str, host: str, headers: Any, body: bytes | bytearray | str | None
) -> dict[str, Any]:
    content = body.encode("latin-1") if isinstance(body, str) else bytes(body or b"")
    environ = environ_of(method, url, host, headers or {}, content)
    if body is None and method not in {"POST", "PUT", "PATCH"}:
        environ.pop("CONTENT_LENGTH")
    return environ


def _called(application: WSGIApplication, environ: dict[str, Any], method: str) -> Answered:
    """What the application answers. A dropped connection is what http.client says of one."""
    begun: list[Any] = []
    content: list[bytes] = []

    def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], object]:
        begun[:] = [int(status.split(" ", 1)[0]), status.partition(" ")[2], headers]
        return content.append

    try:
        answered = application(environ, start)
        content.extend(answered)
    except ConnectionError:
        return http.client.RemoteDisconnected("Remote end closed connection without response")
    if hasattr(answered, "close"):
        answered.close()
    status, reason, headers = begun
    return status, reason, headers, b"" if method == "HEAD" else b"".join(content)


def _taken() -> Answered | None:
    """What the application answered already to the call that goes on through the client's own layers."""
    found: Answered | None = vars(_given).pop("answer", None)
    return found


def _good(answered: tuple[int, str, list[tuple[str, str]], bytes]) -> Response:
    """An answer, as a session of requests gives it."""
    found = Response()
    found.status_code, found.reason, headers, found._content = answered
    found.headers = CaseInsensitiveDict(HTTPHeaderDict([*headers, ("Connection", "close")]))
    found.encoding = get_encoding_from_headers(found.headers)
    return found


def _response(
    answered: tuple[int, str, Any, bytes], method: str, url: str, more: dict[str, Any]
) -> HTTPResponse:
    """An answer, as the client's pool gives it."""
    status, reason, headers, content = answered
    return HTTPResponse(
        body=io.BytesIO(content),
        headers=HTTPHeaderDict([*headers, ("Connection", "close")]),
        status=status,
        version=11,
        version_string="HTTP/1.1",
        reason=reason,
        preload_content=more.get("preload_content", True),
        decode_content=more.get("decode_content", True),
        enforce_content_length=more.get("enforce_content_length", True),
        retries=more.get("retries"),
        request_method=method,
        request_url=url,
    )
