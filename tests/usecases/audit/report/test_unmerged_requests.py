"""What was asked for and never merged, from what GitHub lists of a period."""

from datetime import timedelta
from typing import Any
from unittest.mock import create_autospec

from acme_facts import MERGED_AT
from builders import a_pull

from jitbot.ports.github_read import GitHubRead
from jitbot.usecases.audit.unmerged_requests import read_unmerged

FILES = {
    1: ("requests/x/2026/11/a.yaml", "README.md"),
    2: ("README.md",),
    3: ("requests/x/2026/11/c.yaml",),
    4: ("docs/requests/d.yaml",),
}


def github(*pulls: Any) -> Any:
    """A GitHub that lists these pull requests, whatever the period."""
    found = create_autospec(GitHubRead, instance=True)
    found.created_pulls.return_value = pulls
    found.files.side_effect = FILES.get
    return found


def test_what_touches_requests_and_was_not_merged_is_told() -> None:
    """Oldest first, by its request files alone; what was merged is not even asked for its files."""
    early, late = MERGED_AT - timedelta(days=2), MERGED_AT - timedelta(days=1)
    open_too = {"merged_at": None, "merge_commit": None, "title": "Ask"}
    asked = github(
        a_pull(number=4, created_at=late, **open_too),
        a_pull(number=3, created_at=late),
        a_pull(number=2, created_at=late, **open_too),
        a_pull(number=1, created_at=late, **open_too),
        a_pull(number=1, created_at=early, closed_at=late, **open_too),
    )
    found = read_unmerged(asked, early, MERGED_AT)
    assert [(each.created_at, each.closed_at, each.requests) for each in found] == [
        (early, late, FILES[1][:1]),
        (late, None, FILES[1][:1]),
    ]
    assert {(each.title, each.number) for each in found} == {("Ask", 1)}
    asked.created_pulls.assert_called_once_with(early, MERGED_AT)
    assert 3 not in [call.args[0] for call in asked.files.call_args_list]
