"""`jitbot comment` on plain values: which pull requests a run brings up to date, and what becomes of trouble."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jitbot.commands.ci import comment as module
from jitbot.domain.model.documents import Finding, FindingLevel
from jitbot.domain.model.errors import DeniedError, InvalidError, JitbotError, UnavailableError
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.pull_request.kept_comment import Shown

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
CLOCK = {"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_ACTOR": "github-actions[bot]"}
GRANT, SWEEP = (f"acme/access/.github/workflows/{name}.yml@refs/heads/main" for name in ("grant", "sweep"))


@dataclass(kw_only=True)
class Pulls:
    """What pull requests show, by number, and what GitHub says to what is written."""

    doubt: str = ""
    touched: tuple[int, ...] = (1,)
    since: list[Any] = field(default_factory=list)
    refuse: dict[int, JitbotError] = field(default_factory=dict)
    fails: JitbotError | None = None  # what is undecided or over cannot be read
    together: frozenset[int] = frozenset()
    changes: bool = True
    body: str = "body"
    findings: tuple[Finding, ...] = ()
    put: list[int] = field(default_factory=list)

    def shown(self, number: int) -> Shown:
        """One of them."""
        return Shown(number=number, body=self.body, findings=self.findings)

    def more(self, *numbers: int) -> list[Shown]:
        """Those that are undecided or over."""
        if self.fails is not None:
            raise self.fails
        return [self.shown(each) for each in numbers]

    def write(self, _: Any, shown: Shown, **__: Any) -> bool:
        """Bring one up to date; gives whether something changed."""
        self.put.append(shown.number)
        if shown.number in self.refuse:
            raise self.refuse[shown.number]
        return self.changes

    def touch(self, _: Any, *, run: str, since: Any) -> tuple[int, ...]:
        """Those that a run recorded something of."""
        assert run == "https://run"
        self.since.append(since)
        return self.touched


@pytest.fixture
def pulls(monkeypatch: pytest.MonkeyPatch) -> Pulls:
    """Such pull requests."""
    found = Pulls()
    context = SimpleNamespace(run=SimpleNamespace(url="https://run"))
    for name, value in {
        "open_context": lambda *_, **__: context,
        "read": lambda *_: SimpleNamespace(doubt=found.doubt, events=()),
        "touched_by": found.touch,
        "of_pull": lambda _, number, __: found.shown(number),
        "of_merged": lambda _, __, number, ___: found.shown(number),
        "of_undecided": lambda *_: found.more(100),
        "of_over": lambda *_: found.more(200),
        "with_comments": lambda _, shown: shown,
        "edited_together": lambda _, shown: (shown, found.together),
        "put": found.write,
    }.items():
        monkeypatch.setattr(module, name, value)
    return found


def run(*numbers: int, form: str = "text", **environ: str) -> int:
    """`jitbot comment` in a job, unless it is said otherwise."""
    given = {"GITHUB_ACTIONS": "true", **environ}
    asked = Invocation(now=NOW, environ=given, folder=Path("/"), jitbot=lambda *_: 0)
    return module.comment(asked, pulls=numbers, form=form)


@pytest.mark.parametrize(
    ("environ", "put", "since"),
    [
        ({}, [1], None),
        ({"GITHUB_WORKFLOW_REF": GRANT}, [1, 100], None),
        ({"GITHUB_WORKFLOW_REF": SWEEP}, [1], None),
        ({**CLOCK, "GITHUB_WORKFLOW_REF": SWEEP}, [1, 200], 7),
        ({**CLOCK, "GITHUB_WORKFLOW_REF": GRANT}, [1, 100], 7),
        ({**CLOCK, "GITHUB_ACTOR": "alice", "GITHUB_WORKFLOW_REF": SWEEP}, [1], None),
        ({**CLOCK, "GITHUB_EVENT_NAME": "push", "GITHUB_WORKFLOW_REF": SWEEP}, [1], None),
    ],
)
def test_which_ones_a_run_brings_up_to_date(
    pulls: Pulls, environ: dict[str, str], put: list[int], since: int | None
) -> None:
    """What it recorded; a run of grant what is undecided too; the hour's sweep what is over, and the last two hours."""
    assert run(**environ) == 0
    assert pulls.put == put
    assert pulls.since == [None if since is None else NOW.replace(hour=since)]


def test_no_run_brings_more_up_to_date_than_it_can(pulls: Pulls) -> None:
    """Fifty at a time."""
    pulls.touched = tuple(range(60))
    run()
    assert pulls.put == list(range(50))


def test_while_the_ledger_is_in_doubt_nothing_is_shown(pulls: Pulls) -> None:
    """What cannot be checked may be an end."""
    pulls.doubt = "the ledger cannot be checked"
    with pytest.raises(UnavailableError, match="cannot be checked"):
        run()
    assert pulls.put == []


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"GITHUB_WORKFLOW_REF": GRANT}, "! what is undecided is not said: GitHub is away\n"),
        ({**CLOCK, "GITHUB_WORKFLOW_REF": SWEEP}, "! what is over is not closed: GitHub is away\n"),
    ],
)
def test_what_else_there_is_to_say_delays_nothing(
    pulls: Pulls, environ: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """If it cannot be read, that is said, and what the run recorded is shown."""
    pulls.fails = UnavailableError("GitHub is away")
    assert run(**environ) == 0
    assert (pulls.put, capsys.readouterr().err) == ([1], said)


def test_what_may_not_be_written_is_in_the_summary(
    pulls: Pulls, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in a fork's run; the next one is written all the same."""
    pulls.refuse = {1: DeniedError("no")}
    summary = tmp_path / "summary"
    assert run(1, 2, GITHUB_STEP_SUMMARY=str(summary)) == 0
    assert (pulls.put, summary.read_text().strip()) == ([1, 2], "body")
    assert capsys.readouterr().err == "! #1 is shown in the summary instead: no\n"


def test_trouble_with_one_is_no_trouble_with_another(
    pulls: Pulls, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code says that something is not up to date."""
    pulls.refuse = {1: UnavailableError("GitHub\x1b is away")}
    assert run(1, 2) == 3
    printed = capsys.readouterr()
    assert (pulls.put, printed.out.splitlines()[1:]) == ([1, 2], ["#2: all good, brought up to date"])
    assert (printed.err.startswith("! GitHub"), "\x1b" in printed.err) == (True, False)


def test_a_summary_that_cannot_be_written_is_trouble(pulls: Pulls, tmp_path: Path) -> None:
    """Then nobody sees it."""
    pulls.refuse = {1: DeniedError("no")}
    assert run(1, GITHUB_STEP_SUMMARY=str(tmp_path / "none" / "summary")) == 3


@pytest.mark.parametrize(("body", "begin"), [("", True), ("body", False)])
def test_what_begins_no_comment_is_in_no_summary(
    pulls: Pulls, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str, *, begin: bool
) -> None:
    """There would be nothing on GitHub either."""
    pulls.refuse = {1: DeniedError("no")}
    monkeypatch.setattr(module, "of_pull", lambda *_: replace(pulls.shown(1), body=body, begin=begin))
    summary = tmp_path / "summary"
    run(1, GITHUB_STEP_SUMMARY=str(summary))
    assert not summary.exists()


@pytest.mark.parametrize(
    ("changes", "together", "said"),
    [
        (True, (), "#1: all good, brought up to date\n"),
        (False, (1,), "#1: all good, brought up to date\n"),
        (False, (2,), "#1: all good\n"),
    ],
)
def test_what_changed_is_said(
    pulls: Pulls, together: tuple[int, ...], said: str, capsys: pytest.CaptureFixture[str], *, changes: bool
) -> None:
    """Whether it was edited with others, or by itself."""
    pulls.changes, pulls.together = changes, frozenset(together)
    assert run(1) == 0
    assert capsys.readouterr().out == said


def test_outside_a_job_nothing_is_written(pulls: Pulls, capsys: pytest.CaptureFixture[str]) -> None:
    """The comment is printed, for people or for programs."""
    assert run(1, GITHUB_ACTIONS="") == 0
    assert capsys.readouterr().out == "body\n"
    assert run(1, form="json", GITHUB_ACTIONS="false") == 0
    assert '"written": false' in capsys.readouterr().out
    assert pulls.put == []


@pytest.mark.parametrize(
    ("name", "numbers", "put"),
    [
        ("pull_request", (), [7]),
        ("pull_request_review", (), [7]),
        ("push", (), [1]),
        ("", (), [1]),
        ("pull_request", (3, 4), [3, 4]),
    ],
)
def test_the_pull_request_of_the_event(
    pulls: Pulls, tmp_path: Path, name: str, numbers: tuple[int, ...], put: list[int]
) -> None:
    """Unless others are named; any other event's run looks at what it recorded itself."""
    event = tmp_path / "event.json"
    event.write_text('{"pull_request": {"number": 7}}')
    run(*numbers, GITHUB_EVENT_NAME=name, GITHUB_EVENT_PATH=str(event))
    assert pulls.put == put


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"pull_request": {"number": "x"}}'])
def test_an_event_that_names_none_is_an_error(pulls: Pulls, tmp_path: Path, text: str | None) -> None:
    """Nothing is brought up to date for it."""
    event = tmp_path / "event.json"
    if text is not None:
        event.write_text(text)
    with pytest.raises(InvalidError, match="names no pull request"):
        run(GITHUB_EVENT_NAME="pull_request", GITHUB_EVENT_PATH=str(event))
    assert pulls.put == []
    run(GITHUB_EVENT_NAME="pull_request", GITHUB_EVENT_PATH="")
    assert pulls.put == [1]


def test_nothing_to_show_is_said(pulls: Pulls, capsys: pytest.CaptureFixture[str]) -> None:
    """For people; a program gets an empty list."""
    pulls.touched = ()
    run()
    assert capsys.readouterr().out == "no pull request to bring up to date\n"


@pytest.mark.parametrize(("level", "code"), [(FindingLevel.ERROR, 1), (FindingLevel.WARNING, 0)])
def test_a_bad_request_is_red(
    pulls: Pulls, level: FindingLevel, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is only worth a look is not; in a job both are annotations."""
    pulls.findings = (Finding(code="code", message="message", file="requests/x", level=level),)
    assert run(1) == code
    assert f"::{level} " in capsys.readouterr().out
    assert run(1, GITHUB_ACTIONS="") == code
    assert "::" not in capsys.readouterr().out
