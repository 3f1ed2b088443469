"""`jitbot console` on plain values: which links there are, and when a browser is started."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from jitbot.adapters.aws import console_links
from jitbot.commands.use import console as module
from jitbot.domain.enforce.grant_status import GrantState, GrantStatus
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import InvalidError
from jitbot.terminal.invocation import Invocation

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
GRANT = GrantStatus(
    request="requests/p/2026-11/24-alice-x.yaml", requester="alice", principal="x", account="prod",
    account_id=AccountId("111111111111"), role_arn="arn:aws:iam::111111111111:role/jit/x", state=GrantState.LIVE,
    starts_at=None, granted_at=NOW, expires_at=NOW + timedelta(hours=2), left=timedelta(hours=2), why="",
)  # fmt: skip


class Machine:
    """A machine whose browser starts or not; `entered` are the lengths of sessions that were asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.grant, self.browser = GRANT, 0
        self.entered: list[int] = []
        self.opened: list[str] = []
        monkeypatch.setattr(module, "find", lambda *_, **__: self.grant)
        monkeypatch.setattr(module, "ambient", lambda *_: None)
        monkeypatch.setattr(module, "assume", lambda *_, seconds: self.entered.append(seconds))
        monkeypatch.setattr(console_links, "federated", lambda *_, **__: "https://signed.example")
        monkeypatch.setattr(click, "launch", self._launch)

    def _launch(self, link: str) -> int:
        self.opened.append(link)
        return self.browser

    def run(self, *, opened: bool = False, signed: bool = False) -> int:
        """Ask for the links."""
        asked = Invocation(now=NOW, environ={}, folder=Path("/"), jitbot=lambda *_: 0)
        none: dict[str, Any] = dict.fromkeys(("request", "account", "profile", "clone", "repository"))
        return module.console(asked, **none, opened=opened, signed=signed)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Such a machine."""
    return Machine(monkeypatch)


@pytest.mark.parametrize(
    ("opened", "browser", "said"), [(False, 1, ""), (True, 0, ""), (True, 1, "no browser")]
)
def test_a_browser_is_started_where_that_is_asked_for(
    machine: Machine, capsys: pytest.CaptureFixture[str], *, opened: bool, browser: int, said: str
) -> None:
    """With the link that holds no secret; nobody is entered for it."""
    machine.browser = browser
    assert machine.run(opened=opened) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{GRANT.switch_role}\n"
    assert (printed.err != "", said in printed.err) == (said != "", True)
    assert machine.opened == ([GRANT.switch_role] if opened else [])
    assert machine.entered == []


@pytest.mark.parametrize(("left", "seconds"), [(900, 900), (3599, 3599), (7200, 3600)])
def test_a_sign_in_ends_with_the_grant(
    machine: Machine, capsys: pytest.CaptureFixture[str], left: int, seconds: int
) -> None:
    """It is as long as the grant lasts, within what AWS gives; that it is a secret is said."""
    machine.grant = replace(GRANT, expires_at=NOW + timedelta(seconds=left))
    assert machine.run(signed=True) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[1:] == ["https://signed.example"]
    assert "! anyone who has the second link is alice" in printed.err
    assert (machine.entered, machine.opened) == ([seconds], [])


def test_less_than_aws_gives_is_no_sign_in(machine: Machine) -> None:
    """A session of a quarter of an hour would outlive the grant."""
    machine.grant = replace(GRANT, expires_at=NOW + timedelta(seconds=899))
    with pytest.raises(InvalidError, match="less than 15 minutes"):
        machine.run(signed=True)
    assert machine.entered == []
