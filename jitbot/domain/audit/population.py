"""From the ledger's events to the population: one item for each request and account, refused ones among them.

Everything is read from what was recorded, and what a record lacks stays unknown. The evidence is JSON that an
older jitbot may have written, so each part of it is looked at before it is believed.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from jitbot.domain import iam, moments
from jitbot.domain.audit.items import AfterReview, Decided, Ended, Granted, Item, Outcome, Reviewed
from jitbot.domain.audit.judging import judged
from jitbot.domain.events import Event, Kind
from jitbot.domain.model import AccountId

GIVING = (Kind.APPROVED, Kind.EXTENDED)
_REVIEWED = "reviewed"  # the kind of event by which access without approval is looked at afterwards


def population(events: Iterable[Event], now: datetime) -> tuple[Item, ...]:
    """Every item of these events, by its first moment. Each request's events are taken whole, or it is misjudged."""
    requests: dict[str, list[Event]] = {}
    items: list[Item] = []
    for event in sorted(events, key=lambda each: (each.at, each.key)):
        if event.request:
            requests.setdefault(event.request, []).append(event)
        elif event.kind is Kind.ENDED:
            items.append(_unexplained(event))
    for request, recorded in requests.items():
        items += _of_request(request, recorded, now)
    return tuple(
        sorted((replace(item, judgements=judged(item, now)) for item in items), key=lambda i: (i.first, i.id))
    )


def within(items: Iterable[Item], start: datetime, end: datetime) -> tuple[Item, ...]:
    """The items of which anything was decided, held, ended or removed from `start` until, not at, `end`."""
    return tuple(item for item in items if item.first < end and item.last >= start)


def _of_request(request: str, recorded: Sequence[Event], now: datetime) -> Iterator[Item]:
    for event in recorded:
        if event.kind is Kind.REFUSED:
            yield from _refused(event)
    accounts: dict[AccountId, str] = {}
    for event in recorded:
        accounts |= {documents.account_id: documents.account for documents in event.documents}
        if event.account_id and event.kind is not Kind.FAILED:
            accounts.setdefault(event.account_id, event.account)
    for account_id, account in accounts.items():
        yield _held(request, recorded, account_id, account, now)


def _held(
    request: str, recorded: Sequence[Event], account_id: AccountId, account: str, now: datetime
) -> Item:
    decisions = [event for event in recorded if event.kind in GIVING]
    here = [event for event in recorded if event.account_id == account_id]
    granted = tuple(_granted(event) for event in here if event.kind is Kind.GRANTED)
    ended = _ended(here, recorded)
    removed = [event for event in here if event.kind is Kind.REMOVED]
    last = max(decisions, key=lambda each: each.window.expires_at if each.window else each.at, default=None)
    documents = next(
        (d for e in reversed(decisions) for d in e.documents if d.account_id == account_id), None
    )
    ends = [event.window.expires_at for event in (*decisions, *here) if event.window]
    not_after = max(ends, default=None)
    starts = last.window.starts_at if last and last.window else None
    over = ended is not None or (not_after is not None and now >= not_after)
    outcome = Outcome.OVER if granted and over else Outcome.LIVE if granted else Outcome.PENDING
    asked = decisions[0].ask if decisions else {}
    role = documents.role_name if documents else next((e.role_name for e in here if e.role_name), "")
    return Item(
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
        removed_at=removed[0].at if removed else None,
        verified_absent=bool(removed and removed[0].evidence.get("verified_absent") is True),
        after_review=_after_review(decisions, recorded),
        failures=sum(event.kind is Kind.FAILED for event in here),
    )


def _refused(event: Event) -> Iterator[Item]:
    """What was asked for and not given, once for each account that the request named, as far as it could be read."""
    asked = _object(event.evidence.get("asked"))
    accounts = [str(each) for each in _list(asked.get("accounts"))] or [""]
    for account in accounts:
        yield Item(
            id=f"refused-{_digest(event.request, event.commit, account)}",
            outcome=Outcome.REFUSED,
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


def _unexplained(event: Event) -> Item:
    return Item(
        id=f"unexplained-{_digest(event.account_id, event.role_name, event.key)}",
        outcome=Outcome.UNEXPLAINED,
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
        ended=_ended([event], [event]),
    )


def _asked(asked: Mapping[str, object], request: str) -> dict[str, object]:
    parts = request.split("/")
    parameters = _object(asked.get("parameters"))
    return {
        "policy": _text(asked.get("policy")) or (parts[1] if len(parts) > 1 else ""),
        "requester": _text(asked.get("requester")),
        "github_id": _number(asked.get("github_id")),
        "principal": _text(asked.get("principal")),
        "reason": _text(asked.get("reason")),
        "ticket": _text(asked.get("ticket")),
        "duration": _text(asked.get("duration")),
        "parameters": {str(name): str(value) for name, value in parameters.items()},
    }


def _risk(event: Event | None) -> dict[str, object]:
    risk = _object(event.evidence.get("risk")) if event else {}
    reasons = tuple(str(each) for each in _list(risk.get("reasons")))
    return {"risk": _text(risk.get("level")), "risk_reasons": reasons}


def _decided(event: Event) -> Decided:
    evidence = event.evidence
    author, merged_by = _object(evidence.get("author")), _object(evidence.get("merged_by"))
    named = evidence.get("named")
    reasons = (_object(each) for each in _list(evidence.get("reasons")))
    return Decided(
        kind=str(event.kind),
        at=event.at,
        commit=event.commit,
        pull_request=_number(evidence.get("pull_request")),
        head=_text(evidence.get("head")),
        rules_commit=_text(evidence.get("rules_commit")),
        request_blob=_text(evidence.get("request_blob")),
        author=_text(author.get("login")),
        author_id=_number(author.get("github_id")),
        requested_at=_moment(evidence.get("requested_at")),
        merged_at=_moment(evidence.get("merged_at")),
        merged_by=_text(merged_by.get("login")),
        required=_number(evidence.get("approvals_required")),
        reviews=(*_reviews(evidence, "approvals"), *_reviews(evidence, "not_counted")),
        named=frozenset(n for n in named if isinstance(n, int)) if isinstance(named, list) else None,
        owner_rule=_text(evidence.get("owner_rule")),
        max_seconds=_number(evidence.get("max_duration_seconds")),
        began=_moment(event.ask.get("began")),
        not_after=event.window.expires_at if event.window else None,
        reasons=tuple(_text(each.get("message")) or _text(each.get("code")) for each in reasons),
        run=event.run,
    )


def _reviews(evidence: Mapping[str, object], part: str) -> Iterator[Reviewed]:
    for each in map(_object, _list(evidence.get(part))):
        counted = part == "approvals"
        yield Reviewed(
            login=_text(each.get("login")),
            github_id=_number(each.get("github_id")) or 0,
            review_id=_number(each.get("review_id")) or 0,
            state=_text(each.get("state")) or ("APPROVED" if counted else ""),
            submitted_at=_moment(each.get("submitted_at")),
            commit=_text(each.get("commit")),
            owner_rule=_text(each.get("owner_rule")),
            counted=counted,
            why=_text(each.get("why")),
        )


def _granted(event: Event) -> Granted:
    ids = tuple(str(each) for each in _list(event.evidence.get("aws_request_ids")))
    not_after = event.window.expires_at if event.window else None
    return Granted(at=event.at, commit=event.commit, not_after=not_after, request_ids=ids, run=event.run)


def _ended(here: Sequence[Event], recorded: Sequence[Event]) -> Ended | None:
    """The end that came first here, and who asked for it, if it was asked for."""
    event = next((each for each in here if each.kind is Kind.ENDED), None)
    if event is None:
        return None
    revoked = next((each for each in recorded if each.kind is Kind.REVOKED), None)
    if revoked is not None and (revoked.at > event.at or event.why != revoked.why):
        revoked = None
    asked = revoked.evidence if revoked else {}
    return Ended(
        at=event.at,
        why=str(event.why or ""),
        effective_at=_moment(event.evidence.get("effective_at")),
        seen=_text(event.evidence.get("seen")),
        cause=event.cause,
        by=_text(asked.get("by")),
        reason=_text(asked.get("reason")),
        asked_at=revoked.at if revoked else None,
        run=event.run,
    )


def _after_review(decisions: Sequence[Event], recorded: Sequence[Event]) -> AfterReview | None:
    first = next((each for each in decisions if each.evidence.get("approvals_required") == 0), None)
    if first is None:
        return None
    reviewers = tuple(str(each) for each in _list(first.evidence.get("reviewers")))
    due = _moment(first.evidence.get("review_by"))
    done = next((each for each in recorded if str(each.kind) == _REVIEWED), None)
    if done is None:
        return AfterReview(due=due, reviewers=reviewers)
    by = _text(done.evidence.get("by")) or _text(_object(done.evidence.get("review")).get("login"))
    return AfterReview(due=due, reviewers=reviewers, at=done.at, by=by)


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:10]


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _moment(value: object) -> datetime | None:
    try:
        return moments.parse(value) if isinstance(value, str) else None
    except ValueError:
        return None
