"""What runs read of main's tip: ordinary files alone, and a link is as good as missing."""

import pytest
from acme_world import World

from jitbot.sandbox.github.git.objects import Signature


def link(world: World, path: str, target: str) -> None:
    """Replace a file of main by a symlink; olivia pushes it past every rule."""
    store, olivia = world.github.store, Signature(name="olivia", email="olivia@acme.com", when=world.now)
    made = store.git("hash-object", "-w", "--stdin", stdin=target.encode()).decode().strip()
    index = {"GIT_INDEX_FILE": str(store.path / "index-of-the-test")}
    store.git("read-tree", "main", variables=index)
    store.git(
        "update-index", "--add", "--index-info", stdin=f"120000 {made}\t{path}\n".encode(), variables=index
    )
    tree = store.git("write-tree", variables=index).decode().strip()
    store.update_ref("refs/heads/main", store.commit_tree(tree, [store.tip("main")], "link", olivia, olivia))


@pytest.mark.parametrize("verb", ["grant", "sweep"])
def test_settings_that_are_a_link_are_none(world: World, asked: str, verb: str) -> None:
    """A link whose own text would read as settings gives no run its settings."""
    link(world, "policies/settings.yaml", world.text("policies/settings.yaml"))
    ran = world.jit(verb, code=1)
    assert "policies/settings.yaml on main is no plain file" in ran.output
    assert (world.ledger(), world.acme.aws.calls) == ([], [])


def test_people_that_are_a_link_end_nobodys_access(world: World, granted: str) -> None:
    """A link that names alice nowhere is no reading of who has left: nothing ends by it, and the run says so."""
    link(world, "policies/people.yaml", "people:\n  bob: {github_id: 1002}\n")
    world.ran("sweep")
    assert world.story(granted) == ["approved", "granted"]
    assert world.reach("alice") == {("alice", "prod", "orders")}


def test_account_groups_that_are_a_link_are_not_as_if_there_were_none(world: World) -> None:
    """The file may be absent; what is there and is no ordinary file refuses."""
    link(world, "policies/account-groups.yaml", "production: [prod]\n")
    path = world.ask()
    world.jit("grant", code=1)
    assert world.reasons(path) == {"not-a-plain-file"}
