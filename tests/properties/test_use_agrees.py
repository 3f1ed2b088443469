"""What is recorded of a grant's use is the same in the figures, the table, the JSON and the page."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from many_grants import many
from use_facts import DATA, REFUSED, UNUSED

from jitbot.domain.access.request_state import fold_events
from jitbot.domain.audit.report.pack import pack
from jitbot.domain.audit.report.population import population
from jitbot.domain.audit.report.summary import summary
from jitbot.domain.audit.report.use_rows import (
    is_over,
)
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.recorded_use import RecordedUse, UseState, state_of
from jitbot.domain.usage.use_event import SeenUse, due_uses, used_event

UNKNOWN = replace(UNUSED, not_seen=(REFUSED, DATA))


@st.composite
def ledgers(draw: st.DrawFn) -> list[Event]:
    """Many requests, and of some what CloudTrail showed of their use: seen whole, in part, not at all, or a lie."""
    events = many(draw(st.integers(1, 12)), days=30, seed=draw(st.integers(0, 10**6)))
    uses = []
    at = max(event.at for event in events) + timedelta(days=40)
    for due in due_uses(fold_events(events).values(), at):
        kind = draw(st.sampled_from(["none", "unused", "unknown", "seen", "silent", "broken"]))
        if kind == "none":
            continue
        seen = {
            "unused": UNUSED,
            "unknown": UNKNOWN,
            "silent": SeenUse(not_seen=(REFUSED, DATA)),
        }.get(kind, UNUSED)
        event = used_event(due, seen, now=at, run="")
        if kind == "seen":
            begins = event.evidence.use.begins
            assert begins is not None
            changes = {
                "state": "entered",
                "entered": draw(st.integers(1, 9)),
                "denied": draw(st.none() | st.integers(0, 3)),
            }
            event = _with(event, **changes)
        if kind == "broken":
            odd: dict[str, object] = draw(st.dictionaries(st.sampled_from(["entered", "state", "denied", "not_seen", "until", "calls"]), st.none() | st.integers(-2, 2) | st.text(max_size=3) | st.just([]), max_size=4))  # fmt: skip
            event = _with(event, **odd)
        uses.append(event)
    return [*events, *uses]


def _with(event: Event, **changes: object) -> Event:
    use = RecordedUse({**event.evidence.use.json, **changes})
    return replace(event, evidence=Evidence.of(Evidence.use(use)))


@given(ledgers())
@settings(max_examples=60, deadline=None)
def test_report_and_pack_never_contradict_the_events(events: list[Event]) -> None:
    """Figures, table, JSON and page say the same of each grant; an unknown is never "never", and never a number."""
    at = max(event.at for event in events) + timedelta(days=1)
    records = population(events, at)
    files = pack(records, summary(records, at), about={}, others={}, size=3, seed="s")
    table = {
        row["grant_id"]: row
        for row in csv.DictReader(io.StringIO(files["population.csv"].decode("utf-8-sig")))
    }
    whole = {each["id"]: each for each in json.loads(files["population.json"])}
    said = {}
    for event in events:
        if event.kind is EventType.USED:
            said[event.role_name] = event.evidence.use
    figures = json.loads(files["verdicts.json"])["use"]
    counted = dict.fromkeys(["entered", "never entered", "not seen", "not asked"], 0)
    for each in records:
        row, use = table[each.id], said.get(each.role_name)
        if is_over(each):
            counted[row["use"]] += 1
        if use is None:
            assert row["use"] in ("", "not asked", "not over")
            assert whole[each.id]["use"] is None
            assert row["entered"] in ("", "not read")
            continue
        blind = use.begins is None or use.ends is None or any(lack.hides_entering for lack in use.not_seen)
        if row["use"] == "never entered":
            assert use.entered == 0
            assert not blind
        if row["use"] == "not seen":
            assert {row[name] for name in ("entered", "calls", "denied_calls")} == {"not seen"}
            assert whole[each.id]["use"]["entered"] is None
        if row["use"] == "entered":
            assert row["entered"] == str(use.entered)
        if state_of(use.entered, use.not_seen) is UseState.NEVER and not blind:
            assert row["use"] == "never entered"
        assert row["use"] == whole[each.id]["use"]["state"]
        if use.calls is None:
            assert row["calls"] == "not seen"
        if use.denied is None:
            assert row["denied_calls"] == "not seen"
    assert {name: figures[name] for name in counted} == counted
    assert figures["over"] == sum(counted.values())
