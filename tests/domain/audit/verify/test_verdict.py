"""The verdict in a word, a sentence and an exit code: the gravest finding decides."""

from dataclasses import replace

import pytest

from jitbot.domain.audit.history.findings import AuditFinding, Severity, gravest_first
from jitbot.domain.audit.verify.online import AskedUntil, OnlineAnswers
from jitbot.domain.audit.verify.verdict import AuditVerdict
from jitbot.domain.model.documents import Sha

BROKEN, UNCHECKED, NOTE = (
    AuditFinding(code=severity, severity=severity, message="it is so", hint="look") for severity in Severity
)


def a_verdict(*problems: AuditFinding) -> AuditVerdict:
    """The verdict with these findings."""
    return AuditVerdict(head=Sha("a" * 40), main=Sha("b" * 40), checked={"merges": 1}, problems=problems)


@pytest.mark.parametrize(
    ("problems", "code", "words"),
    [
        ((), 0, "the record is whole, and every grant was rightly given"),
        ((NOTE,), 0, "the record is whole, and every grant was rightly given"),
        ((UNCHECKED, NOTE), 3, "nothing wrong was found, but 1 could not be checked here"),
        ((BROKEN, NOTE), 1, "verification failed: 1 violation found"),
        (
            (UNCHECKED, BROKEN, BROKEN),
            1,
            "verification failed: 2 violations found, 1 not to be checked here",
        ),
    ],
)
def test_the_gravest_finding_decides(problems: tuple[AuditFinding, ...], code: int, words: str) -> None:
    """1 where a promise was broken, else 3 where something could not be checked, else 0."""
    verdict = a_verdict(*problems)
    assert (verdict.exit_code, verdict.in_words) == (code, words)
    assert (verdict.as_json()["ok"], verdict.as_json()["exit_code"]) == (code == 0, code)


def test_what_github_was_asked_is_said_only_where_it_was() -> None:
    """Otherwise nothing stands for it in the JSON."""
    mark = AskedUntil(begins=Sha("c" * 40), through=Sha("d" * 40))
    asked = OnlineAnswers(new=3, older=2, again=1, unsaid=0, unanswered=0, mark=mark)
    assert replace(a_verdict(), asked=asked).as_json()["online"] == asked.as_json()
    assert "online" not in a_verdict().as_json()


def test_one_is_not_many() -> None:
    """What was checked is counted in words that fit the number; kinds of event have no plural."""
    verdict = replace(a_verdict(), checked={"commits": 1234, "batches": 2, "merges": 1, "approved": 1})
    assert verdict.checked_in_words == "1,234 commits, 2 batches, 1 merge, 1 approved"
    one = replace(a_verdict(), checked={"commits": 1, "batches": 1})
    assert one.checked_in_words == "1 commit, 1 batch"


def test_what_is_broken_comes_first_and_once() -> None:
    """Findings are sorted by their weight, and the same one is told once."""
    assert gravest_first([NOTE, BROKEN, UNCHECKED, BROKEN]) == (BROKEN, UNCHECKED, NOTE)


def test_a_finding_for_machines() -> None:
    """Its code, weight, sentence, what to do, and the places it is about."""
    assert list(BROKEN.as_json()) == ["code", "weight", "message", "hint", "event", "commit", "request"]
