"""What waits for one person: requests that their approval would help, and break-glass grants that they must review."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.access import break_glass
from jitbot.domain.access.approvals.pending_approvals import PendingApprovals
from jitbot.domain.access.post_review import PendingReview
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.model import owners
from jitbot.domain.model.documents import Person
from jitbot.domain.model.merge_facts import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReview:
    """A break-glass grant that this person is to review: since its merge, until `review_by`."""

    review: PendingReview
    accounts: tuple[str, ...]


def may_judge(person: Person, path: str, rules: Rules, now: datetime) -> bool:
    """Whether a request at this path may need this person, by main's rules: as an owner, or as a reviewer of break-glass."""
    policy, people, roster = rules.policy.value, rules.people.value, rules.teams.value
    if policy is None or people is None or roster is None:
        return False
    teams = roster.at(now)
    if break_glass.is_break_glass(policy):
        named = break_glass.reviewers_of(policy, people, teams)
        return any(each.github_id == person.github_id for each in named)
    return owners.of(path, codeowners=rules.codeowners, people=people, teams=teams).include(person)


def helps(person: Person, approvals: PendingApprovals) -> bool:
    """Whether this person's approval is still missing. Of break-glass GitHub wants one, and jitbot counts none."""
    if approvals.required < 1:
        return True
    return bool(approvals.missing) and any(each.github_id == person.github_id for each in approvals.able)


def due_reviews(states: Iterable[RequestState], person: Person) -> tuple[DueReview, ...]:
    """The break-glass grants that wait for a review of this person's, the most urgent first."""
    found = [
        DueReview(review=review, accounts=_accounts(state))
        for state in states
        for review in state.to_review
        if any(each.github_id == person.github_id for each in review.reviewers)
    ]
    return tuple(sorted(found, key=lambda each: (each.review.review_by, each.review.request)))


def _accounts(state: RequestState) -> tuple[str, ...]:
    term = state.current
    return tuple(each.account for each in term.documents) if term is not None else ()
