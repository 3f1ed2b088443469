"""What GitHub may only not have told yet: lists that lag, or that contradict what the pull request itself says.

An empty answer is not a no. What is in doubt is neither given nor refused; it is asked again.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from jitbot.domain.evidence import Case, Merge
from jitbot.domain.ground import at
from jitbot.domain.model import Finding

GITHUB_LAG = timedelta(minutes=15)  # how long GitHub may take to connect a commit with its pull request
LISTED_COMMITS = 250  # GitHub lists so many of a pull request, and no more
# Reasons that rest on what GitHub answered. A refusal for these alone is one only if GitHub answers so twice.
FORGES = frozenset(
    {
        "ambiguous-merge",
        "author-gone",
        "changes-requested",
        "head-moved",
        "incomplete",
        "no-pull-request",
        "no-reviewer",
        "not-as-listed",
        "not-enough-approvals",
        "not-its-merge",
        "not-the-author",
        "not-what-was-approved",
        "rules-changed",
        "too-many-authors",
        "too-many-commits",
        "too-many-moves",
    }
)
_AGAIN = "nothing was granted or refused; the next run asks again"


def doubts_of(case: Case, now: datetime) -> Iterator[Finding]:
    """Every reason to ask again before anything is decided; `now` only bounds GitHub's lag."""
    # Whoever pushes past the rules chooses the date: one far ahead must not stay in doubt for ever.
    merged = any(pull.merged_at is not None for pull in case.listed)
    if not merged and abs(now - case.change.committed_at) < GITHUB_LAG:
        message = f"GitHub lists no merged pull request for {case.change.commit[:10]} yet"
        yield at(
            case, "no-pull-request-yet", message, "the next run asks again; after 15 minutes it is refused"
        )
    if case.merge is not None:
        for message in _short(case.merge):
            yield at(case, "short-answer", message, _AGAIN)


def _short(merge: Merge) -> Iterator[str]:
    """Where GitHub's lists hold less, or other, than its pull request says."""
    pull = merge.pull_request
    if pull.merged_at is None:
        yield f"GitHub says that #{pull.number} is merged, and that it is not"
    if len(merge.commits) != pull.commit_count and 0 <= pull.commit_count <= LISTED_COMMITS:
        yield f"GitHub lists {len(merge.commits)} commits of #{pull.number}, which has {pull.commit_count}"
    if merge.files is not None and pull.changed_files is not None and len(merge.files) < pull.changed_files:
        yield f"GitHub lists {len(merge.files)} files of #{pull.number}, which changes {pull.changed_files}"
    if merge.merge_seen is False:
        yield f"the list of what happened to #{pull.number} lacks its merge: it may lack more"
