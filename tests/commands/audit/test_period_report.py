"""The report of a period, on plain values: which periods there are, as of when it is judged, and what makes it doubtful."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jitbot.commands.audit import period_report as module
from jitbot.commands.audit import report as report_module
from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.history.limits import DECIDED_WITHIN
from jitbot.domain.model.errors import InvalidError
from jitbot.terminal.invocation import Invocation

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def finding(severity: Severity, message: str) -> AuditFinding:
    """Something that lies in the ledger beside the record."""
    return AuditFinding(code="code", severity=severity, message=message, hint="hint")


class Clone:
    """A clone whose ledger has these problems; `made` is what the report was made of."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.problems: tuple[AuditFinding, ...] = ()
        self.unread: tuple[AuditFinding, ...] = ()
        self.anchored = True
        self.made: dict[str, Any] = {}
        self.counted: dict[str, Any] = {}
        self.reviews: list[tuple[Any, ...]] = []
        self.looked = 0
        monkeypatch.setattr(module, "load_inputs", self._load)
        monkeypatch.setattr(module, "not_followed", lambda _: self.unread)
        monkeypatch.setattr(module, "completeness_of", lambda *_, **how: self.counted.update(how))
        monkeypatch.setattr(module, "period_report", lambda *_, **how: self.made.update(how))
        monkeypatch.setattr(module, "changed_rules", lambda *_: ())
        monkeypatch.setattr(module, "entitled", lambda _, __, at: at)
        monkeypatch.setattr(
            module, "read_access_reviews", lambda *given, **how: self.reviews.append((given[4], how["until"]))
        )

    def _load(self, *_: Any, **__: Any) -> Any:
        self.looked += 1
        doubt = SimpleNamespace(requests=())
        history = SimpleNamespace(
            events=(), head="1", problems=self.problems, anchored=self.anchored, in_doubt=doubt
        )
        return SimpleNamespace(
            history=history, not_followed=(), settings=SimpleNamespace(repository="acme/access"), main="2", git=None,
            merges=(), gone=SimpleNamespace(absences=()),
        )  # fmt: skip

    def report_of(self, start: datetime, end: datetime) -> dict[str, Any]:
        """What the report of a period is made of."""
        asked = Invocation(now=NOW, environ={}, folder=Path("/"), jitbot=lambda *_: 0)
        module.period_report_of(asked, start=start, end=end, keys_file=None, online=False)
        return self.made


@pytest.fixture
def clone(monkeypatch: pytest.MonkeyPatch) -> Clone:
    """Such a clone."""
    return Clone(monkeypatch)


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [
        (NOW, NOW, "the period is empty"),
        (NOW, NOW - DAY, "the period is empty"),
        (NOW + timedelta(seconds=1), NOW + DAY, "the period has not begun yet"),
    ],
)
def test_a_period_that_is_none(clone: Clone, start: datetime, end: datetime, why: str) -> None:
    """Nothing is read for it."""
    with pytest.raises(InvalidError, match=why):
        clone.report_of(start, end)
    assert clone.looked == 0


@pytest.mark.parametrize(
    ("end", "judged", "until", "counted"),
    [
        (NOW - 9 * DAY, NOW - 9 * DAY, NOW - 9 * DAY, NOW - 9 * DAY + DECIDED_WITHIN),
        (NOW, NOW, None, NOW),
        (NOW + DAY, NOW, None, NOW),
    ],
)
def test_a_period_is_judged_at_its_end(
    clone: Clone, end: datetime, judged: datetime, until: datetime | None, counted: datetime
) -> None:
    """Or now, where that is earlier: then of the reviews nothing is left out for its date."""
    made = clone.report_of(NOW - 10 * DAY, end)
    assert (made["now"], made["entitlements"], made["made_at"]) == (judged, judged, NOW)
    assert clone.reviews == [(judged, until)]
    assert clone.counted["now"] == counted


def test_the_present_may_be_the_beginning(clone: Clone) -> None:
    """A period that begins now has begun."""
    assert clone.report_of(NOW, NOW + DAY)["start"] == NOW


BROKEN, NOTE = finding(Severity.BROKEN, "broken"), finding(Severity.NOTE, "note")
OPEN = [finding(Severity.UNCHECKED, f"open {number}") for number in range(4)]


@pytest.mark.parametrize(
    ("problems", "unread", "anchored", "warnings", "doubt"),
    [
        ((), (), True, (), ""),
        ((BROKEN, NOTE), (), True, ("broken", "note"), ""),
        ((OPEN[0], BROKEN), (OPEN[1],), True, ("broken", "open 0", "open 1"), "open 0; open 1"),
        (tuple(OPEN), (), True, tuple(each.message for each in OPEN), "open 0; open 1; open 2"),
        ((), (), False, (), module._UNANCHORED),
        ((OPEN[0],), (), False, ("open 0",), f"open 0; {module._UNANCHORED}"),
    ],
)
def test_what_makes_a_period_doubtful(
    clone: Clone,
    problems: tuple[AuditFinding, ...],
    unread: tuple[AuditFinding, ...],
    anchored: bool,
    warnings: tuple[str, ...],
    doubt: str,
) -> None:
    """What could not be checked, of ledger or main, and keys that nobody vouches for; all else is a warning."""
    clone.problems, clone.unread, clone.anchored = problems, unread, anchored
    source = clone.report_of(NOW - DAY, NOW)["source"]
    assert (source.warnings, source.doubt) == (warnings, doubt)


@pytest.mark.parametrize("in_doubt", [False, True])
@pytest.mark.parametrize(
    ("output", "name"), [(None, "jitbot-report-20261101-20261130.html"), (Path("x.html"), "x.html")]
)
def test_a_report_is_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    output: Path | None, name: str, *, in_doubt: bool,
) -> None:  # fmt: skip
    """Named by its first and its last day, and in a job its figures are on the job's page; a period in doubt is exit code 3."""
    summary = SimpleNamespace(exceptions=(1,), doubts=(), awaiting=())
    made = SimpleNamespace(
        records=(1, 2),
        summary=summary,
        in_short="; all whole\x1b",
        in_doubt=in_doubt,
        source=SimpleNamespace(warnings=("odd\x1b",)),
    )
    monkeypatch.setattr(report_module, "period_report_of", lambda *_, **__: made)
    monkeypatch.setattr(report_module, "rendered", lambda _: "page")
    monkeypatch.setattr(report_module, "of_report", lambda _: "figures")
    monkeypatch.setattr(report_module, "rehearsed", lambda _: "")
    environ = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    asked = Invocation(now=NOW, environ=environ, folder=tmp_path, jitbot=lambda *_: 0)
    start, end = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)

    def report(folder: Path | None) -> int:
        return report_module.report(asked, start=start, end=end, output=folder, keys_file=None, online=False)

    assert report(output) == (3 if in_doubt else 0)
    assert (tmp_path / name).read_text() == "page"
    assert (tmp_path / "summary.md").read_text() == "figures\n"
    printed = capsys.readouterr()
    assert printed.err == "! odd\\x1b\n"
    assert printed.out.splitlines() == [
        f"{tmp_path / name}: 2 items, 0.0 MB",
        "1 exception, 0 unknown, 0 break-glass awaiting review; all whole\\x1b",
    ]
    with pytest.raises(InvalidError, match="cannot be written: No such file"):
        report(Path("none/x.html"))
