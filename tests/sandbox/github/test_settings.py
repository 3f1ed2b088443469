"""The embedded GitHub's settings: who may change them, what is refused, and that they are obeyed."""

from collections.abc import Iterator
from typing import Any

import pytest
from github_world import World, acme, refused

REPO = "/repos/acme/access"
JOBS = f"{REPO}/actions/permissions/workflow"
RULESET: dict[str, Any] = {
    "name": "mine",
    "target": "branch",
    "enforcement": "active",
    "conditions": {"ref_name": {"include": ["refs/heads/side"], "exclude": []}},
    "rules": [{"type": "deletion"}],
}


@pytest.fixture
def world() -> Iterator[World]:
    """acme, running."""
    with acme() as world:
        yield world


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", REPO, {"allow_auto_merge": False}),
        ("GET", JOBS, {}),
        ("PUT", JOBS, {"default_workflow_permissions": "write"}),
        ("POST", f"{REPO}/rulesets", RULESET),
        ("PUT", f"{REPO}/rulesets/1", RULESET),
    ],
)
def test_settings_are_for_admins(world: World, method: str, path: str, body: dict[str, Any]) -> None:
    """Whoever may only write is refused, and so is a job."""
    for login in ("alice", "github-actions[bot]"):
        assert world.put(path, login, body, method).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", REPO, {"allow_auto_merge": "yes"}),
        ("PATCH", REPO, {"unknown": True}),
        (
            "PATCH",
            REPO,
            {"allow_merge_commit": False, "allow_squash_merge": False, "allow_rebase_merge": False},
        ),
        ("PUT", JOBS, {"default_workflow_permissions": "all"}),
        ("PUT", JOBS, {"can_approve_pull_request_reviews": "no"}),
        ("POST", f"{REPO}/rulesets", {**RULESET, "name": None}),
        ("POST", f"{REPO}/rulesets", {**RULESET, "enforcement": "sometimes"}),
        ("POST", f"{REPO}/rulesets", {**RULESET, "rules": [{"type": "nonsense"}]}),
        ("POST", f"{REPO}/rulesets", {**RULESET, "bypass_actors": [{"actor_id": 1, "actor_type": "Team"}]}),
        (
            "POST",
            f"{REPO}/rulesets",
            {**RULESET, "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"]}}},
        ),
        ("POST", f"{REPO}/git/trees", {"tree": []}),
        ("POST", f"{REPO}/git/trees", {"tree": [{"path": "x", "mode": "100600", "content": "y"}]}),
        ("POST", f"{REPO}/git/trees", {"tree": [{"path": "../x", "mode": "100644", "content": "y"}]}),
        ("POST", f"{REPO}/git/commits", {"message": "x", "tree": "0" * 40}),
        ("POST", f"{REPO}/git/commits", {"message": "x", "tree": "0" * 40, "parents": ["1" * 40]}),
    ],
)
def test_what_github_refuses(world: World, method: str, path: str, body: dict[str, Any]) -> None:
    """Values of the wrong kind, unknown rules and objects are 422, also for an admin."""
    assert world.put(path, "olivia", body, method).status_code == 422


def test_a_ruleset_protects_its_branch(world: World) -> None:
    """A ruleset that is made is listed, shown, and obeyed, by admins too; one that is changed as well."""
    world.branch("side", {"x": "y"})
    made = world.put(f"{REPO}/rulesets", "olivia", RULESET, "POST")
    assert made.status_code == 201
    assert [each["type"] for each in world.get(f"{REPO}/rules/branches/side").json()] == ["deletion"]
    with refused(422, "Cannot delete this branch"):
        world.repo("olivia").get_git_ref("heads/side").delete()
    path = f"{REPO}/rulesets/{made.json()['id']}"
    assert world.put(path, "olivia", {**RULESET, "rules": []}).status_code == 200
    world.repo("olivia").get_git_ref("heads/side").delete()


def test_who_may_bypass_is_shown_to_admins(world: World) -> None:
    """The bypass list is left out for everybody else; no classic protection is told apart from none to see."""
    assert "bypass_actors" not in world.get(f"{REPO}/rulesets/1").json()
    assert [
        each["actor_id"] for each in world.get(f"{REPO}/rulesets/1", "olivia").json()["bypass_actors"]
    ] == [5]
    assert world.get(f"{REPO}/rulesets/99").status_code == 404
    hidden = [
        world.get(f"{REPO}/branches/main/protection", login).json()["message"]
        for login in ("alice", "olivia")
    ]
    assert hidden == ["Not Found", "Branch not protected"]


def test_merging_obeys_the_settings(world: World) -> None:
    """A method that is off is refused, auto-merge too, and a merged branch is deleted where that is on."""
    off = {"allow_rebase_merge": False, "allow_auto_merge": False, "delete_branch_on_merge": True}
    assert world.put(REPO, "olivia", off, "PATCH").status_code == 200
    pull = world.pull()
    with refused(405, "Rebase merges are not allowed"):
        world.repo("olivia").get_pull(1).merge(merge_method="rebase")
    world.repo("olivia").get_pull(1).merge(merge_method="squash")
    with refused(404, "Branch not found"):
        world.repo("olivia").get_branch(pull.head.ref)


def test_settings_of_merging_are_shown_to_writers(world: World) -> None:
    """Whoever may only read is not told how merging is set."""
    assert "allow_auto_merge" in world.get(REPO).json()
    assert "allow_auto_merge" not in world.get(REPO, "reader").json()


def test_a_team_is_shown_to_people(world: World) -> None:
    """A job's own token sees no team; a person does."""
    path = "/orgs/acme/teams/platform/members"
    assert [each["login"] for each in world.get(path).json()] == ["frank", "olivia"]
    assert world.get(path, "github-actions[bot]").status_code == 404
    assert world.get("/orgs/acme/teams/ghosts/members").status_code == 404


def test_a_branch_without_a_past(world: World) -> None:
    """A tree, a commit without parents, a ref: signed where a job makes it."""
    file = {"path": "a/b", "mode": "100644", "type": "blob", "content": "x"}
    for login, verified in (("olivia", False), ("github-actions[bot]", True)):
        tree = world.put(f"{REPO}/git/trees", login, {"tree": [file]}, "POST").json()["sha"]
        made = world.put(f"{REPO}/git/commits", login, {"message": login, "tree": tree}, "POST").json()
        assert (made["parents"], made["verification"]["verified"]) == ([], verified)
