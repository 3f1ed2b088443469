"""Accounts, permissions, CODEOWNERS errors, dispatches, pages and errors of the embedded GitHub."""

from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime

import pytest
from github import Auth, Github
from github_world import MINUTE, START, World, acme, refused

import requests
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github import Dispatch, GitHubFault, GitHubSandbox

# Required by GitHub's description of each object: https://github.com/github/rest-api-description
USER = """avatar_url events_url followers_url following_url gists_url gravatar_id html_url id node_id login
organizations_url received_events_url repos_url site_admin starred_url subscriptions_url type url"""
PULL = """_links assignee labels base body closed_at comments_url commits_url created_at diff_url head html_url id
node_id issue_url merge_commit_sha merged_at milestone number patch_url review_comment_url review_comments_url
statuses_url state locked title updated_at url user author_association auto_merge"""
REQUIRED = {
    "/user": USER
    + " bio blog company email followers following hireable location name public_gists public_repos"
    " created_at updated_at",
    "/repos/acme/access": """archive_url assignees_url blobs_url branches_url collaborators_url comments_url
    commits_url compare_url contents_url contributors_url deployments_url description downloads_url events_url fork
    forks_url full_name git_commits_url git_refs_url git_tags_url hooks_url html_url id node_id issue_comment_url
    issue_events_url issues_url keys_url labels_url languages_url merges_url milestones_url name notifications_url
    owner private pulls_url releases_url stargazers_url statuses_url subscribers_url subscription_url tags_url
    teams_url trees_url url clone_url default_branch forks forks_count git_url has_issues has_projects has_wiki
    has_pages has_discussions homepage language archived disabled mirror_url open_issues open_issues_count license
    pushed_at size ssh_url stargazers_count svn_url watchers watchers_count created_at updated_at network_count
    subscribers_count""",
    "/repos/acme/access/pulls/1": PULL
    + """ additions changed_files comments commits deletions mergeable mergeable_state merged maintainer_can_modify
    merged_by review_comments""",
    "/repos/acme/access/pulls": PULL,
    "/repos/acme/access/pulls/1/reviews": """id node_id user body state commit_id html_url pull_request_url _links
    author_association""",
    "/repos/acme/access/pulls/1/files": """additions blob_url changes contents_url deletions filename raw_url sha
    status""",
    "/repos/acme/access/pulls/1/commits": "url sha node_id html_url comments_url commit author committer parents",
    "/repos/acme/access/commits/main": "url sha node_id html_url comments_url commit author committer parents",
    "/repos/acme/access/commits/main/status": "state sha total_count statuses repository commit_url url",
    "/repos/acme/access/commits/main/statuses": """url avatar_url id node_id state description target_url context
    created_at updated_at creator""",
    "/repos/acme/access/issues/1/comments": "id node_id html_url issue_url user url created_at updated_at",
    "/repos/acme/access/collaborators/bob/permission": "permission role_name user",
    "/repos/acme/access/branches/main": "name commit _links protection protected protection_url",
    "/repos/acme/access/branches": "name commit protected",
    "/repos/acme/access/git/ref/heads/main": "ref node_id url object",
    "/repos/acme/access/contents/README.md": """_links git_url html_url download_url name path sha size type url
    content encoding""",
    "/repos/acme/access/codeowners/errors": "errors",
}


@pytest.fixture
def world() -> Iterator[World]:
    """acme, running."""
    with acme() as world:
        yield world


@pytest.fixture(scope="module")
def busy() -> Iterator[World]:
    """acme with one of everything, only to be read."""
    with acme() as world:
        world.pull().create_issue_comment("hello")
        world.review("bob")
        world.repo("bob").get_commit(world.tip()).create_status("success")
        yield world


def urls(value: object) -> Iterator[str]:
    """Every URL in an answer."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from urls(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from urls(inner)
    elif isinstance(value, str) and "://" in value:
        yield value


@pytest.mark.parametrize("path", REQUIRED)
def test_answers_have_the_fields_that_github_requires(busy: World, path: str) -> None:
    """Every answer has each field its description requires, and all its URLs are on this server."""
    answer = busy.get(path, "alice")
    body = answer.json()
    assert answer.status_code == 200
    shown = body[0] if isinstance(body, list) else body
    assert set(REQUIRED[path].split()) - set(shown) == set()
    assert {url for url in urls(body) if not url.startswith(busy.github.url + "/")} == set()
    for inner in ("user", "owner", "creator", "author"):
        if isinstance(shown.get(inner), dict):
            assert set(USER.split()) - set(shown[inner]) == set()


def test_people_are_known_by_login_and_id(world: World) -> None:
    """`/user` is the token's holder; `/users/x` finds a login in any case; the bot is a Bot."""
    assert (world.client("alice").get_user().login, world.client("alice").get_user().id) == ("alice", 1001)
    bob = world.client("alice").get_user("BOB")
    assert (bob.login, bob.id, bob.type) == ("bob", 1002, "User")
    bot = world.client("github-actions[bot]").get_user()
    assert (bot.login, bot.type) == ("github-actions[bot]", "Bot")
    with refused(404, "Not Found"):
        world.client("alice").get_user("nobody")


@pytest.mark.parametrize(
    ("login", "permission"),
    [("alice", "write"), ("olivia", "admin"), ("reader", "read"), ("stranger", "none")],
)
def test_permission_is_told_to_writers(world: World, login: str, permission: str) -> None:
    """A writer learns anyone's permission, `none` included; an unknown login is a 404, a reader gets a 403."""
    world.github.add_user("stranger", 4242, permission="none")
    repo = world.repo("alice")
    assert repo.get_collaborator_permission(login) == repo.get_collaborator_role_name(login) == permission
    assert world.get(f"/repos/acme/access/collaborators/{login}/permission").json()["user"]["login"] == login
    with refused(404, "Not Found"):
        repo.get_collaborator_permission("nobody")
    with refused(403, "Resource not accessible"):
        world.repo("reader").get_collaborator_permission(login)


def test_tokens_open_the_door(world: World) -> None:
    """No token and a wrong token are 401s, and who may not read sees a 404."""
    world.github.add_user("stranger", 4242, permission="none")
    assert world.get("/repos/acme/access", None).json()["message"] == "Requires authentication"
    wrong = requests.get(world.github.url + "/user", headers={"Authorization": "token x"}, timeout=5)
    assert (wrong.status_code, wrong.json()["message"]) == (401, "Bad credentials")
    assert world.get("/repos/acme/access", "stranger").status_code == 404
    assert world.get("/repos/acme/other").status_code == 404
    assert world.get("/no/such/path/at/all").json()["message"] == "Not Found"
    assert world.github.token_for("alice").startswith("ghp_")
    assert world.github.token_for("github-actions[bot]").startswith("ghs_")


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"[]", 400), (b"{", 400), (b"{}", 422), (b'{"title": 7, "head": "a", "base": "b"}', 422)],
)
def test_a_bad_body_is_refused(world: World, body: bytes, status: int) -> None:
    """A body that is no JSON object is a 400; one without a needed text is a 422."""
    headers = {
        "Authorization": f"token {world.github.token_for('alice')}",
        "Content-Type": "application/json",
    }
    url = world.github.url + "/repos/acme/access/pulls"
    assert requests.post(url, data=body, headers=headers, timeout=5).status_code == status


def test_codeowners_errors_name_the_line(world: World) -> None:
    """Lines that are skipped, and owners who cannot own, come with line, column and kind."""
    repo = world.repo("olivia")
    url = "/repos/acme/access/codeowners/errors"
    assert world.get(url).json() == {"errors": []}
    old = repo.get_contents(".github/CODEOWNERS")
    assert not isinstance(old, list)
    text = (
        "* @acme/platform\n/a @nobody # why\n!/b @bob\n/c bob\n/d[0] @bob\n/e @reader\n/f @bob x@acme.com\n"
    )
    repo.update_file(old.path, "m", text.encode(), old.sha)
    errors = [(error["line"], error["column"], error["kind"]) for error in world.get(url).json()["errors"]]
    assert errors == [
        (2, 4, "Unknown owner"),
        (3, 1, "Invalid pattern"),
        (4, 4, "Invalid owner"),
        (5, 1, "Invalid pattern"),
        (6, 4, "Unknown owner"),
    ]
    first = world.get(url, ref=repo.get_commit("main").parents[0].sha).json()
    assert first == {"errors": []}
    assert world.get(url, ref="ledger").status_code == 404


@pytest.mark.parametrize(
    ("pattern", "path", "owned"),
    [
        ("*", "a/b/c", True),
        ("/*", "a", True),
        ("/*", "a/b", False),
        ("requests/", "x/requests/a", True),
        ("/requests/", "x/requests/a", False),
        ("/requests/x/", "requests/x/2026-11/a.yaml", True),
        ("/requests/x/", "requests/x", False),
        ("/requests/x", "requests/xy/a", False),
        ("*.yaml", "a/b.yaml", True),
        ("/a/*.yaml", "a/b/c.yaml", False),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b/c", True),
        ("**/b", "x/y/b", True),
        ("a/**", "a/x/y", True),
        ("a/**", "b/a/x", False),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
    ],
)
def test_code_owners_are_asked_by_path(world: World, pattern: str, path: str, owned: bool) -> None:
    """A pull request waits for the owner of a pattern exactly if the pattern matches its path."""
    old = world.repo("olivia").get_contents(".github/CODEOWNERS")
    assert not isinstance(old, list)
    world.repo("olivia").update_file(old.path, "m", f"{pattern} @erin\n".encode(), old.sha)
    world.pull(path=path)
    world.review("frank")
    answer = world.put("/repos/acme/access/pulls/1/merge", "alice", {})
    assert ("Waiting on code owner review from erin" in answer.json()["message"]) == owned
    assert answer.status_code == (405 if owned else 200)


def test_the_last_matching_line_owns(world: World) -> None:
    """Later lines replace earlier ones whole, an ownerless one too, and an invalid one is skipped."""
    old = world.repo("olivia").get_contents(".github/CODEOWNERS")
    assert not isinstance(old, list)
    text = "* @dave\n/a/ @erin\n/a/open/\n/a/ bob\n"
    world.repo("olivia").update_file(old.path, "m", text.encode(), old.sha)
    world.branch("ask", {"a/open/x": "1", "a/x": "1", "b": "1"})
    world.repo("alice").create_pull(base="main", head="ask", title="t")
    world.review("frank")
    message = world.put("/repos/acme/access/pulls/1/merge", "alice", {}).json()["message"]
    waiting = [line for line in message.splitlines() if "Waiting" in line]
    assert sorted(waiting) == [f"Waiting on code owner review from {name}." for name in ("dave", "erin")]


def test_a_dispatch_is_recorded_and_told() -> None:
    """A dispatch reaches the hook, which may call this GitHub, before the 204; a refused one does not."""
    seen: list[object] = []

    def hook(workflow: str, ref: str, inputs: Mapping[str, str], actor: str) -> None:
        answer = requests.get(f"{github.url}/user", headers={"Authorization": f"token {token}"}, timeout=5)
        seen.append((workflow, ref, dict(inputs), actor, answer.status_code))

    files = {
        ".github/workflows/revoke.yml": b"on: workflow_dispatch",
        ".github/workflows/ci.yml": b"on: push",
    }
    with GitHubSandbox(Clock(START), on_dispatch=hook) as github:
        github.add_user("bob", 1002)
        github.add_user("reader", 1010, permission="read")
        github.create_repository("acme/access", files)
        token = github.token_for("bob")
        client = Github(base_url=github.api_url, auth=Auth.Token(token), retry=None, lazy=True)
        workflow = client.get_repo("acme/access").get_workflow("revoke.yml")
        assert workflow.create_dispatch("main", {"request": "a b"})
        client.close()
        assert seen == [("revoke.yml", "main", {"request": "a b"}, "bob", 200)]
        base = f"{github.url}/repos/acme/access/actions/workflows"
        for name, ref, login, status in (
            ("nothing.yml", "main", "bob", 404),
            ("ci.yml", "main", "bob", 422),
            ("revoke.yml", "nowhere", "bob", 422),
            ("revoke.yml", "main", "reader", 403),
        ):
            headers = {"Authorization": f"token {github.token_for(login)}"}
            answer = requests.post(f"{base}/{name}/dispatches", json={"ref": ref}, headers=headers, timeout=5)
            assert answer.status_code == status
        assert github.dispatches == [
            Dispatch(workflow="revoke.yml", ref="main", inputs={"request": "a b"}, actor="bob")
        ]
    assert len(seen) == 1


def test_lists_come_in_pages(world: World) -> None:
    """`per_page` and `page` cut a list, and Link leads to first, previous, next and last with all parameters."""
    pull = world.pull()
    for number in range(5):
        pull.create_issue_comment(str(number))
    url = "/repos/acme/access/issues/1/comments"
    answer = world.get(url, per_page="2", page="2", since="x")
    assert [comment["body"] for comment in answer.json()] == ["2", "3"]
    base = f"{world.github.url}{url}?per_page=2&page={{}}&since=x"
    links = {name: link["url"] for name, link in answer.links.items()}
    assert links == {
        name: base.format(page) for name, page in (("prev", 1), ("first", 1), ("next", 3), ("last", 3))
    }
    assert world.get(url, per_page="2", page="9").json() == []
    assert "Link" not in world.get(url).headers
    assert len(world.get(url, per_page="x", page="-1").json()) == 5
    client = Github(
        base_url=world.github.api_url,
        auth=Auth.Token(world.github.token_for("bob")),
        per_page=2,
        seconds_between_requests=None,
    )
    bodies = [comment.body for comment in client.get_repo("acme/access").get_pull(1).get_issue_comments()]
    client.close()
    assert bodies == ["0", "1", "2", "3", "4"]


def test_every_answer_is_dated_by_the_sandbox_clock(world: World) -> None:
    """The one Date header is the clock's, on answers, refusals and faults alike."""
    world.clock.advance(MINUTE)
    world.github.faults = lambda _, path: GitHubFault(status=500) if path == "/users/bob" else None
    for path in ("/user", "/nothing", "/users/bob"):
        assert parsedate_to_datetime(world.get(path).headers["Date"]) == START + MINUTE


def test_calls_are_counted_by_route(world: World) -> None:
    """Every request is logged by method and pattern, also a refused one and those of git."""
    world.github.calls.clear()
    world.repo("alice")
    world.get("/repos/acme/access/commits/feature/x/pulls")
    world.get("/acme/access.git/info/refs", service="git-upload-pack")
    assert world.github.calls == [
        ("GET", "/repos/{owner}/{name}"),
        ("GET", "/repos/{owner}/{name}/commits/{revision}/pulls"),
        ("GET", "/{owner}/{name}/info/refs"),
    ]


@pytest.mark.parametrize("after", [False, True])
def test_a_fault_fails_before_or_after_the_effect(world: World, after: bool) -> None:
    """A faulty call gets the fault's answer; its effect happened only if the fault comes after."""
    pull = world.pull()
    fault = GitHubFault(after=after, status=429, headers={"Retry-After": "7"}, body=b"slow down")
    world.github.faults = lambda method, path: (
        fault if method == "POST" and path.endswith("/comments") else None
    )
    answer = world.put("/repos/acme/access/issues/1/comments", "bob", {"body": "x"}, "POST")
    assert (answer.status_code, answer.headers["Retry-After"], answer.content) == (429, "7", b"slow down")
    assert len(list(pull.get_issue_comments())) == after


@pytest.mark.parametrize("after", [False, True])
def test_a_dropped_call_has_no_answer(world: World, after: bool) -> None:
    """A connection can end without an answer, before or after the effect."""
    pull = world.pull()
    world.github.faults = lambda method, _: (
        GitHubFault(after=after, status=None) if method == "POST" else None
    )
    with pytest.raises(requests.ConnectionError):
        world.put("/repos/acme/access/issues/1/comments", "bob", {"body": "x"}, "POST")
    world.github.faults = None
    assert len(list(pull.get_issue_comments())) == after
