"""The checks of a grant, in one list: `verify` reports every finding, and `report` and `export` use the same results.

Auditors ask questions about each grant. They are answered from recorded facts, with the reason.
Nothing is assumed: "yes" names the facts that it is based on, and what is not recorded is unknown.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jitbot.domain.audit.history.findings import AuditFinding
from jitbot.domain.audit.history.limits import before_decision, longer_than
from jitbot.domain.audit.verify import deadlines
from jitbot.domain.audit.verify.grant_record import (
    ControlAnswer,
    ControlResult,
    Ended,
    GrantOutcome,
    GrantRecord,
    RecordedDecision,
    Result,
)
from jitbot.domain.audit.verify.unread import WHY
from jitbot.domain.ledger.events import EndReason
from jitbot.domain.model.documents import same_login
from jitbot.domain.text import duration, timestamp

_WORST_FIRST = (ControlAnswer.NO, ControlAnswer.UNKNOWN, ControlAnswer.NOT_DUE, ControlAnswer.NOT_REQUIRED)
Check = Callable[[GrantRecord, datetime], Iterator[Result]]


def problems(record: GrantRecord, now: datetime) -> Iterator[AuditFinding]:
    """Every finding about one grant."""
    for check in CHECKS:
        for each in check(record, now):
            if each.code:
                yield record.subject.problem(each.code, each.why, each.hint, each.severity)


def judged(record: GrantRecord, now: datetime, *, whole: bool = True) -> Mapping[str, ControlResult]:
    """The answers for a grant; empty if nothing was ever granted. Unless all its events were read (`whole`), "no" is unknown."""
    if record.outcome in (GrantOutcome.REFUSED, GrantOutcome.PENDING):
        return {}
    asked = (each for each in QUESTIONS if record.break_glass or not each.of_break_glass)
    answers = {each.name: _judge(each.against(record, now), each.yes(record)) for each in asked}
    return answers if whole else {name: _in_doubt(each) for name, each in answers.items()}


def _in_doubt(judgement: ControlResult) -> ControlResult:
    if judgement.answer is not ControlAnswer.NO:
        return judgement
    return replace(judgement, answer=ControlAnswer.UNKNOWN, why=f"{judgement.why}; but {WHY}")


def _judge(results: Iterable[Result], yes: str) -> ControlResult:
    """The worst of the answers; "yes" if there is none."""
    found = list(results)
    for answer in _WORST_FIRST:
        why = [each.why for each in found if each.answer is answer]
        if why:
            return ControlResult(answer=answer, why="; ".join(dict.fromkeys(why)))
    return ControlResult(answer=ControlAnswer.YES, why=yes)


def _unapproved(record: GrantRecord, _now: datetime) -> Iterator[Result]:
    if record.outcome is GrantOutcome.UNEXPLAINED:
        yield _no("no request explains this role")
    if record.break_glass:
        why = "break-glass: its policy gives access at once, to be reviewed after"
        yield Result(answer=ControlAnswer.NOT_REQUIRED, why=why)
    for grant in record.granted:
        decision = record.decided_of(grant.commit)
        if decision is None:
            yield _no(f"granted for merge {grant.commit[:10]}, of which no decision is recorded")
        elif before_decision(grant.at, decision.at):
            yield _no(f"granted at {timestamp.show(grant.at)}, decided only at {timestamp.show(decision.at)}")
        elif decision.required != 0:
            yield from _approvals_missing(decision, grant.at)
    if not record.granted:
        yield _unknown("no grant is recorded")


def _approvals_missing(decision: RecordedDecision, granted_at: datetime) -> Iterator[Result]:
    if decision.required is None or decision.merged_at is None:
        yield _unknown("the record does not say how many approvals were needed, or when it was merged")
        return
    if len(decision.approvers) < decision.required:
        yield _no(f"{len(decision.approvers)} of {decision.required} approvals are recorded")
    yield from _places_open(decision)
    for approval in decision.approvals:
        if approval.submitted_at is None:
            yield _unknown(f"the time of {approval.login}'s approval is not recorded")
        elif approval.submitted_at > min(decision.merged_at, granted_at):
            yield _no(
                f"{approval.login} approved after the merge, at {timestamp.show(approval.submitted_at)}"
            )
        if decision.head and approval.commit and approval.commit != decision.head:
            yield _no(f"{approval.login} approved {approval.commit[:10]}, not the head that was merged")


def _places_open(decision: RecordedDecision) -> Iterator[Result]:
    """What is wrong with the record of who gave which approval, where rules asked for one of a team."""
    for index, place in enumerate(decision.places):
        name = f"approval of {place.team or 'an owner'}"
        if place.github_id is None:
            yield _no(f"the {name} is not recorded")
        elif place.github_id not in decision.approvers:
            yield _no(f"the {name} is recorded of {place.login}, whose approval is not")
        elif any(place.github_id == other.github_id for other in decision.places[:index]):
            yield _no(f"{place.login} is recorded for two of the approvals")


def _approved(record: GrantRecord) -> str:
    times = [a.submitted_at for each in record.decisions for a in each.approvals if a.submitted_at]
    if not times or record.granted_at is None:
        return ""
    return f"approved by {timestamp.show(max(times))}, granted at {timestamp.show(record.granted[-1].at)}"


def _too_long(record: GrantRecord, _now: datetime) -> Iterator[Result]:
    if not record.decisions:
        yield _unknown("no decision is recorded, so no maximum")
    for decision in record.decisions:
        if decision.max_seconds is None or decision.began is None or decision.not_after is None:
            yield _unknown("the record lacks the maximum, the start or the end")
            continue
        most = timedelta(seconds=decision.max_seconds)
        if longer_than(most, decision.began, decision.not_after):
            yield _no(f"decided for longer than the policy's {duration.show(most)}")
    for grant in record.granted:
        decided = record.decided_of(grant.commit)
        if grant.not_after is None or decided is None or decided.not_after is None:
            yield _unknown("the end that was granted, or decided, is not recorded")
        elif grant.not_after > decided.not_after:
            ends = timestamp.show(grant.not_after), timestamp.show(decided.not_after)
            yield _no(f"granted until {ends[0]}, decided until {ends[1]}")


def _short_enough(record: GrantRecord) -> str:
    most = [each.max_seconds for each in record.decisions if each.max_seconds is not None]
    return f"at most {duration.show(timedelta(seconds=max(most)))} by the policy" if most else ""


def _one_hand(record: GrantRecord, _now: datetime) -> Iterator[Result]:
    if not record.decisions:
        yield _unknown("no decision is recorded")
    if record.break_glass:
        yield from _reviewed_by_oneself(record)
        return
    for decision in record.decisions:
        own = {"the requester": {record.github_id}, "the pull request's author": {decision.author_id}}
        if decision.named is None or record.github_id is None or decision.author_id is None:
            yield _unknown("the record does not say who asked, who proposed, or who wrote the commits")
        own["named by a commit of the request"] = set(decision.named or ())
        for approval in decision.approvals:
            for role, people in own.items():
                if approval.github_id in people:
                    yield _no(f"{approval.login} approved and is {role}")
        if not decision.approvals:
            yield _unknown("no approval is recorded")


def _reviewed_by_oneself(record: GrantRecord) -> Iterator[Result]:
    review = record.after_review
    if review is None or review.at is None:
        yield Result(answer=ControlAnswer.NOT_DUE, why="break-glass, and not reviewed yet")
    elif not review.by or same_login(review.by, record.requester):
        yield _no("break-glass, reviewed by its own requester, or by nobody who is named")


def _review_missing(record: GrantRecord, now: datetime) -> Iterator[Result]:
    review = record.after_review
    if review is None or review.due is None:
        yield _unknown("by when it must be reviewed is not recorded")
    elif review.at is not None and review.at > review.due:
        yield _no(f"reviewed at {timestamp.show(review.at)}, after {timestamp.show(review.due)}")
    elif review.at is None:
        why = f"nobody has reviewed it; due by {timestamp.show(review.due)}"
        yield Result(answer=ControlAnswer.NO if now >= review.due else ControlAnswer.NOT_DUE, why=why)


def _left_behind(record: GrantRecord, now: datetime) -> Iterator[Result]:
    yield from deadlines.late(record, now)
    yield from deadlines.awaited(record, now)
    if record.ended is not None:
        yield from _unclear_end(record.ended, record.not_after)
    if record.removed_at is not None and not record.verified_absent:
        yield _unknown("the role's removal was not read back")


def _unclear_end(ended: Ended, not_after: datetime | None) -> Iterator[Result]:
    if ended.why in (EndReason.DRIFT, EndReason.ORPHAN):
        yield _no(f"found to be changed by hand in AWS, and ended: {ended.cause or ended.why}")
    if ended.effective_at is None:
        yield _unknown("when the end took effect is not recorded")
    elif ended.why == EndReason.EXPIRED and not_after is not None and ended.effective_at > not_after:
        yield _no(
            f"ended at {timestamp.show(ended.effective_at)}, after its expiry {timestamp.show(not_after)}"
        )
    if ended.seen not in ("denied", "as recorded", "absent"):
        yield _unknown("what was seen at the end is not recorded")


def _gone(record: GrantRecord) -> str:
    if record.ended is None or record.removed_at is None:
        return ""
    return f"{record.ended.why}, and the role was removed at {timestamp.show(record.removed_at)}"


def _no(why: str) -> Result:
    return Result(answer=ControlAnswer.NO, why=why)


def _unknown(why: str) -> Result:
    return Result(answer=ControlAnswer.UNKNOWN, why=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of auditors: the check that can answer "no", and the facts that "yes" is based on."""

    name: str
    title: str
    against: Check
    yes: Callable[[GrantRecord], str]
    of_break_glass: bool = False  # asked of nothing else


QUESTIONS = (
    Question(
        name="approved_before_grant", title="Approved before it was given", against=_unapproved, yes=_approved
    ),
    Question(name="within_max", title="Within the policy's maximum", against=_too_long, yes=_short_enough),
    Question(
        name="separation_of_duties",
        title="Approved by somebody else",
        against=_one_hand,
        yes=lambda _: "nobody approved what was their own",
    ),
    Question(name="removed_on_time", title="Ended and removed on time", against=_left_behind, yes=_gone),
    Question(
        name="reviewed_in_time",
        title="Break-glass reviewed in time",
        against=_review_missing,
        yes=lambda _: "reviewed by its due time",
        of_break_glass=True,
    ),
)
CHECKS: tuple[Check, ...] = (
    *(each.against for each in QUESTIONS),
    deadlines.not_granted,
    deadlines.passed_over,
)
