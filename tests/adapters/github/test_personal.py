"""GitHub with a person's own token, through the adapter, against the embedded one."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from jitbot.adapters.github import Client, GitHubForge, GitHubPersonal
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import DeniedError, InvalidError, JitbotError, UnavailableError
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github import GitHubSandbox
from jitbot.sandbox.github.records import GitHubFault, PullRequestRule, Ruleset
from jitbot.usecases.request.requester_client import RemoteTree

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
FILES = {
    "README.md": b"hello\n",
    "policies/a.yaml": b"a: 1\n",
    "policies/access/b.yaml": "b: é\n".encode(),
    "policies/raw": b"\0\xff",
    "policies/empty": b"",
    ".github/workflows/revoke.yml": b"on: {workflow_dispatch: {}}\n",
    ".github/workflows/ci.yml": b"on: push\n",
}


@pytest.fixture
def github() -> Iterator[GitHubSandbox]:
    """An embedded GitHub with alice and bob."""
    with GitHubSandbox(Clock(NOW)) as github:
        for login, number in (("alice", 1001), ("bob", 1002)):
            github.add_user(login, number)
        github.create_repository("acme/access", FILES)
        yield github


def personal(github: GitHubSandbox, login: str = "alice", repository: str = "acme/access") -> GitHubPersonal:
    """The adapter with this person's token."""
    return GitHubPersonal(
        Client(repository, token=github.token_for(login), api_url=github.api_url, backoff=0)
    )


def commit_on(forge: GitHubPersonal, branch: str, parent: Sha, files: dict[str, bytes]) -> Sha:
    """A commit on a branch by this person."""
    return GitHubForge(forge._client).commit(branch, parent, "Ask", files)


def test_the_place_is_one_call(github: GitHubSandbox) -> None:
    """Who it is, what they may do, and main's tip come with one call."""
    github.calls.clear()
    place = personal(github).place()
    assert github.calls == [("POST", "/graphql")]
    assert (place.actor.login, place.actor.github_id, place.repository, place.repository_id) == (
        "alice",
        1001,
        "acme/access",
        700001,
    )
    assert (place.branch, place.may_write, place.auto_merge) == ("main", True, True)
    assert place.methods == ("squash", "merge")
    github.add_user("eve", 9, permission="read")
    assert not personal(github, "eve").place().may_write


def test_no_such_place(github: GitHubSandbox) -> None:
    """A repository that is not there, or hidden from this person, is for them to fix."""
    github.add_user("eve", 9, permission="none")
    for forge in (personal(github, repository="acme/none"), personal(github, "eve")):
        with pytest.raises(InvalidError, match="shows this token no repository acme/"):
            forge.place()


def test_folders_and_contents(github: GitHubSandbox) -> None:
    """Folders give paths, modes and blobs, one level or two; what is missing is empty; contents are the very bytes."""
    forge = personal(github)
    tip = forge.place().tip
    found = forge.folders(tip, ["", "policies", "nowhere", "policies/"])
    assert [entry.path for entry in found[""]] == [".github", "README.md", "policies"]
    assert {entry.path: entry.mode for entry in found["policies"]} == {
        "policies/a.yaml": "100644",
        "policies/access": "040000",
        "policies/empty": "100644",
        "policies/raw": "100644",
    }
    assert found["nowhere"] == ()
    deep = {entry.path: entry.blob for entry in forge.folders(tip, ["policies"], deep=True)["policies"]}
    wanted = [deep["policies/access/b.yaml"], deep["policies/empty"]]
    assert forge.contents(wanted) == {wanted[0]: "b: é\n".encode(), wanted[1]: b""}
    assert forge.contents([deep["policies/raw"], wanted[1]]) == {wanted[1]: b""}
    with pytest.raises(UnavailableError, match="policies/raw is no plain text"):
        RemoteTree(forge, tip).read(["policies/raw", "policies/empty"])


def test_many_objects_are_asked_for_in_parts(github: GitHubSandbox) -> None:
    """A hundred and twenty folders are three calls, each asked for once."""
    forge = personal(github)
    tip = forge.place().tip
    github.calls.clear()
    names = [f"none-{number}" for number in range(120)]
    assert set(forge.folders(tip, [*names, *names])) == set(names)
    assert github.calls == [("POST", "/graphql")] * 3


@pytest.mark.parametrize("text", ["b: e\n", "", None])
def test_a_content_that_is_not_the_blobs_is_not_believed(github: GitHubSandbox, text: str | None) -> None:
    """Whatever comes under a blob's name but is not its content is left out."""
    import json

    body = json.dumps(
        {"data": {"repository": {"o0": {"oid": "x", "text": text, "isTruncated": False}}}}
    ).encode()
    forge = personal(github)
    github.faults = lambda _method, _path: GitHubFault(
        status=200, body=body, headers={"Content-Type": "application/json"}
    )
    assert forge.contents([blob_name("b: é\n".encode())]) == {}


def test_merge_rules(github: GitHubSandbox) -> None:
    """All rulesets of a branch together; a branch without rules waits for nothing."""
    forge = personal(github)
    github.rules["main"] = Ruleset(
        id=1, pull_request=PullRequestRule(required_approving_review_count=2), required_checks=("a", "b")
    )
    rules = forge.merge_rules("main")
    assert (rules.approvals, rules.code_owners, rules.checks) == (2, True, frozenset({"a", "b"}))
    none = forge.merge_rules("nowhere")
    assert (none.approvals, none.code_owners, none.checks) == (0, False, frozenset())


def test_from_commit_to_pull_request(github: GitHubSandbox) -> None:
    """A commit, its branch, its pull request and its auto-merge, each to be asked after; then the branch goes."""
    forge = personal(github)
    tip = forge.place().tip
    assert forge.branch("jitbot/a") is None
    forge.create_branch("jitbot/a", tip)
    assert forge.branch("jitbot/a") == tip
    commit = commit_on(forge, "jitbot/a", tip, {"requests/x y&z.yaml": "é\n".encode()})
    assert forge.branch("jitbot/a") == commit
    with pytest.raises(DeniedError, match="already exists"):
        forge.create_branch("jitbot/a", commit)
    pull = forge.open_pull("jitbot/a", "main", "Title", "Body")
    assert (pull.head, pull.author.login, pull.closed, pull.auto_merge) == (commit, "alice", False, False)
    assert forge.open_pulls() == forge.open_pulls("jitbot/a") == (pull,)
    assert forge.open_pulls("jitbot/b") == ()
    forge.merge_when_ready(pull, "squash")
    assert forge.pull(pull.number).auto_merge
    assert forge.statuses(commit) == {}
    assert not forge.was_used("main", "requests/x y&z.yaml")
    assert forge.was_used("jitbot/a", "requests/x y&z.yaml")
    forge.delete_branch("jitbot/a")
    assert forge.pull(pull.number).closed
    assert forge.open_pulls() == ()


def test_auto_merge_is_for_the_head_that_was_opened(github: GitHubSandbox) -> None:
    """If the branch has moved since, auto-merge is not turned on for what nobody has seen."""
    forge = personal(github)
    tip = forge.place().tip
    forge.create_branch("x", tip)
    commit = commit_on(forge, "x", tip, {"a": b"1"})
    pull = forge.open_pull("x", "main", "t", "b")
    commit_on(personal(github, "bob"), "x", commit, {"a": b"2"})
    with pytest.raises(DeniedError, match="Head sha does not match"):
        forge.merge_when_ready(pull, "squash")


def test_a_dispatch(github: GitHubSandbox) -> None:
    """A workflow is started with its inputs; one that is not there, or cannot be, is a no."""
    forge = personal(github)
    forge.dispatch("revoke.yml", "main", {"request": "a", "reason": "b"})
    (told,) = github.dispatches
    assert (told.workflow, told.ref, dict(told.inputs), told.actor) == (
        "revoke.yml",
        "refs/heads/main",
        {"request": "a", "reason": "b"},
        "alice",
    )
    for name in ("none.yml", "ci.yml"):
        with pytest.raises(DeniedError):
            forge.dispatch(name, "main", {})


def test_a_dispatch_where_whole_names_are_refused(github: GitHubSandbox) -> None:
    """A GitHub that takes a branch by its short name alone is asked again, once, and no other refusal is."""
    asked: list[str] = []
    body = b'{"message": "No ref found for: refs/heads/main"}'

    def whole(_method: str, path: str) -> GitHubFault | None:
        if not path.endswith("/dispatches"):
            return None
        asked.append(path)
        return (
            GitHubFault(status=422, body=body, headers={"Content-Type": "application/json"})
            if len(asked) == 1
            else None
        )

    github.faults = whole
    personal(github).dispatch("revoke.yml", "main", {"request": "c", "reason": "d"})
    assert (github.dispatches[-1].ref, len(asked)) == ("main", 2)
    github.faults = lambda _method, path: GitHubFault(status=403) if path.endswith("/dispatches") else None
    before = len(github.dispatches)
    with pytest.raises(DeniedError):
        personal(github).dispatch("revoke.yml", "main", {})
    assert len(github.dispatches) == before


def test_trouble_is_translated(github: GitHubSandbox) -> None:
    """Whatever goes wrong is one of our own errors."""
    forge = personal(github)
    github.faults = lambda _method, _path: GitHubFault(status=500, body=b"<html>")
    calls = [
        forge.place,
        lambda: forge.folders(Sha("1" * 40), ["a"]),
        lambda: forge.merge_rules("main"),
        lambda: forge.branch("a"),
        lambda: forge.pull(1),
        forge.open_pulls,
    ]
    for call in calls:
        with pytest.raises(JitbotError):
            call()
