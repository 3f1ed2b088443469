"""Where a request stands in one account, as people want to know it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from acme_facts import EXPIRES_AT, HOUR, MERGED_AT, MINUTE, NOW, PATH, SECOND, a_request, sha
from builders import (
    a_request_state,
    a_revocation,
    a_window,
    an_approval,
    an_extension,
    an_outcome,
    the_documents,
)

from jitbot.domain.access.request_state import RequestState, fold_events
from jitbot.domain.enforce.grant_status import GrantState, GrantStatus, grant_statuses, refused_requests
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence, RecordedAccount

GRANTED = an_outcome(EventType.GRANTED)


def status(*events: Event, now: datetime = NOW) -> GrantStatus:
    """The one standing of alice's request after these events."""
    (only,) = grant_statuses([a_request_state(*events)], now)
    return only


def test_a_live_grant_is_told_whole() -> None:
    """Whose it is and who may enter, where, which role, since when, until when, and how long that is."""
    documents = the_documents()
    assert status(an_approval(), GRANTED) == GrantStatus(
        request=PATH,
        requester="alice",
        principal="Developer in 222222222222 as alice@acme.com",
        account="prod",
        account_id=documents.account_id,
        role_arn=documents.role_arn,
        state=GrantState.LIVE,
        starts_at=None,
        granted_at=GRANTED.at,
        expires_at=EXPIRES_AT,
        left=EXPIRES_AT - NOW,
        why="",
    )


@pytest.mark.parametrize(
    ("events", "state", "why"),
    [
        ((), GrantState.APPROVED, ""),
        ((GRANTED,), GrantState.LIVE, ""),
        ((GRANTED, a_revocation()), GrantState.ENDED, "revoked"),
        ((a_revocation(),), GrantState.ENDED, "revoked"),
        ((GRANTED, a_revocation(why=EndReason.RELEASED)), GrantState.ENDED, "released"),
        ((GRANTED, a_revocation(why=None)), GrantState.ENDED, "revoked"),
        ((GRANTED, an_outcome(EventType.ENDED, why=EndReason.DRIFT)), GrantState.ENDED, "drift"),
        ((GRANTED, an_outcome(EventType.ENDED, why=None)), GrantState.ENDED, "ended"),
        (
            (GRANTED, a_revocation(), an_outcome(EventType.ENDED, why=EndReason.OFFBOARDED)),
            GrantState.ENDED,
            "offboarded",
        ),
    ],
)
def test_what_was_recorded_says_where_it_stands(
    events: tuple[Event, ...], state: GrantState, why: str
) -> None:
    """Approved until it is granted, then live; an early end is told with its reason, the account's own first."""
    told = status(an_approval(), *events)
    assert (told.state, told.why) == (state, why)
    assert told.left == (timedelta() if state is GrantState.ENDED else EXPIRES_AT - NOW)


@pytest.mark.parametrize("events", [(an_approval(),), (an_approval(), GRANTED)])
def test_a_window_is_over_at_its_end(events: tuple[Event, ...]) -> None:
    """One second before the end something is left; at the end nothing is, whatever the sweep has seen."""
    before = status(*events, now=EXPIRES_AT - SECOND)
    assert (before.state is GrantState.ENDED, before.left) == (False, SECOND)
    at = status(*events, now=EXPIRES_AT)
    assert (at.state, at.why, at.left) == (GrantState.ENDED, "expired", timedelta())


def test_what_was_refused_is_not_forgotten() -> None:
    """Whose it was, by the request or else by the pull request's author; one that was granted is none of them."""
    asked = Evidence.asked(Ask.of_request(a_request(), None))
    author = Evidence.author(RecordedAccount.named("mallory", 9))
    for evidence, requester, accounts in (
        (Evidence.of(asked, author), "alice", ("prod",)),
        (Evidence.of(author), "mallory", ()),
        (Evidence(), "", ()),
    ):
        refused = Event(kind=EventType.REFUSED, at=NOW, request=PATH, commit=sha("no"), evidence=evidence)
        (found,) = refused_requests([a_request_state(refused)])
        assert (found.requester, found.accounts, found.at) == (requester, accounts, NOW)
        assert refused_requests([a_request_state(an_approval(), refused)]) == ()


def test_of_a_request_without_a_decision_nothing_was_refused() -> None:
    """Nor is a reason shown that says nothing."""
    assert refused_requests([a_request_state()]) == ()
    evidence = Evidence({"reasons": [{"code": "x", "message": ""}, {"code": "y", "message": "too long"}]})
    refused = Event(kind=EventType.REFUSED, at=NOW, request=PATH, commit=sha("no"), evidence=evidence)
    (found,) = refused_requests([a_request_state(refused)])
    assert found.reasons == ("too long",)


def test_a_principal_that_was_not_recorded_is_nobodys() -> None:
    """As older versions recorded it: without words for it."""
    assert status(an_approval()).principal != ""
    assert status(an_approval(ask={})).principal == ""


def test_the_end_that_was_planned_is_not_when_it_ended() -> None:
    """It ended when AWS refused; of a revocation that is only recorded, then; and never after the planned end."""
    revoked, denied = a_revocation(), an_outcome(EventType.ENDED, why=EndReason.REVOKED, at=NOW + MINUTE)
    assert status(an_approval(), GRANTED).ended_at is None
    assert status(an_approval(), GRANTED, revoked).ended_at == revoked.at < EXPIRES_AT
    assert status(an_approval(), GRANTED, revoked, denied).ended_at == denied.at
    assert status(an_approval(), GRANTED, now=EXPIRES_AT).ended_at == EXPIRES_AT
    late = a_revocation(at=EXPIRES_AT + HOUR)
    assert status(an_approval(), GRANTED, late, now=EXPIRES_AT + 2 * HOUR).ended_at == EXPIRES_AT


def test_a_revoked_grant_stays_revoked_after_its_window() -> None:
    """Why it ended does not turn into `expired` when the time comes."""
    assert status(an_approval(), GRANTED, a_revocation(), now=EXPIRES_AT).why == "revoked"


def test_a_start_to_come_is_planned() -> None:
    """What is granted for later is planned until the very second it begins."""
    starts = MERGED_AT + 30 * MINUTE
    approval = an_approval(
        asked=a_request(starts_at=starts), window=a_window(starts_at=starts, expires_at=EXPIRES_AT)
    )
    planned = status(approval, GRANTED, now=starts - SECOND)
    assert (planned.state, planned.starts_at) == (GrantState.PLANNED, starts)
    assert status(approval, GRANTED, now=starts).state is GrantState.LIVE
    assert status(approval, now=starts - SECOND).state is GrantState.APPROVED


def test_an_extension_moves_the_end() -> None:
    """The term that ends last is the one that is told."""
    told = status(an_approval(), GRANTED, an_extension())
    assert (told.state, told.expires_at) == (GrantState.LIVE, EXPIRES_AT + HOUR)


def test_when_it_was_granted_is_when_it_was_last_granted() -> None:
    """Nothing before it is granted; the time of the extension once that is carried out."""
    longer = an_extension()
    again = replace(GRANTED, commit=longer.commit, at=NOW + HOUR, window=longer.window)
    assert status(an_approval()).granted_at is None
    assert status(an_approval(), GRANTED, longer).granted_at == GRANTED.at
    assert status(an_approval(), GRANTED, longer, again).granted_at == NOW + HOUR


def test_every_account_stands_on_its_own() -> None:
    """One request in two accounts is two standings: live in one, still to be granted in the other."""
    request_state = a_request_state(an_approval(asked=a_request(accounts=("prod", "staging"))), GRANTED)
    assert [(each.account, each.state) for each in grant_statuses([request_state], NOW)] == [
        ("prod", GrantState.LIVE),
        ("staging", GrantState.APPROVED),
    ]


def test_what_was_never_approved_stands_nowhere() -> None:
    """A refused request, and one that nobody has heard of, are told nowhere."""
    refused = Event(kind=EventType.REFUSED, at=NOW, request=PATH, commit=sha("refused"))
    assert grant_statuses([a_request_state(), a_request_state(refused)], NOW) == ()


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("24-alice-refunds", "24-alice-refunds"),
        ("24-alice_2", "24-alice_2"),
        ("24-al ice;&é½\u0660", "24-alice"),
    ],
)
def test_a_link_and_a_profile_are_named_after_the_file(name: str, slug: str) -> None:
    """By the characters that both may have: no other one of the file's name, which its requester chose, gets there."""
    found = replace(status(an_approval()), request=f"requests/orders-db-read/2026-11/{name}.yaml")
    assert found.slug == slug
    assert found.switch_role.endswith(f"&displayName={slug}+prod")


def test_what_matters_most_comes_first() -> None:
    """Live before planned before approved before ended; among equals what ends soonest, then by name."""

    def request_state(
        name: str, *outcomes: EventType, hours: int = 2, starts: datetime | None = None
    ) -> RequestState:
        path = PATH.replace("refunds", name)
        window = a_window(starts_at=starts, expires_at=MERGED_AT + hours * HOUR)
        events = [an_approval(request=path, window=window, asked=a_request(starts_at=starts))]
        events += [an_outcome(kind, request=path, why=EndReason.DELETED) for kind in outcomes]
        return fold_events(events)[path]

    live, ended = (EventType.GRANTED,), (EventType.GRANTED, EventType.ENDED)
    states = [
        request_state("ended", *ended),
        request_state("approved"),
        request_state("planned", *live, starts=NOW + MINUTE),
        request_state("b-late", *live, hours=3),
        request_state("b", *live),
        request_state("a", *live),
    ]
    names = [each.request.rpartition("alice-")[2] for each in grant_statuses(states, NOW)]
    assert names == ["a.yaml", "b.yaml", "b-late.yaml", "planned.yaml", "approved.yaml", "ended.yaml"]
