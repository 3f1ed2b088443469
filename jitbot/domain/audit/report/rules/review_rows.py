"""The access reviews in a period, and where each policy stands at its end: on the page, at the terminal and in the pack."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime

from jitbot.domain.access_review.entitlements import Entitlement
from jitbot.domain.audit.history.access_reviews import (
    AccessReview,
    AccessReviews,
    PolicyStanding,
    ReviewStanding,
)
from jitbot.domain.audit.history.policy_changes import MoveResult
from jitbot.domain.audit.report.overview.answer import AuditAnswer, in_words
from jitbot.domain.audit.report.pack_table import PackTable, cells_of
from jitbot.domain.audit.verify.grant_record import ControlAnswer
from jitbot.domain.model.documents import Sha
from jitbot.domain.text.amount import many

CONTROL = "CC6.3"  # of SOC 2: access roles and rules are reviewed from time to time
_ANSWERS = {
    ReviewStanding.IN_TIME: ControlAnswer.YES,
    ReviewStanding.OVERDUE: ControlAnswer.NO,
    ReviewStanding.NEVER: ControlAnswer.NOT_DUE,
    ReviewStanding.WAITING: ControlAnswer.NOT_DUE,
    ReviewStanding.UNKNOWN: ControlAnswer.UNKNOWN,
    ReviewStanding.NOT_ASKED: ControlAnswer.NOT_REQUIRED,
    ReviewStanding.REMOVED: ControlAnswer.NOT_REQUIRED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRow:
    """One change of a policy's date on main, or a commit after which nobody asks for an overdue review any longer.

    Only one whose `result` is "reviewed" is a review. `app` says that an app opened the pull request. `rules_sha256` is the digest of the policy and what it rests on, over which it was reviewed. `withdrawn_by` is the
    commit that moved the date back later.
    """

    policy: str
    day: date | None
    before: date | None
    merged_at: datetime
    result: MoveResult
    reviewed_by: tuple[str, ...]
    author: str
    pull_request: int | None
    commit: Sha
    rules_sha256: str
    due: date | None
    late: bool
    why: str
    withdrawn_by: Sha | None
    run: str
    app: bool = False

    @property
    def in_words(self) -> str:
        """What it came to, in a few words for people."""
        if self.result is not MoveResult.COUNTED:
            return f"{self.result}: {self.why}"
        late = (
            f", {many((self.merged_at.date() - self.due).days, 'day')} late"
            if self.late and self.due is not None
            else ""
        )
        gone = f"; moved back later by {self.withdrawn_by[:10]}" if self.withdrawn_by is not None else ""
        alone = f"; {self.author}, an app, opened it" if self.app else ""
        return f"reviewed by {', '.join(self.reviewed_by)}{late}{alone}{gone}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRow:
    """One policy at the end of the period, or one that was removed in it. `reviewed` answers whether its access review is in time.

    `rules_changed` says whether the policy, or what it rests on, is other than at its last review; None where that is
    not known.
    """

    policy: str
    reviewed: ControlAnswer
    state: ReviewStanding
    due: date | None
    last: date | None
    reviewed_by: tuple[str, ...]
    commit: Sha | None
    rules_sha256: str
    rules_changed: bool | None
    date_in_file: date | None
    why: str


_MADE, _DUE = "access-reviews", "access-review-due"  # the tables of the pack
_MADE_NAMES, _DUE_NAMES = (tuple(each.name for each in fields(row)) for row in (ReviewRow, StandingRow))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRows:
    """The changes of dates in a period, every policy at its end, and those removed in it. `every_days` is None if no reviews are asked for."""

    made: tuple[ReviewRow, ...] = ()
    policies: tuple[StandingRow, ...] = ()
    every_days: int | None = None

    @property
    def late(self) -> tuple[ReviewRow, ...]:
        """The reviews of the period that came after they were due."""
        return tuple(each for each in self.made if each.late)

    @property
    def lapsed(self) -> tuple[ReviewRow, ...]:
        """The overdue reviews that nobody asks for any longer since a commit of the period."""
        return tuple(each for each in self.made if each.result is MoveResult.LAPSED)

    @property
    def overdue(self) -> tuple[StandingRow, ...]:
        """The policies whose review is overdue at the end."""
        return tuple(each for each in self.policies if each.reviewed is ControlAnswer.NO)

    @property
    def unknown(self) -> tuple[StandingRow, ...]:
        """The policies of which nobody knows whether their review is in time."""
        return tuple(each for each in self.policies if each.reviewed is ControlAnswer.UNKNOWN)

    @property
    def exceptions(self) -> int:
        """How many exceptions there are."""
        return len(self.overdue) + len(self.late) + len(self.lapsed)

    def as_json(self) -> Mapping[str, object]:
        """The figures, and what is an exception or unknown one by one."""
        return {
            "control": CONTROL,
            "every_days": self.every_days,
            "policies": len(self.policies),
            "in_time": sum(each.reviewed is ControlAnswer.YES for each in self.policies),
            "never_reviewed": [each.policy for each in self.policies if each.last is None],
            "overdue": [{"policy": each.policy, "why": each.why} for each in self.overdue],
            "unknown": [{"policy": each.policy, "why": each.why} for each in self.unknown],
            "reviews": sum(each.result is MoveResult.COUNTED for each in self.made),
            "late": [
                {"policy": each.policy, "commit": each.commit, "why": each.in_words} for each in self.late
            ],
            "lapsed": [
                {"policy": each.policy, "commit": each.commit, "why": each.why} for each in self.lapsed
            ],
        }

    @property
    def answer(self) -> AuditAnswer:
        """The row of the first page."""
        counts = [(each.value, sum(row.state is each for row in self.policies)) for each in ReviewStanding]
        made = many(sum(each.result is MoveResult.COUNTED for each in self.made), "review")
        late = f"; {len(self.late):,} of them late" if self.late else ""
        said = f"Of {many(len(self.policies), 'policy', 'policies')}: {in_words(counts)}. {made} in this period{late}."
        if self.every_days is None:
            said = f"settings.yaml asks for no reviews. {made} in this period{late}."
        if self.lapsed:
            said += f" Overdue when the rules stopped asking for it: {many(len(self.lapsed), 'review')}."
        asked = self.every_days is not None or self.exceptions > 0
        return AuditAnswer(
            name="access_reviews",
            question="Did owners review each policy in time?",
            answer=said,
            section="reviews",
            files=tuple(f"{name}.{kind}" for name in (_MADE, _DUE) for kind in ("csv", "json")),
            numbers={
                "policies": len(self.policies),
                **dict(counts),
                "late": len(self.late),
                "lapsed": len(self.lapsed),
            },
            exceptions=self.exceptions if asked else None,
            unknown=len(self.unknown) if asked else None,
            caution=any(row.state is ReviewStanding.WAITING for row in self.policies),
        )

    @property
    def tables(self) -> tuple[PackTable, ...]:
        """The rows for the pack."""
        return (
            PackTable(
                name=_MADE,
                about="Every change in the period of the date by which a policy says when it was reviewed. Only where `result` "
                'is "reviewed" did an owner other than the author approve it. `rules_sha256` is the digest of the policy and '
                "of what it rests on at that commit: groups, teams, people, lines of CODEOWNERS. `app` is true where an app "
                'opened the pull request: one person is on record. "asked for no longer" is an exception (SOC 2 CC6.3): the '
                "review was overdue when `review_every` was changed, or the policy removed.",
                heads=_MADE_NAMES,
                rows=cells_of(self.made, _MADE_NAMES),
                between=", ",
            ),
            PackTable(
                name=_DUE,
                about="Every policy at the end of the period, or removed in it, its last review, and when the next one is due. `reviewed` is "
                '"no" of an overdue one (SOC 2 CC6.3). `rules_changed` says whether the rules are other ones than were reviewed.',
                heads=_DUE_NAMES,
                rows=cells_of(self.policies, _DUE_NAMES),
                between=", ",
            ),
        )

    @property
    def in_short(self) -> str:
        """The exceptions and doubts as the end of a sentence; empty if there are none."""
        counts = (
            (len(self.overdue), "overdue"),
            (len(self.late), "late"),
            (len(self.lapsed), "overdue and asked for no longer"),
            (len(self.unknown), "unknown"),
        )
        parts = [f"{count:,} {word}" for count, word in counts if count]
        return (
            f"; of the access reviews of {many(len(self.policies), 'policy', 'policies')} {', '.join(parts)}"
            if parts
            else ""
        )


def review_rows(
    found: AccessReviews, start: datetime, end: datetime, entitlements: Iterable[Entitlement] = ()
) -> ReviewRows:
    """The rows of a period. By the `entitlements` it is said whether the rules changed since each review."""
    now = {each.policy: each.rules_sha256 for each in entitlements}
    return ReviewRows(
        made=tuple(_made(each) for each in found.made if start <= each.merged_at < end),
        policies=tuple(
            _standing(each, now.get(each.policy, ""))
            for each in (*found.policies, *found.removed)
            if each.removed_at is None or start <= each.removed_at < end
        ),
        every_days=found.every.days if found.every is not None else None,
    )


def _made(review: AccessReview) -> ReviewRow:
    return ReviewRow(
        policy=review.policy,
        day=review.day,
        before=review.before,
        merged_at=review.merged_at,
        result=review.result,
        reviewed_by=review.reviewed_by,
        author=review.author,
        pull_request=review.pull_request,
        commit=review.commit,
        rules_sha256=review.digest,
        due=review.due,
        late=review.is_late,
        why=review.why,
        withdrawn_by=review.withdrawn_by,
        run=review.run,
        app=review.app,
    )


def _standing(standing: PolicyStanding, digest: str) -> StandingRow:
    last = standing.last
    changed = None
    if last is not None and last.digest and digest:
        changed = last.digest != digest
    return StandingRow(
        policy=standing.policy,
        reviewed=_ANSWERS[standing.state],
        state=standing.state,
        due=standing.due,
        last=last.day if last is not None else None,
        reviewed_by=last.reviewed_by if last is not None else (),
        commit=last.commit if last is not None else None,
        rules_sha256=last.digest if last is not None else "",
        rules_changed=changed,
        date_in_file=standing.claimed,
        why=standing.why,
    )
