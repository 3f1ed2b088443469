"""The embedded GitHub's GraphQL: commits by compare-and-swap, and refs."""

from collections.abc import Iterator

import pytest
from github_world import World, acme, refused


@pytest.fixture
def world() -> Iterator[World]:
    """acme, running."""
    with acme() as world:
        yield world


def test_create_commit_on_branch_is_a_compare_and_swap(world: World) -> None:
    """The mutation adds one commit on the expected head, and on any other head changes nothing."""
    head = world.tip("ledger")
    made = world.commit("ledger", "events/a.json", "{}", "bob")
    commit = world.repo("bob").get_commit(made["oid"])
    assert (world.tip("ledger"), commit.parents[0].sha) == (made["oid"], head)
    assert commit.commit.message == "headline\n\nthe body"
    assert (commit.author.login, commit.committer.login) == ("bob", "web-flow")
    assert commit.raw_data["commit"]["verification"]["verified"]
    with refused(400, "STALE_DATA"):
        world.commit("ledger", "events/b.json", "{}", "bob", head=head)
    assert world.tip("ledger") == made["oid"]


def graphql(world: World, query: str, login: str = "alice", **variables: object) -> dict[str, object]:
    """The whole answer of one GraphQL call."""
    answer: dict[str, object] = world.put(
        "/graphql", login, {"query": query, "variables": variables}, "POST"
    ).json()
    return answer


def mutate(
    world: World, branch: str, files: dict[str, list[dict[str, str]]], login: str = "alice"
) -> dict[str, object]:
    """`createCommitOnBranch` with these file changes on the branch's tip."""
    given = {
        "branch": {"repositoryNameWithOwner": "acme/access", "branchName": branch},
        "expectedHeadOid": world.tip("ledger" if branch == "nowhere" else branch),
        "message": {"headline": "h"},
        "fileChanges": files,
    }
    query = "mutation M($input: I!) { createCommitOnBranch(input: $input) { commit { oid } } }"
    return graphql(world, query, login, input=given)


@pytest.mark.parametrize("path", ["../x", "/x", "a//b", "a/.git/config", "a/", ".", "a\nb", '"a"', ""])
def test_a_malformed_path_is_no_file(world: World, path: str) -> None:
    """No API makes a file at a path that climbs, is absolute, empty, git's own or unprintable."""
    before = world.tip("ledger")
    answer = mutate(world, "ledger", {"additions": [{"path": path, "contents": "eA=="}]})
    assert answer["data"] == {"createCommitOnBranch": None}
    assert "malformed path component" in str(answer["errors"])
    assert world.tip("ledger") == before


@pytest.mark.parametrize(
    ("branch", "login", "files", "kind"),
    [
        ("ledger", "alice", {"additions": [{"path": "x", "contents": "no base64!"}]}, "UNPROCESSABLE"),
        ("ledger", "alice", {"deletions": [{"path": "absent"}]}, "UNPROCESSABLE"),
        ("nowhere", "alice", {}, "NOT_FOUND"),
        ("ledger", "reader", {}, "FORBIDDEN"),
        ("main", "alice", {}, "UNPROCESSABLE"),
    ],
)
def test_a_refused_commit_says_of_which_type(
    world: World, branch: str, login: str, files: dict[str, list[dict[str, str]]], kind: str
) -> None:
    """A refusal is a 200 with a typed error and null data, and nothing moves."""
    before = world.tip("ledger"), world.tip()
    answer = mutate(world, branch, files, login)
    assert answer["data"] == {"createCommitOnBranch": None}
    errors = answer["errors"]
    assert isinstance(errors, list)
    assert [error["type"] for error in errors] == [kind]
    assert (world.tip("ledger"), world.tip()) == before


def test_create_commit_on_branch_also_deletes(world: World) -> None:
    """Additions and deletions make one commit."""
    mutate(
        world, "ledger", {"additions": [{"path": "a/b", "contents": "eA=="}, {"path": "c", "contents": ""}]}
    )
    mutate(
        world, "ledger", {"additions": [{"path": "a/d", "contents": "eQ=="}], "deletions": [{"path": "a/b"}]}
    )
    commit = world.repo("alice").get_commit("ledger")
    assert {(file.filename, file.status) for file in commit.files} == {("a/b", "removed"), ("a/d", "added")}


def test_graphql_reads_a_ref(world: World) -> None:
    """`repository.ref.target.oid` answers by literal and by variable, null for no branch; the rest is an error."""
    literal = 'query { repository(owner: "acme", name: "access") { ref(qualifiedName: "ledger") { target { oid } } } }'
    answer = graphql(world, literal)
    assert answer == {
        "data": {"repository": {"ref": {"name": "ledger", "target": {"oid": world.tip("ledger")}}}}
    }
    named = 'query($o: S!, $q: S!) { repository(owner: $o, name: "access") { ref(qualifiedName: $q) { x } } }'
    assert graphql(world, named, o="acme", q="refs/heads/none") == {"data": {"repository": {"ref": None}}}
    assert "errors" in graphql(world, "query { viewer { login } }")
