"""What GitHub is asked for a case: together where it can be, once, and twice where that matters."""

from typing import Any
from unittest.mock import Mock, create_autospec

import pytest
from acme_facts import HEAD, MERGE, MERGED_AT, MINUTE, PATH, sha
from builders import a_commit, a_pull, a_review

from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.model.github_objects import Comment, PullRecount
from jitbot.domain.model.merge_facts import (
    CommitReading,
    PullReading,
    PullRequest,
    PullRequestHistory,
)
from jitbot.ports.github_read import GitHubRead
from jitbot.usecases.collect.asked import AsIfMerged, Asked

HISTORY = PullRequestHistory(merged=True, retargeted_at=None, dismissals=())
OTHER = sha("another merge")


def a_reading(pull: PullRequest, **changes: Any) -> PullReading:
    """A pull request read whole, in one call."""
    whole = {"files": (PATH,), "reviews": (a_review(),), "commits": (a_commit("alice"),), "history": HISTORY}
    return PullReading(pull=pull, **{**whole, **changes})


def a_commit_reading(*pulls: PullReading, branch: str = "main") -> CommitReading:
    """What a commit's reading says."""
    return CommitReading(default_branch=branch, pulls=pulls)


def a_recount(**changes: Any) -> PullRecount:
    """The second reading, with counts of its own."""
    return PullRecount(**{"reviews": (a_review(),), "commit_count": 2, "changed_files": 3, **changes})


def a_github(**answers: Any) -> Any:
    """GitHub with these answers; by REST a pull request has the number 70 and all lists are empty."""
    github = create_autospec(GitHubRead, instance=True)
    github.pull.return_value = a_pull(number=70)
    github.pulls_of.return_value = (a_pull(number=70),)
    github.hosting.return_value = Mock(default_branch="hosted")
    for name in ("files", "reviews", "commits"):
        getattr(github, name).return_value = ()
    for name, answer in {"read_commits": {}, "recount": {}, **answers}.items():
        if isinstance(answer, Exception):
            getattr(github, name).side_effect = answer
        else:
            getattr(github, name).return_value = answer
    return github


def asked_of(github: Any) -> list[str]:
    """The names of the questions, in their order."""
    return [name for name, *_ in github.method_calls]


def test_expected_commits_are_read_together_and_once() -> None:
    """With the first of them; one that was not expected is asked for by itself."""
    seven, eight = a_reading(a_pull()), a_reading(a_pull(number=8))
    readings = {MERGE: a_commit_reading(seven), OTHER: a_commit_reading(eight)}
    github = a_github(read_commits=readings, recount={7: a_recount(), 8: a_recount()})
    asked = Asked(github)
    asked.expect([MERGE, OTHER])
    assert asked.pulls_of(sha("unexpected")) == github.pulls_of.return_value
    assert asked_of(github) == ["pulls_of"]
    (pull,) = asked.pulls_of(MERGE)
    assert (pull.number, pull.commit_count, pull.changed_files, pull.merged_by) == (7, -1, None, None)
    assert [each.number for each in asked.pulls_of(OTHER)] == [8]
    asked.expect([MERGE, third := sha("third")])
    assert asked.pulls_of(third) == github.pulls_of.return_value
    assert [call.args[0] for call in github.read_commits.call_args_list] == [[MERGE, OTHER], [third]]
    assert asked.default_branch() == "main"
    assert (asked.files(7), asked.commits(8), asked.history(7)) == ((PATH,), (a_commit("alice"),), HISTORY)
    assert asked_of(github) == ["pulls_of", "read_commits", "read_commits", "pulls_of"]


@pytest.mark.parametrize(
    ("readings", "branch"),
    [({}, "hosted"), ({MERGE: "main", OTHER: "main"}, "main"), ({MERGE: "main", OTHER: "moved"}, "hosted")],
)
def test_the_default_branch_is_the_one_that_all_readings_name(readings: dict[Any, str], branch: str) -> None:
    """Otherwise GitHub is asked for it."""
    github = a_github(read_commits={each: a_commit_reading(branch=name) for each, name in readings.items()})
    asked = Asked(github)
    asked.expect(readings)
    for each in readings:
        assert asked.pulls_of(each) == ()
    assert asked.default_branch() == branch


def test_what_cannot_be_read_together_is_asked_one_by_one() -> None:
    """A call that fails, a commit left out, a part that was not seen whole."""
    asked = Asked(a_github(read_commits=UnavailableError("cut")))
    asked.expect([MERGE])
    assert [each.number for each in asked.pulls_of(MERGE)] == [70]
    parts: dict[str, Any] = {"files": None, "reviews": None, "commits": None, "history": None}
    github = a_github(history=HISTORY)
    asked = Asked(github)
    asked.know(a_reading(a_pull(), **parts))
    assert (asked.files(7), asked.commits(7), asked.reviews(7), asked.history(7)) == ((), (), (), HISTORY)
    assert asked.pull(7).number == 70
    assert Asked(github).files(8) == ()


def test_the_counts_are_those_of_a_second_reading() -> None:
    """Of all that were read together, in one call, and never twice; without one the pull request is asked for itself."""
    github = a_github(recount={7: a_recount()})
    asked = Asked(github)
    assert asked.pull(9).number == 70
    github.recount.assert_not_called()
    asked.know(a_reading(a_pull()))
    asked.know(a_reading(a_pull(number=8)))
    pull = asked.pull(7)
    assert (pull.number, pull.commit_count, pull.changed_files) == (7, 2, 3)
    assert asked.pull(8).number == 70
    assert asked.reviews(7) == (a_review(),)
    asked.know(a_reading(a_pull(number=6)))
    assert asked.pull(6).number == 70
    assert [call.args[0] for call in github.recount.call_args_list] == [[7, 8], [6]]
    failed = Asked(a_github(recount=UnavailableError("cut")))
    failed.know(a_reading(a_pull()))
    assert failed.pull(7).number == 70


def test_a_conversation_is_known_of_what_was_read_twice() -> None:
    """With the first of its comments, by the name that GraphQL has for it; of any other pull request it is asked for."""
    comment = Comment(comment_id=1, by_actions=True, body="x")
    github = a_github(recount={number: a_recount(comments=(comment,)) for number in (7, 8)})
    asked = Asked(github)
    asked.know(a_reading(a_pull(node_id="PR_7")))
    asked.know(a_reading(a_pull(number=8, node_id="")))
    asked.know(a_reading(a_pull(number=6, node_id="PR_6")))
    assert asked.conversation(7) is None
    asked.pull(7)
    assert asked.conversation(7) == ("PR_7", (comment,))
    assert [asked.conversation(number) for number in (8, 6, 5)] == [None, None, None]
    assert asked_of(github) == ["recount"]


OBJECTION = a_review("frank", state="CHANGES_REQUESTED", review_id=2)
COMMENT = a_review("frank", state="COMMENTED", review_id=2)
LATE = a_review("frank", review_id=2, submitted_at=MERGED_AT + MINUTE)


@pytest.mark.parametrize("whole", [True, False], ids=["recounted", "asked by REST"])
@pytest.mark.parametrize(
    ("second", "agree"),
    [(OBJECTION, False), (COMMENT, True), (LATE, True)],
    ids=["objects", "comments", "late"],
)
def test_two_readings_of_the_reviews_must_agree_in_what_can_matter(
    second: Any, agree: bool, whole: bool
) -> None:
    """Otherwise none of them is used."""
    more = (a_review(), second)
    github = a_github(recount={7: a_recount(reviews=more if whole else None)}, reviews=more)
    asked = Asked(github)
    asked.know(a_reading(a_pull()))
    if agree:
        assert asked.reviews(7) == (a_review(),)
    else:
        with pytest.raises(UnavailableError, match="other reviews of #7"):
            asked.reviews(7)
    assert github.reviews.called is not whole


def test_of_a_pull_request_that_is_not_merged_one_reading_is_enough() -> None:
    """That alone is in doubt already."""
    asked = Asked(a_github(recount={7: a_recount(reviews=(OBJECTION,))}))
    asked.know(a_reading(a_pull(merged_at=None)))
    assert asked.reviews(7) == (a_review(),)


@pytest.mark.parametrize("known", [True, False])
def test_an_open_one_is_asked_for_what_was_not_read_of_it(known: bool) -> None:
    """What was read is used; and who may write is asked where the token may."""
    github = a_github(history=HISTORY, permission="write")
    reading = a_reading(a_pull(merged_at=None)) if known else None
    seen = AsIfMerged(github, pull=a_pull(merged_at=None), files=(PATH,), at=MERGED_AT, reading=reading)
    assert seen.reviews(7) == ((a_review(),) if known else ())
    assert seen.commits(7) == ((a_commit("alice"),) if known else ())
    assert seen.permission(a_pull().author.login) == "write"
    assert seen.pull(7).merge_commit == HEAD
    github.permission.side_effect = DeniedError("no")
    assert seen.permission(OBJECTION.user.login) == "unknown"
