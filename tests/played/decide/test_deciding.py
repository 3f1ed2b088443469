"""Ways round approval, each through the whole stack: what is merged, what jitbot decides, what AWS then gives."""

from datetime import timedelta

import pytest
from acme_world import HOUR, MINUTE, ORDERS, SECOND, TABLE, World, clone_of
from breaking import answer

from jitbot.sandbox.github import GitHubFault

RULES = f"policies/access/{ORDERS}.yaml"


def refused(world: World, path: str, *codes: str) -> None:
    """The next grant run refuses this request for these reasons, records that, and gives nothing."""
    world.jit("grant", code=1)
    assert set(codes) <= world.reasons(path)
    assert world.roles() == []


def test_a_mistyped_duration_is_refused(world: World) -> None:
    """No duration is guessed, and none is endless: each is refused, with its line, and the run exits 1."""
    mistyped = ("in 4 hrz", "4 hours", "2", "-1h", "4h1s", "1w", "999d", "")
    asks = [
        world.request("alice", ORDERS, f"typo{n}", duration=each, **TABLE) for n, each in enumerate(mistyped)
    ]
    world.land("alice", dict(asks))
    ran = world.jit("grant", code=1)
    assert [world.story(path) for path, _ in asks] == [["refused"]] * len(mistyped)
    assert ran.output.count("    line 3: ") >= len(mistyped)
    assert world.roles() == []


@pytest.mark.parametrize("by", [(), ("carol",), ("frank",), ("erin", "dave")], ids=str)
def test_only_owners_of_the_path_approve(world: World, by: tuple[str, ...]) -> None:
    """Merged by an admin past GitHub's own rule: nobody, a team mate, an owner of something else."""
    refused(world, world.ask(by=by), "not-enough-approvals")


def test_an_unapproved_push_is_undecided_and_then_refused(world: World) -> None:
    """GitHub may lag a quarter of an hour: until then nothing is concluded, from then on it is refused."""
    path, text = world.request("mallory", ORDERS, "pushed", **TABLE)
    world.write(path, text)
    world.later(15 * MINUTE - SECOND)
    world.jit("grant", code=3)
    assert world.story(path) == []
    world.later(SECOND)
    refused(world, path, "no-pull-request")


def test_an_approval_of_another_head_does_not_count(world: World) -> None:
    """Approved, then pushed again, then merged by an admin: the approver saw other bytes."""
    path, text = world.request("mallory", ORDERS, "stale", **TABLE)
    number = world.propose("mallory", "stale head", {path: text})
    branch = world.must(world.acme.call("mallory", "GET", f"/pulls/{number}"))["head"]["ref"]
    world.must(world.review("bob", number))
    world.push("mallory", branch, {path: text.replace('"orders"', '"refunds"')})
    world.must(world.merge("olivia", number))
    refused(world, path, "not-enough-approvals")


def test_an_approval_is_good_for_a_day(world: World) -> None:
    """Merged a day and a second after the approval: it is too old to count."""
    path, text = world.request("alice", ORDERS, "slow", **TABLE)
    number = world.propose("alice", "slow", {path: text})
    world.must(world.review("bob", number))
    world.later(24 * HOUR + SECOND)
    world.must(world.merge("olivia", number))
    refused(world, path, "not-enough-approvals")


def test_nobody_asks_for_somebody_else(world: World) -> None:
    """The requester in the file is not the author of the pull request."""
    path, text = world.request("alice", ORDERS, "hers", **TABLE)
    world.land("mallory", {path: text})
    world.later(15 * MINUTE)  # until then GitHub may only not have named her own
    refused(world, path, "not-the-author")


def test_one_person_in_two_owning_teams_is_one_approval(world: World) -> None:
    """production-admin wants two people; erin, who owns it twice over, is one."""
    world.write("policies/teams.yaml", world.text("policies/teams.yaml").replace("[frank, olivia]", "[erin]"))
    path = world.ask("dave", "alone", policy="production-admin", by=("erin",), duration="1h", ticket="OPS-1")
    ran = world.jit("grant", code=1)
    assert "1 of 2 approvals" in ran.output
    assert world.story(path) == ["refused"]


def test_rules_cannot_be_smuggled_in_by_a_rebase(world: World) -> None:
    """One commit widens the policy, the next asks and puts it back: the pull request shows a request alone."""
    honest = world.text(RULES)
    path, text = world.request("mallory", ORDERS, "sandwich", **TABLE)
    widened = honest.replace("dynamodb:GetItem", "dynamodb:*")
    world.land("mallory", {RULES: widened}, {path: text, RULES: honest}, method="rebase")
    refused(world, path, "touches-rules", "not-as-listed")


def test_a_request_that_changes_rules_is_refused(world: World) -> None:
    """Asking, and changing what is asked by, are two pull requests, whoever approved both at once."""
    path, text = world.request("mallory", ORDERS, "both", **TABLE)
    world.land("mallory", {path: text, RULES: world.text(RULES).replace("4h", "7d")}, by=("bob", "erin"))
    refused(world, path, "touches-rules")


def test_rules_that_changed_since_the_approval_refuse(world: World) -> None:
    """The approver saw the branch's rules; main has others by now: other documents would be granted."""
    path, text = world.request("alice", ORDERS, "older", **TABLE)
    number = world.propose("alice", "older", {path: text})
    world.must(world.review("bob", number))
    world.write(RULES, world.text(RULES).replace("dynamodb:Scan", "dynamodb:*"))
    world.must(world.merge("olivia", number))
    refused(world, path, "rules-changed")


def test_two_requests_with_different_owners_are_decided_each_on_its_own(world: World) -> None:
    """One pull request, two folders: bob's approval counts for his, and for nothing else."""
    mine, text = world.request("alice", ORDERS, "mine", **TABLE)
    other, wide = world.request("alice", "account-read-only", "wide")
    world.land("alice", {mine: text, other: wide})
    world.jit("grant", code=1)
    assert (world.story(mine), world.story(other)) == (["approved", "granted"], ["refused"])
    assert len(world.roles()) == 1


def test_a_symlink_is_no_request(world: World, asked: str) -> None:
    """It reads as an approved request, and is none."""
    path = asked.replace("-ask", "-link")
    link = clone_of(world, "alice") / path
    link.symlink_to(asked.rpartition("/")[2])
    world.land("alice", {})
    world.jit("grant", code=1)
    assert (world.story(asked), world.story(path)) == (["approved", "granted"], ["refused"])


def test_an_executable_file_is_no_request(world: World, granted: str) -> None:
    """The mode of a granted request changes: refused, and the grant stays as it is."""
    (clone_of(world, "alice") / granted).chmod(0o755)
    world.land("alice", {})
    world.jit("grant", code=1)
    assert world.story(granted) == ["approved", "granted", "refused"]
    assert world.reach("alice") == {("alice", "prod", "orders")}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"table": "orders"', '"table": "refunds"', "not-an-extension"),
        ("stuck", "gone", "not-an-extension"),
        ('["prod"]', '["prod", "staging"]', "not-an-extension"),
        ('"alice"', '"mallory"', "wrong-name"),
        ('"2h"', '"1h"', "not-longer"),
        ('"2h"', '"5h"', "duration-above-maximum"),
    ],
    ids=["parameters", "reason", "accounts", "requester", "shorter", "past the maximum"],
)
def test_an_edit_that_is_no_extension_changes_nothing(
    world: World, granted: str, old: str, new: str, code: str
) -> None:
    """Refused and recorded, however well approved; the former grant stays in force until its own end."""
    world.land("alice", {granted: world.text(granted).replace(old, new)})
    world.forget()
    ran = world.jit("grant", code=1)
    assert code in ran.output
    assert world.story(granted) == ["approved", "granted", "refused"]
    assert world.writes() == []
    assert world.reach("alice", "mallory") == {("alice", "prod", "orders")}
    world.later(2 * HOUR)
    assert world.reach("alice", "mallory") == set()


def test_an_extension_needs_its_own_approval(world: World, granted: str) -> None:
    """Longer, merged by an admin, approved by nobody: the former end stays."""
    world.land("alice", {granted: world.text(granted).replace('"2h"', '"3h"')}, by=())
    world.jit("grant", code=1)
    assert "not-enough-approvals" in world.reasons(granted)
    world.later(2 * HOUR)
    assert world.reach("alice") == set()


def test_an_extension_may_not_bring_newer_rules(world: World, granted: str) -> None:
    """The policy was widened meanwhile: more time would be more access, which is asked for anew."""
    world.write(RULES, world.text(RULES).replace("dynamodb:Scan", "dynamodb:*"))
    world.land("alice", {granted: world.text(granted).replace('"2h"', '"3h"')})
    world.jit("grant", code=1)
    assert "rules-changed" in world.reasons(granted)


def test_an_extension_merged_after_the_end_is_too_late(world: World, granted: str) -> None:
    """What is over is asked for anew."""
    world.later(2 * HOUR)
    world.land("alice", {granted: world.text(granted).replace('"2h"', '"4h"')})
    world.jit("grant", code=1)
    assert "too-late" in world.reasons(granted)
    assert world.reach("alice") == set()


def test_an_extension_merged_in_time_counts_when_it_is_decided_late(world: World, extended: str) -> None:
    """Merged before the end, processed after it, even after the sweep recorded that end: it holds until its own."""
    world.later(2 * HOUR)
    world.jit("sweep")
    assert world.reach("alice") == set()
    world.jit("grant")
    assert world.reach("alice") == {("alice", "prod", "orders")}
    world.later(HOUR)
    assert world.reach("alice") == set()
    world.jit("sweep")
    assert world.story(extended)[-1] == "ended expired"


def test_an_extension_is_decided_after_what_it_extends(world: World, asked: str) -> None:
    """Both were merged before any run: two terms, decided in order, one role that holds until the later end."""
    world.land("alice", {asked: world.text(asked).replace('"2h"', '"3h"')})
    world.jit("grant")
    assert world.story(asked) == ["approved", "extended", "granted"]
    world.later(3 * HOUR - SECOND)
    assert world.reach("alice") == {("alice", "prod", "orders")}


@pytest.mark.usefixtures("one_by_one")
def test_a_later_change_waits_for_an_undecided_one(world: World, asked: str) -> None:
    """The first cannot be read: neither is decided, and other requests are."""
    world.land("alice", {asked: world.text(asked).replace('"2h"', '"3h"')})
    other = world.ask("carol", "other")
    answer(world, GitHubFault(status=502), "GET", "/pulls/1/reviews")
    ran = world.jit("grant", code=3)
    assert "an earlier change of this file is not decided yet" in ran.output
    assert (world.story(asked), world.story(other)) == ([], ["approved", "granted"])


def test_an_edit_before_the_first_decision_is_no_ask(world: World) -> None:
    """Asked without approval, then edited with one: nothing was approved that could be extended."""
    path = world.ask(by=())
    world.land("alice", {path: world.text(path).replace('"2h"', '"3h"')})
    refused(world, path, "nothing-to-extend")


def test_a_renamed_request_ends_and_is_asked_anew(world: World, granted: str) -> None:
    """Moved into another owner's folder with the old owner's approval: the old ends, the new is refused."""
    there = granted.replace(ORDERS, "account-read-only")
    world.land("alice", {granted: None, there: world.text(granted)})
    world.jit("grant", code=1)
    world.jit("sweep")
    assert world.story(granted)[-1] == "ended deleted"
    assert world.story(there) == ["refused"]
    assert world.reach("alice") == set()


def test_a_deleted_request_ends_and_its_path_is_retired(world: World, granted: str) -> None:
    """Deleting the file ends access; reverting the deletion, approved as it is, brings nothing back."""
    text = world.text(granted)
    world.land("alice", {granted: None})
    world.jit("sweep")
    assert world.story(granted)[-1] == "ended deleted"
    world.land("alice", {granted: text})
    world.jit("grant", code=1)
    assert "retired-path" in world.reasons(granted)
    assert world.reach("alice") == set()


def test_a_request_deleted_and_added_again_before_any_run_is_not_granted(world: World, asked: str) -> None:
    """The path was used: the first ask is ended by its deletion, the second refused."""
    text = world.text(asked)
    world.land("alice", {asked: None})
    world.land("alice", {asked: text})
    world.jit("grant", code=1)
    assert world.reach("alice") == set()


def test_a_refused_request_cannot_be_revived(world: World) -> None:
    """Refused is final for its path: editing it, or deleting and adding it again with approval, is refused too."""
    path = world.ask(by=())
    world.jit("grant", code=1)
    text = world.text(path)
    world.land("alice", {path: None})
    world.land("alice", {path: text})
    refused(world, path, "retired-path")


def test_an_old_path_cannot_come_back(world: World) -> None:
    """The date in a path is at most seven days before its merge."""
    path, text = world.request("alice", ORDERS, "old", **TABLE)
    number = world.propose("alice", "old", {path: text})
    world.later(timedelta(days=8))
    world.must(world.review("bob", number))
    world.must(world.merge("olivia", number))
    refused(world, path, "path-date")


def test_a_readme_under_requests_is_no_request(world: World) -> None:
    """It is neither decided nor refused."""
    world.write("requests/orders-db-read/README.md", "hello")
    assert "nothing to decide" in world.jit("grant").output


def test_a_policy_that_does_not_read_refuses(world: World) -> None:
    """Unreadable rules are no rules: refused, with the file and the line in it."""
    world.write(RULES, world.text(RULES).replace("max_duration: 4h", "max_duration: [4h"))
    path = world.ask()
    world.jit("grant", code=1)
    assert world.story(path) == ["refused"]
    assert any(each["file"] == RULES for each in world.ledger()[0]["evidence"]["reasons"])
