"""What is said before a request is opened, on plain values: stops, what runs already, and what waits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from jitbot.commands.request import asked_already as module
from jitbot.domain.access.approvals.pending_approvals import NotKnown
from jitbot.domain.model.documents import Login
from jitbot.domain.model.errors import UnavailableError
from jitbot.usecases.request.open_requests import OpenRequest, UnreadRequest

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
PATH, OTHER = "requests/p/2026-11/24-alice-x.yaml", "requests/q/2026-11/24-alice-x.yaml"


class Desk:
    """What the ledger and GitHub say; `asked` what the person asks for now."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stops: list[Any] = []
        self.states: dict[str, Any] = {}
        self.waiting: list[Any] | Exception = []
        answer = SimpleNamespace(events=(), states=self.states)
        monkeypatch.setattr(module, "ask_ledger", lambda *_: answer)
        monkeypatch.setattr(module, "UnverifiedLedger", lambda _: None)
        monkeypatch.setattr(module, "stops_of", lambda _: self.stops)
        monkeypatch.setattr(module, "open_requests", self._open)

    def _open(self, *_: Any, most: int) -> Any:
        assert most == 10
        if isinstance(self.waiting, Exception):
            raise self.waiting
        return self.waiting, None

    def said(self) -> tuple[str, ...]:
        """The sentences."""
        client: Any = SimpleNamespace(github=None, person=SimpleNamespace(github_id=1))
        request: Any = SimpleNamespace(
            path=PATH, requester="alice", accounts=("prod",), parameters={"table": "orders"}
        )
        return module.asked_already(client, request, NOW)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Such a desk, at which nothing is known."""
    return Desk(monkeypatch)


@pytest.mark.parametrize(("holds", "includes", "said"), [(True, True, 1), (False, True, 0), (True, False, 0)])
def test_a_stop_is_said(desk: Desk, *, holds: bool, includes: bool, said: int) -> None:
    """While it holds, and if it is of this person or policy."""
    subject = SimpleNamespace(includes=lambda path, number: includes and (path, number) == (PATH, 1))
    desk.stops = [SimpleNamespace(holds=lambda _: holds, subject=subject, in_words="alice is stopped")]
    found = desk.said()
    assert len(found) == said
    assert found == () or found[0].startswith(
        "the ledger records, unverified: alice is stopped; while it holds"
    )


def state(**changes: Any) -> Any:
    """A grant of the same for another hour."""
    given = {
        "requester": "ALICE", "policy": "p", "accounts": ("prod", "data"), "parameters": {"table": "orders"},
        "until": NOW + timedelta(seconds=1), "early": False, **changes,
    }  # fmt: skip
    ask = SimpleNamespace(**{name: given[name] for name in ("requester", "policy", "accounts", "parameters")})
    term = SimpleNamespace(ask=ask, window=SimpleNamespace(expires_at=given["until"]))
    return SimpleNamespace(current=None if given.get("none") else term, ended_early=given["early"])


@pytest.mark.parametrize(
    "changes",
    [
        {"requester": "bob"}, {"policy": "q"}, {"accounts": ("data",)}, {"accounts": None}, {"parameters": {}},
        {"parameters": None}, {"until": NOW}, {"early": True}, {"none": True},
    ],
)  # fmt: skip
def test_what_is_not_the_same_is_not_said(desk: Desk, changes: dict[str, Any]) -> None:
    """Somebody else's, of another policy, of less, with other parameters, or over."""
    desk.states["requests/p/other.yaml"] = state(**changes)
    assert desk.said() == ()


@pytest.mark.parametrize("accounts", [("prod",), ("prod", "data")])
def test_the_same_that_runs_is_said(desk: Desk, accounts: tuple[str, ...]) -> None:
    """With how to have more time of it; whatever stands before it in the ledger."""
    desk.states.update({"a": state(early=True), PATH: state(accounts=accounts), "z": state(policy="q")})
    assert desk.said() == (
        f"you have this already until 2026-11-24T09:00:01Z, as the ledger records; for more time: jitbot extend {PATH}",
    )


def waits(request: str, *accounts: str) -> OpenRequest:
    """A request that waits."""
    return OpenRequest(
        request=request, requester=Login("alice"), accounts=accounts, duration=HOUR, number=7, url="https://x/7",
        approvals=NotKnown(why=""), needed=1, owners=(), asked_at=NOW,
    )  # fmt: skip


def test_what_waits_is_said(desk: Desk) -> None:
    """Under the same policy, for one of the same accounts; what could not be read is left out."""
    unread = UnreadRequest(number=8, url="https://x/8", request=PATH, approvals=NotKnown(why=""))
    other = replace(waits(OTHER, "prod"), url="https://x/9")
    desk.waiting = [unread, other, waits(PATH, "data"), waits(PATH, "data", "prod")]
    assert desk.said() == ("a request of yours under this policy waits already: https://x/7",)


def test_trouble_keeps_nobody_from_asking(desk: Desk) -> None:
    """It decides nothing."""
    desk.waiting = UnavailableError("GitHub is away")
    assert desk.said() == ()
