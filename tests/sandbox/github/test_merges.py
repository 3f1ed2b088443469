"""Merging and the rules of branches, as the embedded GitHub enforces them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from github_world import MINUTE, ORDERS, START, World, acme, clone, git, refused


@pytest.fixture
def world() -> Iterator[World]:
    """acme, running."""
    with acme() as world:
        yield world


def ready(world: World, login: str = "alice") -> int:
    """A pull request with two commits that its code owner has approved."""
    world.pull(login=login)
    world.repo(login).create_file("requests/orders-db-read/b", "add b", b"b", branch="ask")
    world.review("bob")
    world.clock.advance(MINUTE)
    return 1


def test_a_merge_commit_has_both_parents(world: World) -> None:
    """Merging keeps the commits: the merge commit's parents are main's former tip and the head."""
    number, base = ready(world), world.tip()
    head = world.tip("ask")
    status = world.repo("bob").get_pull(number).merge(commit_title="Our title", commit_message="Our text")
    commit = world.repo("bob").get_commit(status.sha)
    assert [parent.sha for parent in commit.parents] == [base, head]
    assert commit.commit.message == "Our title\n\nOur text"
    assert (commit.author.login, commit.committer.login) == ("bob", "web-flow")
    assert commit.raw_data["commit"]["verification"]["verified"]


def test_a_squash_is_one_commit_of_the_author(world: World) -> None:
    """Squashing puts one commit on main, with the number in its title and the messages below."""
    number, base = ready(world), world.tip()
    status = world.repo("bob").get_pull(number).merge(merge_method="squash")
    commit = world.repo("bob").get_commit(status.sha)
    assert [parent.sha for parent in commit.parents] == [base]
    assert commit.commit.message == f"Title of ask (#1)\n\n* add {ORDERS}\n\n* add b"
    assert commit.author.login == "alice"
    assert {file.filename for file in commit.files} == {ORDERS, "requests/orders-db-read/b"}


def test_a_squash_of_one_commit_takes_its_title(world: World) -> None:
    """With one commit, its own message becomes the squash's title."""
    world.pull()
    world.review("bob")
    status = world.repo("bob").get_pull(1).merge(merge_method="squash")
    assert world.repo("bob").get_commit(status.sha).commit.message == f"add {ORDERS} (#1)"


def test_a_rebase_replays_each_commit(world: World) -> None:
    """Rebasing puts a new commit for each old one on main; the last is the merge commit."""
    number, base = ready(world), world.tip()
    old = [commit.sha for commit in world.repo("bob").get_pull(number).get_commits()]
    world.repo("bob").get_pull(number).merge(merge_method="rebase")
    last = world.repo("bob").get_commit(world.tip())
    first = last.parents[0]
    assert world.repo("bob").get_pull(number).merge_commit_sha == last.sha
    assert [parent.sha for parent in world.repo("bob").get_commit(first.sha).parents] == [base]
    assert (last.commit.message, last.author.login, last.committer.login) == ("add b", "alice", "bob")
    assert not {first.sha, last.sha} & set(old)
    for sha in (first.sha, last.sha):
        assert [pull.number for pull in world.repo("bob").get_commit(sha).get_pulls()] == [number]


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_merged_pull_request_says_so(world: World, method: str) -> None:
    """After a merge: closed, merged, when, by whom, and as which commit; its files and commits stay."""
    number = ready(world)
    assert not world.repo("alice").get_pull(number).is_merged()
    status = world.repo("bob").get_pull(number).merge(merge_method=method)
    pull = world.repo("alice").get_pull(number)
    assert (pull.state, pull.merged, pull.merged_by.id, pull.merged_at) == (
        "closed",
        True,
        1002,
        START + MINUTE,
    )
    assert pull.merge_commit_sha == status.sha == world.tip()
    assert (len(list(pull.get_files())), len(list(pull.get_commits()))) == (2, 2)
    assert pull.is_merged()
    assert [found.number for found in world.repo("bob").get_commit(status.sha).get_pulls()] == [number]
    with refused(405, "not mergeable"):
        pull.merge()
    with refused(422, "merged"):
        pull.edit(state="open")


def test_open_pull_requests_of_a_commit_are_listed_too(world: World) -> None:
    """A commit that is in an open pull request leads to it; main's own commits lead to none."""
    world.pull()
    repo = world.repo("alice")
    assert [pull.number for pull in repo.get_commit(world.tip("ask")).get_pulls()] == [1]
    assert list(repo.get_commit(world.tip()).get_pulls()) == []


def test_a_moved_head_is_a_conflict(world: World) -> None:
    """Merging with the `sha` of a former head is a 409 and merges nothing."""
    number = ready(world)
    pull = world.repo("bob").get_pull(number)
    world.commit("ask", ORDERS, "a: 9\n")
    with refused(409, "Head branch was modified"):
        pull.merge(sha=pull.head.sha)
    assert not world.repo("bob").get_pull(number).merged


def test_conflicts_cannot_be_merged(world: World) -> None:
    """A pull request that conflicts is a 405, even for an admin."""
    number = ready(world)
    world.repo("olivia").create_file(ORDERS, "m", b"other\n", branch="main")
    for method in ("merge", "squash", "rebase"):
        with refused(405, "be rebased" if method == "rebase" else "not mergeable"):
            world.repo("olivia").get_pull(number).merge(merge_method=method)


def test_changes_to_other_lines_of_a_file_merge(world: World) -> None:
    """Both sides may change one file, in different places, and the merge has both."""
    lines = [f"line {number}\n" for number in range(20)]
    world.branch("ask", {})
    world.commit("ask", "README.md", "".join(["first\n", *lines[1:]]))
    world.commit("main", "README.md", "".join([*lines[:-1], "last\n"]), "olivia")
    pull = world.repo("alice").create_pull(base="main", head="ask", title="t")
    world.repo("olivia").get_pull(pull.number).merge()
    merged = world.repo("alice").get_contents("README.md")
    assert not isinstance(merged, list)
    assert merged.decoded_content.decode() == "".join(["first\n", *lines[1:-1], "last\n"])


def test_update_branch_merges_main_into_the_head(world: World) -> None:
    """The button makes a merge commit by whoever presses it, keeps approvals of the same diff, and 422s else."""
    ready(world)
    pull = world.repo("bob").get_pull(1)
    assert not pull.update_branch()
    world.repo("olivia").create_file("other.txt", "m", b"x", branch="main")
    assert not pull.update_branch("0" * 40)
    assert pull.update_branch(pull.head.sha)
    commit = world.repo("bob").get_commit(world.tip("ask"))
    assert [parent.sha for parent in commit.parents] == [pull.head.sha, world.tip()]
    assert (commit.author.login, commit.commit.message) == ("bob", "Merge branch 'main' into ask")
    assert [review.state for review in pull.get_reviews()] == ["APPROVED"]
    assert [file.filename for file in pull.get_files()] == [ORDERS, "requests/orders-db-read/b"]
    again = world.repo("bob").get_pull(1)
    with refused(405, "last pusher"):
        again.merge()


def test_auto_merge_waits_for_the_last_requirement(world: World) -> None:
    """Enabled by the author, it merges at the approval, in that person's name and by that method."""
    pull = world.pull()
    pull.enable_automerge("SQUASH")
    assert world.repo("alice").get_pull(1).auto_merge["merge_method"] == "squash"
    world.review("frank")
    assert not world.repo("alice").get_pull(1).merged
    world.review("bob")
    merged = world.repo("alice").get_pull(1)
    assert (merged.merged, merged.merged_by.login) == (True, "alice")
    assert len(world.repo("alice").get_commit(world.tip()).parents) == 1


def test_auto_merge_never_bypasses_and_can_be_taken_back(world: World) -> None:
    """An admin's auto-merge waits like anyone's; disabled, nothing merges; enabled too late, it is refused."""
    world.pull()
    pull = world.repo("olivia").get_pull(1)
    pull.enable_automerge()
    world.review("frank")
    assert not world.repo("alice").get_pull(1).merged
    pull.disable_automerge()
    world.review("bob")
    assert not world.repo("alice").get_pull(1).merged
    with refused(400, "clean status"):
        pull.enable_automerge()


def test_a_status_can_complete_an_auto_merge(world: World) -> None:
    """The last green check merges what waits for it."""
    world.github.rules["main"] = replace(world.github.rules["main"], required_checks=("ci",))
    pull = world.pull()
    world.review("bob")
    pull.enable_automerge()
    world.repo("bob").get_commit(pull.head.sha).create_status("success", context="ci")
    assert world.repo("alice").get_pull(1).merged


def test_a_bypassing_push_of_its_commits_merges_a_pull_request(world: World, tmp_path: Path) -> None:
    """An admin who pushes the head to main marks the pull request merged, by the admin, as that commit."""
    pull = world.pull()
    work = clone(world, tmp_path, "olivia")
    git(work, "push", "--quiet", "origin", "origin/ask:main")
    merged = world.repo("alice").get_pull(1)
    assert (merged.merged, merged.merged_by.login) == (True, "olivia")
    assert merged.merge_commit_sha == pull.head.sha == world.tip()
    assert [file.filename for file in merged.get_files()] == [ORDERS]


def test_a_pushed_merge_commit_is_the_merge_commit(world: World, tmp_path: Path) -> None:
    """If the push merges the head with a merge commit, that one is the pull request's."""
    world.pull()
    work = clone(world, tmp_path, "olivia")
    git(work, "merge", "--quiet", "--no-ff", "origin/ask", "-m", "by hand")
    merge = git(work, "rev-parse", "HEAD").stdout.strip()
    git(work, "commit", "--quiet", "--allow-empty", "-m", "later")
    git(work, "push", "--quiet", "origin", "HEAD:main")
    assert world.repo("alice").get_pull(1).merge_commit_sha == merge
