"""GitHub with a person's own token, through the adapter, against the embedded one."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jitbot.adapters.github import Client, GitHubReader, GitHubWriter
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.model.documents import GithubId, Login, Sha
from jitbot.domain.model.errors import DeniedError, InvalidError, JitbotError, UnavailableError
from jitbot.domain.model.merge_facts import Actor
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


def client(github: GitHubSandbox, login: str, repository: str = "acme/access") -> Client:
    """A client with this person's token, without pauses between its attempts."""
    return Client(repository, token=github.token_for(login), api_url=github.api_url, backoff=0)


def reader(github: GitHubSandbox, login: str = "alice", repository: str = "acme/access") -> GitHubReader:
    """The adapter that reads, with this person's token."""
    return GitHubReader(client(github, login, repository))


def writer(github: GitHubSandbox) -> GitHubWriter:
    """The adapter that writes, with alice's token."""
    return GitHubWriter(client(github, "alice"))


def commit_on(
    github: GitHubSandbox, branch: str, parent: Sha, files: dict[str, bytes], login: str = "alice"
) -> Sha:
    """A commit on a branch by this person."""
    return GitHubWriter(client(github, login)).commit_on_branch(branch, parent, "Ask", files)


def test_the_place_is_one_call(github: GitHubSandbox) -> None:
    """Who it is, what they may do, and main's tip come with one call."""
    github.calls.clear()
    place = reader(github).access()
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
    assert not reader(github, "eve").access().may_write


def test_no_such_place(github: GitHubSandbox) -> None:
    """A repository that is not there, or hidden from this person, is for them to fix."""
    github.add_user("eve", 9, permission="none")
    for reads in (reader(github, repository="acme/none"), reader(github, "eve")):
        with pytest.raises(InvalidError, match="shows this token no repository acme/"):
            reads.access()


def test_folders_and_contents(github: GitHubSandbox) -> None:
    """Folders give paths, modes and blobs, one level or two; what is missing is empty; contents are the very bytes."""
    reads = reader(github)
    tip = reads.access().tip
    found = reads.folders(tip, ["", "policies", "nowhere", "policies/"])
    assert [entry.path for entry in found[""]] == [".github", "README.md", "policies"]
    assert {entry.path: entry.mode for entry in found["policies"]} == {
        "policies/a.yaml": "100644",
        "policies/access": "040000",
        "policies/empty": "100644",
        "policies/raw": "100644",
    }
    assert found["nowhere"] == ()
    deep = {entry.path: entry.blob for entry in reads.folders(tip, ["policies"], deep=True)["policies"]}
    wanted = [deep["policies/access/b.yaml"], deep["policies/empty"]]
    assert reads.contents(wanted) == {wanted[0]: "b: é\n".encode(), wanted[1]: b""}
    assert reads.contents([deep["policies/raw"], wanted[1]]) == {wanted[1]: b""}
    with pytest.raises(UnavailableError, match="policies/raw is no plain text"):
        RemoteTree(reads, tip).read(["policies/raw", "policies/empty"])


def test_many_objects_are_asked_for_in_parts(github: GitHubSandbox) -> None:
    """A hundred and twenty folders are three calls, each asked for once."""
    reads = reader(github)
    tip = reads.access().tip
    github.calls.clear()
    names = [f"none-{number}" for number in range(120)]
    assert set(reads.folders(tip, [*names, *names])) == set(names)
    assert github.calls == [("POST", "/graphql")] * 3


@pytest.mark.parametrize("text", ["b: e\n", "", None])
def test_a_content_that_is_not_the_blobs_is_not_believed(github: GitHubSandbox, text: str | None) -> None:
    """Whatever comes under a blob's name but is not its content is left out."""
    body = json.dumps(
        {"data": {"repository": {"o0": {"oid": "x", "text": text, "isTruncated": False}}}}
    ).encode()
    reads = reader(github)
    github.faults = lambda _method, _path: GitHubFault(
        status=200, body=body, headers={"Content-Type": "application/json"}
    )
    assert reads.contents([blob_name("b: é\n".encode())]) == {}


def test_what_the_rules_of_a_branch_ask(github: GitHubSandbox) -> None:
    """All rulesets of a branch together; a branch without rules waits for nothing."""
    reads = reader(github)
    github.rules["main"] = Ruleset(
        id=1, pull_request=PullRequestRule(required_approving_review_count=2), required_checks=("a", "b")
    )
    rules = reads.rules("main")
    assert (rules.approvals, rules.code_owners, rules.checks) == (2, True, frozenset({"a", "b"}))
    none = reads.rules("nowhere")
    assert (none.approvals, none.code_owners, none.checks) == (0, False, frozenset())


@pytest.mark.parametrize("parameters", [{}, {"parameters": None}, {"parameters": {}}])
def test_a_rule_that_names_nothing_asks_for_nothing(
    github: GitHubSandbox, parameters: dict[str, object]
) -> None:
    """It is there, by its type; no approval and no check is read into it, so nobody relies on its waiting."""
    answer = [{"type": kind, **parameters} for kind in ("pull_request", "required_status_checks")]
    github.faults = lambda _method, _path: GitHubFault(
        status=200, body=json.dumps(answer).encode(), headers={"Content-Type": "application/json"}
    )
    rules = reader(github).rules("main")
    assert rules.types == {"pull_request", "required_status_checks"}
    assert (rules.approvals, rules.code_owners, rules.checks) == (0, False, frozenset())


def test_whoever_an_answer_does_not_name_is_nobody(github: GitHubSandbox) -> None:
    """An account is told by its login and id; one that GitHub does not know is none, and an empty answer is no answer."""
    found = reader(github).account(Login("bob"))
    assert found == Actor(login=Login("bob"), github_id=GithubId(1002))
    assert reader(github).account(Login("nobody")) is None
    github.faults = lambda _method, _path: GitHubFault(
        status=200, body=b"{}", headers={"Content-Type": "application/json"}
    )
    with pytest.raises(UnavailableError):
        reader(github).account(Login("bob"))


def test_the_pull_requests_of_a_period(github: GitHubSandbox) -> None:
    """Those created from its start until, not at, its end; what is older is not even looked at."""
    reads, writes, tip = reader(github), writer(github), reader(github).access().tip
    for number in range(4):
        writes.create_branch(f"x-{number}", tip)
        commit_on(github, f"x-{number}", tip, {"a": b"%d" % number})
        writes.open_pull(f"x-{number}", "main", "t", "b")
        github.clock.advance(timedelta(hours=1))
    hours = [NOW + timedelta(hours=number) for number in range(4)]
    assert [pull.number for pull in reads.created_pulls(hours[1], hours[3])] == [3, 2]
    writes.delete_branch("x-1")
    assert [pull.is_open for pull in reads.created_pulls(hours[1], hours[3])] == [True, False]


def test_a_commit_without_a_past(github: GitHubSandbox) -> None:
    """It holds its files alone, and has no parent; it becomes a branch as any other commit does."""
    reads, writes = reader(github), writer(github)
    commit = writes.create_root_commit({"README.md": b"one\n"}, "Begin")
    writes.create_branch("begun", commit)
    assert (reads.tip("begun"), reads.first_parent(commit)) == (commit, None)
    assert [entry.path for entry in reads.folders(commit, [""])[""]] == ["README.md"]
    child = commit_on(github, "begun", commit, {"a": b"2\n"})
    assert reads.first_parent(child) == commit
    assert (reads.is_verified(commit), reads.is_verified(child)) == (False, True)
    assert [entry.path for entry in reads.folders(child, [""])[""]] == ["README.md", "a"]


def test_from_commit_to_pull_request(github: GitHubSandbox) -> None:
    """A commit, its branch, its pull request and its auto-merge, each to be asked after; then the branch goes."""
    reads, writes = reader(github), writer(github)
    tip = reads.access().tip
    assert reads.tip("jitbot/a") is None
    writes.create_branch("jitbot/a", tip)
    assert reads.tip("jitbot/a") == tip
    commit = commit_on(github, "jitbot/a", tip, {"requests/x y&z.yaml": "é\n".encode()})
    assert reads.tip("jitbot/a") == commit
    with pytest.raises(DeniedError, match="already exists"):
        writes.create_branch("jitbot/a", commit)
    pull = writes.open_pull("jitbot/a", "main", "Title", "Body")
    assert (pull.head, pull.author.login, pull.is_open, pull.auto_merge) == (commit, "alice", True, False)
    listed = replace(pull, commit_count=-1, changed_files=None)  # of these a list says nothing
    assert reads.open_pulls() == reads.open_pulls("jitbot/a") == (listed,)
    assert reads.open_pulls("jitbot/b") == ()
    writes.merge_when_ready(pull, "squash")
    assert reads.pull(pull.number).auto_merge
    assert reads.statuses(commit) == {}
    assert not reads.was_used("main", "requests/x y&z.yaml")
    assert reads.was_used("jitbot/a", "requests/x y&z.yaml")
    writes.delete_branch("jitbot/a")
    assert not reads.pull(pull.number).is_open
    assert reads.open_pulls() == ()


def test_auto_merge_is_for_the_head_that_was_opened(github: GitHubSandbox) -> None:
    """If the branch has moved since, auto-merge is not turned on for what nobody has seen."""
    reads, writes = reader(github), writer(github)
    tip = reads.access().tip
    writes.create_branch("x", tip)
    commit = commit_on(github, "x", tip, {"a": b"1"})
    pull = writes.open_pull("x", "main", "t", "b")
    commit_on(github, "x", commit, {"a": b"2"}, "bob")
    with pytest.raises(DeniedError, match="Head sha does not match"):
        writes.merge_when_ready(pull, "squash")


def test_what_started_a_run(github: GitHubSandbox) -> None:
    """Of a run of that workflow GitHub says by which event; of any other run, and any other workflow, nothing."""
    pushed = github.run_environment(workflow="revoke.yml", actor="alice")
    asked = github.run_environment(workflow="revoke.yml", event="workflow_dispatch", actor="alice")
    other = github.run_environment(workflow="grant.yml", actor="alice")
    numbers = [int(each["GITHUB_RUN_ID"]) for each in (pushed, asked, other)]
    reads = reader(github)
    assert [reads.trigger("revoke.yml", each) for each in numbers] == ["push", "workflow_dispatch", None]
    assert reads.trigger("none.yml", numbers[0]) is None


def test_a_dispatch(github: GitHubSandbox) -> None:
    """A workflow is started with its inputs; one that is not there, or cannot be, is a no."""
    writes = writer(github)
    assert writes.dispatch("revoke.yml", "main", {"request": "a", "reason": "b"}) == "refs/heads/main"
    (told,) = github.dispatches
    assert (told.workflow, told.ref, dict(told.inputs), told.actor) == (
        "revoke.yml",
        "refs/heads/main",
        {"request": "a", "reason": "b"},
        "alice",
    )
    for name in ("none.yml", "ci.yml"):
        with pytest.raises(DeniedError):
            writes.dispatch(name, "main", {})


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
    assert writer(github).dispatch("revoke.yml", "main", {"request": "c", "reason": "d"}) == "main"
    assert (github.dispatches[-1].ref, len(asked)) == ("main", 2)
    github.faults = lambda _method, path: GitHubFault(status=403) if path.endswith("/dispatches") else None
    before = len(github.dispatches)
    with pytest.raises(DeniedError):
        writer(github).dispatch("revoke.yml", "main", {})
    assert len(github.dispatches) == before


def test_trouble_is_translated(github: GitHubSandbox) -> None:
    """Whatever goes wrong is one of our own errors."""
    reads = reader(github)
    github.faults = lambda _method, _path: GitHubFault(status=500, body=b"<html>")
    calls: list[Callable[[], object]] = [
        reads.access,
        lambda: reads.folders(Sha("1" * 40), ["a"]),
        lambda: reads.rules("main"),
        lambda: reads.tip("a"),
        lambda: reads.pull(1),
        reads.open_pulls,
    ]
    for call in calls:
        with pytest.raises(JitbotError):
            call()
