"""GitHub's answers as values, without a network: what is missing in one is not something else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from answering_client import AnsweringClient
from github import GithubException

from jitbot.adapters.github import GitHubReader, answers, graphql
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import UnavailableError

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ALICE = {"login": "alice", "id": 1, "type": "User"}
PULL = {
    "number": 7, "user": ALICE, "created_at": "2026-11-24T09:00:00Z", "title": "Ask", "html_url": "x", "node_id": "n",
    "base": {"ref": "main", "repo": {"id": 1}}, "head": {"ref": "ask", "sha": "a", "repo": {"id": 2}},
}  # fmt: skip


def reader(given: dict[str, Any], of_graphql: Any = None) -> GitHubReader:
    """The adapter over these answers."""
    client: Any = AnsweringClient(given, of_graphql)
    return GitHubReader(client)


@pytest.mark.parametrize(
    ("more", "field", "value"),
    [
        ({}, "merge_commit", None),
        ({"merge_commit_sha": None}, "merge_commit", None),
        ({"merge_commit_sha": "b"}, "merge_commit", "b"),
        ({}, "changed_files", None),
        ({"changed_files": 0}, "changed_files", 0),
        ({"changed_files": 3}, "changed_files", 3),
        ({}, "commit_count", -1),
        ({"closed_at": "2026-11-24T09:00:00Z"}, "closed_at", NOW),
        ({"auto_merge": {"merge_method": "squash"}}, "auto_merge", True),
    ],
)
def test_a_pull_request_says_what_it_says(more: dict[str, Any], field: str, value: object) -> None:
    """A list says less of it than the pull request itself."""
    assert getattr(answers.pull_request({**PULL, **more}), field) == value


def event(kind: str, minute: int, **more: Any) -> dict[str, Any]:
    """One event of a pull request."""
    return {"event": kind, "created_at": f"2026-11-24T09:{minute:02}:00Z", **more}


def test_the_history_of_a_pull_request() -> None:
    """The last of each kind, whatever comes after it; one that never was is none."""
    found = answers.history(
        [event("reopened", 1), event("reopened", 2), event("base_ref_changed", 3), event("labeled", 9)]
    )
    assert (found.reopened_at, found.retargeted_at) == (
        NOW + timedelta(minutes=2),
        NOW + timedelta(minutes=3),
    )
    assert (found.merged, found.dismissals) == (False, ())
    other = answers.history([event("merged", 1), event("closed", 1)])
    assert (other.merged, other.reopened_at, other.retargeted_at) == (True, None, None)


@pytest.mark.parametrize("dismissed", [None, {}, {"review_id": None, "state": None}])
def test_a_dismissal_that_names_no_review_is_of_none(dismissed: Any) -> None:
    """No review has that number, and no state is read into it."""
    (found,) = answers.history(
        [event("review_dismissed", 1, dismissed_review=dismissed, actor=None)]
    ).dismissals
    assert (found.review_id, found.state, found.by.is_gone) == (0, "", True)


def test_a_comment_without_words_or_name_is_empty() -> None:
    """GitHub has null for either."""
    found = answers.comment({"id": 1, "body": None, "user": None})
    assert (found.body, found.node_id, found.by_actions) == ("", "", False)


def test_only_rules_of_a_kind_ask_for_it() -> None:
    """The parameters of another kind are not those of reviews, or of checks."""
    asks = {
        "required_approving_review_count": 5,
        "require_code_owner_review": True,
        "required_status_checks": [{"context": "x"}],
    }
    rules = answers.branch_rules(
        (
            {"type": "other", "parameters": asks},
            {"type": "pull_request", "parameters": {**asks, "required_approving_review_count": 2}},
            {"type": "required_status_checks", "parameters": {"required_status_checks": [{"context": "y"}]}},
        )
    )
    assert (rules.approvals, rules.code_owners, rules.checks) == (2, True, frozenset({"y"}))
    weak = answers.branch_rules(({"type": "other", "parameters": asks},))
    assert (weak.approvals, weak.code_owners, weak.checks) == (0, False, frozenset())


def move(second: int) -> dict[str, Any]:
    """A move of a branch, so many seconds after nine o'clock."""
    at = f"{NOW + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}"
    return {"before": "a", "after": "b", "timestamp": at, "activity_type": "push", "actor": None}


def test_a_branch_that_never_moved() -> None:
    """An empty list is one; and so is a page of one second that lies behind what is asked for."""
    assert reader({"/activity": ([], [])}).pushes("x", NOW) == ()
    assert reader({"/activity": ([], [move(-1)])}).pushes_since("x", NOW) == ()
    assert reader({"/activity": [move(9), move(9)]}).pushes("x", NOW) == ()
    with pytest.raises(UnavailableError, match="newest first"):
        reader({"/activity": [move(10), move(9)]}).pushes("x", NOW)


@pytest.mark.parametrize("text", ["None", "False", ""])
def test_a_content_that_is_not_there_is_none(text: str) -> None:
    """What stands for nothing is no text of its own; an empty file is proven by its name."""
    blob = Sha(blob_name(text.encode()))
    for answer in (None, {}, {"text": None}):
        found = reader({}, {"repository": {"o0": answer}}).contents([blob])
        assert found == ({blob: b""} if text == "" else {})


def test_a_pull_request_of_nobody_is_not_listed() -> None:
    """Its author is gone, so nobody waits for it; a file has two names where it was renamed."""
    gone = {**PULL, "user": None}
    reads = reader(
        {
            "/pulls?state=open": [gone, PULL],
            "/pulls/7/files": [{"filename": "a"}, {"filename": "b", "previous_filename": "c"}],
        }
    )
    assert [each.author.login for each in reads.open_pulls()] == ["alice"]
    assert reads.files(7) == ("a", "b", "c")


@pytest.mark.parametrize(
    ("data", "types"),
    [
        ({"errors": [{"type": "NOT_FOUND"}, "x", {"message": "y"}]}, {"NOT_FOUND", "None"}),
        ({"errors": "x"}, set()),
        ({}, set()),
        ("text", set()),
    ],
)
def test_what_went_wrong_by_its_name(data: Any, types: set[str]) -> None:
    """As far as GitHub names it."""
    assert set(graphql.types_of(GithubException(200, data))) == types
