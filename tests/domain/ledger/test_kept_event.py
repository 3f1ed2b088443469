"""An event as a reader of the ledger keeps it equals the one that was read, and is written alike."""

from builders import an_approval, an_outcome, the_documents

from jitbot.domain.aws import iam
from jitbot.domain.ledger.events import EventType, dump, load
from jitbot.domain.ledger.kept_event import EventKeeper
from jitbot.domain.text.packed import Packed


def test_a_kept_event_is_the_event() -> None:
    """It has the same bytes, the same key, and documents of the same digest."""
    for event in (an_approval(), an_outcome(EventType.GRANTED, documents=(the_documents(),))):
        kept = EventKeeper().keep(event)
        assert kept == event
        assert dump(kept) == dump(event)
        assert kept.key == event.key
        assert [iam.digest(each) for each in kept.documents] == [iam.digest(each) for each in event.documents]


def test_what_two_events_share_is_kept_once() -> None:
    """Read from two files, the role that was approved and the one that was read back are the same text in memory."""
    keeper = EventKeeper()
    approved, granted = (
        keeper.keep(load(event.path, dump(event)))
        for event in (an_approval(), an_outcome(EventType.GRANTED, documents=(the_documents(),)))
    )
    (one,), (other,) = approved.documents, granted.documents
    assert isinstance(one.permission_policy, Packed)
    assert one.permission_policy is other.permission_policy
    assert approved.request is granted.request
    texts = [[role.path, role.permissions_boundary, *role.tags, *role.tags.values()] for role in (one, other)]
    assert all(first is second for first, second in zip(*texts, strict=True))
