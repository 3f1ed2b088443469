"""The record as rows: one for each event, in the words that an auditor filters by, with every text escaped."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from types import MappingProxyType

from jitbot.domain.audit.history.ledger_history import RecordedEvent
from jitbot.domain.audit.protection.looks import Sight
from jitbot.domain.audit.report.columns import as_text
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import PROTECTION, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.kept_event import shared
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.setup.doctor.report import CheckVerdict
from jitbot.domain.text import escape, timestamp
from jitbot.domain.usage.in_words import in_words, out_of_sight
from jitbot.domain.usage.use_event import GrantUse, use_of

_AND = ", "  # between the policies of one review
Moved = Mapping[Sha, Mapping[str, date | None]]  # the policies whose date each commit moved, with the new one

# What a spreadsheet takes for the beginning of a formula, in full width too: https://owasp.org/www-community/attacks/CSV_Injection


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One event as an auditor reads it. `accounts` are `alias (id)`; `people` all who had a part in it."""

    at: str
    event: str
    why: str
    request: str
    requester: str
    policy: str
    accounts: tuple[str, ...]
    starts_at: str
    expires_at: str
    approved_by: tuple[str, ...]
    by: str  # who revoked, stopped or lifted
    reason: str
    ticket: str
    codes: tuple[str, ...]  # of a refusal
    pull_request: str
    merge_commit: str
    ledger_commit: str
    path: str
    run: str


_EXPECTED = (Sight.HELD, Sight.NOT_SEEN, CheckVerdict.OK)  # answers about a safeguard that nobody looks into

NAMES = tuple(each.name for each in fields(LogRow))  # the columns, in their order
# What rows are made of, and what makes two events different, of all that an event may hold.
_ASK = tuple(key.name for key in (Ask.requester, Ask.reason, Ask.ticket))
_EVIDENCE = tuple(
    key.name
    for key in (
        Evidence.rules_commit,
        Evidence.reasons,
        Evidence.approvals,
        Evidence.pull_request,
        Evidence.author,
        Evidence.by,
        Evidence.reason,
        Evidence.outcome,
        Evidence.paths,
        Evidence.person,
        Evidence.policy,
        Evidence.use,
        Evidence.safeguards,
        Evidence.online,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Which rows to show: every part that is not empty must match. `start` is included, `end` is not."""

    person: str = ""
    policy: str = ""
    account: str = ""
    outcome: str = ""
    request: str = ""
    start: datetime | None = None
    end: datetime | None = None

    def includes(self, row: LogRow) -> bool:
        """Whether a row is wanted."""
        people = {each.casefold() for each in (row.requester, row.by, *row.approved_by)}
        accounts = {part.strip("()") for account in row.accounts for part in account.split(" ")}
        at = timestamp.parse(row.at)
        return (
            (not self.person or self.person.casefold() in people)
            and self.policy in ("", *row.policy.split(_AND))
            and (not self.account or self.account in accounts)
            and self.outcome in ("", row.event, row.why)
            and self.request in ("", row.request)
            and (self.start is None or at >= self.start)
            and (self.end is None or at < self.end)
        )


def rows(
    history: Iterable[RecordedEvent], asked: Mapping[str, Ask], moved: Moved = MappingProxyType({})
) -> Iterator[LogRow]:
    """A row for each event. `asked` is what each request asked for, since outcomes do not repeat it.

    `moved` are the dates of access reviews that commits moved.
    """
    for recorded in history:
        event = recorded.event
        dates = moved.get(event.commit, {}) if event.kind is EventType.RULES else {}
        yield _row(recorded, asked.get(event.request, Ask()), dates)


def kept_for_rows(event: Event) -> Event:
    """The part of an event that rows, their filters and their order are made of: a twentieth of an approval."""
    ask, evidence = event.ask.json, event.evidence.json
    return shared(
        event,
        documents=tuple(
            replace(each, trust_policy={}, permission_policy={}, managed_policies=(), tags={})
            for each in event.documents
        ),
        ask=Ask({name: ask[name] for name in _ASK if name in ask}),
        evidence=Evidence({name: evidence[name] for name in _EVIDENCE if name in evidence}),
    )


def asked_for(history: Iterable[RecordedEvent]) -> dict[str, Ask]:
    """What each approved request asked for."""
    return {each.event.request: each.event.ask for each in history if each.event.ask.reason is not None}


def as_cells(row: LogRow) -> dict[str, str]:
    """A row for a spreadsheet, in which no cell is a formula."""
    return {name: escape.cell(as_text(getattr(row, name), ", ")) for name in NAMES}


def _row(recorded: RecordedEvent, ask: Ask, dates: Mapping[str, date | None]) -> LogRow:
    event = recorded.event
    number = event.evidence.pull_request
    starts = event.window.starts_at if event.window is not None else None
    use = use_of([event], None) if event.kind is EventType.USED else None
    return LogRow(
        at=timestamp.show(event.at),
        event=event.kind,
        why=event.why or _outcome(event, use),
        request=event.request,
        requester=_requester(event, ask),
        policy=policy_of(event.request)
        if event.request.count("/") >= 2
        else event.evidence.policy or _AND.join(dates),
        accounts=_accounts(event),
        starts_at=timestamp.show(starts) if starts is not None else "",
        expires_at=timestamp.show(event.window.expires_at) if event.window is not None else "",
        approved_by=tuple(each.login for each in event.evidence.approvals if each.login),
        by=event.evidence.by,
        reason=_said(use)
        or _safeguards(event)
        or _reviews(event, dates)
        or event.evidence.reason
        or event.ask.reason
        or ask.reason
        or "",
        ticket=event.ask.ticket or ask.ticket or "",
        codes=tuple(each.code for each in event.evidence.reasons if each.code),
        pull_request=f"#{number}" if number is not None else "",
        merge_commit=event.commit,
        ledger_commit=recorded.batch.commit,
        path=recorded.path,
        run=event.run,
    )


def _outcome(event: Event, use: GrantUse | None) -> str:
    """How a change of the rules came to main; whether a grant was used."""
    if use is not None:
        return use.state
    return event.evidence.outcome if event.kind is EventType.RULES else ""


def _safeguards(event: Event) -> str:
    """How many safeguards were answered with each word, with names where it is worth a look; empty for any other event."""
    if event.kind not in PROTECTION:
        return ""
    codes: dict[str, list[str]] = {}
    for code, word in (event.evidence.safeguards or {}).items():
        codes.setdefault(word, []).append(code)
    said = [
        f"{len(found)} {word}" + ("" if word in _EXPECTED else f" ({bounds.some(found)})")
        for word, found in sorted(codes.items())
    ]
    return "; ".join([", ".join(said), *([event.evidence.reason] if event.evidence.reason else [])])


def _reviews(event: Event, dates: Mapping[str, date | None]) -> str:
    """The access reviews that a change of the rules asked to be counted, and what else is said of it."""
    if not dates:
        return ""
    named = bounds.some(
        [f"{name} {day if day is not None else 'without a date'}" for name, day in dates.items()]
    )
    return f"access review: {named}" + (f"; {event.evidence.reason}" if event.evidence.reason else "")


def _said(use: GrantUse | None) -> str:
    """What CloudTrail showed of a grant, in words; empty for any other event."""
    if use is None:
        return ""
    not_seen = out_of_sight(use.not_seen)
    return in_words(use) + (f"; not seen: {'; '.join(not_seen)}" if not_seen else "")


def _requester(event: Event, ask: Ask) -> str:
    """Who asked; of an emergency stop, whom it is about."""
    evidence = event.evidence
    return event.ask.requester or ask.requester or evidence.author.login or evidence.person.login


def _accounts(event: Event) -> tuple[str, ...]:
    if event.account_id:
        return (f"{event.account or 'unknown'} ({event.account_id})",)
    return tuple(f"{each.account} ({each.account_id})" for each in event.documents)
