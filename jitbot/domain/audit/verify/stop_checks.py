"""Is each emergency stop, and each lift of one, by somebody who might, and did it hold?"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from jitbot.domain.access import may_end
from jitbot.domain.audit.history.findings import AuditFinding
from jitbot.domain.audit.history.ledger_history import LedgerHistory, RecordedEvent
from jitbot.domain.ledger.events import EndReason, EventType
from jitbot.domain.ledger.stops import LASTS, Stop, stops_of
from jitbot.domain.model.documents import GithubId, Login, Sha
from jitbot.domain.model.errors import JitbotError
from jitbot.domain.model.merge_facts import Actor, Rules
from jitbot.domain.text import duration, timestamp

_WHO = "find out which run recorded it: only an owner of policies/ may stop, or lift a stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesOfStop:
    """The rules that a stop or a lift names. `rules` is None where this clone lacks a part of them."""

    on_main: bool
    rules: Rules | None


def problems(history: LedgerHistory, rules: Mapping[Sha, RulesOfStop]) -> Iterator[AuditFinding]:
    """Everything wrong with the stops of a ledger. `rules` are those at each commit that one of them names."""
    for each in history.stops:
        yield from _by_whom(each, rules.get(Sha(each.event.evidence.rules_commit)))
        if each.event.kind is EventType.STOPPED:
            yield from _too_long(each)
        else:
            yield from _lifted(each, stops_before(history, each))
    yield from _outcomes(history)


def stops_before(history: LedgerHistory, recorded: RecordedEvent) -> tuple[Stop, ...]:
    """The stops that the ledger held when this was recorded."""
    return stops_of(each.event for each in history.stops if each.batch.order < recorded.batch.order)


def _by_whom(recorded: RecordedEvent, found: RulesOfStop | None) -> Iterator[AuditFinding]:
    event, subject = recorded.event, recorded.subject
    login, github_id = event.evidence.by, event.evidence.github_id
    actor = recorded.batch.actor_id
    if actor != str(github_id):
        yield subject.problem(
            "stop-by-another",
            f"it names {login} with the GitHub id {github_id}, and its run was started by {actor or 'nobody known'}",
            _WHO,
        )
    if found is None or not found.on_main:
        yield subject.problem("stop-without-rules", "the commit of its rules is none of main's", _WHO)
    elif found.rules is None:
        yield subject.rules_not_here(event.evidence.rules_commit)
    else:
        try:
            may_end.owner_of_rules(
                Actor(login=Login(login), github_id=GithubId(github_id or 0)), found.rules, event.at
            )
        except JitbotError as error:
            yield subject.problem("stop-without-right", str(error), _WHO)


def _too_long(recorded: RecordedEvent) -> Iterator[AuditFinding]:
    event = recorded.event
    if event.window is None or event.window.expires_at != event.at + LASTS:
        yield recorded.subject.problem(
            "stop-too-long",
            f"it is not recorded to last {duration.show(LASTS)}",
            "a stop counts for that long at most: find out which run recorded it",
        )


def _lifted(recorded: RecordedEvent, before: Iterable[Stop]) -> Iterator[AuditFinding]:
    event, known = recorded.event, list(before)
    meant = [stop for stop in known if stop.event.key == event.evidence.stop]
    if not meant:
        yield recorded.subject.problem(
            "lift-without-stop",
            "no stop that it lifts is recorded before it",
            "a stop is missing, or this was recorded by no run of `jitbot stop`: find out which run did it",
        )
    # Those stopped themselves when they lifted it: by the ledger as it was then, this lift aside.
    by = event.evidence.github_id
    if any(stop.subject.is_person(by) and stop.holds(event.at) for stop in known):
        yield recorded.subject.problem(
            "stop-without-right", f"{event.evidence.by} was stopped, and who is stopped lifts nothing", _WHO
        )


def _outcomes(history: LedgerHistory) -> Iterator[AuditFinding]:
    """Ends by a stop that is not recorded, and grants in spite of one that is."""
    if not history.stops and not any(each.event.why is EndReason.STOPPED for each in history.recorded):
        return
    for each in history.recorded:
        event = each.event
        ended = event.kind is EventType.ENDED and event.why is EndReason.STOPPED
        if not ended and event.kind is not EventType.GRANTED:
            continue
        stop = _of(each, history)
        if ended and stop is None:
            yield each.subject.problem(
                "ended-without-stop",
                "it ended by a stop, and the ledger holds none of this person or policy before it",
                "a stop is missing from the record, or access was ended without one: find out which run did it",
            )
        elif not ended and stop is not None:
            yield each.subject.problem(
                "granted-in-stop",
                f"access was given at {timestamp.show(event.at)}, although every request of "
                f"{stop.subject.in_words} was stopped before",
                "end it with `jitbot release` if it still runs, and find out which run did it",
            )


def _of(recorded: RecordedEvent, history: LedgerHistory) -> Stop | None:
    """The stop, recorded before, that ends or refuses what this event is about."""
    decision = history.decisions.get((recorded.event.request, recorded.event.commit))
    if decision is None:
        return None
    merged_at = decision.event.came_at
    asked = decision.event.ask.github_id
    before = stops_before(history, recorded)
    return next((stop for stop in before if stop.refuses(recorded.event.request, asked, merged_at)), None)
