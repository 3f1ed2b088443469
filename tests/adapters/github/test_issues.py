"""The issues of the workflows, through the adapter and the embedded GitHub."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from answering_client import AnsweringClient
from github import GithubException

import requests
from jitbot.adapters.github import Client, GitHubIssues
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.model.github_objects import Issue, Unannounced
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github import GitHubFault, GitHubSandbox

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
BOT = "github-actions[bot]"


@pytest.fixture
def github() -> Iterator[GitHubSandbox]:
    """An embedded GitHub with one repository."""
    with GitHubSandbox(Clock(START)) as running:
        running.add_user("mallory", 1666)
        running.create_repository("acme/access", {"README.md": b"x\n"})
        yield running


def adapter(github: GitHubSandbox, login: str = BOT) -> GitHubIssues:
    """The adapter with this account's token."""
    token = github.token_for(login)
    often, once = (
        Client("acme/access", token=token, api_url=github.api_url, backoff=0, repeats=repeats)
        for repeats in (True, False)
    )
    return GitHubIssues(often, once)


def test_an_issue_is_opened_found_and_changed(github: GitHubSandbox) -> None:
    """What was written reads back the same: so nothing is written again for nothing."""
    issues = adapter(github)
    made = issues.create("Look", "at this\n\n<!-- mark -->")
    assert issues.ours(START) == (made,)
    wanted = Issue(number=made.number, title="Other", body="words", is_open=False)
    issues.update(wanted)
    assert issues.ours(START) == (wanted,)
    issues.update(made)
    assert issues.ours(START) == (made,)
    assert issues.ours(START + timedelta(seconds=1)) == ()


def test_only_the_workflows_own_issues_are_ours(github: GitHubSandbox) -> None:
    """Neither somebody else's issue nor an account of the name that is no bot."""
    adapter(github, "mallory").create("Look", "<!-- mark -->")
    assert adapter(github).ours(START) == ()
    github.add_user(BOT, 1667)
    adapter(github).create("Look", "by a person of that name")
    assert adapter(github).ours(START) == ()


def test_every_page_is_read(github: GitHubSandbox) -> None:
    """A hundred issues are one page; the next is asked for with the same question."""
    issues = adapter(github)
    made = [issues.create(f"Number {number}", "x") for number in range(101)]
    assert issues.ours(START) == tuple(made)


def test_opening_is_tried_once(github: GitHubSandbox) -> None:
    """An answer that is lost may hide an issue that was opened: no second attempt, and no guess."""
    calls: list[str] = []

    def lost(method: str, path: str) -> GitHubFault | None:
        if (method, path.endswith("/issues")) == ("POST", True):
            calls.append(path)
            return GitHubFault(status=502, after=True)
        return None

    github.faults = lost
    with pytest.raises(UnavailableError):
        adapter(github).create("Look", "at this")
    assert len(calls) == 1
    github.faults = None
    assert len(adapter(github).ours(START)) == 1


def answering(*answers: Any) -> GitHubIssues:
    """The adapter before a GitHub that answers one document so."""
    given = list(answers)

    def graphql(_query: str, _variables: Any) -> Any:
        found = given.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    client = cast("Client", SimpleNamespace(graphql=graphql))
    return GitHubIssues(client, client)


MADE = {"commentEdge": {"node": {"id": "IC_9"}}}
LOCKED = {"type": "FORBIDDEN", "path": ["n1"], "message": "locked"}
INTERNAL = {**LOCKED, "type": "INTERNAL"}
SILENT = "does not answer for each"
TIMEOUT = {"message": "Something went wrong while executing your query. This may be the result of a timeout"}
NO_MUTATION = {"message": "Field 'addComment' doesn't exist", "extensions": {"code": "undefinedField"}}


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        ({"n0": MADE, "n1": MADE}, set()),
        (GithubException(400, {"data": {"n0": MADE, "n1": None}, "errors": [LOCKED]}), {"PR_2"}),
        (GithubException(404, {"data": {"n0": MADE, "n1": MADE, "e0": None}, "errors": [{**LOCKED, "path": ["e0"]}]}), set()),
        (GithubException(400, {"errors": [NO_MUTATION]}), {"PR_1", "PR_2"}),
        (GithubException(400, {"data": {"n0": MADE, "n1": MADE}, "errors": [LOCKED]}), set()),
        ({"n0": MADE, "n1": None}, SILENT),
        ({"n0": MADE, "n1": {"commentEdge": None}}, SILENT),
        ({}, SILENT),
        (GithubException(400, {"data": None, "errors": [TIMEOUT]}), SILENT),
        (GithubException(400, {"errors": [TIMEOUT]}), SILENT),
        (GithubException(400, {"errors": [{**TIMEOUT, "extensions": {}}]}), SILENT),
        (GithubException(400, {"errors": ["x"]}), SILENT),
        (GithubException(400, {"errors": []}), SILENT),
        (GithubException(400, {"data": {"n0": MADE, "n1": None}, "errors": [NO_MUTATION]}), SILENT),
        (GithubException(400, {"data": None, "errors": [NO_MUTATION]}), SILENT),
        (GithubException(400, {"data": {"n0": MADE, "n1": None}, "errors": [{**LOCKED, "path": ["n0"]}]}), SILENT),
        (GithubException(400, {"data": {"n0": MADE, "n1": None}, "errors": ["x", None]}), SILENT),
        (GithubException(400, {"data": {"n0": None, "n1": None}, "errors": [LOCKED]}), SILENT),
        (GithubException(400, {"data": {"n0": MADE, "n1": None}, "errors": [{**LOCKED, "path": "n1"}]}), SILENT),
        (GithubException(500, {"message": "x"}), "GitHub answered 500: x"),
        (GithubException(502, None), "GitHub answered 502"),
    ],
)  # fmt: skip
def test_of_many_comments_only_what_github_says_it_refused_is_not_there(answer: Any, refused: Any) -> None:
    """Those may be tried again by themselves. Anything else that is no answer means that nobody knows, which is said."""
    bodies, edits = {"PR_1": "one", "PR_2": "two"}, {"IC_1": "three"}
    if isinstance(refused, str):
        with pytest.raises(UnavailableError, match=refused):
            answering(answer).announce_together(bodies, edits)
    else:
        assert answering(answer).announce_together(bodies, edits) == Unannounced(refused=frozenset(refused))


@pytest.mark.parametrize(
    ("answer", "errors"),
    [
        (None, [INTERNAL]),
        (None, [LOCKED, INTERNAL]),
        (None, [{**LOCKED, "type": None}]),
        (None, [{**LOCKED, "path": ["n1", "commentEdge"]}]),
        ({"commentEdge": None}, [{**LOCKED, "path": ["n1", "commentEdge"]}]),
        ({"commentEdge": None}, [LOCKED]),
    ],
)
def test_an_error_of_another_kind_is_about_one_comment(answer: Any, errors: list[Any]) -> None:
    """Nobody knows of this one, and GitHub answers: so the others are known, and more can be asked."""
    github = answering(GithubException(400, {"data": {"n0": MADE, "n1": answer}, "errors": errors}))
    found = github.announce_together({"PR_1": "one", "PR_2": "two"}, {})
    assert found == Unannounced(unclear=frozenset({"PR_2"}))


def test_what_announces_is_sent_once() -> None:
    """By the client that never repeats a call: one comment, or all new ones and all edits as one document."""
    answers = {"n0": MADE, "e0": {"issueComment": {"id": "IC_1"}}}
    often, once = AnsweringClient({}), AnsweringClient({}, answers)
    issues = GitHubIssues(cast("Client", often), cast("Client", once))
    issues.announce(7, "hello")
    assert issues.announce_together({"PR_1": "one"}, {"IC_1": "three"}) == Unannounced()
    comment, (_, query, inputs) = once.sent
    assert comment == ("POST", "/issues/7/comments", {"body": "hello"})
    assert inputs == {"n0": {"subjectId": "PR_1", "body": "one"}, "e0": {"id": "IC_1", "body": "three"}}
    assert ("n0: addComment(" in query, "e0: updateIssueComment(" in query, often.sent) == (True, True, [])


def test_looking_is_tried_again(github: GitHubSandbox) -> None:
    """Reading changes nothing, so a stumble of GitHub's is waited out."""
    faults = [GitHubFault(status=502)]
    github.faults = lambda _method, _path: faults.pop() if faults else None
    assert adapter(github).ours(START) == ()
    assert not faults


def test_a_refusal_is_final(github: GitHubSandbox) -> None:
    """Without the right, or with issues turned off, it says so."""
    github.faults = lambda _method, _path: GitHubFault(status=403)
    with pytest.raises(DeniedError):
        adapter(github).create("Look", "at this")


def test_lines_as_the_website_writes_them(github: GitHubSandbox) -> None:
    """An edit in a browser that changes nothing but the ends of lines is no change."""
    issues = adapter(github)
    made = issues.create("Look", "one\ntwo")
    url = f"{github.api_url}/repos/acme/access/issues/{made.number}"
    headers = {"Authorization": f"Bearer {github.token_for('mallory')}"}
    requests.patch(url, json={"body": "one\r\ntwo\r\n"}, headers=headers, timeout=5)
    assert issues.ours(START) == (made,)


def test_a_pull_request_of_the_workflows_is_no_issue(github: GitHubSandbox) -> None:
    """GitHub lists pull requests among the issues; one that bears a mark must not be edited as if it were ours."""
    base = f"{github.api_url}/repos/acme/access"
    headers = {"Authorization": f"Bearer {github.token_for(BOT)}"}
    tip = requests.get(f"{base}/branches/main", headers=headers, timeout=5).json()["commit"]["sha"]
    branch = {"ref": "refs/heads/forged", "sha": tip}
    file = {"message": "x", "content": "eAo=", "branch": "forged"}
    pull = {"title": "Look", "body": "<!-- mark -->", "head": "forged", "base": "main"}
    for method, path, body in (
        ("POST", "git/refs", branch),
        ("PUT", "contents/x", file),
        ("POST", "pulls", pull),
    ):
        answer = requests.request(method, f"{base}/{path}", json=body, headers=headers, timeout=5)
        assert answer.ok, answer.text
    assert adapter(github).ours(START) == ()


def test_an_issue_without_words_is_empty() -> None:
    """GitHub has null for it, which is no text of its own."""
    raw = {"number": 1, "title": " x ", "body": None, "state": "open", "user": {"login": BOT, "type": "Bot"}}
    client: Any = AnsweringClient({"/issues": [raw]})
    (found,) = GitHubIssues(client, client).ours(START)
    assert (found.title, found.body, found.is_open) == ("x", "", True)
