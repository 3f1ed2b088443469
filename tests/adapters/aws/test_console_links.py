"""The link that signs in to the console: who gets the credentials for it, and what an answer that is none leads to."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import requests
from jitbot.adapters.aws.console_links import federated
from jitbot.domain.enforce.grant_target import Session
from jitbot.domain.model.errors import DeniedError, UnavailableError

SESSION = Session(
    access_key="ASIA1", secret_key="s3cret", token="t0ken", expires_at=datetime(2026, 11, 24, 10, tzinfo=UTC)
)


class SignIn:
    """AWS's sign-in endpoint, which answers as it is given; `asked` are the addresses and what was sent there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, status: int = 200, body: bytes = b"{}") -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._status, self._body = status, body
        monkeypatch.setattr(requests, "get", self._get)

    def _get(self, url: str, *, params: dict[str, str], allow_redirects: bool, **_: Any) -> requests.Response:
        assert not allow_redirects
        self.asked.append((url, params))
        if not self._status:
            raise requests.ConnectionError("s3cret is in the address")
        answer = requests.Response()
        answer.status_code, answer._content = self._status, self._body
        return answer


@pytest.mark.parametrize(
    ("endpoint", "site"),
    [(None, "https://signin.aws.amazon.com"), ("http://127.0.0.1:9", "http://127.0.0.1:9")],
)
def test_a_link_has_the_token_that_aws_gave(
    monkeypatch: pytest.MonkeyPatch, endpoint: str | None, site: str
) -> None:
    """The session is shown to AWS, or to the endpoint that is configured; the link holds the answer, and no key."""
    signin = SignIn(monkeypatch, body=b'{"SigninToken": "a token"}')
    link = urlsplit(federated(SESSION, endpoint=endpoint))
    ((asked, sent),) = signin.asked
    assert asked == f"{site}/federation"
    assert json.loads(sent["Session"]) == {
        "sessionId": "ASIA1",
        "sessionKey": "s3cret",
        "sessionToken": "t0ken",
    }
    assert f"{link.scheme}://{link.netloc}{link.path}" == asked
    assert parse_qs(link.query) == {
        "Action": ["login"],
        "Issuer": ["jitbot"],
        "Destination": ["https://console.aws.amazon.com/"],
        "SigninToken": ["a token"],
    }


def test_credentials_are_not_sent_in_the_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody on the way could read them."""
    signin = SignIn(monkeypatch, body=b'{"SigninToken": "a token"}')
    with pytest.raises(DeniedError, match="neither TLS nor this machine"):
        federated(SESSION, endpoint="http://signin.example")
    assert signin.asked == []


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (0, b"", UnavailableError, "could not be asked for a sign-in token: ConnectionError"),
        (302, b"", DeniedError, "gave no sign-in token: status 302"),
        (400, b'{"SigninToken": "no"}', DeniedError, "gave no sign-in token: status 400"),
        (200, b"<html>", UnavailableError, "answered without a sign-in token"),
        (200, b"[]", UnavailableError, "answered without a sign-in token"),
        (200, b"{}", UnavailableError, "answered without a sign-in token"),
    ],
)
def test_what_is_no_token_gives_no_link(
    monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, kind: type[Exception], said: str
) -> None:
    """A refusal, a redirect, and an answer without a token say so, without what was sent."""
    SignIn(monkeypatch, status, body)
    with pytest.raises(kind, match=said) as raised:
        federated(SESSION)
    assert "s3cret" not in str(raised.value)
    assert raised.value.__cause__ is None
