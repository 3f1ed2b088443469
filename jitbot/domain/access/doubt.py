"""GitHub answers that may not be final: lists that lag, or that contradict the pull request itself.

An empty answer is not a refusal. A case in doubt is neither granted nor refused; the next run asks GitHub again.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from jitbot.domain.model.documents import Finding
from jitbot.domain.model.merge_facts import Case, Merge, Review, latest_judgements
from jitbot.domain.model.parsed_case import requester_of
from jitbot.domain.text.amount import many

GITHUB_LAG = timedelta(minutes=15)  # how long after a merge GitHub's lists may lack what belongs to it
LISTED_COMMITS = 250  # GitHub lists so many of a pull request, and no more
# Reasons that rest on what GitHub answered. A refusal for these alone is one only if GitHub answers so twice.
BY_GITHUB = frozenset(
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
    """Facts in the requester's favour that GitHub may still deliver. A refusal waits for them until the lag is over.

    An approval does not wait for them. If GitHub never delivers them, the case is decided without them.
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
    """Whether GitHub's lists may still lag behind this commit.

    A person who bypasses the rules chooses the commit's date, so a date far in the future does not count as recent.
    """
    return abs(now - case.change.committed_at) < GITHUB_LAG


def _own_is_listed(case: Case) -> bool:
    """Whether the requester's own merged pull request is listed, or none is to be looked for.

    Anyone may open a second pull request from the same head, and GitHub may list that one first. If git alone shows
    that the case grants nothing, there is no requester to look for. A listed pull request that was merged as another
    commit is not a lag: a rebase of several commits looks like this permanently.
    """
    requester = requester_of(case.request, case.rules.people)
    own = (pull for pull in case.listed if pull.author.github_id == requester)
    return requester is None or any(
        pull.merged_at is not None and pull.base_branch == case.default_branch for pull in own
    )


def _dismissed_by_nobody(merge: Merge, case: Case) -> Iterator[str]:
    """Reviews of known people that GitHub shows as dismissed, although its list of dismissals does not have them.

    Without the dismissal it is unknown whether it came after the merge, and what the review said until then.
    """
    for review, listed in _judgements(merge, case):
        if review.state == "DISMISSED" and not listed:
            yield f"GitHub shows {_name(review, merge)} as dismissed, and lists no dismissal yet"


def _shown_undismissed(merge: Merge, case: Case) -> Iterator[str]:
    """Reviews of known people whose dismissal is listed, although GitHub still shows them as not dismissed.

    GitHub has no way to undo a dismissal, so one of the two lists lags.
    """
    for review, listed in _judgements(merge, case):
        if review.state != "DISMISSED" and listed:
            yield f"GitHub lists that {_name(review, merge)} was dismissed, and shows it as it was"


def _name(review: Review, merge: Merge) -> str:
    return f"{review.user.login}'s review of #{merge.pull_request.number}"


def _judgements(merge: Merge, case: Case) -> Iterator[tuple[Review, bool]]:
    """The last judging review of each known person before the merge, and whether its dismissal is listed.

    There is none if GitHub was not asked for dismissals.
    """
    at, people = merge.pull_request.merged_at, case.rules.people.value or {}
    if at is None or merge.dismissals is None:
        return
    known = {person.github_id for person in people.values()}
    dismissed = {each.review_id for each in merge.dismissals}
    for review in latest_judgements(merge.reviews, at):
        if review.user.github_id in known:
            yield review, review.review_id in dismissed


def _short(merge: Merge) -> Iterator[str]:
    """Contradictions between GitHub's lists and the pull request itself."""
    pull = merge.pull_request
    if pull.merged_at is None:
        yield f"GitHub says that #{pull.number} is merged, and that it is not"
    if len(merge.commits) != pull.commit_count and 0 <= pull.commit_count <= LISTED_COMMITS:
        yield f"GitHub lists {many(len(merge.commits), 'commit')} of #{pull.number}, which has {pull.commit_count}"
    if merge.files is not None and pull.changed_files is not None and len(merge.files) < pull.changed_files:
        yield f"GitHub lists {many(len(merge.files), 'file')} of #{pull.number}, which changes {pull.changed_files}"
    if merge.merge_seen is False:
        yield f"the list of what happened to #{pull.number} lacks its merge: it may lack more"
