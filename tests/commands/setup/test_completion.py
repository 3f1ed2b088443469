"""What is answered when a shell completes a word: real names, from the clone alone. tests/proofs asks with the shells."""

import os
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete
from desk import ASK, NOW, Desk

from jitbot.cli import VERBS, main
from jitbot.commands.setup import completion
from jitbot.commands.setup.completion import SHELLS, prepare


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables with which bash's script asks are taken away again."""
    for name in ("_JITBOT_COMPLETE", "COMP_WORDS", "COMP_CWORD"):
        monkeypatch.setenv(name, "")


def typed(desk: Desk, line: str) -> list[str]:
    """What bash's script is answered after this line."""
    cursor = len(line.split()) - (not line.endswith(" "))
    os.environ.update(_JITBOT_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(cursor))
    printed = TextIOWrapper(BytesIO(), encoding="utf-8", write_through=True)
    with redirect_stdout(printed), redirect_stderr(StringIO()) as err:
        code = main([], now=NOW, environ=dict(os.environ), folder=desk.root)
    assert (code, err.getvalue()) == (0, "")
    return [each.removeprefix("plain,") for each in printed.buffer.getvalue().decode().splitlines() if each]


def test_it_knows_the_verbs(desk: Desk) -> None:
    """The verbs that begin as typed."""
    assert typed(desk, "jitbot re") == [verb for verb in VERBS if verb.startswith("re")]


def test_it_knows_the_requests(desk: Desk) -> None:
    """Requests of the working tree by their short names, or by their paths once a slash is typed."""
    desk.write(ASK)
    assert typed(desk, "jitbot explain ") == ["24-alice-refunds"]
    assert typed(desk, "jitbot exec orders") == ["orders-db-read/2026-11/24-alice-refunds"]
    assert typed(desk, "jitbot revoke requests/") == ["requests/orders-db-read/2026-11/24-alice-refunds"]
    assert typed(desk, "jitbot explain nothing") == []


def test_it_knows_the_requests_of_the_ledger(desk: Desk) -> None:
    """Requests that the fetched ledger names, and nothing else that somebody wrote there."""
    message = "x\n\nRequest: requests/ssm-shell/2026-11/23-dave-look.yaml\nRequest: $(reboot)\n"
    commit = desk.git("commit-tree", "HEAD^{tree}", "-m", message)
    desk.git("update-ref", "refs/remotes/origin/ledger", commit)
    assert typed(desk, "jitbot exec ") == ["23-dave-look"]


def test_it_knows_the_policies_of_an_option(desk: Desk) -> None:
    """Where `--policy` was typed, a policy is meant, and nowhere else."""
    names = typed(desk, "jitbot request ")
    assert names
    assert typed(desk, "jitbot stop --policy ") == names
    assert typed(desk, "jitbot stop --person ") == []


def test_a_policy_has_a_policys_name(desk: Desk) -> None:
    """A file that could be none is not offered."""
    names = typed(desk, "jitbot request ")
    desk.write("policies/access/Orders.yaml")
    desk.write("policies/access/a b.yaml")
    assert typed(desk, "jitbot request ") == names


def test_it_knows_options(desk: Desk) -> None:
    """A dash brings the verb's options, and an option what it takes; no request's name is that."""
    desk.write(ASK)
    assert "--account" in typed(desk, "jitbot exec --a")
    assert typed(desk, "jitbot explain --format ") == ["text", "json"]


def test_a_verb_that_takes_no_name_has_its_own_words(desk: Desk) -> None:
    """No request and no policy is offered to it."""
    desk.write(ASK)
    assert typed(desk, "jitbot completion ") == list(SHELLS)
    assert typed(desk, "jitbot doctor ") == []


def test_each_shell_is_answered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """click's own class for each shell is replaced, and one that was replaced stays as it is."""
    known: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
    monkeypatch.setattr("click.shell_completion._available_shells", known)
    prepare()
    first = dict(known)
    assert [each.get_completions for each in known.values()] == [completion._Here.get_completions] * 3
    prepare()
    assert known == first


def test_outside_a_clone_nothing_is_said(tmp_path: Path) -> None:
    """Where there is no clone there is no name, and no error."""
    assert typed(Desk(root=tmp_path), "jitbot explain ") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_asks_jitbot_back(desk: Desk, shell: str) -> None:
    """Each shell has a script."""
    answer = desk.run("completion", shell)
    assert (answer.code, answer.err) == (0, "")
    assert f"_JITBOT_COMPLETE={shell}_complete" in answer.out
