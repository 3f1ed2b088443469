"""GitHub through the adapter, against the embedded one: what each call gives, costs, and does with trouble."""

import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from answering import left_to_git
from github_site import ASK, NOW, PEOPLE, Site

import requests
from jitbot.adapters.github import Client, GitHubReader
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import GithubId, Login, Sha
from jitbot.domain.model.errors import BranchMovedError, DeniedError, JitbotError, UnavailableError
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github import GitHubSandbox
from jitbot.sandbox.github.records import GitHubFault
from jitbot.sandbox.organisation import acme_tree

NOBODY = Sha("1" * 40)


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    """A GitHub with acme's repository and some of its people."""
    with GitHubSandbox(Clock(NOW)) as github:
        for login, number in PEOPLE.items():
            github.add_user(login, number, permission="admin" if login == "olivia" else "write")
        github.add_user("reader", 1010, permission="read")
        github.add_team("acme/payments-leads", ["bob"])
        github.create_repository("acme/access", acme_tree(github.issuer))
        yield Site(github=github)


@pytest.fixture
def site(running: Site) -> Site:
    """That GitHub at nine o'clock, in good health, with no calls counted."""
    running.github.clock.set(NOW)
    running.github.faults = None
    running.github.calls.clear()
    return running


def test_a_pull_request_is_read_whole(site: Site) -> None:
    """Who, from where, onto what, when: everything a decision rests on, before and after the merge."""
    number = site.propose()
    head = site.tip(site.branch)
    before = site.reader().pull(number)
    assert (before.number, before.author.login, before.author.github_id) == (number, "alice", 1001)
    assert (before.author.kind, before.repository_id, before.base_branch) == ("User", 700001, "main")
    assert (before.head, before.commit_count, before.created_at) == (head, 1, NOW)
    assert (before.merged_at, before.merged_by) == (None, None)
    site.github.clock.advance(timedelta(minutes=3))
    site.review("bob", number)
    site.call("alice", "PUT", f"/pulls/{number}/merge", merge_method="squash")
    after = site.reader().pull(number)
    assert after.merged_at == NOW + timedelta(minutes=3)
    assert after.merged_by is not None
    assert (after.merged_by.login, after.merge_commit) == ("alice", site.tip("main"))


def test_the_pull_requests_of_a_commit(site: Site) -> None:
    """A merge commit leads to its pull request; a commit that none brought leads to none."""
    number = site.propose()
    site.review("bob", number)
    site.call("alice", "PUT", f"/pulls/{number}/merge", merge_method="squash")
    (listed,) = site.reader().pulls_of(site.tip("main"))
    assert (listed.number, listed.merge_commit) == (number, site.tip("main"))
    assert listed.commit_count == -1
    assert site.reader().pulls_of(site.tip("ledger")) == ()


def test_files_name_both_ends_of_a_rename(site: Site) -> None:
    """Every path counts, a previous name too."""
    old = "policies/access/ssm-shell.yaml"
    content = acme_tree(site.github.issuer)[old]
    site.call("alice", "POST", "/git/refs", ref="refs/heads/moving", sha=site.tip("main"))
    query = """mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }"""
    writer = site.writer()
    writer.commit_on_branch("moving", site.tip("moving"), "Copy", {f"{old}.moved": content})
    given: dict[str, Any] = {
        "branch": {"repositoryNameWithOwner": "acme/access", "branchName": "moving"},
        "expectedHeadOid": site.tip("moving"),
        "message": {"headline": "Move"},
        "fileChanges": {"deletions": [{"path": old}]},
    }
    headers = {"Authorization": f"Bearer {site.github.token_for('alice')}"}
    answer = requests.post(
        f"{site.github.api_url}/graphql",
        headers=headers,
        json={"query": query, "variables": {"input": given}},
        timeout=5,
    )
    assert "errors" not in answer.json()
    number = site.call("alice", "POST", "/pulls", title="Move", head="moving", base="main")["number"]
    assert set(site.reader().files(number)) == {old, f"{old}.moved"}


def test_every_page_is_read(site: Site) -> None:
    """More than a hundred files are as many calls as pages, and none is lost."""
    names = {f"requests/p/2026-11/{number:03}.yaml": b"a: %d\n" % number for number in range(230)}
    number = site.propose(names)
    reader = site.reader()
    site.github.calls.clear()
    assert set(reader.files(number)) == set(names)
    assert site.github.calls == [("GET", "/repos/{owner}/{name}/pulls/{number}/files")] * 3


def test_reviews_are_read_in_order(site: Site) -> None:
    """Each review has its author by id, its state, its commit and its time; the latest comes last."""
    number = site.propose()
    head = site.tip(site.branch)
    site.review("erin", number, "REQUEST_CHANGES")
    site.github.clock.advance(timedelta(minutes=1))
    site.review("erin", number)
    first, second = site.reader().reviews(number)
    assert (first.state, first.submitted_at) == ("CHANGES_REQUESTED", NOW)
    assert (second.state, second.submitted_at) == ("APPROVED", NOW + timedelta(minutes=1))
    assert {(each.user.login, each.user.github_id, each.commit) for each in (first, second)} == {
        ("erin", 1005, head)
    }
    assert first.review_id != second.review_id


def test_a_ghosts_review_is_left_out(site: Site) -> None:
    """A review by an account that no longer exists, and one not yet submitted, count for nobody."""
    site.answers(
        "/reviews",
        b"""[{"id": 1, "user": null, "state": "APPROVED", "commit_id": "a", "submitted_at": "2026-11-24T09:00:00Z"},
        {"id": 2, "user": {"login": "bob", "id": 1002, "type": "User"}, "state": "PENDING", "commit_id": "a"},
        {"id": 3, "user": {"login": "bob", "id": 1002, "type": "User"}, "state": "approved", "commit_id": null,
         "submitted_at": "2026-11-24T09:00:00Z"}]""",
    )
    (review,) = site.reader().reviews(1)
    assert (review.review_id, review.user.login, review.state, review.commit) == (3, "bob", "APPROVED", "")


def test_commits_name_author_and_committer(site: Site) -> None:
    """Whoever GitHub knows behind a commit's addresses is named by id, once; who is unknown is not."""
    number = site.propose({ASK: b"a: 1\n"}, {ASK: b"a: 2\n"})
    commits = site.reader().commits(number)
    assert [each.sha for each in commits][-1] == site.tip(site.branch)
    assert len(commits) == 2
    assert all(GithubId(1001) in each.named for each in commits)
    site.answers(
        "/commits",
        b'[{"sha": "a", "author": null, "committer": {"id": 7}}, {"sha": "b", "author": {"id": 9}, "committer": {"id": 9}}]',
    )
    assert [each.named for each in site.reader().commits(number)] == [(7,), (9,)]


@pytest.mark.parametrize(
    ("login", "permission"), [("olivia", "admin"), ("bob", "write"), ("reader", "read"), ("nobody", "none")]
)
def test_permissions(site: Site, login: str, permission: str) -> None:
    """Everyone's permission is read; somebody GitHub does not know has none."""
    assert site.reader().permission(Login(login)) == permission


def test_the_rules_of_a_branch(site: Site) -> None:
    """The active rules are told by their kind, and a branch without any has none."""
    reader = site.reader()
    assert {"non_fast_forward", "deletion"} <= reader.rules("ledger").types
    assert "pull_request" in reader.rules("main").types
    assert reader.rules("elsewhere").types == frozenset()


def test_the_default_branch(site: Site) -> None:
    """Requests are merged into the branch that GitHub calls the default."""
    assert site.reader().hosting().default_branch == "main"


def test_a_commit_is_one_call_on_its_parent(site: Site) -> None:
    """Files reach the branch whole, on exactly this parent, with headline and body, in a single call."""
    writer, parent = site.writer(), site.tip("ledger")
    site.github.calls.clear()
    made = writer.commit_on_branch(
        "ledger", parent, "head\n\nbody\n\nRun: 1", {"events/a.json": b"\x00\xff", "b": b""}
    )
    assert site.github.calls == [("POST", "/graphql")]
    assert site.tip("ledger") == made
    shown = site.call("olivia", "GET", f"/commits/{made}")
    assert (shown["commit"]["message"], [each["sha"] for each in shown["parents"]]) == (
        "head\n\nbody\n\nRun: 1",
        [parent],
    )
    assert {each["filename"] for each in shown["files"]} == {"events/a.json", "b"}


def test_a_branch_that_has_moved_is_no_place_to_commit(site: Site) -> None:
    """Whoever comes second learns that the branch moved, and has changed nothing."""
    writer, parent = site.writer(), site.tip("ledger")
    first = writer.commit_on_branch("ledger", parent, "first", {"events/a.json": b"1"})
    with pytest.raises(BranchMovedError, match="ledger has moved"):
        writer.commit_on_branch("ledger", parent, "second", {"events/b.json": b"2"})
    assert site.tip("ledger") == first


def test_a_lost_answer_is_a_branch_that_moved(site: Site) -> None:
    """Where the commit was made but its answer was lost, the next attempt finds the branch moved: read again."""
    writer, parent = site.writer(), site.tip("ledger")
    faults = iter([GitHubFault(after=True)])
    site.github.faults = lambda _, path: next(faults, None) if path == "/graphql" else None
    with pytest.raises(BranchMovedError):
        writer.commit_on_branch("ledger", parent, "first", {"events/a.json": b"1"})
    assert site.tip("ledger") != parent


def test_who_may_not_write_commits_nothing(site: Site) -> None:
    """GitHub's refusal inside a good answer is a no of ours."""
    parent = site.tip("ledger")
    with pytest.raises(JitbotError, match="not accessible"):
        site.writer("reader").commit_on_branch("ledger", parent, "x", {"events/a.json": b"1"})
    assert site.tip("ledger") == parent


CALLS: dict[str, Callable[[Site], object]] = {
    "hosting": lambda site: site.reader().hosting(),
    "pulls_of": lambda site: site.reader().pulls_of(NOBODY),
    "pull": lambda site: site.reader().pull(1),
    "files": lambda site: site.reader().files(1),
    "reviews": lambda site: site.reader().reviews(1),
    "commits": lambda site: site.reader().commits(1),
    "permission": lambda site: site.reader().permission(Login("bob")),
    "rules": lambda site: site.reader().rules("main"),
    "commit_on_branch": lambda site: site.writer("olivia").commit_on_branch(
        "ledger", NOBODY, "x", {"a": b"1"}
    ),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (GitHubFault(status=401, body=b'{"message": "Bad credentials"}'), DeniedError, "GITHUB_TOKEN"),
        (GitHubFault(status=403, body=b'{"message": "Resource not accessible"}'), DeniedError, "403"),
        (
            GitHubFault(status=422, body=b'{"message": "Validation\\nFailed"}'),
            DeniedError,
            "Validation Failed",
        ),
        (GitHubFault(status=500, body=b'{"message": "oops"}'), UnavailableError, ""),
        (GitHubFault(status=503), UnavailableError, ""),
        (GitHubFault(status=None), UnavailableError, "does not answer"),
        (GitHubFault(status=200, body=b"{}"), UnavailableError, ""),
        (GitHubFault(status=200, body=b"[null]"), UnavailableError, ""),
        (GitHubFault(status=200, body=b"null"), UnavailableError, ""),
        (GitHubFault(status=200, body=b"<html>"), UnavailableError, ""),
    ],
    ids=["401", "403", "422", "500", "503", "dropped", "object", "list", "null", "html"],
)
def test_trouble_is_translated(
    site: Site, name: str, fault: GitHubFault, error: type[JitbotError], said: str
) -> None:
    """A clear no is denied, all else is unavailable; never is an empty answer made of it."""
    site.github.faults = lambda *_: fault
    with pytest.raises(error, match=said or None):
        CALLS[name](site)


@pytest.mark.parametrize("name", sorted(set(CALLS) - {"permission", "rules", "commit_on_branch"}))
def test_what_github_does_not_find_is_denied(site: Site, name: str) -> None:
    """A 404 may be a missing thing or a token that may not see it: both are said, neither is an empty answer."""
    with pytest.raises(DeniedError, match="finds no such thing"):
        CALLS[name](replace(site, repository="acme/elsewhere"))


def test_no_token_is_denied(site: Site) -> None:
    """Without a token GitHub answers 401, and the words name the variable."""
    with pytest.raises(DeniedError, match="GITHUB_TOKEN"):
        GitHubReader(Client("acme/access", token="", api_url=site.github.api_url, backoff=0)).hosting()


def test_a_short_outage_is_waited_out(site: Site) -> None:
    """A call that fails and then works has worked."""
    faults = iter([GitHubFault(status=502), GitHubFault(status=None), GitHubFault(status=500)])
    site.github.faults = lambda *_: next(faults, None)
    assert site.reader().hosting().default_branch == "main"
    assert len(site.github.calls) == 4


def test_a_rate_limit_beyond_patience_gives_way(site: Site) -> None:
    """A limit that lasts longer than a job may wait ends the run at once, for the next one to go on."""
    reset = str(int(datetime.now(UTC).timestamp()) + 3000)
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset, "Content-Type": "application/json"}
    body = b'{"message": "API rate limit exceeded for installation ID 1."}'
    site.github.faults = lambda *_: GitHubFault(status=403, headers=headers, body=body)
    with pytest.raises(UnavailableError, match="rate limit"):
        site.reader().hosting()
    assert len(site.github.calls) == 1


def test_a_connection_refused_is_unavailable() -> None:
    """Where nobody listens, nothing is concluded."""
    reader = GitHubReader(Client("acme/access", token="x", api_url="http://127.0.0.1:1", backoff=0))
    with pytest.raises(UnavailableError, match="does not answer"):
        reader.pull(1)


def test_one_call_each(site: Site) -> None:
    """Everything a decision asks of GitHub is one call each: nothing is fetched behind one's back."""
    number = site.propose()
    reader, tip = site.reader(), site.tip("main")
    site.github.calls.clear()
    reader.pull(number), reader.files(number), reader.reviews(number), reader.commits(number)
    reader.pulls_of(tip), reader.permission(Login("bob")), reader.rules("main"), reader.hosting()
    assert len(site.github.calls) == 8


@pytest.mark.parametrize("kind", ["base_ref_changed", "automatic_base_change_succeeded"])
def test_a_move_to_another_base_is_seen_whoever_made_it(site: Site, kind: str) -> None:
    """By hand, or by GitHub when the base branch is deleted: the last move counts, and no other event does."""
    number = site.propose()
    told = [
        {"event": "renamed", "created_at": "2026-11-24T08:00:00Z"},
        {"event": kind, "created_at": "2026-11-24T08:10:00Z"},
        {"event": kind, "created_at": "2026-11-24T08:20:00Z"},
        {"event": "closed", "created_at": "2026-11-24T08:30:00Z"},
        {"event": "reopened", "created_at": "2026-11-24T08:40:00Z"},
    ]
    site.answers(f"/issues/{number}/events", json.dumps(told).encode())
    found = site.reader().history(number)
    assert found.retargeted_at == datetime(2026, 11, 24, 8, 20, tzinfo=UTC)
    assert found.reopened_at == datetime(2026, 11, 24, 8, 40, tzinfo=UTC)


def page(*items: str, following: bool = False) -> GitHubFault:
    """One page of a list, with or without the announcement of another."""
    link = {"Link": '<http://127.0.0.1/x?page=2>; rel="next"'} if following else {}
    body = f"[{','.join(items)}]".encode()
    return GitHubFault(status=200, body=body, headers={"Content-Type": "application/json", **link})


REVIEW = """{"id": 1, "user": {"login": "bob", "id": 1002, "type": "User"}, "state": "APPROVED", "commit_id": "a",
"submitted_at": "2026-11-24T09:00:00Z"}"""


def test_an_announced_page_that_is_empty_is_no_answer(site: Site) -> None:
    """What lay on it is not known."""
    pages = iter([page(REVIEW, following=True), page()])
    site.github.faults = lambda *_: next(pages)
    with pytest.raises(UnavailableError, match="announced a page 2"):
        site.reader().reviews(1)


def test_a_full_page_without_an_announcement_may_not_be_the_last(site: Site) -> None:
    """A hundred entries, and no word of more: it is looked whether there are."""
    pages = iter([page(*[REVIEW] * 100), page(REVIEW)])
    site.github.faults = lambda *_: next(pages)
    assert len(site.reader().reviews(1)) == 101
    pages = iter([page(*[REVIEW] * 100), page()])
    assert len(site.reader().reviews(1)) == 100


def test_a_list_without_end_is_given_up(site: Site) -> None:
    """A GitHub that always announces another page keeps no run busy for ever."""
    site.github.faults = lambda *_: page(following=True)
    with pytest.raises(UnavailableError, match="announced"):
        site.reader().reviews(1)
    site.github.faults = lambda *_: page(REVIEW, following=True)
    with pytest.raises(UnavailableError, match="1000 pages"):
        site.reader().reviews(1)


def test_the_history_of_a_pull_request(site: Site) -> None:
    """Its merge, the last move to another base, and who dismissed what."""
    number = site.propose()
    assert site.reader().history(number).merged is False
    site.review("erin", number, "REQUEST_CHANGES")
    site.review("bob", number)
    (review, _) = site.reader().reviews(number)
    site.call("alice", "PUT", f"/pulls/{number}/reviews/{review.review_id}/dismissals", message="done")
    site.github.clock.advance(timedelta(minutes=3))
    site.call("olivia", "PUT", f"/pulls/{number}/merge", merge_method="squash")
    found = site.reader().history(number)
    assert (found.merged, found.retargeted_at) == (True, None)
    (dismissal,) = found.dismissals
    assert (dismissal.review_id, dismissal.by.login, dismissal.state) == (
        review.review_id,
        "alice",
        "CHANGES_REQUESTED",
    )
    assert dismissal.at == NOW


@pytest.mark.parametrize("kind", ["base_ref_changed", "automatic_base_change_succeeded"])
def test_both_ways_to_another_base_are_known(site: Site, kind: str) -> None:
    """By hand, or by GitHub when the base was deleted; the last of them counts."""
    event = f'{{"event": "{kind}", "created_at": "2026-11-24T0%d:00:00Z", "actor": null}}'
    site.github.faults = lambda *_: page(event % 8, event % 9, event % 7)
    assert site.reader().history(1).retargeted_at == NOW


def test_the_pushes_of_a_branch(site: Site) -> None:
    """Who moved it, from where to where, oldest first, until a moment; a deleted account is nobody."""
    number = site.propose()
    made = site.tip(site.branch)
    reader, writer = site.reader("bob"), site.writer("bob")
    head = writer.commit_on_branch(site.branch, made, "more", {ASK: b"a: more\n"})
    site.github.clock.advance(timedelta(seconds=1))
    writer.commit_on_branch(site.branch, head, "late", {ASK: b"a: late\n"})
    _, first, last = reader.pushes(site.branch, NOW)
    assert [(each.actor.login, each.before, each.after, each.kind) for each in (first, last)] == [
        ("alice", site.tip("main"), made, "push"),
        ("bob", made, head, "push"),
    ]
    assert len(reader.pushes(site.branch, None)) == 4
    assert reader.pull(number).head_branch == site.branch
    assert reader.pull(number).head_repository_id == reader.pull(number).repository_id
    body = '{"before": "a", "after": "b", "timestamp": "2026-11-24T09:00:00Z", "activity_type": "push", "actor": null}'
    site.github.faults = lambda *_: page(body)
    assert site.reader().pushes("x", NOW)[0].actor.is_gone


def moves(*seconds: int, following: bool = True) -> GitHubFault:
    """A page of moves, so many seconds after nine o'clock each, that mostly leads to another one."""
    found = [
        {
            "before": "a",
            "after": "b",
            "timestamp": f"{NOW + timedelta(seconds=each):%Y-%m-%dT%H:%M:%SZ}",
            "activity_type": "push",
            "actor": None,
        }
        for each in seconds
    ]
    link = {"Link": '<https://elsewhere.example/x?after=c1&per_page=100>; rel="next"'} if following else {}
    return GitHubFault(
        status=200, body=json.dumps(found).encode(), headers={"Content-Type": "application/json", **link}
    )


def test_pushes_are_read_page_by_page_and_not_without_end(site: Site) -> None:
    """The cursor of each page leads to the next, whatever address it is wrapped in; an empty one is no answer."""
    pages = iter([moves(0), moves(0, following=False)])
    site.github.faults = lambda *_: next(pages)
    assert len(site.reader().pushes("x", NOW)) == 2
    site.github.faults = lambda *_: moves(0)
    with pytest.raises(UnavailableError, match="20 pages"):
        site.reader().pushes("x", NOW)
    pages = iter([moves(0), moves()])
    site.github.faults = lambda *_: next(pages)
    with pytest.raises(UnavailableError, match="an empty one"):
        site.reader().pushes("x", NOW)


def test_the_newest_pushes_of_a_branch(site: Site) -> None:
    """Page by page back to a moment, and no page further; oldest first; a merge is none, and is named so."""
    pages = iter([moves(2, 1), moves(0, -1), moves(-2)])
    site.github.faults = lambda *_: next(pages)
    found = site.reader().pushes_since("main", NOW)
    assert [(each.at - NOW).total_seconds() for each in found] == [0, 1, 2]
    assert next(pages, None) is not None


def test_newest_pushes_in_another_order_are_no_answer(site: Site) -> None:
    """The first push that brought a commit could lie behind the page that was taken for the last one."""
    for answered in ([moves(-1, 0)], [moves(2, 1), moves(3, -1)]):
        pages = iter(answered)
        site.github.faults = lambda *_, pages=pages: next(pages)
        with pytest.raises(UnavailableError, match="another order"):
            site.reader().pushes_since("main", NOW)
    site.github.faults = lambda *_: moves(0)
    with pytest.raises(UnavailableError, match="20 pages"):
        site.reader().pushes_since("main", NOW)


def test_moves_after_the_merge_are_not_read_on(site: Site) -> None:
    """The first page that ends after it is the last one; what it still holds from before counts."""
    pages = iter([moves(-9, -8), moves(-7, 0, 1)])
    site.github.faults = lambda *_: next(pages)
    assert len(site.reader().pushes("x", NOW)) == 4
    assert next(pages, None) is None


def test_moves_in_the_other_order_are_never_cut_short(site: Site) -> None:
    """A GitHub that lists the newest first hides no push from before the merge behind those after it."""
    pages = iter([moves(0, -1), moves(-2, -3, following=False)])
    site.github.faults = lambda *_: next(pages)
    assert len(site.reader().pushes("x", NOW)) == 4
    site.github.faults = lambda *_: moves(9, 8)
    with pytest.raises(UnavailableError, match="newest first"):
        site.reader().pushes("x", NOW)


def test_of_too_many_moves_no_more_are_read_than_tell_it(site: Site) -> None:
    """A thousand are read whole, and of more than that a page more."""
    hundred = moves(*[0] * 100)
    pages = iter([*[hundred] * 10, moves(0, following=False)])
    site.github.faults = lambda *_: next(pages)
    assert len(site.reader().pushes("x", NOW)) == bounds.MOVES + 1
    pages = iter([*[hundred] * 9, moves(*[0] * 100, following=False)])
    assert len(site.reader().pushes("x", NOW)) == bounds.MOVES
    pages = iter([hundred] * 11)
    assert len(site.reader().pushes("x", NOW)) == bounds.MOVES + 100


def test_a_pull_request_whose_author_or_head_is_gone_is_read(site: Site) -> None:
    """GitHub shows null in the place of a deleted account, and of a deleted fork."""
    number = site.propose()
    raw = site.call("olivia", "GET", f"/pulls/{number}")
    raw |= {"user": None, "merged_by": None, "head": {**raw["head"], "repo": None, "user": None}}
    site.answers("/pulls", json.dumps(raw).encode())
    pull = site.reader().pull(number)
    assert (pull.author.is_gone, pull.author.login, pull.head_repository_id) == (True, "ghost", None)


NAMES = [
    ("Co-authored-by: bob <1002+bob@users.noreply.github.com>", (1002,), ()),
    ("co-authored-by: B <bob@users.noreply.github.com>", (), ("bob",)),
    ("Co-Authored-By:x<BOB@USERS.NOREPLY.GITHUB.COM>", (), ("BOB",)),
    ("Co-authored-by: nobody", (), ()),
    ("Signed-off-by: bob <1002+bob@users.noreply.github.com>", (), ()),
    ("Co-authored-by: bot <41898282+github-actions[bot]@users.noreply.github.com>", (41898282,), ()),
]


@pytest.mark.parametrize(("trailer", "ids", "logins"), NAMES, ids=[each[0][:40] for each in NAMES])
def test_trailers_name_co_authors(
    site: Site, trailer: str, ids: tuple[int, ...], logins: tuple[str, ...]
) -> None:
    """An address of GitHub's own says who it is."""
    raw = {
        "sha": "a",
        "commit": {"message": f"More\n\n{trailer}\n"},
        "author": None,
        "parents": [{"sha": "b"}],
    }
    site.answers("/commits", json.dumps([raw]).encode())
    (commit,) = site.reader().commits(1)
    assert (commit.named, commit.co_authors, commit.parents) == (ids, logins, ("b",))
    assert ("POST", "/graphql") not in site.github.calls


def test_other_addresses_are_asked_for_in_one_query(site: Site) -> None:
    """However many commits name somebody by an address that only GitHub links with an account."""
    text = "More\n\nCo-authored-by: bob <bob@acme.com>"
    site.propose({ASK: b"a: 1\n"})
    writer = site.writer()
    for place in range(2):
        writer.commit_on_branch(site.branch, site.tip(site.branch), text, {ASK: b"a: x%d\n" % place})
    number = max(site.github._site.repository("acme/access").pulls)
    site.github.calls.clear()
    found = site.reader().commits(number)
    assert [GithubId(1002) in each.named for each in found] == [False, True, True]
    assert site.github.calls.count(("POST", "/graphql")) == 1


def test_more_names_than_are_read_are_everybodys(site: Site) -> None:
    """A commit of fifty-one trailers is crowded, and so is what names addresses in more commits than are asked for."""
    many = "\n".join(f"Co-authored-by: x <{each}+x@users.noreply.github.com>" for each in range(51))
    linked = "Co-authored-by: x <x@x.example>"
    raws = [
        {"sha": f"{place}", "commit": {"message": text}, "author": None}
        for place, text in enumerate([many, *[linked] * 51])
    ]
    nobody = {f"o{place}": {"authors": {"nodes": [{"user": None}]}} for place in range(50)}
    asked = GitHubFault(status=200, body=json.dumps({"data": {"repository": nobody}}).encode())
    listed = page(*map(json.dumps, raws))
    site.github.faults = lambda _, path: listed if path.endswith("/commits") else asked
    found = site.reader().commits(1)
    assert [each.is_crowded for each in found] == [True, *[False] * 50, True]


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        ({"message": "Validation Failed", "errors": ["Invalid rule 'x'"]}, "Invalid rule 'x'"),
        (
            {
                "message": "Validation Failed",
                "errors": [
                    {"resource": "Ruleset", "field": "name", "code": "already_exists"},
                    {"resource": "Ruleset", "field": "rules", "code": "custom", "message": "must be\nunique"},
                    {"resource": "Ruleset", "code": "custom", "message": "too many"},
                ],
            },
            "name: already_exists; rules: must be unique; too many",
        ),
        ({"message": "Invalid request.", "errors": [{}]}, "Invalid request."),
        ({"message": "Invalid request.", "errors": "x"}, "Invalid request."),
        ({"errors": []}, "no reason given"),
        ({"errors": ["x" * 1_000]}, "x" * 400),
    ],
)
def test_every_reason_of_github_is_said(site: Site, answered: object, said: str) -> None:
    """Field and message of each, on one line, bounded; GitHub's own message where it gives no reasons."""
    fault = GitHubFault(
        status=422, body=json.dumps(answered).encode(), headers={"Content-Type": "application/json"}
    )
    site.github.faults = lambda *_: fault
    with pytest.raises(DeniedError) as refused:
        site.writer("olivia").change_setting("POST", "/rulesets", {"name": "x"})
    assert str(refused.value) == f"GitHub answered 422: {said}"


def test_pygithub_prints_nothing_itself(site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    """A refused call is ours to report: PyGithub has a handler that writes to stderr."""
    site.github.faults = lambda *_: GitHubFault(status=403, body=b"{}")
    with pytest.raises(DeniedError):
        site.reader().hosting()
    assert not logging.getLogger("github").isEnabledFor(logging.ERROR)
    assert capfd.readouterr().err == ""


def test_questions_asked_at_the_same_time_have_connections_of_their_own(site: Site) -> None:
    """PyGithub's connection keeps what it was asked last: two threads on one would get each other's answers.

    GitHub answers none of these before it has all of them.
    """
    client, number = site.client("olivia"), site.propose()
    assert client.get(f"/pulls/{number}")["number"] == number
    together = Barrier(3, timeout=20)

    def waits(*_: str) -> None:
        together.wait()

    def ask(path: str) -> tuple[object, list[str]]:
        return client._requester, sorted(client.get(path))

    paths = (f"/pulls/{number}", "/collaborators/bob/permission", "/branches/main")
    alone = {path: ask(path)[1] for path in paths}
    site.github.faults = waits
    with left_to_git(), ThreadPoolExecutor(max_workers=3) as pool:
        found = dict(zip(paths, pool.map(ask, paths), strict=True))
    assert {path: keys for path, (_, keys) in found.items()} == alone
    assert len({id(each) for each, _ in found.values()} | {id(client._requester)}) == 4


@pytest.mark.parametrize("status", [403, 429, 503])
@pytest.mark.parametrize(("wait", "repeated"), [(120, True), (121, False), (21_600, False)])
def test_no_wait_that_github_asks_for_holds_up_a_job(
    site: Site, monkeypatch: pytest.MonkeyPatch, status: int, wait: int, repeated: bool
) -> None:
    """Two minutes are waited, and the call is made again; for more the run gives way to the next one at once."""
    waited: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", waited.append)
    faults = iter(
        [GitHubFault(status=status, body=b'{"message": "slow down"}', headers={"Retry-After": str(wait)})]
    )
    site.github.faults = lambda *_: next(faults, None)
    ask = site.reader("bob").hosting
    if repeated:
        assert ask().full_name == "acme/access"
    else:
        with pytest.raises(UnavailableError, match="rate limit is used up; the next run goes on"):
            ask()
    assert waited == ([wait] if repeated else [])
