"""What `git log ledger` says: a sentence for each event, and trailers that git can query.

https://git-scm.com/docs/git-interpret-trailers. Trailers hold validated tokens only, never a person's text.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from jitbot.domain import moments
from jitbot.domain.events import Event, Kind, Why
from jitbot.domain.reviews_after import MARK, Outcome

_TOKEN = re.compile(r"[A-Za-z0-9_.:/@#+=,()\[\]-]+(?: [A-Za-z0-9_.:/@#+=,()\[\]-]+)*", re.ASCII)
_LONGEST = 200


def message(events: Sequence[Event]) -> str:
    """The commit message of a batch: a headline, a sentence for each event if there are several, trailers."""
    sentences = [sentence(event) for event in events]
    headline = sentences[0] if len(sentences) == 1 else f"{len(sentences)} events: {sentences[0]}, and more"
    paragraphs = [headline]
    if len(sentences) > 1:
        paragraphs.append("\n".join(f"- {each}" for each in sentences))
    paragraphs.append("\n".join(dict.fromkeys(trailer for event in events for trailer in _trailers(event))))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def trailers(text: str, name: str) -> tuple[str, ...]:
    """The values of one trailer of a batch's message, in their order."""
    last = text.rstrip().rpartition("\n\n")[2]
    return tuple(
        value
        for key, _, value in (line.partition(": ") for line in last.splitlines())
        if key == name and value
    )


def sentence(event: Event) -> str:
    """One event in words, from validated tokens only."""
    who, what = _token(event.ask.get("requester")) or _who(event.request), _policy(event.request)
    whose = f"{what} of {who}" if event.request else what
    until = f" until {moments.show(event.window.expires_at)}" if event.window else ""
    aliases = _token(event.account) or ", ".join(_token(documents.account) for documents in event.documents)
    where = aliases or _token(event.account_id)
    match event.kind:
        case Kind.APPROVED if MARK in event.evidence:
            return f"approved (break-glass): {who} gets {what} in {where}{until}, to be reviewed{_by(event)}"
        case Kind.APPROVED:
            return f"approved: {who} gets {what} in {where}{until}"
        case Kind.EXTENDED if MARK in event.evidence:
            return f"extended (break-glass): {who} keeps {what} in {where}{until}, to be reviewed{_by(event)}"
        case Kind.EXTENDED:
            return f"extended: {who} keeps {what} in {where}{until}"
        case Kind.REFUSED if not event.request:
            return f"refused: all that merge {_token(event.commit)[:10]} asks for ({_codes(event)})"
        case Kind.REFUSED:
            return f"refused: {what} for {who}, merge {_token(event.commit)[:10]} ({_codes(event)})"
        case Kind.REVOKED:
            return f"revoked: {whose}, by {_token(event.evidence.get('by')) or 'jitbot'}"
        case Kind.GRANTED:
            return f"granted: {who} has {what} in {where}{until}"
        case Kind.ENDED:
            return f"ended ({event.why or Why.DRIFT}): {whose} in {where}"
        case Kind.REMOVED:
            return f"removed: the role {_token(event.role_name)} in {where}"
        case Kind.FAILED:
            return f"failed: {what} for {who} in {where}; the next run tries again"
        case Kind.VERIFIED:
            return f"verified: {_token(event.cause) or 'the ledger holds together'}"
        case Kind.REVIEWED:
            said = "approved" if event.evidence.get("outcome") == Outcome.APPROVED else "objected to"
            return f"reviewed: {whose}, {said} by {_token(event.evidence.get('by')) or 'somebody'}"
        case Kind.OVERDUE:
            return f"overdue: {whose} was to be reviewed{_by(event)}, and was not"
        case _:
            assert_never(event.kind)


def _by(event: Event) -> str:
    mark = event.evidence.get(MARK)
    by = _token(mark.get("review_by")) if isinstance(mark, dict) else ""
    return f" by {by}" if by else ""


def _trailers(event: Event) -> Iterator[str]:
    approvals = event.evidence.get("approvals")
    approvers = [each.get("login") for each in approvals] if isinstance(approvals, list) else []
    starts = event.window.starts_at if event.window else None
    number = event.evidence.get("pull_request")
    pairs: list[tuple[str, object]] = [
        ("Request", event.request),
        ("Requester", event.ask.get("requester")),
        *(("Approved-by", login) for login in approvers),
        ("Pull-request", f"#{number}" if isinstance(number, int) else None),
        ("Merge-commit", event.commit),
        *(("Account", f"{account} ({account_id})") for account, account_id in _accounts(event)),
        *(("Role", name) for name in _roles(event)),
        ("Starts-at", moments.show(starts) if starts else None),
        ("Expires-at", moments.show(event.window.expires_at) if event.window else None),
        ("Review-by", _by(event).removeprefix(" by ")),
        ("Reviewed-by", _reviewer(event)),
        ("Run", event.run),
    ]
    for name, value in pairs:
        if token := _token(value):
            yield f"{name}: {token}"


def _reviewer(event: Event) -> object:
    """Who approved it afterwards. An objection is no review that trailers may be searched for."""
    approved = event.kind is Kind.REVIEWED and event.evidence.get("outcome") == Outcome.APPROVED
    return event.evidence.get("by") if approved else None


def _accounts(event: Event) -> Iterable[tuple[str, str]]:
    if event.account_id:
        return [(event.account or "unknown", event.account_id)]
    return [(documents.account, documents.account_id) for documents in event.documents]


def _roles(event: Event) -> Iterable[str]:
    return [event.role_name] if event.role_name else [documents.role_name for documents in event.documents]


def _token(value: object) -> str:
    """The value if it is harmless on a line of its own, else nothing."""
    if isinstance(value, str) and len(value) <= _LONGEST and _TOKEN.fullmatch(value):
        return value
    return ""


def _codes(event: Event) -> str:
    reasons = event.evidence.get("reasons")
    codes = [_token(each.get("code")) for each in reasons] if isinstance(reasons, list) else []
    return ", ".join(dict.fromkeys(code for code in codes if code)) or "no reason recorded"


def _policy(request: str) -> str:
    parts = request.split("/")
    return (
        _token(parts[1]) if len(parts) == 4 else "a role no request explains" if not request else "a request"
    )


def _who(request: str) -> str:
    name = request.rpartition("/")[2]
    return _token(name.removesuffix(".yaml")[3:]) or "somebody"
