"""Emergency stops: who or what is stopped, from when until when, as the ledger records it.

A stop refuses every request that was merged before the stop ended, and ends what was approved before it, for good. It
holds for seven days at most. Somebody who may lifts it earlier. A person is stopped by GitHub id, never by login.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from jitbot.domain.aws.iam import Window
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence, RecordedAccount
from jitbot.domain.model.bounds import TEXT_WRITTEN
from jitbot.domain.model.documents import Finding, GithubId, Login, Person, Sha
from jitbot.domain.model.grammar import REQUESTS
from jitbot.domain.text import timestamp

LASTS = timedelta(days=7)
CODE = "stopped"  # of the reason for which a stop refuses a request
_NOBODY = Login("")


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSubject:
    """What a stop is about: one person, by GitHub id, or all requests under one policy."""

    login: Login = _NOBODY
    github_id: GithubId | None = None
    policy: str = ""

    @property
    def in_words(self) -> str:
        """As sentences name it: `alice`, or `the policy orders-db-read`."""
        return f"the policy {self.policy}" if self.policy else self.login

    def is_person(self, github_id: object) -> bool:
        """Whether it is the person with this GitHub id."""
        return self.github_id is not None and self.github_id == github_id

    def includes(self, request: str, github_id: object) -> bool:
        """Whether a request, asked for by this GitHub id, is of this person or under this policy.

        If the record names neither, it includes every request.
        """
        if not self.policy and self.github_id is None:
            return True
        return self.is_person(github_id) or bool(
            self.policy and request.startswith(f"{REQUESTS}{self.policy}/")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One stop, and the event that lifted it, if one did."""

    event: Event
    lifted: Event | None = None

    @property
    def subject(self) -> StopSubject:
        """Who or what is stopped."""
        return subject_of(self.event)

    @property
    def until(self) -> datetime:
        """The first moment at which it holds no longer."""
        latest = self.event.at + LASTS
        ends = self.event.window.expires_at if self.event.window is not None else latest
        return min(latest, ends, *([self.lifted.at] if self.lifted is not None else []))

    def holds(self, at: datetime) -> bool:
        """Whether it has not ended at this moment. It holds also before its own time: clocks of runs differ."""
        return at < self.until

    def refuses(self, request: str, github_id: object, merged_at: datetime) -> bool:
        """Whether this request is refused, or ended, whenever it is decided: it was merged before the stop ended."""
        return self.reaches(merged_at) and self.subject.includes(request, github_id)

    def reaches(self, merged_at: datetime) -> bool:
        """Whether it is about what was merged then. What was there when it began, it ends, however soon it is lifted."""
        return self.holds(merged_at) or merged_at <= self.event.at

    @property
    def lifted_by(self) -> str:
        """Who lifted it; empty if nobody did."""
        return self.lifted.evidence.by if self.lifted is not None else ""

    @property
    def in_words(self) -> str:
        """Who stopped whom or what, and until when, from validated words alone."""
        by, until = self.event.evidence.by or "an owner of policies/", timestamp.show(self.until)
        lifted = f", when {self.lifted_by or 'an owner'} lifted it" if self.lifted is not None else ""
        more = lifted or " or until it is lifted"
        return f"{by} stopped every request of {self.subject.in_words} until {until}{more}"

    def as_json(self) -> Mapping[str, object]:
        """The stop for machines."""
        lifted = self.lifted
        return {
            "person": self.subject.login or None,
            "policy": self.subject.policy or None,
            "by": self.event.evidence.by,
            "reason": self.event.evidence.reason,
            "stopped_at": timestamp.show(self.event.at),
            "until": timestamp.show(self.until),
            "lifted_by": self.lifted_by or None,
            "lifted_because": lifted.evidence.reason if lifted is not None else None,
        }

    def finding(self, file: str) -> Finding:
        """Why a request is refused."""
        message = self.in_words
        if self.lifted is not None:
            message = f"it was merged before the stop ended: {message}"
        hint = "ask an owner of policies/ why; when the stop has ended, ask anew in a new file"
        return Finding.in_file(file, CODE, message, hint)


def subject_of(event: Event) -> StopSubject:
    """Who or what an event stops, or stops no longer."""
    person, evidence = event.evidence.person, event.evidence
    github_id = None if person.github_id is None else GithubId(person.github_id)
    return StopSubject(login=Login(person.login), github_id=github_id, policy=evidence.policy)


def stops_of(events: Iterable[Event]) -> tuple[Stop, ...]:
    """Every stop of these events, the oldest first, each with the first event that lifted it."""
    stopped: list[Event] = []
    lifted: dict[str, Event] = {}
    for event in events:
        if event.kind is EventType.STOPPED:
            stopped.append(event)
        elif event.kind is EventType.LIFTED:
            known = lifted.get(event.evidence.stop, event)
            lifted[event.evidence.stop] = min(known, event, key=lambda each: (each.at, each.key))
    ordered = sorted(stopped, key=lambda event: (event.at, event.key))
    return tuple(Stop(event=event, lifted=lifted.get(event.key)) for event in ordered)


def stopped_event(
    subject: StopSubject, by: Person, *, reason: str, rules: Sha, at: datetime, run: str
) -> Event:
    """The record of a stop by this owner of `policies/`, as the rules at this commit of main say."""
    return Event(
        kind=EventType.STOPPED,
        at=at,
        request="",
        why=EndReason.STOPPED,
        cause=f"{subject.in_words}, by {by.login}",
        window=Window(starts_at=None, expires_at=at + LASTS),
        evidence=Evidence.of(*_evidence(subject, by, reason, rules)),
        run=run,
    )


def lifted_event(stop: Stop, by: Person, *, reason: str, rules: Sha, at: datetime, run: str) -> Event:
    """The record that a stop is lifted by this owner of `policies/`."""
    evidence = Evidence.of(*_evidence(stop.subject, by, reason, rules), Evidence.stop(stop.event.key))
    return Event(
        kind=EventType.LIFTED,
        at=at,
        request="",
        cause=f"stop {stop.event.key}",  # one record for each stop, by anybody
        evidence=evidence,
        run=run,
    )


def _evidence(subject: StopSubject, by: Person, reason: str, rules: Sha) -> tuple[tuple[str, object], ...]:
    about = (
        Evidence.policy(subject.policy)
        if subject.policy
        else Evidence.person(RecordedAccount.named(subject.login, subject.github_id or 0))
    )
    return (
        about,
        Evidence.by(by.login),
        Evidence.github_id(by.github_id),
        Evidence.reason(reason[:TEXT_WRITTEN]),
        Evidence.rules_commit(rules),
    )
