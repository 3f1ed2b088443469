"""The plan: what is due at a moment, from what was recorded and what AWS lists. Nothing due is an empty plan."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import permutations
from typing import Any

import pytest
from acme_facts import (
    DATA,
    EXPIRES_AT,
    HOUR,
    MERGE,
    MINUTE,
    NOW,
    PATH,
    PEOPLE,
    PROD,
    ROLE_ID,
    SECOND,
    STAGING,
    a_person,
    a_request,
    sha,
)
from builders import (
    a_listed_role,
    a_request_state,
    a_revocation,
    a_window,
    an_actual_role,
    an_approval,
    an_extension,
    an_outcome,
    the_documents,
)

from jitbot.domain.access.request_state import AccountState, RequestState, fold_events
from jitbot.domain.aws import iam
from jitbot.domain.aws.roles import Listed
from jitbot.domain.enforce.changes import Change, Confirm, Deny, Extend, Provision, Remove
from jitbot.domain.enforce.drift import LIST_LAG
from jitbot.domain.enforce.plan import (
    EarlyEnds,
    denials,
    may_have_to_end,
    offboarded,
    to_end,
    to_grant,
    to_look_at,
    undone,
    waiting,
)
from jitbot.domain.ledger.batches import Doubt
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.model.documents import AccountId, ByLogin, GithubId, Login, Person

SETTLED = NOW + MINUTE + LIST_LAG  # when a role granted at NOW + MINUTE cannot be missing any more
GONE = EXPIRES_AT + iam.SESSION  # when no session of it can live
BOTH = a_request(accounts=("prod", "staging"))
OTHER = PATH.replace("refunds", "orders")
THIRD = sha("third")
FOREIGN: Any = the_documents(window=a_window(expires_at=EXPIRES_AT + SECOND)).trust_policy

APPROVED, GRANTED = an_approval(), an_outcome(EventType.GRANTED)
LONGER = an_extension(3 * HOUR)
EXTENDED = an_outcome(
    EventType.GRANTED,
    commit=LONGER.commit,
    window=LONGER.window,
    documents=LONGER.documents,
    at=NOW + HOUR,
)
EXPIRED = an_outcome(EventType.ENDED, at=EXPIRES_AT + MINUTE)
REMOVED = an_outcome(EventType.REMOVED, at=GONE + MINUTE)
DRIFT = an_outcome(EventType.ENDED, why=EndReason.DRIFT)
ROLE = a_listed_role()


def giving(*events: Event, now: datetime = NOW, ends: EarlyEnds | None = None) -> tuple[Change, ...]:
    """What is to be given after these events."""
    return to_grant(fold_events(events).values(), ends or EarlyEnds(), now)


def ending(
    *events: Event,
    roles: Iterable[Listed] = (),
    now: datetime = NOW,
    ends: EarlyEnds | None = None,
    answered: Iterable[AccountId] = (PROD, STAGING),
) -> tuple[Change, ...]:
    """What is to be ended after these events, with these roles in the accounts that answered."""
    listed = {each: tuple(role for role in roles if role.account_id == each) for each in answered}
    orphans = [event for event in events if event.kind is EventType.ENDED and not event.request]
    return to_end(fold_events(events), listed, orphans, ends or EarlyEnds(), now)


def kinds(changes: tuple[Change, ...]) -> list[str]:
    """The names of the changes, in their order."""
    return [type(change).__name__ for change in changes]


def denial(changes: tuple[Change, ...]) -> tuple[EndReason, str]:
    """Why the only change of a plan, which is a denial, is due."""
    (change,) = changes
    assert isinstance(change, Deny)
    return change.why, change.detail


def test_nothing_recorded_is_nothing_to_do() -> None:
    """Without events and roles both plans are empty."""
    assert giving() == ()
    assert ending() == ()
    assert to_end({}, {}, (), EarlyEnds(), NOW) == ()


def test_an_approval_is_granted() -> None:
    """An approved request gets exactly the documents that were approved."""
    documents = the_documents()
    assert giving(APPROVED) == (
        Provision(request=PATH, requester="alice", commit=MERGE, documents=documents),
    )
    (change,) = giving(APPROVED)
    assert (change.account, change.account_id, change.role_name) == ("prod", PROD, documents.role_name)


def test_what_is_granted_is_not_granted_again() -> None:
    """A recorded grant leaves nothing to give."""
    assert giving(APPROVED, GRANTED) == ()


def test_nothing_is_given_at_the_end_or_after() -> None:
    """A second before the end there is still something to give; at the end there is nothing."""
    assert kinds(giving(APPROVED, now=EXPIRES_AT - SECOND)) == ["Provision"]
    assert giving(APPROVED, now=EXPIRES_AT) == ()
    assert giving(APPROVED, now=EXPIRES_AT + HOUR) == ()


def test_nothing_is_given_without_an_approval() -> None:
    """A refusal, a revocation or an outcome alone gives nothing."""
    assert giving(an_approval(kind=EventType.REFUSED), a_revocation(), an_outcome(EventType.REMOVED)) == ()


def test_each_account_is_granted_by_itself() -> None:
    """A run that stopped after one account goes on with the other."""
    both = an_approval(asked=BOTH)
    assert [change.account for change in giving(both)] == ["staging", "prod"]
    assert [change.account for change in giving(both, GRANTED)] == ["staging"]


@pytest.mark.parametrize(
    ("event", "ends"),
    [
        (a_revocation(), EarlyEnds()),
        (DRIFT, EarlyEnds()),
        (APPROVED, EarlyEnds(deleted=frozenset({PATH}))),
        (APPROVED, EarlyEnds(offboarded=frozenset({PATH}))),
    ],
)
def test_what_must_end_is_not_given(event: Event, ends: EarlyEnds) -> None:
    """Neither a new grant nor an extension is given to what was revoked, ended, deleted or offboarded."""
    assert giving(APPROVED, event, ends=ends) == ()
    assert giving(APPROVED, GRANTED, LONGER, event, ends=ends) == ()


def test_the_ends_of_others_do_not_count() -> None:
    """Another request's deletion or offboarding, or another account's end, takes nothing away."""
    other = EarlyEnds(deleted=frozenset({OTHER}), offboarded=frozenset({OTHER}))
    assert kinds(giving(APPROVED, ends=other)) == ["Provision"]
    assert [change.account for change in giving(an_approval(asked=BOTH), DRIFT)] == ["staging"]


def test_an_extension_rewrites_the_role_that_was_read_back() -> None:
    """An extension takes the role from what was recorded of it to what was approved."""
    read = replace(the_documents(), trust_policy={"as": "read"})
    held = replace(GRANTED, documents=(read,))
    assert giving(APPROVED, held, LONGER) == (
        Extend(
            request=PATH,
            requester="alice",
            commit=LONGER.commit,
            documents=LONGER.documents[0],
            held=(read, LONGER.documents[0]),
        ),
    )
    assert giving(APPROVED, held, LONGER, EXTENDED) == ()


def test_an_extension_of_what_is_not_there_yet_makes_it() -> None:
    """Only the term that counts is granted, even if the first never was."""
    first, longer = APPROVED.documents[0], LONGER.documents[0]
    assert giving(APPROVED, LONGER) == (
        Extend(request=PATH, requester="alice", commit=LONGER.commit, documents=longer, held=(first, longer)),
    )


def test_an_extension_after_the_removal_makes_the_role_anew() -> None:
    """An extension that was merged in time and processed late needs a new role."""
    longest = an_extension(4 * HOUR)
    assert kinds(giving(APPROVED, GRANTED, REMOVED, longest, now=GONE + 2 * MINUTE)) == ["Provision"]


def test_extensions_come_before_new_grants() -> None:
    """A plan to give sorts by kind and account, not by the order of events."""
    more = an_approval(request=OTHER)
    for events in permutations((APPROVED, GRANTED, LONGER, more)):
        assert kinds(giving(*events)) == ["Extend", "Provision"]


def test_a_live_grant_as_recorded_is_left_alone() -> None:
    """From the grant until the last second, nothing is written about a role that is as recorded."""
    for now in (NOW, SETTLED, EXPIRES_AT - SECOND):
        assert ending(APPROVED, GRANTED, roles=[ROLE], now=now) == ()
        assert ending(APPROVED, roles=[ROLE], now=now) == ()


def test_expiry_without_any_run_changes_nothing_in_aws() -> None:
    """At the end there is a role to read back and a record to write, and no call that changes AWS."""
    changes = ending(APPROVED, GRANTED, roles=[ROLE], now=EXPIRES_AT)
    assert changes == (
        Confirm(
            request=PATH,
            requester="alice",
            commit=MERGE,
            account="prod",
            account_id=PROD,
            role_name=ROLE.role_name,
            window=a_window(),
            expected=(the_documents(),),
        ),
    )
    assert ending(APPROVED, GRANTED, EXPIRED, roles=[ROLE], now=GONE - SECOND) == ()


def test_a_grant_that_never_came_to_be_expires_too() -> None:
    """An approval that could not be granted in time is confirmed as ended and removed, like any other."""
    assert kinds(ending(APPROVED, now=EXPIRES_AT - SECOND)) == []
    assert kinds(ending(APPROVED, now=EXPIRES_AT)) == ["Confirm"]
    assert kinds(ending(APPROVED, now=GONE)) == ["Confirm"]


def test_a_role_is_removed_one_session_after_the_end() -> None:
    """An hour after the end, to the second, the role goes; then it is gone for good."""
    assert ending(APPROVED, GRANTED, EXPIRED, roles=[ROLE], now=GONE) == (
        Remove(
            request=PATH,
            requester="alice",
            commit=MERGE,
            account="prod",
            account_id=PROD,
            role_name=ROLE.role_name,
            window=a_window(),
        ),
    )
    assert kinds(ending(APPROVED, GRANTED, EXPIRED, now=GONE)) == ["Remove"]
    assert ending(APPROVED, GRANTED, EXPIRED, REMOVED, now=GONE + HOUR) == ()


def test_a_removed_role_that_still_stands_is_removed_again() -> None:
    """A record does not make a role go away: what is listed is removed."""
    assert kinds(ending(APPROVED, GRANTED, EXPIRED, REMOVED, roles=[ROLE], now=GONE + HOUR)) == ["Remove"]


def test_a_removal_before_the_end_of_an_extension_does_not_count() -> None:
    """A role made anew by an extension is removed after the new end."""
    early = an_outcome(EventType.REMOVED, at=EXPIRES_AT)
    over = an_outcome(EventType.ENDED, window=LONGER.window)
    events = (APPROVED, GRANTED, early, LONGER, EXTENDED, over)
    assert ending(*events, now=GONE + HOUR - SECOND) == ()
    assert kinds(ending(*events, now=GONE + HOUR)) == ["Remove"]


ENDS: tuple[tuple[list[Event], EarlyEnds, tuple[EndReason, str]], ...] = (
    ([a_revocation(cause="by bob")], EarlyEnds(), (EndReason.REVOKED, "by bob")),
    ([a_revocation(why=None)], EarlyEnds(), (EndReason.REVOKED, "")),
    ([a_revocation(why=EndReason.RELEASED)], EarlyEnds(), (EndReason.RELEASED, "")),
    (
        [],
        EarlyEnds(deleted=frozenset({PATH})),
        (EndReason.DELETED, "the request's file was deleted from main"),
    ),
    (
        [],
        EarlyEnds(offboarded=frozenset({PATH})),
        (EndReason.OFFBOARDED, "people.yaml no longer has this requester with this id and principal"),
    ),
)


@pytest.mark.parametrize(("events", "ends", "why"), ENDS)
def test_what_must_end_is_denied_at_once(
    events: list[Event], ends: EarlyEnds, why: tuple[EndReason, str]
) -> None:
    """A revocation, a deletion or an offboarding denies the role, whatever else is true of it."""
    assert denial(ending(APPROVED, GRANTED, *events, roles=[ROLE], ends=ends)) == why
    assert denial(ending(APPROVED, GRANTED, *events, ends=ends)) == why
    assert denial(ending(APPROVED, GRANTED, *events, ends=ends, now=SETTLED)) == why
    assert denial(ending(APPROVED, *events, roles=[ROLE], ends=ends)) == why
    foreign = a_listed_role(trust_policy=FOREIGN)
    assert denial(ending(APPROVED, GRANTED, *events, roles=[foreign], ends=ends)) == why


@pytest.mark.parametrize(("events", "ends", "why"), ENDS)
def test_what_must_end_is_seen_before_aws_is_asked(
    events: list[Event], ends: EarlyEnds, why: tuple[EndReason, str]
) -> None:
    """Until the end is recorded: whatever the role is like, a sweep has work."""
    for known in ((APPROVED, GRANTED), (APPROVED,)):
        assert may_have_to_end([a_request_state(*known, *events)], ends)
        over = an_outcome(EventType.ENDED, why=why[0])
        assert not may_have_to_end([a_request_state(*known, *events, over)], ends)
    expired = a_request_state(APPROVED, GRANTED, *events, EXPIRED)
    assert not may_have_to_end([expired], ends)


def test_where_nothing_must_end_a_sweep_has_no_early_end_to_make() -> None:
    """A live grant, an expired one, and another's end are no work; what is not known may be."""
    state = a_request_state(APPROVED, GRANTED)
    assert not may_have_to_end([], EarlyEnds())
    assert not may_have_to_end([state], EarlyEnds(deleted=frozenset({OTHER}), refused={PATH: "no right"}))
    assert may_have_to_end([state], EarlyEnds(unknown={PATH: "GitHub lags"}))
    assert may_have_to_end([state], EarlyEnds(people_unread="a tab"))


def test_a_denial_says_all_that_is_known() -> None:
    """A denial names the request, its merge, the role and the window that it cuts short."""
    assert ending(APPROVED, GRANTED, a_revocation(), roles=[ROLE]) == (
        Deny(
            request=PATH,
            requester="alice",
            commit=MERGE,
            account="prod",
            account_id=PROD,
            role_name=ROLE.role_name,
            why=EndReason.REVOKED,
            detail="",
            window=a_window(),
        ),
    )


@pytest.mark.parametrize(("events", "ends", "why"), ENDS)
def test_an_end_of_what_has_no_role_yet_stays_due(
    events: list[Event], ends: EarlyEnds, why: tuple[EndReason, str]
) -> None:
    """Nothing is denied before there is a role; once there is, or the window is over, it is."""
    assert ending(APPROVED, *events, ends=ends) == ()
    assert denial(ending(APPROVED, *events, ends=ends, roles=[ROLE], now=NOW + HOUR)) == why
    assert ending(APPROVED, *events, ends=ends, now=EXPIRES_AT - SECOND) == ()
    assert denial(ending(APPROVED, *events, ends=ends, now=EXPIRES_AT)) == why


def test_a_recorded_end_is_not_recorded_again() -> None:
    """A denied role stands until one session after its recorded expiry, then it is removed."""
    events = (APPROVED, GRANTED, a_revocation(), an_outcome(EventType.ENDED, why=EndReason.REVOKED))
    for now in (NOW, EXPIRES_AT, GONE - SECOND):
        assert ending(*events, roles=[ROLE], now=now) == ()
    assert kinds(ending(*events, roles=[ROLE], now=GONE)) == ["Remove"]


@pytest.mark.parametrize(("events", "ends", "why"), ENDS)
def test_what_has_expired_does_not_end_again(
    events: list[Event], ends: EarlyEnds, why: tuple[EndReason, str]
) -> None:
    """A file deleted or a person gone after a recorded expiry ends nothing: the record stays true."""
    assert ending(APPROVED, GRANTED, *events, EXPIRED, ends=ends, roles=[ROLE], now=GONE - SECOND) == ()
    assert ending(APPROVED, GRANTED, *events, EXPIRED, REMOVED, ends=ends, now=GONE + HOUR) == ()


def test_an_end_in_one_account_leaves_the_other_alone() -> None:
    """Drift in one account ends nothing in another."""
    both = an_approval(asked=BOTH)
    other = a_listed_role(the_documents("staging"))
    granted = an_outcome(EventType.GRANTED, "staging")
    assert ending(both, GRANTED, granted, DRIFT, roles=[ROLE, other]) == ()


def test_another_trust_policy_is_drift() -> None:
    """A role that trusts otherwise than was recorded is denied, though it is of the right name."""
    foreign = a_listed_role(trust_policy=FOREIGN)
    why = (EndReason.DRIFT, "its trust policy is not the one recorded")
    assert denial(ending(APPROVED, GRANTED, roles=[foreign])) == why
    assert denial(ending(APPROVED, roles=[foreign])) == why
    assert denial(ending(APPROVED, GRANTED, roles=[foreign], now=EXPIRES_AT - SECOND)) == why


@pytest.mark.parametrize("seconds", [3601, 43_200, 1800])
def test_another_session_length_is_drift(seconds: int) -> None:
    """A role whose sessions may outlive what was recorded is denied; so is any other length, which nobody recorded."""
    longer = a_listed_role(max_session_duration=seconds)
    why = (EndReason.DRIFT, "its session length is not the one recorded")
    assert denial(ending(APPROVED, GRANTED, roles=[longer])) == why
    assert denial(ending(APPROVED, roles=[longer])) == why


def test_from_the_end_on_a_role_is_judged_by_reading_it_whole() -> None:
    """At the end the list alone decides nothing more: the role is read back, and that finds the drift."""
    foreign = a_listed_role(trust_policy=FOREIGN)
    assert kinds(ending(APPROVED, GRANTED, roles=[foreign], now=EXPIRES_AT)) == ["Confirm"]


def test_another_role_of_the_same_name_is_drift() -> None:
    """A role that was deleted and made again is not the one that was granted, however alike it is."""
    again = a_listed_role(role_id="AROAAGAINEXAMPLE12345")
    why = (EndReason.DRIFT, "it is another role under the same name")
    assert denial(ending(APPROVED, GRANTED, roles=[again])) == why
    assert ending(APPROVED, roles=[again]) == ()


def test_a_role_put_in_the_place_of_an_expired_one_is_drift() -> None:
    """After a recorded expiry too, a role under the name that is not the recorded one is denied, once."""
    again = a_listed_role(role_id="AROAAGAINEXAMPLE12345")
    events = (APPROVED, GRANTED, EXPIRED)
    why = (EndReason.DRIFT, "it is another role under the same name")
    assert denial(ending(*events, roles=[again], now=EXPIRES_AT + 2 * MINUTE)) == why
    assert kinds(ending(*events, roles=[again], now=GONE)) == ["Deny", "Remove"]
    denied = an_outcome(EventType.ENDED, why=EndReason.DRIFT, evidence={"role_id": again.role_id})
    assert ending(*events, denied, roles=[again], now=EXPIRES_AT + 3 * MINUTE) == ()


def test_what_was_read_back_is_what_counts() -> None:
    """A live role is held against its record, not against what would be rendered today."""
    read = replace(the_documents(), trust_policy=FOREIGN)
    granted = replace(GRANTED, documents=(read,))
    assert ending(APPROVED, granted, roles=[a_listed_role(trust_policy=FOREIGN)]) == ()
    assert kinds(ending(APPROVED, granted, roles=[ROLE])) == ["Deny"]


def test_an_extension_on_its_way_is_no_drift() -> None:
    """Between two writes of an extension the role may be as before or as approved; after it, only the latter."""
    new = a_listed_role(LONGER.documents[0])
    for role in (ROLE, new):
        assert ending(APPROVED, GRANTED, LONGER, roles=[role]) == ()
    assert ending(APPROVED, GRANTED, LONGER, EXTENDED, roles=[new]) == ()
    assert kinds(ending(APPROVED, GRANTED, LONGER, EXTENDED, roles=[ROLE])) == ["Deny"]


def test_two_extensions_on_their_way_are_no_drift() -> None:
    """A role that a stopped run left at an earlier approval is still one that was approved."""
    longest = an_extension(4 * HOUR, commit=THIRD)
    for documents in (the_documents(), LONGER.documents[0], longest.documents[0]):
        role = a_listed_role(documents)
        assert ending(APPROVED, GRANTED, LONGER, longest, roles=[role]) == ()
        assert ending(APPROVED, LONGER, longest, roles=[role]) == ()
    assert kinds(ending(APPROVED, GRANTED, LONGER, EXTENDED, longest, roles=[ROLE])) == ["Deny"]


def test_the_documents_of_one_account_excuse_no_other() -> None:
    """What was approved for another account is no rightful state of this one."""
    both = an_approval(asked=BOTH)
    crossed = a_listed_role(the_documents("staging", person=a_person("bob")), account_id=PROD)
    swapped = replace(crossed, role_name=ROLE.role_name)
    mixed = replace(both, documents=(both.documents[0], the_documents("staging", person=a_person("bob"))))
    assert kinds(ending(mixed, roles=[swapped])) == ["Deny"]


def test_what_a_confirmation_expects_is_all_that_may_be() -> None:
    """Where an extension was never carried out, its former state is as good as the new one."""
    (change,) = ending(APPROVED, GRANTED, LONGER, roles=[ROLE], now=EXPIRES_AT + HOUR)
    assert isinstance(change, Confirm)
    assert change.expected == (the_documents(), LONGER.documents[0])
    assert change.window == LONGER.window


def test_a_role_gone_before_its_end_is_drift() -> None:
    """A role that AWS does not list is taken for gone only when AWS has had a quarter of an hour to list it."""
    why = (EndReason.DRIFT, "the role is gone before its end")
    assert ending(APPROVED, GRANTED, now=SETTLED - SECOND) == ()
    assert denial(ending(APPROVED, GRANTED, now=SETTLED)) == why
    assert denial(ending(APPROVED, GRANTED, now=EXPIRES_AT - SECOND)) == why
    assert kinds(ending(APPROVED, GRANTED, now=EXPIRES_AT)) == ["Confirm"]


def test_a_role_that_is_to_be_rewritten_is_not_gone() -> None:
    """While an extension is on its way it makes the role again, so nothing is ended."""
    assert ending(APPROVED, GRANTED, LONGER, now=SETTLED) == ()
    assert ending(APPROVED, now=SETTLED) == ()


def test_a_role_made_anew_after_its_end_is_denied_again() -> None:
    """A denial is on one role; another that takes its name is denied by itself, once."""
    again = a_listed_role(role_id="AROAAGAINEXAMPLE12345")
    why = (
        EndReason.DRIFT,
        "another role has the name of one that was ended: AROAAGAINEXAMPLE12345",
    )
    assert denial(ending(APPROVED, GRANTED, DRIFT, roles=[again])) == why
    assert denial(ending(APPROVED, GRANTED, DRIFT, roles=[again], now=GONE - SECOND)) == why
    denied = an_outcome(
        EventType.ENDED, why=EndReason.DRIFT, cause=why[1], evidence={"role_id": again.role_id}
    )
    assert ending(APPROVED, GRANTED, DRIFT, denied, roles=[again]) == ()
    third = a_listed_role(role_id="AROATHIRDEXAMPLE12345")
    assert kinds(ending(APPROVED, GRANTED, DRIFT, denied, roles=[third])) == ["Deny"]


def test_a_role_that_comes_after_the_record_of_its_absence_is_denied() -> None:
    """An end recorded while there was no role covers none that comes later."""
    absent = an_outcome(EventType.ENDED, why=EndReason.REVOKED, evidence={"role_id": ""})
    assert ending(APPROVED, a_revocation(), absent) == ()
    assert kinds(ending(APPROVED, a_revocation(), absent, roles=[ROLE])) == ["Deny"]


def an_orphan(**changes: Any) -> Listed:
    """A role under our path that no request explains."""
    return replace(a_listed_role(role_name="jit-evil", role_id="AROAEVILEXAMPLE123456"), **changes)


def orphaned(role: Listed) -> Event:
    """The record that this orphan was denied."""
    return Event(
        kind=EventType.ENDED, at=NOW, request="", account_id=role.account_id, role_name=role.role_name,
        why=EndReason.ORPHAN, cause=role.role_id,
    )  # fmt: skip


def test_a_role_that_no_request_explains_is_denied() -> None:
    """An orphan is denied at once, whatever its window is, and named by its own id."""
    orphan = an_orphan()
    (change,) = ending(APPROVED, GRANTED, roles=[ROLE, orphan])
    assert change == Deny(
        request="",
        commit=change.commit,
        account="",
        account_id=PROD,
        role_name="jit-evil",
        why=EndReason.ORPHAN,
        detail="AROAEVILEXAMPLE123456",
        window=a_window(),
    )
    assert change.commit == ""
    assert kinds(ending(roles=[orphan], now=GONE + HOUR)) == ["Deny"]
    assert kinds(ending(roles=[an_orphan(trust_policy={})])) == ["Deny"]


def test_a_role_explained_in_one_account_is_an_orphan_in_another() -> None:
    """The same name in an account that was not approved is nobody's."""
    assert denial(ending(APPROVED, GRANTED, roles=[ROLE, replace(ROLE, account_id=STAGING)])) == (
        EndReason.ORPHAN,
        ROLE_ID,
    )


def test_a_denied_orphan_goes_after_its_own_end() -> None:
    """An orphan whose end can be read is removed one session after it, to the second."""
    orphan = an_orphan()
    assert ending(orphaned(orphan), roles=[orphan]) == ()
    assert ending(orphaned(orphan), roles=[orphan], now=GONE - SECOND) == ()
    (change,) = ending(orphaned(orphan), roles=[orphan], now=GONE)
    assert change == Remove(
        request="", commit=change.commit, account="", account_id=PROD, role_name="jit-evil", window=a_window()
    )
    assert change.commit == ""


def test_an_orphan_whose_end_cannot_be_read_is_never_removed() -> None:
    """In doubt a denied orphan stays denied, however old it is."""
    orphan = an_orphan(trust_policy={"Statement": []})
    assert ending(orphaned(orphan), roles=[orphan], now=GONE + 1000 * HOUR) == ()


@pytest.mark.parametrize(
    "changes", [{"account_id": STAGING}, {"role_name": "jit-worse"}, {"role_id": "AROAWORSEEXAMPLE12345"}]
)
def test_one_orphans_denial_is_no_others(changes: dict[str, Any]) -> None:
    """A denial recorded of one orphan covers no role of another account, name or id."""
    assert kinds(ending(orphaned(an_orphan()), roles=[an_orphan(**changes)])) == ["Deny"]


def test_an_account_that_did_not_answer_is_left_alone() -> None:
    """Nothing is ended, confirmed or removed where AWS could not be asked."""
    for now in (NOW, SETTLED, EXPIRES_AT, GONE):
        assert ending(APPROVED, GRANTED, a_revocation(), now=now, answered=[STAGING, DATA]) == ()


def test_two_grants_of_one_person_do_not_disturb_each_other() -> None:
    """The end of one request touches neither the role nor the record of another of the same person."""
    documents = the_documents(request=a_request(path=OTHER))
    other = an_approval(asked=a_request(path=OTHER))
    granted = replace(GRANTED, request=OTHER, role_name=documents.role_name, documents=(documents,))
    both = [ROLE, a_listed_role(documents)]
    events = (APPROVED, GRANTED, other, granted)
    assert documents.role_name != ROLE.role_name
    assert ending(*events, roles=both) == ()
    (change,) = ending(*events, a_revocation(), roles=both)
    assert (change.request, change.role_name) == (PATH, ROLE.role_name)
    assert giving(*events[:3], a_revocation()) == (
        Provision(request=OTHER, requester="alice", commit=MERGE, documents=documents),
    )


def test_ends_come_first() -> None:
    """A plan to end denies before it confirms, confirms before it removes, and goes by account within each."""
    older = an_approval(asked=BOTH, window=a_window(expires_at=EXPIRES_AT - 3 * HOUR))
    roles = [an_orphan(), an_orphan(account_id=STAGING)]
    confirmed = an_outcome(EventType.ENDED, "staging", window=older.window)
    changes = ending(older, confirmed, roles=roles, now=EXPIRES_AT)
    assert [(type(change).__name__, change.account_id) for change in changes] == [
        ("Deny", STAGING),
        ("Deny", PROD),
        ("Confirm", PROD),
        ("Remove", STAGING),
    ]


def test_what_was_not_confirmed_is_not_removed() -> None:
    """A role is read before it is deleted, even if the sweep comes hours late."""
    assert kinds(ending(APPROVED, GRANTED, roles=[ROLE], now=GONE + HOUR)) == ["Confirm"]
    assert kinds(ending(APPROVED, GRANTED, EXPIRED, roles=[ROLE], now=GONE + HOUR)) == ["Remove"]


def test_the_first_word_on_an_end_counts() -> None:
    """A revocation is told before an end in the account, that before a deletion, that before an offboarding."""
    gone = EarlyEnds(deleted=frozenset({PATH}), offboarded=frozenset({PATH}))
    state, ended = a_request_state(APPROVED), AccountState(ended=(replace(DRIFT, cause="c"),))
    unnamed = AccountState(ended=(replace(DRIFT, why=None),))
    assert gone.of(a_request_state(APPROVED, a_revocation(cause="by bob")), ended) == (
        EndReason.REVOKED,
        "by bob",
    )
    assert gone.of(state, ended) == (EndReason.DRIFT, "c")
    assert gone.of(state, unnamed) == (EndReason.DRIFT, "")
    assert (gone.of(state, AccountState()) or [None])[0] is EndReason.DELETED
    assert EarlyEnds().of(state, AccountState()) is None


def test_a_life_without_a_term_has_nothing_due() -> None:
    """Outcomes without an approval are held against nothing; their role is an orphan."""
    assert kinds(ending(GRANTED, roles=[ROLE])) == ["Deny"]
    assert denial(ending(GRANTED, roles=[ROLE]))[0] is EndReason.ORPHAN
    assert to_grant([RequestState(request=PATH)], EarlyEnds(), NOW) == ()


@pytest.mark.parametrize(
    "why", [EndReason.RELEASED, EndReason.REVOKED, EndReason.DELETED, EndReason.OFFBOARDED, EndReason.DRIFT]
)
def test_an_early_end_keeps_its_reason(why: EndReason) -> None:
    """What ended a grant before its time stays why it must stay ended, whatever is found later."""
    state = fold_events([APPROVED, an_outcome(EventType.ENDED, why=why)])[PATH]
    (account_state,) = state.account_states.values()
    found = EarlyEnds(deleted=frozenset({PATH}), offboarded=frozenset({PATH})).of(state, account_state)
    assert found is not None
    assert found[0] is why


UNDENIED = a_listed_role(whole=an_actual_role())
DENIED = a_listed_role(whole=an_actual_role(attached=(iam.DENY_ALL,)))


def test_a_denial_that_was_taken_off_is_put_back() -> None:
    """As long as a session may live, and whatever ended the access; a role that was not read is not judged by it."""
    why = (EndReason.DRIFT, f"the denial was taken off role {ROLE_ID}, as seen at 2026-11-24T09:01:00Z")
    assert denial(ending(APPROVED, GRANTED, DRIFT, roles=[UNDENIED])) == why
    assert kinds(ending(APPROVED, GRANTED, DRIFT, roles=[UNDENIED], now=GONE - SECOND)) == ["Deny"]
    assert kinds(ending(APPROVED, GRANTED, DRIFT, roles=[UNDENIED], now=GONE)) == ["Remove"]
    assert ending(APPROVED, GRANTED, DRIFT, roles=[DENIED]) == ()
    assert ending(APPROVED, GRANTED, DRIFT, roles=[ROLE]) == ()


@pytest.mark.parametrize(
    ("events", "role", "now", "looked_at"),
    [
        ((APPROVED, GRANTED, DRIFT), ROLE, GONE - SECOND, True),
        ((APPROVED, GRANTED, DRIFT), ROLE, GONE, False),
        ((APPROVED, GRANTED, DRIFT), UNDENIED, NOW, False),
        ((APPROVED, GRANTED, DRIFT), replace(ROLE, account_id=STAGING), NOW, False),
        ((APPROVED, GRANTED), ROLE, NOW, False),
        ((APPROVED, GRANTED, EXPIRED), ROLE, EXPIRES_AT + MINUTE, False),
    ],
)
def test_which_roles_are_read_for_their_denial(
    events: tuple[Event, ...], role: Listed, now: datetime, looked_at: bool
) -> None:
    """Those that were ended early and could still be used, unless they were read already."""
    assert to_look_at(fold_events(events).values(), {role.account_id: (role,)}, (), now) == (
        (role,) if looked_at else ()
    )


def test_the_denial_of_an_orphan_that_was_taken_off_is_put_back() -> None:
    """As that of any role: until it is removed, and where its end cannot be read, for ever."""
    bare, denied = an_orphan(whole=an_actual_role()), an_orphan(whole=DENIED.whole)
    (change,) = ending(orphaned(bare), roles=[bare])
    why = "the denial was taken off role AROAEVILEXAMPLE123456, as seen at 2026-11-24T09:01:00Z"
    assert (denial((change,)), change.role_name) == ((EndReason.DRIFT, why), "jit-evil")
    assert ending(orphaned(denied), roles=[denied]) == ()
    assert kinds(ending(orphaned(bare), roles=[bare], now=GONE - SECOND)) == ["Deny"]
    assert kinds(ending(orphaned(bare), roles=[bare], now=GONE)) == ["Remove"]
    endless = replace(bare, trust_policy={})
    assert kinds(ending(orphaned(endless), roles=[endless], now=GONE + 1000 * HOUR)) == ["Deny"]


def test_orphans_are_read_for_their_denial() -> None:
    """Those whose denial is recorded: one that was not denied yet is denied without that."""
    orphan = an_orphan()

    def looked_at(*listed: Listed) -> tuple[Listed, ...]:
        return to_look_at((), {PROD: listed}, [orphaned(orphan)], GONE + 1000 * HOUR)

    assert looked_at(orphan) == (orphan,)
    others = ({"role_name": "jit-worse"}, {"role_id": "AROAWORSE"}, {"account_id": STAGING})
    assert looked_at(*(an_orphan(**each) for each in others)) == ()
    assert looked_at(an_orphan(whole=an_actual_role())) == ()


def test_a_request_is_denied_wherever_it_was_approved_for() -> None:
    """In each account, whatever is recorded there; of what was never approved, nowhere."""
    state, due = a_request_state(an_approval(asked=BOTH)), (EndReason.DELETED, "gone")
    assert [(each.account, each.why, each.detail) for each in denials(state, due)] == [
        ("prod", *due),
        ("staging", *due),
    ]
    assert denials(RequestState(request=PATH), due) == ()


def test_whoever_is_still_the_recorded_person_is_there() -> None:
    """By login, wherever in people.yaml; and of what was never approved nobody is gone."""
    assert not offboarded(a_request_state(APPROVED), dict(reversed(PEOPLE.items())))
    assert not offboarded(RequestState(request=PATH), {})
    assert not offboarded(a_request_state(APPROVED), ByLogin({Login("ALICE"): PEOPLE[Login("alice")]}))


@pytest.mark.parametrize(
    "people",
    [
        {},
        {"alice": replace(a_person("alice"), github_id=GithubId(9001))},
        {"alice": replace(a_person("alice"), principal=a_person("bob").principal)},
    ],
    ids=["no longer there", "another account of the same login", "another principal"],
)
def test_who_is_not_the_recorded_person_any_more_is_gone(people: dict[Login, Person]) -> None:
    """By each of what was recorded, alone."""
    assert offboarded(a_request_state(APPROVED), people)


def test_what_counts_as_undone() -> None:
    """A role that was read whole and is not denied, of which an early end is recorded, while a session may live."""
    state = a_request_state(APPROVED, GRANTED, DRIFT)
    term = state.current
    assert term is not None
    ended, whole = state.account_state(PROD), replace(ROLE, whole=an_actual_role())
    denied = replace(ROLE, whole=an_actual_role(attached=(iam.DENY_ALL,)))
    assert undone(ended, term, whole, GONE - SECOND)
    assert not undone(AccountState(), term, whole, GONE - SECOND)
    assert not undone(ended, term, whole, GONE)
    assert not undone(ended, term, ROLE, NOW)
    assert not undone(ended, term, denied, NOW)


def test_nothing_is_given_to_a_request_in_doubt() -> None:
    """One of which an event cannot be read, and one of which nobody can tell whether it must end; others get theirs."""
    states, other = fold_events([APPROVED]).values(), frozenset({OTHER})
    for mine in (frozenset({PATH}), other):
        given = to_grant(states, EarlyEnds(), NOW, Doubt(requests=mine))
        assert kinds(given) == (["Provision"] if mine == other else [])
        assert to_grant(states, EarlyEnds(unknown=dict.fromkeys(mine, "no")), NOW) == given
        assert waiting(states, EarlyEnds(), NOW, Doubt(requests=mine)) == (() if mine == other else (PATH,))
    assert to_grant(states, EarlyEnds(people_unread="a tab"), NOW) == ()  # whoever it is may be gone
    doubt = Doubt(requests=frozenset({PATH}))
    assert waiting(states, EarlyEnds(deleted=frozenset({PATH})), NOW, doubt) == ()
    assert waiting(states, EarlyEnds(), GONE, doubt) == ()


def test_what_is_in_doubt_ends_only_by_an_end_that_was_read() -> None:
    """Neither as drifted nor as an orphan; a revocation, a deletion and an offboarding hold all the same."""
    doubt = Doubt(requests=frozenset({PATH}), roles=frozenset({"jit-evil"}))
    odd = replace(ROLE, role_id="AROAAGAINEXAMPLE12345")

    def ended(*events: Event, role: Listed = ROLE, ends: EarlyEnds | None = None) -> list[str]:
        return kinds(to_end(fold_events(events), {PROD: (role,)}, (), ends or EarlyEnds(), NOW, doubt))

    assert kinds(ending(APPROVED, GRANTED, roles=[odd])) == ["Deny"]
    assert ended(APPROVED, GRANTED, role=odd) == []
    assert ended(APPROVED, GRANTED, a_revocation()) == ["Deny"]
    for ends in (EarlyEnds(deleted=frozenset({PATH})), EarlyEnds(offboarded=frozenset({PATH}))):
        assert ended(APPROVED, GRANTED, ends=ends) == ["Deny"]
    assert ended(role=an_orphan()) == []
    assert ended(role=an_orphan(role_name="jit-worse")) == ["Deny"]
