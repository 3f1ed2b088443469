"""`jitbot exec` on plain values: which command runs, and with what in its environment."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest

from jitbot.commands.use import exec as module
from jitbot.commands.use.verbs import run as command
from jitbot.domain.enforce.grant_target import Session
from jitbot.domain.model.errors import InvalidError
from jitbot.terminal.invocation import Invocation

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SESSION = Session(access_key="ASIA1", secret_key="s", token="t", expires_at=NOW)
IN_THE_GRANT = {
    "AWS_ACCESS_KEY_ID": "ASIA1", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t",
    "AWS_CREDENTIAL_EXPIRATION": "2026-11-24T09:00:00Z",
}  # fmt: skip


def test_the_environment_is_in_the_grant_and_nowhere_else() -> None:
    """All that could lead an SDK to other credentials is taken out; everything else stays."""
    given = {
        "AWS_PROFILE": "x",
        "AWS_ROLE_ARN": "x",
        "AWS_SESSION_TOKEN": "old",
        "PATH": "/bin",
        "AWS_REGION": "eu",
    }
    assert module.environment(given, SESSION) == {"PATH": "/bin", "AWS_REGION": "eu", **IN_THE_GRANT}


@pytest.mark.parametrize(
    ("profile", "named", "region"),
    [("dev", "", "eu-west-3"), (None, "dev", "eu-west-3"), (None, "", "eu-west-1")],
)
def test_the_command_calls_as_ones_own_profile_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str | None, named: str, region: str
) -> None:
    """The one that was chosen, else the one that the shell names, else the default one."""
    ran: list[tuple[str, list[str], dict[str, str]]] = []
    (tmp_path / "config").write_text("[default]\nregion = eu-west-1\n[profile dev]\nregion = eu-west-3\n")
    monkeypatch.setattr(module, "enter", lambda *_, **__: SESSION)
    monkeypatch.setattr(os, "execvpe", lambda *given: ran.append(given))
    environ = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_PROFILE": named, "HOME": str(tmp_path)}
    asked = Invocation(now=NOW, environ=environ, folder=tmp_path, jitbot=lambda *_: 0)
    none: dict[str, Any] = dict.fromkeys(("request", "account", "role", "clone", "repository"))
    module.run(asked, command=("aws", "s3", "ls"), profile=profile, **none)
    ((name, arguments, found),) = ran
    assert (name, arguments) == ("aws", ["aws", "s3", "ls"])
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == region
    assert found.items() >= IN_THE_GRANT.items()


def test_a_command_that_cannot_be_run_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason of the system."""
    monkeypatch.setattr(module, "enter", lambda *_, **__: SESSION)
    asked = Invocation(now=NOW, environ={"HOME": str(tmp_path)}, folder=tmp_path, jitbot=lambda *_: 0)
    none: dict[str, Any] = dict.fromkeys(("request", "account", "role", "profile", "clone", "repository"))
    with pytest.raises(InvalidError, match="no-such-program-here cannot be run: No such file"):
        module.run(asked, command=("no-such-program-here",), **none)


def parsed(*typed: str, resilient: bool = False) -> dict[str, Any]:
    """What is typed after `exec`, taken apart."""
    with click.Context(command, resilient_parsing=resilient) as context:
        command.parse_args(context, list(typed))
    return context.params


@pytest.mark.parametrize(
    ("typed", "request_", "ran"),
    [
        (("--", "ls", "-l"), None, ("ls", "-l")),
        (("x", "--account", "prod", "--", "ls", "--", "y"), "x", ("ls", "--", "y")),
    ],
)
def test_all_that_follows_is_the_command(
    typed: Sequence[str], request_: str | None, ran: tuple[str, ...]
) -> None:
    """From the first `--` on, options and other `--` too."""
    found = parsed(*typed)
    assert (found["request"], found["command"]) == (request_, ran)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ((), "which command\\? Put -- before the command"),
        (("x",), "which command\\? Put -- before the command"),
        (("x", "--"), "which command\\? Put -- before the command"),
        (("x", "ls"), "unexpected extra argument.*Put -- before the command"),
        (("x", "y", "--", "ls"), "unexpected extra argument \\(y\\)$"),
    ],
)
def test_a_command_is_needed(typed: Sequence[str], why: str) -> None:
    """Where it goes is said to whoever forgot the `--`, and to nobody else."""
    with pytest.raises(click.UsageError, match=why):
        parsed(*typed)


def test_a_shell_that_completes_needs_none() -> None:
    """It asks while the line is typed."""
    assert parsed("x", resilient=True)["command"] == ()
