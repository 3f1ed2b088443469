"""`jitbot audit verify` proves the record of rules from a clone: each event, and each commit that has none."""

from dataclasses import replace
from typing import Any

import pytest
from acme_world import DAY, HOUR, World
from audit_story import attest, codes, recorded, said, verdict
from ruling import OWNER, pushed, reworded


def land(world: World, words: str, by: tuple[str, ...] = (OWNER,)) -> str:
    """A change of a policy's description by bob, approved by these people; gives its commit."""
    world.land("bob", reworded(world, words), by=by)
    return str(world.github.store.tip("main"))


@pytest.fixture
def kept(world: World) -> str:
    """acme after one reviewed change of the rules that is recorded; its commit."""
    commit = land(world, "first")
    world.jit("grant")
    return commit


def test_a_true_record_is_found_whole(world: World, kept: str) -> None:
    """Reviewed and not reviewed: both are what main and the rules before them say."""
    land(world, "second", by=())
    world.later(HOUR)
    world.jit("grant")
    found = verdict(world, code=0)
    assert found["findings"] == []
    assert found["checked"]["rules"] == 2


def test_a_ledger_without_such_events_has_nothing_wrong(world: World) -> None:
    """An older jitbot recorded none: what changed the rules then is in no record, and is no finding."""
    world.ask()
    world.jit("grant")
    land(world, "before any record")
    assert verdict(world, code=0)["findings"] == []


def test_a_change_without_an_event_is_found(world: World, kept: str) -> None:
    """For a day it is a note, then it is broken, with the commit."""
    commit = land(world, "second")
    world.later(HOUR)
    due = verdict(world, code=0)
    assert codes(due, "note") == {"rules-record-due"}
    world.later(2 * DAY)
    found = verdict(world, code=1)
    assert codes(found) == {"rules-not-recorded"}
    assert [each["commit"] for each in found["findings"]] == [commit]


def test_a_change_with_a_date_ahead_is_found_at_once(world: World, kept: str) -> None:
    """The person who pushes chooses the date: one ahead of us is no excuse."""
    pushed(world, reworded(world, "ahead"), when=400 * DAY)
    assert codes(verdict(world, code=1)) == {"rules-not-recorded"}


def test_a_date_before_all_hides_nothing(world: World, kept: str) -> None:
    """What lies above the first recorded commit is looked for, whatever date it has."""
    pushed(world, reworded(world, "behind"), when=-9000 * DAY)
    assert codes(verdict(world, code=1)) == {"rules-not-recorded"}


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        ({"paths": ["policies/people.yaml"]}, "rules-other-paths"),
        ({"paths": []}, "rules-other-paths"),
        ({"paths_count": 2}, "rules-other-paths"),
        ({"paths_count": None}, "rules-other-paths"),
        ({"outcome": "unreviewed"}, "rules-judged-otherwise"),
        ({"outcome": "pushed"}, "rules-judged-otherwise"),
        ({"outcome": "unknown"}, "rules-judged-otherwise"),
        ({"outcome": "fine"}, "rules-judged-otherwise"),
        ({"pull_request": None}, "rules-judged-otherwise"),
        ({"approvals": []}, "rules-judged-otherwise"),
        ({"head": "a" * 40}, "rules-judged-otherwise"),
        ({"author": {"login": "erin", "github_id": 1005, "type": "User"}}, "rules-judged-otherwise"),
    ],
)
def test_a_run_that_lies_is_found(world: World, kept: str, evidence: dict[str, Any], code: str) -> None:
    """Its token is right in everything, and git shows that its event is not."""
    event = recorded(world, "rules")
    world.back(world.kept["seed"])
    land(world, "first")
    lie(world, event, **evidence)
    assert codes(verdict(world, code=1)) == {code}


def test_an_approval_of_nobody_known_is_found(world: World, kept: str) -> None:
    """Of an account that people.yaml does not have with this id, and of one that does not own the path."""
    event = recorded(world, "rules")
    (approval,) = event.evidence.approvals
    for changes, words in (
        ({"github_id": 999}, "is not in policies/people.yaml"),
        ({"login": "olivia", "github_id": person(world, "olivia")}, "nobody approved it who owns"),
    ):
        world.back(world.kept["seed"])
        land(world, "first")
        lie(world, event, approvals=[{**approval.json, **changes}])
        assert words in said(verdict(world, code=1), "rules-judged-otherwise")


def test_an_event_of_a_commit_that_main_does_not_have(world: World, kept: str) -> None:
    """Nor is one of a commit that changes no rule."""
    event = recorded(world, "rules")
    attest(world, event, commit="b" * 40)
    world.ask()
    attest(world, event, commit=world.github.store.tip("main"))
    found = verdict(world, code=1)
    assert codes(found) >= {"rules-not-on-main"}
    assert len([each for each in found["findings"] if each["code"] == "rules-not-on-main"]) == 2


def test_a_second_event_of_a_commit_is_found(world: World, kept: str) -> None:
    """Two events with different keys of one commit: only the first is the record."""
    attest(world, recorded(world, "rules"), cause="again")
    assert codes(verdict(world, code=1)) == {"rules-recorded-twice"}


def person(world: World, login: str) -> int:
    """The GitHub id of somebody."""
    return int(world.acme.github._site.user(login).id)


def lie(world: World, event: Any, **evidence: Any) -> None:
    """Record this event of main's tip with other evidence, as a run that lies would."""
    true = {**event.evidence.json, "rules_commit": world.github.store.tip("main~1")}
    moved = replace(event, commit=world.github.store.tip("main"))
    attest(world, moved, evidence={**true, **evidence})
