"""What the embedded GitHub allows on comments, titles and statuses beside the ordinary."""

from collections.abc import Iterator

import pytest
from github_world import World, acme, refused


@pytest.fixture
def world() -> Iterator[World]:
    """acme, running."""
    with acme() as world:
        yield world


def test_a_comment_is_deleted_by_its_author_or_a_writer(world: World) -> None:
    """It is gone then, and a second time there is none; a reader deletes only their own."""
    pull = world.pull()
    first, second = pull.create_issue_comment("first"), pull.create_issue_comment("second")
    own = world.repo("reader").get_pull(1).create_issue_comment("mine")
    with refused(403, "Resource not accessible"):
        world.repo("reader").get_pull(1).get_issue_comment(first.id).delete()
    first.delete()
    world.repo("mallory").get_pull(1).get_issue_comment(second.id).delete()
    own.delete()
    assert list(pull.get_issue_comments()) == []
    with refused(404, "Not Found"):
        first.delete()


def test_a_title_has_a_length(world: World) -> None:
    """256 characters are taken, more are not, nor is none."""
    pull = world.pull()
    pull.edit(title="x" * 256)
    for title in ("x" * 257, ""):
        with refused(422, "title"):
            pull.edit(title=title)
    assert world.repo("alice").get_pull(1).title == "x" * 256


def test_the_description_of_a_status_has_a_length(world: World) -> None:
    """140 characters are taken, more are not."""
    commit = world.repo("alice").get_commit(world.tip())
    commit.create_status("success", description="x" * 140)
    with refused(422, "140 characters"):
        commit.create_status("success", description="x" * 141)
