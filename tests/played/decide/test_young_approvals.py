"""An approval is younger than the last push of the head, and than the last time that the pull request was opened."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from acme_world import MINUTE, ORDERS, TABLE, World
from audit_story import verdict
from pages import waiting

from jitbot.domain.access.approvals.pending_approvals import PendingApprovals
from jitbot.sandbox.github.git.objects import Signature


@pytest.fixture
def kept_reviews(world: World) -> Iterator[None]:
    """A repository in which a push dismisses nothing: jitbot's own count is all that is left."""
    rules = world.acme.github.rules
    kept = rules["main"]
    assert kept.pull_request is not None
    rules["main"] = replace(
        kept, pull_request=replace(kept.pull_request, dismiss_stale_reviews_on_push=False)
    )
    yield
    rules["main"] = kept


def approved(world: World) -> tuple[str, int]:
    """alice's pull request, approved by bob; its path and number."""
    world.steps += 1
    path, text = world.request("alice", ORDERS, "young", **TABLE)
    number = world.propose("alice", f"young {world.steps}", {path: text})
    world.must(world.review("bob", number))
    world.later(MINUTE)
    return path, number


def decided(world: World, path: str, number: int, why: str) -> None:
    """Before the merge and after it the approval does not count for this reason; a newer one does."""
    seen = waiting(world, path, number)
    assert isinstance(seen, PendingApprovals)
    assert [each.why for each in seen.ignored] == [why]
    world.later(MINUTE)
    world.must(world.merge("olivia", number))
    world.jit("grant", code=1)
    assert [each["why"] for each in world.ledger()[-1]["evidence"]["not_counted"]] == [why]
    verdict(world, code=0)


def there_and_back(world: World, path: str, number: int) -> None:
    """alice pushes something else after the approval, and then the approved commit again."""
    store, branch = world.github.store, world.github.pulls[number].head_ref
    head, who = store.tip(branch), Signature(name="alice", email="alice@acme.com", when=world.now)
    store.update_ref("refs/heads/scratch", head)
    other = store.commit_files("scratch", head, {path: b"other"}, (), "other", who, who)
    for sha in (other, head):
        world.must(world.acme.call("alice", "PATCH", f"/git/refs/heads/{branch}", sha=str(sha), force=True))
        world.later(MINUTE)


@pytest.mark.usefixtures("kept_reviews")
def test_what_was_approved_before_the_branch_left_and_came_back(world: World) -> None:
    """The approved commit is the head again, and may have been merged as something else in between."""
    path, number = approved(world)
    there_and_back(world, path, number)
    decided(world, path, number, "approved before the last push")
    assert "head_pushed_at" in world.ledger()[-1]["evidence"]["facts"]["told"]


@pytest.mark.usefixtures("kept_reviews")
def test_an_approval_after_the_return_counts(world: World) -> None:
    """bob approves again, and it is granted; the push that the record does not need is not in it."""
    path, number = approved(world)
    there_and_back(world, path, number)
    world.must(world.review("bob", number))
    world.must(world.merge("olivia", number))
    world.jit("grant")
    assert world.story(path) == ["approved", "granted"]
    assert "head_pushed_at" not in world.ledger()[0]["evidence"]["facts"]["told"]


def reopened(world: World, number: int) -> None:
    """alice closes her pull request, and opens it again."""
    for state in ("closed", "open"):
        world.must(world.acme.call("alice", "PATCH", f"/pulls/{number}", state=state))
        world.later(MINUTE)


def test_what_was_approved_before_it_was_closed(world: World) -> None:
    """A pull request that was opened again is asked for anew."""
    path, number = approved(world)
    reopened(world, number)
    decided(world, path, number, "approved before the pull request was opened again")


def test_an_approval_after_the_reopening_counts(world: World) -> None:
    """bob approves again, and it is granted; the audit decides it again."""
    path, number = approved(world)
    reopened(world, number)
    world.must(world.review("bob", number))
    world.must(world.merge("olivia", number))
    world.jit("grant")
    assert world.story(path) == ["approved", "granted"]
    verdict(world, code=0)
