"""The questions that auditors ask of each grant, answered from its facts: yes, no, or unknown, and why.

Nothing is assumed: a yes names the facts that it stands on, and what the record does not say is unknown.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from jitbot.domain.audit.report.grant_record import (
    ControlAnswer,
    ControlResult,
    Ended,
    GrantOutcome,
    GrantRecord,
    RecordedDecision,
)
from jitbot.domain.audit.verify import deadlines
from jitbot.domain.audit.verify.unread import WHY
from jitbot.domain.model import duration, timestamp

Problem = tuple[ControlAnswer | None, str]  # None: the answer is not due yet


def judged(item: GrantRecord, now: datetime, *, whole: bool = True) -> Mapping[str, ControlResult]:
    """The answers for an item; none where nothing was ever given. Unless its record was read `whole`, a no is unknown."""
    if item.outcome in (GrantOutcome.REFUSED, GrantOutcome.PENDING):
        return {}
    questions: dict[str, Callable[[], ControlResult]] = {
        "approved_before_grant": lambda: _judge(_unapproved(item), _approved(item)),
        "within_max": lambda: _judge(_too_long(item), _short_enough(item)),
        "separation_of_duties": lambda: _judge(_one_hand(item), "nobody approved what was their own"),
        "removed_on_time": lambda: _judge(_left_behind(item, now), _gone(item)),
    }
    if item.break_glass:
        questions["reviewed_in_time"] = lambda: _judge(_review_missing(item, now), "reviewed by its due time")
    answers = {name: ask() for name, ask in questions.items()}
    return answers if whole else {name: _in_doubt(each) for name, each in answers.items()}


def _in_doubt(judgement: ControlResult) -> ControlResult:
    if judgement.answer is not ControlAnswer.NO:
        return judgement
    return replace(judgement, answer=ControlAnswer.UNKNOWN, why=f"{judgement.why}; but {WHY}")


def _judge(problems: Iterator[Problem], yes: str) -> ControlResult:
    """A no outweighs what is unknown, which outweighs a yes."""
    found = list(problems)
    for kind in (ControlAnswer.NO, ControlAnswer.UNKNOWN, None):
        why = [text for each, text in found if each is kind]
        if why:
            texts = "; ".join(dict.fromkeys(why))
            return ControlResult(answer=kind or ControlAnswer.UNKNOWN, why=texts, due=kind is not None)
    return ControlResult(answer=ControlAnswer.YES, why=yes)


def _unapproved(item: GrantRecord) -> Iterator[Problem]:
    if item.outcome is GrantOutcome.UNEXPLAINED:
        yield ControlAnswer.NO, "no request stands behind this role"
    if item.break_glass:
        yield ControlAnswer.NO, "break-glass: its policy gives access at once, to be reviewed after"
    decisions = {each.commit: each for each in item.decisions}
    for grant in item.granted:
        decision = decisions.get(grant.commit)
        if decision is None:
            yield ControlAnswer.NO, f"granted for merge {grant.commit[:10]}, of which no decision is recorded"
        elif decision.at > grant.at:
            yield (
                ControlAnswer.NO,
                f"granted at {timestamp.show(grant.at)}, decided only at {timestamp.show(decision.at)}",
            )
        elif decision.required != 0:
            yield from _approvals_missing(decision, grant.at)
    if not item.granted:
        yield ControlAnswer.UNKNOWN, "no grant is recorded"


def _approvals_missing(decision: RecordedDecision, granted_at: datetime) -> Iterator[Problem]:
    if decision.required is None or decision.merged_at is None:
        yield (
            ControlAnswer.UNKNOWN,
            "the record does not say how many approvals were needed, or when it was merged",
        )
        return
    if len(decision.approvers) < decision.required:
        yield ControlAnswer.NO, f"{len(decision.approvers)} of {decision.required} approvals are recorded"
    for approval in decision.approvals:
        if approval.submitted_at is None:
            yield ControlAnswer.UNKNOWN, f"the time of {approval.login}'s approval is not recorded"
        elif approval.submitted_at > min(decision.merged_at, granted_at):
            yield (
                ControlAnswer.NO,
                f"{approval.login} approved after the merge, at {timestamp.show(approval.submitted_at)}",
            )
        if decision.head and approval.commit and approval.commit != decision.head:
            yield (
                ControlAnswer.NO,
                f"{approval.login} approved {approval.commit[:10]}, not the head that was merged",
            )


def _approved(item: GrantRecord) -> str:
    times = [a.submitted_at for each in item.decisions for a in each.approvals if a.submitted_at]
    if not times or item.granted_at is None:
        return ""
    return f"approved by {timestamp.show(max(times))}, granted at {timestamp.show(item.granted[-1].at)}"


def _too_long(item: GrantRecord) -> Iterator[Problem]:
    if not item.decisions:
        yield ControlAnswer.UNKNOWN, "no decision is recorded, so no maximum"
    ends = {each.commit: each.not_after for each in item.decisions}
    for decision in item.decisions:
        if decision.max_seconds is None or decision.began is None or decision.not_after is None:
            yield ControlAnswer.UNKNOWN, "the record lacks the maximum, the start or the end"
        elif (decision.not_after - decision.began).total_seconds() > decision.max_seconds:
            most = duration.show(timedelta(seconds=decision.max_seconds))
            yield ControlAnswer.NO, f"decided for longer than the policy's {most}"
    for grant in item.granted:
        decided = ends.get(grant.commit)
        if grant.not_after is None or decided is None:
            yield ControlAnswer.UNKNOWN, "the end that was granted, or decided, is not recorded"
        elif grant.not_after > decided:
            yield (
                ControlAnswer.NO,
                f"granted until {timestamp.show(grant.not_after)}, decided until {timestamp.show(decided)}",
            )


def _short_enough(item: GrantRecord) -> str:
    most = [each.max_seconds for each in item.decisions if each.max_seconds is not None]
    return f"at most {duration.show(timedelta(seconds=max(most)))} by the policy" if most else ""


def _one_hand(item: GrantRecord) -> Iterator[Problem]:
    if not item.decisions:
        yield ControlAnswer.UNKNOWN, "no decision is recorded"
    if item.break_glass:
        yield from _reviewed_by_oneself(item)
        return
    for decision in item.decisions:
        own = {"the requester": {item.github_id}, "the pull request's author": {decision.author_id}}
        if decision.named is None or item.github_id is None or decision.author_id is None:
            yield (
                ControlAnswer.UNKNOWN,
                "the record does not say who asked, who proposed, or who wrote the commits",
            )
        own["named by a commit of the request"] = set(decision.named or ())
        for approval in decision.approvals:
            for role, people in own.items():
                if approval.github_id in people:
                    yield ControlAnswer.NO, f"{approval.login} approved and is {role}"
        if not decision.approvals:
            yield ControlAnswer.UNKNOWN, "no approval is recorded"


def _reviewed_by_oneself(item: GrantRecord) -> Iterator[Problem]:
    review = item.after_review
    if review is None or review.at is None:
        yield None, "break-glass, and not reviewed yet"
    elif not review.by or review.by == item.requester:
        yield ControlAnswer.NO, "break-glass, reviewed by its own requester, or by nobody who is named"


def _review_missing(item: GrantRecord, now: datetime) -> Iterator[Problem]:
    review = item.after_review
    if review is None or review.due is None:
        yield ControlAnswer.UNKNOWN, "by when it must be reviewed is not recorded"
    elif review.at is not None and review.at > review.due:
        yield ControlAnswer.NO, f"reviewed at {timestamp.show(review.at)}, after {timestamp.show(review.due)}"
    elif review.at is None:
        late = now >= review.due
        yield (
            ControlAnswer.NO if late else None,
            f"nobody has reviewed it; due by {timestamp.show(review.due)}",
        )


def _left_behind(item: GrantRecord, now: datetime) -> Iterator[Problem]:
    for late in deadlines.late(item.course, now):
        yield ControlAnswer.NO, late.message
    if awaited := deadlines.awaited(item.course, now):
        yield None, awaited
    if item.ended is not None:
        yield from _unclear_end(item.ended, item.not_after)
    if item.removed_at is not None and not item.verified_absent:
        yield ControlAnswer.UNKNOWN, "the role's removal was not read back"


def _unclear_end(ended: Ended, not_after: datetime | None) -> Iterator[Problem]:
    if ended.why in ("drift", "orphan"):
        yield ControlAnswer.NO, f"found to be changed by hand in AWS, and ended: {ended.cause or ended.why}"
    if ended.effective_at is None:
        yield ControlAnswer.UNKNOWN, "when the end took effect is not recorded"
    elif ended.why == "expired" and not_after is not None and ended.effective_at > not_after:
        yield (
            ControlAnswer.NO,
            f"ended at {timestamp.show(ended.effective_at)}, after its expiry {timestamp.show(not_after)}",
        )
    if ended.seen not in ("denied", "as recorded", "absent"):
        yield ControlAnswer.UNKNOWN, "what was seen at the end is not recorded"


def _gone(item: GrantRecord) -> str:
    if item.ended is None or item.removed_at is None:
        return ""
    return f"{item.ended.why}, and the role was removed at {timestamp.show(item.removed_at)}"
