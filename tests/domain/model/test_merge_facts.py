"""The facts a decision rests on: what a commit names, and when that is too many."""

from dataclasses import replace

import pytest
from acme_facts import HEAD, MERGED_AT, SECOND, an_actor
from builders import a_merge, a_pull, a_review

from jitbot.domain.model import bounds
from jitbot.domain.model.documents import GithubId, Login
from jitbot.domain.model.merge_facts import GONE, PullCommit, clashes_of, latest_judgements


@pytest.mark.parametrize("by_login", [0, 1, bounds.NAMES])
def test_a_commit_names_so_many_accounts_and_no_more(by_login: int) -> None:
    """By id or by login: up to the bound they are those named; beyond it the commit names everybody."""
    logins = tuple(Login(f"x{number}") for number in range(by_login))
    for more, crowded in ((0, False), (1, True)):
        named = tuple(GithubId(number) for number in range(bounds.NAMES - by_login + more))
        assert PullCommit(sha=HEAD, named=named, co_authors=logins).is_crowded is crowded


def test_a_commit_of_which_not_all_is_read_names_everybody() -> None:
    """Whatever was read of it."""
    assert PullCommit(sha=HEAD, named=(), crowded=True).is_crowded


def test_an_account_that_is_gone_is_known_by_its_id() -> None:
    """GitHub shows nothing, or the account @ghost, in its place; a login is nobody's for ever."""
    assert GONE.is_gone
    assert an_actor("ghost", github_id=10137).is_gone
    assert not an_actor("ghost", github_id=5).is_gone


def test_a_pull_request_is_open_until_it_is_merged_or_closed() -> None:
    """GitHub says when either happened; a record, which keeps merged ones alone, says when it was merged."""
    waiting = a_pull(merged_at=None)
    assert waiting.is_open
    assert not replace(waiting, closed_at=MERGED_AT).is_open
    assert not replace(waiting, merged_at=MERGED_AT).is_open


def test_names_clash_that_differ_by_case_alone() -> None:
    """A file system without case takes them for one; the path itself, and any other name, is none of them."""
    names = ("requests/a.yaml", "requests/A.yaml", "requests/b.yaml", "requests/a.YAML")
    assert clashes_of("requests/a.yaml", names) == ("requests/A.yaml", "requests/a.YAML")


def test_the_last_judgement_of_each_reviewer_counts() -> None:
    """In the order of time; a comment judges nothing, and what came after that moment is not looked at."""
    first, last = a_review("bob"), a_review("bob", review_id=2, state="DISMISSED", submitted_at=MERGED_AT)
    comment = a_review("bob", review_id=3, state="COMMENTED", submitted_at=MERGED_AT)
    erin = a_review("erin", review_id=4, state="CHANGES_REQUESTED", submitted_at=MERGED_AT - SECOND)
    late = a_review("erin", review_id=5, submitted_at=MERGED_AT + SECOND)
    reviews = (late, comment, last, erin, first)
    assert latest_judgements(reviews, MERGED_AT) == (erin, last)
    assert latest_judgements(reviews, MERGED_AT - SECOND) == (first, erin)
    assert latest_judgements((comment, late), MERGED_AT) == ()


def test_a_review_from_before_the_head_was_pushed_again() -> None:
    """One of that very second came after it; where no push is known none came after."""
    review = a_review(submitted_at=MERGED_AT)
    for pushed_at, after in ((None, False), (MERGED_AT, False), (MERGED_AT + SECOND, True)):
        assert a_merge(head_pushed_at=pushed_at).pushed_after(review) is after
