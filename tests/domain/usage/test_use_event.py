"""When CloudTrail is asked about a grant, what of its answer is recorded, and what the record says: never more than was seen."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from acme_facts import EXPIRES_AT, HOUR, MINUTE, NOW, PATH, SECOND
from builders import a_request_state, a_revocation, an_approval, an_extension, an_outcome, the_documents
from use_facts import (
    ASKED_AT,
    DATA,
    DAY,
    REFUSED,
    UNUSED,
    a_call,
    a_due_use,
    a_seen_use,
    a_sum,
    a_used_event,
    an_opening,
)

from jitbot.domain.ledger import events
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.recorded_use import CALLS, RecordedUnseen, Unseen, UseState, state_of
from jitbot.domain.model.bounds import USE_SERVICES, USE_UNSEEN
from jitbot.domain.usage.role_usage import KEPT, LAG, Period
from jitbot.domain.usage.use_event import (
    ASKED_FOR,
    SeenUse,
    due_uses,
    last_term,
    unseen,
    use_of,
    used_event,
)

GRANTED = an_outcome(EventType.GRANTED)


def due(*recorded: Event, now: datetime) -> list[tuple[str, Period | None]]:
    """What is due then, by these events."""
    return [(each.request, each.period) for each in due_uses([a_request_state(*recorded)], now)]


@pytest.mark.parametrize(
    ("entered", "not_seen", "state"),
    [
        (0, (), UseState.NEVER),
        (0, (DATA,), UseState.NEVER),
        (0, (DATA, REFUSED), UseState.NOT_SEEN),
        (0, (RecordedUnseen({}),), UseState.NOT_SEEN),
        (0, (RecordedUnseen({"what": "a newer word", "about": "a newer word"}),), UseState.NOT_SEEN),
        (1, (REFUSED,), UseState.ENTERED),
        (None, (), UseState.NOT_SEEN),
        (-1, (), UseState.NOT_SEEN),
    ],
)
def test_never_is_said_only_where_everything_was_looked_at(
    entered: int | None, not_seen: tuple[RecordedUnseen, ...], state: UseState
) -> None:
    """What hides an entering, or may for all that this jitbot knows, leaves it unknown."""
    assert state_of(entered, not_seen) is state


def test_it_is_due_once_its_sessions_are_over_and_cloudtrail_has_settled() -> None:
    """Not a second before; and from a little before the grant until no session can live."""
    events_ = (an_approval(), GRANTED)
    assert due(*events_, now=ASKED_AT - SECOND) == []
    assert due(*events_, now=ASKED_AT) == [(PATH, Period(start=GRANTED.at - LAG, end=EXPIRES_AT + HOUR))]


def test_what_was_not_granted_is_never_due() -> None:
    """Nor is what has its event already."""
    assert due(an_approval(), now=ASKED_AT + DAY) == []
    assert due(an_approval(), GRANTED, a_used_event(), now=ASKED_AT + DAY) == []


def test_an_early_end_is_asked_about_early() -> None:
    """Access was over then; the time that was asked about says so."""
    at = NOW + 30 * MINUTE
    revoked = a_revocation(at=at)
    settled = at + HOUR + 2 * HOUR
    assert due(an_approval(), GRANTED, revoked, now=settled - SECOND) == []
    assert due(an_approval(), GRANTED, revoked, now=settled) == [
        (PATH, Period(start=GRANTED.at - LAG, end=at + HOUR))
    ]


def test_a_later_term_is_asked_about_anew() -> None:
    """An extension that was decided late: the first event does not reach so far, and says that it does not."""
    extension = an_extension()
    again = an_outcome(EventType.GRANTED, commit=extension.commit, window=extension.window)
    first = a_used_event(UNUSED)
    assert extension.window is not None
    state = a_request_state(an_approval(), GRANTED, first, extension, again)
    (found,) = due_uses([state], extension.window.expires_at + 3 * HOUR)
    assert found.granted.commit == extension.commit
    known = use_of([first], last_term([GRANTED, again]))
    assert known is not None
    assert (known.state, known.entered, [each.what for each in known.not_seen]) == (
        UseState.NOT_SEEN, None, ["data-events", "later"],
    )  # fmt: skip
    second = used_event(found, UNUSED, now=extension.window.expires_at + 3 * HOUR, run="")
    whole = use_of([second, first], last_term([GRANTED, again]))
    assert whole is not None
    assert whole.state is UseState.NEVER
    assert second.key != first.key


def test_what_cloudtrail_keeps_no_more_is_not_never() -> None:
    """Partly gone, it is asked for the rest; wholly gone, nobody is asked. Neither is "never entered"."""
    events_ = (an_approval(), GRANTED)
    partly = a_due_use(*events_, now=NOW + KEPT)
    assert partly.period is not None
    assert partly.period.start == NOW
    wholly = a_due_use(*events_, now=NOW + 2 * KEPT)
    assert wholly.period is None
    for each, seen in ((partly, UNUSED), (wholly, SeenUse(not_seen=(DATA,)))):
        use = used_event(each, seen, now=NOW + 2 * KEPT, run="").evidence.use
        assert (use.state, use.not_seen[0].what) == ("not seen", "age")


def test_another_day_is_waited_for_and_not_for_ever() -> None:
    """A refusal, or silence, may pass; what is too much, or never shown, does not."""
    grant = a_due_use()
    silent = unseen(Unseen.UNAVAILABLE, where="eu-west-1")
    assert not grant.is_final((REFUSED,), ASKED_AT)
    assert not grant.is_final((DATA, silent), ASKED_AT + ASKED_FOR - SECOND)
    assert grant.is_final((silent,), ASKED_AT + ASKED_FOR)
    assert grant.is_final((DATA, unseen(Unseen.TOO_MUCH)), ASKED_AT)


def test_what_is_recorded_of_a_use() -> None:
    """How often, first and last, and what was denied; the event reads back as it was written."""
    seen = a_seen_use(
        openings=(an_opening(1), an_opening(2, at=NOW + 40 * MINUTE)),
        calls=(a_call(1), a_call(2, "AccessDenied", at=NOW + 50 * MINUTE)),
    )
    event = a_used_event(seen)
    use = event.evidence.use
    assert (use.state, use.entered, use.denied, use.calls) == ("entered", 2, 1, None)
    assert (use.first_use, use.last_use) == (NOW + 5 * MINUTE, NOW + 50 * MINUTE)
    assert events.load(event.path, events.dump(event)) == event
    assert (event.request, event.account, event.role_name) == (PATH, "prod", the_documents().role_name)


def test_an_answer_about_another_time_is_none() -> None:
    """What AWS says of before and after the time that was asked about does not count."""
    early, late = NOW - DAY, EXPIRES_AT + HOUR + SECOND
    seen = a_seen_use(openings=(an_opening(1, at=early), an_opening(2, at=late)), calls=(a_call(1, at=late),))
    assert a_used_event(seen).evidence.use.state == "never entered"
    seen = a_seen_use(openings=(), calls=(), services=(a_sum(first=early),))
    assert a_used_event(seen).evidence.use.calls == 0


def test_a_call_without_an_entering_is_an_entering() -> None:
    """Somebody was in, whatever else is missing; also if nobody could be asked who entered."""
    for seen in (
        a_seen_use(openings=()),
        a_seen_use(openings=(), calls=(), services=(a_sum(),), regions=()),
    ):
        use = a_used_event(seen).evidence.use
        assert (use.state, use.entered) == ("entered", 1)


def test_what_nobody_could_look_at_is_not_zero() -> None:
    """Denied calls where no region said what was called, and calls where no trail of one's own was asked."""
    use = a_used_event(a_seen_use(calls=(), call_regions=())).evidence.use
    assert (use.entered, use.denied, use.calls) == (1, None, None)
    asked = a_used_event(a_seen_use(calls=(), call_regions=(), services=())).evidence.use
    assert (asked.denied, asked.calls) == (0, 0)


def test_calls_by_service() -> None:
    """Summed over errors, the most used first, few of them; a name that no service has is "other"."""
    services = (
        a_sum("s3.amazonaws.com", 2),
        a_sum(calls=5),
        a_sum(calls=1, error="AccessDeniedException"),
        a_sum("\x1b[2J' OR 1=1", 1),
        *(a_sum(f"x{number:02}.amazonaws.com", 1) for number in range(USE_SERVICES)),
    )
    use = a_used_event(a_seen_use(services=services)).evidence.use
    assert [(each.service, each.calls, each.denied) for each in use.services[:3]] == [
        ("dynamodb.amazonaws.com", 6, 1), ("s3.amazonaws.com", 2, 0), ("other", 1, 0),
    ]  # fmt: skip
    assert (len(use.services), use.services_count, use.calls) == (
        USE_SERVICES,
        USE_SERVICES + 3,
        9 + USE_SERVICES,
    )
    assert use.denied == 1


def test_what_hides_an_entering_is_not_crowded_out() -> None:
    """Of many parts that were out of sight some are recorded: first those for which it may have been used."""
    crowd = [unseen(Unseen.TOO_MUCH, where=f"eu-west-{number}", about=CALLS) for number in range(90)]
    use = a_used_event(replace(UNUSED, not_seen=(*crowd, REFUSED))).evidence.use
    assert (use.not_seen[0].what, len(use.not_seen), use.not_seen_count) == ("refused", USE_UNSEEN, 91)
    assert use.state == "not seen"


def test_the_recorded_state_is_not_believed() -> None:
    """It is what the recorded facts come to; numbers of what is unknown are not shown."""
    lie = a_used_event(replace(UNUSED, not_seen=(REFUSED, DATA)), state="never entered", denied=0, calls=0)
    known = use_of([lie], lie.commit)
    assert known is not None
    assert (known.state, known.entered, known.denied, known.calls) == (UseState.NOT_SEEN, None, None, None)


@pytest.mark.parametrize(
    "use", [{}, {"entered": 0}, {"entered": "0"}, {"entered": True}, {"entered": 0, "until": None},
        {"entered": 0, "from": "2026-11-24T09:00:00Z"}, {"entered": 0, "until": "2026-11-24T12:00:00Z"},
    ],
)  # fmt: skip
def test_a_broken_event_is_not_seen(use: dict[str, Any]) -> None:
    """What does not say which time it is about says nothing, and nothing is read as a zero."""
    event = replace(a_used_event(UNUSED), evidence=Evidence({"use": use}))
    known = use_of([event], event.commit)
    assert known is not None
    assert (known.state, known.entered, known.regions) == (UseState.NOT_SEEN, None, ())
    assert use_of([], event.commit) is None


def test_the_end_that_counts_is_the_first() -> None:
    """Of an early end and the expiry; in its own account alone."""
    ended = an_outcome(EventType.ENDED, why=EndReason.DELETED, at=NOW + 20 * MINUTE)
    other = an_outcome(EventType.ENDED, "staging", why=EndReason.DELETED, at=NOW + 10 * MINUTE)
    (found,) = due_uses([a_request_state(an_approval(), GRANTED, ended, other)], NOW + timedelta(days=2))
    assert found.over_at == NOW + 20 * MINUTE


def test_only_a_grant_that_is_whole_is_asked_about() -> None:
    """Without its window nobody knows its end, an early one or not; without its documents nobody knows its role."""
    for lacking in (replace(GRANTED, window=None), replace(GRANTED, documents=())):
        for more in ((), (a_revocation(),)):
            assert due(an_approval(), lacking, *more, now=ASKED_AT + DAY) == []
    both = replace(GRANTED, documents=(the_documents("staging"), the_documents()))
    assert a_due_use(an_approval(), both).documents == the_documents()


def test_what_cloudtrail_keeps_ends_at_a_second() -> None:
    """What begins in the oldest second is whole; what ended in it is gone."""
    events_ = (an_approval(), GRANTED)
    whole, over = GRANTED.at - LAG + KEPT, EXPIRES_AT + HOUR + KEPT
    assert a_due_use(*events_, now=whole).out_of_reach == ()
    assert a_due_use(*events_, now=whole + SECOND).out_of_reach != ()
    assert (a_due_use(*events_, now=over - SECOND).period is None, a_due_use(*events_, now=over).period) == (
        False,
        None,
    )


def test_the_first_and_the_last_second_are_asked_about() -> None:
    """Both count; where nothing was asked about, no answer does."""
    period = a_due_use().period
    assert period is not None
    seen = a_seen_use(openings=(an_opening(1, at=period.start), an_opening(2, at=period.end)))
    assert a_used_event(seen).evidence.use.entered == 2
    wholly = a_due_use(now=NOW + 2 * KEPT)
    use = used_event(wholly, a_seen_use(), now=NOW + 2 * KEPT, run="").evidence.use
    assert (use.state, use.first_use) == ("not seen", None)


def test_without_a_region_nobody_knows_who_entered() -> None:
    """It is no zero."""
    use = a_used_event(a_seen_use(openings=(), calls=(), regions=(), call_regions=())).evidence.use
    assert (use.state, use.entered, use.denied) == ("not seen", None, None)


def test_a_count_is_recorded_only_of_what_is_cut() -> None:
    """Of as many as are kept there is none."""
    crowd = tuple(unseen(Unseen.TOO_MUCH, where=f"r{number}") for number in range(USE_UNSEEN))
    services = tuple(a_sum(f"x{number:02}.amazonaws.com", 1) for number in range(USE_SERVICES))
    use = a_used_event(a_seen_use(not_seen=crowd, services=services)).evidence.use
    assert not use.json.keys() & {"not_seen_count", "services_count"}


def test_a_part_has_the_keys_that_it_needs() -> None:
    """Where and why are there if somebody said them."""
    assert unseen(Unseen.REFUSED).json.keys() == {"what", "about"}
    assert unseen(Unseen.REFUSED, where="here", why="no").json.keys() == {"what", "about", "where", "why"}


def test_what_is_known_is_shown_with_what_it_came_from() -> None:
    """Services and regions; of what is not known no service either. Without a last term nothing came later."""
    event = a_used_event(a_seen_use(services=(a_sum(),)))
    known = use_of([event], None)
    assert known is not None
    assert ([each.calls for each in known.services], known.regions) == ([3], ("eu-west-1", "us-east-1"))
    assert [each.what for each in known.not_seen] == ["data-events"]
    hidden = a_used_event(a_seen_use(services=(a_sum(),)), entered=None)
    unknown = use_of([hidden], hidden.commit)
    assert unknown is not None
    assert (unknown.state, unknown.services) == (UseState.NOT_SEEN, ())


def test_the_last_term_is_the_one_that_ends_last() -> None:
    """Of those with a window; of none there is none."""
    assert last_term([]) is last_term([replace(GRANTED, window=None)]) is None
    assert last_term([replace(GRANTED, window=None), GRANTED]) == GRANTED.commit
