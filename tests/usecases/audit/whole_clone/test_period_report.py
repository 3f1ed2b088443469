"""The report on a period, from a whole clone in memory: complete, tampered with, in doubt, and with the rules that changed."""

from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from acme_facts import DAY, HOUR, NOW
from plain_audit import MALLORYS, ORDERS, TEXT, Documents, PlainClone, newer

from jitbot.domain.audit.report.overview.answer import AuditAnswer
from jitbot.domain.audit.report.overview.completeness_answer import completeness_of
from jitbot.domain.audit.verify.grant_record import ControlAnswer
from jitbot.usecases.audit.access_reviews import read_access_reviews
from jitbot.usecases.audit.period_report import (
    PeriodReport,
    ReportSource,
    changed_rules,
    entitled,
    period_report,
)

START, END = NOW - 4 * DAY, NOW + 20 * DAY
POLICY = "policies/access/orders-db-read.yaml"


def reported(clone: PlainClone, start: datetime = START, end: datetime = END, **how: Any) -> PeriodReport:
    """The report, made now, as the command puts it together."""
    inputs, git, documents = clone.inputs(**how), cast("Any", clone), cast("Any", Documents())
    at, every = min(end, clone.now), tuple(inputs.history.events)
    return period_report(
        every,
        source=ReportSource(
            repository=inputs.settings.repository,
            main=inputs.main,
            ledger=inputs.history.head,
            completeness=completeness_of(
                inputs.history, inputs.merges, unread=[], start=start, end=end, now=clone.now
            ),
        ),
        start=start,
        end=end,
        now=at,
        made_at=clone.now,
        absences=inputs.gone.absences,
        unread=inputs.history.in_doubt.requests,
        rule_changes=changed_rules(git, inputs.main, every, start, end, clone.now),
        entitlements=entitled(git, documents, at),
        access_reviews=read_access_reviews(git, documents, inputs.main, every, at),
    )


def answers(report: PeriodReport) -> dict[str, AuditAnswer]:
    """The rows of the first page, by their names."""
    return {each.name: each for each in report.answers}


def in_doubt(report: PeriodReport) -> set[str]:
    """The questions with exceptions or unknown answers; nobody looked at the protection."""
    return {each.name for each in report.answers if each.exceptions or each.unknown} - {"protection"}


def test_a_true_record_is_complete() -> None:
    """Every merged request file has its decision, every commit but the first is signed, nothing is left out."""
    clone = PlainClone().live()
    found = reported(clone)
    numbers = answers(found)["completeness"].numbers
    assert {name: numbers[name] for name in ("merged", "decided", "missing", "commits", "attested", "left_out")} == {
        "merged": 4, "decided": 4, "missing": 0, "commits": 13, "attested": 12, "left_out": 0,
    }  # fmt: skip
    assert (len(found.records), len(found.refusals), in_doubt(found)) == (4, 1, set())
    assert {each.policy for each in found.entitlements} >= {"orders-db-read", "production-break-glass"}


def test_what_was_tampered_with_is_on_the_first_page() -> None:
    """Decisions that are missing are exceptions; a commit that nothing signs changes no other answer, and is counted."""
    clone = PlainClone().live()
    before = answers(reported(clone))
    clone.tell(files={"events/lie.json": b"{}"})
    found = answers(reported(clone))
    assert found["completeness"].numbers["left_out"] == 1
    assert "1 part of the ledger left out." in found["completeness"].answer
    others = {"completeness", "refused"}  # the seed of the sample is the ledger's head
    assert {name: each for name, each in found.items() if name not in others} == {
        name: each for name, each in before.items() if name not in others
    }
    clone.ledger_of.commits[1:] = []
    clone.later(2 * DAY)
    report = reported(clone)
    assert (answers(report)["completeness"].exceptions, in_doubt(report)) == (4, {"completeness"})


def test_without_keys_nothing_is_called_complete() -> None:
    """Nobody vouches for them, so it is unknown whether the record is whole."""
    found = answers(reported(PlainClone().live(), keys={}))["completeness"]
    assert found.unknown is not None
    assert found.unknown >= 1
    assert "Nobody vouches for the keys" in found.answer


def test_what_could_not_be_read_is_unknown() -> None:
    """Of alice's grant nothing is answered with no, of another's everything as ever."""
    clone = PlainClone()
    approved = clone.decision(clone.merge(ORDERS, TEXT, "bob"))
    clone.tell(approved, spoil=newer)
    clone.grant(approved)
    other = ORDERS.replace("alice", "carol")
    clone.grant(clone.ask("bob", path=other, text=TEXT.replace("alice", "carol"), login="carol"))
    found = {
        each.request: each.judgements["approved_before_grant"].answer for each in reported(clone).records
    }
    assert found == {ORDERS: ControlAnswer.UNKNOWN, other: ControlAnswer.YES}


def test_what_nobody_may_see_of_the_period_is_not_in_it() -> None:
    """A request of another time; what came after the end is not judged yet."""
    clone = PlainClone().live()
    assert reported(clone, NOW - 9 * DAY, NOW - 8 * DAY).records == ()
    clone = PlainClone()
    clone.ask(path=MALLORYS, text=TEXT.replace("alice", "mallory"), login="mallory")
    assert [each.outcome for each in reported(clone).records] == ["refused"]


def reworded(clone: PlainClone, words: str) -> dict[str, str]:
    """The policy with another description."""
    text = clone.trees.files[POLICY].decode()
    return {POLICY: text.replace("Read one DynamoDB table of the order system", words)}


def test_the_rules_that_changed_are_judged() -> None:
    """Reviewed, unreviewed, pushed, one that nobody recorded in time, and one that is too new; the first of all aside."""
    clone = PlainClone()
    clone.tell(clone.land(reworded(clone, "one"), "erin"))
    clone.tell(clone.land(reworded(clone, "two"), "olivia"))
    clone.tell(clone.land(reworded(clone, "three"), pushed=True))
    clone.push(reworded(clone, "four"))
    clone.later(2 * DAY)
    clone.push(reworded(clone, "five"))
    clone.later(HOUR)
    rows = reported(clone).rule_changes
    assert [str(each.reviewed) for each in rows] == ["yes", "no", "no", "unknown", "not due yet"]
    one, two, three, *_ = rows
    assert (one.author, one.approved_by, two.approved_by, three.pushed_by) == (
        "bob", ("erin",), ("olivia",), "olivia",
    )  # fmt: skip


@pytest.mark.parametrize("when", [-400 * DAY, 400 * DAY])
def test_a_push_with_a_chosen_date_is_in_the_period_in_which_it_came(when: timedelta) -> None:
    """An admin who pushes past the rules does not choose the report that shows it."""
    clone = PlainClone()
    clone.tell(clone.land(reworded(clone, "one"), "erin"))
    event = clone.land(reworded(clone, "two"), pushed=True, dated=clone.now + when)
    clone.tell(event)
    clone.later(13 * HOUR)
    found = [(each.commit, str(each.reviewed)) for each in reported(clone).rule_changes]
    assert found[1:] == [(event.commit, "no")]
