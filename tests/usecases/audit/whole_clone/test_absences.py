"""The ends that main asks for, by a whole clone in memory: a file that was deleted, a requester who left, and no sweep."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from acme_facts import HOUR, MINUTE
from plain_audit import ORDERS, TEXT, PlainClone, newer

from jitbot.domain.audit.history.findings import Severity
from jitbot.domain.audit.verify.verdict import AuditVerdict
from jitbot.domain.ledger.events import EndReason, EventType
from jitbot.domain.model.documents import PEOPLE

ALICE = "  alice: {github_id: 1001, identity_center: alice@acme.com}\n"
CODEOWNERS = ".github/CODEOWNERS"
LONG = TEXT.replace("2h", "4h")
PLANNED = f"{LONG}starts_at: 2026-11-26T09:00:00Z\n"
SWEEP = 2 * HOUR  # what an early end may take
Move = Callable[[PlainClone], None]


@pytest.fixture
def clone() -> PlainClone:
    """alice's request for four hours, granted."""
    made = PlainClone()
    made.grant(made.ask("bob", text=LONG))
    made.later(MINUTE)
    return made


def people(clone: PlainClone) -> str:
    """people.yaml as acme begins."""
    text = clone.trees.files[PEOPLE].decode()
    assert ALICE in text
    return text


def owners(clone: PlainClone) -> str:
    """CODEOWNERS as acme begins."""
    return clone.trees.files[CODEOWNERS].decode()


def told(found: AuditVerdict) -> dict[str, Severity]:
    """What is found, and its weight."""
    return {each.code: each.severity for each in found.problems}


def said(found: AuditVerdict, code: str) -> str:
    """The sentences of a code."""
    return "\n".join(each.message for each in found.problems if each.code == code)


def left(clone: PlainClone) -> None:
    """alice left people.yaml."""
    clone.push({PEOPLE: people(clone).replace(ALICE, "")})


def somebody_else(clone: PlainClone) -> None:
    """Her principal is another."""
    clone.push({PEOPLE: people(clone).replace("alice@acme.com", "alice2@acme.com")})


def deleted(clone: PlainClone) -> None:
    """Her request's file was deleted."""
    clone.push({ORDERS: None})


LEAVING = [left, somebody_else, deleted]


@pytest.mark.parametrize("leave", LEAVING)
def test_an_end_that_no_sweep_carried_out(clone: PlainClone, leave: Move) -> None:
    """After two hours it is a broken promise, for the auditor with a clone alone."""
    leave(clone)
    clone.later(SWEEP)
    assert told(clone.verdict()) == {}
    clone.later(MINUTE)
    found = clone.verdict()
    assert told(found) == {"late-end": Severity.BROKEN}
    assert "it was to end at 2026-11-24T09:03:00Z" in said(found, "late-end")


@pytest.mark.parametrize("leave", LEAVING)
def test_an_end_that_a_sweep_carried_out(clone: PlainClone, leave: Move) -> None:
    """Nothing is found where the next sweep ended it, however long the file or the person stays away."""
    why = EndReason.DELETED if leave is deleted else EndReason.OFFBOARDED
    leave(clone)
    clone.later(HOUR)
    approved = next(each for each in clone.told if each.kind is EventType.APPROVED)
    clone.end(approved, why)
    clone.later(HOUR)
    clone.remove(approved)
    clone.later(3 * HOUR)
    assert told(clone.verdict()) == {}


@pytest.mark.parametrize(
    ("away", "found"),
    [
        (SWEEP, {"offboarded-briefly": Severity.NOTE}),
        (SWEEP + MINUTE, {"late-end": Severity.BROKEN}),
    ],
    ids=["as long as a sweep may take", "longer"],
)
def test_somebody_who_came_back(clone: PlainClone, away: timedelta, found: dict[str, Severity]) -> None:
    """Whoever was gone for longer than a sweep may take must have lost access; a shorter absence is a note."""
    left(clone)
    clone.later(away)
    clone.push({PEOPLE: people(clone)})
    clone.later(HOUR)
    assert told(clone.verdict()) == found


@pytest.mark.parametrize(
    ("away", "code"), [(HOUR, "deleted-briefly"), (SWEEP + MINUTE, "late-end")], ids=["briefly", "longer"]
)
def test_a_file_that_came_back(clone: PlainClone, away: timedelta, code: str) -> None:
    """One pull request deleted it and another brought it back: after more than two hours a sweep must have ended it."""
    deleted(clone)
    clone.later(away)
    clone.push({ORDERS: LONG})
    clone.later(HOUR)
    assert code in told(clone.verdict())


def test_offboarded_and_back_before_the_grant() -> None:
    """Somebody who was gone between the merge and the grant was granted: the audit says that they were gone."""
    clone = PlainClone()
    case = clone.merge(ORDERS, TEXT, "bob")
    clone.later(MINUTE)
    left(clone)
    clone.later(10 * MINUTE)
    clone.push({PEOPLE: people(clone)})
    event = clone.decision(case)
    clone.tell(event)
    clone.grant(event)
    found = clone.verdict()
    assert told(found) == {"offboarded-briefly": Severity.NOTE}
    assert "its requester was gone from people.yaml from 2026-11-24T09:02:00Z" in said(
        found, "offboarded-briefly"
    )


@pytest.mark.parametrize("leave", LEAVING)
def test_what_was_not_granted_since_it_was_to_end(leave: Move) -> None:
    """Nothing came of the approval, since what asks for its end came first: the ledger lacks no outcome."""
    clone = PlainClone()
    clone.ask("bob", text=PLANNED)
    leave(clone)
    for later in (MINUTE, 50 * HOUR):
        clone.later(later)
        found = clone.verdict()
        assert told(found) == {"ended-before-grant": Severity.NOTE}
        assert "before it was granted: nothing was granted" in said(found, "ended-before-grant")


def test_people_that_cannot_be_read_end_nothing(clone: PlainClone) -> None:
    """A people.yaml that does not read ends nothing, as with a sweep, and no verdict is fine while it is so."""
    clone.push({PEOPLE: "people: ["})
    clone.later(2 * HOUR)
    assert told(clone.verdict()) == {}
    clone.later(HOUR)
    assert told(clone.verdict()) == {"people-not-read": Severity.UNCHECKED}
    clone.push({PEOPLE: people(clone)})
    assert told(clone.verdict()) == {"people-not-read": Severity.NOTE}


def test_a_deletion_where_nobody_owns_the_folder(clone: PlainClone) -> None:
    """There only who may revoke ends access by a deletion, and git does not say who deleted it: a note."""
    clone.push({CODEOWNERS: owners(clone).replace("@acme/payments-leads", "")})
    deleted(clone)
    clone.later(3 * HOUR)
    found = clone.verdict()
    assert told(found) == {"deleted-without-owner": Severity.NOTE}
    assert "only who may revoke ends access" in said(found, "deleted-without-owner")


def test_owners_who_left_before_any_sweep_saw_the_deletion(clone: PlainClone) -> None:
    """From then on it ends nothing, and is noted."""
    deleted(clone)
    clone.later(10 * MINUTE)
    clone.push({CODEOWNERS: "# none\n"})
    clone.later(3 * HOUR)
    found = clone.verdict()
    assert set(told(found)) == {"deleted-briefly", "deleted-without-owner"}
    assert "for 10m" in said(found, "deleted-briefly")


def test_an_end_of_which_only_the_message_reads_may_be_the_one(clone: PlainClone) -> None:
    """What cannot be read puts in doubt what it may be about: nothing is broken by it."""
    deleted(clone)
    clone.later(SWEEP + MINUTE)
    assert told(clone.verdict()) == {"late-end": Severity.BROKEN}
    approved = next(each for each in clone.told if each.kind is EventType.APPROVED)
    (ended,) = clone.outcomes(EventType.ENDED, approved, why=EndReason.DELETED)
    clone.tell(ended, spoil=newer)
    assert Severity.BROKEN not in told(clone.verdict()).values()
