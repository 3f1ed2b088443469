"""Pull requests, reviews and comments of the embedded GitHub, through PyGithub."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from github_world import MINUTE, ORDERS, START, World, acme, clone, git, refused


@pytest.fixture
def world() -> Iterator[World]:
    """acme, running."""
    with acme() as world:
        yield world


def test_a_pull_request_says_who_what_and_where(world: World) -> None:
    """A new pull request carries its author by id, both ends, its counts and the clock's time."""
    pull = world.pull()
    assert (pull.number, pull.state, pull.merged, pull.user.id) == (1, "open", False, 1001)
    assert (pull.head.ref, pull.head.sha, pull.base.ref) == ("ask", world.tip("ask"), "main")
    assert (pull.base.sha, pull.base.repo.id) == (world.tip(), 700001)
    assert (pull.commits, pull.changed_files, pull.additions, pull.deletions) == (1, 1, 1, 0)
    assert (pull.created_at, pull.mergeable, pull.mergeable_state) == (START, True, "blocked")


@pytest.mark.parametrize(
    ("head", "base", "text"),
    [
        ("nowhere", "main", "'field': 'head'"),
        ("ask", "nowhere", "'field': 'base'"),
        ("mallory:ask", "main", "'field': 'head'"),
        ("same", "main", "No commits between main and same"),
        ("ledger", "main", "no history in common"),
        ("ask", "main", "A pull request already exists for acme:ask."),
    ],
)
def test_a_senseless_pull_request_is_refused(world: World, head: str, base: str, text: str) -> None:
    """Opening is a 422 for an unknown end, a fork, no commits, no common history, and a second time."""
    world.pull()
    world.branch("same", {})
    with refused(422, text):
        world.repo("alice").create_pull(base=base, head=head, title="t")


def test_pull_requests_are_listed_by_state_head_and_base(world: World) -> None:
    """A list holds the open ones unless asked otherwise, newest first, and only those of a head or base."""
    world.pull("one")
    world.clock.advance(MINUTE)
    world.pull("two", path="requests/open/x.yaml")
    repo = world.repo("alice")
    repo.get_pull(1).edit(state="closed")
    numbers = {
        name: [pull.number for pull in repo.get_pulls(**chosen)]
        for name, chosen in {
            "default": {},
            "closed": {"state": "closed"},
            "all": {"state": "all"},
            "oldest": {"state": "all", "direction": "asc"},
            "head": {"state": "all", "head": "acme:one"},
            "base": {"base": "ledger"},
        }.items()
    }
    expected = {"default": [2], "closed": [1], "all": [2, 1], "oldest": [1, 2], "head": [1], "base": []}
    assert numbers == expected


def test_a_title_has_256_characters_at_most(world: World) -> None:
    """When it is opened and when it is edited; without any there is no pull request."""
    pull, repo = world.pull(), world.repo("alice")
    world.branch("same", {"x": "x"})
    for title in ("", "t" * 257):
        with refused(422, "title"):
            repo.create_pull(base="main", head="same", title=title)
        with refused(422, "title"):
            repo.get_pull(pull.number).edit(title=title)
    assert repo.create_pull(base="main", head="same", title="t" * 256).title == "t" * 256


def test_title_body_and_state_can_be_edited(world: World) -> None:
    """Its author edits a pull request, closes it and opens it again; a reader cannot."""
    pull = world.pull()
    pull.edit(title="New", body="New body", state="closed")
    assert (pull.title, pull.body, pull.state, pull.closed_at) == ("New", "New body", "closed", START)
    pull.edit(state="open")
    assert (pull.state, pull.closed_at) == ("open", None)
    with refused(403, "Resource not accessible"):
        world.repo("reader").get_pull(1).edit(title="Mine")


def test_a_closed_pull_request_does_not_follow_its_branch(world: World) -> None:
    """Closed, its head stays; reopened, it is the branch's tip again."""
    pull = world.pull()
    pull.edit(state="closed")
    later = world.commit("ask", ORDERS, "a: 2\n")["oid"]
    assert world.repo("alice").get_pull(1).head.sha != later
    pull.edit(state="open")
    assert pull.head.sha == later


def test_deleting_the_head_branch_closes(world: World) -> None:
    """A pull request whose branch is gone is closed, not merged."""
    world.pull().head.repo.get_git_ref("heads/ask").delete()
    pull = world.repo("alice").get_pull(1)
    assert (pull.state, pull.merged) == ("closed", False)


def test_files_name_renames_and_removals(world: World, tmp_path: Path) -> None:
    """The files of a pull request carry their status, and the previous name of a renamed one."""
    work = clone(world, tmp_path)
    git(work, "mv", "README.md", "docs.md")
    git(work, "rm", "--quiet", "policies/settings.yaml")
    (work / "new.txt").write_text("1\n2\n")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "shuffle")
    git(work, "push", "--quiet", "origin", "HEAD:refs/heads/shuffle")
    pull = world.repo("alice").create_pull(base="main", head="shuffle", title="t")
    files = {
        file.filename: (file.status, file.previous_filename, file.additions) for file in pull.get_files()
    }
    assert files == {
        "docs.md": ("renamed", "README.md", 0),
        "policies/settings.yaml": ("removed", None, 0),
        "new.txt": ("added", None, 2),
    }


def test_commits_link_accounts_by_address_alone(world: World, tmp_path: Path) -> None:
    """A commit's author is the account of its address: claimed by anyone, and nobody if unknown."""
    work = clone(world, tmp_path)
    (work / "a").write_text("1")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "--author", "x <1002+former-name@users.noreply.github.com>", "-m", "one")
    git(work, "commit", "--quiet", "--allow-empty", "--author", "x <x@example.org>", "-m", "two")
    git(work, "push", "--quiet", "origin", "HEAD:refs/heads/forged")
    pull = world.repo("mallory").create_pull(base="main", head="forged", title="t")
    one, two = pull.get_commits()
    assert (one.author.login, one.committer.login, one.commit.author.name) == ("bob", "mallory", "x")
    assert (two.raw_data["author"], two.commit.author.email) == (None, "x@example.org")
    assert two.parents[0].sha == one.sha
    assert not two.raw_data["commit"]["verification"]["verified"]


def test_at_most_250_commits_are_listed(world: World, tmp_path: Path) -> None:
    """GitHub lists no more than 250 commits of a pull request, though it counts them all."""
    work = clone(world, tmp_path)
    stream = "".join(
        f"commit refs/heads/many\ncommitter m <m@acme.com> {1700000000 + number} +0000\ndata 1\nx\n"
        + (f"from {world.tip()}\n" if number == 0 else "")
        + f"M 100644 inline a\ndata {len(str(number))}\n{number}\n"
        for number in range(251)
    )
    (tmp_path / "stream").write_text(stream)
    git(work, "-c", f"alias.load=!git fast-import --quiet < {tmp_path}/stream", "load")
    git(work, "push", "--quiet", "origin", "many")
    pull = world.repo("alice").create_pull(base="main", head="many", title="t")
    assert (pull.commits, len(list(pull.get_commits()))) == (251, 250)


@pytest.mark.parametrize(
    ("login", "event", "body", "text"),
    [
        ("alice", "APPROVE", "", "Can not approve your own pull request"),
        ("alice", "REQUEST_CHANGES", "no", "Can not request changes on your own pull request"),
        ("bob", "COMMENT", "", "blank"),
        ("bob", "REQUEST_CHANGES", " ", "blank"),
        ("bob", "SHRUG", "x", "$event"),
    ],
)
def test_a_senseless_review_is_refused(world: World, login: str, event: str, body: str, text: str) -> None:
    """A review is a 422 on one's own pull request, without a reason, or without a known event."""
    world.pull()
    with refused(422, text):
        world.review(login, event=event, body=body)


def test_reviews_are_listed_as_they_came(world: World) -> None:
    """Reviews carry state, commit, time and account, oldest first; the author may comment."""
    pull = world.pull()
    world.review("alice", event="COMMENT")
    world.clock.advance(MINUTE)
    world.review("bob", event="REQUEST_CHANGES")
    world.review("bob")
    found = [(review.user.login, review.state, review.submitted_at) for review in pull.get_reviews()]
    assert found == [
        ("alice", "COMMENTED", START),
        ("bob", "CHANGES_REQUESTED", START + MINUTE),
        ("bob", "APPROVED", START + MINUTE),
    ]
    assert {review.commit_id for review in pull.get_reviews()} == {pull.head.sha}


def test_a_review_cannot_name_a_foreign_commit(world: World) -> None:
    """`commit_id` must be a commit of the pull request."""
    pull = world.pull()
    repo = world.repo("bob")
    with refused(422, "commit_id"):
        repo.get_pull(pull.number).create_review(repo.get_commit(world.tip()), "x", "APPROVE")


def test_a_dismissal_rewrites_the_review(world: World) -> None:
    """Dismissing turns a review to DISMISSED in place; readers cannot, and comments cannot be."""
    pull = world.pull()
    world.review("bob")
    world.review("bob", event="COMMENT")
    approval, comment = pull.get_reviews()
    with refused(403, "Resource not accessible"):
        world.repo("reader").get_pull(1).get_review(approval.id).dismiss("x")
    approval.dismiss("stale")
    assert [review.state for review in pull.get_reviews()] == ["DISMISSED", "COMMENTED"]
    with refused(422, "Can not dismiss"):
        comment.dismiss("x")


def test_a_push_that_changes_the_diff_dismisses_approvals(world: World) -> None:
    """An approval becomes DISMISSED once the branch holds another diff, and no other review does."""
    pull = world.pull()
    world.review("erin", event="REQUEST_CHANGES")
    world.review("bob")
    world.commit("ask", ORDERS, "a: 2\n")
    assert [review.state for review in pull.get_reviews()] == ["CHANGES_REQUESTED", "DISMISSED"]
    assert world.repo("alice").get_pull(1).head.sha == world.tip("ask")


def test_a_push_that_keeps_the_diff_keeps_approvals(world: World, tmp_path: Path) -> None:
    """An amended message is another commit of the same diff: the approval stays, on the former commit."""
    pull = world.pull()
    world.review("bob")
    work = clone(world, tmp_path)
    git(work, "checkout", "--quiet", "ask")
    git(work, "commit", "--quiet", "--amend", "-m", "other words")
    git(work, "push", "--quiet", "--force", "origin", "ask")
    (review,) = pull.get_reviews()
    now = world.repo("alice").get_pull(1).head.sha
    assert (review.state, review.commit_id, now) == ("APPROVED", pull.head.sha, world.tip("ask"))
    assert now != pull.head.sha


def test_another_base_with_another_diff_dismisses_approvals(world: World) -> None:
    """Retargeting a pull request to a branch that changes its diff dismisses approvals given before."""
    world.github.rules["other"] = world.github.rules["main"]
    world.branch("other", {"README.txt": "x"}, "olivia")
    world.branch("ask", {ORDERS: "a: 1\n"})
    repo = world.repo("alice")
    repo.create_git_ref("refs/heads/half", world.tip("ask"))
    world.github.rules["half"] = world.github.rules["main"]
    repo.create_file("extra", "m", b"x", branch="ask")
    pull = repo.create_pull(base="main", head="ask", title="t")
    world.review("bob")
    pull.edit(base="half")
    assert pull.base.ref == "half"
    assert [file.filename for file in pull.get_files()] == ["extra"]
    assert [review.state for review in pull.get_reviews()] == ["DISMISSED"]


def test_the_head_can_be_fetched_after_every_push(world: World, tmp_path: Path) -> None:
    """`refs/pull/1/head` follows the branch, pushed through the API or by git, and nobody may push to it."""
    work = clone(world, tmp_path)
    world.pull()
    git(work, "fetch", "--quiet", "origin", "refs/pull/1/head:pulled", "refs/pull/1/merge:merged")
    assert git(work, "rev-parse", "pulled").stdout.strip() == world.tip("ask")
    assert git(work, "rev-parse", "merged^2").stdout.strip() == world.tip("ask")
    git(work, "checkout", "--quiet", "pulled")
    git(work, "commit", "--quiet", "--allow-empty", "-m", "more")
    git(work, "push", "--quiet", "origin", "HEAD:ask")
    listed = git(work, "ls-remote", "origin", "refs/pull/1/head").stdout.split()[0]
    assert listed == git(work, "rev-parse", "HEAD").stdout.strip() == world.tip("ask")
    assert "hidden ref" in git(work, "push", "origin", "HEAD~1:refs/pull/1/head", check=False).stderr


def test_a_conflict_shows(world: World) -> None:
    """A pull request that conflicts with its base is not mergeable, has no test merge and is dirty."""
    pull = world.pull("ask", path="README.md.new")
    repo = world.repo("olivia")
    repo.create_file("README.md.new", "m", b"other", branch="main")
    pull = world.repo("alice").get_pull(pull.number)
    shown = {name: pull.raw_data[name] for name in ("mergeable", "mergeable_state", "merge_commit_sha")}
    assert shown == {"mergeable": False, "mergeable_state": "dirty", "merge_commit_sha": None}


def test_comments_are_kept_and_edited(world: World) -> None:
    """Comments keep order, author and times; their author or any writer edits them, a reader does not."""
    pull = world.pull()
    comment = pull.create_issue_comment("first")
    world.repo("reader").get_pull(1).create_issue_comment("second")
    world.clock.advance(MINUTE)
    world.repo("mallory").get_pull(1).get_issue_comment(comment.id).edit("forged")
    first, second = pull.get_issue_comments()
    assert (first.body, first.user.login, first.created_at, first.updated_at) == (
        "forged",
        "alice",
        START,
        START + MINUTE,
    )
    assert second.body == "second"
    with refused(403, "Resource not accessible"):
        world.repo("reader").get_pull(1).get_issue_comment(comment.id).edit("mine")
    with refused(422, "body"):
        pull.create_issue_comment("x" * 65537)
    with refused(404, "Not Found"):
        pull.get_issue_comment(1)
