"""The record as rows, held by events in plain values; and which rows somebody wants."""

import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from acme_facts import EXPIRES_AT, HOUR, MERGE, MERGED_AT, MINUTE, NOW, PATH, SECOND, a_request, sha
from audit_facts import a_recorded
from builders import a_revocation, a_window, an_approval, an_outcome
from random_ledger import random_ledger
from use_facts import UNUSED, a_seen_use, a_used_event

from jitbot.domain.access.request_state import pull_requests
from jitbot.domain.audit.report import log_rows
from jitbot.domain.audit.report.columns import as_json
from jitbot.domain.audit.report.log_rows import (
    NAMES,
    LogFilter,
    LogRow,
    as_cells,
    asked_for,
    kept_for_rows,
    rows,
)
from jitbot.domain.ledger import events
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence

EVIDENCE: dict[str, Any] = {
    "approvals": [{"login": "bob"}, {"login": "erin"}, "login", 7, {}],
    "pull_request": 7,
}
APPROVED = an_approval(
    asked=a_request(accounts=("prod", "staging"), ticket="OPS-7"), evidence=EVIDENCE, run="run"
)


def row(event: Event, *before: Event) -> LogRow:
    """The row of an event, of whose request these were recorded before."""
    recorded = list(map(a_recorded, (*before, event)))
    return list(rows(recorded, asked_for(recorded)))[-1]


def test_an_approval_is_a_whole_row() -> None:
    """Who, what, where, until when, by whom, and where to look it up."""
    assert row(APPROVED) == LogRow(
        at="2026-11-24T09:01:00Z",
        event="approved",
        why="",
        request=PATH,
        requester="alice",
        policy="orders-db-read",
        accounts=("prod (111111111111)", "staging (012345670123)"),
        starts_at="",
        expires_at="2026-11-24T11:00:00Z",
        approved_by=("bob", "erin"),
        by="",
        reason="INC-1234 refunds are stuck in the queue",
        ticket="OPS-7",
        codes=(),
        pull_request="#7",
        merge_commit=MERGE,
        ledger_commit=sha("batch 0"),
        path=APPROVED.path,
        run="run",
    )


@pytest.mark.parametrize(("kind", "why"), [(EventType.RULES, "approved"), (EventType.REVIEWED, "")])
def test_how_a_change_of_the_rules_came_stands_where_others_have_their_reason(
    kind: EventType, why: str
) -> None:
    """The outcome of a review is another thing, and stays out of that column."""
    event = Event(kind=kind, at=NOW, request="", evidence=Evidence({"outcome": "approved"}))
    assert row(event).why == why


def a_look_at_safeguards(**evidence: object) -> Event:
    """A recorded look at the safeguards of main and ledger."""
    return Event(kind=EventType.PROTECTION_SEEN, at=NOW, request="", evidence=Evidence(evidence))


def test_a_look_at_the_safeguards_is_counted_by_its_words() -> None:
    """With names where it is worth a look, and with why something was not seen; no other event has such words."""
    words = {"main-deletion": "held", "main-force-push": "held", "ledger-deletion": "not held"}
    told = row(a_look_at_safeguards(safeguards=words))
    assert told.reason == "2 held, 1 not held (ledger-deletion)"
    assert row(a_look_at_safeguards(safeguards=words, reason="GitHub is silent")).reason == (
        "2 held, 1 not held (ledger-deletion); GitHub is silent"
    )
    assert row(a_look_at_safeguards()).reason == ""
    other = Event(kind=EventType.VERIFIED, at=NOW, request="", evidence=Evidence({"safeguards": words}))
    assert row(other).reason == ""


def test_a_change_of_the_rules_has_the_dates_of_reviews_that_it_moved() -> None:
    """With the policies in their place, to filter by; what else came in that commit, and other events of it, have none."""
    rules = Event(
        kind=EventType.RULES,
        at=NOW,
        request="",
        commit=MERGE,
        evidence=Evidence({"reason": "nobody approved it"}),
    )
    moved = {MERGE: {"orders-db-read": NOW.date(), "ssm-shell": None}}
    asks = an_approval()
    told, plain = rows(list(map(a_recorded, (rules, asks))), {}, moved)
    assert told.policy == "orders-db-read, ssm-shell"
    assert told.reason == (
        "access review: orders-db-read 2026-11-24, ssm-shell without a date; nobody approved it"
    )
    assert asks.commit == rules.commit
    assert plain.reason == "INC-1234 refunds are stuck in the queue"
    (other,) = rows(
        [a_recorded(replace(rules, evidence=Evidence({"policy": "p"}), commit=sha("x")))], {}, moved
    )
    assert (other.policy, other.reason) == ("p", "")
    (alone,) = rows([a_recorded(replace(rules, evidence=Evidence({})))], {}, {MERGE: {"ssm-shell": None}})
    assert alone.reason == "access review: ssm-shell without a date"


def test_a_stop_is_about_a_person() -> None:
    """Who is stopped stands where others have their requester."""
    alice = Evidence({"person": {"login": "alice", "github_id": 1001}, "by": "erin"})
    stop = Event(kind=EventType.STOPPED, at=NOW, request="", evidence=alice)
    assert (row(stop).requester, row(stop).by) == ("alice", "erin")


def test_where_all_was_seen_nothing_is_said_to_be_missing() -> None:
    """Neither what was not seen, nor that there is such a thing."""
    told = row(a_used_event(a_seen_use(not_seen=())))
    assert told.reason.startswith("entered")
    assert "not seen" not in told.reason


def test_a_use_is_told_alike_in_both_columns() -> None:
    """Also one that does not say which time was asked about: nobody can take it for "never entered"."""
    told = row(a_used_event(UNUSED))
    assert (told.why, told.reason) == (
        "never entered",
        "never entered; not seen: calls that read or write data",
    )
    told = row(a_used_event(UNUSED, until=None))
    assert (told.why, told.reason.partition(";")[0]) == ("not seen", "not seen")


def test_an_outcome_is_told_with_what_was_asked() -> None:
    """It repeats neither who asked nor why."""
    bare = an_outcome(EventType.ENDED, window=a_window(starts_at=NOW))
    told = row(bare, APPROVED)
    assert (told.requester, told.reason, told.ticket) == (
        "alice",
        "INC-1234 refunds are stuck in the queue",
        "OPS-7",
    )
    assert (told.why, told.accounts, told.starts_at) == (
        "expired",
        ("prod (111111111111)",),
        "2026-11-24T09:01:00Z",
    )
    alone = row(replace(bare, account="", window=None))
    assert (alone.requester, alone.reason, alone.ticket, alone.expires_at) == ("", "", "", "")
    assert (alone.accounts, alone.approved_by, alone.pull_request) == (("unknown (111111111111)",), (), "")


def test_each_event_is_told_with_its_own_words() -> None:
    """Another decision on the same request may have had others; an outcome alone still says whose it was."""
    other = replace(
        APPROVED, ask=Ask({"requester": "carol", "reason": "another", "ticket": "OPS-8"}), commit=sha("x")
    )
    recorded = list(map(a_recorded, (APPROVED, other)))
    first, second = rows(recorded, asked_for(recorded))
    assert (first.requester, first.reason, first.ticket) == (
        "alice",
        "INC-1234 refunds are stuck in the queue",
        "OPS-7",
    )
    assert (second.requester, second.reason, second.ticket) == ("carol", "another", "OPS-8")
    assert row(an_outcome(EventType.GRANTED, ask={"requester": "carol"})).requester == "carol"


def test_a_revocation_says_who_and_why() -> None:
    """Its own reason comes before that of the request."""
    told = row(a_revocation(evidence={"by": "bob", "reason": "over"}), APPROVED)
    assert (told.by, told.reason, told.why) == ("bob", "over", "revoked")


def test_a_refusal_has_its_codes_and_its_author() -> None:
    """Of whom nothing else is known."""
    evidence = {"author": {"login": "mallory"}, "reasons": [{"code": "too-late"}, {"message": "x"}, "y"]}
    refused = Event(kind=EventType.REFUSED, at=NOW, request=PATH, commit=MERGE, evidence=Evidence(evidence))
    assert (row(refused).requester, row(refused).codes) == ("mallory", ("too-late",))
    odd = row(replace(refused, evidence=Evidence({"author": "mallory", "reasons": "too-late"})))
    assert (odd.requester, odd.codes) == ("", ())


@pytest.mark.parametrize(
    ("path", "policy"),
    [("", ""), ("requests/x.yaml", ""), ("requests/a/x.yaml", "a"), (PATH, "orders-db-read")],
)
def test_the_policy_is_that_of_the_path(path: str, policy: str) -> None:
    """A path that is none of a request has none."""
    assert row(replace(APPROVED, request=path)).policy == policy


ROW = row(APPROVED)


@pytest.mark.parametrize(
    ("wanted", "row", "fits"),
    [
        ({}, ROW, True),
        ({}, replace(ROW, by="bob"), True),
        ({"person": "ALICE"}, ROW, True),
        ({"person": "erin"}, ROW, True),
        ({"person": "carol"}, ROW, False),
        ({"person": "carol"}, replace(ROW, by="Carol"), True),
        ({"policy": "orders-db-read"}, ROW, True),
        ({"policy": "orders"}, ROW, False),
        ({"account": "staging"}, ROW, True),
        ({"account": "111111111111"}, ROW, True),
        ({"account": "mars"}, ROW, False),
        ({"outcome": "approved"}, ROW, True),
        ({"outcome": "expired"}, replace(ROW, event="ended", why="expired"), True),
        ({"outcome": "granted"}, ROW, False),
        ({"request": PATH}, ROW, True),
        ({"request": "other"}, ROW, False),
        ({"start": NOW}, ROW, True),
        ({"start": NOW + SECOND}, ROW, False),
        ({"end": NOW}, ROW, False),
        ({"end": NOW + SECOND}, ROW, True),
        ({"start": MERGED_AT, "end": EXPIRES_AT, "person": "bob", "policy": "orders-db-read"}, ROW, True),
        ({"start": MERGED_AT, "end": NOW - MINUTE}, ROW, False),
        ({"start": NOW + HOUR, "person": "bob"}, ROW, False),
    ],
)  # fmt: skip
def test_each_part_narrows(wanted: dict[str, Any], row: LogRow, fits: bool) -> None:
    """A person in any part, a policy, an account by alias or id, an outcome or why, a request, a stretch of time."""
    assert LogFilter(**wanted).includes(row) is fits


def test_a_row_for_machines_and_for_spreadsheets() -> None:
    """The same columns in the same order; lists are lists, and cells are no formulas."""
    shown = as_json(ROW)
    assert isinstance(shown, dict)
    assert list(shown) == list(as_cells(ROW)) == list(NAMES)
    assert (shown["event"], shown["approved_by"]) == ("approved", ["bob", "erin"])
    assert as_cells(ROW)["approved_by"] == "bob, erin"
    assert as_cells(replace(ROW, reason="=1+1"))["reason"] == "'=1+1"
    written = io.StringIO()
    csv.DictWriter(written, NAMES).writerow(as_cells(ROW))
    assert "bob, erin" in written.getvalue()


class Noted(dict[str, object]):
    """An object of JSON that notes which of its keys were asked for."""

    def __init__(self, json: Any, asked: set[str]) -> None:
        super().__init__(json)
        self.asked = asked

    def get(self, key: str, default: Any = None) -> Any:
        """Note the key."""
        self.asked.add(key)
        return super().get(key, default)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_kept_for_rows_gives_the_same_rows(seed: int) -> None:
    """And the same keys, filters and names: of every kind of event, in a history that lacks facts and contradicts itself."""
    whole = [
        *random_ledger(seed).events,
        a_used_event(),
        a_look_at_safeguards(safeguards={"main-deletion": "gone"}),
    ]
    less = [kept_for_rows(each) for each in whole]
    assert [each.key for each in less] == [each.key for each in whole]
    assert pull_requests(less) == pull_requests(whole)
    shown = [
        list(rows(each, asked_for(each)))
        for each in ([a_recorded(each) for each in of] for of in (whole, less))
    ]
    assert shown[0] == shown[1]
    assert {each.event for each in shown[0]} >= {"approved", "granted", "used"}
    approved = next(each for each in whole if each.kind is EventType.APPROVED)
    assert len(events.dump(kept_for_rows(approved))) < len(events.dump(approved)) / 2


def test_whatever_a_row_asks_for_is_kept() -> None:
    """Neither a row, nor the key of an event, nor who looks for a request, asks for a part that is not kept."""
    asked, evidence = set[str](), set[str]()
    for kind in EventType:
        event = Event(
            kind=kind, at=NOW, request="", ask=Ask(Noted({}, asked)), evidence=Evidence(Noted({}, evidence))
        )
        recorded = [a_recorded(event)]
        assert event.key
        assert len(list(rows(recorded, asked_for(recorded), {event.commit: {"p": None}}))) == 1
        assert pull_requests([event]) == {}
    dated = {
        Evidence.rules_commit.name,
        Evidence.paths.name,
    }  # by which the dates of access reviews are found
    assert asked == set(log_rows._ASK)
    assert evidence | dated == set(log_rows._EVIDENCE)
