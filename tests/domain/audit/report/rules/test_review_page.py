"""The access reviews on the page: those first that somebody has to look at, and every text inert."""

from datetime import date
from typing import Any

import pytest
from acme_facts import NOW, sha

from jitbot.domain.audit.history.access_reviews import ReviewStanding
from jitbot.domain.audit.history.policy_changes import MoveResult
from jitbot.domain.audit.report.rules.review_page import section
from jitbot.domain.audit.report.rules.review_rows import ReviewRow, ReviewRows, StandingRow
from jitbot.domain.audit.verify.grant_record import ControlAnswer

TODAY, DIGEST = NOW.date(), "d" * 64


def a_standing(answer: ControlAnswer = ControlAnswer.YES, **changes: Any) -> StandingRow:
    """A policy that erin reviewed today."""
    given: dict[str, Any] = {
        "policy": "orders-db-read", "reviewed": answer, "state": ReviewStanding.IN_TIME, "due": date(2027, 2, 22),
        "last": TODAY, "reviewed_by": ("erin", "heidi"), "commit": sha("c"), "rules_sha256": DIGEST,
        "rules_changed": False, "date_in_file": TODAY, "why": "because",
    }  # fmt: skip
    return StandingRow(**{**given, **changes})


def a_row(**changes: Any) -> ReviewRow:
    """The change of its date, which erin approved."""
    given: dict[str, Any] = {
        "policy": "orders-db-read", "day": TODAY, "before": date(2026, 8, 1), "merged_at": NOW,
        "result": MoveResult.COUNTED, "reviewed_by": ("erin",), "author": "bob", "pull_request": 7,
        "commit": sha("c"), "rules_sha256": DIGEST, "due": TODAY, "late": False, "why": "", "withdrawn_by": None,
        "run": "run",
    }  # fmt: skip
    return ReviewRow(**{**given, **changes})


def shown(*policies: StandingRow, made: tuple[ReviewRow, ...] = ()) -> Any:
    """What the page's template asks for."""
    return section(ReviewRows(made=made, policies=policies, every_days=90))


def test_a_policy_and_its_review() -> None:
    """Day, people, when the next one is due, and whether the rules are those that were reviewed."""
    found = shown(a_standing(), made=(a_row(),))
    assert (found["control"], found["every"]) == ("CC6.3", 90)
    assert found["policies"] == [{
        "policy": "orders-db-read", "state": "in time", "why": "because", "last": "2026-11-24 by erin, heidi",
        "due": "2027-02-22", "rules": "dddddddddddd, the same since", "mark": "",
    }]  # fmt: skip
    assert found["made"] == [{
        "at": "2026-11-24T09:01:00Z", "policy": "orders-db-read", "dates": "2026-08-01 → 2026-11-24",
        "said": "reviewed by erin", "pull_request": "#7 of bob", "commit": sha("c")[:12], "rules": "dddddddddddd",
        "mark": "",
    }]  # fmt: skip


def test_what_is_not_there_is_said_to_be_missing() -> None:
    """A policy that was never reviewed, and a date that somebody pushed away."""
    never = a_standing(last=None, reviewed_by=(), due=None, rules_sha256="", rules_changed=None)
    pushed = a_row(day=None, before=None, pull_request=None)
    found = shown(never, made=(pushed,))
    (policy,), (made,) = found["policies"], found["made"]
    assert (policy["last"], policy["due"], policy["rules"]) == ("never", "", "")
    assert (made["dates"], made["pull_request"]) == ("none → none", "")


def test_other_rules_than_were_reviewed() -> None:
    """They are named by their digest, and that they changed since."""
    assert shown(a_standing(rules_changed=True))["policies"][0]["rules"] == "dddddddddddd, changed since"


@pytest.mark.parametrize("answer", ControlAnswer)
def test_what_is_overdue_or_late_is_marked(answer: ControlAnswer) -> None:
    """And nothing else is."""
    late = answer is ControlAnswer.NO
    found = shown(a_standing(answer), made=(a_row(late=late),))
    assert [each["mark"] for each in (*found["policies"], *found["made"])] == (
        ["exception" if late else ""] * 2
    )


@pytest.mark.parametrize("result", MoveResult)
def test_a_review_that_lapsed_is_marked(result: MoveResult) -> None:
    """Nobody made it, and nobody is asked for it any more; whatever else became of a date is no exception here."""
    (made,) = shown(made=(a_row(result=result),))["made"]
    lapsed = result is MoveResult.LAPSED
    assert (made["mark"], made["dates"] == "") == ("exception" if lapsed else "", lapsed)


def test_those_come_first_that_somebody_has_to_look_at() -> None:
    """Overdue, unknown, not due yet, in time; by name where they are alike."""
    order = (
        ControlAnswer.NO,
        ControlAnswer.UNKNOWN,
        ControlAnswer.NOT_DUE,
        ControlAnswer.YES,
        ControlAnswer.YES,
        ControlAnswer.NOT_REQUIRED,
    )
    rows = [a_standing(each, policy=f"p{at}") for at, each in enumerate(order)]
    assert [each["policy"] for each in shown(*reversed(rows))["policies"]] == [f"p{at}" for at in range(6)]


def test_what_people_wrote_is_inert() -> None:
    """Names, reasons, logins; the template escapes what HTML would read."""
    hostile = "\x1b[2J\u202e"
    found = shown(
        a_standing(policy=hostile, why=hostile, reviewed_by=(hostile,)),
        made=(a_row(policy=hostile, author=hostile, reviewed_by=(hostile,)),),
    )
    texts = [text for each in (*found["policies"], *found["made"]) for text in each.values()]
    assert not any(set(text) & set(hostile[:1] + hostile[-1]) for text in texts)
