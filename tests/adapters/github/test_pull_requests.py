"""Pull requests read by REST, from GitHub's answers: which of a list count, and every path of one."""

from datetime import timedelta
from typing import Any

import pytest
from acme_facts import HOUR, NOW
from answering_client import AnsweringClient

from jitbot.adapters.github import GitHubReader
from jitbot.domain.text import timestamp


def raw(number: int, ago: timedelta = HOUR, **changes: Any) -> dict[str, Any]:
    """One of a list."""
    end = {"ref": "main", "sha": "1" * 40, "repo": {"id": 7}}
    return {
        "number": number,
        "user": {"login": "alice", "id": 1, "type": "User"},
        "base": end,
        "head": end,
        "created_at": timestamp.show(NOW - ago),
        "title": "Ask",
        "html_url": "u",
        "node_id": "n",
        **changes,
    }


def reader(**answers: Any) -> GitHubReader:
    """The adapter over these answers, by the path below /pulls."""
    client: Any = AnsweringClient({f"/pulls{path}": answer for path, answer in answers.items()})
    return GitHubReader(client)


@pytest.mark.parametrize(("branch", "head"), [("", ""), ("x/y", "&head=acme%3Ax%2Fy")])
def test_a_pull_request_of_nobody_is_no_request(branch: str, head: str) -> None:
    """One of a branch is asked for by its owner and name."""
    reads = reader(**{f"?state=open{head}": [raw(3), raw(2, user=None), raw(1)]})
    assert [each.number for each in reads.open_pulls(branch)] == [3, 1]


def test_what_was_created_in_a_time() -> None:
    """From its start on, and before its end; what is older ends the list, whatever follows."""
    listed = [raw(5, timedelta()), raw(4, HOUR), raw(3, 2 * HOUR), raw(2, 3 * HOUR), raw(1, HOUR)]
    reads = reader(**{"?state=all&sort=created&direction=desc": listed})
    assert [each.number for each in reads.created_pulls(NOW - 2 * HOUR, NOW)] == [4, 3]


def test_a_file_that_was_renamed_has_two_names() -> None:
    """Both are touched."""
    listed = [{"filename": "a"}, {"filename": "c", "previous_filename": "b"}]
    assert reader(**{"/7/files": listed}).files(7) == ("a", "c", "b")
