"""Reviews after access: what break-glass grants still owe, read from the ledger, and what a review is worth.

A debt is never forgotten: it stands in the evidence of the approval, and while it is overdue it is recorded
again every week, before the first record leaves the days that every run reads.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from jitbot.domain.access.break_glass import RequiredReview
from jitbot.domain.access.reviews import latest_judgements
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.review_outcome import MARK, ReviewOutcome
from jitbot.domain.model import owners, timestamp
from jitbot.domain.model.documents import GithubId, Login, People, Sha
from jitbot.domain.model.merge_facts import Review

REMIND = timedelta(days=7)  # an overdue debt is recorded again this often
_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Somebody who may review: impartial, and known by this id, when the request was merged."""

    login: str
    github_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingReview:
    """One break-glass merge, and what was recorded of its review."""

    request: str
    requester: str
    requester_id: int
    commit: Sha
    pull_request: int
    head: Sha
    merged_at: datetime
    review_by: datetime
    reviewers: tuple[Reviewer, ...]
    recorded_at: datetime  # when it was last recorded whole
    reviewed: Event | None = None
    objections: tuple[Event, ...] = ()

    @property
    def marker(self) -> str:
        """A name for this debt that nobody can know before the merge."""
        digest = hashlib.sha256(json.dumps([self.request, self.commit]).encode()).hexdigest()[:32]
        return f"jitbot:review-after:{digest}"

    def overdue(self, now: datetime) -> bool:
        """Whether nobody has reviewed it and the time for it is over; at `review_by` it is over."""
        return self.reviewed is None and now >= self.review_by


def owed_json(owed: RequiredReview) -> dict[str, object]:
    """What an approval records of its debt."""
    reviewers = [{"login": each.login, "github_id": each.github_id} for each in owed.reviewers]
    return {"review_by": timestamp.show(owed.review_by), "reviewers": reviewers}


def pending_reviews(events: Iterable[Event]) -> tuple[PendingReview, ...]:
    """Every debt that these events of one request tell of, the reviewed ones too, whatever their order."""
    told = tuple(events)
    found: dict[Sha, PendingReview] = {}
    for event in sorted(told, key=lambda each: (each.at, each.key)):
        if event.kind is not EventType.REVIEWED and MARK in event.evidence:
            found[event.commit] = _debt(event)
    return tuple(_with_reviews(pending_review, told) for pending_review in found.values())


def judge(
    pending_review: PendingReview, reviews: tuple[Review, ...], people: People
) -> tuple[ReviewOutcome, Review] | None:
    """What the merge's reviews say now: an objection of any reviewer, else an approval that counts, else nothing.

    `people` are those at main's tip. It does not matter whether a review came before the merge or after.
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
        ask={"requester": pending_review.requester},
        evidence={
            "outcome": outcome,
            "by": review.user.login,
            "github_id": review.user.github_id,
            "review_id": review.review_id,
            "submitted_at": timestamp.show(review.submitted_at),
            "reviewed_commit": review.commit,
            "pull_request": pending_review.pull_request,
            "review_by": timestamp.show(pending_review.review_by),
            "in_time": review.submitted_at < pending_review.review_by,
        },
        run=run,
    )


def overdue_event(pending_review: PendingReview, *, now: datetime, run: str) -> Event:
    """The record that nobody has reviewed it in time, whole: whoever reads it needs no older one."""
    reviewers = [{"login": each.login, "github_id": each.github_id} for each in pending_review.reviewers]
    return Event(
        kind=EventType.OVERDUE,
        at=now,
        request=pending_review.request,
        commit=pending_review.commit,
        cause=f"on {timestamp.show(now)[:10]}",
        ask={"requester": pending_review.requester, "github_id": pending_review.requester_id},
        evidence={
            "pull_request": pending_review.pull_request,
            "head": pending_review.head,
            "merged_at": timestamp.show(pending_review.merged_at),
            MARK: {"review_by": timestamp.show(pending_review.review_by), "reviewers": reviewers},
        },
        run=run,
    )


def must_remind(pending_review: PendingReview, now: datetime) -> bool:
    """Whether an overdue debt is to be recorded: for the first time, or again before it is forgotten."""
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
    approving = [each for each in own if each.evidence.get("outcome") == ReviewOutcome.APPROVED]
    return replace(
        pending_review,
        reviewed=approving[0] if approving else None,
        objections=tuple(each for each in own if each.evidence.get("outcome") == ReviewOutcome.OBJECTED),
    )


def _debt(event: Event) -> PendingReview:
    """The debt in an event's evidence. What does not read there leaves it open, and due at once."""
    mark, evidence = event.evidence[MARK], event.evidence
    owed: Mapping[str, object] = mark if isinstance(mark, dict) else {}
    listed = owed.get("reviewers")
    reviewers = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return PendingReview(
        request=event.request,
        requester=str(event.ask.get("requester", "")),
        requester_id=_number(event.ask.get("github_id")),
        commit=event.commit,
        pull_request=_number(evidence.get("pull_request")),
        head=Sha(str(evidence.get("head", ""))),
        merged_at=_moment(evidence.get("merged_at"), event.at),
        review_by=_moment(owed.get("review_by"), event.at),
        reviewers=tuple(
            Reviewer(
                login=Login(str(each.get("login", ""))), github_id=GithubId(_number(each.get("github_id")))
            )
            for each in reviewers
        ),
        recorded_at=event.at,
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _moment(value: object, otherwise: datetime) -> datetime:
    try:
        return timestamp.parse(value) if isinstance(value, str) else otherwise
    except ValueError:
        return otherwise
