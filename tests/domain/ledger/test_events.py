"""The ledger's events: written once, read back whole, and known by what they are about."""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from acme_facts import HOUR, NOW, PATH, SECOND, sha
from builders import a_revocation, a_window, an_approval, an_extension, an_outcome, the_documents

from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import (
    EndReason,
    Event,
    EventType,
    _is_same,
    bounded,
    dump,
    dump_documents,
    load,
    too_large,
)
from jitbot.domain.ledger.evidence import Evidence, RecordedOnline
from jitbot.domain.model.bounds import DOCUMENTS_WRITTEN, EVENT_WRITTEN
from jitbot.domain.model.documents import AccountId


def rewritten(change: Callable[[dict[str, Any]], object]) -> bytes:
    """An approval as the ledger holds it, after someone changed its JSON."""
    raw = json.loads(dump(an_approval()))
    change(raw)
    return (json.dumps(raw, indent=2, ensure_ascii=False) + "\n").encode()


WRITTEN: dict[str, Any] = json.loads(dump(an_approval()))
DOCUMENTS: dict[str, Any] = WRITTEN["documents"][0]


def of_another_type(written: dict[str, Any], *fine: tuple[str, object]) -> list[tuple[str, object]]:
    """Each field with values of every type but its own, those that are fine there aside."""
    values: tuple[object, ...] = (None, 1, True, [1], {"a": "b"}, "?")
    pairs = [(name, value) for name in written for value in values if type(value) is not type(written[name])]
    return [pair for pair in pairs if pair not in fine]


def test_the_change_alone_is_what_is_refused() -> None:
    """An approval rewritten without any change is read: the refusals below are due to their change."""
    assert load(an_approval().path, rewritten(dict)) == an_approval()


@pytest.mark.parametrize(("field", "value"), of_another_type(WRITTEN, ("window", None)))
def test_a_field_of_another_type_is_refused(field: str, value: object) -> None:
    """A field that holds something of another type makes the whole event unreadable."""
    with pytest.raises(ValueError, match=r"event|EndReason"):
        load(an_approval().path, rewritten(lambda raw: raw.update({field: value})))


@pytest.mark.parametrize("field", WRITTEN)
def test_a_missing_field_is_refused(field: str) -> None:
    """An event without one of its fields is no event."""
    with pytest.raises(ValueError, match="event"):
        load(an_approval().path, rewritten(lambda raw: raw.pop(field)))


@pytest.mark.parametrize(("part", "value"), of_another_type(DOCUMENTS, ("starts_at", None)))
def test_a_part_of_another_type_is_refused(part: str, value: object) -> None:
    """Documents of which one part is of another type make the whole event unreadable."""
    with pytest.raises(ValueError, match=r"event|UTC"):
        load(an_approval().path, rewritten(lambda raw: raw["documents"][0].update({part: value})))


@pytest.mark.parametrize("part", DOCUMENTS)
def test_a_missing_part_of_the_documents_is_refused(part: str) -> None:
    """Documents without one of their parts are none."""
    with pytest.raises(ValueError, match="event"):
        load(an_approval().path, rewritten(lambda raw: raw["documents"][0].pop(part)))


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.update(schema=2),
        lambda raw: raw.update(schema=True),
        lambda raw: raw.update(more="than was written"),
        lambda raw: raw.update(evidence=raw.pop("evidence")),  # another order
        lambda raw: raw["documents"][0].update(max_session_duration=3600.0),
        lambda raw: raw.update(event="allowed"),
        lambda raw: raw.update(why="tired"),
        lambda raw: raw.update(at="2026-11-24T09:01:01Z"),
        lambda raw: raw.update(at="2026-11-24 09:01:00"),
        lambda raw: raw.update(request="requests/orders-db-read/2026-11/24-mallory-x.yaml"),
        lambda raw: raw.update(window=[]),
        lambda raw: raw.update(window={}),
        lambda raw: raw["window"].update(expires_at=None),
        lambda raw: raw["window"].update(starts_at=0),
        lambda raw: raw["window"].update(for_ever=True),
        lambda raw: raw.update(documents={}),
        lambda raw: raw.update(documents=[None]),
        lambda raw: raw["documents"][0].update(managed_policies=[1]),
        lambda raw: raw["documents"][0].update(role_arn="arn:aws:iam::111111111111:role/admin"),
        lambda raw: raw["documents"][0].update(max_session_duration=43200),
        lambda raw: raw["documents"][0].update(more="than was written"),
        lambda raw: raw["documents"][0].update(tags={"a": 1}),
    ],
)
def test_anything_else_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    """Nothing is read that would not have been written there."""
    with pytest.raises(ValueError, match=r"event|UTC|EventType|EndReason"):
        load(an_approval().path, rewritten(change))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b'"event"',
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        dump(an_approval())[:-2],
        dump(an_approval()) * 2,
        dump(an_approval()).decode().encode("utf-16"),
        dump(an_approval()).replace(b'"schema": 1,', b'"schema": 1,\n  "schema": 1,'),
    ],
)
def test_bytes_that_are_no_event_are_refused(content: bytes) -> None:
    """Bytes that no event is written as are refused as such, however they are broken."""
    with pytest.raises(ValueError, match=r"event|Expecting|Extra data|codec|delimiter|same key twice"):
        load(an_approval().path, content)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, 1),
        (1, 1.0),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ([1], [1, 2]),
        ("1", 1),
        ({}, []),
        (None, ""),
    ],
)
def test_what_only_looks_the_same_is_not(one: object, other: object) -> None:
    """Python takes some of these for equal."""
    assert not _is_same(one, other)
    assert not _is_same({"in": [other]}, {"in": [one]})


def test_what_was_kept_as_it_was_read_is_not_looked_into() -> None:
    """So no depth of it ends a run that reads the ledger."""
    deep: list[object] = []
    for _ in range(sys.getrecursionlimit()):
        deep = [deep]
    assert _is_same({"in": deep}, {"in": deep})


def test_layout_says_nothing() -> None:
    """An event laid out otherwise is the same event: no space between its parts hides anything."""
    content = dump(an_approval())
    assert load(an_approval().path, content.replace(b"\n", b"\r\n") + b"\n") == an_approval()
    assert load(an_approval().path, json.dumps(json.loads(content)).encode()) == an_approval()


@pytest.mark.parametrize("schema", [0, 2, "1", None])
def test_an_event_of_another_schema_says_so(schema: object) -> None:
    """Whoever meets an event of a newer jitbot is told that this is what it is."""
    with pytest.raises(ValueError, match="not an event of schema 1"):
        load(an_approval().path, rewritten(lambda raw: raw.update(schema=schema)))


def test_an_event_lies_where_it_belongs() -> None:
    """An event moved to another day, time, kind or key is refused."""
    event = an_approval()
    assert re.fullmatch(r"events/2026/11/24/090100-approved-[0-9a-f]{20}\.json", event.path)
    for path in (
        event.path.replace("/24/", "/25/"),
        event.path.replace("090100", "090101"),
        event.path.replace("approved", "granted"),
        event.path.replace(event.key, "0" * 20),
        f"other/{event.path}",
    ):
        with pytest.raises(ValueError, match="belongs at"):
            load(path, dump(event))


def test_an_event_is_written_in_utc() -> None:
    """An event told in another time zone is the same event: same path, same bytes."""
    here = replace(an_approval(), at=NOW.astimezone(timezone(timedelta(hours=14))))
    assert (here.path, here.key, dump(here)) == (an_approval().path, an_approval().key, dump(an_approval()))


def test_the_form_is_for_people_too() -> None:
    """Events are indented JSON in plain letters, with a newline at the end."""
    text = dump(an_approval(evidence={"by": "Zoë"})).decode()
    assert '\n  "event": "approved",\n' in text
    assert '"by": "Zoë"' in text
    assert text.endswith("}\n")


DISTINCT = (
    an_approval(),
    an_approval(kind=EventType.EXTENDED),
    an_approval(kind=EventType.REFUSED),
    an_approval(commit=sha("another merge")),
    an_approval(request=PATH.replace("refunds", "orders")),
    a_revocation(),
    a_revocation(why=EndReason.RELEASED),
    a_revocation(cause="by mallory"),
    an_outcome(EventType.GRANTED),
    an_outcome(EventType.GRANTED, "staging"),
    an_outcome(EventType.GRANTED, role_name="jit-alice-other-0123456789"),
    an_outcome(EventType.ENDED),
    an_outcome(EventType.ENDED, why=EndReason.REVOKED),
    an_outcome(EventType.ENDED, why=EndReason.DRIFT),
    an_outcome(EventType.ENDED, why=EndReason.DRIFT, cause="its trust policy is not the one recorded"),
    an_outcome(EventType.REMOVED),
    an_outcome(EventType.FAILED, cause="provision: trouble"),
    an_outcome(EventType.FAILED, cause="provision: refused"),
    an_outcome(EventType.FAILED, cause="provision: trouble", at=NOW + 24 * HOUR),
    an_outcome(EventType.VERIFIED),
    an_outcome(EventType.VERIFIED, at=NOW + 24 * HOUR),
    an_outcome(
        EventType.VERIFIED, evidence=Evidence.of(Evidence.online(RecordedOnline({"left": ["an answer"]})))
    ),
)


def test_keys_tell_apart_what_is_not_the_same() -> None:
    """Kind, request, merge, account, role, why and cause each make another event."""
    assert len({event.key for event in DISTINCT}) == len(DISTINCT)


def test_keys_do_not_run_together() -> None:
    """What one field lacks another cannot lend it."""
    one = an_outcome(EventType.ENDED, account_id=AccountId("12"), role_name="3")
    other = an_outcome(EventType.ENDED, account_id=AccountId("1"), role_name="23")
    assert one.key != other.key


@pytest.mark.parametrize(
    "event", [an_approval(), an_extension(), an_outcome(EventType.GRANTED), an_outcome(EventType.ENDED)]
)
def test_the_same_thing_told_twice_is_one_event(event: Event) -> None:
    """When it was written, by which run and with which evidence makes no other event."""
    again = replace(
        event, at=event.at + 30 * HOUR, run="https://example.com/2", evidence=Evidence(), documents=()
    )
    assert again.key == event.key


@pytest.mark.parametrize("kind", [EventType.FAILED, EventType.VERIFIED])
def test_a_failure_is_one_event_a_day(kind: EventType) -> None:
    """The same failure is recorded once a day in UTC, and again on the next."""
    last = datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC)
    first = an_outcome(kind, at=datetime(2026, 11, 24, tzinfo=UTC))
    assert replace(first, at=last).key == first.key
    assert replace(first, at=last + SECOND).key != first.key


@pytest.mark.parametrize(
    ("kind", "each_second"),
    [
        (EventType.STOPPED, True),
        (EventType.PROTECTION_SEEN, True),
        (EventType.PROTECTION_SAID, True),
        (EventType.LIFTED, False),
    ],
)
def test_each_stop_and_each_look_is_another_event(kind: EventType, *, each_second: bool) -> None:
    """A stop after a lifted one is another stop; its lift, whoever tells it again, is the same."""
    one = Event(kind=kind, at=NOW, request="")
    assert (replace(one, at=NOW + SECOND).key != one.key) is each_second


def test_the_json_of_documents_is_the_published_shape() -> None:
    """`explain --format json` shows exactly these fields, with times as text and lengths in seconds."""
    shown = dump_documents(the_documents(window=a_window(starts_at=NOW)))
    assert {name: shown[name] for name in ("account", "account_id", "path", "max_session_duration")} == {
        "account": "prod",
        "account_id": "111111111111",
        "path": "/jit/",
        "max_session_duration": 3600,
    }
    assert (shown["starts_at"], shown["expires_at"]) == ("2026-11-24T09:01:00Z", "2026-11-24T11:00:00Z")
    assert shown["role_arn"] == f"arn:aws:iam::111111111111:role/jit/{shown['role_name']}"
    assert dump_documents(the_documents())["starts_at"] is None


@pytest.mark.parametrize("began", ["garbage", "", "2026-11-24", "2026-11-24T09:00:00+00:00"])
def test_an_event_whose_ask_began_at_no_time_is_none(began: str) -> None:
    """Maximum and extensions count from it: what cannot be read is no event, and not one without a beginning."""
    event = replace(an_approval(), ask=Ask({**an_approval().ask.json, "began": began}))
    with pytest.raises(ValueError, match="UTC"):
        load(event.path, dump(event))
    whole = replace(event, ask=Ask({**event.ask.json, "began": None}))
    assert load(whole.path, dump(whole)) == whole


def of_size(size: int, **changes: Any) -> Event:
    """A revocation of this many bytes, most of them evidence that nothing rests on."""
    event = a_revocation(
        ask={"requester": "alice"}, evidence={"by": "bob", "merge_commit": "m", "x": ""}, **changes
    )
    left = size - len(dump(event))
    return replace(event, evidence=Evidence({**event.evidence.json, "x": "x" * left}))


def test_an_event_is_small_enough_to_be_read_again() -> None:
    """The largest is written as it is; of one that is larger only the short evidence is left, and how long it was."""
    largest, larger = of_size(EVENT_WRITTEN), of_size(EVENT_WRITTEN + 1)
    assert bounded(largest) == (largest, dump(largest))
    short, content = bounded(larger)
    assert short == replace(
        larger, ask=Ask(), evidence=Evidence({"merge_commit": "m", "left_out_bytes": EVENT_WRITTEN + 1})
    )
    assert content == dump(short)


def test_what_gives_access_is_never_cut() -> None:
    """Without its documents it would say nothing."""
    event = of_size(EVENT_WRITTEN, documents=(the_documents(),))
    assert bounded(event) == (event, dump(event))
    with pytest.raises(ValueError, match=f"has more bytes than an event may have: {EVENT_WRITTEN + 1}"):
        bounded(of_size(EVENT_WRITTEN + 1, documents=(the_documents(),)))


def test_more_roles_than_an_event_holds() -> None:
    """Up to its bound they are recorded; with one more byte the request is refused, and says what to do."""
    room = DOCUMENTS_WRITTEN - len(json.dumps(dump_documents(the_documents()), indent=2))
    fitting, larger = (
        replace(the_documents(), permissions_boundary=the_documents().permissions_boundary + "x" * number)
        for number in (room, room + 1)
    )
    assert too_large((fitting,), PATH) == ()
    (finding,) = too_large((larger,), PATH)
    assert (finding.code, finding.file) == ("too-large-to-record", PATH)
    assert f"more bytes than the ledger takes at once: {DOCUMENTS_WRITTEN + 1}" in finding.message
