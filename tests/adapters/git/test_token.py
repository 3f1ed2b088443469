"""The token and git: it goes to the configured server, and to nobody else."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from clones import Clone

import requests
from jitbot.adapters.git import GitRepository
from jitbot.adapters.git.process import Token, _credentials
from jitbot.adapters.github import Client, GitHubReader
from jitbot.adapters.oidc import ActionsOidc
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.text.addresses import origin


@contextmanager
def listening(to: str = "") -> Iterator[tuple[str, list[str]]]:
    """A server that refuses everyone, or sends them on to another address, and remembers what they showed."""
    shown: list[str] = []

    class Exchange(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.append(self.headers.get("Authorization", ""))
            if not to:
                self.send_error(403)
                return
            self.send_response(301)
            self.send_header("Location", f"{to}{self.path}")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", shown
    server.shutdown()
    thread.join()
    server.server_close()


def shown_to(address: str, server: str, tmp_path: Path) -> str:
    """The headers that git, by its own reading of what it was told, would send to an address."""
    environ = {**os.environ, **_credentials(Token("ghs_secret", origin(server))), "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "config", "--get-urlmatch", "http.extraHeader", address]
    environ["HOME"] = str(tmp_path)
    return subprocess.run(
        command, env=environ, capture_output=True, text=True, check=False, cwd=tmp_path
    ).stdout


@pytest.mark.parametrize(
    ("address", "server", "sent"),
    [
        ("https://github.com/acme/access.git", "https://github.com", True),
        ("https://olivia@github.com/acme/access", "https://github.com", True),
        ("https://GitHub.com:443/acme/access", "https://github.com", True),
        ("https://ghe.acme.com:8443/acme/access", "https://ghe.acme.com:8443", True),
        ("http://github.com/acme/access", "https://github.com", False),
        ("https://github.com:8443/acme/access", "https://github.com", False),
        ("https://github.com@evil.example/acme/access", "https://github.com", False),
        ("https://github.com.evil.example/acme/access", "https://github.com", False),
        ("https://api.github.com/acme/access", "https://github.com", False),
        ("https://evil.example/github.com/acme/access", "https://github.com", False),
        ("http://ghe.acme.com/acme/access", "http://ghe.acme.com", False),  # it is never sent in the open
        ("https://evil.example/x", "https://*", False),
    ],
)
def test_the_token_is_for_one_server(address: str, server: str, sent: bool, tmp_path: Path) -> None:
    """git itself says for which addresses the header is meant: same scheme, host and port, and no other."""
    assert bool(shown_to(address, server, tmp_path)) is sent


def test_another_remote_is_shown_nothing(clone: Clone) -> None:
    """A stranger's clone, whose origin is anywhere, gets no token of github.com, nor of a server beside it."""
    with listening() as (url, shown), listening() as (other, _):
        clone.git("remote", "set-url", "origin", f"{url}/acme/access.git")
        for repository in (
            GitRepository(clone.root, token="ghs_secret"),
            GitRepository(clone.root, token="ghs_secret", server=other),
            GitRepository(clone.root, token="ghs_secret", server=url.replace("127.0.0.1", "localhost")),
        ):
            with pytest.raises(UnavailableError):
                repository.fetch()
    assert set(shown) == {""}


def test_an_address_that_is_rewritten_is_judged_as_it_is_asked(clone: Clone) -> None:
    """`insteadOf` leads elsewhere: what counts is the address that git really asks."""
    with listening() as (url, shown):
        clone.git("remote", "set-url", "origin", "https://github.com/acme/access.git")
        clone.git("config", f"url.{url}/.insteadOf", "https://github.com/")
        with pytest.raises(UnavailableError):
            GitRepository(clone.root, token="ghs_secret").fetch()
    assert set(shown) == {""}


def test_a_redirect_is_not_followed_with_the_token(clone: Clone) -> None:
    """git would keep its headers for wherever the configured server sends it."""
    with listening() as (evil, shown), listening(to=evil) as (url, first):
        clone.git("remote", "set-url", "origin", f"{url}/acme/access.git")
        with pytest.raises(UnavailableError):
            GitRepository(clone.root, token="ghs_secret", server=url).fetch()
    assert first
    assert all(first)
    assert shown == []


def test_whoever_audits_shows_the_token_to_the_server_alone(clone: Clone) -> None:
    """A partial clone's remote is asked for what is missing under the same rule."""
    for server, sent in (("https://github.com", ""), (None, "Basic eC1hY2Nlc3MtdG9rZW46Z2hzX3NlY3JldA==")):
        with listening() as (url, shown):
            clone.git("remote", "set-url", "origin", f"{url}/acme/access.git")
            whole = GitRepository(clone.root, token="ghs_secret", server=server or url)
            whole._remainder._git.run("fetch", "origin", token=whole._remainder._token)
        assert set(shown) == {sent}


def test_the_api_is_private_too() -> None:
    """In the open nothing is asked of it; where it redirects to another host or port, nothing is shown there."""
    for address in (
        "http://api.github.com",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
    ):
        with pytest.raises(DeniedError, match="nor this machine"):
            Client("acme/access", token="ghs_secret", api_url=address)
    with listening() as (evil, shown):
        for to in (evil, evil.replace("127.0.0.1", "localhost")):
            with listening(to=to) as (url, _), pytest.raises(UnavailableError):
                GitHubReader(Client("acme/access", token="ghs_secret", api_url=url, backoff=0)).files(7)
    assert shown == []


def test_the_issuer_is_not_left_for_another() -> None:
    """A job's right to tokens is sent to no address in the open, and no redirect is followed, for keys neither."""
    with pytest.raises(DeniedError, match="nor this machine"):
        ActionsOidc("x", request_url="http://token.example/?a=b", request_token="t").token("audience")
    with listening() as (evil, shown), listening(to=evil) as (url, first):
        issuer = ActionsOidc(url, request_url=f"{url}/token", request_token="t")
        for ask in (issuer.keys, lambda: issuer.token("audience")):
            with pytest.raises(UnavailableError, match="301"):
                ask()
    assert len(first) == 2
    assert shown == []
    assert requests.codes.moved == 301
