"""What GitHub contradicts itself about is neither a yes nor a no."""

from dataclasses import replace

import pytest
from acme_facts import (
    HOUR,
    MERGED_AT,
    MINUTE,
    NOW,
    PATH,
    SECOND,
    a_request,
    an_actor,
    sha,
    the_rules,
    unreadable,
)
from builders import a_case, a_commit, a_merge, a_pull, a_review, codes, judged

from jitbot.domain.access.approval import Verdict
from jitbot.domain.access.doubt import awaited
from jitbot.domain.model.merge_facts import Case, Dismissal, Merge, PullRequest

SHORT: dict[str, Merge] = {
    "no commits": a_merge(commits=(), touching=frozenset()),
    "fewer commits": a_merge(pull_request=a_pull(commit_count=2)),
    "more commits": a_merge(commits=(a_commit("alice"), a_commit("alice", name=sha("other")))),
    "the most that is listed, and one missing": a_merge(
        commits=tuple(a_commit("alice", name=sha(f"{number}")) for number in range(249)),
        pull_request=a_pull(commit_count=250),
    ),
    "commits, of which it has none": a_merge(pull_request=a_pull(commit_count=0)),
    "no files": a_merge(files=(), pull_request=a_pull(changed_files=1)),
    "fewer files": a_merge(pull_request=a_pull(changed_files=2)),
    "no merge among its events": a_merge(merge_seen=False),
    "merged, and not merged": a_merge(pull_request=a_pull(merged_at=None)),
    "a dismissal that the review does not show": a_merge(
        dismissals=(Dismissal(review_id=1, by=an_actor("olivia"), state="APPROVED", at=NOW),)
    ),
}


@pytest.mark.parametrize("merge", SHORT.values(), ids=SHORT.keys())
def test_a_short_answer_decides_nothing(merge: Merge) -> None:
    """An hour later no more than at once: only a complete answer does."""
    for now in (NOW, NOW + HOUR):
        decision = judged(a_case(merge=merge, listed=(a_pull(),)), now=now)
        assert (decision.verdict, codes(decision)) == (Verdict.UNDECIDED, {"short-answer"})


WHOLE: dict[str, Merge] = {
    "all of it": a_merge(pull_request=a_pull(changed_files=1), merge_seen=True),
    "both ends of a rename": a_merge(files=(PATH, PATH), pull_request=a_pull(changed_files=1)),
    "not looked at by an older version": a_merge(pull_request=a_pull(changed_files=None), merge_seen=None),
    "a dismissal of another review": a_merge(
        dismissals=(Dismissal(review_id=2, by=an_actor("olivia"), state="APPROVED", at=NOW),)
    ),
}


@pytest.mark.parametrize("merge", WHOLE.values(), ids=WHOLE.keys())
def test_a_complete_answer_decides(merge: Merge) -> None:
    """What agrees with the pull request is no doubt; nor is what nobody looked at then."""
    assert judged(a_case(merge=merge)).verdict is Verdict.APPROVED


def test_more_commits_than_github_lists_are_refused() -> None:
    """They will never be listed, so there is nothing to wait for."""
    commits = tuple(a_commit("alice", name=sha(f"{number}")) for number in range(250))
    decision = judged(a_case(merge=a_merge(commits=commits, pull_request=a_pull(commit_count=251))))
    assert (decision.verdict, codes(decision)) == (Verdict.REFUSED, {"too-many-commits"})


def test_more_files_than_are_read_are_refused() -> None:
    """They are told in full, and never read: so there is nothing to wait for."""
    decision = judged(a_case(merge=a_merge(files=None, pull_request=a_pull(changed_files=3000))))
    assert (decision.verdict, codes(decision)) == (Verdict.REFUSED, {"too-many-files"})


LISTED = Dismissal(review_id=1, by=an_actor("mallory"), state="APPROVED", at=NOW)


def dismissed(*dismissals: Dismissal, **changes: object) -> Case:
    """bob's review is shown as dismissed, and these dismissals are listed."""
    review = a_review("bob", **{"state": "DISMISSED", **changes})
    return a_case(merge=a_merge(reviews=(review,), dismissals=dismissals))


def test_a_dismissal_that_is_not_listed_is_waited_for_while_github_may_lag() -> None:
    """For 15 minutes from the merge, before or after; the message names the review."""
    (finding,) = awaited(dismissed(), NOW)
    assert finding.code == "short-answer"
    assert finding.message.startswith("GitHub shows bob's review of #7 as dismissed")
    for age, waits in ((15 * MINUTE - SECOND, True), (15 * MINUTE, False), (-15 * MINUTE, False)):
        assert any(awaited(dismissed(), MERGED_AT + age)) is waits


@pytest.mark.parametrize("state", ["APPROVED", "CHANGES_REQUESTED"])
def test_a_dismissal_that_the_review_does_not_show_is_in_doubt_for_as_long(state: str) -> None:
    """No review comes back from a dismissal: one of the two lists is late, and nobody is given or refused anything."""
    decision = judged(dismissed(LISTED, state=state))
    assert (decision.verdict, codes(decision)) == (Verdict.UNDECIDED, {"short-answer"})
    (finding,) = decision.reasons
    assert finding.message == "GitHub lists that bob's review of #7 was dismissed, and shows it as it was"
    assert judged(dismissed(replace(LISTED, review_id=2), state="APPROVED")).verdict is Verdict.APPROVED
    assert judged(dismissed(LISTED)).verdict is not Verdict.UNDECIDED


def test_a_strangers_dismissed_review_is_no_doubt() -> None:
    """Whoever counts for nothing delays nothing."""
    stranger = a_review("stranger", user=an_actor("stranger"), review_id=1, state="CHANGES_REQUESTED")
    found = a_case(merge=a_merge(reviews=(a_review("bob", review_id=2), stranger), dismissals=(LISTED,)))
    assert judged(found).verdict is Verdict.APPROVED


TWIN = a_pull(number=8, author=an_actor("mallory"))
NOT_HERS: dict[str, tuple[PullRequest, ...]] = {
    "a twin": (TWIN,),
    "hers, into another branch": (a_pull(base_branch="side"),),
    "hers, not merged": (a_pull(merged_at=None), TWIN),
}


@pytest.mark.parametrize("listed", NOT_HERS.values(), ids=NOT_HERS.keys())
def test_the_requesters_own_pull_request_is_waited_for(listed: tuple[PullRequest, ...]) -> None:
    """For 15 minutes from the merge, whatever else GitHub lists."""
    case = a_case(listed=listed, merge=a_merge(pull_request=TWIN))
    (finding,) = awaited(case, NOW)
    assert (finding.code, "by alice" in finding.message) == ("no-pull-request-yet", True)
    assert list(awaited(case, MERGED_AT + 15 * MINUTE)) == []
    assert list(awaited(replace(case, listed=(*listed, a_pull())), NOW)) == []


NOTHING: dict[str, Case] = {
    "hers, merged as another commit": a_case(listed=(a_pull(merge_commit=sha("other")), TWIN)),
    "a dismissal that is listed": dismissed(LISTED),
    "a review that stands": dismissed(state="APPROVED"),
    "a review of nobody's": dismissed(user=an_actor("stranger")),
    "a review after the merge": dismissed(submitted_at=MERGED_AT + SECOND),
    "dismissals that nobody asked for": a_case(merge=a_merge(reviews=(a_review(state="DISMISSED"),))),
    "no merge": a_case(merge=None, listed=(a_pull(),)),
    "a deletion": a_case(listed=(TWIN,), request=None),
    "people that do not read": replace(dismissed(), rules=the_rules(people=None)),
    "a request that does not read": a_case(listed=(TWIN,), request=unreadable()),
    "a requester whom nobody knows": a_case(listed=(TWIN,), request=a_request(requester="stranger")),
    "a merge that is none": a_case(
        merge=a_merge(pull_request=a_pull(merged_at=None), dismissals=()), listed=(a_pull(),)
    ),
}


@pytest.mark.parametrize("case", NOTHING.values(), ids=NOTHING.keys())
def test_nothing_is_waited_for_that_is_told_or_does_not_count(case: Case) -> None:
    """What is listed, what judges nothing, and what nobody looked at delays no refusal."""
    assert list(awaited(case, NOW)) == []
