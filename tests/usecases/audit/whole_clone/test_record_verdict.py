"""The outcome of a verification as an event of the ledger: what it says, and when nothing may be recorded."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import BASE, DAY, HEAD, NOW, sha
from builders import an_outcome
from plain_run import PlainRun

from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.verify.online import AskedUntil, OnlineAnswers
from jitbot.domain.audit.verify.verdict import AuditVerdict
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.model.errors import DeniedError, JitbotError, SupersededError
from jitbot.usecases.audit.record_verdict import event_of, record

WHOLE = AuditVerdict(head=HEAD, main=BASE, checked={"granted": 4}, problems=())
LIE = AuditFinding(
    code="unattested", severity=Severity.BROKEN, message="x", hint="x", event="", commit=HEAD, request=""
)
BROKEN = replace(WHOLE, problems=(LIE,))


def recorded(run: PlainRun, verdict: AuditVerdict = WHOLE, at: Any = NOW) -> Event:
    """What a run records of it."""
    run.now = at
    context = run.context()
    context.git.fetch()
    return record(context, verdict, AskedUntil(), at)


def test_an_outcome_is_recorded_once_a_day() -> None:
    """With the heads, the counts and the findings; another outcome of the same day is another event."""
    run = PlainRun()
    event = recorded(run)
    assert (event.evidence.head, event.cause, event.run) == (HEAD, "", "run")
    assert (event.evidence.json["main"], event.evidence.json["exit_code"]) == (BASE, 0)
    assert (event.evidence.json["checked"], event.evidence.json["findings"]) == ({"granted": 4}, {})
    recorded(run)
    assert len(run.written) == 1
    event = recorded(run, BROKEN)
    assert event.evidence.json["findings"] == {"unattested": 1}
    assert [each.message.splitlines()[0] for each in run.commits[1:]] == [
        "verified: the ledger holds together",
        "verified: verification failed: 1 violation found",
    ]
    recorded(run, at=NOW + DAY)
    assert len(run.written) == 3


def test_what_github_was_asked_is_in_it_and_else_the_mark_of_the_run_before() -> None:
    """A verification that asked nothing takes nothing away from what is known."""
    before = AskedUntil(begins=sha("begins"), through=sha("through"))
    event = event_of(WHOLE, before, now=NOW, run="run")
    assert event.evidence.json["online"] == before.as_json()
    mark = AskedUntil(through=HEAD, approvals=2)
    asked = OnlineAnswers(new=2, older=0, again=0, unsaid=0, unanswered=1, mark=mark)
    event = event_of(replace(WHOLE, asked=asked), before, now=NOW, run="run")
    assert event.evidence.json["online"] == asked.as_json()


@pytest.mark.parametrize(
    ("how", "error", "why"),
    [
        ({"protected": False}, DeniedError, "the branch ledger is not protected"),
        ({"silent": True}, JitbotError, "does not answer"),
    ],
)
def test_nothing_is_recorded_where_it_proves_nothing(
    how: dict[str, bool], error: type[JitbotError], why: str
) -> None:
    """On a ledger that can be rewritten; and in doubt: what no run can read no run writes on."""
    run = PlainRun(**how)  # type: ignore[arg-type]
    run.push(an_outcome(EventType.FAILED))
    with pytest.raises(error, match=why):
        recorded(run)
    assert run.written == []


def test_an_old_run_records_no_verdict() -> None:
    """A run whose code is not main's any more leaves nothing."""
    run = PlainRun(stale=True)
    with pytest.raises(SupersededError):
        recorded(run)
    assert run.written == []
