"""`jitbot stop`: who may stop a person or a policy, the record of it, the ends that follow, and the lift.

A stop is recorded before AWS is changed. From then on every run refuses what was merged before the stop ends. If it
cannot be recorded, what is live ends in AWS all the same, and the run fails.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from jitbot.domain.access import may_end
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.stops import Stop, StopSubject, lifted_event, stopped_event
from jitbot.domain.model.documents import GithubId, Login, Person, policy_path, same_login
from jitbot.domain.model.errors import DeniedError, InvalidError, JitbotError
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.model.merge_facts import Rules
from jitbot.usecases.collect.collect_case import rules_at_main, tree_at_main
from jitbot.usecases.context import Context, ensure_current, ensure_first_attempt, ensure_recordable
from jitbot.usecases.ledger.ledger import Ledger
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.runs.announce import announced
from jitbot.usecases.runs.end_now import EarlyEndDecision, carry_out, denials
from jitbot.usecases.runs.report import Report


def stop(ledger: Ledger, wanted: StopSubject, *, reason: str) -> Report:
    """Record that a person or a policy is stopped, then end what is live of theirs, in every account.

    `wanted` names a login or a policy. Raises DeniedError unless this run's actor owns `policies/`, and InvalidError
    for a person or a policy that neither main nor the ledger knows.
    """
    context = _current(ledger.context)
    history = ledger.read()
    rules = rules_at_main(context, wanted.policy)
    by = _owner(context, rules, ledger.at)
    subject = _known(context, history, rules, wanted)
    main = context.git.main()
    event = stopped_event(subject, by, reason=reason, rules=main, at=ledger.at, run=context.run.url)
    trouble = ""
    try:
        ensure_recordable(context)
        history, _ = ledger.transact(lambda _: (event,))
    except JitbotError as error:
        trouble = str(error)
        history = replace(history, events=(*history.events, event))
    changes = [
        each for state in history.states.values() if state.stopped for each in denials(state, ledger.at)
    ]
    decision = EarlyEndDecision(event=event, trouble=trouble, again="stop")
    with announced(ledger):
        return carry_out(ledger, history, changes, decision)


def lift(ledger: Ledger, wanted: StopSubject, *, reason: str) -> Report:
    """Record that every stop of this person or policy is lifted. What a stop ended stays ended.

    Raises DeniedError unless this run's actor owns `policies/` and is not stopped, and InvalidError if nothing of the
    kind is stopped.
    """
    context = _current(ledger.context)
    rules = rules_at_main(context, wanted.policy)
    by = _owner(context, rules, ledger.at)
    main = context.git.main()
    ensure_recordable(context)

    def build(known: LedgerView) -> Sequence[Event]:
        if why := may_end.why_not_lifted_by(by, known.stops, ledger.at):
            raise DeniedError(why)
        lifted = _lifted(known.stops, wanted, rules, ledger.at)
        return [
            lifted_event(each, by, reason=reason, rules=main, at=ledger.at, run=context.run.url)
            for each in lifted
        ]

    history, recorded = ledger.transact(build)
    return Report(recorded=recorded, warnings=history.ignored)


def _current(context: Context) -> Context:
    ensure_current(context)
    ensure_first_attempt(context, "revoke")
    return context


def _owner(context: Context, rules: Rules, at: datetime) -> Person:
    """The person who runs this, if they own `policies/`; by GitHub id, under the rules at main's tip."""
    if not context.run.actor_id:
        raise DeniedError(
            "no run of Actions says who stops: start the workflow, as in "
            "`gh workflow run revoke.yml -f person=LOGIN -f reason=…`"
        )
    return may_end.owner_of_rules(context.run.person, rules, at)


def _lifted(stops: Sequence[Stop], wanted: StopSubject, rules: Rules, now: datetime) -> tuple[Stop, ...]:
    """The stops in force that are meant: of the policy, or of the person by the login or the id behind it."""
    people = rules.people.value or {}
    person = _of_login(people, wanted.login)
    found = tuple(
        each
        for each in stops
        if each.holds(now)
        and each.subject.policy == wanted.policy
        and (
            same_login(each.subject.login, wanted.login)  # a policy has none
            or (person is not None and each.subject.is_person(person.github_id))
        )
    )
    if not found:
        raise InvalidError(f"no stop of {wanted.in_words} is in force, so there is none to lift")
    return found


def _known(context: Context, history: LedgerView, rules: Rules, wanted: StopSubject) -> StopSubject:
    """The person or the policy that is meant. Raises InvalidError if neither main nor the ledger knows it."""
    if wanted.policy:
        main = tree_at_main(context.git)
        named = {policy_of(path) for path in history.states if path.count("/") > 1}
        if wanted.policy in named or main.read([policy_path(wanted.policy)]):
            return wanted
        raise InvalidError(
            f"neither {policy_path(wanted.policy)} is on main, nor a request under {wanted.policy} in the ledger"
        )
    person = _of_login(rules.people.value or {}, wanted.login)
    github_id = person.github_id if person is not None else _recorded_id(history, wanted.login)
    if github_id is None:
        raise InvalidError(
            f"{wanted.login} is neither in policies/people.yaml on main, nor did they ask in the last 21 days"
        )
    login = person.login if person is not None else wanted.login
    return StopSubject(login=login, github_id=github_id)


def _of_login(people: Mapping[Login, Person], login: str) -> Person | None:
    return next((person for name, person in people.items() if same_login(name, login)), None)


def _recorded_id(history: LedgerView, login: str) -> GithubId | None:
    """The GitHub id behind a login that people.yaml does not have any more, by the newest approval of theirs."""
    asks = [
        event.ask.github_id
        for event in history.events
        if event.kind in (EventType.APPROVED, EventType.EXTENDED) and same_login(event.ask.requester, login)
    ]
    known = [each for each in asks if each is not None]
    return GithubId(known[-1]) if known else None
