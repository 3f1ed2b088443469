"""What every test stands on: no network but this machine's own loopback."""

import pytest
from pytest_socket import socket_allow_hosts
from tally import PROPERTY, total


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Refuse every connection that leaves this machine, in fixtures as in tests."""
    socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the independent judge was asked, and how much of it was not as promised."""
    reports = (report for reports in terminalreporter.stats.values() for report in reports)
    found = [
        value
        for report in reports
        if getattr(report, "when", "") == "teardown"
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    for line in total(found).lines() if found else ():
        terminalreporter.write_line(line)
