"""The embedded GitHub as something that starts, serves many at once, and leaves nothing behind."""

import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from github_world import START, acme

import requests
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github import GitHubSandbox
from jitbot.sandbox.organisation import Acme


def test_it_leaves_no_thread_no_folder_and_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the block ends its thread has ended, its folder is gone, and nobody answers at its address."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    threads = threading.active_count()
    with GitHubSandbox(Clock(START)) as github:
        github.create_repository("acme/access", {"a": b"1"})
        assert requests.get(f"{github.url}/user", timeout=5).status_code == 401
        assert len(list(tmp_path.iterdir())) == 1
        url = github.url
    assert threading.active_count() == threads
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/user", timeout=5)


def test_stopping_waits_for_the_call_under_way() -> None:
    """A call that is being answered when the block ends gets its answer."""
    entered = threading.Event()
    answers: list[int] = []

    def slow(_method: str, _path: str) -> None:
        entered.set()
        time.sleep(0.3)

    with GitHubSandbox(Clock(START)) as github:
        github.faults = slow
        url = f"{github.url}/user"
        caller = threading.Thread(target=lambda: answers.append(requests.get(url, timeout=5).status_code))
        caller.start()
        assert entered.wait(5)
    assert not [thread for thread in threading.enumerate() if "process_request" in thread.name]
    caller.join()
    assert answers == [401]


def test_two_sandboxes_know_nothing_of_each_other() -> None:
    """Each has its own address, tokens and issuer, so that a token of one opens nothing in the other."""
    with acme() as one, acme() as two:
        assert one.github.url != two.github.url
        headers = {"Authorization": f"token {one.github.token_for('alice')}"}
        assert requests.get(f"{one.github.url}/user", headers=headers, timeout=5).status_code == 200
        assert requests.get(f"{two.github.url}/user", headers=headers, timeout=5).status_code == 401


def test_of_many_writers_at_one_head_one_wins() -> None:
    """Eight threads commit on the same expected head: one commit lands, seven are told it is stale."""
    with acme() as world:
        head = world.tip("ledger")
        token = world.github.token_for("bob")

        def commit(number: int) -> str | None:
            given = {
                "branch": {"repositoryNameWithOwner": "acme/access", "branchName": "ledger"},
                "expectedHeadOid": head,
                "message": {"headline": str(number)},
                "fileChanges": {"additions": [{"path": f"e/{number}", "contents": ""}]},
            }
            query = "mutation($input: I!) { createCommitOnBranch(input: $input) { commit { oid } } }"
            body: Any = {"query": query, "variables": {"input": given}}
            headers = {"Authorization": f"token {token}"}
            answer = requests.post(
                f"{world.github.url}/graphql", json=body, headers=headers, timeout=10
            ).json()
            return answer["errors"][0]["type"] if "errors" in answer else None

        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(commit, range(8)))
        assert sorted(outcomes, key=str) == [None] + ["STALE_DATA"] * 7
        parents = world.repo("bob").get_commit("ledger").parents
        assert [parent.sha for parent in parents] == [head]


def test_a_start_and_a_call_are_quick() -> None:
    """Generous bounds, so that only a blunder (a Nagle delay, a sleep) breaks them: a start and a call."""
    began = time.perf_counter()
    with acme() as world:
        started = time.perf_counter() - began
        headers = {"Authorization": f"token {world.github.token_for('alice')}"}
        durations = []
        for _ in range(20):
            began = time.perf_counter()
            requests.get(f"{world.github.url}/repos/acme/access", headers=headers, timeout=5)
            durations.append(time.perf_counter() - began)
    assert started < 2
    assert sorted(durations)[10] < 0.035


def test_the_sandbox_calls_its_github_past_every_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that the person has set, and that reaches nobody, is not asked."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    with Acme(Clock()) as acme:
        assert acme.call("olivia", "GET", "/branches/main").ok
