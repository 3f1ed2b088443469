"""One grant: a request in an account, with all that is recorded of it, for every part of the audit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from jitbot.domain.audit.history.absences import Absence
from jitbot.domain.audit.history.findings import Severity, Subject
from jitbot.domain.aws.iam import Documents
from jitbot.domain.aws.rehearsal import is_rehearsal
from jitbot.domain.ledger.events import EndReason
from jitbot.domain.model.documents import AccountId, Sha
from jitbot.domain.usage.use_event import GrantUse

NOT_READ = "not read"  # in the columns of CloudTrail's part: no event says what was done with the grant


class ControlAnswer(StrEnum):
    """What the facts say, in the words of the page, the table and the JSON. Only YES counts as "yes".

    NOT_DUE: it cannot be answered yet, since the access is not over, or the review is not late.
    NOT_REQUIRED: the policy is break-glass, and requires no approval before access.
    """

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    NOT_DUE = "not due yet"
    NOT_REQUIRED = "not required"


class GrantOutcome(StrEnum):
    """What became of a request in an account, as far as it is recorded."""

    LIVE = "live"
    PENDING = "not granted"  # approved, and no grant is recorded
    OVER = "over"
    REFUSED = "refused"
    UNEXPLAINED = "unexplained"  # a role under jitbot's path that no request explains


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of a check of a grant: a part of an answer to auditors, and possibly a finding.

    Without a `code` it is not a finding: `verify` reports the same problem when it makes the decision again.
    """

    answer: ControlAnswer
    why: str
    code: str = ""
    severity: Severity = Severity.BROKEN
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlResult:
    """The answer to one question about a grant, with the facts that it is based on."""

    answer: ControlAnswer
    why: str

    @property
    def due(self) -> bool:
        """Whether it can be answered by now."""
        return self.answer is not ControlAnswer.NOT_DUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """One review as recorded. `counted` as an approval, or `why` it was not."""

    login: str
    github_id: int
    review_id: int
    state: str
    submitted_at: datetime | None
    commit: str
    owner_rule: str
    counted: bool
    why: str = ""

    @property
    def dismissed(self) -> bool:
        """Whether it had been taken back before the merge."""
        return self.state == "DISMISSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledPlace:
    """One of the approvals that the rules asked for, and who gave it. `team` is empty if any owner's would do.

    `github_id` is None if nobody gave it.
    """

    team: str
    login: str
    github_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDecision:
    """One decision and the evidence it rests on. What an old record lacks is None or empty."""

    kind: str
    at: datetime
    commit: Sha
    pull_request: int | None
    head: str
    rules_commit: str
    request_blob: str
    author: str
    author_id: int | None
    requested_at: datetime | None
    merged_at: datetime | None
    merged_by: str
    required: int | None
    reviews: tuple[Reviewed, ...]
    named: frozenset[int] | None  # GitHub ids that the request's own commits name
    owner_rule: str
    max_seconds: int | None
    began: datetime | None
    not_after: datetime | None
    reasons: tuple[str, ...]
    run: str
    rules: tuple[str, ...] = ()  # of approval, that held; empty where a policy asks by a number
    places: tuple[FilledPlace, ...] = ()
    codes: tuple[str, ...] = ()  # of the reasons

    @property
    def approvals(self) -> tuple[Reviewed, ...]:
        """The reviews that counted."""
        return tuple(review for review in self.reviews if review.counted)

    @property
    def last_approval(self) -> Reviewed | None:
        """The approval that came last; None if there is none, or one of them has no time."""
        times = {each.submitted_at: each for each in self.approvals if each.submitted_at is not None}
        timed = all(each.submitted_at is not None for each in self.approvals)
        return times[max(times)] if times and timed else None

    @property
    def approvers(self) -> frozenset[int]:
        """The distinct people behind them, by GitHub id."""
        return frozenset(review.github_id for review in self.approvals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """One grant as AWS answered it, for the decision on `commit`."""

    at: datetime
    commit: Sha
    not_after: datetime | None
    request_ids: tuple[str, ...]
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How access ended, and what was seen when that was looked at. `asked_at`: when somebody revoked it."""

    at: datetime
    why: str
    effective_at: datetime | None
    seen: str
    cause: str
    by: str
    reason: str
    asked_at: datetime | None
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterReview:
    """Of access that needs no approval: who may look at it afterwards, until when, and who has."""

    due: datetime | None
    reviewers: tuple[str, ...]
    at: datetime | None = None
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRecord:
    """One request in one account. `judgements` is empty until it is judged, and where nothing was ever given."""

    id: str
    outcome: GrantOutcome
    request: str
    policy: str
    account: str
    account_id: AccountId
    role_name: str
    requester: str
    github_id: int | None
    principal: str
    reason: str
    optional: Mapping[str, str]  # the texts that a request may have, by name; of JSON fields of its own
    duration: str
    parameters: Mapping[str, str]
    documents: Documents | None
    digest: str
    risk: str
    risk_reasons: tuple[str, ...]
    not_before: datetime | None
    not_after: datetime | None
    decisions: tuple[RecordedDecision, ...]
    granted: tuple[Granted, ...] = ()
    ended: Ended | None = None
    removed_at: datetime | None = None
    verified_absent: bool = False
    after_review: AfterReview | None = None
    judgements: Mapping[str, ControlResult] = field(default_factory=dict)
    failures: int = 0
    must_end_at: datetime | None = None  # when it was revoked, its file deleted, or its requester gone
    absences: tuple[Absence, ...] = ()  # of its file and its requester, while it could be used
    use: GrantUse | None = None  # what CloudTrail showed of it; None: nothing is recorded

    @property
    def subject(self) -> Subject:
        """The grant, as findings name it."""
        name = f"{self.request} of {self.requester or 'nobody known'} in {self.account or self.account_id}"
        commits = [each.commit for each in (self.term, *self.granted) if each is not None]
        return Subject(name=name, commit=commits[0] if commits else "", request=self.request)

    @property
    def term(self) -> RecordedDecision | None:
        """The approval that counts: the one that ends last."""
        ends = [each.not_after for each in self.decisions if each.not_after is not None]
        return next((each for each in self.decisions if ends and each.not_after == max(ends)), None)

    def decided_of(self, commit: Sha) -> RecordedDecision | None:
        """The first approval of a merge: it is the one that counts."""
        return next((each for each in self.decisions if each.commit == commit), None)

    @property
    def ended_early_at(self) -> datetime | None:
        """When it ended before its expiry, if it did."""
        return self.ended.at if self.ended is not None and self.ended.why != EndReason.EXPIRED else None

    @property
    def privileged(self) -> bool | None:
        """Whether its risk is high or critical; None where no risk is recorded."""
        return self.risk in {"high", "critical"} if self.risk else None

    @property
    def break_glass(self) -> bool:
        """Whether access came first and review after."""
        return any(each.required == 0 for each in self.decisions if each.kind != "refused")

    @property
    def is_rehearsal(self) -> bool:
        """Whether it was a rehearsal, by what it could do: a grant that could do more is none, whatever it is called."""
        return self.documents is not None and is_rehearsal(self.policy, (self.documents,))

    @property
    def granted_at(self) -> datetime | None:
        """When access was first given."""
        return self.granted[0].at if self.granted else None

    @property
    def held_from(self) -> datetime | None:
        """When access began: its first grant or its start, whichever came last."""
        return (
            max(self.granted_at, self.not_before or self.granted_at) if self.granted_at is not None else None
        )

    @property
    def held_until(self) -> datetime | None:
        """When access was over: its end or its expiry, whichever came first."""
        ends = [self.not_after, self.ended.effective_at if self.ended else None]
        return min((each for each in ends if each is not None), default=None)

    @property
    def first(self) -> datetime:
        """The first moment that is recorded of it."""
        known = [*(each.at for each in self.decisions), *(each.at for each in self.granted)]
        return min(known) if known else self.last

    @property
    def last(self) -> datetime:
        """The last moment that is recorded of it, its expiry among them."""
        found = [
            *(each.at for each in self.decisions),
            *(each.at for each in self.granted),
            *(each for each in (self.not_after, self.removed_at) if each is not None),
            *([self.ended.at] if self.ended else []),
        ]
        return max(found)

    @property
    def unfinished(self) -> bool:
        """Whether something of it is still to be done: its role's removal, or the review that break-glass requires."""
        review = self.after_review
        return bool(self.granted) and (self.removed_at is None or (review is not None and review.at is None))

    @property
    def exceptions(self) -> tuple[str, ...]:
        """The questions answered with "no"."""
        return self._answered(ControlAnswer.NO)

    @property
    def doubts(self) -> tuple[str, ...]:
        """The questions that the record does not answer, and should by now."""
        return self._answered(ControlAnswer.UNKNOWN)

    @property
    def not_due(self) -> tuple[str, ...]:
        """The questions that cannot be answered yet."""
        return self._answered(ControlAnswer.NOT_DUE)

    def _answered(self, answer: ControlAnswer) -> tuple[str, ...]:
        return tuple(name for name, each in self.judgements.items() if each.answer is answer)
