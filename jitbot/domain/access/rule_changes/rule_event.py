"""The record of one change of the rules: what it changed, how it came to main, and who approved it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from jitbot import __version__
from jitbot.domain.access.rule_changes.rule_review import RuleReview, recorded_paths
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence, RecordedAccount, RecordedReview, RuleOutcome
from jitbot.domain.ledger.git_history import RuleChange
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import GithubId, Login, Sha
from jitbot.domain.model.merge_facts import Actor, PullRequest, Review

_NO_REVIEW = RuleReview()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOrigin:
    """How a change of the rules came to main, by what GitHub answered: by a pull request, by a push, or unknown (`why`)."""

    pull_request: PullRequest | None = None
    review: RuleReview = _NO_REVIEW
    pushed_by: Actor | None = None
    why: str = ""

    @property
    def outcome(self) -> RuleOutcome:
        """The word for it."""
        if self.pull_request is not None:
            return RuleOutcome.UNREVIEWED if self.review.lacks else RuleOutcome.REVIEWED
        return RuleOutcome.UNKNOWN if self.pushed_by is None else RuleOutcome.PUSHED


def rule_event(change: RuleChange, origin: RuleOrigin, *, now: datetime, run: str) -> Event:
    """The event of one commit. There is one for each: its key has nothing else in it."""
    return Event(
        kind=EventType.RULES,
        at=now,
        request="",
        commit=change.commit,
        evidence=Evidence.of(
            Evidence.jitbot(__version__),
            Evidence.rules_commit(change.base),
            Evidence.outcome(origin.outcome),
            Evidence.paths(recorded_paths(change)),
            Evidence.paths_count(len(change.paths) if change.whole else None),
            *_pull_request(origin),
            *_push(origin),
            Evidence.reason(bounds.cut(origin.review.lacks or origin.why)),
        ),
        run=run,
    )


def record_of_rules(events: Iterable[Event]) -> Mapping[Sha, Event]:
    """What is recorded of each commit that changed the rules; of two events of one commit the first counts."""
    recorded: dict[Sha, Event] = {}
    for event in events:
        if event.kind is EventType.RULES:
            recorded.setdefault(event.commit, event)
    return recorded


def approvals_of(event: Event) -> tuple[Review, ...]:
    """The approvals that were recorded as counting, as reviews."""
    return tuple(
        Review(
            review_id=each.review_id or 0,
            user=Actor(login=Login(each.login), github_id=GithubId(each.github_id or 0)),
            state="APPROVED",
            commit=Sha(each.commit),
            submitted_at=each.submitted_at or event.at,
        )
        for each in event.evidence.approvals
    )


def author_of(event: Event) -> Actor:
    """Who opened the recorded pull request."""
    author = event.evidence.author
    return Actor(login=Login(author.login), github_id=GithubId(author.github_id or 0), kind=author.kind)


def _pull_request(origin: RuleOrigin) -> Sequence[tuple[str, object]]:
    pull = origin.pull_request
    if pull is None:
        return ()
    counted, others = origin.review.counted, origin.review.not_counted
    return (
        Evidence.pull_request(pull.number),
        Evidence.author(RecordedAccount.of_actor(pull.author)),
        Evidence.head(pull.head),
        Evidence.merged_at(pull.merged_at),
        Evidence.approvals([_recorded(each) for each in counted]),
        Evidence.not_counted([_recorded(each, why) for each, why in others]),
    )


def _push(origin: RuleOrigin) -> Sequence[tuple[str, object]]:
    by = origin.pushed_by
    return () if by is None else (Evidence.by(by.login), Evidence.github_id(by.github_id))


def _recorded(review: Review, why: str = "") -> RecordedReview:
    return RecordedReview.of(
        RecordedReview.login(review.user.login),
        RecordedReview.github_id(review.user.github_id),
        RecordedReview.review_id(review.review_id),
        RecordedReview.state(review.state),
        RecordedReview.submitted_at(review.submitted_at),
        RecordedReview.commit(review.commit),
        *([RecordedReview.why(why)] if why else []),
    )
