"""The record of rules: an event for each commit on main that changed what decides, after the grants."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from acme_world import DAY, HOUR, MINUTE, World
from ruling import OWNER, POLICY, pushed, reworded

from jitbot.domain.model.bounds import RULE_CHANGES, RULE_PATHS
from jitbot.sandbox import github

BAD = github.GitHubFault(status=502)


def events(world: World) -> list[dict[str, Any]]:
    """The record of rules, oldest first."""
    return [each for each in world.ledger() if each["event"] == "rules"]


def evidence(world: World) -> Mapping[str, Any]:
    """The evidence of the only event of the record."""
    (event,) = events(world)
    found: Mapping[str, Any] = event["evidence"]
    return found


def test_a_reviewed_change_is_recorded_with_author_and_approver(world: World) -> None:
    """A pull request of bob's that the owner of policies/ approved."""
    number = world.land("bob", reworded(world), by=(OWNER,))
    ran = world.jit("grant")
    (event,) = events(world)
    found = event["evidence"]
    assert event["commit"] == world.github.store.tip("main")
    assert (found["outcome"], found["pull_request"], found["author"]["login"]) == ("reviewed", number, "bob")
    assert [each["login"] for each in found["approvals"]] == [OWNER]
    assert (found["paths"], found["paths_count"]) == ([POLICY], 1)
    assert f"#{number} of bob, approved by erin" in ran.output


def test_it_is_recorded_once(world: World) -> None:
    """The next runs find it in the ledger, ask nothing, and write nothing."""
    world.land("bob", reworded(world), by=(OWNER,))
    world.jit("grant")
    tip = world.github.store.tip("ledger")
    world.forget()
    world.jit("grant")
    assert world.github.store.tip("ledger") == tip
    assert not [path for _, path in world.acme.github.calls if "/pulls" in path or "/activity" in path]


def asked(world: World) -> list[str]:
    """The questions about pull requests and pushes since `forget`."""
    return [path for _, path in world.acme.github.calls if "/pulls" in path or "/activity" in path]


def test_a_run_without_such_a_commit_asks_nothing_more(world: World) -> None:
    """A request is no rule: of a change of the rules beside it GitHub is asked two questions, without it none."""
    path = world.ask()
    before = world.keep()
    world.forget()
    world.jit("grant")
    alone = len(asked(world))
    assert events(world) == []
    world.back(before)
    world.land("bob", reworded(world), by=(OWNER,))
    world.forget()
    world.jit("grant")
    assert len(asked(world)) == alone + 2
    assert world.story(path) == ["approved", "granted"]
    assert [each["event"] for each in world.ledger()][-1] == "rules"


def test_a_merge_without_an_owners_review_is_recorded_so(world: World) -> None:
    """Somebody approved who does not own policies/; GitHub's list may lag, so it is recorded a quarter of an hour later."""
    number = world.land("bob", reworded(world), by=("olivia",))
    assert "not known yet" in world.jit("grant").output
    assert events(world) == []
    world.later(15 * MINUTE)
    assert "without the review of an owner" in world.jit("grant").output
    found = evidence(world)
    assert (found["outcome"], found["pull_request"]) == ("unreviewed", number)
    assert found["reason"] == f"nobody approved it who owns {POLICY}"


def test_nobodys_review_counts_for_their_own_change(world: World) -> None:
    """An owner merges a change of their own that nobody else approved."""
    world.land("erin", reworded(world), by=())
    world.later(HOUR)
    world.jit("grant")
    assert evidence(world)["outcome"] == "unreviewed"
    assert evidence(world)["approvals"] == []


def test_a_push_past_the_rules_is_recorded_with_its_pusher(world: World) -> None:
    """By GitHub's list of what moved main; whatever name the commit says, it is the account that pushed."""
    commit = pushed(world, reworded(world))
    world.later(HOUR)
    ran = world.jit("grant")
    (event,) = events(world)
    assert event["commit"] == commit
    assert (event["evidence"]["outcome"], event["evidence"]["by"]) == ("pushed", "olivia")
    assert "pushed past the rules by olivia" in ran.output
    assert "::error" not in ran.output


@pytest.mark.parametrize("when", [-10, 400])
def test_a_push_with_a_false_date_is_recorded_too(world: World, when: int) -> None:
    """Its date is its pusher's choice: what lies above a commit of these weeks is looked at whatever date it has."""
    pushed(world, reworded(world), when=when * DAY)
    pushed(world, reworded(world, "again"))
    world.later(HOUR)
    world.jit("grant")
    assert len(events(world)) == (1 if when < 0 else 2)  # the record begins with the day before it


def test_an_empty_answer_is_no_push(world: World) -> None:
    """GitHub lists neither a pull request nor a push: that is asked again for half a day, then it is unknown."""
    world.write(POLICY, reworded(world)[POLICY])
    for _ in range(2):
        assert "not known yet" in world.jit("grant").output
        world.later(6 * HOUR)
    world.jit("grant")
    found = evidence(world)
    assert found["outcome"] == "unknown"
    assert "neither the pull request" in found["reason"]


@pytest.mark.parametrize("part", ["/pulls", "/activity"])
def test_a_failed_answer_is_no_push(world: World, part: str) -> None:
    """A GitHub that fails fails no run and no grant; when it answers again, the answer is recorded."""
    path = world.ask()
    world.jit("grant")
    pushed(world, reworded(world))
    world.later(HOUR)
    world.acme.github.faults = lambda _, where: BAD if where.endswith(part) else None
    assert "not known yet" in world.jit("grant").output
    assert events(world) == []
    world.calm()
    world.jit("grant")
    assert evidence(world)["outcome"] == "pushed"
    assert world.story(path) == ["approved", "granted"]


def test_a_run_records_so_many_and_the_next_the_rest(world: World) -> None:
    """The oldest first, each once."""
    made = [pushed(world, reworded(world, f"words {number}")) for number in range(RULE_CHANGES + 2)]
    world.later(HOUR)
    world.jit("grant")
    assert {each["commit"] for each in events(world)} == set(made[:RULE_CHANGES])
    world.jit("grant")
    assert sorted(each["commit"] for each in events(world)) == sorted(made)


def test_of_many_files_the_first_are_recorded_and_how_many_there_were(world: World) -> None:
    """What a decision reads comes first, so that no flood of other files hides it; names are inert."""
    flood: dict[str, str | None] = {f"docs/CODEOWNERS/{number}": "x" for number in range(RULE_PATHS + 50)}
    hostile = "policies/access/\x1b[31m::error::<b>'\"$(x).yaml"
    pushed(world, {**flood, hostile: "x"})
    world.later(HOUR)
    assert "::error" not in world.jit("grant").output
    found = evidence(world)
    assert (len(found["paths"]), found["paths_count"]) == (RULE_PATHS, RULE_PATHS + 51)
    assert found["paths"][0] == hostile


def test_the_record_begins_with_its_first_run(world: World) -> None:
    """What changed the rules before the day before it is not recorded, now or later; what comes then is."""
    pushed(world, reworded(world, "long before"))
    world.later(2 * DAY)
    world.jit("grant")
    assert events(world) == []
    later = pushed(world, reworded(world, "now"))
    world.later(HOUR)
    world.jit("grant")
    world.jit("grant")
    assert [each["commit"] for each in events(world)] == [later]


def test_after_quiet_weeks_nothing_is_left_out(world: World) -> None:
    """The last record is older than a run reads, and the last run longer ago than a day: the record goes on."""
    first = pushed(world, reworded(world, "first"))
    world.later(HOUR)
    world.jit("grant")
    world.later(30 * DAY)
    second = pushed(world, reworded(world, "second"))
    world.later(3 * DAY)
    world.jit("grant")
    assert [each["commit"] for each in events(world)] == [first, second]


def test_a_run_leaves_the_last_calls_of_the_hour_to_others(world: World) -> None:
    """With few calls left nothing is asked for the record; the next run does it."""
    world.land("bob", reworded(world), by=(OWNER,))
    world.acme.github.calls_left = 299
    assert "wait" in world.jit("grant").output
    assert events(world) == []
    world.calm()
    world.jit("grant")
    assert len(events(world)) == 1


def test_a_rebase_belongs_to_its_pull_request(world: World) -> None:
    """Each of its commits is one change, of the pull request whose merge moved main."""
    one, two = reworded(world, "one"), reworded(world, "two")
    number = world.land("bob", one, two, by=(OWNER,), method="rebase")
    world.jit("grant")
    assert [each["evidence"].get("pull_request") for each in events(world)] == [number, number]


def test_a_dry_run_asks_and_records_nothing(world: World) -> None:
    """It says what access would change, and the record of rules gives none."""
    world.land("bob", reworded(world), by=(OWNER,))
    world.forget()
    world.jit("grant", "--dry-run")
    assert (events(world), asked(world)) == ([], [])


@pytest.mark.parametrize("case", ["a twin", "another base"])
def test_a_pull_request_in_doubt_is_unknown(world: World, case: str) -> None:
    """Of two that GitHub calls merged as one commit either may be meant; one into another branch is neither."""
    number = world.land("bob", reworded(world), by=(OWNER,))
    pull = world.github.pulls[number]
    if case == "a twin":
        world.github.pulls[number + 50] = replace(pull, number=number + 50)
    else:
        world.github.pulls[number] = replace(pull, base_ref="elsewhere")
    assert "not known yet" in world.jit("grant").output
    world.later(13 * HOUR)
    world.jit("grant")
    assert evidence(world)["outcome"] == "unknown"
    assert ("several" in evidence(world)["reason"]) is (case == "a twin")


def test_a_review_that_was_dismissed_after_the_merge_was_one(world: World) -> None:
    """Anyone who may write can dismiss it; GitHub's list of events says when."""
    number = world.land("bob", reworded(world), by=(OWNER,))
    (review,) = (each for each in world.github.reviews.values() if each.pull == number)
    world.later(MINUTE)
    where = f"/pulls/{number}/reviews/{review.id}/dismissals"
    world.must(world.acme.call("olivia", "PUT", where, message="x"))
    world.jit("grant")
    assert evidence(world)["outcome"] == "reviewed"


def test_what_waits_lets_nothing_pass_it(world: World) -> None:
    """The record is made in main's order, so that its beginning is known."""
    world.write(POLICY, reworded(world)[POLICY])
    world.land("bob", reworded(world, "two"), by=(OWNER,))
    world.jit("grant")
    assert events(world) == []
    world.later(13 * HOUR)
    world.jit("grant")
    assert {each["evidence"]["outcome"] for each in events(world)} == {"unknown", "reviewed"}


def test_a_ledger_that_takes_nothing_fails_no_run(world: World) -> None:
    """What cannot be recorded is a warning, and the next run records it."""
    world.land("bob", reworded(world), by=(OWNER,))
    world.acme.github.faults = lambda _, where: BAD if where == "/graphql" else None
    assert "not recorded yet" in world.jit("grant").output
    world.calm()
    world.jit("grant")
    assert evidence(world)["outcome"] == "reviewed"


def test_a_young_commit_without_a_pull_request_is_no_push_yet(world: World) -> None:
    """GitHub's list of pull requests may lag a quarter of an hour behind a merge."""
    pushed(world, reworded(world))
    world.later(14 * MINUTE)
    assert "may lag" in world.jit("grant").output
    assert events(world) == []


def test_only_the_push_that_brought_a_commit_is_its_push(world: World) -> None:
    """Where the list does not reach back to it, a later push is not taken for it."""
    first = pushed(world, reworded(world), when=400 * DAY)
    world.later(2 * DAY)
    pushed(world, reworded(world, "again"))
    world.later(HOUR)
    world.jit("grant")
    outcomes = {each["commit"] == first: each["evidence"]["outcome"] for each in events(world)}
    assert outcomes == {True: "unknown", False: "pushed"}
