"""What a change of rules does to requests that are there already: live ones that it ends, open ones that it refuses."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.access.approval import render_all, window_of
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.aws.risk import Level
from jitbot.domain.enforce.grant_status import GrantState, grant_statuses
from jitbot.domain.enforce.plan import offboarded
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.model.documents import Parsed, Request
from jitbot.domain.model.grammar import REQUESTS, policy_of
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.rule_effects.effect import Direction, Effect
from jitbot.domain.rule_effects.rule_set import RuleSet
from jitbot.domain.views.preview import preview_grant, unasked

ENDS = "ends-access"  # the code of the effect that somebody notices at once


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedRequest:
    """A request of an open pull request."""

    number: int
    request: Request


def of_the_ledger(
    states: Iterable[RequestState], base: RuleSet, head: RuleSet, now: datetime
) -> Iterator[Effect]:
    """Access that is live, planned or approved and ends by the change, and grants that can no longer be extended."""
    old, new = base.shared.people.value, head.shared.people.value
    running = [
        state
        for state in states
        if any(each.state is not GrantState.ENDED for each in grant_statuses([state], now))
    ]
    ended = [
        state
        for state in running
        if old is not None and new is not None and offboarded(state, new) and not offboarded(state, old)
    ]
    yield from _requests(ENDS, "ENDS the current access of {people}: {what}", ended, Level.HIGH)
    stuck = [state for state in running if state not in ended and _other_documents(state, base, head)]
    text = "The current access of {people} stays until its end, and can no longer be extended: {what}"
    yield from _requests("no-extension", text, stuck, Level.MEDIUM)


def _requests(code: str, text: str, states: list[RequestState], level: Level) -> Iterator[Effect]:
    people = dict.fromkeys(state.current.requester for state in states if state.current is not None)
    what = tuple(state.request.removeprefix(REQUESTS) for state in states)
    if what:
        yield Effect(code=code, direction=Direction.NARROWER, level=level, text=text, people=tuple(people), what=what)  # fmt: skip


def _other_documents(state: RequestState, base: RuleSet, head: RuleSet) -> bool:
    """Whether an extension would be refused at the head alone, since other documents come of the same request."""
    term = state.current
    if term is None:
        return False
    request = term.ask.request(state.request, term.window.starts_at)
    policy = policy_of(state.request)
    old, new = (render_all(each.of(policy), request, term.window) for each in (base, head))
    return bool(old) and old != new


def of_open_pulls(
    found: Iterable[ProposedRequest], base: RuleSet, head: RuleSet, now: datetime, catalogue: ActionCatalog
) -> Iterator[Effect]:
    """Open requests that are fine now and would be refused, and those that must be brought up to date first."""
    for each in found:
        policy = policy_of(each.request.path)
        old, new = (_refusals(each.request, rules.of(policy), now, catalogue) for rules in (base, head))
        reason = next((reason for reason in new if reason not in old), "")
        if reason:
            code, level = "refuses-request", Level.MEDIUM
            text = "The open request of {people} would be refused ({what}): {after}"
        elif _rendered(each.request, base, now) != _rendered(each.request, head, now):
            code, level = "outdates-request", Level.LOW
            text = "The open request of {people} must be brought up to date and approved again: {what}"
        else:
            continue
        yield Effect(
            code=code,
            direction=Direction.NARROWER,
            level=level,
            text=text,
            people=(each.request.requester,),
            what=(f"pull request {each.number}",),
            after=reason,
        )


def _refusals(request: Request, rules: Rules, now: datetime, catalogue: ActionCatalog) -> tuple[str, ...]:
    """Why a request would be refused if it were merged now under these rules."""
    case = unasked(
        request.path, Parsed(value=request), now, rules=rules, head_rules=rules, blob=blob_name(b"")
    )
    return tuple(each.message for each in preview_grant(case, now, catalogue).findings)


def _rendered(request: Request, rules: RuleSet, now: datetime) -> tuple[object, ...]:
    its = rules.of(policy_of(request.path))
    return render_all(its, request, window_of(its, request, request.starts_at or now, now))
