"""The facts of a case, as they are collected for a pull request that is still open."""

from unittest.mock import create_autospec

from acme_facts import HEAD, MERGED_AT, PATH
from builders import a_pull, a_review

from jitbot.domain.model.documents import Login
from jitbot.domain.model.errors import DeniedError
from jitbot.domain.model.merge_facts import PullRequestHistory
from jitbot.ports.github_read import GitHubRead
from jitbot.usecases.collect.asked import AsIfMerged


def test_an_open_pull_request_is_seen_as_if_it_were_merged_now() -> None:
    """As the commit at its head, with the files that git names: GitHub is asked neither for them nor how many they are."""
    github = create_autospec(GitHubRead, instance=True)
    github.history.return_value = PullRequestHistory(merged=False, retargeted_at=None, dismissals=())
    github.reviews.return_value = (a_review(),)
    github.permission.side_effect = DeniedError("this token may not ask")
    pull = a_pull(merged_at=None, merge_commit=None, changed_files=9)
    seen = AsIfMerged(github, pull=pull, files=(PATH,), at=MERGED_AT)
    merged = a_pull(merged_at=MERGED_AT, merge_commit=HEAD, changed_files=None)
    assert seen.pull(7) == merged
    assert seen.pulls_of(HEAD) == (merged,)
    assert seen.default_branch() == merged.base_branch
    assert seen.files(7) == (PATH,)
    assert seen.history(7).merged
    assert seen.permission(Login("bob")) == "unknown"
    assert seen.reviews(7) == seen.reviews(7) == (a_review(),)
    assert [name for name, *_ in github.method_calls] == ["history", "permission", "reviews"]
