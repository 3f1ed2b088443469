"""The required review of break-glass grants: which reviews are pending by the ledger, and which reviews count.

A required review is never forgotten: the evidence of the approval names it. While it is overdue it is recorded
again every week, so that a record is always within the 21 days that a run reads.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence, OwedReview, RecordedAccount, ReviewOutcome
from jitbot.domain.model import owners
from jitbot.domain.model.documents import People, Sha
from jitbot.domain.model.merge_facts import Review, latest_judgements
from jitbot.domain.text import timestamp

REMIND = timedelta(days=7)  # an overdue review is recorded again this often
_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingReview:
    """One break-glass merge, and what was recorded of its review."""

    request: str
    requester: str
    requester_id: int | None
    commit: Sha
    pull_request: int
    head: Sha
    merged_at: datetime
    review_by: datetime
    reviewers: tuple[RecordedAccount, ...]  # who may review: impartial, and known by these ids, at the merge
    recorded_at: datetime  # when it was last recorded whole
    reviewed: Event | None = None
    objections: tuple[Event, ...] = ()

    @property
    def marker(self) -> str:
        """The mark of this review's issue. Nobody can know it before the merge."""
        digest = hashlib.sha256(json.dumps([self.request, self.commit]).encode()).hexdigest()[:32]
        return f"jitbot:review-after:{digest}"

    def overdue(self, now: datetime) -> bool:
        """Whether nobody has reviewed it and the time for it is over; at `review_by` it is over."""
        return self.reviewed is None and now >= self.review_by


def pending_reviews(events: Iterable[Event]) -> tuple[PendingReview, ...]:
    """Every review that these events of one request require, reviewed or not. The order of the events does not matter."""
    all_events = tuple(events)
    found: dict[Sha, PendingReview] = {}
    owing = (
        each for each in all_events if each.kind is not EventType.REVIEWED and each.evidence.is_break_glass
    )
    for event in sorted(owing, key=lambda each: (each.at, each.key)):
        found[event.commit] = _required_by(event)
    return tuple(_with_reviews(pending_review, all_events) for pending_review in found.values())


def judge(
    pending_review: PendingReview, reviews: tuple[Review, ...], people: People
) -> tuple[ReviewOutcome, Review] | None:
    """The outcome of the merge's reviews: an objection of any reviewer, else an approval that counts, else None.

    `people` are those at main's tip. A review counts whether it came before the merge or after it.
    """
    named = {each.github_id for each in pending_review.reviewers}
    latest = [each for each in latest_judgements(reviews, _EVER) if each.user.github_id in named]
    for review in latest:
        if review.state == "CHANGES_REQUESTED":
            return ReviewOutcome.OBJECTED, review
    for review in latest:
        if (
            review.state == "APPROVED"
            and review.commit == pending_review.head
            and _counts(review, pending_review, people)
        ):
            return ReviewOutcome.APPROVED, review
    return None


def review_event(
    pending_review: PendingReview, outcome: ReviewOutcome, review: Review, *, now: datetime, run: str
) -> Event:
    """The record of a review: who said what, when, and whether that was in time."""
    return Event(
        kind=EventType.REVIEWED,
        at=now,
        request=pending_review.request,
        commit=pending_review.commit,
        cause=f"{outcome} in review {review.review_id}",
        ask=Ask.of(Ask.requester(pending_review.requester)),
        evidence=Evidence.of(
            Evidence.outcome(outcome),
            Evidence.by(review.user.login),
            Evidence.github_id(review.user.github_id),
            Evidence.review_id(review.review_id),
            Evidence.submitted_at(timestamp.show(review.submitted_at)),
            Evidence.reviewed_commit(review.commit),
            Evidence.pull_request(pending_review.pull_request),
            Evidence.review_by(timestamp.show(pending_review.review_by)),
            Evidence.in_time(review.submitted_at < pending_review.review_by),
        ),
        run=run,
    )


def overdue_event(pending_review: PendingReview, *, now: datetime, run: str) -> Event:
    """The record that nobody has reviewed it in time. It is complete, so a reader needs no older event."""
    review_by = OwedReview.review_by(pending_review.review_by)
    reviewers = OwedReview.reviewers(pending_review.reviewers)
    return Event(
        kind=EventType.OVERDUE,
        at=now,
        request=pending_review.request,
        commit=pending_review.commit,
        cause=f"on {timestamp.show(now)[:10]}",
        ask=Ask.of(Ask.requester(pending_review.requester), Ask.github_id(pending_review.requester_id)),
        evidence=Evidence.of(
            Evidence.pull_request(pending_review.pull_request),
            Evidence.head(pending_review.head),
            Evidence.merged_at(pending_review.merged_at),
            Evidence.break_glass(OwedReview.of(review_by, reviewers)),
        ),
        run=run,
    )


def must_remind(pending_review: PendingReview, now: datetime) -> bool:
    """Whether an overdue review must be recorded now: for the first time, or again after a week."""
    return pending_review.overdue(now) and (
        pending_review.recorded_at < pending_review.review_by or now - pending_review.recorded_at >= REMIND
    )


def _counts(review: Review, pending_review: PendingReview, people: People) -> bool:
    """Whether a named reviewer is a person still, and not the requester under another login."""
    person = owners.person_behind(review.user, people)
    return person is not None and not any(
        each.github_id == pending_review.requester_id and owners.same_human(person, each)
        for each in people.values()
    )


def _with_reviews(pending_review: PendingReview, events: tuple[Event, ...]) -> PendingReview:
    own = sorted(
        (each for each in events if each.kind is EventType.REVIEWED and each.commit == pending_review.commit),
        key=lambda each: (each.at, each.key),
    )
    approving = [each for each in own if each.evidence.outcome == ReviewOutcome.APPROVED]
    return replace(
        pending_review,
        reviewed=approving[0] if approving else None,
        objections=tuple(each for each in own if each.evidence.outcome == ReviewOutcome.OBJECTED),
    )


def _required_by(event: Event) -> PendingReview:
    """The review that an event's evidence requires. If that part cannot be read, the review is open and due at once."""
    evidence, required = event.evidence, event.evidence.break_glass
    return PendingReview(
        request=event.request,
        requester=event.ask.requester,
        requester_id=event.ask.github_id,
        commit=event.commit,
        pull_request=evidence.pull_request or 0,
        head=Sha(evidence.head),
        merged_at=event.came_at,
        review_by=required.review_by or event.at,
        reviewers=required.reviewers,
        recorded_at=event.at,
    )
