"""A grant as text and as JSON: the columns that auditors sample by are one table, and each kind of value has one form."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime

from jitbot.domain.audit.report.summary import QUESTIONS
from jitbot.domain.audit.report.use_rows import ADDED, FORMER, cell_of, use_json
from jitbot.domain.audit.verify.grant_record import (
    ControlResult,
    Ended,
    FilledPlace,
    GrantRecord,
    RecordedDecision,
    Reviewed,
)
from jitbot.domain.aws.iam import Documents
from jitbot.domain.model.documents import OPTIONAL
from jitbot.domain.text import timestamp

_APART = ("documents", "absences", "use")  # fields that are shown elsewhere, and not in this JSON


def as_json(value: object) -> object:
    """A value of the audit as JSON: moments and days are text, and documents are left out, since they are shown elsewhere."""
    if isinstance(value, datetime):
        return timestamp.show(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): as_json(each) for key, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, (tuple, list)):
        return [as_json(each) for each in value]
    if is_dataclass(value) and not isinstance(value, (type, Documents)):
        return {each.name: as_json(getattr(value, each.name)) for each in fields(value)}
    return None if isinstance(value, Documents) else value


def as_text(value: object, between: str = "; ") -> str:
    """A value of the audit as the text of one cell. Several values are separated by `between`; None is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return timestamp.show(value)
    if isinstance(value, Mapping):
        return between.join(f"{name}={as_text(each)}" for name, each in value.items())
    if isinstance(value, (tuple, list)):
        return between.join(as_text(each) for each in value)
    return str(value)


def grant_json(record: GrantRecord) -> Mapping[str, object]:
    """A grant with its computed values, as JSON. It has the digest of its documents, which the evidence holds."""
    facts: dict[str, object] = {}
    for each in fields(record):
        if each.name == "optional":
            facts |= record.optional
        elif each.name not in _APART:
            facts[each.name] = as_json(getattr(record, each.name))
    judgements = {
        name: {"answer": each.answer, "why": each.why, "due": each.due}
        for name, each in record.judgements.items()
    }
    return {
        **facts,
        "judgements": judgements,
        "privileged": record.privileged,
        "break_glass": record.break_glass,
        "rehearsal": record.is_rehearsal,
        "use": use_json(record.use),
    }


def cells(record: GrantRecord) -> dict[str, str]:
    """Column to text, always with the same columns in the same order."""
    return {name: as_text(value(record)) for name, value in COLUMNS}


def allowed(documents: Documents | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The actions and the resources that the permission policy allows, its guards aside."""
    statements = documents.permission_policy.get("Statement") if documents is not None else None
    giving = [
        each
        for each in (statements if isinstance(statements, list) else ())
        if isinstance(each, dict) and each.get("Effect") == "Allow"
    ]
    return _listed(giving, "Action"), _listed(giving, "Resource")


def managed(record: GrantRecord) -> tuple[str, ...]:
    """The managed policies of its role."""
    return record.documents.managed_policies if record.documents is not None else ()


def _listed(statements: Iterable[Mapping[str, object]], part: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for statement in statements:
        value = statement.get(part)
        found |= dict.fromkeys(map(str, value) if isinstance(value, list) else [str(value)] if value else [])
    return tuple(found)


def _reviews(record: GrantRecord, *, counted: bool) -> list[str]:
    reviews = (each for decided in record.decisions for each in decided.reviews if each.counted is counted)
    return [_review(each) if counted else f"{_review(each)}: {each.why}" for each in reviews]


def _review(review: Reviewed) -> str:
    dismissed = ", dismissed" if review.dismissed else ""
    rule = f", CODEOWNERS {review.owner_rule}" if review.owner_rule else ""
    at = f" at {timestamp.show(review.submitted_at)}" if review.submitted_at else ""
    return f"{review.login} ({review.github_id}){at} on {review.commit[:12]}, review {review.review_id}{rule}{dismissed}"


def place_in_words(place: FilledPlace) -> str:
    """`1 of @acme/security: erin (1005)`."""
    by = "nobody" if place.github_id is None else f"{place.login} ({place.github_id})"
    return f"{f'1 of {place.team}' if place.team else 'any owner'}: {by}"


def _cleanup_lag(record: GrantRecord) -> int | None:
    if record.removed_at is None or record.not_after is None:
        return None
    return int((record.removed_at - record.not_after).total_seconds())


Value = Callable[[GrantRecord], object]


def _decided(part: Callable[[RecordedDecision], object]) -> Value:
    return lambda record: [part(each) for each in record.decisions]


def _ended(part: Callable[[Ended], object]) -> Value:
    return lambda record: None if record.ended is None else part(record.ended)


def _optional(name: str) -> Value:
    return lambda record: record.optional.get(name, "")


def _use(name: str) -> Value:
    return lambda record: cell_of(record, name)


def _answer(question: str, part: Callable[[ControlResult], str]) -> Value:
    return lambda record: part(record.judgements[question]) if question in record.judgements else None


COLUMNS: tuple[tuple[str, Value], ...] = (
    ("grant_id", lambda record: record.id),
    ("outcome", lambda record: record.outcome),
    ("request", lambda record: record.request),
    ("policy", lambda record: record.policy),
    ("account", lambda record: record.account),
    ("account_id", lambda record: record.account_id),
    ("role", lambda record: record.role_name),
    ("requester", lambda record: record.requester),
    ("requester_github_id", lambda record: record.github_id),
    ("requester_principal", lambda record: record.principal),
    ("reason", lambda record: record.reason),
    *((name, _optional(name)) for name in OPTIONAL),
    ("parameters", lambda record: [f"{name}={value}" for name, value in sorted(record.parameters.items())]),
    ("actions", lambda record: allowed(record.documents)[0]),
    ("resources", lambda record: allowed(record.documents)[1]),
    ("managed_policies", managed),
    ("policy_digest", lambda record: record.digest),
    ("risk", lambda record: record.risk),
    ("privileged", lambda record: "unknown" if record.privileged is None else record.privileged),
    ("duration", lambda record: record.duration),
    ("not_before", lambda record: record.not_before),
    ("not_after", lambda record: record.not_after),
    ("requested_at", _decided(lambda each: each.requested_at)),
    ("decided_at", _decided(lambda each: each.at)),
    ("decision", _decided(lambda each: each.kind)),
    ("pull_request", _decided(lambda each: each.pull_request)),
    ("head_commit", _decided(lambda each: each.head)),
    ("merge_commit", _decided(lambda each: each.commit)),
    ("policy_commit", _decided(lambda each: each.rules_commit)),
    ("merged_at", _decided(lambda each: each.merged_at)),
    ("merged_by", _decided(lambda each: each.merged_by)),
    ("approvals", lambda record: _reviews(record, counted=True)),
    ("not_counted", lambda record: _reviews(record, counted=False)),
    ("approvals_required", _decided(lambda each: each.required)),
    ("approvals_distinct", _decided(lambda each: len(each.approvers))),
    ("owner_rule", _decided(lambda each: each.owner_rule)),
    ("refused_because", lambda record: [reason for each in record.decisions for reason in each.reasons]),
    ("decision_run", _decided(lambda each: each.run)),
    ("granted_at", lambda record: [each.at for each in record.granted]),
    ("grant_run", lambda record: [each.run for each in record.granted]),
    ("aws_request_ids", lambda record: [name for each in record.granted for name in each.request_ids]),
    ("ended_at", _ended(lambda end: end.effective_at)),
    ("ended_why", _ended(lambda end: end.why)),
    ("ended_by", _ended(lambda end: end.by)),
    ("ended_reason", _ended(lambda end: end.reason or end.cause)),
    ("end_confirmed_at", _ended(lambda end: end.at)),
    ("cleanup_lag_seconds", _cleanup_lag),
    ("verified_absent_at", lambda record: record.removed_at if record.verified_absent else None),
    ("failures", lambda record: record.failures),
    *((name, _use(name)) for name in FORMER),
    ("break_glass", lambda record: record.break_glass),
    ("rehearsal", lambda record: record.is_rehearsal),
    ("review_by", lambda record: record.after_review and record.after_review.due),
    ("reviewers", lambda record: record.after_review and record.after_review.reviewers),
    ("reviewed_at", lambda record: record.after_review and record.after_review.at),
    ("reviewed_by", lambda record: record.after_review and record.after_review.by),
    *(
        column
        for name in QUESTIONS
        for column in (
            (name, _answer(name, lambda each: each.answer)),
            (f"{name}_why", _answer(name, lambda each: each.why)),
        )
    ),
    ("approval_rules", lambda record: [rule for each in record.decisions for rule in each.rules]),
    (
        "approval_places",
        lambda record: [place_in_words(place) for each in record.decisions for place in each.places],
    ),
    *((name, _use(name)) for name in ADDED),
    ("approved_at", _decided(lambda each: each.last_approval and each.last_approval.submitted_at)),
    ("refused_codes", lambda record: [code for each in record.decisions for code in each.codes]),
)
