"""Which approvals count. Every line of `_why_not_counted` is a way round approval, closed."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.model import bounds, owners
from jitbot.domain.model.documents import GithubId, Login, People, Person
from jitbot.domain.model.merge_facts import Dismissal, Merge, Review, latest_judgements
from jitbot.domain.model.parsed_case import ParsedCase

MAY_WRITE = frozenset({"admin", "maintain", "write"})


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


def count(parsed_case: ParsedCase) -> tuple[tuple[Approval, ...], tuple[Ignored, ...]]:
    """The approvals that count, one for each human, and the judging reviews that do not."""
    approvals: list[Approval] = []
    ignored: list[Ignored] = []
    for review in latest_judgements(parsed_case.merge.reviews, parsed_case.merged_at):
        person = person_of(review, parsed_case)
        if person is None:
            ignored.append(
                Ignored(review=review, why="is nobody policies/people.yaml knows by login and GitHub id")
            )
        elif why := _why_not_counted(review, person, parsed_case):
            ignored.append(Ignored(review=review, why=why))
        elif any(owners.same_human(person, other.person) for other in approvals):
            ignored.append(Ignored(review=review, why="is the same person as another approver"))
        else:
            approvals.append(Approval(person=person, review=review, owner_rule=parsed_case.owned_by.rule))
    return tuple(approvals), tuple(ignored)


def objecting(parsed_case: ParsedCase) -> tuple[Person, ...]:
    """The owners of the path whose standing judgement asks for changes. By id alone: a new login silences nobody.

    An objection counts whatever the dates of its author's membership, so that a date never helps a request.
    """
    ids = objectors(parsed_case)
    return tuple(person for person in parsed_case.owned_ever.people if person.github_id in ids)


def objectors(parsed_case: ParsedCase) -> frozenset[GithubId]:
    """Everyone whose last judgement before the merge asks for changes, and was not rightly dismissed."""
    judgements = latest_judgements(parsed_case.merge.reviews, parsed_case.merged_at)
    dismissals = _last_of_each(parsed_case.merge.dismissals)
    return frozenset(
        review.user.github_id
        for review in judgements
        if review.state == "CHANGES_REQUESTED" or _dismissed_in_vain(review, dismissals, parsed_case)
    )


def _last_of_each(dismissals: Iterable[Dismissal] | None) -> Mapping[int, Dismissal] | None:
    """The last dismissal of each review, by the review's id; None if GitHub did not show any."""
    if dismissals is None:
        return None
    last: dict[int, Dismissal] = {}
    for each in dismissals:
        if each.review_id not in last or each.at > last[each.review_id].at:
            last[each.review_id] = each
    return last


def _dismissed_in_vain(
    review: Review, dismissals: Mapping[int, Dismissal] | None, parsed_case: ParsedCase
) -> bool:
    """Whether an objection still counts although GitHub shows it as dismissed.

    Anyone with write access may dismiss a review, also with a job's token. A dismissal removes an objection only if
    a known person made it who is neither the requester nor the author. If GitHub does not say who dismissed the
    review, the objection counts.
    """
    if review.state != "DISMISSED" or dismissals is None:
        return False
    last = dismissals.get(review.review_id)
    if last is None:
        return True
    by = owners.person_behind(last.by, parsed_case.people)
    in_time = last.at <= parsed_case.merged_at
    return last.state != "APPROVED" and not (in_time and by is not None and not _asks(by, parsed_case))


def _asks(person: Person, parsed_case: ParsedCase) -> bool:
    """Whether this human asks for the access, as requester or as the pull request's author."""
    author = parsed_case.merge.pull_request.author.github_id
    return owners.same_human(person, parsed_case.requester) or _is_one_of(person, {author}, parsed_case)


def may_count(
    reviews: tuple[Review, ...], people: People, until: datetime, dismissals: Iterable[Dismissal] = ()
) -> tuple[Login, ...]:
    """The known people who had approved by then. For each of them the caller must ask GitHub for the permission."""
    return tuple(
        review.user.login
        for review in latest_judgements(reviews, until)
        if owners.person_behind(review.user, people) is not None and approved_at(review, dismissals, until)
    )


def would_count(review: Review, parsed_case: ParsedCase) -> bool:
    """Whether a review would count beside those of other humans."""
    person = person_of(review, parsed_case)
    return person is not None and _why_not_counted(review, person, parsed_case) is None


def person_of(review: Review, parsed_case: ParsedCase) -> Person | None:
    """The known person behind a review, by login and GitHub id."""
    return owners.person_behind(review.user, parsed_case.people)


def _why_not_counted(review: Review, person: Person, parsed_case: ParsedCase) -> str | None:
    """Why this judgement of a known person is no approval that counts, or None if it is one."""
    merge, head = parsed_case.merge, parsed_case.merge.pull_request.head
    if not approved_at(review, merge.dismissals, parsed_case.merged_at):
        return "had the approval dismissed" if review.state == "DISMISSED" else "did not approve"
    if review.commit != head:
        return f"approved {review.commit[:10]}, which is not the last commit, {head[:10]}"
    if merge.retargeted_at is not None and review.submitted_at <= merge.retargeted_at:
        return "approved before the pull request was moved to this base"
    if merge.reopened_at is not None and review.submitted_at <= merge.reopened_at:
        return "approved before the pull request was opened again"
    if merge.pushed_after(review):
        return "approved before the last push"
    if parsed_case.merged_at - review.submitted_at > parsed_case.settings.approvals_valid_for:
        return "approved too long before the merge"
    if part := part_in(person, parsed_case):
        return part
    if not parsed_case.owned_by.include(person):
        if dates := dates_of(person, parsed_case):
            return f"owns this path only {dates}, not at the merge"
        return "does not own this path in CODEOWNERS"
    if not parsed_case.owned_at_head.include(person):
        return "did not own this path by the rules of the approved commit"
    if not all(owned.include(person) for owned in parsed_case.owned_when(review.submitted_at)):
        return f"owns this path only {dates_of(person, parsed_case)}, not when the review was given"
    if merge.permissions.get(review.user.login) not in MAY_WRITE:
        return "may not write to the repository"
    return None


def dates_of(person: Person, parsed_case: ParsedCase) -> str:
    """When this person owns the path, in words; empty where no date of a membership says so."""
    return parsed_case.roster.dates(person.login, parsed_case.owned_ever.names)


def approved_at(review: Review, dismissals: Iterable[Dismissal] | None, until: datetime) -> bool:
    """Whether a review approved at this moment. What was dismissed only later was an approval until then.

    Anyone with write access may dismiss a review, also after the merge. That must not undo a valid approval.
    """
    if review.state != "DISMISSED":
        return review.state == "APPROVED"
    of_review = [each for each in dismissals or () if each.review_id == review.review_id]
    first = min(of_review, key=lambda each: each.at, default=None)
    return first is not None and first.state == "APPROVED" and first.at > until


def part_in(person: Person, parsed_case: ParsedCase) -> str | None:
    """How this human, under any of their logins, took part in the request; None if they may judge it.

    The answer ends a sentence that begins with the login.
    """
    merge = parsed_case.merge
    if owners.same_human(person, parsed_case.requester):
        return "is the requester"
    if _is_one_of(person, {merge.pull_request.author.github_id}, parsed_case):
        return "is the pull request's author"
    if _is_one_of(person, named_by_commits(merge, parsed_case.people), parsed_case):
        return "is author or committer of a commit that changes the request"
    if _is_one_of(person, pushers(merge), parsed_case):
        return "pushed to the request's branch"
    return None


def named_by_commits(merge: Merge, people: People) -> frozenset[GithubId]:
    """Everyone whom a commit names that changes the request against its first parent, co-authors too.

    "Update branch" makes a merge commit that leaves the request as its first parent has it, so pressing
    it disqualifies nobody.
    """
    known = owners.by_login(people)
    touching = [commit for commit in merge.commits if commit.sha in merge.touching]
    by_login = (login.casefold() for commit in touching for login in commit.co_authors)
    by_id = (person for commit in touching for person in commit.named)
    return frozenset((*by_id, *(known[login].github_id for login in by_login if login in known)))


def pushers(merge: Merge) -> frozenset[GithubId]:
    """Everyone who pushed a commit that changes the request, whatever names it has; empty if GitHub does not say."""
    return frozenset(push.actor.github_id for push in merge.pushes or ())


def name_everybody(merge: Merge) -> bool:
    """Whether the commits of the request name, or its pushes come from, more accounts than anybody reads."""
    names = sum(len(commit.named) + len(commit.co_authors) for commit in merge.commits)
    crowded = any(commit.is_crowded for commit in merge.commits)
    return crowded or names > bounds.ALL_NAMES or len(pushers(merge)) >= bounds.PUSHES


def _is_one_of(person: Person, ids: Collection[GithubId], parsed_case: ParsedCase) -> bool:
    """Whether one of these accounts belongs to this person of the case, under any of their logins."""
    return any(
        other.github_id in ids and owners.same_human(person, other) for other in parsed_case.people.values()
    )
