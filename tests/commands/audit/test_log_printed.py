"""What `jitbot audit log` shows of rows that are plain values, and what it says of a record that may not be whole."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from acme_facts import NOW
from audit_facts import a_ledger, a_recorded, approval
from desk import Said, said

from jitbot.commands.audit import log as module
from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.history.ledger_history import LedgerHistory
from jitbot.domain.audit.report.log_rows import NAMES, LogRow
from jitbot.domain.model.documents import Sha

ROW = LogRow(
    at="2026-11-24T09:01:00Z",
    event="approved",
    why="",
    request="requests/orders-db-read/2026-11/24-alice-refunds.yaml",
    requester="alice",
    policy="orders-db-read",
    accounts=("prod (111111111111)", "staging (012345670123)"),
    starts_at="",
    expires_at="2026-11-24T11:00:00Z",
    approved_by=("bob", "erin"),
    by="",
    reason="refunds",
    ticket="",
    codes=(),
    pull_request="#1",
    merge_commit="a" * 40,
    ledger_commit="b" * 40,
    path="events/x.json",
    run="",
)
BARE = replace(
    ROW, event="drift", requester="", policy="", accounts=(), expires_at="", approved_by=(), reason="", ledger_commit=""
)  # fmt: skip
Log = Callable[..., Said]


def finding(severity: Severity, commit: Sha) -> AuditFinding:
    """Something about a commit of the ledger that lies beside the record."""
    return AuditFinding(code="x", severity=severity, message="m\x1b", hint="look", commit=commit)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Log:
    """Runs it on a clone whose ledger has these rows."""

    def run(*arguments: str, rows: tuple[LogRow, ...] = (), history: LedgerHistory | None = None) -> Said:
        found = history or a_ledger(a_recorded(approval()))
        inputs = SimpleNamespace(history=found, git=None)
        monkeypatch.setattr(module, "load_inputs", lambda *_, **__: inputs)
        monkeypatch.setattr(module, "dates_moved", lambda *_: {})
        monkeypatch.setattr(module, "rows", lambda *_: iter(rows))
        return said("audit", "log", *arguments, folder=tmp_path)

    return run


def test_a_table_is_one_line_for_each_event(log: Log) -> None:
    """Below a head; where nothing fits, that is said."""
    assert log().out == "nothing is recorded that fits\n"
    head, line = log(rows=(ROW,)).out.splitlines()
    assert re.split(r"  +", head.strip()) == [
        *("when", "what", "who", "policy", "where", "until", "approved or ended by", "why", "commit")
    ]
    assert re.split(r"  +", line.strip()) == [
        *("2026-11-24T09:01:00Z", "approved", "alice", "orders-db-read", "prod, staging"),
        *("2026-11-24T11:00:00Z", "bob, erin", "refunds", "b" * 40),
    ]


def test_the_same_for_programs(log: Log) -> None:
    """As JSON, and as CSV with a head, every cell quoted; a table is neither."""
    (found,) = log("--format", "json", rows=(ROW,)).json
    assert (list(found), found["approved_by"]) == (list(NAMES), ["bob", "erin"])
    text = log("--format", "csv", rows=(ROW,)).out
    assert text.startswith('"at","event",')
    (cells,) = csv.DictReader(io.StringIO(text))
    assert (list(cells), cells["requester"]) == (list(NAMES), "alice")


@pytest.mark.parametrize(
    ("given", "what", "by", "why"),
    [
        ({}, "approved", "bob, erin", "refunds"),
        ({"why": "released", "event": "ended"}, "ended (released)", "bob, erin", "refunds"),
        ({"why": "revoked", "event": "revoked"}, "revoked", "bob, erin", "refunds"),
        ({"by": "dave"}, "approved", "dave", "refunds"),
        ({"codes": ("too-long", "no-owner")}, "approved", "bob, erin", "refunds"),
        ({"reason": "", "codes": ("too-long", "no-owner")}, "approved", "bob, erin", "too-long, no-owner"),
    ],
)
def test_who_and_why(given: dict[str, Any], what: str, by: str, why: str) -> None:
    """Whoever ended it, else who approved; a reason in words, else in codes; how it ended where that says more."""
    cells = module._cells(replace(ROW, **given))
    assert (cells[1], cells[6], cells[7]) == (what, by, why)


@pytest.mark.parametrize(
    ("row", "lines"),
    [
        (
            ROW,
            [
                "2026-11-24T09:01:00Z  approved: orders-db-read of alice in prod, staging",
                "  until 2026-11-24T11:00:00Z, by bob, erin, commit " + "b" * 40,
                "  refunds",
            ],
        ),
        (BARE, ["2026-11-24T09:01:00Z  drift", "  "]),
        (
            replace(BARE, accounts=("prod (111111111111)",), by="erin"),
            ["2026-11-24T09:01:00Z  drift: a role of nobody known in prod", "  by erin"],
        ),
        (replace(BARE, policy="x", requester="dave"), ["2026-11-24T09:01:00Z  drift: x of dave", "  "]),
    ],
)
def test_at_a_terminal_an_event_is_a_block(
    monkeypatch: pytest.MonkeyPatch, row: LogRow, lines: list[str]
) -> None:
    """What is not known of it has no word of its own, except a role that no request explains, and whose it is."""
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", "200")
    module._print([row])
    found = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue()).splitlines()
    assert [each.rstrip() for each in found] == [each.rstrip() for each in lines]


ONE, OTHER = Sha("1" * 40), Sha("2" * 40)


@pytest.mark.parametrize(
    ("problems", "anchored", "said_so", "code"),
    [
        ((), True, [], 0),
        ((finding(Severity.NOTE, ONE),), True, [], 0),
        ((finding(Severity.BROKEN, ONE),), True, ["! 1 commit of the ledger is odd: `jitbot audit verify` says how"], 0),
        (
            (finding(Severity.BROKEN, ONE), finding(Severity.BROKEN, ONE), finding(Severity.BROKEN, OTHER)),
            True,
            ["! 2 commits of the ledger are odd: `jitbot audit verify` says how"],
            0,
        ),
        ((finding(Severity.UNCHECKED, ONE),), True, ["? this may be incomplete: m\\x1b"], 3),
        ((), False, ["? nobody vouches for the issuer's keys here: give them with --keys"], 0),
    ],
)  # fmt: skip
def test_why_the_list_may_not_be_whole(
    log: Log, problems: tuple[AuditFinding, ...], said_so: list[str], code: int, *, anchored: bool
) -> None:
    """What could not be read is exit code 3; commits that are no part of the record are counted, each once, and left out."""
    answer = log(rows=(ROW,), history=a_ledger(problems=problems, anchored=anchored))
    assert (answer.code, answer.err.splitlines()) == (code, said_so)


def test_only_what_is_asked_for(log: Log) -> None:
    """One request by a part of its name, one outcome; without either, all."""
    other = replace(ROW, event="granted", request="requests/x/2026-11/24-dave-x.yaml", requester="dave")

    def shown(*arguments: str) -> list[str]:
        return [each["requester"] for each in log("--format", "json", *arguments, rows=(ROW, other)).json]

    assert shown() == ["alice", "dave"]
    assert shown("--request", "alice-refunds") == ["alice"]
    assert shown("--outcome", "granted") == ["dave"]
    assert shown("--from", f"{NOW:%F}", "--policy", "nothing") == []
