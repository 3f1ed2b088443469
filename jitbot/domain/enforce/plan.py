"""The plan: compare what was decided with what AWS has at a moment, and list the changes that are due.

There are two plans, because two AWS roles apply them: `to_grant` only gives access, `to_end` only ends it. A plan is
a value. Making one changes nothing; it is empty if nothing is due.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from jitbot.domain.access.request_state import AccountState, ApprovedTerm, RequestState
from jitbot.domain.aws import iam
from jitbot.domain.aws.roles import Listed
from jitbot.domain.enforce.changes import Change, Confirm, Deny, Extend, Provision, Remove
from jitbot.domain.enforce.drift import drifted, has_role, replaced, rightly_held, vanished
from jitbot.domain.ledger.ask import principal_text
from jitbot.domain.ledger.batches import NO_DOUBT, Doubt
from jitbot.domain.ledger.events import EndReason, Event
from jitbot.domain.model.documents import AccountId, Login, People, Sha
from jitbot.domain.text import timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyEnds:
    """The early ends that main asks for. Each rests on a positive reading of everything it needs."""

    deleted: frozenset[str] = frozenset()  # requests whose file is gone from main
    offboarded: frozenset[str] = frozenset()  # requests whose requester is no longer that person

    # Requests that may have to end, and why that is unknown.
    unknown: Mapping[str, str] = field(default_factory=dict)
    # Deleted by somebody who may not end them, and why not.
    refused: Mapping[str, str] = field(default_factory=dict)
    people_unread: str = ""  # why people.yaml cannot be read; then nobody knows who is offboarded

    def of(self, state: RequestState, account_state: AccountState) -> tuple[EndReason, str] | None:
        """Why the access in this account must end early, and by whom or since when; None if it need not."""
        if (decision := state.end_decision) is not None:
            return decision.why or EndReason.REVOKED, decision.cause
        if account_state.end is not None:
            return account_state.end.why or EndReason.DRIFT, account_state.end.cause
        if state.request in self.deleted:
            return EndReason.DELETED, "the request's file was deleted from main"
        if state.request in self.offboarded:
            return EndReason.OFFBOARDED, "people.yaml no longer has this requester with this id and principal"
        return None


def to_grant(
    states: Iterable[RequestState], ends: EarlyEnds, now: datetime, doubt: Doubt = NO_DOUBT
) -> tuple[Change, ...]:
    """Every approved term that is not yet recorded as granted and can still be used.

    A request that may have to end gets nothing: none does while nobody knows whose requester is gone.
    """
    if ends.people_unread:
        return ()
    unsure = doubt.requests | ends.unknown.keys()
    return _sorted(
        change for state in states if state.request not in unsure for change in _grants(state, ends, now)
    )


def waiting(states: Iterable[RequestState], ends: EarlyEnds, now: datetime, doubt: Doubt) -> tuple[str, ...]:
    """The requests that `to_grant` would give something, were it not for an event that cannot be read."""
    in_doubt = (state for state in states if state.request in doubt.requests)
    return tuple(sorted(state.request for state in in_doubt if any(_grants(state, ends, now))))


def may_have_to_end(states: Iterable[RequestState], ends: EarlyEnds) -> bool:
    """Whether an early end is due that is not recorded yet, or it is unknown whether one is: then a sweep has work."""
    return bool(ends.unknown or ends.people_unread) or any(
        ends.of(state, account_state) is not None
        for state, term, documents in _roles(states)
        if (account_state := state.account_state(documents.account_id)).end is None
        and not account_state.expired_at(term.window.expires_at)
    )


def offboarded(state: RequestState, people: People) -> bool:
    """Whether the requester is no longer there, or no longer with the recorded GitHub id and AWS principal."""
    if state.current is None:
        return False
    ask = state.current.ask
    person = people.get(Login(ask.requester))
    if person is None:
        return True
    return person.github_id != ask.github_id or principal_text(person.principal) != ask.principal


def to_end(
    states: Mapping[str, RequestState],
    listed: Mapping[AccountId, tuple[Listed, ...]],
    orphans: Iterable[Event],
    ends: EarlyEnds,
    now: datetime,
    doubt: Doubt = NO_DOUBT,
) -> tuple[Change, ...]:
    """Everything to end, confirm or remove in the accounts that answered; `listed` holds only those.

    `orphans` are the recorded ends of roles that no request explains. A request in doubt ends only by an end that was
    positively read: a revocation, a deletion or an offboarding.
    """
    changes: list[Change] = []
    known: set[tuple[AccountId, str]] = set()
    roles_by_name = {(role.account_id, role.role_name): role for roles in listed.values() for role in roles}
    for state, term, documents in _roles(states.values()):
        name = (documents.account_id, documents.role_name)
        known.add(name)
        sure = state.request not in doubt.requests or ends.of(state, AccountState()) is not None
        if documents.account_id in listed and sure:
            changes += _ends(state, term, documents, roles_by_name.get(name), ends, now)
    denied = _denied_orphans(orphans)
    for account_id, roles in listed.items():
        for role in roles:
            if (account_id, role.role_name) not in known and role.role_name not in doubt.roles:
                changes += _orphan(role, _orphan_name(role) in denied, now)
    return _sorted(changes)


def _grants(state: RequestState, ends: EarlyEnds, now: datetime) -> Iterator[Change]:
    term = state.current
    if term is None or now >= term.window.expires_at:
        return
    for documents in term.documents:
        account_state = state.account_state(documents.account_id)
        if ends.of(state, account_state) is not None or account_state.granted_for(term.commit) is not None:
            continue
        held = rightly_held(state, account_state, documents)
        if has_role(account_state) or (not account_state.granted and len(held) > 1):
            yield Extend(
                request=state.request,
                requester=term.requester,
                commit=term.commit,
                documents=documents,
                held=held,
            )
        else:
            yield Provision(
                request=state.request, requester=term.requester, commit=term.commit, documents=documents
            )


def _ends(
    state: RequestState,
    term: ApprovedTerm,
    documents: iam.Documents,
    role: Listed | None,
    ends: EarlyEnds,
    now: datetime,
) -> Iterator[Change]:
    """What is due of one role that the ledger knows."""
    account_state, over = state.account_state(documents.account_id), term.window.expires_at
    settled = account_state.expired_at(over)  # a deletion or an offboarding after that ends nothing any more
    due = None if settled else ends.of(state, account_state)
    if role is not None and due is None and (now < over or settled):
        drift = drifted(state, account_state, documents, role)
        due = None if drift is None else (EndReason.DRIFT, drift)
    if role is None and due is None and vanished(account_state, term, now):
        due = (EndReason.DRIFT, "the role is gone before its end")
    if role is not None and replaced(account_state, role):
        detail = f"another role has the name of one that was ended: {role.role_id}"
        yield _deny(state, documents, term, (EndReason.DRIFT, detail))
    elif role is not None and undone(account_state, term, role, now):
        yield _deny(state, documents, term, (EndReason.DRIFT, _taken_off(role, now)))
    elif (
        due is not None
        and account_state.end is None
        and (account_state.granted or role is not None or now >= over)
    ):
        yield _deny(state, documents, term, due)
    elif due is None and now >= over and not settled:
        yield Confirm(**_role(state, term, documents), expected=rightly_held(state, account_state, documents))
    ended = settled or account_state.end is not None
    if ended and now >= over + iam.SESSION and (role is not None or not account_state.removed_after(over)):
        yield Remove(**_role(state, term, documents))


def to_look_at(
    states: Iterable[RequestState],
    listed: Mapping[AccountId, tuple[Listed, ...]],
    orphans: Iterable[Event],
    now: datetime,
) -> tuple[Listed, ...]:
    """The roles whose early end is recorded, and that a session could still use if somebody took the denial off.

    `orphans` are the recorded ends of roles that no request explains: they are looked at until they are removed.
    """
    denied = _denied_orphans(orphans)
    ended = {
        (documents.account_id, documents.role_name)
        for state, term, documents in _roles(states)
        if _may_live(term, now) and state.account_state(documents.account_id).end is not None
    }
    roles = (role for each in listed.values() for role in each)
    return tuple(
        role
        for role in roles
        if role.whole is None and ((role.account_id, role.role_name) in ended or _orphan_name(role) in denied)
    )


def undone(account_state: AccountState, term: ApprovedTerm, role: Listed, now: datetime) -> bool:
    """Whether a role that was read whole is not denied, although its early end is recorded: somebody undid it."""
    return (
        account_state.end is not None
        and _may_live(term, now)
        and role.whole is not None
        and not role.whole.denied
    )


def _taken_off(role: Listed, now: datetime) -> str:
    return f"the denial was taken off role {role.role_id}, as seen at {timestamp.show(now)}"


def denials(state: RequestState, due: tuple[EndReason, str]) -> tuple[Deny, ...]:
    """A denial for each account that a request was approved for, whatever the ledger records of that account."""
    term = state.current
    return tuple(_deny(state, each, term, due) for each in term.documents) if term is not None else ()


def _may_live(term: ApprovedTerm, now: datetime) -> bool:
    """Whether a session of a role may still be alive, whenever it was opened."""
    return now < term.window.expires_at + iam.SESSION


def _deny(
    state: RequestState, documents: iam.Documents, term: ApprovedTerm, due: tuple[EndReason, str]
) -> Deny:
    why, detail = due
    return Deny(**_role(state, term, documents), why=why, detail=detail)


class _Role(TypedDict):
    """The fields that every end of access has: they name the role."""

    request: str
    requester: str
    commit: Sha
    account: str
    account_id: AccountId
    role_name: str
    window: iam.Window


def _role(state: RequestState, term: ApprovedTerm, documents: iam.Documents) -> _Role:
    return {
        "request": state.request,
        "requester": term.requester,
        "commit": term.commit,
        "account": documents.account,
        "account_id": documents.account_id,
        "role_name": documents.role_name,
        "window": term.window,
    }


def _denied_orphans(orphans: Iterable[Event]) -> frozenset[tuple[AccountId, str, str]]:
    """The roles that no request explains and whose denial is recorded: each by its account, name and id."""
    return frozenset((event.account_id, event.role_name, event.cause) for event in orphans)


def _orphan_name(role: Listed) -> tuple[AccountId, str, str]:
    return role.account_id, role.role_name, role.role_id


def _orphan(role: Listed, denied: bool, now: datetime) -> Iterator[Change]:
    """A role under our path that no request explains: denied at once, removed only if its end can be read.

    Until it is removed, it is denied again if somebody takes the denial off.
    """
    window = iam.read_window(role.trust_policy)
    over = window if window is not None and now >= window.expires_at + iam.SESSION else None
    is_open = role.whole is not None and not role.whole.denied
    if not denied or (is_open and over is None):
        yield Deny(
            request="",
            commit=Sha(""),
            account="",
            account_id=role.account_id,
            role_name=role.role_name,
            why=EndReason.DRIFT if denied else EndReason.ORPHAN,
            detail=_taken_off(role, now) if denied else role.role_id,
            window=window,
        )
    elif over is not None:
        yield Remove(
            request="",
            commit=Sha(""),
            account="",
            account_id=role.account_id,
            role_name=role.role_name,
            window=over,
        )


def _roles(states: Iterable[RequestState]) -> Iterator[tuple[RequestState, ApprovedTerm, iam.Documents]]:
    """Every role that the ledger knows, with the term that counts for it."""
    for state in states:
        if (term := state.current) is not None:
            yield from ((state, term, documents) for documents in term.documents)


def _sorted(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Ends first, then confirmations, removals, extensions, new grants; by account within each."""
    return tuple(sorted(changes, key=lambda change: (change.order, change.account_id, change.role_name)))
