"""Branches, refs, contents and commits of the embedded GitHub, by its API and by plain git."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from github_world import FILES, ORDERS, START, World, acme, clone, git, refused

import requests


@pytest.fixture
def world() -> Iterator[World]:
    """acme, running."""
    with acme() as world:
        yield world


def test_a_new_repository_has_main_and_an_orphan_ledger(world: World, tmp_path: Path) -> None:
    """A clone holds the seeded files, byte for byte, one commit, and a ledger without common history."""
    work = clone(world, tmp_path)
    assert {path: (work / path).read_bytes() for path in FILES} == FILES
    assert git(work, "rev-list", "--count", "origin/main").stdout.strip() == "1"
    assert git(work, "ls-tree", "--name-only", "origin/ledger").stdout.split() == ["README.md"]
    assert git(work, "merge-base", "origin/main", "origin/ledger", check=False).returncode == 1
    dates = git(work, "log", "-1", "--format=%at %ct", "origin/main").stdout.split()
    assert dates == [str(int(START.timestamp()))] * 2


def test_git_needs_a_token_and_takes_any_user_name(world: World, tmp_path: Path) -> None:
    """Without a token, or with a wrong one, git is asked for a password; the user name does not matter."""
    url = world.github.git_url("alice")
    token = url.split("@")[0].split(":")[-1]
    base = world.github.url.removeprefix("http://")
    assert git(tmp_path, "ls-remote", f"http://{base}/acme/access.git", check=False).returncode
    assert (
        "Authentication failed"
        in git(tmp_path, "ls-remote", f"http://x:y@{base}/acme/access", check=False).stderr
    )
    assert "refs/heads/main" in git(tmp_path, "ls-remote", f"http://anyone:{token}@{base}/acme/access").stdout
    world.github.add_user("alice", 1001, permission="none")
    assert "not found" in git(tmp_path, "ls-remote", url, check=False).stderr


def test_a_partial_and_shallow_clone_works(world: World, tmp_path: Path) -> None:
    """Filters, depth and fetches by object name are answered, as GitHub does."""
    world.commit("main", "more", "x", "olivia")
    url = world.github.git_url("alice")
    git(tmp_path, "clone", "--quiet", "--bare", "--filter=blob:none", "--depth=1", url, "part")
    assert git(tmp_path / "part", "rev-list", "--count", "HEAD").stdout.strip() == "1"
    missing = git(tmp_path / "part", "rev-list", "--objects", "--missing=print", "HEAD").stdout
    assert missing.count("?") == len(FILES) + 1
    first = world.repo("alice").get_commit(world.tip()).parents[0].sha
    git(tmp_path / "part", "-c", "protocol.version=0", "fetch", "--quiet", "origin", first)
    assert git(tmp_path / "part", "cat-file", "-t", first).stdout.strip() == "commit"
    git(tmp_path, "clone", "--quiet", "--bare", "--filter=tree:0", url, "commits")
    for unknown in ("tree:1", "combine:blob:none+tree:0", "object:type=commit"):
        ran = git(tmp_path, "clone", "--quiet", "--bare", f"--filter={unknown}", url, "none", check=False)
        assert "filter" in ran.stderr
        assert ran.returncode != 0


@pytest.mark.parametrize(
    ("refspec", "text"),
    [
        ("HEAD:main", "Changes must be made through a pull request."),
        ("+HEAD~1:ledger", "Cannot force-push to this branch"),
        (":ledger", "Cannot delete this branch"),
        (":main", "deletion of the current branch prohibited"),
    ],
)
def test_a_push_against_the_rules_is_refused(world: World, tmp_path: Path, refspec: str, text: str) -> None:
    """A writer can neither push to main, nor rewrite or delete main or ledger; the branch stays."""
    work = clone(world, tmp_path)
    git(work, "commit", "--quiet", "--allow-empty", "-m", "x")
    world.commit("ledger", "x", "x")
    if "ledger" in refspec:
        git(work, "fetch", "--quiet", "origin")
        git(work, "checkout", "--quiet", "origin/ledger")
    before = world.tip("main"), world.tip("ledger")
    pushed = git(work, "push", "origin", refspec, check=False)
    assert pushed.returncode == 1
    assert text in pushed.stderr
    assert (world.tip("main"), world.tip("ledger")) == before


def test_other_pushes_are_taken(world: World, tmp_path: Path) -> None:
    """A writer pushes forward to ledger, and rewrites and deletes branches without rules."""
    work = clone(world, tmp_path)
    git(work, "checkout", "--quiet", "ledger")
    git(work, "commit", "--quiet", "--allow-empty", "-m", "x")
    git(work, "push", "--quiet", "origin", "ledger", "ledger:free")
    git(work, "commit", "--quiet", "--amend", "--allow-empty", "-m", "y")
    git(work, "push", "--quiet", "--force", "origin", "HEAD:free")
    assert world.tip("free") == git(work, "rev-parse", "HEAD").stdout.strip() != world.tip("ledger")
    git(work, "push", "--quiet", "origin", ":free")
    with refused(404, "Branch not found"):
        world.tip("free")


def test_an_admin_pushes_to_main_but_not_over_the_ledger(world: World, tmp_path: Path) -> None:
    """The bypass holds for main; ledger's ruleset gives it to nobody."""
    work = clone(world, tmp_path, "olivia")
    git(work, "commit", "--quiet", "--allow-empty", "-m", "x")
    git(work, "push", "--quiet", "origin", "HEAD:main")
    assert world.tip() == git(work, "rev-parse", "HEAD").stdout.strip()
    assert git(work, "push", "origin", "+HEAD:ledger", check=False).returncode == 1


def test_a_reader_cannot_push(world: World, tmp_path: Path) -> None:
    """A push needs write permission."""
    work = clone(world, tmp_path, "reader")
    assert "403" in git(work, "push", "origin", "HEAD:refs/heads/x", check=False).stderr


def test_refs_are_made_moved_and_removed(world: World) -> None:
    """Refs live by their full names; what exists, what does not, and what is no commit is refused."""
    repo, main = world.repo("alice"), world.tip()
    made = repo.create_git_ref("refs/heads/a/b", main)
    assert (made.ref, made.object.sha, repo.get_git_ref("heads/a/b").object.sha) == (
        "refs/heads/a/b",
        main,
        main,
    )
    assert {branch.name for branch in repo.get_branches()} == {"main", "ledger", "a/b"}
    for ref, sha, text in (
        ("refs/heads/a/b", main, "Reference already exists"),
        ("refs/heads/new", "0" * 40, "Object does not exist"),
        ("refs/heads/a..b", main, "not a valid ref name"),
        ("refs/pull/9/head", main, "Reference name"),
    ):
        with refused(422, text):
            repo.create_git_ref(ref, sha)
    made.delete()
    with refused(404, "Not Found"):
        _ = repo.get_git_ref("heads/a/b").object
    with refused(422, "Reference does not exist"):
        made.delete()


def test_refs_move_forward_unless_forced(world: World) -> None:
    """Moving a ref back is a 422 without `force`, and works with it where no rule forbids it."""
    old = world.tip()
    new = world.branch("b", {"x": "1"})
    ref = world.repo("alice").get_git_ref("heads/b")
    assert ref.object.sha == new
    with refused(422, "Update is not a fast forward"):
        ref.edit(old)
    ref.edit(old, force=True)
    assert world.tip("b") == old
    ref.edit(new)
    assert world.tip("b") == new
    with refused(422, "Object does not exist"):
        ref.edit("1" * 40)


@pytest.mark.parametrize("login", ["mallory", "olivia"])
def test_the_ledger_cannot_be_rewritten_through_the_api(world: World, login: str) -> None:
    """Neither force nor deletion reaches the ledger, admin or not; fast-forward does."""
    old = world.tip("ledger")
    new = world.commit("ledger", "events/x.json", "{}")["oid"]
    ref = world.repo(login).get_git_ref("heads/ledger")
    assert ref.object.sha == new
    with refused(422, "Cannot force-push to this branch"):
        ref.edit(old, force=True)
    with refused(422, "Cannot delete this branch"):
        ref.delete()
    assert world.tip("ledger") == new


@pytest.mark.parametrize("verb", ["move", "put", "commit", "delete"])
def test_main_cannot_be_changed_without_a_pull_request(world: World, verb: str) -> None:
    """No API moves main for a writer who may not bypass its rules; an admin may."""
    repo, before = world.repo("mallory"), world.tip()
    world.branch("side", {"x": "1"})
    ref = repo.get_git_ref("heads/main")
    assert ref.object.sha == before
    status = {"move": 422, "put": 409, "commit": 400, "delete": 422}[verb]
    with refused(status, "Cannot delete" if verb == "delete" else "through a pull request"):
        match verb:
            case "move":
                ref.edit(world.tip("side"))
            case "put":
                repo.create_file("x", "m", b"x", branch="main")
            case "commit":
                world.commit("main", "x", "x", "mallory")
            case _:
                ref.delete()
    assert world.tip() == before
    world.repo("olivia").create_file("x", "m", b"x", branch="main")
    assert world.tip() != before


def test_contents_are_read_at_a_ref(world: World) -> None:
    """Files come with their bytes and blob, folders as lists, at any ref; the rest is a 404."""
    repo = world.repo("alice")
    world.branch("b", {"x/y.txt": "new"})
    file = repo.get_contents("x/y.txt", ref="b")
    assert not isinstance(file, list)
    assert (file.decoded_content, file.path, file.size, file.type) == (b"new", "x/y.txt", 3, "file")
    folder = repo.get_contents("x", ref="b")
    assert isinstance(folder, list)
    assert [(entry.path, entry.type) for entry in folder] == [("x/y.txt", "file")]
    root = repo.get_contents("")
    assert isinstance(root, list)
    assert {entry.path for entry in root} == {".github", "policies", "README.md"}
    for path, ref in (("x/y.txt", "main"), ("x", "nowhere")):
        with refused(404, ""):
            repo.get_contents(path, ref=ref)


def test_contents_change_only_over_the_known_blob(world: World) -> None:
    """Changing a file needs the `sha` of what it replaces; the commit is its caller's, signed by GitHub."""
    repo = world.repo("alice")
    world.branch("b", {})
    made = repo.create_file("x.txt", "one", b"1", branch="b")
    assert (made["commit"].sha, made["content"].sha) == (
        world.tip("b"),
        "56a6051ca2b02b04ef92d5150c9ef600403cb1de",
    )
    with refused(422, "supplied"):
        repo.create_file("x.txt", "two", b"2", branch="b")
    with refused(409, "does not match"):
        repo.update_file("x.txt", "two", b"2", "0" * 40, branch="b")
    repo.update_file("x.txt", "two", b"2", made["content"].sha, branch="b")
    commit = repo.get_commit("b")
    assert (commit.author.login, commit.committer.login, commit.commit.message) == (
        "alice",
        "web-flow",
        "two",
    )
    with refused(403, "Resource not accessible"):
        world.repo("reader").create_file("z", "m", b"", branch="b")
    with refused(404, "Branch not found"):
        repo.create_file("z", "m", b"", branch="nowhere")


def test_a_commit_shows_its_files_and_its_kin(world: World) -> None:
    """A commit is found by name, short of nothing: parents, tree, message, files, numbers."""
    tip = world.branch("b", {ORDERS: "a\nb\n"})
    commit = world.repo("bob").get_commit("b")
    assert (commit.sha, commit.parents[0].sha) == (tip, world.tip())
    assert [(file.filename, file.status) for file in commit.files] == [(ORDERS, "added")]
    assert (commit.stats.additions, commit.stats.total) == (2, 2)
    assert (commit.commit.author.email, commit.commit.author.date) == (
        "1001+alice@users.noreply.github.com",
        START,
    )
    for unknown in ("0" * 40, "main^", "no-such", "--all"):
        with refused(422, "No commit found"):
            world.repo("bob").get_commit(unknown)


def test_statuses_combine_to_the_worst(world: World) -> None:
    """The newest status of each context counts: pending until all are green, failure if one is red."""
    commit = world.repo("bob").get_commit(world.tip())
    assert (commit.get_combined_status().state, commit.get_combined_status().total_count) == ("pending", 0)
    states = []
    for state, context in (("success", "a"), ("pending", "b"), ("error", "b"), ("success", "b")):
        made = commit.create_status(state, "http://x/", "words", context)
        assert (made.state, made.context, made.creator.login, made.created_at) == (
            state,
            context,
            "bob",
            START,
        )
        states.append(commit.get_combined_status().state)
    assert states == ["success", "pending", "failure", "success"]
    assert [status.state for status in commit.get_statuses()] == ["success", "error", "pending", "success"]
    with refused(422, "state"):
        commit.create_status("great")
    with refused(403, "Resource not accessible"):
        world.repo("reader").get_commit(world.tip()).create_status("success")
    answer = world.put(f"/repos/acme/access/statuses/{'0' * 40}", "bob", {"state": "success"}, "POST")
    assert (answer.status_code, answer.json()["message"]) == (422, f"No commit found for SHA: {'0' * 40}")


def test_unknown_history_pushed_to_a_head_is_survived(world: World, tmp_path: Path) -> None:
    """A force push of an unrelated history to a pull request's branch leaves a pull request to look at."""
    world.pull()
    work = clone(world, tmp_path)
    git(work, "push", "--quiet", "--force", "origin", "origin/ledger:ask")
    pull = world.repo("alice").get_pull(1)
    assert (pull.head.sha, pull.mergeable) == (world.tip("ledger"), False)


def test_a_rule_can_be_taken_away_for_git_too(world: World, tmp_path: Path) -> None:
    """Without the force-push rule, the ledger can be rewritten: git and the API read the same rules."""
    world.github.rules["ledger"] = replace(world.github.rules["ledger"], block_force_push=False)
    work = clone(world, tmp_path)
    git(work, "push", "--quiet", "--force", "origin", "HEAD:ledger")
    assert world.tip("ledger") == world.tip()


def test_plain_http_gets_no_git_answer_for_an_unknown_repository(world: World) -> None:
    """A repository that does not exist is a 404 with GitHub's words."""
    answer = world.get("/acme/nothing.git/info/refs", service="git-upload-pack")
    assert (answer.status_code, answer.json()["message"]) == (404, "Not Found")
    assert requests.get(world.github.url + "/acme/access.git/info/refs", timeout=5).status_code == 401
