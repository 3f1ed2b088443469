"""What every test stands on: no network but this machine's own loopback."""

import pytest
from pytest_socket import socket_allow_hosts


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Refuse every connection that leaves this machine, in fixtures as in tests."""
    socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)
