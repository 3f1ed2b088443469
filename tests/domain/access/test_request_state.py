"""The life of a request: what was recorded of it, in whatever order, and what it may still become."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from acme_facts import (
    EXPIRES_AT,
    HOUR,
    MERGE,
    MERGED_AT,
    MINUTE,
    NOW,
    PATH,
    PROD,
    SECOND,
    STAGING,
    a_request,
    sha,
)
from builders import (
    a_change,
    a_request_state,
    a_revocation,
    a_window,
    an_approval,
    an_extension,
    an_outcome,
    the_documents,
)
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.access.request_state import (
    AccountState,
    RequestChange,
    RequestState,
    fold_events,
    objections,
    pull_requests,
)
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.merge_facts import ChangeKind
from jitbot.domain.text import timestamp

OTHER = PATH.replace("refunds", "orders")
LONGER, LONGER_WINDOW = an_extension(3 * HOUR), a_window(expires_at=EXPIRES_AT + HOUR)
LONGEST, LONGEST_WINDOW = an_extension(4 * HOUR), a_window(expires_at=EXPIRES_AT + 2 * HOUR)
EVENTS: tuple[Event, ...] = (
    an_approval(),
    LONGER,
    LONGEST,
    an_extension(4 * HOUR, commit=sha("as long, by another merge")),
    an_approval(kind=EventType.REFUSED, commit=sha("refused")),
    a_revocation(at=NOW + 20 * MINUTE),
    a_revocation(at=NOW + 19 * MINUTE, why=EndReason.RELEASED, cause="by alice"),
    a_revocation(at=NOW + 19 * MINUTE, why=EndReason.REVOKED, cause="by bob"),
    an_outcome(EventType.GRANTED),
    an_outcome(EventType.GRANTED, commit=LONGER.commit, window=LONGER.window),
    an_outcome(EventType.GRANTED, role_name="the-same-moment"),
    an_outcome(EventType.GRANTED, window=None, role_name="without-a-window"),
    an_outcome(EventType.GRANTED, "staging"),
    an_outcome(EventType.ENDED),
    an_outcome(EventType.ENDED, commit=LONGER.commit),
    an_outcome(EventType.ENDED, why=EndReason.DRIFT, cause="one"),
    an_outcome(EventType.ENDED, why=EndReason.DRIFT, cause="two"),
    an_outcome(EventType.ENDED, "staging", why=EndReason.DELETED),
    an_outcome(EventType.REMOVED),
    an_outcome(EventType.REMOVED, at=NOW + 30 * HOUR, commit=LONGER.commit),
    an_outcome(EventType.FAILED, cause="provision: trouble"),
    an_outcome(EventType.VERIFIED),
    an_approval(request=OTHER),
    an_outcome(EventType.ENDED, why=EndReason.OFFBOARDED, request=OTHER),
    an_outcome(EventType.ENDED, why=EndReason.ORPHAN, request=""),
)

EARLY = tuple(
    event
    for event in EVENTS
    if event.request == PATH
    and (
        event.kind is EventType.REVOKED
        or (event.kind is EventType.ENDED and event.why is not EndReason.EXPIRED)
    )
)


@given(st.permutations(EVENTS))
def test_the_order_of_events_does_not_matter(events: list[Event]) -> None:
    """Any permutation of the same events makes the same lives."""
    assert fold_events(events) == fold_events(EVENTS)


@given(st.lists(st.sampled_from(EVENTS), max_size=8), st.sampled_from(EARLY))
def test_no_later_event_undoes_an_end(events: list[Event], end: Event) -> None:
    """Once an early end is recorded, nothing that comes with it or after it makes the request live again."""
    late = replace(an_outcome(EventType.GRANTED, at=NOW + 9 * HOUR), commit=sha("late"))
    grown = fold_events([*events, end, late, an_extension(4 * HOUR, at=NOW + 9 * HOUR)])[PATH]
    assert grown.ended_early


def test_requests_do_not_share_a_life() -> None:
    """Each request has its own life, and a role that no request explains has none."""
    states = fold_events(EVENTS)
    assert set(states) == {PATH, OTHER}
    assert states[OTHER].revoked is None
    assert [term.commit for term in states[OTHER].terms] == [MERGE]
    assert states[OTHER].account_state(PROD).granted == ()


def test_a_request_nobody_has_heard_of_has_an_empty_life() -> None:
    """Without events there is no term, no start and no end."""
    empty = a_request_state()
    assert empty == RequestState(request=PATH)
    assert (empty.current, empty.began, empty.ended_early) == (None, None, False)
    assert empty.account_state(PROD) == AccountState()
    assert empty.account_state(PROD).end is None


def test_an_approval_is_a_term() -> None:
    """An approval is what counts from then on, with its window, documents and words."""
    approved = a_request_state(an_approval())
    assert approved.current is not None
    assert approved.current.commit == MERGE
    assert approved.current.window == a_window()
    assert approved.current.documents == (the_documents(),)
    assert approved.current.requester == "alice"
    assert replace(approved.current, ask=Ask()).requester == ""
    assert approved.began == MERGED_AT
    assert approved.decided == {MERGE}


def test_a_term_was_merged_when_its_record_says() -> None:
    """A record without that moment is as old as itself."""
    for event, merged_at in (
        (an_approval(evidence={"merged_at": timestamp.show(MERGED_AT - HOUR)}), MERGED_AT - HOUR),
        (an_approval(), NOW),
    ):
        (term,) = a_request_state(event).terms
        assert term.merged_at == merged_at


def test_the_term_that_ends_last_counts() -> None:
    """An extension counts once it is recorded, even if it comes before the approval; the start stays."""
    for events in ((an_approval(), LONGER), (LONGER, an_approval())):
        extended = a_request_state(*events)
        assert extended.current is not None
        assert extended.current.window.expires_at == EXPIRES_AT + HOUR
        assert extended.began == MERGED_AT
        assert extended.decided == {MERGE, LONGER.commit}


def test_a_refused_extension_leaves_the_former_term_in_force() -> None:
    """A refusal decides its merge and nothing else."""
    refused = a_request_state(an_approval(), replace(LONGER, kind=EventType.REFUSED))
    assert refused.current == a_request_state(an_approval()).current
    assert refused.decided == {MERGE, LONGER.commit}
    assert not refused.ended_early


def test_an_approval_without_an_end_is_none() -> None:
    """Access without an end is never granted: such an event makes no term and decides nothing."""
    assert a_request_state(replace(an_approval(), window=None)) == RequestState(request=PATH)


def test_one_merge_is_one_term() -> None:
    """The same merge recorded twice is one term, not two."""
    assert len(a_request_state(an_approval(), an_approval(kind=EventType.EXTENDED)).terms) == 1


def test_a_start_that_is_no_text_is_no_start() -> None:
    """Where the record does not say when the first term began, nothing is made up."""
    assert a_request_state(an_approval(ask={})).began is None
    assert a_request_state(an_approval(ask={"began": 0})).began is None


def test_the_first_early_end_counts() -> None:
    """Of several early ends the one that came first is told, wherever it stands."""
    late = an_outcome(EventType.ENDED, why=EndReason.DRIFT, at=NOW + 2 * HOUR)
    first = an_outcome(EventType.ENDED, why=EndReason.DELETED, at=NOW + HOUR)
    assert a_request_state(late, first).account_state(PROD).end == first
    assert a_request_state(late, first).account_state(PROD).ended == (first, late)
    for one, other in (("by bob", "by alice"), ("by alice", "by bob")):
        early, later = a_revocation(at=NOW, cause=one), a_revocation(at=NOW + MINUTE, cause=other)
        assert a_request_state(later, early).revoked == early


def test_nothing_recorded_is_lost() -> None:
    """Every outcome of every account stays in the life, beside all others."""
    longer = an_outcome(EventType.ENDED, commit=LONGER.commit, window=LONGER_WINDOW)
    shorter = an_outcome(EventType.ENDED, at=NOW + HOUR)
    removals = (
        an_outcome(EventType.REMOVED),
        an_outcome(EventType.REMOVED, at=NOW + HOUR, commit=LONGER.commit),
    )
    used = (an_outcome(EventType.USED), an_outcome(EventType.USED, at=NOW + HOUR, commit=LONGER.commit))
    there = an_outcome(EventType.GRANTED, "staging")
    grown = a_request_state(longer, shorter, *removals, *used, there)
    assert grown.account_state(PROD) == AccountState(expired=(longer, shorter), removed=removals, used=used)
    assert grown.account_state(STAGING) == AccountState(granted=(there,))


@pytest.mark.parametrize("why", [why for why in EndReason if why is not EndReason.EXPIRED])
def test_every_end_but_expiry_is_early(why: EndReason) -> None:
    """An end for any reason but its time is final for the request."""
    ended = a_request_state(an_approval(), an_outcome(EventType.ENDED, why=why))
    assert ended.ended_early
    assert ended.account_state(PROD).expired == ()


def test_expiry_is_not_early() -> None:
    """An end by time is kept as such, and leaves room for an extension merged before it."""
    expired = a_request_state(an_approval(), an_outcome(EventType.ENDED))
    assert not expired.ended_early
    assert expired.account_state(PROD).end is None


def test_an_expiry_is_seen_for_its_own_moment() -> None:
    """A recorded expiry covers the end that it saw and every earlier one, to the second, and no later one."""
    account_state = a_request_state(an_outcome(EventType.ENDED)).account_state(PROD)
    assert account_state.expired_at(EXPIRES_AT - SECOND)
    assert account_state.expired_at(EXPIRES_AT)
    assert not account_state.expired_at(EXPIRES_AT + SECOND)
    assert (
        not a_request_state(an_outcome(EventType.ENDED, window=None))
        .account_state(PROD)
        .expired_at(EXPIRES_AT)
    )
    assert not AccountState().expired_at(EXPIRES_AT)


def test_a_removal_counts_from_its_moment() -> None:
    """A removal is after every moment up to its own, to the second."""
    account_state = a_request_state(an_outcome(EventType.REMOVED, at=NOW)).account_state(PROD)
    assert account_state.removed_after(NOW)
    assert not account_state.removed_after(NOW + SECOND)
    assert not AccountState().removed_after(NOW)


def test_a_grant_is_of_its_merge() -> None:
    """What is in force is known for each merge and account by itself."""
    account_state = a_request_state(an_outcome(EventType.GRANTED)).account_state(PROD)
    assert account_state.granted_for(MERGE) == an_outcome(EventType.GRANTED)
    assert account_state.granted_for(LONGER.commit) is None
    assert a_request_state(an_outcome(EventType.GRANTED)).account_state(STAGING).granted == ()


def test_grants_stand_by_their_end() -> None:
    """The grant that lasts longest stands last, whenever it was recorded."""
    longer = an_outcome(EventType.GRANTED, commit=LONGER.commit, window=LONGER.window, at=NOW)
    shorter = an_outcome(EventType.GRANTED, at=NOW + HOUR)
    assert a_request_state(longer, shorter).account_state(PROD).granted == (shorter, longer)


def test_a_kind_of_event_that_nobody_knows_is_an_error() -> None:
    """A life never passes over an event in silence."""
    unknown: Any = "forgotten"
    with pytest.raises(AssertionError):
        a_request_state(an_approval(kind=unknown))


def _end(account: str, at: datetime, **evidence: str) -> Event:
    """The record that access was taken from one account because the request was deleted."""
    return an_outcome(EventType.ENDED, account, why=EndReason.DELETED, at=at, evidence=evidence)


BOTH = an_approval(asked=a_request(accounts=("prod", "staging")))
SHOWN = timestamp.show(NOW + MINUTE)


@pytest.mark.parametrize(
    ("events", "over_at"),
    [
        ((), None),
        ((an_approval(kind=EventType.REFUSED),), None),
        ((BOTH,), EXPIRES_AT),
        ((BOTH, _end("prod", NOW + HOUR)), EXPIRES_AT),  # the other account still has it
        ((BOTH, _end("prod", NOW + HOUR), _end("staging", NOW + MINUTE)), NOW + HOUR),
        ((BOTH, _end("prod", EXPIRES_AT + HOUR), _end("staging", NOW + HOUR)), EXPIRES_AT),
        ((BOTH, _end("prod", NOW + HOUR, effective_at=SHOWN), _end("staging", NOW)), NOW + MINUTE),
        ((BOTH, a_revocation(at=NOW + MINUTE)), NOW + MINUTE),
        ((BOTH, a_revocation(at=NOW + MINUTE), _end("prod", NOW + HOUR)), NOW + HOUR),
        ((replace(BOTH, documents=()), a_revocation(at=NOW + MINUTE)), EXPIRES_AT),
    ],
)
def test_when_access_is_over(events: tuple[Event, ...], over_at: datetime | None) -> None:
    """At the end of the last account, as recorded for it, otherwise as decided for all; never after the expiry."""
    assert a_request_state(*events).over_at == over_at


def test_an_account_ends_as_recorded_for_it() -> None:
    """Its own record comes before what was decided for all of them; without either there is no early end."""
    state = a_request_state(BOTH, a_revocation(at=NOW + MINUTE), _end("prod", NOW + HOUR))
    assert state.early_end(PROD) == NOW + HOUR
    assert state.early_end(STAGING) == NOW + MINUTE
    assert a_request_state(BOTH).early_end(PROD) is None


def a_proposal(**changes: Any) -> RequestChange:
    """An extension of alice's grant to three hours, merged an hour after the first merge."""
    proposal = RequestChange(
        change=a_change(kind=ChangeKind.MODIFIED, commit=LONGER.commit),
        request=a_request(duration=3 * HOUR),
        merged_at=MERGED_AT + HOUR,
        window=a_window(expires_at=EXPIRES_AT + HOUR),
        earlier=True,
        as_recorded=(the_documents(),),
    )
    return replace(proposal, **changes)


def against(proposal: RequestChange, *events: Event) -> list[str]:
    """The codes of what the life of these events says to a proposal."""
    found = objections(proposal, a_request_state(*events))
    assert all(finding.file == PATH and finding.message and finding.hint for finding in found)
    return [finding.code for finding in found]


FIRST = a_proposal(change=a_change(), request=a_request(), window=a_window(), earlier=False)


def test_a_first_ask_is_free() -> None:
    """A path that nobody has used may ask."""
    assert against(FIRST) == []


@pytest.mark.parametrize(
    "event",
    [
        an_approval(),
        an_approval(kind=EventType.REFUSED),
        a_revocation(),
        an_outcome(EventType.GRANTED),
        an_outcome(EventType.ENDED),
        an_outcome(EventType.REMOVED),
    ],
)
def test_a_used_path_is_retired(event: Event) -> None:
    """A path of which anything is recorded cannot ask again."""
    assert against(FIRST, event) == ["retired-path"]


def test_a_path_that_main_held_before_is_retired() -> None:
    """A path that was deleted before anything was recorded of it cannot ask again either."""
    assert against(replace(FIRST, earlier=True)) == ["retired-path"]


def test_a_terms_record_alone_retires_a_path() -> None:
    """Each part of a life is enough by itself."""
    term = a_request_state(an_approval()).terms
    assert objections(FIRST, RequestState(request=PATH, terms=term))[0].code == "retired-path"


def test_a_failure_retires_nothing() -> None:
    """A failure is no decision: the request is still to be decided."""
    assert against(FIRST, an_outcome(EventType.FAILED)) == []


def test_an_extension_in_time_is_fine() -> None:
    """More duration, merged before the end, with the same rules: that is an extension."""
    assert against(a_proposal(), an_approval()) == []
    assert against(a_proposal(), an_approval(), an_outcome(EventType.GRANTED)) == []


def test_there_must_be_something_to_extend() -> None:
    """A request that was never approved is not extended into one, whatever else is recorded of it."""
    assert against(a_proposal()) == ["nothing-to-extend"]
    assert against(a_proposal(), an_approval(kind=EventType.REFUSED)) == ["nothing-to-extend"]


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("policy", {"path": PATH.replace("orders-db-read", "production-admin")}),
        ("requester", {"requester": "mallory"}),
        ("accounts", {"accounts": ("prod", "staging")}),
        ("reason", {"reason": "something else"}),
        ("ticket", {"ticket": "INC-2"}),
        ("parameters", {"parameters": {"table": "refunds"}}),
        ("parameters", {"parameters": {}}),
        ("starts_at", {"starts_at": MERGED_AT}),
    ],
)
def test_only_the_duration_may_change(field: str, other: dict[str, Any]) -> None:
    """Any other edit is refused and named."""
    proposal = a_proposal(request=a_request(duration=3 * HOUR, **other))
    assert against(proposal, an_approval()) == ["not-an-extension"]
    (finding,) = objections(proposal, a_request_state(an_approval()))
    assert finding.message.endswith(f"this changes {field}")


@pytest.mark.parametrize(
    "end",
    [
        a_revocation(),
        an_outcome(EventType.ENDED, why=EndReason.DRIFT),
        an_outcome(EventType.ENDED, why=EndReason.DELETED),
        an_outcome(EventType.ENDED, "staging", why=EndReason.RELEASED),
    ],
)
def test_an_early_end_is_final(end: Event) -> None:
    """After an early end, in whichever account, nothing is extended."""
    assert against(a_proposal(), an_approval(), end) == ["already-ended"]


def test_an_extension_is_merged_before_the_end() -> None:
    """A second before the end is in time; the end itself is too late."""
    assert against(a_proposal(merged_at=EXPIRES_AT - SECOND), an_approval()) == []
    assert against(a_proposal(merged_at=EXPIRES_AT), an_approval()) == ["too-late"]


def test_an_extension_merged_in_time_counts_after_expiry() -> None:
    """What was merged before the end counts even if the expiry was recorded before it was decided."""
    assert against(a_proposal(), an_approval(), an_outcome(EventType.ENDED)) == []


def test_an_extension_makes_it_longer() -> None:
    """The same end, or an earlier one, is no extension; a second more is one."""
    same = a_proposal(window=a_window())
    assert against(same, an_approval()) == ["not-longer"]
    assert against(replace(same, window=a_window(expires_at=EXPIRES_AT - SECOND)), an_approval()) == [
        "not-longer"
    ]
    assert against(replace(same, window=a_window(expires_at=EXPIRES_AT + SECOND)), an_approval()) == []


@pytest.mark.parametrize(
    "rendered",
    [(), (the_documents("staging"),), (the_documents(), the_documents("staging"))],
)
def test_an_extension_is_under_the_same_rules(rendered: tuple[Any, ...]) -> None:
    """If today's rules would grant other documents than were approved, the extension is refused."""
    assert against(a_proposal(as_recorded=rendered), an_approval()) == ["rules-changed"]


def test_everything_wrong_is_said_at_once() -> None:
    """All objections come together, so that nobody has to ask five times."""
    worst = a_proposal(request=a_request(reason="x"), merged_at=EXPIRES_AT, window=a_window(), as_recorded=())
    assert against(worst, an_approval(), a_revocation()) == [
        "not-an-extension",
        "already-ended",
        "too-late",
        "not-longer",
    ]


def test_another_request_has_other_documents_by_itself() -> None:
    """That the rules changed is said where the request is the same: one cause, one reason."""
    other = a_proposal(request=a_request(accounts=("staging",)), as_recorded=())
    assert against(other, an_approval()) == ["not-an-extension"]


def test_an_extension_is_held_against_the_last_term() -> None:
    """After an extension the next one must be longer than that, and come before its end."""
    second = a_proposal(window=LONGER_WINDOW, as_recorded=LONGER.documents)
    assert against(second, an_approval(), LONGER) == ["not-longer"]
    third = replace(second, window=LONGEST_WINDOW, merged_at=EXPIRES_AT + HOUR - SECOND)
    assert against(third, an_approval(), LONGER) == []


def test_events_of_no_request_make_no_life() -> None:
    """An orphan's end belongs to no request."""
    assert fold_events([an_outcome(EventType.ENDED, why=EndReason.ORPHAN, request="")]) == {}


def test_each_request_has_the_numbers_of_all_that_asked_for_it() -> None:
    """The last one is that by which it was given last: what was refused since, anybody may have asked for."""
    first, second = an_approval(evidence={"pull_request": 7}), an_approval(evidence={"pull_request": 9})
    silent, odd = an_approval(evidence={}), an_approval(evidence={"pull_request": "9"})
    refused = replace(first, kind=EventType.REFUSED, evidence=Evidence({"pull_request": 8}))
    assert pull_requests([first, silent, odd]) == {first.request: (7,)}
    assert pull_requests([first, refused, second, silent]) == {first.request: (8, 7, 9)}
    assert pull_requests([second, first, second]) == {first.request: (7, 9)}
    assert pull_requests([silent]) == {first.request: ()}
    assert pull_requests([replace(first, request="")]) == {}
