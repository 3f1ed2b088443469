"""Why a server gave no answer, by the errors that libraries really raise."""

import socket
import ssl

import pytest
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError, ReadTimeoutError

import requests
from jitbot.domain.text.no_answer import why_no_answer


def refused() -> requests.ConnectionError:
    """As requests raises it where nothing listens."""
    inner = NewConnectionError(None, "no")  # type: ignore[arg-type]
    inner.__cause__ = ConnectionRefusedError(111, "Connection refused")
    return requests.ConnectionError(MaxRetryError(None, "/", inner))  # type: ignore[arg-type]


def endless() -> OSError:
    """One that holds itself, by another."""
    one, other = OSError(), OSError()
    one.__cause__, other.__cause__ = other, one
    return one


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            requests.exceptions.ProxyError("x"),
            "the proxy does not let it through: see HTTPS_PROXY and NO_PROXY",
        ),
        (requests.exceptions.SSLError("x"), "its certificate is not trusted here: where"),
        (OSError(ssl.SSLCertVerificationError("x")), "its certificate is not trusted here: where"),
        (
            requests.ConnectionError(
                MaxRetryError(None, "/", NameResolutionError("x", None, socket.gaierror(-2, "no")))  # type: ignore[arg-type]
            ),
            "its name cannot be resolved: are you online",
        ),
        (refused(), "the connection was refused"),
        (requests.ReadTimeout("x"), "no answer in time: try again"),
        (requests.ConnectTimeout("x"), "no answer in time: try again"),
        (requests.ConnectionError(ReadTimeoutError(None, "/", "x")), "no answer in time: try again"),  # type: ignore[arg-type]
        (requests.ConnectionError("x"), "ConnectionError"),
        (endless(), "OSError"),
    ],
)
def test_a_cause_is_named(error: Exception, words: str) -> None:
    """However deep it lies; what shows none has its own name."""
    assert why_no_answer(error).startswith(words)
