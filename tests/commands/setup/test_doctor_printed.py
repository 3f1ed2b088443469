"""What `jitbot doctor` shows of checks that are plain values, and what it is asked for."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from desk import NOW, Said, said

from jitbot.commands.setup import doctor as module
from jitbot.domain.setup.doctor.report import Check
from jitbot.terminal.invocation import Invocation

ASKED = Check(code="x", group="main", title="it holds", impact="promise 1", fix="do that")
FINE, WRONG, UNKNOWN = ASKED.ok(), ASKED.no("it does not"), ASKED.unknown("nobody said")


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Runs the command where these checks are found; gives what is said, and what was asked and started."""
    seen: dict[str, Any] = {}

    def run(checks: tuple[Check, ...], *arguments: str) -> tuple[Said, dict[str, Any]]:
        seen.clear()

        def run_doctor(_: Any, **how: bool) -> tuple[Check, ...]:
            seen.update(how)
            return checks

        monkeypatch.setattr(module, "run_doctor", run_doctor)
        return said("doctor", *arguments, folder=tmp_path), seen

    def say(writer: str, checks: Any) -> dict[str, Check]:
        seen["said"] = (writer, checks)
        return {each.code: each for each in checks}

    monkeypatch.setattr(
        module, "_target", lambda _: (SimpleNamespace(page="https://x.example/acme/access"), "a writer")
    )
    monkeypatch.setattr(module, "say_protection", say)
    return run


@pytest.mark.parametrize(
    ("checks", "code", "end"),
    [
        ((FINE,), 0, "every promise can hold  (1 ok, 0 warn, 0 unknown, 0 wrong)"),
        ((FINE, WRONG), 1, "a promise would not hold: fix what is marked ✗  (1 ok, 0 warn, 0 unknown, 1 wrong)"),
        ((UNKNOWN,), 3, "not all of it could be seen: nothing that is marked ? counts as fine  (0 ok, 0 warn, 1 unknown, 0 wrong)"),
    ],
)  # fmt: skip
def test_the_verdict_comes_last(ran: Any, checks: tuple[Check, ...], code: int, end: str) -> None:
    """With the count of each, and the same exit code for machines."""
    answer, seen = ran(checks)
    assert (answer.code, answer.out.splitlines()[-1]) == (code, end)
    assert seen == {"github": True, "aws": True}
    answer, _ = ran(checks, "--format", "json")
    assert (answer.code, answer.json["ok"], len(answer.json["checks"])) == (code, code == 0, len(checks))


def test_what_is_not_fine_is_shown_with_its_fix(ran: Any) -> None:
    """What is fine is counted, and shown with --all."""
    answer, _ = ran((FINE, WRONG))
    assert answer.out.splitlines()[:4] == [
        "main  1 of 2 fine",
        "  ✗ it holds: it does not",
        "      promise 1",
        "      fix: do that",
    ]
    answer, _ = ran((FINE, WRONG), "--all")
    assert answer.out.splitlines()[:3] == [
        "main  1 of 2 fine",
        "  ✓ it holds",
        "  ✗ it holds: it does not",
    ]


def test_each_group_has_its_own_checks(ran: Any) -> None:
    """In the order in which they were found."""
    other = replace(WRONG, group="ledger", title="it is kept")
    answer, _ = ran((WRONG, other, FINE))
    assert [each for each in answer.out.splitlines() if each and "      " not in each][:4] == [
        "main  1 of 2 fine",
        "  ✗ it holds: it does not",
        "ledger  0 of 1 fine",
        "  ✗ it is kept: it does not",
    ]


def test_checks_of_one_cause_are_shown_together(ran: Any) -> None:
    """What was found and the fix once; of the titles and of what depends on them, three are named."""
    checks = tuple(
        Check(code=f"c{n}", group="AWS", title=f"t{n}", impact=f"i{n}", fix="do that").unknown("refused")
        for n in range(5)
    )
    answer, _ = ran(checks)
    assert answer.out.splitlines()[:7] == [
        "AWS  0 of 5 fine",
        "  ? 5 checks: refused",
        "      t0, t1, t2 and 2 more",
        "      i0",
        "      i1",
        "      i2",
        "      fix: do that",
    ]


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (("--no-github",), {"github": False, "aws": True}),
        (("--no-aws",), {"github": True, "aws": False}),
    ],
)
def test_each_part_can_be_left_out(ran: Any, arguments: tuple[str, ...], asked: dict[str, bool]) -> None:
    """Of what is asked."""
    assert ran((FINE,), *arguments)[1] == asked


def test_what_an_admin_saw_is_recorded_on_request(ran: Any) -> None:
    """By the workflow, which is started with the checks that were shown."""
    answer, seen = ran((WRONG,), "--record")
    assert (answer.code, seen["said"]) == (1, ("a writer", (WRONG,)))
    assert (
        "audit.yml is started, to record what you saw of 1 safeguard: https://x.example/acme/access/actions"
        in (answer.err)
    )
    assert "said" not in ran((WRONG,))[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--record", "--no-github"), "leave --no-github and --rehearse out"),
        (("--record", "--rehearse"), "leave --no-github and --rehearse out"),
        (("--account", "prod"), "--account and --profile belong to --rehearse"),
        (("--profile", "p"), "--account and --profile belong to --rehearse"),
    ],
)
def test_options_that_do_not_go_together_are_a_mistake(
    ran: Any, arguments: tuple[str, ...], words: str
) -> None:
    """And not ignored; nothing is examined."""
    answer, seen = ran((FINE,), *arguments)
    assert (answer.code, words in answer.err, seen) == (2, True, {})


def test_main_is_fetched_before_its_rules_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is examined is main as it is now, of the repository that its own settings name."""
    steps: list[str] = []
    git = SimpleNamespace(fetch_main=lambda: steps.append("fetch"))
    settings = SimpleNamespace(repository="acme/access")

    def read(_: Any, __: Any) -> Any:
        steps.append("settings")
        return settings

    monkeypatch.setattr(module, "clone", lambda *_: git)
    monkeypatch.setattr(module, "settings_at_main", read)
    monkeypatch.setattr(module, "audit_cloud", lambda *_: None)
    environ = {"GITHUB_SERVER_URL": "https://ghe.example", "GITHUB_API_URL": "https://ghe.example/api/v3"}
    asked = Invocation(now=NOW, environ=environ, folder=tmp_path, jitbot=lambda *_: 0)
    target, _ = module._target(asked)
    assert steps == ["fetch", "settings"]
    assert (target.page, target.api_url) == ("https://ghe.example/acme/access", "https://ghe.example/api/v3")
    assert (target.git, target.at) == (git, NOW)
