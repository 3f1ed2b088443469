"""How far a request has come, as reviews and the record have it."""

from dataclasses import replace

import pytest
from acme_facts import (
    MERGE,
    MINUTE,
    NOW,
    PATH,
    a_request,
    sha,
)
from builders import a_request_state, a_revocation, an_approval, an_extension, an_outcome

from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.request.progress import ProgressStep, after_merge

REASONS = {"reasons": [{"code": "too-few", "message": "0 of 1 approvals"}, "x", {"message": ""}]}


def told(*events: Event) -> tuple[ProgressStep, tuple[str, ...]]:
    """The step and the reasons after the merge."""
    step, reasons, _ = after_merge(MERGE, events, a_request_state(*events))
    return step, reasons


REFUSED = Event(kind=EventType.REFUSED, at=NOW, request=PATH, commit=MERGE, evidence=Evidence(REASONS))
FAILED = Event(kind=EventType.FAILED, at=NOW, request=PATH, commit=MERGE, cause="AccessDenied")
BOTH = an_approval(asked=a_request(accounts=("prod", "staging")))


@pytest.mark.parametrize(
    ("events", "step", "reasons"),
    [
        ((), ProgressStep.MERGED, ()),
        ((replace(REFUSED, evidence=Evidence({"reasons": None})),), ProgressStep.REFUSED, ()),
        ((an_approval(documents=()),), ProgressStep.APPROVED, ()),
        ((REFUSED,), ProgressStep.REFUSED, ("0 of 1 approvals",)),
        ((an_approval(),), ProgressStep.APPROVED, ()),
        ((an_approval(), FAILED, FAILED), ProgressStep.APPROVED, ("AccessDenied",)),
        ((an_approval(), an_outcome(EventType.GRANTED)), ProgressStep.GRANTED, ()),
        ((BOTH, an_outcome(EventType.GRANTED)), ProgressStep.APPROVED, ()),
        (
            (BOTH, an_outcome(EventType.GRANTED), an_outcome(EventType.GRANTED, "staging")),
            ProgressStep.GRANTED,
            (),
        ),
        ((an_approval(), an_outcome(EventType.GRANTED), a_revocation()), ProgressStep.ENDED, ()),
        (
            (an_approval(), an_outcome(EventType.GRANTED), an_outcome(EventType.ENDED, why=EndReason.DRIFT)),
            ProgressStep.ENDED,
            (),
        ),
    ],
)
def test_after_the_merge(events: tuple[Event, ...], step: ProgressStep, reasons: tuple[str, ...]) -> None:
    """The record tells the step: granted only where every account is, ended however it ended."""
    assert told(*events) == (step, reasons)


def test_an_extension_is_granted_by_its_own_merge() -> None:
    """The grant of the first term says nothing of the extension's."""
    first, longer = an_approval(commit=sha("first")), an_extension(commit=MERGE, at=NOW + MINUTE)
    granted = an_outcome(EventType.GRANTED, commit=sha("first"))
    *_, term = after_merge(MERGE, (first, longer), a_request_state(first, longer))
    assert term is not None
    assert term.commit == MERGE
    assert told(first, granted, longer)[0] is ProgressStep.APPROVED
    assert (
        told(first, granted, longer, an_outcome(EventType.GRANTED, at=NOW + 2 * MINUTE))[0]
        is ProgressStep.GRANTED
    )


def test_another_merges_refusal_is_not_ours() -> None:
    """A refused extension before says nothing of this merge."""
    other = Event(
        kind=EventType.REFUSED, at=NOW, request=PATH, commit=sha("other"), evidence=Evidence(REASONS)
    )
    assert told(other) == (ProgressStep.MERGED, ())
