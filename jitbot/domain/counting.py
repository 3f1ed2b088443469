"""Which approvals count. Every line of `_against` is a way round approval, closed."""

from dataclasses import dataclass
from datetime import datetime

from jitbot.domain import owners
from jitbot.domain.evidence import Merge, Review
from jitbot.domain.ground import Ground
from jitbot.domain.model import GithubId, Person

_JUDGING = frozenset({"APPROVED", "CHANGES_REQUESTED", "DISMISSED"})  # COMMENTED changes no earlier judgement
_MAY_WRITE = frozenset({"admin", "maintain", "write"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One counted approval, with what made it count."""

    person: Person
    review: Review
    owner_rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """One judging review that did not count; `why` ends a sentence that begins with the login."""

    review: Review
    why: str


def count(ground: Ground) -> tuple[tuple[Approval, ...], tuple[Ignored, ...]]:
    """The approvals that count, one for each human, and the judging reviews that do not."""
    approvals: list[Approval] = []
    ignored: list[Ignored] = []
    for review in latest_judgements(ground.merge.reviews, ground.merged_at):
        person = person_of(review, ground)
        if person is None:
            ignored.append(
                Ignored(review=review, why="is nobody policies/people.yaml knows by login and GitHub id")
            )
        elif why := _against(review, person, ground):
            ignored.append(Ignored(review=review, why=why))
        elif any(owners.same_human(person, other.person) for other in approvals):
            ignored.append(Ignored(review=review, why="is the same person as another approver"))
        else:
            approvals.append(Approval(person=person, review=review, owner_rule=ground.owned_by.rule))
    return tuple(approvals), tuple(ignored)


def objecting(ground: Ground) -> tuple[Person, ...]:
    """The owners of the path whose standing judgement asks for changes. By id alone: a new login silences nobody."""
    judgements = latest_judgements(ground.merge.reviews, ground.merged_at)
    objectors = {review.user.github_id for review in judgements if review.state == "CHANGES_REQUESTED"}
    return tuple(person for person in ground.owned_by.people if person.github_id in objectors)


def latest_judgements(reviews: tuple[Review, ...], until: datetime) -> tuple[Review, ...]:
    """Each reviewer's last review that judges, among those submitted by `until`, in the order of time."""
    latest: dict[GithubId, Review] = {}
    for review in sorted(reviews, key=_order):
        if review.state in _JUDGING and review.submitted_at <= until:
            latest[review.user.github_id] = review
    return tuple(sorted(latest.values(), key=_order))


def person_of(review: Review, ground: Ground) -> Person | None:
    """The known person behind a review, by login and GitHub id."""
    return owners.person_behind(review.user, ground.people)


def _against(review: Review, person: Person, ground: Ground) -> str | None:
    """Why this judgement of a known person is no approval that counts, or None if it is one."""
    merge, head = ground.merge, ground.merge.pull_request.head
    if review.state == "DISMISSED":
        return "had the approval dismissed"
    if review.state != "APPROVED":
        return "did not approve"
    if review.commit != head:
        return f"approved {review.commit[:10]}, which is not the last commit, {head[:10]}"
    if merge.retargeted_at is not None and review.submitted_at <= merge.retargeted_at:
        return "approved before the pull request was moved to this base"
    if ground.merged_at - review.submitted_at > ground.settings.approvals_valid_for:
        return "approved too long before the merge"
    if owners.same_human(person, ground.requester):
        return "is the requester"
    if person.github_id == merge.pull_request.author.github_id:
        return "is the pull request's author"
    if _is_named(person, ground):
        return "is author or committer of a commit that changes the request"
    if not ground.owned_by.include(person):
        return "does not own this path in CODEOWNERS"
    if merge.permissions.get(review.user.login) not in _MAY_WRITE:
        return "may not write to the repository"
    return None


def named_by_commits(merge: Merge) -> frozenset[GithubId]:
    """Everyone whom a commit names that changes the request against its first parent.

    "Update branch" makes a merge commit that leaves the request as its first parent has it, so pressing
    it disqualifies nobody.
    """
    return frozenset(
        person for commit in merge.commits if commit.sha in merge.touching for person in commit.named
    )


def _is_named(person: Person, ground: Ground) -> bool:
    """Whether a commit that changes the request names this human, under any login of theirs."""
    named = named_by_commits(ground.merge)
    return any(
        other.github_id in named and owners.same_human(person, other) for other in ground.people.values()
    )


def _order(review: Review) -> tuple[datetime, int]:
    return review.submitted_at, review.review_id
