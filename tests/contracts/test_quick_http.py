"""A call that is answered in this process is answered as through a socket: by GitHub and by AWS, in good and in bad."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import botocore.exceptions
import pytest
from acme_world import ORDERS, TABLE, World, open_world
from answering import answered_here, left_to_git
from github import Github
from github.Auth import Token
from quick_http import LISTENING
from urllib3 import Retry

import requests
from jitbot.sandbox.aws import AwsFault
from jitbot.sandbox.github.records import GitHubFault
from jitbot.sandbox.story.stage import Stage

NOTED = ("eventName", "errorCode", "requestParameters")  # of a call, in the event history
HOP = {"connection", "server"}  # of the connection alone, no part of an answer
REPO = "/repos/acme/access"
CALLS = (
    ("GET", REPO, None),
    ("HEAD", REPO, None),
    ("GET", f"{REPO}/pulls?state=all&per_page=1&page=1", None),
    ("GET", f"{REPO}/commits?path=policies%2Fpeople.yaml&sha=main", None),
    ("GET", f"{REPO}/contents/caf%C3%A9%20%2B?ref=main", None),
    ("GET", f"{REPO}/nothing/of/the/kind", None),
    ("POST", f"{REPO}/pulls", {"title": "é", "head": "no-such-branch", "base": "main"}),
    ("POST", f"{REPO}/pulls", None),
    ("POST", f"{REPO}/pulls", b"no JSON"),
    ("DELETE", f"{REPO}/git/refs/heads/no-such-branch", None),
    ("POST", "/graphql", {"query": "{ viewer { login } }"}),
    ("GET", "/user", None),
)


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """acme, with servers that are known in this process."""
    with pytest.MonkeyPatch.context() as patch:
        answered_here(patch)
        with open_world() as world:
            assert len(LISTENING) == 2
            yield world
    assert LISTENING == {}


def told(ask: Any) -> tuple[Any, Any]:
    """What a call gives in this process, and what it gives through a socket."""
    here = ask()
    with left_to_git():
        return here, ask()


def heads(answer: requests.Response) -> list[tuple[str, str]]:
    """The headers that belong to an answer, as they were sent."""
    return [(name, value) for name, value in answer.headers.items() if name.lower() not in HOP]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_github(quick: World, method: str, path: str, body: Any) -> None:
    """Status, reason, headers and body are the same; so is what the sandbox notes of the call."""
    sent = {"data": body} if isinstance(body, bytes) else {"json": body}

    def ask() -> Any:
        quick.forget()
        answer = requests.request(
            method, f"{quick.acme.github.api_url}{path}", timeout=5, **sent,
            headers={"Authorization": f"Bearer {quick.acme.token('alice')}"},
        )  # fmt: skip
        return answer.status_code, answer.reason, heads(answer), answer.content, list(quick.acme.github.calls)

    here, there = told(ask)
    assert here == there


@pytest.mark.parametrize(
    ("method", "path", "body"), [each for each in CALLS if not isinstance(each[2], bytes)]
)
def test_pygithub(quick: World, method: str, path: str, body: Any) -> None:
    """What PyGithub gets of an answer, good or bad, is the same; so is what the sandbox notes of the call."""

    def ask() -> Any:
        quick.forget()
        with closing(
            Github(auth=Token(quick.acme.token("alice")), base_url=quick.acme.github.api_url)
        ) as github:
            status, headers, output = github.requester.requestJson(method, path, input=body)
        belonging = [(name, value) for name, value in headers.items() if name not in HOP]
        return status, belonging, output, list(quick.acme.github.calls)

    here, there = told(ask)
    assert here == there


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("status", [None, 502, 429])
def test_pygithub_in_trouble(quick: World, status: int | None, after: bool) -> None:
    """What PyGithub asks again is asked again as often, and ends the same."""
    faults = [GitHubFault(status=status, after=after, body=b"trouble")] * 2

    def ask() -> Any:
        quick.forget()
        left = list(faults)
        quick.acme.github.faults = lambda *_: left.pop() if left else None
        repeat = Retry(total=2, status_forcelist=[502], backoff_factor=0)
        with closing(
            Github(auth=Token(quick.acme.token("alice")), base_url=quick.acme.github.api_url, retry=repeat)
        ) as github:
            status, _, output = github.requester.requestJson("GET", REPO)
        return status, output, len(left), list(quick.acme.github.calls)

    try:
        here, there = told(ask)
    finally:
        quick.calm()
    assert here == there
    assert here[2] == (1 if status == 429 else 0)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("status", [None, 502, 429])
def test_github_in_trouble(quick: World, status: int | None, after: bool) -> None:
    """A fault has the same answer, and a dropped connection is the same exception."""
    fault = GitHubFault(status=status, after=after, body=b"trouble", headers={"Retry-After": "1"})
    quick.acme.github.faults = lambda *_: fault

    def ask() -> Any:
        try:
            answer = requests.get(f"{quick.acme.github.api_url}{REPO}", timeout=5)
        except requests.ConnectionError as error:
            return type(error.args[0]), str(error.args[0])
        return answer.status_code, heads(answer), answer.content

    try:
        here, there = told(ask)
    finally:
        quick.calm()
    assert here == there


def test_nobody_listens(quick: World) -> None:
    """A port that none of these servers has is asked as ever: nothing answers there."""
    for at in (quick.acme.github.url, quick.acme.aws.url):
        assert int(at.rpartition(":")[2]) in LISTENING
    with pytest.raises(requests.ConnectionError):
        requests.get("http://127.0.0.1:9/", timeout=5)


def test_aws(quick: World) -> None:
    """Answers, pages, refusals and faults are the same, with the same metadata but for the number of the call."""
    path, _ = quick.request("alice", ORDERS, "ask", **TABLE)
    if not quick.roles():
        quick.ask("alice", "ask")
        quick.jit("grant")
    (role,) = quick.roles()
    name = role.arn.rpartition("/")[2]

    def ask() -> Any:
        iam = quick.by_hand()
        found: list[Any] = [
            iam.get_role(RoleName=name),
            *iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 1}),
            _refusal(lambda: iam.get_role(RoleName="no-such-role")),
            _refusal(lambda: iam.get_role(RoleName="b" * 65)),
            Stage.assume(quick, "mallory", role.arn),
        ]
        quick.acme.aws.faults = lambda *_: AwsFault(code="Throttling", status=429)
        found.append(_refusal(lambda: iam.get_role(RoleName=name)))
        quick.acme.aws.faults = None
        return [_without_number(each) for each in found]

    here, there = told(ask)
    assert here == there
    assert path in str(here)


def test_who_may_enter_and_read(quick: World) -> None:
    """Each person, each role, each table: a client has the answers that are asked for at the gateway, and AWS notes the same."""
    if not quick.roles():
        quick.ask("alice", "ask")
        quick.jit("grant")
    (role,) = quick.roles()

    def asked(stage: Any) -> Any:
        quick.forget()
        quick.acme.aws.history.clear()
        found: list[Any] = []
        for login in ("alice", "dave", "mallory"):
            session = stage.assume(quick, login, role.arn)
            read = (
                [stage.can_read(quick, session, table) for table in ("orders", "refunds")] if session else []
            )
            found.append((login, sorted(session or ()), read))
        noted = [
            (each.account_id, each.region, *map(each.event.get, NOTED)) for each in quick.acme.aws.history
        ]
        return found, list(quick.acme.aws.calls), noted

    here, there = asked(World), asked(Stage)
    assert here == there
    assert len(here[2]) >= 3
    assert [read for _, _, read in here[0]] == [[True, False], [], []]
    nobody = {"AWS_ACCESS_KEY_ID": "AKIANOBODY", "AWS_DEFAULT_REGION": "eu-west-1"}
    with pytest.raises(AssertionError, match="UnrecognizedClientException"):
        quick.can_read(nobody, "orders")


def _refusal(call: Any) -> Any:
    with pytest.raises((botocore.exceptions.ClientError, botocore.exceptions.ParamValidationError)) as raised:
        call()
    return getattr(raised.value, "response", str(raised.value))


def _without_number(answer: Any) -> Any:
    """An answer without what differs between any two calls."""
    if not isinstance(answer, dict) or "ResponseMetadata" not in answer:
        return answer
    meta = dict(answer["ResponseMetadata"])
    meta.pop("RequestId", None)
    meta["HTTPHeaders"] = {
        key: value for key, value in meta["HTTPHeaders"].items() if key not in {*HOP, "x-amzn-requestid"}
    }
    return {**answer, "ResponseMetadata": meta}


def test_a_proposal(quick: World) -> None:
    """A push that is done inside GitHub makes the very commit that git makes, and GitHub notes the same of it."""

    def ask() -> Any:
        quick.back(quick.kept["seed"])
        path, text = quick.request("alice", ORDERS, "pushed", **TABLE)
        number = quick.propose("alice", "pushed", {path: text}, {path: None, "a": "b"})
        first = quick.github.pulls[number]
        quick.push("alice", first.head_ref, {"c é": "d"}, message="More")
        pull = quick.github.pulls[number]
        moves = [
            (each.ref, each.before, each.after, each.kind, each.actor)
            for each in quick.github.activities[-2:]
        ]
        quick.github.store.update_ref(f"refs/heads/{pull.head_ref}", None)
        return first.head_sha, pull.head_sha, moves

    here, there = told(ask)
    assert here == there
    assert here[0] != here[1]
