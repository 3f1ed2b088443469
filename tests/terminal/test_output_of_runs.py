"""What a run says it did, line by line; and tables, annotations and counts as every verb prints them."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import click
import pytest

from jitbot.domain.access.too_large import TooLarge
from jitbot.domain.ledger.events import EndReason
from jitbot.domain.model.documents import Finding, FindingLevel, Sha
from jitbot.terminal import output

ODD = Finding(
    code="odd", message="it is odd\x1b", file="requests/x\x1b", line=3, column=2, hint="make it even\x1b"
)


class Provision:
    """A change that is planned, by the name of its class."""

    def __init__(self, account: str) -> None:
        self.account, self.account_id, self.role_name = account, "111111111111", "role\x1b"


def decided(verdict: str, *reasons: Finding, glass: bool | None = None) -> Any:
    """A decision of a request; where it was recorded, whether it is a break-glass."""
    event = None if glass is None else SimpleNamespace(evidence=SimpleNamespace(is_break_glass=glass))
    return SimpleNamespace(
        decision=SimpleNamespace(verdict=verdict, reasons=reasons), change=SimpleNamespace(path="requests/x\x1b"), event=event
    )  # fmt: skip


def a_report(**known: Any) -> Any:
    """A run that did nothing, but for this."""
    empty = ("decided", "refused", "planned", "recorded", "failures", "warnings", "alarms")
    return SimpleNamespace(**{**dict.fromkeys(empty, ()), "doubt": "", "dry": False, "idle": False, **known})


def printed(capsys: pytest.CaptureFixture[str], **known: Any) -> tuple[str, str]:
    """The report of such a run, without its colours."""
    output.print_report(a_report(**known), nothing="nothing to do")
    out, err = capsys.readouterr()
    return click.unstyle(out), click.unstyle(err)


@pytest.mark.parametrize(
    ("known", "out", "err"),
    [
        ({"idle": True}, "nothing to do\n", ""),
        ({}, "", ""),
        ({"doubt": "it may be lost\x1b", "idle": True}, "", "? nothing was changed: it may be lost\\x1b\n"),
        ({"decided": [decided("approved")]}, "✓ approved: requests/x\\x1b\n", ""),
        ({"decided": [decided("approved", glass=False)]}, "✓ approved: requests/x\\x1b\n", ""),
        ({"decided": [decided("approved", glass=True)]}, "✓ approved (break-glass): requests/x\\x1b\n", ""),
        (
            {"decided": [decided("refused", ODD), decided("undecided", Finding(code="away", message="away", file="x", hint="wait"))]},
            "✗ refused: requests/x\\x1b\n    line 3: it is odd\\x1b [odd]\n      make it even\\x1b\n"
            "? undecided: requests/x\\x1b\n    away [away]\n      wait\n",
            "",
        ),
        ({"planned": [Provision("prod")]}, "", ""),
        (
            {"planned": [Provision("prod"), Provision("")], "dry": True},
            "would provision role\\x1b in prod\nwould provision role\\x1b in 111111111111\n",
            "",
        ),
        ({"failures": [SimpleNamespace(account_id="1", message="denied\x1b")]}, "", "✗ account 1: denied\\x1b\n"),
        ({"warnings": [ODD]}, "", "! it is odd\\x1b\n"),
        ({"alarms": [ODD]}, "", "! it is odd\\x1b\n    make it even\\x1b\n"),
    ],
)  # fmt: skip
def test_each_thing_that_a_run_did_is_said(
    capsys: pytest.CaptureFixture[str], known: dict[str, Any], out: str, err: str
) -> None:
    """What it did is its result; what failed, and what it doubts, is said beside it. All of it inert."""
    assert printed(capsys, **known) == (out, err)


def test_a_commit_that_asks_for_too_much_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do instead."""
    when = datetime(2026, 11, 24, 9, tzinfo=UTC)
    large = TooLarge(commit=Sha("a" * 40), base=Sha("b" * 40), committed_at=when)
    first, second = printed(capsys, refused=[large])[0].splitlines()
    assert first.startswith("✗ refused: commit aaaaaaaaaa of main changes more")
    assert first.endswith(" [too-large]")
    assert second.startswith("      ask in pull requests of at most")


def test_what_somebody_changed_by_hand_stands_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of all that was recorded."""
    monkeypatch.setattr(output, "sentence", lambda event: f"{event.why or 'granted'}\x1b")
    events = [
        SimpleNamespace(why=why) for why in (None, EndReason.DRIFT, EndReason.ORPHAN, EndReason.REVOKED)
    ]
    assert (
        printed(capsys, recorded=events)[0] == "• granted\\x1b\n! drift\\x1b\n! orphan\\x1b\n• revoked\\x1b\n"
    )


def test_progress_is_said_beside_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    """Inertly: it may name files and roles."""
    output.progress("reading x\x1b")
    assert capsys.readouterr() == ("", "… reading x\\x1b\n")


def test_a_row_of_a_table_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """However long: it is for pipes; and nothing in it is markup."""
    output.print_table(("who", "what"), [("alice", "x" * 300), ("[bold]bob", "y\x1b")])
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["who        what", f"alice      {'x' * 300}", "[bold]bob  y\\x1b"]


@pytest.mark.parametrize(
    ("finding", "printed"),
    [
        (
            ODD,
            "::error file=requests/x\\x1b,line=3,col=2,title=odd::it is odd\\x1b; make it even\\x1b\n",
        ),
        (
            Finding(code="old", message="it is old", file="x", level=FindingLevel.WARNING),
            "::warning file=x,title=old::it is old\n",
        ),
    ],
)
def test_an_annotation_has_its_place(
    capsys: pytest.CaptureFixture[str], finding: Finding, printed: str
) -> None:
    """Where there is one: GitHub shows it there."""
    output.print_annotations([finding])
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        ("", "all good"),
        ("E", "wrong"),
        ("EW", "wrong, 1 warning"),
        ("WWN", "all good, 2 warnings, 1 acknowledged"),
        ("ENN", "wrong, 2 acknowledged"),
    ],
)
def test_findings_are_counted_by_level(levels: str, said: str) -> None:
    """What is wrong is said by who asks."""
    kinds = {"E": FindingLevel.ERROR, "W": FindingLevel.WARNING, "N": FindingLevel.NOTICE}
    findings = [Finding(code="x", message="x", file="x", level=kinds[each]) for each in levels]
    assert output.counted(findings, "wrong") == said
    names = {"E": "findings", "W": "warnings", "N": "acknowledged"}
    assert list(output.findings_json(findings)) == [
        names[each] for each in "EWN" if each in levels or each == "E"
    ]
