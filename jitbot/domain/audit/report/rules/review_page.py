"""The access reviews on the report's page: all texts of that section, each inert."""

from collections.abc import Mapping

from jitbot.domain.access_review.basis import SHOWN
from jitbot.domain.audit.history.policy_changes import MoveResult
from jitbot.domain.audit.report.rules.review_rows import CONTROL, ReviewRow, ReviewRows, StandingRow
from jitbot.domain.audit.verify.grant_record import ControlAnswer
from jitbot.domain.text import timestamp
from jitbot.domain.text.escape import inert

# The policies in the order of their answers: those first that somebody has to look at.
_ORDER = (
    ControlAnswer.NO,
    ControlAnswer.UNKNOWN,
    ControlAnswer.NOT_DUE,
    ControlAnswer.YES,
    ControlAnswer.NOT_REQUIRED,
)


def section(rows: ReviewRows) -> Mapping[str, object]:
    """What `templates/report/reviews.html` asks for."""
    policies = sorted(rows.policies, key=lambda each: (_ORDER.index(each.reviewed), each.policy))
    return {
        "control": CONTROL,
        "every": rows.every_days,
        "policies": [_policy(each) for each in policies],
        "made": [_made(each) for each in rows.made],
    }


def _policy(row: StandingRow) -> Mapping[str, str]:
    changed = {True: ", changed since", False: ", the same since", None: ""}[row.rules_changed]
    return inert(
        policy=row.policy,
        state=row.state,
        why=row.why,
        last="never" if row.last is None else f"{row.last} by {', '.join(row.reviewed_by)}",
        due="" if row.due is None else str(row.due),
        rules=f"{row.rules_sha256[:SHOWN]}{changed}",
        mark="exception" if row.reviewed is ControlAnswer.NO else "",
    )


def _made(row: ReviewRow) -> Mapping[str, str]:
    return inert(
        at=timestamp.show(row.merged_at),
        policy=row.policy,
        dates="" if row.result is MoveResult.LAPSED else f"{row.before or 'none'} → {row.day or 'none'}",
        said=row.in_words,
        pull_request=f"#{row.pull_request} of {row.author}" if row.pull_request is not None else "",
        commit=row.commit[:12],
        rules=row.rules_sha256[:SHOWN],
        mark="exception" if row.late or row.result is MoveResult.LAPSED else "",
    )
