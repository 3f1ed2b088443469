"""What justified an event: written in one order, read key by key, and of any shape that somebody may have written."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from acme_facts import HOUR, MERGED_AT, NOW, PATH, PEOPLE, sha
from audit_facts import a_recorded, approval, decided
from builders import a_case, a_merge, a_revocation, an_approval, an_outcome, changed
from hypothesis import given, settings
from hypothesis import strategies as st

from jitbot.domain.access import request_state
from jitbot.domain.audit.report.log_rows import asked_for, rows
from jitbot.domain.audit.report.population import population
from jitbot.domain.audit.verify.recheck_decisions import lasts_longer
from jitbot.domain.enforce import plan
from jitbot.domain.ledger import case_json, commit_message
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import EndReason, Event, EventType, dump, load
from jitbot.domain.ledger.evidence import Evidence, OwedReview, RecordedAccount
from jitbot.domain.request.progress import after_merge
from jitbot.domain.text.json_object import JsonObject, Key
from jitbot.domain.views.merged_comment import merged_requests, outcome, touched_by


def keys(kind: type[JsonObject]) -> list[str]:
    """The names of all keys that a class declares."""
    return [each.name for each in map(kind.__dict__.get, kind.__dict__) if isinstance(each, Key)]


ASKS, EVIDENCES = keys(Ask), keys(Evidence)
JUNK = [None, 1, True, "x", [], {}, ["x", 1, None, {"login": 5}], {"told": 1, "reviewers": 7}]


def test_each_attribute_is_the_key_of_its_name() -> None:
    """No attribute reads another key of the ledger than the one it is called by, but for an account's kind."""
    for kind in (Ask, Evidence, OwedReview):
        assert all(getattr(kind, name).name == name for name in keys(kind))
    assert set(keys(RecordedAccount)) == {"login", "github_id", "type"}


@pytest.mark.parametrize(
    ("event", "written"),
    [
        (
            decided(a_case()),
            "jitbot merge_commit rules_commit request_blob reasons approvals not_counted digests risk pull_request "
            "author head requested_at merged_at merged_by commits approvals_required approvals_valid_for_seconds "
            "max_duration_seconds owners owner_rule named facts",
        ),
        (
            decided(a_case(merge=a_merge(reviews=()))),
            "jitbot merge_commit rules_commit request_blob reasons approvals not_counted digests risk pull_request "
            "author head requested_at merged_at merged_by commits approvals_required approvals_valid_for_seconds "
            "max_duration_seconds owners owner_rule named facts asked",
        ),
    ],
)
def test_a_decisions_evidence_has_one_order(event: Event, written: str) -> None:
    """The bytes of a record do not change with the jitbot that writes it."""
    assert list(json.loads(dump(event))["evidence"]) == written.split()


WHOLE = approval()
READ = {name: getattr(WHOLE.evidence, name) for name in EVIDENCES}


@pytest.mark.parametrize("name", EVIDENCES)
def test_a_part_of_another_kind_spoils_no_other(name: str) -> None:
    """Whatever stands under a key, every other key reads as before, and what stands there is kept."""
    for junk in JUNK:
        odd = Evidence({**WHOLE.evidence.json, name: junk})
        assert {**{each: getattr(odd, each) for each in EVIDENCES}, name: READ[name]} == READ
        assert odd.json[name] == junk


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*ASKS, *EVIDENCES, *keys(RecordedAccount), *keys(OwedReview)]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
asks = st.dictionaries(st.sampled_from(ASKS), values, max_size=6).map(
    lambda found: {**found, **({"began": None} if isinstance(found.get("began"), str) else {})}
)
evidences = st.dictionaries(st.sampled_from(EVIDENCES), values, max_size=8)


OUTCOMES = (
    EventType.GRANTED,
    EventType.ENDED,
    EventType.REMOVED,
    EventType.FAILED,
    EventType.VERIFIED,
    EventType.REVIEWED,
    EventType.OVERDUE,
    EventType.USED,
)
EVENTS = (
    an_approval(),
    replace(an_approval(), kind=EventType.REFUSED, commit=sha("refused"), window=None, documents=()),
    *map(an_outcome, OUTCOMES),
    an_outcome(EventType.ENDED, request="", why=EndReason.ORPHAN),
    a_revocation(),
)


@settings(max_examples=30)
@given(asks, evidences)
def test_whatever_an_event_holds_every_reader_reads_it(ask: dict[str, Any], evidence: dict[str, Any]) -> None:
    """A run may have attested anything there: it is read as it was written, and stops nobody who reads it."""
    events = [changed(each, ask=ask, evidence={**evidence, "pull_request": 7}) for each in EVENTS]
    for event in events:
        assert dump(load(event.path, dump(event))) == dump(event)
    states = request_state.fold_events(events)
    of_it = states[PATH]
    assert of_it.began is None or isinstance(of_it.began, type(NOW))
    assert plan.offboarded(of_it, PEOPLE) in (True, False)
    assert lasts_longer(events[0], timedelta()) in (True, False)
    commit_message.message(events)
    recorded = list(map(a_recorded, events))
    assert len(list(rows(recorded, asked_for(recorded)))) == len(events)
    assert population(events, NOW + HOUR)
    after_merge(sha("refused"), events, of_it)
    told = merged_requests(events, states, 7, NOW)
    assert outcome(told, number=7)
    assert touched_by(events, run="", since=NOW) == (7,)


@pytest.mark.parametrize(
    ("evidence", "lacks"),
    [
        ({"facts": {"told": {"pushes": None}}}, True),
        ({"facts": {"told": {"pushes": []}}}, False),
        ({"facts": {"told": {}}}, False),
        ({"facts": {"told": None}}, False),
        ({"facts": None}, False),
        ({}, False),
    ],
)
def test_that_nobody_told_who_pushed(evidence: dict[str, Any], *, lacks: bool) -> None:
    """Only where GitHub was asked, and did not say."""
    assert Evidence(evidence).lacks_pushes is lacks


@pytest.mark.parametrize("mark", [None, {}, "x", {"review_by": "2026-11-24T09:00:00Z"}])
def test_a_mark_that_cannot_be_read_is_still_a_mark(mark: object) -> None:
    """Access that came before any approval is never taken for an approved one."""
    assert Evidence({"break_glass": mark}).is_break_glass
    assert not Evidence().is_break_glass


def test_the_owed_review_reads_back() -> None:
    """Who gives it, and by when."""
    pairs = OwedReview.review_by(MERGED_AT), OwedReview.reviewers([RecordedAccount.named("bob", 1002)])
    required = Evidence.of(Evidence.break_glass(OwedReview.of(*pairs))).break_glass
    assert (required.review_by, [(each.login, each.github_id) for each in required.reviewers]) == (
        MERGED_AT,
        [("bob", 1002)],
    )
    assert required.json == {
        "review_by": "2026-11-24T09:00:00Z",
        "reviewers": [{"login": "bob", "github_id": 1002}],
    }


def test_what_is_kept_of_what_is_too_large() -> None:
    """What names the decision, and how large it was; nothing that was not there."""
    evidence = Evidence({"by": "bob", "pull_request": None, "merge_commit": "m", "x": "y"})
    assert evidence.shortened(9) == Evidence({"merge_commit": "m", "pull_request": None, "left_out_bytes": 9})


def test_facts_read_back_whole_or_not_at_all() -> None:
    """From half of them nothing could be decided again."""
    found = approval().evidence
    assert found.facts == case_json.load(case_json.dump(a_case()))
    assert Evidence({**found.json, "facts": {"default_branch": "main"}}).facts is None
    assert replace(approval(), evidence=Evidence()).evidence.facts is None


@pytest.mark.parametrize(
    ("account", "app"),
    [
        ({"login": "bob", "github_id": 1002}, False),
        ({"login": "bob", "github_id": 1002, "type": "User"}, False),
        ({"login": "jitbot", "github_id": 7, "type": "Bot"}, True),
        ({"login": "jitbot", "github_id": 7, "type": "Organization"}, True),
    ],
)
def test_an_app_is_known_by_its_type(account: dict[str, Any], *, app: bool) -> None:
    """An account whose type nobody recorded is a person's."""
    assert RecordedAccount(account).is_app is app
