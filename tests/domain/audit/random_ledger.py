"""A random history of acme, with all that a report reads: several accounts, extensions, early ends, stops, break-glass, use, changed rules.

The same seed gives the same history. Some records lack a fact, or contradict another, since old ones do.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from acme_facts import PEOPLE, sha
from audit_facts import WHOLE
from builders import changed
from many_grants import DAY, HOUR, MINUTE, RUN, START, many
from use_facts import DATA, REFUSED, UNUSED

from jitbot.domain.access.request_state import fold_events
from jitbot.domain.access_review.entitlements import Entitlement
from jitbot.domain.audit.report.overview.completeness_answer import Completeness
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.git_history import RuleChange
from jitbot.domain.ledger.recorded_use import RecordedUse
from jitbot.domain.ledger.stops import StopSubject, lifted_event, stopped_event, stops_of
from jitbot.domain.model.documents import AccountId, Login
from jitbot.domain.text import timestamp
from jitbot.domain.usage.use_event import SeenUse, due_uses, used_event
from jitbot.usecases.audit.period_report import PeriodReport, ReportSource, period_report

STAGING = AccountId("012345670123")  # which a spreadsheet would make a number
OUTCOMES = ("reviewed", "reviewed", "reviewed", "unreviewed", "pushed", "unknown", "")
TEXTS = (
    'INC-1 größer, "quoted"; x',
    "=1+1",
    "007",
    "MAR-12",
    "1/2",
    "a\nb",
    "–5",
    "1e5",
    "TRUE",
    "2026-11-24",
    " +1",
)
Pair = tuple[Event, ...]


@dataclass(frozen=True, kw_only=True)
class RandomLedger:
    """A history and the period to report on, which may cut it anywhere."""

    events: tuple[Event, ...]
    rule_changes: tuple[RuleChange, ...]
    completeness: Completeness
    start: datetime
    end: datetime
    now: datetime

    def report(self) -> PeriodReport:
        """The report on it."""
        source = ReportSource(repository="acme/access", main=sha("main"), ledger=sha("ledger"), completeness=self.completeness)  # fmt: skip
        return period_report(
            self.events, source=source, start=self.start, end=self.end, now=min(self.now, self.end),
            made_at=self.now, rule_changes=self.rule_changes, entitlements=ENTITLED,
        )  # fmt: skip


ENTITLED = (
    Entitlement(
        policy="orders-db-read", description="Read one table", eligible=("alice", "carol"), accounts=("prod", "staging"),
        max_duration="4h", approvals=1, approvers=("bob",), owner_rule="12: /requests/",
    ),
    Entitlement(
        policy="broken", description="", eligible=(), accounts=(), max_duration="", approvals=None, approvers=(),
        owner_rule="", problem="its rules cannot be read",
    ),
)  # fmt: skip


def random_ledger(seed: int, requests: int = 30, days: int = 30) -> RandomLedger:
    """The history of a seed."""
    drawn = random.Random(seed)  # noqa: S311 - a made history, not a secret
    lives: dict[str, list[Event]] = {}
    for event in many(requests, days=days, seed=seed):
        lives.setdefault(event.request, []).append(event)
    events = [each for life in lives.values() for each in _lived(tuple(life), drawn)]
    events += _stops(events, drawn, days)
    events += _uses(events, drawn)
    changes = tuple(_changes(drawn, days))
    events += [each for change in changes for each in _recorded(change, drawn)]
    start = START + DAY * drawn.choice([0, 0, days // 3])
    end = START + DAY * drawn.choice([days // 2, days + 3])
    now = drawn.choice([end - 2 * DAY, end + MINUTE, end + 60 * DAY])
    return RandomLedger(
        events=tuple(events), rule_changes=changes, completeness=_completeness(drawn), start=start, end=end, now=now
    )  # fmt: skip


def _lived(life: Pair, drawn: random.Random) -> Sequence[Event]:
    """One request, with what happens to it beside the ordinary."""
    life = _lacking(life, drawn)
    if drawn.random() < 0.15:
        life = tuple(replace(each, ask=_worded(each, drawn)) for each in life)
    if life[0].kind is EventType.REFUSED:
        return [_refused(life[0], drawn), *life[1:]]
    if drawn.random() < 0.15:
        life = (*_as_break_glass(life, drawn), *life[1:])
    if drawn.random() < 0.3:
        life = (*life, *_elsewhere(life, drawn))
    if drawn.random() < 0.2:
        life = (*life, *_extension(life[0], drawn))
    if drawn.random() < 0.1:
        life = life[
            : drawn.randrange(1, len(life) + 1)
        ]  # the rest is not there: a run failed, or it is too early
    return life


def _lacking(life: Pair, drawn: random.Random) -> Pair:
    """Facts that old records lack, and times that contradict each other."""
    first = life[0]
    evidence: dict[str, Any] = dict(first.evidence.json)
    if drawn.random() < 0.1:
        evidence.pop(
            drawn.choice(
                ["requested_at", "merged_at", "approvals", "approvals_required", "max_duration_seconds"]
            )
        )
    if drawn.random() < 0.1:
        evidence["requested_at"] = timestamp.show(first.at + DAY)
    if drawn.random() < 0.1:
        evidence["approvals"] = [{**each, "submitted_at": None} for each in evidence.get("approvals", [])]
    return (changed(first, evidence=evidence), *life[1:])


def _worded(event: Event, drawn: random.Random) -> Any:
    """What a person wrote, as a spreadsheet would mistake it."""
    said = {name: drawn.choice(TEXTS) for name in ("reason", "ticket") if "reason" in event.ask.json}
    return type(event.ask)({**event.ask.json, **said})


def _refused(event: Event, drawn: random.Random) -> Event:
    codes = drawn.sample(["not-enough-approvals", "rules-changed", "not-eligible", ""], drawn.randrange(3))
    reasons = [{"code": code, "message": f"because of {code}"} for code in codes]
    before: Any = event.evidence.json["asked"]
    asked = {**before, "accounts": drawn.choice([["prod"], ["prod", "staging"], []])}
    return changed(event, evidence={**event.evidence.json, "reasons": reasons, "asked": asked})


def _as_break_glass(life: Pair, drawn: random.Random) -> Iterator[Event]:
    """Access before the review, which came in time, late, as an objection, or never."""
    first, due = life[0], life[0].at + DAY
    bob = {"login": "bob", "github_id": 1002, "type": "User"}
    glass = {"review_by": timestamp.show(due), "reviewers": [bob]}
    evidence = {**first.evidence.json, "approvals": [], "approvals_required": 0, "break_glass": glass}
    yield changed(first, evidence=evidence)
    at = first.at + drawn.choice([HOUR, 2 * DAY])
    outcome = drawn.choice(["approved", "approved", "objected", ""])
    if outcome:
        said = {"outcome": outcome, "by": "bob", "github_id": 1002, "submitted_at": timestamp.show(at)}
        yield Event(kind=EventType.REVIEWED, at=at, request=first.request, commit=first.commit, cause=outcome, evidence=Evidence(said))  # fmt: skip


def _elsewhere(life: Pair, drawn: random.Random) -> Iterator[Event]:
    """The same in another account, at other times."""
    later = MINUTE * drawn.randrange(3)
    for event in life:
        if event.account_id:
            name = f"{event.role_name}-s"
            there = tuple(replace(each, account="staging", account_id=STAGING, role_name=name) for each in event.documents)  # fmt: skip
            yield replace(event, account="staging", account_id=STAGING, role_name=name, documents=there, at=event.at + later)  # fmt: skip


def _extension(first: Event, drawn: random.Random) -> Iterator[Event]:
    """Approved for longer, a while later."""
    assert first.window is not None
    window = replace(first.window, expires_at=first.window.expires_at + HOUR)
    documents = tuple(replace(each, window=window) for each in first.documents)
    at, commit = first.at + 30 * MINUTE, sha(f"extended {first.commit}")
    longer = replace(first, kind=EventType.EXTENDED, at=at, commit=commit, window=window, documents=documents)
    yield longer
    if drawn.random() < 0.8:
        yield Event(
            kind=EventType.GRANTED, at=at + MINUTE, request=first.request, commit=commit, window=window,
            documents=documents, account="prod", account_id=documents[0].account_id,
            role_name=documents[0].role_name, run=RUN.format(1),
        )  # fmt: skip


def _stops(events: Sequence[Event], drawn: random.Random, days: int) -> Iterator[Event]:
    """A person, or a policy, was stopped in an emergency, and may have been allowed again."""
    if drawn.random() < 0.5:
        return
    subject = drawn.choice([StopSubject(login=Login("alice"), github_id=PEOPLE[Login("alice")].github_id), StopSubject(policy="ssm-shell")])  # fmt: skip
    by, at = PEOPLE[Login("olivia")], START + DAY * drawn.uniform(0, days)
    at = at.replace(microsecond=0)
    stop = stopped_event(subject, by, reason="lost laptop", rules=sha("rules"), at=at, run="run")
    yield stop
    if drawn.random() < 0.5:
        (held,) = stops_of([stop])
        yield lifted_event(held, by, reason="found", rules=sha("rules"), at=at + HOUR, run="run")


def _uses(events: Sequence[Event], drawn: random.Random) -> Iterator[Event]:
    """Of some grants what CloudTrail showed: nobody entered, somebody did, a part was out of sight, nothing was seen."""
    at = max(event.at for event in events) + 40 * DAY
    for due in due_uses(fold_events(events).values(), at):
        kind = drawn.choice(["none", "unused", "unknown", "silent", "entered", "entered"])
        if kind == "none":
            continue
        seen = {"unknown": replace(UNUSED, not_seen=(REFUSED, DATA)), "silent": SeenUse(not_seen=(REFUSED,))}.get(kind, UNUSED)  # fmt: skip
        event = used_event(due, seen, now=at, run="run")
        if kind == "entered":
            found = {
                "state": "entered",
                "entered": drawn.randrange(1, 9),
                "denied": drawn.choice([None, 0, 3]),
            }
            use = RecordedUse({**event.evidence.use.json, **found})
            event = replace(event, evidence=Evidence.of(Evidence.use(use)))
        yield event


def _changes(drawn: random.Random, days: int) -> Iterator[RuleChange]:
    for number in range(drawn.randrange(6)):
        at = (START + DAY * drawn.uniform(0, days)).replace(microsecond=0)
        yield RuleChange(
            commit=sha(f"rules {number}"), at=at, subject=drawn.choice(TEXTS), paths=("policies/people.yaml",),
            base=sha(f"base {number}"), whole=drawn.random() < 0.9,
        )  # fmt: skip


def _recorded(change: RuleChange, drawn: random.Random) -> Iterator[Event]:
    outcome = drawn.choice(OUTCOMES)
    if outcome:
        by = {"login": "bob", "github_id": 1002}
        evidence = {
            "outcome": outcome,
            "pull_request": 7,
            "author": by,
            "approvals": [by],
            "by": "olivia",
            "reason": "?",
        }
        yield Event(kind=EventType.RULES, at=change.at + timedelta(minutes=5), request="", commit=change.commit, evidence=Evidence(evidence))  # fmt: skip


def _completeness(drawn: random.Random) -> Completeness:
    missing, due = drawn.choice([(0, 0), (0, 1), (2, 0)])
    return replace(
        WHOLE, merged=30, missing=missing, due=due, unchecked=drawn.choice([0, 0, 2]), anchored=drawn.random() < 0.8,
        left_out=drawn.choice([0, 3]), verified=drawn.randrange(3), failed=0, last_verified=drawn.choice([None, START]),
    )  # fmt: skip
