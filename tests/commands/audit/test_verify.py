"""`jitbot audit verify` on plain values: what is asked of whom, what is recorded, said and kept, and the exit code."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from jitbot.commands.audit import verify as module
from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.verify.online import AskedUntil, ToAsk
from jitbot.domain.audit.verify.verdict import AuditVerdict
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.terminal.invocation import Invocation

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HEAD, MAIN, OLD = (Sha(each * 40) for each in "123")


def finding(severity: Severity, **place: str) -> AuditFinding:
    """Something that an audit found."""
    return AuditFinding(
        code="code", severity=severity, message="what\x1b is wrong", hint="what to do", **place
    )


def decision(path: str) -> Any:
    """An approval that GitHub may be asked about."""
    return SimpleNamespace(path=path)


@dataclass(kw_only=True)
class Audit:
    """A clone, a GitHub and an AWS: what each says, and `done`, what was done."""

    problems: tuple[AuditFinding, ...] = ()
    passed_over: int = 0
    stops: Exception | None = None  # there is no verdict
    issue_fails: Exception | None = None
    known: frozenset[str] = frozenset({"main"})
    done: list[str] = field(default_factory=list)
    at: list[datetime] = field(default_factory=list)
    since: list[Any] = field(default_factory=list)
    expected: list[Sha] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    keys: list[bool] = field(default_factory=list)

    @property
    def git(self) -> Any:
        """The clone."""
        return self

    @property
    def history(self) -> Any:
        """The ledger."""
        return SimpleNamespace(head=HEAD)

    def commits_of(self, head: Sha) -> frozenset[Sha]:
        """A commit of the ledger, and all before it."""
        return frozenset({head})

    def remember(self, head: Sha) -> None:
        """Keep what was found good."""
        self.done.append(f"remember {head}")

    def resolve(self, name: str) -> Sha:
        """The commit of this name."""
        if name not in self.known:
            raise InvalidError(f"git knows no commit {name}")
        return OLD

    def load(self, _: Any, *, online: bool, **__: Any) -> Any:
        """The clone's inputs; with the issuer's keys or without."""
        self.keys.append(online)
        return self

    def verify(
        self, _: Any, now: datetime, *, expect: Any, since: Any, more: list[AuditFinding]
    ) -> AuditVerdict:
        """Look at everything."""
        if self.stops is not None:
            raise self.stops
        self.at.append(now)
        self.since.append(since)
        self.expected += expect
        return AuditVerdict(
            head=HEAD,
            main=MAIN,
            checked={"commits": 5},
            problems=(*self.problems, *more),
            passed_over=self.passed_over,
        )

    def to_ask(self, name: str) -> ToAsk:
        """The approvals that GitHub is to be asked about."""
        self.outside.append(f"ask {name}")
        asked = (decision("events/1.json"),)
        return ToAsk(
            decisions=asked, every=asked, fresh=asked, new=1, older=0, unsaid=0, mark=AskedUntil(), whole=True
        )

    def heads(self, _: Any, decisions: Any) -> list[AuditFinding]:
        """Bring the commits of the approvals here."""
        self.outside.append(f"heads {len(decisions)}")
        return []

    def read_again(self, _: Any, decisions: Any, unanswered: set[str]) -> list[AuditFinding]:
        """Ask GitHub, which has no answer."""
        self.outside.append(f"github {len(decisions)}")
        unanswered.update(each.path for each in decisions)
        return []

    def note(self, name: str) -> Any:
        """An act that is noted."""

        def acts(*_: Any) -> None:
            self.done.append(name)
            if name in ("issue", "stopped") and self.issue_fails is not None:
                raise self.issue_fails

        return acts

    def compare(self, *_: Any) -> list[AuditFinding]:
        """Ask AWS."""
        self.outside.append("aws")
        return []


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch) -> Audit:
    """Such a clone."""
    found = Audit()
    context = SimpleNamespace(git=None, github=None)
    for name, value in {
        "load_inputs": found.load,
        "use_case": found.verify,
        "_context": lambda _: context,
        "mark": lambda _, since: f"mark of {since}",
        "approvals_to_ask": lambda _, begin: found.to_ask(str(begin)),
        "approvals_since_asked": lambda _: found.to_ask("since asked"),
        "fetch_heads": found.heads,
        "read_again": found.read_again,
        "compare": found.compare,
        "keep_issue": found.note("issue"),
        "keep_stopped": found.note("stopped"),
        "record_verdict": found.note("record"),
        "ensure_recordable": found.note("recordable"),
        "last_mark": lambda _: AskedUntil(),
    }.items():
        monkeypatch.setattr(module, name, value)
    return found


def verify(form: str = "text", environ: dict[str, str] | None = None, **given: Any) -> int:
    """`jitbot audit verify`."""
    asked = Invocation(now=NOW, environ=environ or {}, folder=Path("/"), jitbot=lambda *_: 0)
    options: dict[str, Any] = {
        "keys_file": None, "expect": (), "since": None, "online": False, "online_since": None, "against_aws": False,
        "record": False, "at": None,
    }  # fmt: skip
    return module.verify(asked, **{**options, **given}, form=form)


@pytest.mark.parametrize(
    ("given", "outside", "keys"),
    [
        ({}, [], False),
        ({"online": True}, ["ask None", "heads 1", "github 1"], True),
        ({"online": True, "since": "v1"}, ["ask mark of v1", "heads 1", "github 1"], True),
        (
            {"online": True, "since": "v1", "online_since": "v2"},
            ["ask mark of v2", "heads 1", "github 1"],
            True,
        ),
        ({"online": True, "online_since": "recorded"}, ["ask since asked", "heads 1", "github 1"], True),
        ({"against_aws": True}, ["heads 0", "github 0", "aws"], False),
        ({"record": True}, ["heads 0", "github 0"], True),
    ],
)
def test_who_is_asked(audit: Audit, given: dict[str, Any], outside: list[str], *, keys: bool) -> None:
    """Nobody outside the clone, unless that is asked for."""
    assert verify(**given) == 0
    assert (audit.outside, audit.keys) == (outside, [keys])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"record": True, "at": NOW}, "--record and --at do not go together"),
        ({"online_since": "v1"}, "--online-since says what --online reads"),
    ],
)
def test_what_does_not_go_together_is_misuse(audit: Audit, given: dict[str, Any], why: str) -> None:
    """Nothing is looked at then."""
    with pytest.raises(click.UsageError, match=why):
        verify(**given)
    assert audit.keys == []


def test_when_and_since_when(audit: Audit) -> None:
    """Now, unless another moment is meant; from the first commit on, unless another is named."""
    later = NOW + timedelta(days=1)
    verify()
    verify(at=later, since="v1")
    assert audit.at == [NOW, later]
    assert audit.since == [None, "mark of v1"]


@pytest.mark.parametrize(("name", "commit"), [("main", OLD), (MAIN, MAIN)])
def test_a_commit_that_is_expected(audit: Audit, name: str, commit: Sha) -> None:
    """By any name that the clone knows; by its whole id, also one that the clone has not any more."""
    verify(expect=(name,))
    assert audit.expected == [commit]


@pytest.mark.parametrize("name", ["nobody", "3" * 39, "3" * 41, "G" * 40])
def test_a_name_of_nothing_is_not_expected(audit: Audit, name: str) -> None:
    """It would be missing from every ledger."""
    with pytest.raises(InvalidError, match="git knows no commit"):
        verify(expect=(name,))
    assert audit.at == []


BROKEN, UNCHECKED, NOTE = (finding(each) for each in (Severity.BROKEN, Severity.UNCHECKED, Severity.NOTE))


@pytest.mark.parametrize(
    ("problems", "code", "remembered"),
    [((), 0, True), ((NOTE,), 0, True), ((UNCHECKED,), 3, False), ((BROKEN, UNCHECKED), 1, False)],
)
def test_only_what_is_good_is_remembered(
    audit: Audit, problems: tuple[AuditFinding, ...], code: int, *, remembered: bool
) -> None:
    """The next one may go on from it."""
    audit.problems = problems
    assert verify() == code
    assert audit.done == ([f"remember {HEAD}"] if remembered else [])


@pytest.mark.parametrize(
    ("problems", "fails", "code"),
    [
        ((), None, 0),
        ((BROKEN,), None, 1),
        ((), UnavailableError("away"), 3),
        ((BROKEN,), UnavailableError("away"), 1),
    ],
)
def test_a_verdict_is_recorded_after_its_issue(
    audit: Audit, problems: tuple[AuditFinding, ...], fails: Exception | None, code: int,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Where the issue cannot be kept, the verdict is recorded all the same, and the run fails."""
    audit.problems, audit.issue_fails = problems, fails
    assert verify(record=True) == code
    assert [each for each in audit.done if "remember" not in each] == ["recordable", "issue", "record"]
    said = "! the issue about the record could not be kept: away\n" if fails else ""
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("given", [{}, {"online": True}, {"against_aws": True}])
def test_without_record_nothing_is_recorded(audit: Audit, given: dict[str, Any]) -> None:
    """Nor is an issue kept."""
    verify(**given)
    assert audit.done == [f"remember {HEAD}"]


@pytest.mark.parametrize(
    ("given", "stopped"), [({"record": True}, ["stopped"]), ({"online": True}, []), ({}, [])]
)
def test_no_verdict_is_no_good_one(
    audit: Audit, given: dict[str, Any], stopped: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The error is the run's; a run that would have recorded says so in the issue, or that there is none."""
    audit.stops = UnavailableError("the ledger cannot be read")
    for fails in (None, UnavailableError("away")):
        audit.done.clear()
        audit.issue_fails = fails
        with pytest.raises(UnavailableError, match="ledger cannot be read"):
            verify(**given)
        assert audit.done == stopped
        said = "! the issue about the record could not be kept: away\n" if fails and stopped else ""
        assert capsys.readouterr().err == said


def test_a_verdict_in_words(audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    """Each finding with its place, as far as it has one, and what to do."""
    audit.problems = (
        finding(Severity.BROKEN, event="events/1.json", commit=OLD),
        finding(Severity.UNCHECKED, commit=OLD),
        finding(Severity.NOTE),
    )
    audit.passed_over = 4
    assert verify(online=True) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[:8] == [
        "✗ what\\x1b is wrong [code]", "    event events/1.json, commit " + OLD, "    what to do",
        "? what\\x1b is wrong [code]", "    commit " + OLD, "    what to do",
        "• what\\x1b is wrong [code]", "    what to do",
    ]  # fmt: skip
    assert said[8:10] == ["passed over: 4 findings before --since", "checked: 5 commits"]
    assert said[-3:-1] == [f"ledger {HEAD}", f"main   {MAIN}"]
    assert said[-1] == "verification failed: 1 violation found, 1 not to be checked here"
    assert len(said) == 14  # with what GitHub was asked


def test_a_good_verdict_is_short(audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    """What was not asked, or passed over, has no line."""
    verify()
    said = capsys.readouterr().out.splitlines()
    assert [each.partition(" ")[0] for each in said] == ["checked:", "ledger", "main", "the"]


@pytest.mark.parametrize(("number", "more"), [(200, []), (201, ["… and 1 more; --format json has them all"])])
def test_no_more_is_shown_than_is_read(
    audit: Audit, number: int, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Programs get all of it."""
    audit.problems = (NOTE,) * number
    verify()
    said = capsys.readouterr().out.splitlines()
    assert (sum("[code]" in each for each in said), [each for each in said if "more;" in each]) == (200, more)
    verify("json")
    assert capsys.readouterr().out.count('"code": "code"') == number


def test_what_github_left_open_is_said(audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    """An approval without an answer is counted."""
    verify("json", online=True)
    assert '"unanswered": 1' in capsys.readouterr().out


def test_the_colour_is_that_of_the_verdict(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Green means good."""
    colours: list[Any] = []

    def style(text: str, **how: Any) -> str:
        colours.append(how.get("fg"))
        return text

    monkeypatch.setattr(click, "style", style)
    verify()
    audit.problems = (UNCHECKED,)
    verify()
    assert [colours[0], colours[-1]] == ["green", "red"]


def test_a_job_has_it_on_its_page(audit: Audit, tmp_path: Path) -> None:
    """After the issue: a page that cannot be written hides none."""
    page = tmp_path / "summary"
    verify(environ={"GITHUB_STEP_SUMMARY": str(page)})
    assert "## Verification" in page.read_text()
    with pytest.raises(UnavailableError):
        verify(environ={"GITHUB_STEP_SUMMARY": str(tmp_path / "none/summary")}, record=True)
    assert "issue" in audit.done
