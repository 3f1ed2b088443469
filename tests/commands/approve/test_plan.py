"""`jitbot plan`: what a change of rules does, at a terminal."""

import os
from pathlib import Path

import pytest
from desk import ASK, Desk, said

TEAMS, RULES, OWNERS = "policies/teams.yaml", "policies/access/orders-db-read.yaml", ".github/CODEOWNERS"
SRE = "acme/sre:\n  - dave\n"
KEYS = [
    "ok",
    "same",
    "wider",
    "narrower",
    "effects",
    "unread",
    "changed_on_main",
    "not_seen",
    "uncompared",
    "reviews",
    "findings",
]


def change(desk: Desk, path: str, old: str, new: str) -> None:
    """Replace a text in a file of the working tree."""
    text = (desk.root / path).read_text("utf-8")
    assert old in text
    desk.write(path, text.replace(old, new))


def diverge(desk: Desk) -> None:
    """A branch `wider` has a longer maximum; main, which is checked out, has one more person in a team."""
    desk.git("checkout", "--quiet", "-b", "wider")
    change(desk, RULES, "max_duration: 4h", "max_duration: 8h")
    desk.commit()
    desk.git("checkout", "--quiet", "main")
    change(desk, TEAMS, SRE, f"{SRE}  - mallory\n")
    desk.commit()


def test_the_files_in_the_folder_are_compared_with_main(desk: Desk) -> None:
    """Before anything is committed: the worst first, what is narrower apart, what was not looked at named; exit 0."""
    change(desk, TEAMS, SRE, f"{SRE}  - mallory\n")
    change(desk, RULES, "max_duration: 4h", "max_duration: 1h")
    answer = desk.run("plan")
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[0].startswith("[critical] Changes the rules: mallory may newly ask for ")
    assert "What people can no longer do:" in lines
    assert "  The longest access under orders-db-read is 1h, and was 4h" in lines
    assert "Not looked at: live requests, since the ledger was not read." in lines


def test_nothing_changed_is_said(desk: Desk) -> None:
    """No file differs; or files differ in nothing that anybody may do."""
    assert desk.run("plan").out == "the rules stay as they are\n"
    answer = desk.run("plan", "--format", "json")
    assert (answer.json["same"], answer.json["ok"], answer.json["effects"]) == (True, True, [])
    desk.write(TEAMS, (desk.root / TEAMS).read_text("utf-8") + "# a comment\n")
    assert desk.run("plan").out.startswith("This changes nothing that anybody may do")


def test_json_has_stable_keys(desk: Desk) -> None:
    """The same keys whatever the change; warnings come in addition."""
    assert list(desk.run("plan", "--format", "json").json) == KEYS
    change(desk, TEAMS, SRE, f"{SRE}  - mallory\n")
    found = desk.run("plan", "--format", "json").json
    assert [each for each in found if each != "warnings"] == KEYS
    first = found["effects"][0]
    assert (first["code"], first["people"], first["direction"]) == ("may-ask", ["mallory"], "wider")
    assert found["wider"] >= 2


def test_revisions_are_compared_as_a_merge_would(desk: Desk) -> None:
    """What main changed since the branch left it is no part of it, and a file that both changed is named."""
    diverge(desk)
    for arguments in (("--head", "wider"), ("--base", "main", "--head", "wider")):
        answer = desk.run("plan", *arguments)
        assert "is 8h, and was 4h" in answer.out
        assert "mallory" not in answer.out
    change(desk, RULES, "approvals: 1", "approvals: 1  # one")
    desk.commit()
    assert "main changed the same files" in desk.run("plan", "--head", "wider").out
    found = desk.run("plan", "--base", "main~2", "--head", "main").out
    assert "mallory may newly ask" in found


def test_the_folder_of_a_branch_is_its_own_change(desk: Desk) -> None:
    """Committed or not, and without what main changed since."""
    diverge(desk)
    desk.git("checkout", "--quiet", "wider")
    change(desk, RULES, "approvals: 1", "approvals: 2")
    found = desk.run("plan").out
    assert "is 8h, and was 4h" in found
    assert "More approvals" in found
    assert "mallory" not in found


def test_what_is_wrong_is_shown_with_file_and_line(desk: Desk) -> None:
    """A file that does not read is named, the rest is compared, and the exit code is 1, also as JSON."""
    desk.write("policies/accounts.yaml", "prod: [\n")
    change(desk, RULES, "max_duration: 4h", "max_duration: 8h")
    answer = desk.run("plan")
    assert answer.code == 1
    assert "is 8h, and was 4h" in answer.out
    assert "policies/accounts.yaml:" in answer.out
    assert desk.run("plan", "--format", "json").json["ok"] is False


@pytest.mark.parametrize("path", [TEAMS, RULES, OWNERS])
def test_a_file_that_is_gone_or_odd_is_never_nothing(desk: Desk, path: str) -> None:
    """Deleted, a symlink, executable: each is a finding or an effect."""
    before = (desk.root / path).read_bytes()
    (desk.root / path).unlink()
    gone = desk.run("plan", "--format", "json").json
    (desk.root / path).symlink_to("/etc/hostname")
    link = desk.run("plan", "--format", "json").json
    (desk.root / path).unlink()
    desk.write(path, before)
    (desk.root / path).chmod(0o755)
    executable = desk.run("plan", "--format", "json").json
    for found in (gone, link, executable):
        assert found["same"] is False
        assert found["effects"] or found["unread"]
    (desk.root / path).chmod(0o644)
    assert desk.run("plan", "--format", "json").json["same"] is True
    assert os.access(desk.root / path, os.R_OK)


def test_more_than_is_compared_is_one_line(desk: Desk) -> None:
    """A branch of a thousand files of the rules: nothing is compared, and nothing is called the same."""
    desk.git("checkout", "--quiet", "-b", "flood")
    for number in range(1_001):
        desk.write(f"policies/access/p-{number}.yaml", "x")
    desk.commit()
    answer = desk.run("plan", "--head", "flood", "--base", "main")
    assert answer.code == 1
    assert "Not compared: 1,001 files of the rules change" in answer.out
    assert len(answer.out.splitlines()) < 6
    desk.git("checkout", "--quiet", "main")
    assert desk.run("plan").out == "the rules stay as they are\n"
    desk.git("checkout", "--quiet", "flood", "--", "policies")
    found = desk.run("plan", "--format", "json").json
    assert (found["ok"], found["same"], found["effects"]) == (False, False, [])
    assert found["uncompared"].startswith("1,001 files")


def test_what_is_typed_wrong_is_usage(desk: Desk, tmp_path: Path) -> None:
    """A pull request has its own revisions; a revision that is none, and a folder that is no clone, are named."""
    assert desk.run("plan", "7", "--base", "main").code == 2
    assert "no commit" in desk.run("plan", "--head", "nothing").err
    away = tmp_path / "away"
    away.mkdir()
    assert said("plan", folder=away).code == 1
    desk.git("branch", "--move", "main", "other")
    assert "name what to compare with by --base" in desk.run("plan").err


def test_code_that_changes_is_named(desk: Desk) -> None:
    """What it does, only its diff says."""
    desk.git("checkout", "--quiet", "-b", "code")
    desk.write("jitbot/new.py", "x = 1")
    desk.commit()
    for arguments in ((), ("--head", "code")):
        assert (
            "The code that runs changes, and only the diff shows how: jitbot/new.py"
            in desk.run("plan", *arguments).out
        )


def test_the_folder_is_compared_as_it_lies_there(desk: Desk) -> None:
    """A workflow of the branch that is gone from the folder is gone; a file whose name begins like the code's is none."""
    desk.git("checkout", "--quiet", "-b", "code")
    desk.write(".github/workflows/mine.yml", "on: push")
    desk.write("jitbot-notes.md", "x")
    desk.commit()
    for arguments in ((), ("--head", "code")):
        lines = desk.run("plan", *arguments).out.splitlines()
        assert (
            "  The code that runs changes, and only the diff shows how: .github/workflows/mine.yml" in lines
        )
    (desk.root / ".github/workflows/mine.yml").unlink()
    assert desk.run("plan").out == "the rules stay as they are\n"


def test_requests_are_no_change_of_rules(desk: Desk) -> None:
    """They have `check` and `explain`."""
    desk.write(ASK)
    desk.commit()
    assert desk.run("plan").out == "the rules stay as they are\n"
