"""A process that need not load jitbot says, and ends, as `python -m jitbot` does."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import warm_jitbot
from asking_office import Terminal
from desk import Desk

JITBOT = (sys.executable, "-m", "jitbot")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """acme's files in a repository of one commit."""
    desk = Desk(root=tmp_path_factory.mktemp("desk"))
    desk.begin()
    return desk


def environ(folder: Path, **more: str) -> Mapping[str, str]:
    """Nothing but what is named."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), **more}


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        (["--version"], {}),
        (["owners", "requests/orders-db-read/2026-11/24-alice-größe.yaml"], {}),
        (["check", "none.yaml"], {}),
        (["chek"], {}),
        (["status"], {"GITHUB_TOKEN": "x", "GITHUB_API_URL": "http://127.0.0.1:9"}),
        (["check", "--format", "github", "requests"], {"GITHUB_ACTIONS": "true"}),
        (["request", "--help"], {"COLUMNS": "60"}),
        (["status"], {"_JITBOT_COMPLETE": "bash_complete", "COMP_WORDS": "jitbot st", "COMP_CWORD": "1"}),
        (["request"], {"JITBOT_REPOSITORY": "no name"}),
    ],
)
def test_what_it_says_is_the_same(desk: Desk, arguments: Sequence[str], more: Mapping[str, str]) -> None:
    """On both streams, to the byte, and with the same exit code."""
    known = environ(desk.root, **more)
    cold = subprocess.run([*JITBOT, *arguments], cwd=desk.root, env=known, capture_output=True, check=False)
    warm = warm_jitbot.run(arguments, environ=known, folder=desk.root)
    assert (warm.returncode, warm.stdout.encode(), warm.stderr.encode()) == (
        cold.returncode,
        cold.stdout,
        cold.stderr,
    )


def test_the_codes_differ_where_they_should(desk: Desk) -> None:
    """Nothing would be compared above, if all ended alike."""
    asked: tuple[Sequence[str], ...] = (["--version"], ["check", "none.yaml"], ["chek"])
    found = [warm_jitbot.run(each, environ=environ(desk.root), folder=desk.root).returncode for each in asked]
    assert found == [0, 1, 2]


def test_what_is_killed_ended_by_the_signal(desk: Desk) -> None:
    """As `subprocess` says it, and as often as it is asked."""
    with Terminal(["request"], environ=environ(desk.root), folder=desk.root) as terminal:
        terminal._running.kill()
        assert terminal._running.wait(10) == -9
        terminal._running.kill()
        assert terminal._running.wait() == -9


def test_no_test_is_in_it() -> None:
    """What it has loaded is jitbot's alone: neither pytest, nor a fake, nor the sandbox."""
    program = "import sys, warm_jitbot; sys.path[0] = ''; warm_jitbot._load(); print(*sys.modules)"
    path = str(Path(warm_jitbot.__file__).parent)
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(ran.stdout.split())
    assert "jitbot.commands.ci.grant" in loaded
    assert "boto3" in loaded
    assert not {"pytest", "answering", "flask", "moto"} & loaded
    assert not [each for each in loaded if each.startswith("jitbot.sandbox")]
