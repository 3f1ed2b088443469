"""The ledger as a whole: what it holds of each request, of stops, of decisions, and of its own verifications."""

from dataclasses import replace

from acme_facts import HOUR, MERGE, NOW, PATH, sha
from audit_facts import a_ledger, a_recorded
from builders import an_approval, an_outcome

from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence

APPROVED, GRANTED = a_recorded(an_approval()), a_recorded(an_outcome(EventType.GRANTED), 1)
OTHER = a_recorded(replace(an_approval(), request=PATH.replace("alice", "bob")), 2)


def test_what_is_recorded_of_a_request_is_together() -> None:
    """In the order in which it was recorded."""
    history = a_ledger(APPROVED, OTHER, GRANTED)
    assert history.by_request == {PATH: (APPROVED, GRANTED), OTHER.event.request: (OTHER,)}
    assert list(history.events) == [APPROVED.event, OTHER.event, GRANTED.event]


def test_stops_and_lifts_are_apart() -> None:
    """Both, and nothing else."""
    stop, lift = (
        a_recorded(Event(kind=kind, at=NOW, request="")) for kind in (EventType.STOPPED, EventType.LIFTED)
    )
    assert a_ledger(APPROVED, stop, GRANTED, lift).stops == (stop, lift)


def test_the_first_decision_of_a_merge_counts() -> None:
    """An outcome is none, and the refusal of a whole commit is none of any request."""
    again = a_recorded(replace(APPROVED.event, at=NOW + HOUR), 3)
    whole = a_recorded(Event(kind=EventType.REFUSED, at=NOW, request="", commit=sha("large")))
    later = a_recorded(Event(kind=EventType.REFUSED, at=NOW, request=PATH, commit=sha("later")))
    history = a_ledger(GRANTED, whole, APPROVED, again, later)
    assert history.decisions == {(PATH, MERGE): APPROVED, (PATH, sha("later")): later}


def test_heads_that_were_verified() -> None:
    """Of verifications alone, and of those that name one."""
    said = Event(kind=EventType.VERIFIED, at=NOW, request="", evidence=Evidence({"head": sha("said")}))
    silent = replace(said, evidence=Evidence())
    other = replace(APPROVED.event, evidence=Evidence({"head": sha("pull")}))
    assert a_ledger(*map(a_recorded, (other, silent, said))).verified == (sha("said"),)
