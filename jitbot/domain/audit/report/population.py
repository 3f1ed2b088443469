"""From the ledger's events to the population: one item for each request and account, refused ones among them.

Everything is read from what was recorded, and what a record lacks stays unknown. The evidence is JSON that an
older jitbot may have written, so each part of it is looked at before it is believed.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypedDict

from jitbot.domain.access import post_review
from jitbot.domain.audit.report import json_access
from jitbot.domain.audit.report.control_checks import judged
from jitbot.domain.audit.report.grant_record import (
    AfterReview,
    Ended,
    Granted,
    GrantOutcome,
    GrantRecord,
    RecordedDecision,
    Reviewed,
)
from jitbot.domain.audit.verify import deadlines
from jitbot.domain.audit.verify.absences import Absences, must_end_at
from jitbot.domain.aws import iam
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.model.documents import AccountId

GIVING = (EventType.APPROVED, EventType.EXTENDED)


class _Asked(TypedDict):
    policy: str
    requester: str
    github_id: int | None
    principal: str
    reason: str
    ticket: str
    duration: str
    parameters: Mapping[str, str]


class _Risk(TypedDict):
    risk: str
    risk_reasons: tuple[str, ...]


def population(
    events: Iterable[Event],
    now: datetime,
    absences: Absences | None = None,
    unread: Collection[str] = (),
) -> tuple[GrantRecord, ...]:
    """Every item of these events, by its first moment. Each request's events are taken whole, or it is misjudged.

    `absences` say when main lacked a request's file or its requester, after which access had to end; `unread` are
    the requests of which an event could not be read: no fact about them is known to be missing.
    """
    requests: dict[str, list[Event]] = {}
    items: list[GrantRecord] = []
    for event in sorted(events, key=_order):
        if event.request:
            requests.setdefault(event.request, []).append(event)
        elif event.kind is EventType.ENDED:
            items.append(_unexplained(event))
    for request, recorded in requests.items():
        gone = must_end_at((absences or {}).get(request, ()))
        items += _of_request(request, recorded, gone, now)
    return tuple(
        sorted(
            (replace(item, judgements=judged(item, now, whole=item.request not in unread)) for item in items),
            key=lambda i: (i.first, i.id),
        )
    )


def _order(event: Event) -> tuple[datetime, str, str, str, str]:
    return event.at, event.request, event.kind, event.account_id, event.commit


def within(items: Iterable[GrantRecord], start: datetime, end: datetime) -> tuple[GrantRecord, ...]:
    """The items of which anything was decided, held, ended or removed from `start` until, not at, `end`."""
    return tuple(item for item in items if item.first < end and item.last >= start)


def _of_request(
    request: str, recorded: Sequence[Event], gone: datetime | None, now: datetime
) -> Iterator[GrantRecord]:
    for event in recorded:
        if event.kind is EventType.REFUSED:
            yield from _refused(event)
    accounts: dict[AccountId, str] = {}
    for event in recorded:
        accounts |= {documents.account_id: documents.account for documents in event.documents}
        if event.account_id and event.kind is not EventType.FAILED:
            accounts.setdefault(event.account_id, event.account)
    revoked = (event.at for event in recorded if event.kind is EventType.REVOKED)
    must_end = min([*revoked, *([gone] if gone is not None else [])], default=None)
    for account_id, account in accounts.items():
        yield replace(_held(request, recorded, account_id, account, now), must_end_at=must_end)


def _held(
    request: str, recorded: Sequence[Event], account_id: AccountId, account: str, now: datetime
) -> GrantRecord:
    decisions = [event for event in recorded if event.kind in GIVING]
    here = [event for event in recorded if event.account_id == account_id]
    granted = tuple(_granted(event) for event in here if event.kind is EventType.GRANTED)
    last = max(decisions, key=lambda each: each.window.expires_at if each.window else each.at, default=None)
    documents = next(
        (d for e in reversed(decisions) for d in e.documents if d.account_id == account_id), None
    )
    not_after = _furthest(decisions) or _furthest(here)
    ended = _ended(here, recorded, not_after)
    removed = deadlines.removing((event for event in here if event.kind is EventType.REMOVED), not_after)
    starts = last.window.starts_at if last and last.window else None
    over = ended is not None or (not_after is not None and now >= not_after)
    outcome = (
        GrantOutcome.OVER if granted and over else GrantOutcome.LIVE if granted else GrantOutcome.PENDING
    )
    asked = decisions[0].ask if decisions else {}
    role = documents.role_name if documents else next((e.role_name for e in here if e.role_name), "")
    return GrantRecord(
        id=role or _digest(request, account_id),
        outcome=outcome,
        request=request,
        account=account,
        account_id=account_id,
        role_name=role,
        **_asked({**asked, "duration": last.ask.get("duration")} if last else asked, request),
        documents=documents,
        digest=iam.digest(documents) if documents else "",
        **_risk(last),
        not_before=starts or (granted[0].at if granted else None),
        not_after=not_after,
        decisions=tuple(_decided(event) for event in decisions),
        granted=granted,
        ended=ended,
        removed_at=removed.at if removed else None,
        verified_absent=removed is not None and removed.evidence.get("verified_absent") is True,
        after_review=_after_review(decisions, recorded),
        failures=sum(event.kind is EventType.FAILED for event in here),
    )


def _furthest(events: Iterable[Event]) -> datetime | None:
    return max((event.window.expires_at for event in events if event.window), default=None)


def _refused(event: Event) -> Iterator[GrantRecord]:
    """What was asked for and not given, once for each account that the request named, as far as it could be read."""
    asked = json_access.obj(event.evidence.get("asked"))
    accounts = [str(each) for each in json_access.items(asked.get("accounts"))] or [""]
    for account in accounts:
        yield GrantRecord(
            id=f"refused-{_digest(event.request, event.commit, account)}",
            outcome=GrantOutcome.REFUSED,
            request=event.request,
            account=account,
            account_id=AccountId(""),
            role_name="",
            **_asked(asked, event.request),
            documents=None,
            digest="",
            **_risk(None),
            not_before=None,
            not_after=None,
            decisions=(_decided(event),),
        )


def _unexplained(event: Event) -> GrantRecord:
    return GrantRecord(
        id=f"unexplained-{_digest(event.account_id, event.role_name, event.key)}",
        outcome=GrantOutcome.UNEXPLAINED,
        request="",
        account=event.account,
        account_id=event.account_id,
        role_name=event.role_name,
        **_asked({}, ""),
        documents=None,
        digest="",
        **_risk(None),
        not_before=None,
        not_after=None,
        decisions=(),
        ended=_ended([event], [event], None),
    )


def _asked(asked: Mapping[str, object], request: str) -> _Asked:
    parts = request.split("/")
    parameters = json_access.obj(asked.get("parameters"))
    return {
        "policy": json_access.text(asked.get("policy")) or (parts[1] if len(parts) > 1 else ""),
        "requester": json_access.text(asked.get("requester")),
        "github_id": json_access.number(asked.get("github_id")),
        "principal": json_access.text(asked.get("principal")),
        "reason": json_access.text(asked.get("reason")),
        "ticket": json_access.text(asked.get("ticket")),
        "duration": json_access.text(asked.get("duration")),
        "parameters": {str(name): str(value) for name, value in parameters.items()},
    }


def _risk(event: Event | None) -> _Risk:
    risk = json_access.obj(event.evidence.get("risk")) if event else {}
    reasons = tuple(str(each) for each in json_access.items(risk.get("reasons")))
    return {"risk": json_access.text(risk.get("level")), "risk_reasons": reasons}


def _decided(event: Event) -> RecordedDecision:
    evidence = event.evidence
    author, merged_by = json_access.obj(evidence.get("author")), json_access.obj(evidence.get("merged_by"))
    named = evidence.get("named")
    reasons = (json_access.obj(each) for each in json_access.items(evidence.get("reasons")))
    return RecordedDecision(
        kind=str(event.kind),
        at=event.at,
        commit=event.commit,
        pull_request=json_access.number(evidence.get("pull_request")),
        head=json_access.text(evidence.get("head")),
        rules_commit=json_access.text(evidence.get("rules_commit")),
        request_blob=json_access.text(evidence.get("request_blob")),
        author=json_access.text(author.get("login")),
        author_id=json_access.number(author.get("github_id")),
        requested_at=json_access.moment(evidence.get("requested_at")),
        merged_at=json_access.moment(evidence.get("merged_at")),
        merged_by=json_access.text(merged_by.get("login")),
        required=json_access.number(evidence.get("approvals_required")),
        reviews=(*_reviews(evidence, "approvals"), *_reviews(evidence, "not_counted")),
        named=frozenset(n for n in named if isinstance(n, int)) if isinstance(named, list) else None,
        owner_rule=json_access.text(evidence.get("owner_rule")),
        max_seconds=json_access.number(evidence.get("max_duration_seconds")),
        began=json_access.moment(event.ask.get("began")),
        not_after=event.window.expires_at if event.window else None,
        reasons=tuple(
            json_access.text(each.get("message")) or json_access.text(each.get("code")) for each in reasons
        ),
        run=event.run,
    )


def _reviews(evidence: Mapping[str, object], part: str) -> Iterator[Reviewed]:
    for each in map(json_access.obj, json_access.items(evidence.get(part))):
        counted = part == "approvals"
        yield Reviewed(
            login=json_access.text(each.get("login")),
            github_id=json_access.number(each.get("github_id")) or 0,
            review_id=json_access.number(each.get("review_id")) or 0,
            state=json_access.text(each.get("state")) or ("APPROVED" if counted else ""),
            submitted_at=json_access.moment(each.get("submitted_at")),
            commit=json_access.text(each.get("commit")),
            owner_rule=json_access.text(each.get("owner_rule")),
            counted=counted,
            why=json_access.text(each.get("why")),
        )


def _granted(event: Event) -> Granted:
    ids = tuple(str(each) for each in json_access.items(event.evidence.get("aws_request_ids")))
    not_after = event.window.expires_at if event.window else None
    return Granted(at=event.at, commit=event.commit, not_after=not_after, request_ids=ids, run=event.run)


def _ended(here: Sequence[Event], recorded: Sequence[Event], over: datetime | None) -> Ended | None:
    """The early end that came first here, or else the record that it expired; and who asked for it, if anybody did."""
    ends = [each for each in here if each.kind is EventType.ENDED]
    early = next((each for each in ends if each.why is not EndReason.EXPIRED), None)
    event = early or deadlines.confirming(ends, over)
    if event is None:
        return None
    revoked = next((each for each in recorded if each.kind is EventType.REVOKED), None)
    if revoked is not None and (revoked.at > event.at or event.why != revoked.why):
        revoked = None
    asked = revoked.evidence if revoked else {}
    return Ended(
        at=event.at,
        why=str(event.why or ""),
        effective_at=json_access.moment(event.evidence.get("effective_at")),
        seen=json_access.text(event.evidence.get("seen")),
        cause=event.cause,
        by=json_access.text(asked.get("by")),
        reason=json_access.text(asked.get("reason")),
        asked_at=revoked.at if revoked else None,
        run=event.run,
    )


def _after_review(decisions: Sequence[Event], recorded: Sequence[Event]) -> AfterReview | None:
    """The review that a break-glass still owes, or has had. An objection is none."""
    owed = post_review.pending_reviews([*decisions, *recorded])
    if not owed:
        return None
    open_first = sorted(owed, key=lambda each: (each.reviewed is not None, each.review_by))
    pending_review = open_first[0]
    done, reviewers = pending_review.reviewed, tuple(each.login for each in pending_review.reviewers)
    if done is None:
        return AfterReview(due=pending_review.review_by, reviewers=reviewers)
    by = json_access.text(done.evidence.get("by"))
    return AfterReview(due=pending_review.review_by, reviewers=reviewers, at=done.at, by=by)


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:10]
