"""The rules of branches, as the embedded GitHub enforces and lists them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from github_world import MINUTE, ORDERS, World, acme, refused

from jitbot.sandbox.github import PullRequestRule, Ruleset


@pytest.fixture
def world() -> Iterator[World]:
    """acme, running."""
    with acme() as world:
        yield world


def relax(world: World, **parameters: Any) -> None:
    """Change parameters of main's pull request rule."""
    ruleset = world.github.rules["main"]
    assert ruleset.pull_request is not None
    world.github.rules["main"] = replace(ruleset, pull_request=replace(ruleset.pull_request, **parameters))


def ready(world: World, login: str = "alice") -> int:
    """A pull request with two commits that its code owner has approved."""
    world.pull(login=login)
    world.repo(login).create_file("requests/orders-db-read/b", "add b", b"b", branch="ask")
    world.review("bob")
    world.clock.advance(MINUTE)
    return 1


def approve_then_ask_changes(world: World) -> None:
    """bob approves, then frank asks for changes."""
    world.review("bob")
    world.review("frank", event="REQUEST_CHANGES")


def approve_own_push(world: World) -> None:
    """bob pushes to the branch and approves what he pushed."""
    world.commit("ask", ORDERS, "a: 3\n", "bob")
    world.review("bob")


def approve_then_lose_permission(world: World) -> None:
    """bob approves and loses the right to write."""
    world.review("bob")
    world.github.add_user("bob", 1002, permission="read")


@pytest.mark.parametrize(
    ("prepare", "text"),
    [
        (lambda _: None, "At least 1 approving review is required"),
        (lambda world: world.review("reader"), "At least 1 approving review is required"),
        (lambda world: world.review("bob", event="COMMENT"), "At least 1 approving review is required"),
        (lambda world: world.review("frank"), "code owner review from acme/payments-leads"),
        (approve_then_ask_changes, "Changes have been requested"),
        (approve_own_push, "someone other than the last pusher"),
        (approve_then_lose_permission, "At least 1 approving review is required"),
    ],
)
def test_an_unapproved_merge_is_refused(world: World, prepare: Callable[[World], None], text: str) -> None:
    """A writer merges only what a writing code owner, not the last pusher, approves and nobody stops."""
    world.pull()
    prepare(world)
    with refused(405, text):
        world.repo("mallory").get_pull(1).merge()
    assert not world.repo("olivia").get_pull(1).merged


def test_the_authors_own_ownership_does_not_count(world: World) -> None:
    """alice is among the code owners, yet her request waits for bob."""
    relax(world, require_last_push_approval=False)
    world.pull()
    world.review("frank")
    with refused(405, "code owner review"):
        world.repo("alice").get_pull(1).merge()


def test_the_latest_opinion_counts(world: World) -> None:
    """A comment leaves an approval standing, and an approval replaces one's own objection."""
    world.pull()
    world.review("bob", event="REQUEST_CHANGES")
    world.review("bob")
    world.review("bob", event="COMMENT")
    assert world.repo("bob").get_pull(1).mergeable_state == "clean"
    assert world.repo("bob").get_pull(1).merge().merged


def test_the_base_branch_names_the_owners(world: World) -> None:
    """CODEOWNERS is read on the base branch: a pull request cannot make its own author's friend an owner."""
    world.branch("ask", {ORDERS: "a: 1\n"})
    world.commit("ask", ".github/CODEOWNERS", "* @frank\n")
    world.repo("alice").create_pull(base="main", head="ask", title="t")
    world.review("frank")
    with refused(405, "code owner review from acme/payments-leads"):
        world.repo("alice").get_pull(1).merge()


@pytest.mark.parametrize(
    ("parameters", "approver"),
    [
        ({"require_code_owner_review": False}, "frank"),
        ({"required_approving_review_count": 0}, None),  # code owners are asked for, and not waited for
    ],
)
def test_relaxed_rules_ask_for_less(world: World, parameters: dict[str, Any], approver: str | None) -> None:
    """What the ruleset does not ask for is not asked for."""
    world.pull()
    if approver:
        world.review(approver)
    with refused(405, "required" if not approver else "code owner"):
        world.repo("alice").get_pull(1).merge()
    relax(world, **parameters)
    assert world.repo("alice").get_pull(1).merge().merged


def test_ownerless_paths_need_no_owner(world: World) -> None:
    """A path whose CODEOWNERS line names nobody merges without a review where no count asks for one."""
    relax(world, required_approving_review_count=0)
    world.pull(path="requests/open/x.yaml")
    assert world.repo("alice").get_pull(1).merge().merged


def test_without_dismissal_an_approval_outlives_a_push(world: World) -> None:
    """`dismiss_stale_reviews_on_push` off leaves approvals as they are."""
    relax(world, dismiss_stale_reviews_on_push=False)
    pull = world.pull()
    world.review("bob")
    world.commit("ask", ORDERS, "a: 2\n")
    assert [review.state for review in pull.get_reviews()] == ["APPROVED"]


def test_a_merge_method_can_be_forbidden(world: World) -> None:
    """A method that the ruleset does not list is a 405, and one that does not exist a 422."""
    ready(world)
    relax(world, allowed_merge_methods=("squash",))
    with refused(405, "Merge commits are not allowed"):
        world.repo("bob").get_pull(1).merge()
    with refused(422, "merge_method"):
        world.repo("bob").get_pull(1).merge(merge_method="octopus")


def test_required_checks_must_be_green(world: World) -> None:
    """A required status that is missing or not green stops the merge; the newest one counts."""
    ready(world)
    world.github.rules["main"] = replace(world.github.rules["main"], required_checks=("jitbot/approval",))
    repo, head = world.repo("bob"), world.tip("ask")
    for state in (None, "success", "failure"):
        if state:
            repo.get_commit(head).create_status(state, context="jitbot/approval")
        expected = "clean" if state == "success" else "blocked"
        assert repo.get_pull(1).mergeable_state == expected
    with refused(405, 'Required status check "jitbot/approval" is expected'):
        repo.get_pull(1).merge()


def test_an_admin_may_bypass_unless_the_rules_say_no(world: World) -> None:
    """olivia merges without approval while admins may bypass, and not once they may not."""
    world.pull()
    rules = world.github.rules
    rules["main"] = replace(rules["main"], admins_bypass=False)
    with refused(405, "At least 1 approving review"):
        world.repo("olivia").get_pull(1).merge()
    rules["main"] = replace(rules["main"], admins_bypass=True)
    assert world.repo("olivia").get_pull(1).merge().merged


def test_a_reader_cannot_merge_and_a_draft_cannot_be_merged(world: World) -> None:
    """Merging needs write permission, and a pull request that is ready."""
    ready(world)
    with refused(403, "Resource not accessible"):
        world.repo("reader").get_pull(1).merge()
    world.branch("idea", {"requests/open/x": "x"})
    world.repo("alice").create_pull(base="main", head="idea", title="t", draft=True)
    with refused(405, "draft"):
        world.repo("olivia").get_pull(2).merge()


def test_the_rules_of_a_branch_can_be_read(world: World) -> None:
    """`rules/branches` lists what is enforced, with its ruleset; a branch without rules has none."""

    def listed(branch: str) -> dict[str, dict[str, object]]:
        return {
            rule["type"]: rule for rule in world.get(f"/repos/acme/access/rules/branches/{branch}").json()
        }

    world.github.rules["main"] = replace(world.github.rules["main"], required_checks=("ci",))
    main = listed("main")
    assert set(main) == {"deletion", "non_fast_forward", "pull_request", "required_status_checks"}
    parameters = main["pull_request"]["parameters"]
    assert isinstance(parameters, dict)
    assert parameters["required_approving_review_count"] == 1
    assert parameters["require_code_owner_review"] is parameters["dismiss_stale_reviews_on_push"] is True
    assert parameters["require_last_push_approval"] is True
    assert main["deletion"] == {
        "type": "deletion",
        "ruleset_source_type": "Repository",
        "ruleset_source": "acme/access",
        "ruleset_id": 1,
    }
    assert set(listed("ledger")) == {"deletion", "non_fast_forward"}
    assert listed("ask") == {}
    world.github.rules["ledger"] = Ruleset(id=7, pull_request=PullRequestRule(), block_deletion=False)
    assert set(listed("ledger")) == {"non_fast_forward", "pull_request"}
    del world.github.rules["ledger"]
    assert listed("ledger") == {}
