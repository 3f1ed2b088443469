"""`jitbot release` on plain values: what is started, what this machine forgets, and what is known of the end."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jitbot.adapters.local import aws_config
from jitbot.adapters.local.aws_config import Block
from jitbot.adapters.local.session_cache import kept_sessions
from jitbot.commands.request import release as module
from jitbot.commands.request.resolve_request import LedgerAnswer
from jitbot.domain.access import may_end
from jitbot.domain.enforce.grant_target import Session
from jitbot.domain.model.errors import DeniedError, InvalidError, UnavailableError
from jitbot.terminal.invocation import Invocation

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
PATH = "requests/p/2026-11/24-alice-x.yaml"
SESSION = Session(access_key="ASIA1", secret_key="s", token="t", expires_at=NOW + HOUR)
SAID = f"{PATH} ended in prod at 2026-11-24T09:05:00Z, as the ledger records"


def state(*, approved: bool = True, ended: bool = False) -> Any:
    """What the ledger says of the request."""
    grant = SimpleNamespace(account="prod", account_id="1")
    term = SimpleNamespace(ask=SimpleNamespace(github_id=1), documents=(grant,)) if approved else None
    end = SimpleNamespace(at=NOW + timedelta(minutes=5)) if ended else None
    return SimpleNamespace(
        request=PATH, current=term, is_ended=ended, account_state=lambda _: SimpleNamespace(end=end)
    )


class Answer(LedgerAnswer):
    """The ledger's answer about the one request."""

    __slots__ = ("_known", "_runs")

    def __init__(self, known: Any, *, runs: bool = True, trouble: str = "") -> None:
        super().__init__(trouble=trouble)
        object.__setattr__(self, "_known", known)
        object.__setattr__(self, "_runs", runs)

    def state(self, request: str) -> Any:
        """Its state."""
        assert request == PATH
        return self._known  # type: ignore[attr-defined]

    def may_run(self, *_: Any) -> bool:
        """Whether its time is not over."""
        return bool(self._runs)  # type: ignore[attr-defined]


class Desk:
    """A person's machine with a grant; `started` are the workflows that were started."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.started = home, list[tuple[str, str, Mapping[str, str]]]()
        self.answer: LedgerAnswer = Answer(state())
        self.later: list[Any] = [None, state(), state(ended=True)]
        self.file: bytes | None = b"x"
        self.refuses: Exception | None = None
        self.may: Exception | None = None
        self.requesters: list[int | None] = []
        place = SimpleNamespace(repository="acme/access", branch="main", url="https://x", actor="alice")
        client: Any = SimpleNamespace(
            github=None, github_write=self, place=place, tree=self, rules=lambda _: None, at=NOW
        )
        ledger = SimpleNamespace(states=lambda _: {PATH: self.later.pop(0)})
        for name, value in {
            "open_client": lambda *_: client,
            "UnverifiedLedger": lambda _: ledger,
            "ask_ledger": lambda *_: self.answer,
            "the_only_one": lambda *_: PATH,
            "looks": lambda *_: [timedelta(seconds=each) for each in range(len(self.later))],
            "ended": lambda each: each.is_ended,
        }.items():
            monkeypatch.setattr(module, name, value)
        monkeypatch.setattr(may_end, "entitled", self._entitled)

    def dispatch(self, workflow: str, branch: str, inputs: Mapping[str, str]) -> None:
        """Start a workflow."""
        if self.refuses is not None:
            raise self.refuses
        self.started.append((workflow, branch, inputs))

    def read(self, paths: list[str]) -> Mapping[str, bytes]:
        """The file on main."""
        return dict.fromkeys(paths, self.file) if self.file is not None else {}

    def _entitled(self, _: Any, __: str, github_id: int | None, *___: Any) -> None:
        self.requesters.append(github_id)
        if self.may is not None:
            raise self.may

    def release(self, request: str | None = "x", *, no_wait: bool = False, form: str = "text") -> int:
        """`jitbot release`."""
        asked = Invocation(now=NOW, environ={"HOME": str(self.home)}, folder=self.home, jitbot=lambda *_: 0)
        return module.release(
            asked, request=request, reason="done", repo=None, no_wait=no_wait, timeout=HOUR, form=form
        )


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Such a machine."""
    return Desk(tmp_path, monkeypatch)


STARTED = [("revoke.yml", "main", {"request": PATH, "reason": "done"})]


def test_an_end_is_started_and_waited_for(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Until the ledger says it."""
    assert desk.release() == 0
    assert desk.started == STARTED
    printed = capsys.readouterr()
    assert printed.out.startswith(SAID)
    assert printed.err.splitlines() == [f"{PATH}: revoke.yml is started"]


def test_an_end_for_programs(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Whether it ended is what was seen."""
    assert desk.release(form="json") == 0
    assert '"ended": true' in capsys.readouterr().out
    assert desk.release(form="json", no_wait=True) == 0
    assert '"ended": false' in capsys.readouterr().out


def test_without_waiting_nothing_is_said_of_the_end(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """It may not have come yet."""
    assert desk.release(no_wait=True) == 0
    assert (capsys.readouterr().out, len(desk.later)) == ("", 3)


def test_an_end_that_does_not_come_is_said(desk: Desk) -> None:
    """The run is somewhere."""
    desk.later = [None, state()]
    with pytest.raises(
        UnavailableError, match=r"does not say yet .* https://x/actions/workflows/revoke\.yml"
    ):
        desk.release()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(state(approved=False)), "it was never approved"),
        (Answer(state(ended=True)), "it is over"),
        (Answer(state(), runs=False), "it is over"),
    ],
)
def test_what_seems_over_is_ended_all_the_same(
    desk: Desk, answer: LedgerAnswer, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The ledger is not verified here: it may hide what runs. What it says now would be believed at once."""
    desk.answer = answer
    assert desk.release() == 0
    assert (desk.started, len(desk.later)) == (STARTED, 3)
    said = capsys.readouterr().err
    assert f"the ledger records, unverified, that {why}; revoke.yml is started all the same" in said
    assert "what it did is in its run" in said


def test_a_ledger_that_cannot_be_read_says_nothing_against_it(desk: Desk) -> None:
    """It is waited for, as ever."""
    desk.answer = Answer(state(approved=False), trouble="GitHub is away")
    assert desk.release() == 0
    assert desk.later == []


@pytest.mark.parametrize(
    ("request_", "hint"),
    [("x", "jitbot withdraw$"), ("#7", "jitbot withdraw 7$"), (None, "jitbot withdraw$")],
)
def test_what_nobody_ever_merged_is_not_ended(desk: Desk, request_: str | None, hint: str) -> None:
    """Neither main nor the ledger knows it: it may wait, and is withdrawn."""
    desk.answer, desk.file = Answer(state(approved=False)), None
    with pytest.raises(InvalidError, match=hint):
        desk.release(request_)
    assert desk.started == []


def test_what_only_the_ledger_knows_is_ended(desk: Desk) -> None:
    """Its file may be gone from main."""
    desk.file = None
    assert desk.release() == 0
    assert desk.started == STARTED


@pytest.mark.parametrize(
    ("error", "approved", "code"),
    [
        (DeniedError("you are neither"), True, 1),
        (DeniedError("you are neither"), False, 0),
        (UnavailableError("away"), True, 0),
        (None, True, 0),
    ],
)
def test_what_the_workflow_will_refuse_is_said(
    desk: Desk, error: Exception | None, approved: bool, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """As far as main's rules tell; it is started all the same, for the workflow decides."""
    desk.answer, desk.may = Answer(state(approved=approved)), error
    assert desk.release() == code
    assert desk.started == STARTED
    assert desk.requesters == [1 if approved else None]
    assert ("you are neither; revoke.yml is started all the same" in capsys.readouterr().err) is bool(code)


def test_a_token_that_may_not_start_it_is_told_what_to_do(desk: Desk) -> None:
    """There are other ways to end it."""
    desk.refuses = DeniedError("GitHub answered 403")
    with pytest.raises(DeniedError, match=r"could not be started \(GitHub answered 403\).*under Actions"):
        desk.release()


@pytest.mark.parametrize(
    ("request_", "repository", "gone"),
    [
        (PATH, "acme/access", True),
        (PATH, "", True),
        (PATH, "acme/other", False),
        ("requests/other.yaml", "acme/access", False),
    ],
)
def test_this_machine_forgets_the_grant(
    desk: Desk, request_: str, repository: str, gone: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its profile and its sessions, and no other's."""
    file = desk.home / ".aws/config"
    aws_config.write(file, Block(request=request_, account="prod", repository=repository), "jit", [])
    cache = kept_sessions({"HOME": str(desk.home)})
    cache.keep(SESSION, {"request": request_, "repository": repository or "acme/access"}, "x")
    desk.release()
    assert ("[profile jit]" in file.read_text()) is not gone
    assert (cache.find("x") is None) is gone
    assert ("its profile was taken out of" in capsys.readouterr().err) is gone


def test_a_profile_that_cannot_be_taken_out_is_said(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """The end is started all the same."""
    file = desk.home / ".aws/config"
    file.parent.mkdir()
    file.write_bytes(b"\xff")
    assert desk.release() == 0
    assert "? its profile may still be in the AWS config: " in capsys.readouterr().err
