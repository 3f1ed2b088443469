"""From the ledger's events to the population: one item for each request and account, refused ones among them.

Everything is read from what was recorded, and what a record lacks stays unknown.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypedDict

from jitbot.domain.access import post_review
from jitbot.domain.access.request_state import fold_events
from jitbot.domain.audit.history import limits
from jitbot.domain.audit.history.absences import Absence, Absences, must_end_at
from jitbot.domain.audit.verify.grant_checks import judged
from jitbot.domain.audit.verify.grant_record import (
    AfterReview,
    Ended,
    FilledPlace,
    Granted,
    GrantOutcome,
    GrantRecord,
    RecordedDecision,
    Reviewed,
)
from jitbot.domain.aws import iam
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import GIVES, EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence, RecordedReview, RecordedRisk
from jitbot.domain.model.documents import AccountId
from jitbot.domain.usage.use_event import GrantUse, last_term, use_of

_ENDS = (EventType.REVOKED, EventType.STOPPED)  # decisions to end access early


class _Asked(TypedDict):
    policy: str
    requester: str
    github_id: int | None
    principal: str
    reason: str
    optional: dict[str, str]
    duration: str
    parameters: Mapping[str, str]


def population(
    events: Iterable[Event],
    now: datetime,
    absences: Absences | None = None,
    unread: Collection[str] = (),
) -> tuple[GrantRecord, ...]:
    """Every grant record of these events with its answers, sorted by its first moment.

    The events of a request must be complete, or its answers are wrong. `absences` say when main lacked a request's
    file or its requester, so that access had to end. `unread` are the requests that have an event which cannot be
    read: a fact that is missing there may exist.
    """
    records = sorted(grant_records(events, now, absences), key=lambda each: (each.first, each.id))
    return tuple(
        replace(each, judgements=judged(each, now, whole=each.request not in unread)) for each in records
    )


def grant_records(
    events: Iterable[Event], now: datetime, absences: Absences | None = None
) -> Iterator[GrantRecord]:
    """The same before they are judged, by request. They are made one by one, since each holds much."""
    requests: dict[str, list[Event]] = {}
    known = sorted(events, key=_order)
    stopped = _stopped(known)
    for event in known:
        if event.request:
            requests.setdefault(event.request, []).append(event)
        elif event.kind is EventType.ENDED:
            yield _unexplained(event)
    for request, recorded in requests.items():
        mine = (*recorded, stopped[request]) if request in stopped else tuple(recorded)
        yield from _of_request(request, mine, (absences or {}).get(request, ()), now)


def _stopped(events: Sequence[Event]) -> Mapping[str, Event]:
    """The stop that ended each request that one ended."""
    if not any(event.kind is EventType.STOPPED for event in events):
        return {}
    states = fold_events(events).values()
    return {state.request: state.stopped for state in states if state.stopped is not None}


def _order(event: Event) -> tuple[datetime, str, str, str, str]:
    return event.at, event.request, event.kind, event.account_id, event.commit


def within(records: Iterable[GrantRecord], start: datetime, end: datetime) -> tuple[GrantRecord, ...]:
    """The items of which anything was decided, held, ended or removed from `start` until, not at, `end`.

    A grant that is not finished belongs to every later period until it is: what was not due at the end of one period
    is an exception of the next, and never of none.
    """
    return tuple(
        record for record in records if record.first < end and (record.last >= start or record.unfinished)
    )


def _of_request(
    request: str, recorded: Sequence[Event], absences: tuple[Absence, ...], now: datetime
) -> Iterator[GrantRecord]:
    for event in recorded:
        if event.kind is EventType.REFUSED:
            yield from _refused(event)
    accounts: dict[AccountId, str] = {}
    for event in recorded:
        accounts |= {documents.account_id: documents.account for documents in event.documents}
        if event.account_id and event.kind is not EventType.FAILED:
            accounts.setdefault(event.account_id, event.account)
    revoked = [event.at for event in recorded if event.kind in _ENDS]
    gone = must_end_at(absences)
    must_end = min([*revoked, *([gone] if gone is not None else [])], default=None)
    for account_id, account in accounts.items():
        held = _held(request, recorded, account_id, account, now)
        yield replace(held, must_end_at=must_end, absences=absences)


def _held(
    request: str, recorded: Sequence[Event], account_id: AccountId, account: str, now: datetime
) -> GrantRecord:
    decisions = [event for event in recorded if event.kind in GIVES]
    here = [event for event in recorded if event.account_id == account_id]
    granted = tuple(_granted(event) for event in here if event.kind is EventType.GRANTED)
    last = max(decisions, key=lambda each: each.window.expires_at if each.window else each.at, default=None)
    documents = next(
        (d for e in reversed(decisions) for d in e.documents if d.account_id == account_id), None
    )
    not_after = _furthest(decisions) or _furthest(here)
    ended = _ended(here, recorded, not_after)
    removed = limits.removing((event for event in here if event.kind is EventType.REMOVED), not_after)
    starts = last.window.starts_at if last and last.window else None
    over = _is_over(ended, not_after, now)
    risk = last.evidence.risk if last else RecordedRisk()
    outcome = (
        GrantOutcome.OVER if granted and over else GrantOutcome.LIVE if granted else GrantOutcome.PENDING
    )
    asked = decisions[0].ask if decisions else Ask()
    role = documents.role_name if documents else next((e.role_name for e in here if e.role_name), "")
    return GrantRecord(
        id=role or _digest(request, account_id),
        outcome=outcome,
        request=request,
        account=account,
        account_id=account_id,
        role_name=role,
        **_asked(asked, request, duration=last.ask.duration if last else ""),
        documents=documents,
        digest=iam.digest(documents) if documents else "",
        risk=risk.level,
        risk_reasons=risk.reasons or (),
        not_before=starts or (granted[0].at if granted else None),
        not_after=not_after,
        decisions=tuple(_decided(event) for event in decisions),
        granted=granted,
        ended=ended,
        removed_at=removed.at if removed else None,
        verified_absent=removed is not None and removed.evidence.verified_absent,
        after_review=_after_review(decisions, recorded),
        failures=sum(event.kind is EventType.FAILED for event in here),
        use=_use(here),
    )


def _is_over(ended: Ended | None, not_after: datetime | None, now: datetime) -> bool:
    """Whether access was over at `now`; what was recorded later does not make it so."""
    ends = [not_after, *((ended.effective_at, ended.at) if ended is not None else ())]
    return any(each is not None and now >= each for each in ends)


def _use(here: Sequence[Event]) -> GrantUse | None:
    """What CloudTrail showed of a grant in one account."""
    used = [event for event in here if event.kind is EventType.USED]
    return use_of(used, last_term(event for event in here if event.kind is EventType.GRANTED))


def _furthest(events: Iterable[Event]) -> datetime | None:
    return max((event.window.expires_at for event in events if event.window), default=None)


def _refused(event: Event) -> Iterator[GrantRecord]:
    """What was asked for and not given, once for each account that the request named, as far as it could be read."""
    asked = event.evidence.asked
    for account in asked.accounts or ("",):
        yield GrantRecord(
            id=f"refused-{_digest(event.request, event.commit, account)}",
            outcome=GrantOutcome.REFUSED,
            request=event.request,
            account=account,
            account_id=AccountId(""),
            role_name="",
            **_asked(asked, event.request, duration=asked.duration),
            documents=None,
            digest="",
            risk="",
            risk_reasons=(),
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
        **_asked(Ask(), "", duration=""),
        documents=None,
        digest="",
        risk="",
        risk_reasons=(),
        not_before=None,
        not_after=None,
        decisions=(),
        ended=_ended([event], [event], None),
    )


def _asked(asked: Ask, request: str, *, duration: str) -> _Asked:
    parts = request.split("/")
    return {
        "policy": asked.policy or (parts[1] if len(parts) > 1 else ""),
        "requester": asked.requester,
        "github_id": asked.github_id,
        "principal": asked.principal or "",
        "reason": asked.reason or "",
        "optional": {name: value or "" for name, value in asked.optional},
        "duration": duration,
        "parameters": asked.parameters or {},
    }


def _decided(event: Event) -> RecordedDecision:
    evidence = event.evidence
    return RecordedDecision(
        kind=str(event.kind),
        at=event.at,
        commit=event.commit,
        pull_request=evidence.pull_request,
        head=evidence.head,
        rules_commit=evidence.rules_commit,
        request_blob=evidence.request_blob or "",
        author=evidence.author.login,
        author_id=evidence.author.github_id,
        requested_at=evidence.requested_at,
        merged_at=evidence.merged_at,
        merged_by=evidence.merged_by.login,
        required=evidence.approvals_required,
        reviews=(
            *(_reviewed(each, counted=True) for each in evidence.approvals),
            *(_reviewed(each, counted=False) for each in evidence.not_counted),
        ),
        named=evidence.named,
        owner_rule=evidence.owner_rule,
        max_seconds=evidence.max_duration_seconds,
        began=event.ask.began,
        not_after=event.window.expires_at if event.window else None,
        reasons=tuple(each.message or each.code for each in evidence.reasons),
        codes=tuple(each.code for each in evidence.reasons),
        run=event.run,
        rules=evidence.approval_rules or (),
        places=tuple(
            FilledPlace(team=each.team, login=each.login, github_id=each.github_id)
            for each in evidence.places
        ),
    )


def _reviewed(review: RecordedReview, *, counted: bool) -> Reviewed:
    return Reviewed(
        login=review.login,
        github_id=review.github_id or 0,
        review_id=review.review_id or 0,
        state=review.state or ("APPROVED" if counted else ""),
        submitted_at=review.submitted_at,
        commit=review.commit,
        owner_rule=review.owner_rule,
        counted=counted,
        why=review.why,
    )


def _granted(event: Event) -> Granted:
    ids = event.evidence.aws_request_ids or ()
    not_after = event.window.expires_at if event.window else None
    return Granted(at=event.at, commit=event.commit, not_after=not_after, request_ids=ids, run=event.run)


def _ended(here: Sequence[Event], recorded: Sequence[Event], over: datetime | None) -> Ended | None:
    """The first early end in this account, otherwise the record of the expiry, with who asked for it, if anybody."""
    ends = [each for each in here if each.kind is EventType.ENDED]
    early = next((each for each in ends if each.why is not EndReason.EXPIRED), None)
    event = early or limits.confirming(ends, over)
    if event is None:
        return None
    asking = (each for each in recorded if each.kind in _ENDS and each.why == event.why)
    revoked = next((each for each in asking if each.at <= event.at), None)
    asked = revoked.evidence if revoked else Evidence()
    return Ended(
        at=event.at,
        why=str(event.why or ""),
        effective_at=event.evidence.effective_at,
        seen=event.evidence.seen,
        cause=event.cause,
        by=asked.by,
        reason=asked.reason,
        asked_at=revoked.at if revoked else None,
        run=event.run,
    )


def _after_review(decisions: Sequence[Event], recorded: Sequence[Event]) -> AfterReview | None:
    """The review that a break-glass grant still needs, or the one it got. An objection is not such a review."""
    reviews = post_review.pending_reviews([*decisions, *recorded])
    if not reviews:
        return None
    open_first = sorted(reviews, key=lambda each: (each.reviewed is not None, each.review_by))
    pending_review = open_first[0]
    done, reviewers = pending_review.reviewed, tuple(each.login for each in pending_review.reviewers)
    if done is None:
        return AfterReview(due=pending_review.review_by, reviewers=reviewers)
    given = RecordedReview(
        done.evidence.json
    ).submitted_at  # by GitHub's time; a run may record it much later
    return AfterReview(
        due=pending_review.review_by, reviewers=reviewers, at=given or done.at, by=done.evidence.by
    )


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:10]
