"""`jitbot revoke`: who may end a grant early, the record of it, and the end itself."""

from dataclasses import replace
from datetime import datetime

from jitbot.domain import owners
from jitbot.domain.changes import Deny
from jitbot.domain.errors import BranchMovedError, DeniedError, InvalidError, UnavailableError
from jitbot.domain.events import Event, Kind, Why
from jitbot.domain.evidence import Actor
from jitbot.domain.life import Life
from jitbot.domain.model import GithubId, Login, Person, Sha
from jitbot.lifecycle import history as ledger
from jitbot.lifecycle.carrying import carry_out
from jitbot.lifecycle.gathering import CommitTree, read_rules
from jitbot.lifecycle.history import History
from jitbot.lifecycle.recording import ATTEMPTS, record
from jitbot.lifecycle.report import Report
from jitbot.lifecycle.world import SETTINGS, World, ensure_current, ensure_recordable


def revoke(world: World, request: str, *, reason: str, now: datetime) -> Report:
    """Record that a request is revoked, for good, then end it in every account.

    Raises DeniedError unless this run's actor is the requester, an owner of the request, or of policies/,
    and InvalidError for a request that was never approved.
    """
    ensure_current(world)
    if world.run.rerun:
        raise DeniedError(
            "a re-run speaks for whoever started the run first, whoever re-runs it; start revoke anew"
        )
    ensure_recordable(world)
    history, event = _record_revocation(world, request, reason=reason, now=now)
    life = history.lives[request]
    changes = _denials(replace(life, revoked=event), now)
    outcome = carry_out(world, changes, now)
    recorded = record(world, outcome, now) if outcome.events or outcome.failures else ()
    return Report(
        planned=changes, recorded=(event, *recorded), failures=outcome.failures, warnings=history.ignored
    )


def _record_revocation(world: World, request: str, *, reason: str, now: datetime) -> tuple[History, Event]:
    """Record the decision, on a ledger that nobody moved meanwhile; one recorded before stays the one that counts."""
    for _ in range(ATTEMPTS):
        history = ledger.read(world, now)
        if history.doubt:
            raise UnavailableError(history.doubt)
        life = history.lives.get(request)
        if life is None or life.current is None:
            raise InvalidError(f"{request} was never approved, so there is nothing to revoke")
        event = life.revoked or _revocation(world, life, reason=reason, now=now)
        if life.revoked is None:
            try:
                history = ledger.append(world, history, [event], now)
            except BranchMovedError:
                world.repository.fetch()
                continue
        return history, event
    raise UnavailableError("the ledger keeps moving; try again")


def _revocation(world: World, life: Life, *, reason: str, now: datetime) -> Event:
    ask = life.current.ask if life.current is not None else {}
    person = _entitled(world, life.request, ask.get("github_id"))
    return Event(
        kind=Kind.REVOKED,
        at=now,
        request=life.request,
        commit=life.current.commit if life.current is not None else Sha(""),
        why=Why.RELEASED if person.github_id == ask.get("github_id") else Why.REVOKED,
        cause=f"by {person.login}",
        ask={"requester": str(ask.get("requester", ""))},
        evidence={"by": person.login, "github_id": person.github_id, "reason": reason},
        run=world.run.url,
    )


def _entitled(world: World, request: str, requester_id: object) -> Person:
    """The person who runs this, if they may revoke the request; by GitHub id, under the rules at main's tip."""
    tree = CommitTree(repository=world.repository, commit=world.repository.main())
    rules = read_rules(tree, world.documents, request.split("/")[1])
    people, teams = rules.people.value, rules.teams.value
    if people is None or teams is None:
        raise UnavailableError(
            "people.yaml or teams.yaml on main cannot be read, so nobody is known to be entitled"
        )
    actor = Actor(login=Login(world.run.actor), github_id=GithubId(world.run.actor_id))
    person = owners.person_behind(actor, people)
    if person is None:
        raise DeniedError(
            f"{world.run.actor or 'nobody'} is not known by this GitHub id in policies/people.yaml"
        )
    owned = (
        owners.of(path, codeowners=rules.codeowners, people=people, teams=teams)
        for path in (request, SETTINGS)
    )
    if person.github_id != requester_id and not any(each.include(person) for each in owned):
        raise DeniedError(
            f"{person.login} is neither the requester nor an owner of {request} or of policies/"
        )
    return person


def _denials(life: Life, now: datetime) -> tuple[Deny, ...]:
    """A denial for each account of a revoked request whose end is not recorded yet."""
    term, revoked = life.current, life.revoked
    if term is None or revoked is None:
        return ()
    open_ones = (each for each in term.documents if life.holding(each.account_id).end is None)
    return tuple(
        Deny(
            request=life.request,
            requester=term.requester,
            commit=term.commit,
            account=documents.account,
            account_id=documents.account_id,
            role_name=documents.role_name,
            why=revoked.why or Why.REVOKED,
            detail=revoked.cause,
            window=term.window,
        )
        for documents in open_ones
        if now < term.window.expires_at
    )
