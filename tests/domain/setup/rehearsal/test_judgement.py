"""Which assumptions held: each answer by what was seen, and "not seen" where nothing was."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import MERGED_AT, MINUTE
from rehearsal_facts import (
    APPROVED,
    CONFIRMED,
    END,
    GRANTED,
    LIFE,
    PATH,
    REMOVED,
    SECOND,
    SEEN,
    a_rehearsal,
    outcome,
)

from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.setup.rehearsal.assumption import ASSUMPTIONS, Assumption, RehearsalVerdict
from jitbot.domain.setup.rehearsal.judgement import judged
from jitbot.domain.setup.rehearsal.notes import RehearsalNotes
from jitbot.domain.setup.rehearsal.record import RehearsalRecord

HELD, FAILED, UNSEEN = RehearsalVerdict.HELD, RehearsalVerdict.FAILED, RehearsalVerdict.UNSEEN
NOTHING = RehearsalNotes(request=PATH)
DENIED = outcome(EventType.ENDED, at=MERGED_AT + 6 * MINUTE, why=EndReason.REVOKED)


def found(code: str, record: RehearsalRecord, notes: RehearsalNotes) -> Assumption:
    """The answer to one assumption."""
    return next(each for each in judged(record, notes) if each.code == code)


def changed(event: Event, evidence: dict[str, Any]) -> Event:
    """The event with other evidence."""
    return replace(event, evidence=Evidence({**event.evidence.json, **evidence}))


def test_a_whole_rehearsal_holds() -> None:
    """Every assumption, in the order of the table, with what was seen."""
    answers = judged(a_rehearsal(*LIFE), SEEN)
    assert [each.code for each in answers] == [each.code for each in ASSUMPTIONS]
    assert {each.verdict for each in answers} == {HELD}
    assert all(each.observed for each in answers)


def test_nothing_is_claimed_of_what_nobody_saw() -> None:
    """A request that was just opened shows nothing; each answer says why."""
    answers = judged(a_rehearsal(merged_at=None), NOTHING)
    assert {each.verdict for each in answers} == {UNSEEN}
    assert all(each.observed for each in answers)


@pytest.mark.parametrize(
    ("code", "notes", "verdict", "observed"),
    [
        ("signed", {"signed": False}, FAILED, "it is not verified"),
        ("signed", {}, HELD, "GitHub calls it verified"),
        ("signed", {"signed": None}, UNSEEN, "the commit was not looked at"),
        ("started", {"trigger": "schedule"}, FAILED, "20 s after the merge, which a schedule started"),
        ("started", {"trigger": ""}, UNSEEN, "20 s after the merge; GitHub did not show what started that run"),
        ("pushes-kept", {"moves": "GitHub lists none"}, FAILED, "GitHub lists none"),
        ("pushes-kept", {"moves": "push by alice, branch_creation by alice"}, FAILED, "push by alice, branch_creation by alice"),
        ("dispatched", {"sweep_ref": "main"}, FAILED, "GitHub started sweep.yml by main"),
        ("dispatched", {"sweep_ref": ""}, UNSEEN, "no workflow was started from here"),
        ("branch", {"branch_gone": False, "branch": "it stays"}, FAILED, "it stays"),
        ("branch", {"branch_gone": None}, UNSEEN, "it was not looked at"),
        ("entered", {"entered_at": None, "entry_refusal": "AccessDenied"}, FAILED, "AccessDenied"),
        ("entered", {"entered_at": None}, UNSEEN, "nobody tried while it was live"),
        (
            "entered",
            {"is_principal": False, "entered_as": "arn:x"},
            FAILED,
            "AWS let arn:x in, which is not the principal that is recorded",
        ),
        ("allowed", {"allowed_from": None}, FAILED, "UnauthorizedOperation: no"),
        ("allowed", {"allowed_from": None, "read_refusal": ""}, UNSEEN, "nobody tried"),
        ("only-granted", {"other_allowed": True, "other_answer": "AWS allowed it"}, FAILED, "AWS allowed it"),
        ("only-granted", {"other_allowed": None}, UNSEEN, "nobody tried"),
        ("over", {"last_allowed": END + 2 * SECOND}, FAILED, "it was allowed at 2026-11-24T09:15:02Z"),
        ("over", {"last_allowed": END + SECOND}, HELD, "refused at 2026-11-24T09:15:40Z, 40 s after the end"),
        ("over", {"still_refused": None}, UNSEEN, "nobody looked with such a session"),
        ("no-entry", {"entered_after": True, "entry_after": "AWS gave one"}, FAILED, "AWS gave one"),
        ("no-entry", {"entered_after": None}, UNSEEN, "nobody tried"),
    ],
)  # fmt: skip
def test_what_this_machine_saw(
    code: str, notes: dict[str, Any], verdict: RehearsalVerdict, observed: str
) -> None:
    """Seen to be otherwise, or not seen: the two are never one."""
    answer = found(code, a_rehearsal(*LIFE), replace(SEEN, **notes))
    assert (answer.verdict, answer.observed) == (verdict, observed)


@pytest.mark.parametrize(
    ("last", "first", "verdict", "begins"),
    [
        (-1, 0, HELD, "the end is 2026-11-24T09:15:00Z; allowed until 2026-11-24T09:14:59Z, refused from"),
        (0, 1, HELD, "the end is"),
        (1, 2, HELD, "the end is"),  # an answer is dated when it is sent
        (-5, 5, HELD, "the end is"),
        (2, 3, FAILED, "2 s late: "),
        (90, None, FAILED, "1 min 30 s late: "),
        (-2, -1, FAILED, "1 s early: "),
        (-6, 1, UNSEEN, "nobody looked in the seconds around it: "),
        (-1, 6, UNSEEN, "nobody looked in the seconds around it: "),
        (-1, None, UNSEEN, "no call after the end: "),
        (None, 1, UNSEEN, "nobody saw the read allowed"),
    ],
)
def test_the_second_of_the_end(
    last: int | None, first: int | None, verdict: RehearsalVerdict, begins: str
) -> None:
    """Held only if somebody looked close to it on both sides, and saw it allowed before and refused after."""
    notes = replace(
        SEEN,
        last_allowed=None if last is None else END + last * SECOND,
        first_refused=None if first is None else END + first * SECOND,
    )
    answer = found("end", a_rehearsal(*LIFE), notes)
    assert answer.verdict is verdict
    assert answer.observed.startswith(begins)


def test_an_early_end_shows_nothing_of_the_second() -> None:
    """A refusal before the end is then no broken promise; a call that was allowed after it is one all the same."""
    early = replace(SEEN, last_allowed=MERGED_AT + 5 * MINUTE, first_refused=MERGED_AT + 6 * MINUTE)
    record = a_rehearsal(APPROVED, GRANTED, DENIED, REMOVED)
    assert found("end", record, early).observed == "it ended early: revoked"
    assert found("end", record, early).verdict is UNSEEN
    assert found("confirmed", record, early).observed == "it ended otherwise: revoked"
    drift = outcome(EventType.ENDED, at=END + MINUTE, why=EndReason.DRIFT)
    assert found("end", a_rehearsal(APPROVED, GRANTED, drift), SEEN).verdict is HELD
    assert found("end", record, replace(SEEN, last_allowed=END + MINUTE)).verdict is FAILED


@pytest.mark.parametrize(
    ("code", "events", "verdict", "observed"),
    [
        ("counted", (changed(APPROVED, {"approvals_required": 2}),), HELD, "1 of 2: frank"),
        ("started", (replace(APPROVED, at=MERGED_AT + 10 * MINUTE),), HELD, "10 min 0 s after the merge, which a push started"),
        ("started", (replace(APPROVED, at=MERGED_AT + 11 * MINUTE, run="https://x/1"),), FAILED, "11 min 0 s after the merge, by https://x/1"),
        ("pushes", LIFE, HELD, "GitHub named who pushed"),
        ("removed", LIFE, HELD, "20 s after it could be: read back as gone"),
        ("removed", (REMOVED,), UNSEEN, "it is not removed yet"),
        ("confirmed", (CONFIRMED,), UNSEEN, "no sweep has seen it"),
        ("live", (APPROVED,), UNSEEN, "nothing of it is recorded"),
        ("live", (APPROVED, replace(GRANTED, at=MERGED_AT + 11 * MINUTE)), FAILED, "11 min 0 s after the merge"),
        ("pushes", (changed(APPROVED, {"facts": {"told": {"pushes": None}}}),), FAILED, "GitHub did not say who pushed"),
        ("pushes", (replace(APPROVED, evidence=Evidence({})),), UNSEEN, "no decision is recorded"),
        ("attested", (APPROVED, GRANTED), UNSEEN, "so far: approved, granted"),
        ("confirmed", (APPROVED, GRANTED), UNSEEN, "no sweep has seen it"),
        ("confirmed", (APPROVED, GRANTED, changed(CONFIRMED, {"seen": "absent"})), FAILED, "30 s after the end: absent"),
        ("removed", (APPROVED, GRANTED, CONFIRMED), UNSEEN, "it is not removed yet"),
        ("removed", (*LIFE[:3], replace(REMOVED, evidence=Evidence({}))), FAILED, "20 s after it could be: not read back"),
    ],
)  # fmt: skip
def test_what_is_recorded(
    code: str, events: tuple[Event, ...], verdict: RehearsalVerdict, observed: str
) -> None:
    """The ledger's own times and words."""
    answer = found(code, a_rehearsal(*events), SEEN)
    assert (answer.verdict, answer.observed) == (verdict, observed)


def test_a_ledger_that_does_not_count() -> None:
    """Merged, and nothing recorded counts: the reason is what is ignored. With nothing ignored there is only nothing yet."""
    forged = found("attested", a_rehearsal(ignored="commit 1 is ignored: no token"), SEEN)
    assert (forged.verdict, forged.observed) == (FAILED, "commit 1 is ignored: no token")
    assert found("attested", a_rehearsal(), SEEN) == found("attested", a_rehearsal(), SEEN).unseen(
        "so far: nothing"
    )
    assert found("attested", a_rehearsal(APPROVED, ignored="commit 1"), SEEN).verdict is UNSEEN
    waiting = a_rehearsal(ignored="commit 1", merged_at=None)
    assert found("attested", waiting, SEEN).verdict is UNSEEN
    assert found("started", a_rehearsal(APPROVED, merged_at=None), SEEN).verdict is UNSEEN


@pytest.mark.parametrize(
    ("evidence", "verdict", "observed"),
    [
        ({"reasons": [{"code": "rules-changed"}]}, UNSEEN, "refused for another reason: rules-changed"),
        ({"reasons": [{"code": "not-enough-approvals"}]}, UNSEEN, "nobody approved it"),
        (
            {
                "approvals_required": 1,
                "reasons": [{"code": "not-enough-approvals"}],
                "not_counted": [{"login": "frank", "why": "does not own the path"}],
            },
            FAILED,
            "0 of 1: nobody; not counted: frank does not own the path",
        ),
    ],
)
def test_a_refusal(evidence: dict[str, Any], verdict: RehearsalVerdict, observed: str) -> None:
    """An approval that did not count says why; a refusal for another reason says nothing of approvals."""
    refused = Event(kind=EventType.REFUSED, at=MERGED_AT, request=PATH, evidence=Evidence(evidence))
    answer = found("counted", a_rehearsal(refused), SEEN)
    assert (answer.verdict, answer.observed) == (verdict, observed)
    assert found("started", a_rehearsal(refused), SEEN).verdict is HELD
