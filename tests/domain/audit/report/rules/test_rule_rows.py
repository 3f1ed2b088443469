"""The rows of the record of rules, from plain values: what is older than the record, and what is missing in it."""

from dataclasses import replace
from datetime import datetime

from acme_facts import DAY, MERGED_AT, NOW, SECOND, sha

from jitbot.domain.access.rule_changes.rule_review import NOT_READ
from jitbot.domain.audit.report.rules.rule_rows import figures, in_short, rule_rows, rules_answer
from jitbot.domain.audit.verify.grant_record import ControlAnswer
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.git_history import NO_BASE, RuleChange

LONG_AFTER = NOW + 30 * DAY
RECORDED = Event(kind=EventType.RULES, at=NOW, request="", commit=sha("recorded"))


def a_rule_change(name: str, at: datetime = MERGED_AT) -> RuleChange:
    """A commit of main that changed a policy."""
    return RuleChange(
        commit=sha(name), at=at, subject=name, paths=("policies/people.yaml",), base=sha("base")
    )


def answers(*changes: RuleChange, now: datetime = LONG_AFTER) -> list[ControlAnswer]:
    """Whether each was reviewed, where of one an outcome is recorded that nobody knows."""
    return [row.reviewed for row in rule_rows(changes, [RECORDED], now)]


def test_what_is_recorded_is_a_whole_row() -> None:
    """Who opened and approved it, and its run; of a push who pushed; and how many files, as far as that is known."""
    change = a_rule_change("recorded")
    by_pull = Evidence(
        {
            "outcome": "reviewed",
            "pull_request": 7,
            "author": {"login": "alice"},
            "approvals": [{"login": "bob"}, {"login": "erin"}],
        }
    )
    (row,) = rule_rows([change], [replace(RECORDED, evidence=by_pull, run="run")], LONG_AFTER)
    assert (row.reviewed, row.outcome, row.in_words) == (
        ControlAnswer.YES,
        "reviewed",
        "approved by bob, erin",
    )
    assert (row.pull_request, row.author, row.approved_by, row.run) == (7, "alice", ("bob", "erin"), "run")
    assert (row.paths, row.paths_count, row.pushed_by) == (("policies/people.yaml",), 1, "")
    app = Evidence({**by_pull.json, "author": {"login": "renovate[bot]", "type": "Bot"}})
    (row,) = rule_rows([change], [replace(RECORDED, evidence=app)], LONG_AFTER)
    assert (row.app, row.in_words) == (True, "approved by bob, erin; renovate[bot], an app, opened it")
    (row,) = rule_rows([replace(change, whole=False)], [replace(RECORDED, evidence=by_pull)], LONG_AFTER)
    assert (row.reviewed, row.in_words) == (ControlAnswer.UNKNOWN, f"unknown: {NOT_READ}")
    pushed = Evidence({"outcome": "pushed", "by": "olivia"})
    (row,) = rule_rows([replace(change, whole=False)], [replace(RECORDED, evidence=pushed)], LONG_AFTER)
    assert (row.reviewed, row.pushed_by, row.paths_count) == (ControlAnswer.NO, "olivia", None)
    assert row.in_words == "no review: pushed past the rules by olivia"


def test_only_an_event_of_the_rules_is_their_record() -> None:
    """A grant of the same merge says nothing of who reviewed the rules that it changed."""
    granted = replace(RECORDED, kind=EventType.GRANTED, evidence=Evidence({"outcome": "reviewed"}))
    (row,) = rule_rows([a_rule_change("recorded")], [granted], LONG_AFTER)
    assert row.outcome == "not recorded"


def test_mains_first_commit_needs_no_review() -> None:
    """There were no owners before it, whenever the record began."""
    first = replace(a_rule_change("first", NOW + DAY), base=NO_BASE)
    (_, row) = rule_rows([a_rule_change("recorded"), first], [RECORDED], LONG_AFTER)
    assert (row.reviewed, row.why) == (ControlAnswer.NOT_REQUIRED, "main's first commit makes the rules")


def test_a_day_is_left_for_the_record() -> None:
    """To the second: then it is unknown, also where its date is ahead of the clock."""
    change = a_rule_change("new")
    for now, answer in (
        (MERGED_AT + DAY, ControlAnswer.NOT_DUE),
        (MERGED_AT + DAY + SECOND, ControlAnswer.UNKNOWN),
        (MERGED_AT - DAY - SECOND, ControlAnswer.UNKNOWN),
    ):
        assert answers(a_rule_change("recorded"), change, now=now)[1] is answer


def test_what_is_dated_since_the_record_began_is_not_older() -> None:
    """From its first event on every change had to be recorded, wherever it lies in main."""
    since, before = a_rule_change("since", NOW), a_rule_change("before", NOW - SECOND)
    recorded = a_rule_change("recorded")
    assert answers(since, before, recorded)[:2] == [ControlAnswer.UNKNOWN, ControlAnswer.NOT_REQUIRED]


def test_what_no_owner_reviewed_is_counted_and_named() -> None:
    """By its commit and in words; what nobody knows is another number, and what is fine is neither."""
    words = {
        "reviewed": "approved by ",
        "unreviewed": "no review: nobody approved it",
        "pushed": "no review: pushed past the rules by an account that is gone",
        "unknown": "unknown: nobody approved it",
    }
    events = [
        replace(
            RECORDED, commit=sha(name), evidence=Evidence({"outcome": name, "reason": "nobody approved it"})
        )
        for name in words
    ]
    found = rule_rows([a_rule_change(name) for name in words], events, LONG_AFTER)
    assert [row.in_words for row in found] == list(words.values())
    lacking = [{"commit": sha(name), "why": words[name]} for name in ("unreviewed", "pushed")]
    assert figures(found) == {
        "control": "CC8.1",
        "changes": 4,
        "reviewed": 1,
        "exceptions": lacking,
        "unknown": [{"commit": sha("unknown"), "why": words["unknown"]}],
    }
    answer = rules_answer(found)
    assert answer.answer == "Of 4 changes on main: yes: 1; no: 2; unknown: 1."
    assert answer.numbers == {
        "changes": 4,
        "yes": 1,
        "no": 2,
        "unknown": 1,
        "not due yet": 0,
        "not required": 0,
    }
    assert (answer.exceptions, answer.unknown) == (2, 1)
    assert in_short(found) == "; of 4 changes of the rules 2 without a review, 1 unknown"
    assert in_short(found[1:2]) == "; of 1 change of the rules 1 without a review"
    assert in_short(found[3:]) == "; of 1 change of the rules 1 unknown"
    assert in_short(found[:1]) == ""


def test_a_date_before_the_record_makes_nothing_older() -> None:
    """What main has after a recorded commit had to be recorded, whatever date its pusher chose."""
    old = MERGED_AT - 9 * DAY
    before, after = a_rule_change("before", old), a_rule_change("after", old)
    assert answers(before, a_rule_change("recorded"), after) == [
        ControlAnswer.NOT_REQUIRED,
        ControlAnswer.UNKNOWN,
        ControlAnswer.UNKNOWN,
    ]


def test_without_a_record_everything_is_older() -> None:
    """So an old ledger has neither exceptions nor doubts; what is new is not due yet."""
    (row,) = rule_rows([a_rule_change("old")], [], LONG_AFTER)
    assert (row.reviewed, row.outcome) == (ControlAnswer.NOT_REQUIRED, "not recorded")
    (row,) = rule_rows([a_rule_change("new")], [], NOW)
    assert row.reviewed is ControlAnswer.NOT_DUE


def test_a_period_without_a_change() -> None:
    """It says so."""
    assert rules_answer(()).answer == "No rule was changed in this period."
