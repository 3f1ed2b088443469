"""`jitbot audit protection` and `jitbot audit usage`: what is printed of what they saw, and what they are asked for."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from acme_facts import NOW
from audit_facts import a_look, a_statement_event
from desk import Said, said

from jitbot.commands.audit.recording import protection, usage
from jitbot.domain.audit.protection.looks import Sight
from jitbot.domain.audit.protection.safeguards import SAFEGUARDS
from jitbot.domain.ledger.commit_message import sentence
from jitbot.usecases.setup.record_protection import SeenProtection

FIRST = next(each for each in SAFEGUARDS if each.branch)
LOST: Any = SimpleNamespace(
    safeguard=FIRST, loss=SimpleNamespace(since=NOW), check=SimpleNamespace(fix="set it again\x1b")
)
SEEN = SeenProtection(look=a_look(), lost=(), why="", recorded=True, troubles=())
STATED = a_statement_event()
Run = Callable[..., Said]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What was asked of the use cases; `seen` is what a look gives."""
    found: dict[str, Any] = {"seen": SEEN}

    def look(_context: Any, _now: Any, *, dry_run: bool) -> SeenProtection:
        found["dry_run"] = dry_run
        seen: SeenProtection = found["seen"]
        return seen

    def state(_context: Any, words: str, _now: Any) -> Any:
        found["words"] = words
        return STATED

    monkeypatch.setattr(protection, "open_context", lambda *_: None)
    monkeypatch.setattr(protection, "look_at_protection", look)
    monkeypatch.setattr(protection, "record_statement", state)
    return found


@pytest.fixture
def look(asked: dict[str, Any], tmp_path: Path) -> Run:
    """Runs `audit protection` where this is seen."""

    def run(*arguments: str, **given: Any) -> Said:
        asked["seen"] = SeenProtection(
            **{**{name: getattr(SEEN, name) for name in ("look", "lost", "why", "recorded", "troubles")}, **given}
        )  # fmt: skip
        return said("audit", "protection", *arguments, folder=tmp_path)

    return run


def test_each_safeguard_has_its_mark(look: Run) -> None:
    """Whether it holds, and whether that was recorded."""
    marks = {Sight.HELD: "✓", Sight.NOT_HELD: "✗", Sight.NO_RULE: "?", Sight.NOT_SEEN: "?"}
    for sight in Sight:
        answer = look(look=a_look(NOW, **{FIRST.code.replace("-", "_"): sight}))
        assert f"{marks[sight]} {FIRST.title}: {sight}" in answer.out.splitlines()
        assert len(answer.out.splitlines()) == len(SAFEGUARDS) + 1
        assert (answer.code, answer.out.splitlines()[-1], answer.err) == (0, "recorded", "")


def test_what_is_lost_has_its_fix(look: Run) -> None:
    """And what was not seen its reason; what could not be recorded is said."""
    answer = look(
        lost=(LOST,), why="no admin\x1b", recorded=False, troubles=("the look is not recorded\x1b",)
    )
    assert answer.out.splitlines()[-4:] == [
        "not seen: no admin\\x1b",
        f"lost: {FIRST.title}, since 2026-11-24T09:01:00Z",
        "    fix: set it again\\x1b",
        "not recorded",
    ]
    assert (answer.code, answer.err) == (1, "! the look is not recorded\\x1b\n")


@pytest.mark.parametrize(("arguments", "dry"), [((), False), (("--dry-run",), True)])
def test_programs_get_the_look(
    look: Run, asked: dict[str, Any], arguments: tuple[str, ...], *, dry: bool
) -> None:
    """Whether it was recorded or not."""
    answer = look("--format", "json", *arguments, why="no admin")
    assert (answer.code, answer.json) == (3, asked["seen"].as_json())
    assert asked["dry_run"] is dry


def test_a_persons_word_is_recorded(look: Run, asked: dict[str, Any]) -> None:
    """Nothing is looked at then; it is said as the ledger says it."""
    answer = look("--statement", "{}")
    assert (answer.code, answer.out, asked["words"], "dry_run" in asked) == (
        0,
        f"{sentence(STATED)}\n",
        "{}",
        False,
    )
    answer = look("--statement", "{}", "--format", "json")
    assert answer.json == {"recorded": True, "by": "olivia", "safeguards": STATED.evidence.safeguards}


def test_a_word_cannot_be_given_without_being_recorded(look: Run, asked: dict[str, Any]) -> None:
    """It is misuse, and nothing is recorded."""
    answer = look("--statement", "{}", "--dry-run")
    assert (answer.code, "words" in asked) == (2, False)
    assert "--statement records, and --dry-run does not" in answer.err


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [((), "2 recorded\n"), (("--format", "json", "--dry-run"), '{\n  "dry": true\n}\n')],
)
def test_what_was_recorded_of_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: tuple[str, ...], printed: str
) -> None:
    """In words or for programs, with the exit code of the report."""

    def record(_context: Any, trails: Any, call_log: Any, _now: Any, *, dry_run: bool) -> Any:
        assert (trails, call_log) == ("trails", "log")
        return SimpleNamespace(as_json=lambda: {"dry": dry_run}, exit_code=3)

    def show(_report: Any, *, nothing: str) -> None:
        assert nothing == "no grant is over whose use is not recorded"
        print("2 recorded")  # noqa: T201  # in the place of what a report prints

    monkeypatch.setattr(usage, "open_context", lambda *_: SimpleNamespace(settings=None))
    monkeypatch.setattr(usage, "open_trails", lambda *_: ("trails", "log"))
    monkeypatch.setattr(usage, "record_use", record)
    monkeypatch.setattr(usage, "print_report", show)
    answer = said("audit", "usage", *arguments, folder=tmp_path)
    assert (answer.code, answer.out) == (3, printed)
