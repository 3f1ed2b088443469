"""What an older jitbot wrote is read, and decided again, by this one: a ledger of each version with everything in it.

The repositories lie in `ledgers/`; `ledgers/make.py` made them, and makes the next.
"""

import contextlib
import csv
import io
import json
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from jitbot.adapters import documents
from jitbot.adapters.git import GitRepository
from jitbot.adapters.oidc import ActionsOidc
from jitbot.cli import main
from jitbot.domain.ledger.events import EventType
from jitbot.domain.text import timestamp
from jitbot.usecases.context import Context, settings_at_main
from jitbot.usecases.ledger.ledger_view import LedgerView, read
from jitbot.usecases.ledger.verify_batches import read_keys

LEDGERS = Path(__file__).parent / "ledgers"
OTHERWISE_TODAY = {"older-rules"}  # what verify may leave unchecked: today's rules are not those of then


@dataclass(frozen=True, slots=True, kw_only=True)
class Old:
    """A repository that an older jitbot left behind, on a disk, and a clone of it."""

    clone: Path
    keys: Path
    told: Mapping[str, Any]

    @property
    def now(self) -> datetime:
        """When its last run was."""
        return timestamp.parse(self.told["at"])

    def audit(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """Run a verb of the audit in the clone, with the kept keys; gives what it prints on standard output."""
        printed, aside = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(aside):
            command = ["audit", *arguments, "--keys", str(self.keys)]
            code = main(command, now=self.now, environ={}, folder=self.clone)
        assert code in codes, printed.getvalue() + aside.getvalue()
        return printed.getvalue()

    def history(self) -> LedgerView:
        """The ledger as a run reads it, with the keys of the issuer of then."""
        repository = GitRepository(self.clone)
        repository.fetch()
        keys = read_keys(self.keys.read_bytes(), self.keys.name)
        settings = settings_at_main(repository, documents)
        issuer = ActionsOidc(settings.issuer)
        issuer._keys = keys  # those it published then: it is long gone
        nobody = cast("Any", None)  # reading asks neither GitHub nor AWS
        world = Context(
            git=repository, documents=documents, settings=settings, issuer=issuer,
            github=nobody, github_write=nobody, issues=nobody, catalogue=nobody, cloud=nobody, sleep=nobody,
        )  # fmt: skip
        return read(world, self.now)


def git(*arguments: str, cwd: Path) -> None:
    """Run git, quietly."""
    subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True)


@pytest.fixture(params=sorted(file.stem for file in LEDGERS.glob("*.bundle")), scope="module")
def old(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Old:
    """The repository of one version, and a fresh clone of it with the heads of all pull requests."""
    folder = tmp_path_factory.mktemp("old")
    bundle = LEDGERS / f"{request.param}.bundle"
    git("init", "--quiet", "--bare", "--initial-branch=main", "origin", cwd=folder)
    git("fetch", "--quiet", str(bundle), "refs/*:refs/*", cwd=folder / "origin")
    git("clone", "--quiet", str(folder / "origin"), "clone", cwd=folder)
    git("fetch", "--quiet", "origin", "+refs/pull/*:refs/pulls/*", cwd=folder / "clone")
    told = json.loads((LEDGERS / f"{request.param}.json").read_text())
    return Old(clone=folder / "clone", keys=LEDGERS / f"{request.param}.keys.json", told=told)


def test_verify_finds_nothing_broken(old: Old) -> None:
    """Every event is read and attested, and every decision holds, or is left to the rules of then."""
    found = json.loads(old.audit("verify", "--format", "json", codes=(0, 3)))
    weights = {each["code"]: each["weight"] for each in found["findings"]}
    assert {code for code, severity in weights.items() if severity == "broken"} == set()
    assert {code for code, severity in weights.items() if severity == "unchecked"} <= OTHERWISE_TODAY
    checked = {kind: found["checked"].get(kind, 0) for kind in old.told["events"]}
    assert checked == old.told["events"] | {"verified": checked["verified"]}
    assert found["checked"]["commits"] == found["checked"]["batches"] + 1


def test_log_tells_every_event(old: Old) -> None:
    """As many rows of each kind as were made, in JSON and in CSV."""
    rows = json.loads(old.audit("log", "--format", "json"))
    assert Counter(each["event"] for each in rows) == old.told["events"]
    assert Counter(each["why"] for each in rows if each["event"] == "ended") == old.told["ends"]
    lines = csv.DictReader(io.StringIO(old.audit("log", "--format", "csv")))
    assert Counter(each["event"] for each in lines) == old.told["events"]


def test_report_shows_every_grant(old: Old, tmp_path: Path) -> None:
    """The page is written, and names every request that was granted."""
    page = tmp_path / "report.html"
    old.audit("report", "--from", "2026-11-01", "--to", "2026-11-30", "--output", str(page))
    told = page.read_text()
    granted = {event.request for event in old.history().events if event.kind is EventType.GRANTED}
    assert granted
    assert {request for request in granted if request not in told} == set()


def test_export_packs_every_grant(old: Old, tmp_path: Path) -> None:
    """The population of the evidence pack has a row for each role that was granted, extended or not."""
    pack = tmp_path / "pack"
    old.audit("export", "--from", "2026-11-01", "--to", "2026-11-30", "--output", str(pack))
    rows = list(csv.DictReader(io.StringIO((pack / "population.csv").read_text())))
    granted = [event for event in old.history().events if event.kind is EventType.GRANTED]
    assert sum(bool(each["granted_at"]) for each in rows) == len({event.role_name for event in granted})


def test_runs_read_every_event(old: Old) -> None:
    """grant, sweep and revoke read the ledger so: nothing is ignored or in doubt, and every role is removed."""
    history = old.history()
    assert Counter(event.kind for event in history.events) == old.told["events"]
    assert (history.ignored, history.doubt) == ((), "")
    account_states = [
        account_state for state in history.states.values() for account_state in state.account_states.values()
    ]
    granted = [account_state for account_state in account_states if account_state.granted]
    assert granted
    assert all(account_state.removed for account_state in granted)
