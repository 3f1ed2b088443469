"""Where a token may be sent."""

import pytest

from jitbot.domain.text.addresses import is_private, origin, server


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://github.com", "https://github.com"),
        ("https://github.com/", "https://github.com"),
        ("https://github.acme.com:8443/some/path", "https://github.acme.com:8443"),
        ("http://127.0.0.1:8123", "http://127.0.0.1:8123"),
        ("http://localhost:4566/x", "http://localhost:4566"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("https://github.com@evil.example", "https://evil.example"),  # that is the server which answers
        ("HTTPS://GitHub.com", "https://github.com"),
    ],
)
def test_what_is_private_has_an_origin(address: str, said: str) -> None:
    """TLS, or this machine: scheme, host and port, and nothing else of it."""
    assert is_private(address)
    assert origin(address) == said


@pytest.mark.parametrize(
    "address",
    [
        "",
        "github.com",
        "http://github.com",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "http://localhost.evil.example",
        "ftp://127.0.0.1",
        "ssh://git@github.com",
        "https://",
        "https://[::1",
    ],
)
def test_what_others_may_read_has_none(address: str) -> None:
    """In the open, of another kind, or no address at all."""
    assert not is_private(address)
    assert origin(address) == ""


@pytest.mark.parametrize(
    "address", ["https://*.com", "https://a_b.example", "https://x y", "https://é.example", "https://a:x"]
)
def test_a_host_that_git_would_read_as_a_pattern_has_no_origin(address: str) -> None:
    """A star stands for any host in git's configuration."""
    assert origin(address) == ""


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "https://github.com"),
        ({"GITHUB_SERVER_URL": "", "GITHUB_API_URL": ""}, "https://github.com"),
        ({"GITHUB_SERVER_URL": "https://ghe.acme.com"}, "https://ghe.acme.com"),
        (
            {"GITHUB_SERVER_URL": "https://a.example", "GITHUB_API_URL": "https://b.example/api/v3"},
            "https://a.example",
        ),
        ({"GITHUB_API_URL": "https://api.github.com"}, "https://github.com"),
        ({"GITHUB_API_URL": "https://api.acme.ghe.com/"}, "https://acme.ghe.com"),
        ({"GITHUB_API_URL": "https://ghe.acme.com/api/v3"}, "https://ghe.acme.com"),
        ({"GITHUB_API_URL": "https://api.acme.com/api/v3"}, "https://api.acme.com"),
        ({"GITHUB_API_URL": "https://api.github.com.evil.example"}, "https://api.github.com.evil.example"),
        ({"GITHUB_API_URL": "http://127.0.0.1:8123"}, "http://127.0.0.1:8123"),
    ],
)
def test_the_server_is_the_one_that_is_configured(environ: dict[str, str], said: str) -> None:
    """GITHUB_SERVER_URL, as Actions sets it; without it the server whose API is named."""
    assert origin(server(environ)) == said
