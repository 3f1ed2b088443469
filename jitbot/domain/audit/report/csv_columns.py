"""An item as one row of a table: the columns that auditors sample by, each a plain text."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from jitbot.domain.audit.report.grant_record import NOT_READ, GrantRecord, Reviewed
from jitbot.domain.audit.report.summary import QUESTIONS
from jitbot.domain.aws.iam import Documents
from jitbot.domain.model import timestamp


def cells(item: GrantRecord) -> dict[str, str]:
    """Column to text, always with the same columns in the same order. Several values are parted by `; `."""
    return {
        **_who_and_what(item),
        **_decisions(item),
        **_outcomes(item),
        **_after_review(item),
        **_verdicts(item),
    }


def allowed(documents: Documents | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The actions and the resources that the permission policy allows, its guards aside."""
    statements = documents.permission_policy.get("Statement") if documents is not None else None
    giving = [
        each
        for each in (statements if isinstance(statements, list) else ())
        if isinstance(each, dict) and each.get("Effect") == "Allow"
    ]
    return _listed(giving, "Action"), _listed(giving, "Resource")


def _who_and_what(item: GrantRecord) -> dict[str, str]:
    actions, resources = allowed(item.documents)
    managed = item.documents.managed_policies if item.documents is not None else ()
    return {
        "grant_id": item.id,
        "outcome": item.outcome.value,
        "request": item.request,
        "policy": item.policy,
        "account": item.account,
        "account_id": item.account_id,
        "role": item.role_name,
        "requester": item.requester,
        "requester_github_id": _text(item.github_id),
        "requester_principal": item.principal,
        "reason": item.reason,
        "ticket": item.ticket,
        "parameters": "; ".join(f"{name}={value}" for name, value in sorted(item.parameters.items())),
        "actions": "; ".join(actions),
        "resources": "; ".join(resources),
        "managed_policies": "; ".join(managed),
        "policy_digest": item.digest,
        "risk": item.risk,
        "privileged": {True: "yes", False: "no", None: "unknown"}[item.privileged],
        "duration": item.duration,
        "not_before": _text(item.not_before),
        "not_after": _text(item.not_after),
    }


def _decisions(item: GrantRecord) -> dict[str, str]:
    decided = item.decisions
    reviews = [review for each in decided for review in each.reviews]
    return {
        "requested_at": _each(each.requested_at for each in decided),
        "decided_at": _each(each.at for each in decided),
        "decision": _each(each.kind for each in decided),
        "pull_request": _each(each.pull_request for each in decided),
        "head_commit": _each(each.head for each in decided),
        "merge_commit": _each(each.commit for each in decided),
        "policy_commit": _each(each.rules_commit for each in decided),
        "merged_at": _each(each.merged_at for each in decided),
        "merged_by": _each(each.merged_by for each in decided),
        "approvals": "; ".join(_approval(each) for each in reviews if each.counted),
        "not_counted": "; ".join(f"{_approval(each)}: {each.why}" for each in reviews if not each.counted),
        "approvals_required": _each(each.required for each in decided),
        "approvals_distinct": _each(len(each.approvers) for each in decided),
        "owner_rule": _each(each.owner_rule for each in decided),
        "refused_because": "; ".join(reason for each in decided for reason in each.reasons),
        "decision_run": _each(each.run for each in decided),
    }


def _outcomes(item: GrantRecord) -> dict[str, str]:
    ended = item.ended
    lag = _seconds(item.removed_at, item.not_after)
    return {
        "granted_at": _each(each.at for each in item.granted),
        "grant_run": _each(each.run for each in item.granted),
        "aws_request_ids": "; ".join(each for grant in item.granted for each in grant.request_ids),
        "ended_at": _text(ended.effective_at if ended else None),
        "ended_why": ended.why if ended else "",
        "ended_by": ended.by if ended else "",
        "ended_reason": (ended.reason or ended.cause) if ended else "",
        "end_confirmed_at": _text(ended.at if ended else None),
        "cleanup_lag_seconds": lag,
        "verified_absent_at": _text(item.removed_at if item.verified_absent else None),
        "failures": str(item.failures),
        "first_use": NOT_READ,
        "last_use": NOT_READ,
        "calls": NOT_READ,
        "denied_calls": NOT_READ,
    }


def _after_review(item: GrantRecord) -> dict[str, str]:
    review = item.after_review
    return {
        "break_glass": "yes" if item.break_glass else "no",
        "review_by": _text(review.due if review else None),
        "reviewers": "; ".join(review.reviewers) if review else "",
        "reviewed_at": _text(review.at if review else None),
        "reviewed_by": review.by if review else "",
    }


def _verdicts(item: GrantRecord) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in QUESTIONS:
        judgement = item.judgements.get(name)
        found[name] = judgement.answer.value if judgement else ""
        found[f"{name}_why"] = judgement.why if judgement else ""
    return found


def _approval(review: Reviewed) -> str:
    dismissed = ", dismissed" if review.dismissed else ""
    rule = f", CODEOWNERS {review.owner_rule}" if review.owner_rule else ""
    at = f" at {timestamp.show(review.submitted_at)}" if review.submitted_at else ""
    return f"{review.login} ({review.github_id}){at} on {review.commit[:12]}, review {review.review_id}{rule}{dismissed}"


def _listed(statements: Iterable[Mapping[str, object]], part: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for statement in statements:
        value = statement.get(part)
        found |= dict.fromkeys(map(str, value) if isinstance(value, list) else [str(value)] if value else [])
    return tuple(found)


def _each(values: Iterable[object]) -> str:
    return "; ".join(_text(value) for value in values)


def _seconds(moment: datetime | None, since: datetime | None) -> str:
    return str(int((moment - since).total_seconds())) if moment is not None and since is not None else ""


def _text(value: object) -> str:
    if value is None:
        return ""
    return timestamp.show(value) if isinstance(value, datetime) else str(value)
