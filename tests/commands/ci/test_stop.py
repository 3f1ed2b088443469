"""`jitbot stop` and `revoke` on plain values: whom or what they end, and in which words they say so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from jitbot.commands.ci import revoke as revoke_module
from jitbot.commands.ci import stop as stop_module
from jitbot.domain.ledger.stops import StopSubject
from jitbot.domain.model.documents import Login
from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.runs.report import Report

INVOCATION = Invocation(
    now=datetime(2026, 11, 24, 9, tzinfo=UTC), environ={}, folder=Path("/"), jitbot=lambda *_: 0
)
ASK = "requests/orders-db-read/2026-11/24-alice-x.yaml"


@dataclass(kw_only=True)
class Runs:
    """The runs that these commands start, and what the ledger says; `asked` are the runs with what they were given."""

    requests: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: {ASK: (7,)})
    doubt: str = ""
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def run(self, name: str) -> Any:
        """A run of this name, which does nothing."""

        def runs(_ledger: Any, wanted: Any, *, reason: str) -> Report:
            self.asked.append((name, wanted, reason))
            return Report()

        return runs

    def read(self) -> Any:
        """The ledger."""
        return SimpleNamespace(doubt=self.doubt)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Such runs."""
    found = Runs()
    for module in (stop_module, revoke_module):
        monkeypatch.setattr(module, "open_context", lambda *_, **__: None)
        monkeypatch.setattr(module, "Ledger", lambda *_: found)
        monkeypatch.setattr(module, "use_case", found.run("end"))
    monkeypatch.setattr(stop_module, "lift_stop", found.run("lift"))
    monkeypatch.setattr(revoke_module, "recorded_requests", lambda _: found.requests)
    return found


def stop(person: str = "", policy: str = "", *, lift: bool = False, form: str = "text") -> int:
    """`jitbot stop`."""
    return stop_module.stop(INVOCATION, person=person, policy=policy, lift=lift, reason="x", form=form)


@pytest.mark.parametrize("lift", [False, True])
@pytest.mark.parametrize(("person", "policy"), [("alice", ""), ("", "orders-db-read")])
def test_one_person_or_one_policy_is_stopped(runs: Runs, person: str, policy: str, *, lift: bool) -> None:
    """Or its stop is lifted."""
    assert stop(person, policy, lift=lift) == 0
    assert runs.asked == [("lift" if lift else "end", StopSubject(login=Login(person), policy=policy), "x")]


@pytest.mark.parametrize(
    ("person", "policy", "why"),
    [
        ("", "", "name either --person LOGIN or --policy NAME"),
        ("alice", "orders-db-read", "name either --person LOGIN or --policy NAME"),
        ("-alice", "", "'-alice' is no GitHub login"),
        ("alice bob", "", "'alice bob' is no GitHub login"),
        ("", "Orders", "'Orders' is no policy's name"),
        ("", "../x", "'../x' is no policy's name"),
    ],
)
def test_what_is_neither_is_misuse(runs: Runs, person: str, policy: str, why: str) -> None:
    """Nobody is stopped by half a name."""
    with pytest.raises(click.UsageError, match=why):
        stop(person, policy)
    assert runs.asked == []


def revoke(request: str, form: str = "text") -> int:
    """`jitbot revoke`."""
    return revoke_module.revoke(INVOCATION, request=request, reason="x", form=form)


@pytest.mark.parametrize("name", [ASK, "alice-x", "7", "#7"])
def test_one_request_is_revoked(runs: Runs, name: str) -> None:
    """By its path, a part of it, or its pull request."""
    assert revoke(name) == 0
    assert runs.asked == [("end", ASK, "x")]


@pytest.mark.parametrize(
    ("doubt", "kind", "why"),
    [("", InvalidError, "nobody"), ("the ledger cannot be checked", UnavailableError, "cannot be checked")],
)
def test_a_request_that_the_ledger_does_not_show(
    runs: Runs, doubt: str, kind: type[Exception], why: str
) -> None:
    """There is none; or it may lie in what cannot be checked, which is said instead."""
    runs.doubt = doubt
    with pytest.raises(kind, match=why):
        revoke("nobody")
    assert runs.asked == []


@pytest.mark.parametrize("verb", [stop, revoke])
def test_both_say_it_for_people_and_for_programs(
    runs: Runs, verb: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """One form, never both."""
    assert runs.doubt == ""
    verb("alice" if verb is stop else "alice-x")
    assert capsys.readouterr().out in ("nothing to stop\n", "nothing to end\n")
    verb("alice" if verb is stop else "alice-x", form="json")
    assert capsys.readouterr().out.startswith("{")
