"""What happened to the rules on main, as git has it: every commit that touches them, and no other."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from desk import Desk

from jitbot.adapters.git import GitRepository
from jitbot.domain.ledger.git_history import RuleChange

PATHS = ("policies", ".github/CODEOWNERS")
LONG_AGO, NEVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """acme's files, committed once."""
    made = Desk(root=tmp_path)
    made.begin()
    return made


def told(desk: Desk) -> tuple[RuleChange, ...]:
    """What is told of the branch as it is now."""
    desk.git("update-ref", "refs/remotes/origin/main", "HEAD")
    clone = GitRepository(desk.root)
    return clone.rule_changes(clone.main(), PATHS)


def test_a_change_of_a_rule_is_told(desk: Desk) -> None:
    """It is told with its commit, its first line and the rule's path; what else it touches is left out."""
    desk.write("policies/access/orders-db-read.yaml", "description: x\n")
    desk.write("README.md", "y")
    commit = desk.commit("Shorten it\n\nbecause")
    change = told(desk)[-1]
    assert (change.commit, change.subject) == (commit, "Shorten it")
    assert change.paths == ("policies/access/orders-db-read.yaml",)


def test_a_request_is_none(desk: Desk) -> None:
    """A commit that touches requests alone is not told, nor a folder whose name only begins like a rule's."""
    before = told(desk)
    desk.write("requests/orders-db-read/2026-11/24-alice-x.yaml")
    desk.write("policies-old/x.yaml")
    desk.commit("ask")
    assert told(desk) == before
    assert len(before) == 1


def test_a_merge_is_told_as_main_saw_it(desk: Desk) -> None:
    """Rules that came through a merge commit are told once, with the merge."""
    desk.git("checkout", "--quiet", "-b", "side")
    desk.write("policies/accounts.yaml", "prod: '1'\n")
    inner = desk.commit("inner")
    desk.git("checkout", "--quiet", "main")
    desk.git("merge", "--quiet", "--no-ff", "--message", "merge it", "side")
    found = told(desk)
    assert [each.subject for each in found] == ["rules", "merge it"]
    assert inner not in {each.commit for each in found}


def since(desk: Desk, start: datetime) -> list[str]:
    """The commits since then that touch the rules, as a run asks for them."""
    desk.git("update-ref", "refs/remotes/origin/main", "HEAD")
    return list(GitRepository(desk.root).touching_rules(start, PATHS))


def test_the_first_commit_of_all_makes_the_rules(desk: Desk) -> None:
    """It changes none, so a run has nothing to say of it; of the next one it has."""
    assert since(desk, LONG_AGO) == []
    desk.write("policies/accounts.yaml", "prod: '1'\n")
    second = desk.commit("second")
    desk.write("requests/x.yaml", "x\n")
    desk.commit("third")
    assert since(desk, LONG_AGO) == [second]
    assert since(desk, NEVER) == []


def test_what_is_too_much_to_read_has_no_paths(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then a part of them would pass for all."""
    monkeypatch.setattr("jitbot.adapters.git.full_history._MOST", 3)
    desk.write("policies/accounts.yaml", "prod: '1'\n")
    desk.commit("few")
    for number in range(4):
        desk.write(f"policies/access/{number}.yaml", "x\n")
    desk.commit("many")
    *_, few, many = told(desk)
    assert (few.whole, few.paths) == (True, ("policies/accounts.yaml",))
    assert (many.whole, many.paths) == (False, ())
    assert many.base == few.commit
