"""`jitbot audit protection` in memory: whose word is recorded, when a look is said again, and what fails of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from acme_facts import DAY, HOUR, NOW, the_settings
from audit_facts import a_look
from plain_run import PlainRun

from jitbot.domain.audit.protection.looks import Sight
from jitbot.domain.audit.protection.safeguards import SAFEGUARDS
from jitbot.domain.model.errors import DeniedError, InvalidError, SupersededError, UnavailableError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.setup.doctor.report import Check, CheckVerdict
from jitbot.usecases.setup import record_protection as module
from jitbot.usecases.setup.record_protection import (
    SeenProtection,
    look_at_protection,
    record_statement,
    say_protection,
)

WORD = "main-bypass=warn ledger-bypass=ok actions-never-approve=ok"


def stated(run: PlainRun, permission: str = "admin") -> Any:
    """What is recorded of the word of who started this run."""
    context: Any = run.context()
    context.github.permission = lambda _: permission
    context.git.fetch()
    return record_statement(context, WORD, NOW)


def test_the_word_of_an_admin_is_recorded_with_their_name() -> None:
    """As that person's."""
    run = PlainRun(actor="erin")
    event = stated(run)
    assert (event.evidence.by, len(run.written)) == ("erin", 1)


@pytest.mark.parametrize(
    ("run", "permission", "error", "words"),
    [
        (PlainRun(actor="erin"), "write", DeniedError, "erin started this run, and is no admin"),
        (PlainRun(actor="stranger"), "admin", DeniedError, "stranger started this run, and is no admin"),
        (PlainRun(actor=""), "admin", DeniedError, "nobody known started this run"),
        (PlainRun(rerun=True), "admin", DeniedError, "a re-run acts in the name"),
        (PlainRun(stale=True), "admin", SupersededError, "not main's any more"),
    ],
)
def test_the_word_of_anybody_else_is_not(
    run: PlainRun, permission: str, error: type[Exception], words: str
) -> None:
    """Nor what an old run, or a second attempt, says."""
    run.lies = {}
    with pytest.raises(error, match=words):
        stated(run, permission)
    assert run.written == []


def a_check(code: str, verdict: CheckVerdict = CheckVerdict.OK) -> Check:
    """What doctor found of one safeguard."""
    return Check(code=code, group="x", title="x", impact="x", fix="x", verdict=verdict)


def said(*checks: Check, error: Exception | None = None) -> list[tuple[Any, ...]]:
    """What the workflow is given."""
    given: list[tuple[Any, ...]] = []

    def dispatch(*what: Any) -> None:
        given.append(what)
        if error is not None:
            raise error

    github: Any = SimpleNamespace(dispatch=dispatch)
    assert say_protection(github, checks) == {each.code: each for each in checks}
    return given


def test_only_who_sees_more_than_a_run_says_anything() -> None:
    """One of the things that an admin's token shows is enough."""
    unknown = [a_check(code, CheckVerdict.UNKNOWN) for code in module.ADMINS_SEE]
    other = a_check(next(each.code for each in SAFEGUARDS if each.code not in module.ADMINS_SEE))
    for nothing in ([other], [*unknown, other], unknown[:1]):
        with pytest.raises(InvalidError, match="sees no more than the weekly look"):
            said(*nothing)
    ((workflow, branch, inputs),) = said(a_check(module.ADMINS_SEE[0]))
    assert (workflow, branch, inputs) == ("audit.yml", "main", {"statement": f"{module.ADMINS_SEE[0]}=ok"})
    said(unknown[1], a_check(module.ADMINS_SEE[0]))
    with pytest.raises(DeniedError, match=r"audit.yml could not be started \(no\)"):
        said(a_check(module.ADMINS_SEE[0]), error=DeniedError("no"))


CHECKS = {each.code: a_check(each.code) for each in SAFEGUARDS if each.branch}
CODE = next(each.code for each in SAFEGUARDS if each.needs_ruleset and each.branch)


class Looking:
    """A run that sees what it is told, and the issue as it is kept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.run = PlainRun()
        self.sees, self.why = a_look(), ""
        self.checks: Mapping[str, Check] = CHECKS
        self.kept: list[tuple[list[str], bool]] = []
        self.fails: Exception | None = None
        monkeypatch.setattr(
            module, "_look", lambda _, now: (replace(self.sees, at=now), self.checks, self.why)
        )
        monkeypatch.setattr(module, "keep_protection_issue", self._keep)

    def _keep(self, _: Any, lost: Any, __: Any, *, blind: bool) -> None:
        if self.fails is not None:
            raise self.fails
        self.kept.append(([each.safeguard.code for each in lost], blind))

    def look(self, now: datetime = NOW, **how: bool) -> SeenProtection:
        """One look, at this time."""
        self.run.now = now
        context: Any = self.run.context()
        context.git.fetch()
        return look_at_protection(context, now, **how)


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> Looking:
    """A run that has seen nothing yet."""
    return Looking(monkeypatch)


def test_the_same_is_recorded_once_a_day(looking: Looking) -> None:
    """Anybody who may write can start as many looks as they like; what is seen otherwise is recorded at once."""
    looking.look()
    looking.look(NOW + HOUR)
    assert len(looking.run.written) == 1
    looking.sees = a_look(**cast("Any", {CODE.replace("-", "_"): Sight.NOT_HELD}))
    assert looking.look(NOW + 2 * HOUR).recorded
    assert len(looking.run.written) == 2
    looking.look(NOW + DAY)
    assert len(looking.run.written) == 3
    assert [each[0] for each in looking.kept] == [[], [], [CODE], [CODE]]


def test_old_code_looks_at_nothing(looking: Looking) -> None:
    """A run that waited while main changed leaves the look to the next one."""
    looking.run = PlainRun(stale=True)
    with pytest.raises(SupersededError, match="not main's any more"):
        looking.look()
    assert (looking.kept, looking.run.written) == ([], [])


def test_what_is_lost_fails_the_run(looking: Looking) -> None:
    """Also by an earlier look alone; what doctor has no check of any more is no loss."""
    looking.sees = a_look(**cast("Any", {CODE.replace("-", "_"): Sight.NOT_HELD}))
    found = looking.look()
    assert ([each.safeguard.code for each in found.lost], found.exit_code) == ([CODE], ExitCode.REFUSED)
    assert found.as_json()["ok"] is False
    looking.sees = a_look(**cast("Any", {CODE.replace("-", "_"): Sight.NOT_SEEN}))
    found = looking.look(NOW + DAY)
    assert ([each.safeguard.code for each in found.lost], found.troubles) == ([CODE], ())
    looking.checks = {}
    found = looking.look(NOW + DAY)
    assert (found.lost, found.exit_code, found.as_json()["ok"]) == ((), ExitCode.DONE, True)


def test_a_dry_run_keeps_and_records_nothing(looking: Looking) -> None:
    """It says what it saw."""
    found = looking.look(dry_run=True)
    assert (found.recorded, looking.run.written, looking.kept) == (False, [], [])


def test_what_fails_is_said_and_the_rest_is_done(looking: Looking) -> None:
    """A branch that was not seen, an issue that cannot be kept, a ledger that cannot be checked, or not written."""
    looking.why = "the rules of main: no"
    found = looking.look()
    assert (found.exit_code, found.recorded, looking.kept) == (ExitCode.UNSURE, True, [([], True)])
    looking.why, looking.fails = "", UnavailableError("no issues")
    found = looking.look(NOW + DAY)
    assert (found.exit_code, found.recorded, len(looking.run.written)) == (ExitCode.UNSURE, True, 2)
    assert found.troubles == ("the issue about lost safeguards could not be kept: no issues",)
    looking.fails = None
    looking.look(NOW + 2 * DAY)
    assert looking.kept[-1] == ([], False)

    def refuse(_: str) -> None:
        raise DeniedError("no")

    looking.run.takes = refuse
    found = looking.look(NOW + 3 * DAY)
    assert (found.recorded, found.exit_code) == (False, ExitCode.UNSURE)
    assert "the look is not recorded" in found.troubles[0]


def test_a_ledger_that_cannot_be_checked_leaves_the_issue_open(looking: Looking) -> None:
    """Nobody knows what was lost before."""
    looking.look()
    looking.run.push(kid="of another key")
    looking.run.silent = True
    found = looking.look(NOW + DAY)
    assert any("earlier looks cannot be read" in each for each in found.troubles)
    assert looking.kept[-1] == ([], True)
    assert found.exit_code is ExitCode.UNSURE


@pytest.mark.parametrize(
    ("hidden", "why"),
    [
        ((), ""),
        (("main",), "the rules of main: no main"),
        (("main", "ledger"), "the rules of main: no main; the rules of ledger: no ledger"),
    ],
)
def test_why_a_branch_was_not_seen_is_said(
    monkeypatch: pytest.MonkeyPatch, hidden: tuple[str, ...], why: str
) -> None:
    """In GitHub's words, branch by branch."""
    monkeypatch.setattr(module, "repository_files", lambda *_: None)
    monkeypatch.setattr(module, "TABLE", ())

    def rules(name: str) -> Any:
        if name in hidden:
            raise DeniedError(f"no {name}")
        return SimpleNamespace(answer=())

    context: Any = SimpleNamespace(
        git=None, documents=None, settings=the_settings(), github=SimpleNamespace(rules=rules)
    )
    look, checks, found = module._look(context, NOW)
    assert (look.at, checks, found) == (NOW, {}, why)
    assert set(look.sights.values()) == {Sight.NOT_SEEN}
