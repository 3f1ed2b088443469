"""After the repository was renamed: all that was recorded under its former name counts, and its settings can follow it."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from acme_world import HOUR, MINUTE, World
from pages import comment

SETTINGS = "policies/settings.yaml"
FORMER, NAME = "acme/access", "acme/entry"


@pytest.fixture
def renamed(world: World, granted: str) -> Iterator[str]:
    """alice's granted request, in a repository that GitHub then calls otherwise than the settings do."""
    site, repo, settings = world.acme.github._site, world.github, world.acme.settings
    site.repositories[NAME] = repo  # GitHub leads the former name there, too
    repo.full_name, repo.name = NAME, "entry"
    world.acme.settings = replace(settings, repository=NAME)
    yield granted
    repo.full_name, repo.name, world.acme.settings = FORMER, "access", settings
    del site.repositories[NAME]


def follow(world: World) -> None:
    """main's settings, and jitbot's own roles in AWS, get the new name."""
    world.write(SETTINGS, world.text(SETTINGS).replace(FORMER, NAME))
    for account_id in world.acme.accounts.values():
        iam = world.by_hand(account_id)
        for name in world.acme.aws._store.role_names(account_id):
            if name.startswith("jitbot-"):
                trust = json.dumps(iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"])
                new = trust.replace(FORMER, NAME).replace("/access@700001", "/entry@700001")
                iam.update_assume_role_policy(RoleName=name, PolicyDocument=new)


def test_a_rename_ends_no_access(world: World, renamed: str) -> None:
    """A grant is no orphan, its request is not decided again, and it ends when it was to."""
    follow(world)
    before = world.story(renamed)
    assert "ignored" not in world.jit("sweep").output
    world.jit("grant")
    assert world.story(renamed) == before
    assert world.reach("alice") == {("alice", "prod", "orders")}
    world.later(3 * HOUR)
    world.jit("sweep")
    assert world.story(renamed) == [*before, "ended expired"]


def test_a_rename_brings_nothing_back(world: World, renamed: str) -> None:
    """What was stopped and revoked under the former name stays so; what was merged before the rename is refused, too."""
    world.github.full_name = FORMER  # for as long as people end things
    asked = world.ask("alice", "second")
    world.jit(
        "stop",
        "--person",
        "alice",
        "--reason",
        "stolen",
        actor="erin",
        workflow="revoke.yml",
        repository=FORMER,
    )
    world.github.full_name = NAME
    world.later(11 * MINUTE)
    follow(world)
    world.jit("grant", code=1)
    world.jit("sweep")
    assert world.story(renamed) == ["approved", "granted", "ended stopped"]
    assert world.reasons(asked) == {"stopped"}
    assert world.reach("alice") == set()


def test_the_settings_can_follow(world: World, renamed: str) -> None:
    """Their pull request gets its checks, without which GitHub merges nothing; every run but its says what to write."""
    number = world.offer("erin", "rename", {SETTINGS: world.text(SETTINGS).replace(FORMER, NAME)})
    world.forget()
    comment(world, number, event="pull_request")
    assert not [path for _, path in world.acme.github.calls if path.startswith(f"/repos/{FORMER}")]
    states = {each.context: each.state for each in world.github.statuses}
    assert states == {"jitbot/check": "success", "jitbot/approval": "success"}
    for verb in ("grant", "sweep"):
        said = world.jit(verb, code=3).output
        assert f"this job runs in {NAME}, but policies/settings.yaml is that of {FORMER}" in said
        assert f"write `repository: {NAME}` there" in said


def test_another_repository_is_not_this_one_renamed(world: World, renamed: str) -> None:
    """With another number, as a fork has one, nothing is shown and nothing proposed."""
    for verb, workflow in (("comment", "check.yml"), ("grant", "grant.yml")):
        ran = world.jit(verb, code=3, workflow=workflow, GITHUB_REPOSITORY_ID="700002")
        assert f"this job runs in {NAME}, but" in ran.output
        assert "renamed" not in ran.output
