"""The verdict on a ledger, from plain values: every check of the list is made, and what was told before is passed over."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import DAY, NOW, PATH, sha
from audit_facts import a_ledger, a_recorded
from builders import a_change, a_request_state, an_approval, an_outcome

from jitbot.domain.access.too_large import TooLarge
from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.history.ledger_history import LedgerHistory, RecordedEvent
from jitbot.domain.audit.history.main_history import Merged
from jitbot.domain.audit.report.population import grant_records
from jitbot.domain.audit.verify.recheck_decisions import DecisionFacts
from jitbot.domain.audit.verify.verification import CHECKS, LedgerFacts, heads_once_good, verdict
from jitbot.domain.ledger.batches import Doubt
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence

LONG_AFTER = NOW + 30 * DAY
APPROVED, GRANTED = an_approval(), an_outcome(EventType.GRANTED)
RULES = Event(kind=EventType.RULES, at=NOW, request="", commit=sha("rules"))
USED = an_outcome(EventType.USED, window=None)
ODD = AuditFinding(
    code="odd", severity=Severity.BROKEN, message="odd", hint="look", commit=sha("odd"), request=PATH
)


def recorded(event: Event) -> RecordedEvent:
    """An event in a batch of its own."""
    workflow = "acme/.github/workflows/audit.yml@refs/heads/main"
    return a_recorded(event, commit=sha(f"{event.kind} {event.at}"), workflow=workflow)


def history(*events: Event, **changes: Any) -> LedgerHistory:
    """The ledger with these events."""
    return a_ledger(*map(recorded, events), **changes)


def facts(**changes: Any) -> LedgerFacts:
    """A ledger with nothing in it, and nothing to say about it, with these changes."""
    good = LedgerFacts(
        at=LONG_AFTER, history=history(), main=sha("main"), merges=(), too_large=(), not_followed=(), grants=(), decisions=()
    )  # fmt: skip
    return replace(good, **changes)


UNFOUNDED = DecisionFacts(decision=recorded(APPROVED), so_far=a_request_state(), facts=None, in_git=None)
MERGED = Merged(change=a_change(), order=1, touched=(PATH,), rules={}, clashes=(), before=())
WRONG = (
    ({"history": history(problems=(ODD,))}, "odd"),
    ({"history": history(anchored=False)}, "keys-unconfirmed"),
    ({"merges": (MERGED,)}, "no-decision"),
    ({"too_large": (TooLarge(commit=sha("b"), base=sha("a"), committed_at=NOW),)}, "no-decision"),
    ({"history": history(APPROVED, replace(APPROVED, at=NOW + DAY))}, "decided-twice"),
    ({"history": history(GRANTED)}, "granted-without-approval"),
    ({"decisions": (UNFOUNDED,)}, "not-on-main"),
    ({"history": history(RULES)}, "rules-not-on-main"),
    (
        {"history": history(replace(GRANTED, kind=EventType.ENDED, why=EndReason.STOPPED))},
        "ended-without-stop",
    ),
    ({"history": history(USED)}, "use-without-grant"),
    (
        {"history": history(replace(RULES, kind=EventType.PROTECTION_SEEN, at=LONG_AFTER))},
        "protection-implausible",
    ),
    ({"not_followed": (sha("large"),)}, "commit-not-read"),
    ({"grants": grant_records([APPROVED, GRANTED], LONG_AFTER)}, "no-end"),
)


@pytest.mark.parametrize(("changes", "code"), WRONG, ids=lambda each: each if isinstance(each, str) else "")
def test_every_check_is_made(changes: dict[str, Any], code: str) -> None:
    """One thing that only it finds is in the verdict; there are as many as checks."""
    assert [each.code for each in verdict(facts(**changes)).problems] == [code]
    assert len(WRONG) == len(CHECKS)


def test_nothing_is_found_of_nothing() -> None:
    """And it is said which heads were looked at, and how much."""
    found = verdict(facts(history=history(APPROVED, commits=3), merges=()))
    assert (found.head, found.main, found.problems, found.passed_over) == (sha("head"), sha("main"), (), 0)
    assert found.checked == {"commits": 3, "batches": 0, "merges": 0, "approved": 1}


def test_what_was_told_before_is_passed_over() -> None:
    """By the commit that it is about, wherever it was found; that the ledger or main was rewritten is told for ever."""
    again = facts(
        history=history(problems=(ODD,)), before=frozenset({sha("odd"), sha("gone")}), gone=((sha("gone"), "which we saw"),), main_gone=(sha("main was"),)
    )  # fmt: skip
    found = verdict(again, [ODD, replace(ODD, commit=sha("new"))])
    assert [(each.code, each.commit) for each in found.problems] == [
        ("history-rewritten", sha("gone")),
        ("main-rewritten", sha("main was")),
        ("odd", sha("new")),
    ]
    assert found.passed_over == 2


def test_what_an_unread_event_may_explain_is_not_called_broken() -> None:
    """Wherever it was found."""
    doubtful = facts(history=history(in_doubt=Doubt(requests=frozenset({PATH}))))
    late = replace(ODD, code="no-end")
    assert [each.severity for each in verdict(doubtful, [late, ODD]).problems] == [
        Severity.BROKEN,
        Severity.UNCHECKED,
    ]


def test_what_the_ledger_must_still_hold() -> None:
    """What was expected, what this clone found good, and what a verification named that was recorded; each once."""
    said = Event(kind=EventType.VERIFIED, at=NOW, request="", evidence=Evidence({"head": sha("said")}))
    odd = (
        replace(said, evidence=Evidence({"head": 7})),
        replace(APPROVED, evidence=Evidence({"head": sha("pull")})),
    )
    kept = history(said, *odd, replace(said, at=NOW + DAY))
    assert dict(heads_once_good(kept, None, [])) == {
        (sha("said"), "which a recorded verification names"): None
    }
    assert [commit for commit, _ in heads_once_good(kept, sha("mine"), [sha("theirs")])] == [
        sha("theirs"), sha("mine"), sha("said"),
    ]  # fmt: skip
