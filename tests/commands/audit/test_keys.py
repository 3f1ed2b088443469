"""`jitbot audit keys` on plain values: what the issuer publishes and what main keeps, as one key set; or nothing."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from acme_facts import the_settings

from jitbot.commands.audit import keys as module
from jitbot.domain.model.errors import JitbotError, UnavailableError
from jitbot.domain.model.exit_code import ExitCode

OLD, NEW = '{"kid": "old", "n": "1"}', '{"kid": "new", "n": "2"}'


def printed(
    monkeypatch: pytest.MonkeyPatch, published: dict[str, str] | JitbotError, kept: dict[str, str]
) -> list[str]:
    """Carry it out where the issuer publishes these and main keeps those; gives what was asked of git."""
    asked: list[str] = []

    def answered() -> dict[str, str]:
        if isinstance(published, JitbotError):
            raise published
        return published

    git = SimpleNamespace(fetch_main=lambda: asked.append("fetch main"))
    monkeypatch.setattr(module, "clone", lambda *_: git)
    monkeypatch.setattr(module, "settings_at_main", lambda *_: the_settings())
    monkeypatch.setattr(module, "pinned_keys", lambda _: kept)
    monkeypatch.setattr(module, "ActionsOidc", lambda *_, **__: SimpleNamespace(keys=answered))
    invocation: Any = SimpleNamespace(folder=None, environ={})
    assert module.keys(invocation) is ExitCode.DONE
    return asked


@pytest.mark.parametrize(
    ("kept", "both", "said"),
    [
        ({}, [NEW], "now: 1"),
        ({"new": '{"kid": "new", "n": "of another"}'}, [NEW], "now: 1"),
        ({"old": OLD}, [NEW, OLD], "now: 1; only in policies/issuer-keys.json on main: 1"),
    ],
    ids=["none kept", "kept too", "an old one kept"],
)
def test_the_keys_are_printed_as_main_may_hold_them(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kept: dict[str, str],
    both: list[str],
    said: str,
) -> None:
    """As the issuer publishes them now, and of others what main keeps; how many are which goes to standard error."""
    assert printed(monkeypatch, {"new": NEW}, kept) == ["fetch main"]
    out, err = capsys.readouterr()
    assert json.loads(out) == {"keys": [json.loads(each) for each in both]}
    assert err.strip() == f"published by {the_settings().issuer} {said}"


def test_keys_that_the_issuer_does_not_give_are_not_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half a key set would look like a whole one."""
    with pytest.raises(UnavailableError):
        printed(monkeypatch, UnavailableError("the issuer does not answer"), {"old": OLD})
    assert capsys.readouterr().out == ""
