"""The record of rules in a whole clone in memory: each event is proved, and each commit that has none is found."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import DAY, HOUR, MINUTE, sha
from plain_audit import ORDERS, TEXT, PlainClone

from jitbot.domain.audit.history.findings import Severity
from jitbot.domain.audit.verify.verdict import AuditVerdict
from jitbot.domain.ledger.events import Event
from jitbot.domain.ledger.evidence import Evidence

POLICY = "policies/access/orders-db-read.yaml"


def reworded(clone: PlainClone, words: str) -> dict[str, str]:
    """The policy with another description."""
    text = clone.trees.files[POLICY].decode()
    return {POLICY: text.replace("Read one DynamoDB table of the order system", words)}


def kept() -> PlainClone:
    """acme after one reviewed change of the rules that is recorded."""
    clone = PlainClone()
    clone.tell(clone.land(reworded(clone, "first"), "erin"))
    return clone


def codes(found: AuditVerdict, severity: Severity = Severity.BROKEN) -> set[str]:
    """The codes of what is found of this weight."""
    return {each.code for each in found.of(severity)}


def lied(**evidence: object) -> AuditVerdict:
    """The verdict where a run says something else of the first change: its token is right in everything."""
    clone = PlainClone()
    event = clone.land(reworded(clone, "first"), "erin")
    clone.tell(replace(event, evidence=Evidence({**event.evidence.json, **evidence})))
    return clone.verdict()


def test_a_true_record_is_found_whole() -> None:
    """Reviewed, not reviewed and pushed: all of it is what main and the rules before them say."""
    clone = kept()
    clone.tell(clone.land(reworded(clone, "second")))
    clone.tell(clone.land(reworded(clone, "third"), pushed=True))
    found = clone.verdict()
    assert (found.problems, found.checked["rules"]) == ((), 3)


def test_a_ledger_without_such_events_has_nothing_wrong() -> None:
    """An older jitbot recorded none: what changed the rules then is in no record, and is no finding."""
    clone = PlainClone()
    clone.grant()
    clone.push(reworded(clone, "before any record"))
    clone.later(9 * DAY)
    assert not any(each.code.startswith("rules-") for each in clone.verdict().problems)


def test_a_change_without_an_event_is_found() -> None:
    """For a day it is a note, then it is broken, with the commit."""
    clone = kept()
    commit = clone.push(reworded(clone, "second"))
    clone.later(HOUR)
    found = clone.verdict()
    assert (codes(found), codes(found, Severity.NOTE)) == (set(), {"rules-record-due"})
    clone.later(2 * DAY)
    found = clone.verdict()
    assert [(each.code, each.commit) for each in found.problems] == [("rules-not-recorded", commit)]


@pytest.mark.parametrize("when", [400 * DAY, -9000 * DAY], ids=["ahead", "before all"])
def test_a_date_that_its_author_chose_is_no_excuse(when: Any) -> None:
    """One ahead of us waits for nothing, and what lies above the first recorded commit is looked for in any case."""
    clone = kept()
    clone.push(reworded(clone, "second"), at=clone.now + when)
    assert codes(clone.verdict()) == {"rules-not-recorded"}


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        ({"paths": ["policies/people.yaml"]}, "rules-other-paths"),
        ({"paths": []}, "rules-other-paths"),
        ({"paths_count": 2}, "rules-other-paths"),
        ({"paths_count": None}, "rules-other-paths"),
        ({"outcome": "unreviewed"}, "rules-judged-otherwise"),
        ({"outcome": "pushed"}, "rules-judged-otherwise"),
        ({"outcome": "unknown"}, "rules-judged-otherwise"),
        ({"outcome": "fine"}, "rules-judged-otherwise"),
        ({"pull_request": None}, "rules-judged-otherwise"),
        ({"approvals": []}, "rules-judged-otherwise"),
        ({"head": "a" * 40}, "rules-judged-otherwise"),
        ({"author": {"login": "erin", "github_id": 1005, "type": "User"}}, "rules-judged-otherwise"),
    ],
)
def test_a_run_that_lies_is_found(evidence: dict[str, Any], code: str) -> None:
    """git, and the rules before the change, show that its event is not true."""
    assert codes(lied(**evidence)) == {code}


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ({"github_id": 999}, "is not in policies/people.yaml"),
        ({"login": "olivia", "github_id": 1009}, "nobody approved it who owns"),
        ({"login": "bob", "github_id": 1002}, "is its author"),
    ],
)
def test_an_approval_of_somebody_who_owns_nothing_is_found(who: dict[str, Any], words: str) -> None:
    """Of an account that people.yaml does not have with this id, of one that does not own the path, of its author."""
    clone = PlainClone()
    (approval,) = clone.land(reworded(clone, "first"), "erin").evidence.approvals
    found = lied(approvals=[{**approval.json, **who}])
    (one,) = (each for each in found.problems if each.code == "rules-judged-otherwise")
    assert words in one.message


def test_an_event_of_a_commit_that_main_does_not_have() -> None:
    """Nor is one of a commit that changes no rule."""
    clone = PlainClone()
    event = clone.land(reworded(clone, "first"), "erin")
    clone.tell(event)
    asked = clone.merge(ORDERS, TEXT, "bob").change.commit
    for commit in (sha("elsewhere"), asked):
        clone.later(MINUTE)
        clone.tell(replace(event, at=clone.now, commit=commit))
    found = clone.verdict()
    assert [each.code for each in found.of(Severity.BROKEN)] == ["rules-not-on-main"] * 2


def test_a_second_event_of_a_commit_is_found() -> None:
    """Two events with different keys of one commit: only the first is the record."""
    clone = PlainClone()
    event: Event = clone.land(reworded(clone, "first"), "erin")
    clone.tell(event)
    clone.tell(replace(event, cause="again"))
    assert codes(clone.verdict()) == {"rules-recorded-twice"}
