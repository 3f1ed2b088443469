"""Git's objects over the embedded GitHub's REST and GraphQL, and the hooks of its workflows."""

from collections.abc import Iterator

import pytest
from github_world import ORDERS, World, acme

BASE = "/repos/acme/access"
TREE = {"path": "requests/open/a.yaml", "mode": "100644", "type": "blob", "content": "a: é\n"}
NAMED = """query($owner: String!, $name: String!, $e0: String!, $e1: String!) {
  repository(owner: $owner, name: $name) {
    o0: object(expression: $e0) { ... on Tree { entries { name mode oid type } } }
    o1: object(expression: $e1) { ... on Blob { oid text isTruncated } }
  } }"""
PLACE = """query($owner: String!, $name: String!) { viewer { login databaseId }
  repository(owner: $owner, name: $name) { viewerPermission defaultBranchRef { name target { oid } } } }"""


@pytest.fixture
def world() -> Iterator[World]:
    """acme, running."""
    with acme() as world:
        yield world


def post(
    world: World, path: str, body: dict[str, object], login: str = "alice"
) -> tuple[int, dict[str, object]]:
    """The status and the answer of one POST."""
    answer = world.put(path, login, body, "POST")
    return answer.status_code, answer.json()


def tree(world: World, **changes: object) -> tuple[int, dict[str, object]]:
    """A tree over main's with one file more."""
    base = world.get(f"{BASE}/git/commits/{world.tip()}").json()["tree"]["sha"]
    return post(world, f"{BASE}/git/trees", {"base_tree": base, "tree": [{**TREE, **changes}]})


def test_a_commit_is_made_of_a_tree(world: World) -> None:
    """Tree and commit are made without a branch, by the caller, unsigned; a branch can then be put there."""
    status, made = tree(world)
    assert status == 201
    wanted = {"message": "Ask", "tree": made["sha"], "parents": [world.tip()]}
    status, commit = post(world, f"{BASE}/git/commits", wanted)
    assert status == 201
    assert not commit["verification"]["verified"]  # type: ignore[index]
    assert world.put(f"{BASE}/git/refs", "alice", {"ref": "refs/heads/x", "sha": commit["sha"]}, "POST").ok
    shown = world.repo("bob").get_commit(str(commit["sha"]))
    assert [file.filename for file in shown.files] == [TREE["path"]]
    assert shown.author.login == "alice"
    held = world.repo("bob").get_contents(TREE["path"], ref="x")
    assert held.decoded_content.decode() == TREE["content"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "changes",
    [
        {"path": "../x"},
        {"path": "a/.git/x"},
        {"path": "/x"},
        {"mode": "100666"},
        {"content": None},
        {"path": ""},
    ],
)
def test_a_tree_that_cannot_be_is_refused(world: World, changes: dict[str, object]) -> None:
    """A malformed path, a mode git does not know, or a file without content: 422."""
    assert tree(world, **changes)[0] == 422


def test_what_is_not_there_is_refused(world: World) -> None:
    """A base tree, tree or parent that does not exist is refused, and so is anyone who may only read."""
    nothing = "1" * 40
    assert post(world, f"{BASE}/git/trees", {"base_tree": nothing, "tree": [TREE]})[0] == 404
    assert post(world, f"{BASE}/git/trees", {"tree": []})[0] == 422
    _, made = tree(world)
    commit = {"message": "x", "tree": made["sha"]}
    assert post(world, f"{BASE}/git/commits", {**commit, "tree": nothing})[0] == 422
    assert post(world, f"{BASE}/git/commits", {**commit, "parents": [nothing]})[0] == 422
    assert post(world, f"{BASE}/git/commits", commit, "reader")[0] == 403
    assert post(world, f"{BASE}/git/trees", {"tree": [TREE]}, "reader")[0] == 403
    assert world.get(f"{BASE}/git/commits/{nothing}").status_code == 404


def test_commits_are_listed_by_path(world: World) -> None:
    """The history of a path holds the commits that made and deleted it; of another path, none."""
    world.pull(path=ORDERS)
    world.review("bob")
    world.repo("bob").get_pull(1).merge(merge_method="squash")
    listed = world.get(f"{BASE}/commits?sha=main&path={ORDERS}").json()
    assert [commit["sha"] for commit in listed] == [world.tip()]
    assert world.get(f"{BASE}/commits?sha=main&path=requests/none").json() == []
    assert len(world.get(f"{BASE}/commits").json()) == 2
    assert world.get(f"{BASE}/commits", sha="nowhere").status_code == 404


def ask(world: World, query: str, login: str = "alice", **variables: str) -> dict[str, object]:
    """The whole answer of one GraphQL query on acme/access, or another repository."""
    given = {"owner": "acme", "name": "access", **variables}
    answer: dict[str, object] = world.put(
        "/graphql", login, {"query": query, "variables": given}, "POST"
    ).json()
    return answer


def test_objects_are_read_by_expression(world: World) -> None:
    """Trees list their entries, blobs their text; what is not there is null, and nothing is an option of git."""
    tip = world.tip()
    found = ask(world, NAMED, e0=f"{tip}:policies", e1=f"{tip}:policies/settings.yaml")["data"]["repository"]  # type: ignore[index]
    assert [(each["name"], each["mode"], each["type"]) for each in found["o0"]["entries"]] == [
        ("settings.yaml", 0o100644, "blob")
    ]
    assert found["o1"] == {
        "oid": found["o0"]["entries"][0]["oid"], "text": "namespace: jit\n", "isTruncated": False,
    }  # fmt: skip
    for expression in (f"{tip}:none", "--all", "nowhere:x", ""):
        gone = ask(world, NAMED, e0=expression, e1=expression)
        assert gone["data"] == {"repository": {"o0": None, "o1": None}}


def test_the_viewer(world: World) -> None:
    """Who asks, what they may do, and where main is; no repository is an error of the type NOT_FOUND."""
    answer = ask(world, PLACE, "reader")["data"]
    assert answer["viewer"] == {"login": "reader", "databaseId": 1010}  # type: ignore[index]
    assert answer["repository"]["viewerPermission"] == "READ"  # type: ignore[index]
    assert answer["repository"]["defaultBranchRef"] == {"name": "main", "target": {"oid": world.tip()}}  # type: ignore[index]
    world.github.add_user("nobody", 7, permission="none")
    for answer in (ask(world, PLACE, name="none"), ask(world, PLACE, "nobody")):
        assert answer["data"] == {"repository": None}
        assert answer["errors"][0]["type"] == "NOT_FOUND"  # type: ignore[index]


def test_a_push_to_main_is_told(world: World) -> None:
    """A merge by a person is told with who it was; another branch, and Actions' own token, start nothing."""
    told: list[tuple[str, str]] = []
    world.github.on_push = lambda branch, login: told.append((branch, login))
    world.pull()
    assert told == []
    world.review("bob")
    world.repo("bob").get_pull(1).merge()
    assert told == [("main", "bob")]
    world.pull("second", ORDERS.replace("refunds", "second"))
    world.review("bob", 2)
    world.repo("github-actions[bot]").get_pull(2)
    world.github.add_user("github-actions[bot]", 41898282, type="Bot")
    world.repo("github-actions[bot]").get_pull(2).merge()
    assert told == [("main", "bob")]


def test_auto_merge_may_be_forbidden(world: World) -> None:
    """Where the repository does not allow auto-merge, turning it on is refused in GitHub's words."""
    pull = world.pull()
    world.github.allow_auto_merge = False
    query = "mutation($input: I!) { enablePullRequestAutoMerge(input: $input) { pullRequest { number } } }"
    answer = world.put(
        "/graphql", "alice", {"query": query, "variables": {"input": {"pullRequestId": pull.node_id}}}, "POST"
    ).json()
    assert answer["errors"][0]["message"] == "Auto merge is not allowed for this repository"
