"""What `git log` says of the ledger: a sentence for each event, and trailers that git can query.

https://git-scm.com/docs/git-interpret-trailers. Trailers hold validated tokens only, never a person's text.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from jitbot.domain.ledger.attestation import own_message
from jitbot.domain.ledger.events import PROTECTION, STOPS, EndReason, Event, EventType
from jitbot.domain.ledger.evidence import ReviewOutcome, RuleOutcome
from jitbot.domain.ledger.recorded_use import UseState, state_of
from jitbot.domain.model.grammar import LOGIN, RequestPath, parse_request_path
from jitbot.domain.text import timestamp

_LOGIN = re.compile(rf"{LOGIN}(?:\[bot\])?", re.ASCII)
_POLICY = _ALIAS = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_ROLE = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}", re.ASCII)
_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+){0,9}", re.ASCII)  # why something was refused
# Words of an audit's own, and counts.
_VERDICT = re.compile(r"[A-Za-z0-9,:.'-]+(?: [A-Za-z0-9,:.'-]+)*", re.ASCII)
_WORDS = re.compile(r"[a-z]+(?: [a-z]+){0,2}", re.ASCII)  # an answer about a safeguard
_RUN = re.compile(r"https?://[A-Za-z0-9_.:/-]+", re.ASCII)
_LONGEST = 200
RECORD, RULES = "Record", "rules"  # the trailer by which changes of the rules are found
SAFEGUARDS = "protection"  # its value by which looks at how main and ledger are protected are found


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
    last = own_message(text).rpartition("\n\n")[2]
    return tuple(
        value
        for key, _, value in (line.partition(": ") for line in last.splitlines())
        if key == name and value
    )


def sentence(event: Event) -> str:
    """One event in words, from validated tokens only."""
    who = _token(_LOGIN, event.ask.requester) or _who(event.request)
    what = _policy(event.request)
    whose = f"{what} of {who}" if event.request else what
    until = f" until {timestamp.show(event.window.expires_at)}" if event.window else ""
    where = ", ".join(_token(_ALIAS, alias) or _token(_ACCOUNT, number) for alias, number in _accounts(event))
    match event.kind:
        case EventType.APPROVED if event.evidence.is_break_glass:
            return f"approved (break-glass): {who} gets {what} in {where}{until}, to be reviewed{_by(event)}"
        case EventType.APPROVED:
            return f"approved: {who} gets {what} in {where}{until}"
        case EventType.EXTENDED if event.evidence.is_break_glass:
            return f"extended (break-glass): {who} keeps {what} in {where}{until}, to be reviewed{_by(event)}"
        case EventType.EXTENDED:
            return f"extended: {who} keeps {what} in {where}{until}"
        case EventType.REFUSED if not event.request:
            return f"refused: all that merge {_token(_COMMIT, event.commit)[:10]} asks for ({_codes(event)})"
        case EventType.REFUSED:
            return f"refused: {what} for {who}, merge {_token(_COMMIT, event.commit)[:10]} ({_codes(event)})"
        case EventType.REVOKED:
            return f"revoked: {whose}, by {_token(_LOGIN, event.evidence.by) or 'jitbot'}"
        case EventType.GRANTED:
            return f"granted: {who} has {what} in {where}{until}"
        case EventType.ENDED:
            return f"ended ({event.why or EndReason.DRIFT}): {whose} in {where}"
        case EventType.REMOVED:
            return f"removed: the role {_token(_ROLE, event.role_name)} in {where}"
        case EventType.FAILED:
            return f"failed: {what} for {who} in {where}; the next run tries again"
        case EventType.VERIFIED:
            return f"verified: {_token(_VERDICT, event.cause) or 'the ledger holds together'}"
        case EventType.REVIEWED:
            said = "approved" if event.evidence.outcome == ReviewOutcome.APPROVED else "objected to"
            return f"reviewed: {whose}, {said} by {_token(_LOGIN, event.evidence.by) or 'somebody'}"
        case EventType.OVERDUE:
            return f"overdue: {whose} was to be reviewed{_by(event)}, and was not"
        case EventType.RULES:
            return f"rules: {_changed(event)}, {_how_it_came(event)}"
        case EventType.USED:
            return f"used: {whose} in {where}, {_use(event)}"
        case EventType.PROTECTION_SEEN | EventType.PROTECTION_SAID:
            return f"protection of main and ledger{_whose_word(event)}: {_safeguards(event)}"
        case EventType.STOPPED:
            return f"stopped: every request of {_stopped(event) or 'somebody'}{until}, by {_token(_LOGIN, event.evidence.by) or 'jitbot'}"
        case EventType.LIFTED:
            return f"lifted: the stop of {_stopped(event) or 'somebody'}, by {_token(_LOGIN, event.evidence.by) or 'jitbot'}"
        case _:
            assert_never(event.kind)


def _changed(event: Event) -> str:
    count = event.evidence.paths_count
    files = "more files than are read" if count is None else "1 file" if count == 1 else f"{count} files"
    return f"{files} changed by commit {_token(_COMMIT, event.commit)[:10]}"


def _how_it_came(event: Event) -> str:
    """How a change of the rules came to main, and who approved it."""
    evidence = event.evidence
    author = _token(_LOGIN, evidence.author.login) or "somebody"
    pull_request = f"#{evidence.pull_request} of {author}"
    match evidence.outcome:
        case RuleOutcome.REVIEWED:
            logins = (_token(_LOGIN, each.login) for each in evidence.approvals)
            return f"{pull_request}, approved by {', '.join(login for login in logins if login)}"
        case RuleOutcome.UNREVIEWED:
            return f"{pull_request}, without the review of an owner"
        case RuleOutcome.PUSHED:
            return f"pushed past the rules by {_token(_LOGIN, evidence.by) or 'somebody'}"
        case _:
            return "and GitHub did not say who approved it"


def _use(event: Event) -> str:
    """What was seen of a grant's use. If something was out of sight, its role may have been entered more often."""
    entered = event.evidence.use.entered
    state = state_of(entered, event.evidence.use.not_seen)
    if state is not UseState.ENTERED:
        return state
    return "entered once" if entered == 1 else f"entered {entered} times"


def _safeguards(event: Event) -> str:
    """How many safeguards were answered with each word."""
    words = Counter((event.evidence.safeguards or {}).values())
    counted = [f"{count} {word}" for word, count in sorted(words.items()) if _token(_WORDS, word)]
    return ", ".join(counted) or "nothing was seen"


def _whose_word(event: Event) -> str:
    """Whose word it is, where it is a person's."""
    said = event.kind is EventType.PROTECTION_SAID
    return f", as {_token(_LOGIN, event.evidence.by) or 'somebody'} says" if said else ""


def _record(event: Event) -> str:
    if event.kind is EventType.RULES:
        return RULES
    return SAFEGUARDS if event.kind in PROTECTION else ""


def _stopped(event: Event) -> str:
    """Who or what a stop is about."""
    policy = _token(_POLICY, event.evidence.policy)
    return f"the policy {policy}" if policy else _token(_LOGIN, event.evidence.person.login)


def _by(event: Event) -> str:
    by = event.evidence.break_glass.review_by
    return f" by {timestamp.show(by)}" if by is not None else ""


def _trailers(event: Event) -> Iterator[str]:
    starts = event.window.starts_at if event.window else None
    number = event.evidence.pull_request
    pairs: list[tuple[str, str]] = [
        (RECORD, _record(event)),
        ("Request", event.request if _parsed(event.request) is not None else ""),
        ("Requester", _token(_LOGIN, event.ask.requester)),
        *(("Approved-by", _token(_LOGIN, each.login)) for each in event.evidence.approvals),
        ("Pull-request", f"#{number}" if number is not None else ""),
        ("Merge-commit", _token(_COMMIT, event.commit)),
        *(("Account", _account(*each)) for each in _accounts(event)),
        *(("Role", _token(_ROLE, name)) for name in _roles(event)),
        ("Starts-at", timestamp.show(starts) if starts else ""),
        ("Expires-at", timestamp.show(event.window.expires_at) if event.window else ""),
        ("Review-by", _by(event).removeprefix(" by ")),
        ("Reviewed-by", _token(_LOGIN, _reviewer(event))),
        ("Stop", _stopped(event).removeprefix("the ") if event.kind in STOPS else ""),
        ("Run", _token(_RUN, event.run)),
    ]
    for name, token in pairs:
        if token:
            yield f"{name}: {token}"


def _account(alias: str, account_id: str) -> str:
    known = _token(_ACCOUNT, account_id)
    return f"{_token(_ALIAS, alias) or 'unknown'} ({known})" if known else ""


def _reviewer(event: Event) -> str:
    """Who approved it afterwards. An objection gets no trailer."""
    approved = event.kind is EventType.REVIEWED and event.evidence.outcome == ReviewOutcome.APPROVED
    return event.evidence.by if approved else ""


def _accounts(event: Event) -> Iterable[tuple[str, str]]:
    if event.account_id:
        return [(event.account, event.account_id)]
    return [(documents.account, documents.account_id) for documents in event.documents]


def _roles(event: Event) -> Iterable[str]:
    return [event.role_name] if event.role_name else [documents.role_name for documents in event.documents]


def _token(shape: re.Pattern[str], value: str) -> str:
    """The value if it has the required shape, otherwise nothing: no sentence that a person wrote fits a shape."""
    return value if len(value) <= _LONGEST and shape.fullmatch(value) else ""


def _codes(event: Event) -> str:
    codes = (_token(_CODE, each.code) for each in event.evidence.reasons)
    return ", ".join(dict.fromkeys(code for code in codes if code)) or "no reason recorded"


def _parsed(request: str) -> RequestPath | None:
    """The parts of a request's path; None for any other file, whose name is a person's text."""
    found = parse_request_path(request)
    return found if isinstance(found, RequestPath) else None


def _policy(request: str) -> str:
    if not request:
        return "a role no request explains"
    found = _parsed(request)
    return found.policy if found is not None else "a request"


def _who(request: str) -> str:
    found = _parsed(request)
    return found.rest if found is not None else "somebody"
