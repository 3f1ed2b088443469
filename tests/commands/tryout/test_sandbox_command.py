"""What `jitbot sandbox` prints and leaves, in this process. tests/proofs starts it as a person does."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from desk import said

from jitbot.commands.tryout import sandbox
from jitbot.domain.text.visible import unseen_in


def shells(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, str]]:
    """Where temporary files lie, for a sandbox that is stopped at once; the file for shells that it then had."""
    found: list[tuple[Path, str]] = []

    def wait(timeout: float) -> bool:
        assert timeout <= 1
        found.extend((file, file.read_text("utf-8")) for file in folder.rglob("shell"))
        return True

    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setattr(sandbox, "_stopped", lambda: SimpleNamespace(wait=wait))
    return found


def test_what_is_printed_names_only_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line to type, which reads a file whose every address is on loopback; afterwards nothing is left."""
    found = shells(tmp_path, monkeypatch)
    answer = said("sandbox", "--as", "bob", "--no-workflows", folder=tmp_path)
    assert (answer.code, answer.err) == (0, "stopped\n")
    ((file, text),) = found
    assert f"\n. {file}\n" in answer.out
    assert "There you are bob, in a clone of acme/access." in answer.out
    assert [each for line in answer.out.splitlines() for each in unseen_in(line)] == []
    exports = dict(re.findall(r"^export (\w+)=(.*)$", text, re.MULTILINE))
    assert exports["GITHUB_TOKEN"] == exports["BOB"] != exports["ALICE"]
    assert {"AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "GITHUB_API_URL"} <= exports.keys()
    addresses = re.findall(r"https?://([^/\s'?]+)", answer.out + text)
    assert len(addresses) > 3
    assert {each.rpartition("@")[2].partition(":")[0] for each in addresses} == {"127.0.0.1"}
    assert f"cd {file.parent}" in text
    assert text.count("\n  unset _sandbox_") == len(exports) + 1  # each variable is put back, and the folder
    assert list(tmp_path.iterdir()) == []


def test_nobody_is_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login that acme does not have is misuse, with those it has, and leaves nothing behind."""
    found = shells(tmp_path, monkeypatch)
    answer = said("sandbox", "--as", "zoe", folder=tmp_path)
    assert (answer.code, answer.out) == (2, "")
    assert "acme has no zoe; it has: alice, bob" in answer.err
    assert (found, list(tmp_path.iterdir())) == ([], [])
