"""Completion as shells ask for it: real names, from the clone alone, in no time."""

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


def test_bash_knows_the_verbs(desk: Desk) -> None:
    """The verbs that begin as typed."""
    assert typed(desk, "jitbot re") == [verb for verb in VERBS if verb.startswith("re")]


def test_bash_knows_the_requests(desk: Desk) -> None:
    """Requests of the working tree by their short names, or by their paths once a slash is typed."""
    desk.write(ASK)
    assert typed(desk, "jitbot explain ") == ["24-alice-refunds"]
    assert typed(desk, "jitbot exec orders") == ["orders-db-read/2026-11/24-alice-refunds"]
    assert typed(desk, "jitbot revoke requests/") == ["requests/orders-db-read/2026-11/24-alice-refunds"]
    assert typed(desk, "jitbot explain nothing") == []


def test_bash_knows_the_requests_of_the_ledger(desk: Desk) -> None:
    """Requests that the fetched ledger names, and nothing else that somebody wrote there."""
    message = "x\n\nRequest: requests/ssm-shell/2026-11/23-dave-look.yaml\nRequest: $(reboot)\n"
    commit = desk.git("commit-tree", "HEAD^{tree}", "-m", message)
    desk.git("update-ref", "refs/remotes/origin/ledger", commit)
    assert typed(desk, "jitbot exec ") == ["23-dave-look"]


def test_bash_knows_the_policies_of_an_option(desk: Desk) -> None:
    """Where `--policy` was typed, a policy is meant, and nowhere else."""
    names = typed(desk, "jitbot request ")
    assert names
    assert typed(desk, "jitbot stop --policy ") == names
    assert typed(desk, "jitbot stop --person ") == []


def test_bash_knows_options(desk: Desk) -> None:
    """A dash brings the verb's options."""
    assert "--account" in typed(desk, "jitbot exec --a")


def test_outside_a_clone_nothing_is_said(tmp_path: Path) -> None:
    """Where there is no clone there is no name, and no error."""
    assert typed(Desk(root=tmp_path), "jitbot explain ") == []


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
def test_the_script_is_one(desk: Desk, shell: str) -> None:
    """The script asks jitbot back; the shell itself finds nothing wrong with it, where it is installed."""
    answer = desk.run("completion", shell)
    assert (answer.code, answer.err) == (0, "")
    assert f"_JITBOT_COMPLETE={shell}_complete" in answer.out
    if shutil.which(shell):
        subprocess.run([shell, "-n", "/dev/stdin"], input=answer.out, text=True, check=True)
