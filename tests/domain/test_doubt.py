"""What GitHub contradicts itself about is neither a yes nor a no."""

import pytest
from acme_facts import HOUR, NOW, PATH, sha
from builders import a_case, a_commit, a_merge, a_pull, codes, judged

from jitbot.domain.approval import Verdict
from jitbot.domain.evidence import Merge

SHORT: dict[str, Merge] = {
    "no commits": a_merge(commits=(), touching=frozenset()),
    "fewer commits": a_merge(pull_request=a_pull(commit_count=2)),
    "more commits": a_merge(commits=(a_commit("alice"), a_commit("alice", name=sha("other")))),
    "the most that is listed, and one missing": a_merge(
        commits=tuple(a_commit("alice", name=sha(f"{number}")) for number in range(249)),
        pull_request=a_pull(commit_count=250),
    ),
    "no files": a_merge(files=(), pull_request=a_pull(changed_files=1)),
    "fewer files": a_merge(pull_request=a_pull(changed_files=2)),
    "no merge among its events": a_merge(merge_seen=False),
    "merged, and not merged": a_merge(pull_request=a_pull(merged_at=None)),
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
