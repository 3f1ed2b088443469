"""What people see on a pull request, through the adapter, against the embedded GitHub."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

import requests
from jitbot.adapters.github import Client, GitHubReader, GitHubWriter
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import DeniedError, JitbotError, UnavailableError
from jitbot.domain.model.github_objects import Status, StatusState
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github import GitHubSandbox
from jitbot.sandbox.github.records import GitHubFault
from jitbot.sandbox.organisation import acme_tree

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
BOT = "github-actions[bot]"


@pytest.fixture
def github() -> Iterator[GitHubSandbox]:
    """A GitHub with one open pull request of alice's."""
    with GitHubSandbox(Clock(NOW)) as github:
        github.add_user("alice", 1001)
        github.add_user("reader", 1010, permission="read")
        github.create_repository("acme/access", acme_tree(github.issuer))
        tip = call(github, "GET", "/branches/main")["commit"]["sha"]
        call(github, "POST", "/git/refs", ref="refs/heads/ask", sha=tip)
        call(github, "PUT", "/contents/x", message="x", branch="ask", content="eA==")
        call(github, "POST", "/pulls", title="Ask", head="ask", base="main")
        yield github


def call(github: GitHubSandbox, method: str, path: str, **content: Any) -> Any:
    """One call as alice, which must be a yes."""
    headers = {"Authorization": f"Bearer {github.token_for('alice')}"}
    url = f"{github.api_url}/repos/acme/access{path}"
    answer = requests.request(method, url, headers=headers, json=content or None, timeout=5)
    assert answer.ok, answer.text
    return answer.json()


def client(github: GitHubSandbox, login: str) -> Client:
    """A client with this account's token."""
    return Client("acme/access", token=github.token_for(login), api_url=github.api_url, backoff=0)


def reader(github: GitHubSandbox) -> GitHubReader:
    """The adapter that reads, with a job's token."""
    return GitHubReader(client(github, BOT))


def writer(github: GitHubSandbox, login: str = BOT) -> GitHubWriter:
    """The adapter that writes, with this account's token."""
    return GitHubWriter(client(github, login))


def test_a_page_has_its_title_and_whether_it_merges_by_itself(github: GitHubSandbox) -> None:
    """Open, titled, without auto-merge; and the pull request as decisions read it."""
    pull = reader(github).pull(1)
    assert (pull.title, pull.is_open, pull.auto_merge) == ("Ask", True, False)
    assert (pull.number, pull.author.login, pull.base_branch) == (1, "alice", "main")
    writer(github).retitle(1, "alice: orders")
    call(github, "PATCH", "/pulls/1", state="closed")
    pull = reader(github).pull(1)
    assert (pull.title, pull.is_open, pull.closed_at) == ("alice: orders", False, NOW)


def test_comments_know_their_author(github: GitHubSandbox) -> None:
    """A job's comment is told from a person's, and from one of a bot of another name."""
    github.add_user("other[bot]", 7, type="Bot")
    github.add_user("github-actions", 8)
    made = writer(github).post_comment(1, "ours")
    for login in ("alice", "other[bot]", "github-actions"):
        writer(github, login).post_comment(1, "theirs")
    found = reader(github).comments(1)
    assert [(each.by_actions, each.body) for each in found] == [
        (True, "ours"),
        (False, "theirs"),
        (False, "theirs"),
        (False, "theirs"),
    ]
    assert found[0] == made


@pytest.mark.parametrize(
    "user", [None, {"login": BOT, "type": "User"}, {"login": "x", "type": "Bot"}, {"type": "Bot"}]
)
def test_a_comment_of_somebody_else_is_not_a_jobs(github: GitHubSandbox, user: object) -> None:
    """Nor is one of an account that is gone, or that has the name alone."""
    body = json.dumps([{"id": 1, "body": None, "user": user}]).encode()
    github.faults = lambda _, __: GitHubFault(
        status=200, body=body, headers={"Content-Type": "application/json"}
    )
    (found,) = reader(github).comments(1)
    assert (found.by_actions, found.body) == (False, "")


def test_comments_of_all_pages(github: GitHubSandbox) -> None:
    """More than a hundred are read, in as many calls as pages."""
    for number in range(101):
        writer(github, "alice").post_comment(1, f"comment {number}")
    github.calls.clear()
    assert len(reader(github).comments(1)) == 101
    assert len(github.calls) == 2


def test_comments_are_edited_and_removed(github: GitHubSandbox) -> None:
    """A comment takes another text; removed twice, it is gone, and that is all."""
    made = writer(github).post_comment(1, "one")
    writer(github).edit_comment(made.comment_id, "two")
    assert [each.body for each in reader(github).comments(1)] == ["two"]
    writer(github).remove_comment(made.comment_id)
    writer(github).remove_comment(made.comment_id)
    assert reader(github).comments(1) == ()


def test_comments_are_edited_together(github: GitHubSandbox) -> None:
    """Twenty in a call, each its own text; those that are not named stay, and doing it twice does no harm."""
    made = [writer(github).post_comment(1, f"comment {number}") for number in range(26)]
    bodies = {each.node_id: f"{each.body}: \u2713 $c0 }}" for each in made[1:]}
    for _ in range(2):
        github.calls.clear()
        writer(github).edit_comments(bodies)
        assert github.calls == [("POST", "/graphql")] * 2
    texts = [each.body for each in reader(github).comments(1)]
    assert texts == ["comment 0", *bodies.values()]
    (read,) = reader(github).comments_of([1]).values()
    assert {each.node_id for each in read} == {each.node_id for each in made}


def test_a_comment_that_cannot_be_edited_is_said(github: GitHubSandbox) -> None:
    """One that is gone, or an author without the right, is an error; the others may have their text already."""
    one, gone = (writer(github).post_comment(1, text) for text in ("one", "gone"))
    writer(github).remove_comment(gone.comment_id)
    with pytest.raises(JitbotError):
        writer(github).edit_comments({one.node_id: "two", gone.node_id: "two"})
    assert [each.body for each in reader(github).comments(1)] == ["two"]
    with pytest.raises(JitbotError):
        writer(github, "reader").edit_comments({one.node_id: "three"})
    assert [each.body for each in reader(github).comments(1)] == ["two"]


@pytest.mark.parametrize(
    "answer", [{}, {"c0": None}, {"c0": {"issueComment": None}}, {"c0": {"issueComment": {"id": "IC_2"}}}]
)
def test_an_edit_that_the_answer_does_not_show_is_none(answer: dict[str, Any]) -> None:
    """A null without an error beside it says nothing of the comment: somebody must edit it by itself."""
    client = cast("Client", SimpleNamespace(graphql=lambda *_: answer))
    with pytest.raises(UnavailableError):
        GitHubWriter(client).edit_comments({"IC_1": "one"})


def test_statuses_are_set_and_read(github: GitHubSandbox) -> None:
    """The newest of each context; one that somebody else set is read too, and one in a state unknown to GitHub is left out."""
    head = reader(github).pull(1).head
    for state in (StatusState.PENDING, StatusState.SUCCESS):
        writer(github).set_status(
            head, "jitbot/check", Status(state=state, description="x"), "https://run.example"
        )
    call(github, "POST", f"/statuses/{head}", state="error", context="other")
    assert reader(github).statuses(head) == {
        "jitbot/check": Status(state=StatusState.SUCCESS, description="x"),
        "other": Status(state=StatusState.ERROR, description=""),
    }
    assert (
        call(github, "GET", f"/commits/{head}/status")["statuses"][0]["target_url"] == "https://run.example"
    )
    body = b'{"statuses": [{"context": "x", "state": "neutral", "description": null}]}'
    github.faults = lambda _, __: GitHubFault(
        status=200, body=body, headers={"Content-Type": "application/json"}
    )
    assert reader(github).statuses(head) == {}


def test_a_token_that_may_only_read_is_denied(github: GitHubSandbox) -> None:
    """Each write of a fork's job is a no, not a trouble that passes."""
    own = writer(github).post_comment(1, "one")
    theirs, head = writer(github, "reader"), reader(github).pull(1).head
    with pytest.raises(DeniedError):
        theirs.edit_comment(own.comment_id, "two")
    with pytest.raises(DeniedError):
        theirs.retitle(1, "mine")
    with pytest.raises(DeniedError):
        theirs.set_status(head, "jitbot/check", Status(state=StatusState.SUCCESS, description=""), "")


def test_nonsense_is_no_answer(github: GitHubSandbox) -> None:
    """An answer without what it should hold concludes nothing."""
    github.faults = lambda _, __: GitHubFault(
        status=200, body=b"[{}]", headers={"Content-Type": "application/json"}
    )
    for ask in (reader(github).pull, reader(github).comments):
        with pytest.raises(UnavailableError):
            ask(1)
    with pytest.raises(UnavailableError):
        reader(github).statuses(Sha("1" * 40))
