"""An event that nobody can read: which requests it concerns, and which findings it may explain."""

from dataclasses import replace

import pytest
from acme_facts import HOUR, PATH
from audit_facts import LATER, approval, ended, granted, removed

from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.report.population import population
from jitbot.domain.audit.verify.grant_record import ControlAnswer
from jitbot.domain.audit.verify.unread import EXPLAINED, WHY, softened
from jitbot.domain.ledger.batches import concerned

BROKEN = AuditFinding(code="no-end", severity=Severity.BROKEN, message="no end", hint="look", request=PATH)
MESSAGE = "2 events: x, and more\n\n- Request: not one\n\nRequest: a\nRequest: b\nRequester: c"


@pytest.mark.parametrize(
    ("message", "read", "expected"),
    [
        (MESSAGE, (), {"a", "b"}),
        (MESSAGE, ("a",), {"b"}),
        (MESSAGE, ("a", "b"), {"a", "b"}),
        (MESSAGE, ("c",), {"a", "b"}),
        ("no trailers", ("a",), set()),
    ],
)
def test_whom_an_unread_event_concerns(message: str, read: tuple[str, ...], expected: set[str]) -> None:
    """The requests that the batch names and nothing that was read is of; all of them, if there is something of each."""
    assert concerned(message, read) == expected


@pytest.mark.parametrize("code", sorted(EXPLAINED))
def test_what_it_may_explain_is_in_doubt(code: str) -> None:
    """Of that request, and of no other, and with what was found still said."""
    problem = replace(BROKEN, code=code)
    (soft,) = softened([problem], {PATH})
    assert (soft.severity, soft.message) == (Severity.UNCHECKED, f"no end; but {WHY}")
    assert list(softened([problem], {"another"})) == [problem]
    note = replace(problem, severity=Severity.NOTE)
    assert list(softened([note], {PATH})) == [note]


@pytest.mark.parametrize(
    "code", ["granted-otherwise", "not-on-main", "granted-after-end", "decided-twice", "unattested"]
)
def test_what_it_cannot_explain_stays_broken(code: str) -> None:
    """Whatever the event says, this is wrong."""
    problem = replace(BROKEN, code=code)
    assert list(softened([problem], {PATH})) == [problem]


def test_a_no_about_half_a_record_is_unknown() -> None:
    """What a missing event may explain is answered with unknown and its reason, and is a doubt; a yes stays one."""
    events = [granted(), ended(), removed(at=LATER + HOUR)]
    (whole,), (half,) = population(events, LATER), population(events, LATER, unread={PATH})
    assert whole.judgements["approved_before_grant"].answer is ControlAnswer.NO
    answer = half.judgements["approved_before_grant"]
    assert (answer.answer, answer.due) == (ControlAnswer.UNKNOWN, True)
    assert answer.why == f"{whole.judgements['approved_before_grant'].why}; but {WHY}"
    assert half.exceptions == ()
    assert "approved_before_grant" in half.doubts
    events = [approval(), granted(), ended(), removed()]
    assert [each.judgements for each in population(events, LATER, unread={PATH})] == [
        each.judgements for each in population(events, LATER)
    ]
