"""A look at the safeguards, and an admin's word about them: what is recorded of each, and how it is read again.

A look is what a run saw itself. An admin's word is what that person says: it is never taken for a look.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from jitbot.domain.audit.protection.safeguards import BY_CODE, SAFEGUARDS, Safeguard
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.bounds import cut
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.setup.doctor.github.github_state import GitHubState
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Unknown
from jitbot.domain.text.escape import quoted

Word = TypeVar("Word", bound=StrEnum)


class Sight(StrEnum):
    """What a look saw of one safeguard. Only HELD says that it held at that moment.

    NO_RULE: GitHub answered, and no ruleset is seen to ask for it; something that no look sees may.
    """

    HELD = "held"
    NOT_HELD = "not held"
    NO_RULE = "no rule seen"
    NOT_SEEN = "not seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a run saw, by the codes of the safeguards. A code that is missing was not looked at."""

    at: datetime
    sights: Mapping[str, Sight]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminStatement:
    """What an admin said, in doctor's words."""

    at: datetime
    by: str
    github_id: int | None
    words: Mapping[str, CheckVerdict]


def sights_of(state: GitHubState, checks: Mapping[str, Check]) -> Mapping[str, Sight]:
    """What a look saw, from doctor's checks of a state that `as_a_job_sees` made."""
    return {each.code: _sight(each, state, checks.get(each.code)) for each in SAFEGUARDS}


def _sight(safeguard: Safeguard, state: GitHubState, check: Check | None) -> Sight:
    branch = {state.main.name: state.main, state.ledger.name: state.ledger}.get(safeguard.branch)
    if branch is None or isinstance(branch.rules, Unknown) or check is None:
        return Sight.NOT_SEEN
    match check.verdict:
        case CheckVerdict.OK:
            return Sight.HELD
        case CheckVerdict.WARN:  # doctor knows something that may stand in for it, which is not proven
            return Sight.NOT_SEEN
        case CheckVerdict.WRONG if safeguard.needs_ruleset:
            return Sight.NOT_HELD
        case _:
            return Sight.NO_RULE


def possible(code: str) -> tuple[Sight, ...]:
    """What a run can see of a safeguard: nothing of what a job's token is not shown, and of main never that nothing holds it."""
    safeguard = BY_CODE[code]
    if not safeguard.branch:
        return (Sight.NOT_SEEN,)
    return tuple(Sight) if safeguard.needs_ruleset else (Sight.HELD, Sight.NO_RULE, Sight.NOT_SEEN)


def look_event(look: Look, *, why: str, run: str) -> Event:
    """The event of a look; `why` is why something was not seen, as GitHub says it."""
    pairs = [Evidence.safeguards(look.sights), *([Evidence.reason(cut(why))] if why else [])]
    return _event(EventType.PROTECTION_SEEN, look.at, Evidence.of(*pairs), run)


def statement_event(words: Mapping[str, CheckVerdict], by: Actor, *, at: datetime, run: str) -> Event:
    """The event of an admin's word."""
    evidence = Evidence.of(
        Evidence.by(by.login), Evidence.github_id(by.github_id), Evidence.safeguards(words)
    )
    return _event(EventType.PROTECTION_SAID, at, evidence, run)


def _event(kind: EventType, at: datetime, evidence: Evidence, run: str) -> Event:
    """What another run records in the same second is another event."""
    return Event(kind=kind, at=at, request="", evidence=evidence, run=run, cause=run)


def looks_of(events: Iterable[Event]) -> tuple[Look, ...]:
    """The looks among these events, oldest first. A word that no look can come to is "not seen"."""
    found = {
        each.key: Look(
            at=each.at,
            sights={
                code: sight if sight in possible(code) else Sight.NOT_SEEN
                for code, sight in _read(each, Sight, Sight.NOT_SEEN).items()
            },
        )
        for each in events
        if each.kind is EventType.PROTECTION_SEEN
    }
    return tuple(sorted(found.values(), key=lambda look: look.at))


def statements_of(events: Iterable[Event]) -> tuple[AdminStatement, ...]:
    """What admins said, oldest first. A word that this jitbot does not know is "unknown"."""
    found = {
        each.key: AdminStatement(
            at=each.at,
            by=each.evidence.by,
            github_id=each.evidence.github_id,
            words=_read(each, CheckVerdict, CheckVerdict.UNKNOWN),
        )
        for each in events
        if each.kind is EventType.PROTECTION_SAID
    }
    return tuple(sorted(found.values(), key=lambda each: each.at))


def _read(event: Event, words: type[Word], unknown: Word) -> Mapping[str, Word]:
    known = {str(word): word for word in words}
    recorded = event.evidence.safeguards or {}
    return {code: known.get(recorded[code], unknown) for code in BY_CODE if code in recorded}


def as_text(checks: Mapping[str, Check]) -> str:
    """What doctor found of the safeguards, as a run is given it: `main-bypass=ok ledger-bypass=warn …`."""
    return " ".join(f"{code}={check.verdict}" for code, check in checks.items())


def parsed(text: str) -> Mapping[str, CheckVerdict]:
    """The reverse of `as_text`. Raises InvalidError for anything else: nothing in it is a person's free text."""
    known = {str(word): word for word in CheckVerdict}
    words: dict[str, CheckVerdict] = {}
    for part in text.split():
        code, _, word = part.partition("=")
        if code not in BY_CODE or word not in known or code in words:
            raise InvalidError(
                f"{quoted(part)} is no answer about a safeguard, or the second one: run `jitbot doctor --record` of the "
                "release that main's workflows pin"
            )
        words[code] = known[word]
    if not words:
        raise InvalidError("the statement answers nothing: run `jitbot doctor --record`")
    return words
