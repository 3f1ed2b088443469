"""What the ledger holds twice: anyone who may write can push an attested batch again, beside itself."""

from dataclasses import replace

from acme_facts import MINUTE, NOW, sha
from builders import an_outcome
from plain_audit import PlainClone

from jitbot.domain.ledger.events import EventType

NEW = an_outcome(EventType.FAILED, commit=sha("new"))


def test_the_same_batch_made_again_is_a_copy_of_it() -> None:
    """Its token fits, so it counts; the first one is the record, and findings know of both."""
    clone = PlainClone()
    first = clone.tell(NEW)
    again = clone.ledger_of.commits[-1]
    clone.ledger_of.commits.append(replace(again, commit=sha("again")))
    (found,) = clone.inputs().history.recorded
    assert (found.batch.commit, found.copies) == (first, (sha("again"),))
    assert found.is_in({sha("again")})
    assert [each.commit for each in clone.inputs().history.batches] == [first, sha("again")]


def test_another_event_of_the_same_key_is_no_copy() -> None:
    """It says something else under the name of the first, which is the record; nor is one in the first's own batch."""
    clone = PlainClone()
    first = clone.tell(NEW)
    clone.later(MINUTE)
    clone.tell(replace(NEW, at=NOW + 2 * MINUTE))
    (found,) = clone.inputs().history.recorded
    assert (found.batch.commit, found.event.at, found.copies) == (first, NEW.at, ())
    clone = PlainClone()
    clone.tell(NEW, an_outcome(EventType.FAILED, commit=sha("other")))
    assert [each.copies for each in clone.inputs().history.recorded] == [(), ()]
