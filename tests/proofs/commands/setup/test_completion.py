"""Completion as shells ask for it, in no time."""

import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from desk import ASK, Desk

from jitbot.cli import VERBS

SCRIPTS = Path(sys.executable).parent


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """acme's files in a repository of one commit."""
    desk = Desk(root=tmp_path / "access")
    desk.begin()
    return desk


def typed(desk: Desk, line: str) -> list[str]:
    """What the real bash, with our script, offers after this line."""
    program = (
        'eval "$(jitbot completion bash)"; COMP_WORDS=($1); [[ $1 == *" " ]] && COMP_WORDS+=("");'
        'COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _jitbot_completion jitbot; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    environ = {"PATH": f"{SCRIPTS}:{os.environ['PATH']}", "HOME": str(desk.root)}
    ran = subprocess.run(
        ["bash", "--norc", "-c", program, "bash", line],
        cwd=desk.root, env=environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stderr == ""
    return ran.stdout.split()


def test_bash_asks_for_words(desk: Desk) -> None:
    """For verbs, for requests by the short names, and for what the fetched ledger names; where there is no clone, nothing is answered."""
    assert typed(desk, "jitbot re") == [verb for verb in VERBS if verb.startswith("re")]
    desk.write(ASK)
    assert typed(desk, "jitbot explain ") == ["24-alice-refunds"]
    assert typed(Desk(root=desk.root.parent), "jitbot explain ") == []


def test_it_answers_in_time(desk: Desk) -> None:
    """An answer about requests takes less than five times the work of loading click, the best of three, and no vendor.

    That is a quarter of a second on a slow machine.
    """
    desk.write(ASK)
    environ = {
        **os.environ, "_JITBOT_COMPLETE": "bash_complete", "COMP_WORDS": "jitbot revoke ", "COMP_CWORD": "2",
    }  # fmt: skip
    spent: dict[str, list[float]] = {}
    for name, command in (
        ("answer", [SCRIPTS / "jitbot"]),
        ("click", [sys.executable, "-c", "import click"]),
    ) * 3:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=desk.root, env=environ, capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.setdefault(name, []).append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent["answer"]) < 5 * min(spent["click"])
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "jitbot"],
        cwd=desk.root, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "24-alice-refunds" in ran.stdout
    assert ran.returncode == 0
    assert not re.search(
        r"\| +(boto3|botocore|github|yaml|jsonschema|rich|requests)$", ran.stderr, re.MULTILINE
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_reads_its_script(desk: Desk, shell: str) -> None:
    """The shell itself finds nothing wrong with it, where it is installed."""
    if shutil.which(shell):
        subprocess.run(
            [shell, "-n", "/dev/stdin"], input=desk.run("completion", shell).out, text=True, check=True
        )
