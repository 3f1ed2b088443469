"""What GitHub may only not have told yet: lists that lag, or that contradict what the pull request itself says.

An empty answer is not a no. What is in doubt is neither given nor refused; it is asked again.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from jitbot.domain.model.documents import Finding
from jitbot.domain.model.merge_facts import Case, Merge, Review, latest_judgements
from jitbot.domain.model.parsed_case import requester_of

GITHUB_LAG = timedelta(minutes=15)  # how long after a merge GitHub's lists may lack what belongs to it
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
        "touches-rules",
        "too-many-authors",
        "too-many-commits",
        "too-many-files",
        "too-many-moves",
    }
)
_AGAIN = "nothing was granted or refused; the next run asks again"


def doubts_of(case: Case, now: datetime) -> Iterator[Finding]:
    """Every reason to ask again before anything is decided; `now` only bounds GitHub's lag."""
    merged = any(pull.merged_at is not None for pull in case.listed)
    if not merged and _is_young(case, now):
        message = f"GitHub lists no merged pull request for {case.change.commit[:10]} yet"
        yield Finding.in_file(
            case.change.path,
            "no-pull-request-yet",
            message,
            "the next run asks again; after 15 minutes it is refused",
        )
    if case.merge is not None:
        for message in (*_short(case.merge), *_shown_undismissed(case.merge, case)):
            yield Finding.in_file(case.change.path, "short-answer", message, _AGAIN)


def awaited(case: Case, now: datetime) -> Iterator[Finding]:
    """What GitHub may still tell in the requester's favour: a refusal waits for it, until the lag is over.

    An approval waits for none of it. What GitHub never tells is decided by what it did tell.
    """
    if not _is_young(case, now):
        return
    asked = case.request.value if case.request is not None else None
    if asked is not None and not _own_is_listed(case):
        commit = case.change.commit[:10]
        message = f"GitHub lists no pull request by {asked.requester} that was merged as {commit} yet"
        hint = f"{_AGAIN}; after 15 minutes it is refused"
        yield Finding.in_file(case.change.path, "no-pull-request-yet", message, hint)
    if case.merge is not None:
        for message in _dismissed_by_nobody(case.merge, case):
            yield Finding.in_file(
                case.change.path, "short-answer", message, f"{_AGAIN}; after 15 minutes it is decided without"
            )


def _is_young(case: Case, now: datetime) -> bool:
    """Whether GitHub may lag. Whoever pushes past the rules chooses the date: one far ahead is not young for ever."""
    return abs(now - case.change.committed_at) < GITHUB_LAG


def _own_is_listed(case: Case) -> bool:
    """Whether the requester's own merged pull request is listed, or none is to be looked for.

    Anyone may open a twin of it, and GitHub may list the twin first. Where git alone shows that nobody can be
    given anything, there is no requester to look for. That one which is listed was merged as another commit is no
    lag: a rebase of several commits shows so for good.
    """
    requester = requester_of(case.request, case.rules.people)
    own = (pull for pull in case.listed if pull.author.github_id == requester)
    return requester is None or any(
        pull.merged_at is not None and pull.base_branch == case.default_branch for pull in own
    )


def _dismissed_by_nobody(merge: Merge, case: Case) -> Iterator[str]:
    """The reviews of known people that are shown as dismissed, while the list of dismissals holds none of them.

    Without the dismissal nobody can tell whether it came after the merge, nor what the review said until then.
    """
    for review, listed in _judgements(merge, case):
        if review.state == "DISMISSED" and not listed:
            yield f"GitHub shows {_name(review, merge)} as dismissed, and lists no dismissal yet"


def _shown_undismissed(merge: Merge, case: Case) -> Iterator[str]:
    """The reviews of known people whose dismissal is listed, while they are shown as they were. None is taken back."""
    for review, listed in _judgements(merge, case):
        if review.state != "DISMISSED" and listed:
            yield f"GitHub lists that {_name(review, merge)} was dismissed, and shows it as it was"


def _name(review: Review, merge: Merge) -> str:
    return f"{review.user.login}'s review of #{merge.pull_request.number}"


def _judgements(merge: Merge, case: Case) -> Iterator[tuple[Review, bool]]:
    """The last judgement of everybody known before the merge, and whether its dismissal is listed; none if not asked for."""
    at, people = merge.pull_request.merged_at, case.rules.people.value or {}
    if at is None or merge.dismissals is None:
        return
    known = {person.github_id for person in people.values()}
    dismissed = {each.review_id for each in merge.dismissals}
    for review in latest_judgements(merge.reviews, at):
        if review.user.github_id in known:
            yield review, review.review_id in dismissed


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
