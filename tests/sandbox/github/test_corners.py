"""What few callers meet: the embedded GitHub's answers in the corners."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from github_world import ORDERS, World, acme, clone, git, refused


@pytest.fixture
def world() -> Iterator[World]:
    """acme, running."""
    with acme() as world:
        yield world


def test_the_default_branch_cannot_be_deleted(world: World) -> None:
    """Not even an admin, whom no rule binds, deletes main."""
    ref = world.repo("olivia").get_git_ref("heads/main")
    assert ref.object.sha == world.tip()
    with refused(422, "Cannot delete this branch"):
        ref.delete()


def test_deleting_the_base_branch_closes(world: World) -> None:
    """A pull request whose base is gone is closed, and can still be read."""
    world.branch("base", {"x": "1"})
    world.branch("ask", {ORDERS: "a: 1"})
    world.repo("alice").create_pull(base="base", head="ask", title="t")
    world.repo("alice").get_git_ref("heads/base").delete()
    pull = world.repo("alice").get_pull(1)
    assert (pull.state, pull.merged, [file.filename for file in pull.get_files()]) == (
        "closed",
        False,
        [ORDERS],
    )


def test_tags_live_beside_branches(world: World) -> None:
    """A tag is made and removed like a branch, and no branch rule holds for a tag of a branch's name."""
    repo = world.repo("alice")
    tag = repo.create_git_ref("refs/tags/main", world.tip("ledger"))
    assert repo.get_git_ref("tags/main").object.sha == world.tip("ledger")
    assert repo.get_commit("main").sha == world.tip()
    tag.delete()
    with refused(404, "Not Found"):
        _ = repo.get_git_ref("tags/main").object


def test_update_branch_stops_at_a_conflict(world: World) -> None:
    """Where main and the head conflict, pressing the button changes nothing."""
    pull = world.pull(path="x")
    world.repo("olivia").create_file("x", "m", b"other", branch="main")
    assert not pull.update_branch()
    assert world.tip("ask") == pull.head.sha
    assert not world.repo("reader").get_pull(1).update_branch()


def test_a_rebase_leaves_merge_commits_out(world: World) -> None:
    """Rebasing a branch that merged main replays its own commits alone."""
    pull = world.pull()
    base = world.repo("olivia").create_file("other", "m", b"x", branch="main")["commit"].sha
    assert pull.update_branch()
    world.repo("olivia").get_pull(1).merge(merge_method="rebase")
    commit = world.repo("alice").get_commit(world.tip())
    assert (commit.commit.message, [parent.sha for parent in commit.parents]) == (f"add {ORDERS}", [base])


def test_a_branch_of_merge_commits_alone_cannot_be_rebased(world: World, tmp_path: Path) -> None:
    """With nothing to replay, a rebase is a 405."""
    work = clone(world, tmp_path)
    git(work, "commit", "--quiet", "--allow-empty", "-m", "side")
    side = git(work, "rev-parse", "HEAD").stdout.strip()
    git(work, "reset", "--quiet", "--hard", "HEAD~1")
    git(work, "merge", "--quiet", "--no-ff", side, "-m", "merge")
    git(work, "push", "--quiet", "origin", "HEAD:refs/heads/ask", f"{side}:refs/heads/side")
    world.repo("olivia").create_git_ref("refs/heads/base", side)
    world.repo("mallory").create_pull(base="base", head="ask", title="t")
    with refused(405, "not mergeable"):
        world.repo("olivia").get_pull(1).merge(merge_method="rebase")


def test_what_does_not_exist_is_not_found(world: World) -> None:
    """Unknown pull requests, reviews of another one, and unknown nodes are 404s or NOT_FOUND."""
    world.pull("one")
    world.review("bob")
    world.pull("two", path="requests/open/x")
    (review,) = world.repo("alice").get_pull(1).get_reviews()
    paths = (
        "pulls/9",
        "pulls/9/reviews",
        f"pulls/2/reviews/{review.id}",
        "issues/9/comments",
        "pulls/9/files",
    )
    assert {world.get(f"/repos/acme/access/{path}").status_code for path in paths} == {404}
    assert world.get(f"/repos/acme/access/pulls/1/reviews/{review.id}").json()["id"] == review.id
    query = "mutation($input: I!) { enablePullRequestAutoMerge(input: $input) { clientMutationId } }"
    body = {"query": query, "variables": {"input": {"pullRequestId": "PR_1_1"}}}
    assert world.put("/graphql", "bob", body, "POST").json()["errors"][0]["type"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("login", "head", "kind"), [("bob", "0" * 40, "STALE_DATA"), ("reader", None, "FORBIDDEN")]
)
def test_auto_merge_is_for_writers_who_know_the_head(
    world: World, login: str, head: str | None, kind: str
) -> None:
    """Enabling auto-merge on a former head, or without write permission, is refused and sets nothing."""
    pull = world.pull()
    given = {"pullRequestId": pull.node_id} | ({"expectedHeadOid": head} if head else {})
    query = "mutation($input: I!) { enablePullRequestAutoMerge(input: $input) { clientMutationId } }"
    answer = world.put("/graphql", login, {"query": query, "variables": {"input": given}}, "POST").json()
    assert [error["type"] for error in answer["errors"]] == [kind]
    assert world.get("/repos/acme/access/pulls/1").json()["auto_merge"] is None


def test_auto_merge_of_a_closed_pull_request_is_refused(world: World) -> None:
    """There is nothing to wait for once it is closed."""
    pull = world.pull()
    pull.edit(state="closed")
    with refused(400, "Can't enable auto-merge"):
        pull.enable_automerge()


def test_retargeting_takes_auto_merge_back(world: World) -> None:
    """Another base is another question: the wish to merge does not survive it."""
    pull = world.pull()
    world.branch("base", {"x": "1"}, "olivia")
    world.github.rules["base"] = world.github.rules["main"]
    pull.enable_automerge()
    pull.edit(base="base")
    world.review("bob")
    assert world.get("/repos/acme/access/pulls/1").json()["auto_merge"] is None
    assert not world.repo("alice").get_pull(1).merged


def test_a_workflow_is_found_by_its_file(world: World) -> None:
    """A workflow on the default branch has a path and a state; another file is a 404."""
    workflow = world.get("/repos/acme/access/actions/workflows/grant.yml").json()
    assert (workflow["path"], workflow["state"]) == (".github/workflows/grant.yml", "active")
    assert world.get("/repos/acme/access/actions/workflows/other.yml").status_code == 404


def test_dispatch_inputs_are_an_object(world: World) -> None:
    """Inputs of another kind are a 422, none at all are fine, and nothing else is recorded."""
    url = "/repos/acme/access/actions/workflows/grant.yml/dispatches"
    assert world.put(url, "bob", {"ref": "main", "inputs": "x"}, "POST").status_code == 422
    assert world.put(url, "bob", {"ref": "refs/heads/main"}, "POST").status_code == 204
    assert [dict(dispatch.inputs) for dispatch in world.github.dispatches] == [{}]


def test_content_must_be_base64(world: World) -> None:
    """A file whose content cannot be decoded is not made."""
    world.branch("b", {})
    body = {"message": "m", "content": "=", "branch": "b"}
    answer = world.put("/repos/acme/access/contents/x", "alice", body)
    assert (answer.status_code, answer.json()["message"]) == (422, "content is not valid Base64")


def test_strange_files_keep_their_kind(world: World, tmp_path: Path) -> None:
    """A symlink is told apart from a file, binary files have no lines, and odd author lines are read."""
    work = clone(world, tmp_path)
    (work / "link").symlink_to("README.md")
    (work / "binary").write_bytes(b"\0\1")
    git(work, "add", ".")
    git(work, "-c", "user.name=<>", "commit", "--quiet", "--author", "a b <>", "-m", "odd")
    git(work, "push", "--quiet", "origin", "HEAD:refs/heads/odd")
    commit = world.repo("alice").get_commit("odd")
    assert (commit.commit.author.name, commit.raw_data["author"]) == ("a b", None)
    assert {file.filename: file.additions for file in commit.files} == {"link": 1, "binary": 0}
    assert world.get("/repos/acme/access/contents/link", ref="odd").json()["type"] == "symlink"


def test_an_object_that_is_broken_is_not_taken(world: World, tmp_path: Path) -> None:
    """Pushed trees are checked as on GitHub: one with a `.git` folder in it is refused."""
    work = clone(world, tmp_path)
    blob = git(work, "rev-parse", "HEAD:README.md").stdout.strip()
    (tmp_path / "listing").write_text(f"100644 blob {blob}\t.git\n")
    git(work, "-c", f"alias.tree=!git mktree < {tmp_path}/listing > {tmp_path}/tree", "tree")
    tree = (tmp_path / "tree").read_text().strip()
    commit = git(work, "commit-tree", tree, "-m", "x").stdout.strip()
    pushed = git(work, "push", "origin", f"{commit}:refs/heads/bad", check=False)
    assert (pushed.returncode, "fsck" in pushed.stderr or "hasDotgit" in pushed.stderr) == (1, True)


def test_a_lone_slash_owns_nothing(world: World) -> None:
    """As on GitHub, the pattern `/` matches no path, and comments and empty lines are no lines."""
    old = world.repo("olivia").get_contents(".github/CODEOWNERS")
    assert not isinstance(old, list)
    world.repo("olivia").update_file(old.path, "m", b"# all\n\n/ @erin\n", old.sha)
    world.pull()
    world.review("frank")
    assert world.repo("alice").get_pull(1).merge().merged


def test_a_closed_pull_request_brings_no_commit(world: World) -> None:
    """A commit of a pull request that was closed without a merge leads to none."""
    pull = world.pull()
    pull.edit(state="closed")
    assert list(world.repo("alice").get_commit(pull.head.sha).get_pulls()) == []


def test_a_reopened_pull_request_can_be_fetched_at_its_new_head(world: World, tmp_path: Path) -> None:
    """`refs/pull/1/head` stands still while it is closed, and catches up when it is opened again."""
    pull = world.pull()
    pull.edit(state="closed")
    new = world.commit("ask", ORDERS, "a: 2\n")["oid"]

    def fetched() -> str:
        return git(tmp_path, "ls-remote", world.github.git_url("bob"), "refs/pull/1/head").stdout.split()[0]

    assert fetched() == pull.head.sha != new
    pull.edit(state="open")
    assert fetched() == new
