"""How far a request has come, as reviews and the record have it."""

from dataclasses import replace

import pytest
from acme_facts import (
    MERGE,
    MINUTE,
    NOW,
    PATH,
    sha,
)
from builders import a_life, a_request, a_revocation, an_approval, an_extension, an_outcome

from jitbot.domain.events import Event, Kind, Why
from jitbot.domain.progress import Step, after_merge

REASONS = {"reasons": [{"code": "too-few", "message": "0 of 1 approvals"}, "x", {"message": ""}]}


def told(*events: Event) -> tuple[Step, tuple[str, ...]]:
    """The step and the reasons after the merge."""
    step, reasons, _ = after_merge(MERGE, events, a_life(*events))
    return step, reasons


REFUSED = Event(kind=Kind.REFUSED, at=NOW, request=PATH, commit=MERGE, evidence=REASONS)
FAILED = Event(kind=Kind.FAILED, at=NOW, request=PATH, commit=MERGE, cause="AccessDenied")
BOTH = an_approval(asked=a_request(accounts=("prod", "staging")))


@pytest.mark.parametrize(
    ("events", "step", "reasons"),
    [
        ((), Step.MERGED, ()),
        ((replace(REFUSED, evidence={"reasons": None}),), Step.REFUSED, ()),
        ((an_approval(documents=()),), Step.APPROVED, ()),
        ((REFUSED,), Step.REFUSED, ("0 of 1 approvals",)),
        ((an_approval(),), Step.APPROVED, ()),
        ((an_approval(), FAILED, FAILED), Step.APPROVED, ("AccessDenied",)),
        ((an_approval(), an_outcome(Kind.GRANTED)), Step.GRANTED, ()),
        ((BOTH, an_outcome(Kind.GRANTED)), Step.APPROVED, ()),
        ((BOTH, an_outcome(Kind.GRANTED), an_outcome(Kind.GRANTED, "staging")), Step.GRANTED, ()),
        ((an_approval(), an_outcome(Kind.GRANTED), a_revocation()), Step.ENDED, ()),
        (
            (an_approval(), an_outcome(Kind.GRANTED), an_outcome(Kind.ENDED, why=Why.DRIFT)),
            Step.ENDED,
            (),
        ),
    ],
)
def test_after_the_merge(events: tuple[Event, ...], step: Step, reasons: tuple[str, ...]) -> None:
    """The record tells the step: granted only where every account is, ended however it ended."""
    assert told(*events) == (step, reasons)


def test_an_extension_is_granted_by_its_own_merge() -> None:
    """The grant of the first term says nothing of the extension's."""
    first, longer = an_approval(commit=sha("first")), an_extension(commit=MERGE, at=NOW + MINUTE)
    granted = an_outcome(Kind.GRANTED, commit=sha("first"))
    *_, term = after_merge(MERGE, (first, longer), a_life(first, longer))
    assert term is not None
    assert term.commit == MERGE
    assert told(first, granted, longer)[0] is Step.APPROVED
    assert told(first, granted, longer, an_outcome(Kind.GRANTED, at=NOW + 2 * MINUTE))[0] is Step.GRANTED


def test_another_merges_refusal_is_not_ours() -> None:
    """A refused extension before says nothing of this merge."""
    other = Event(kind=Kind.REFUSED, at=NOW, request=PATH, commit=sha("other"), evidence=REASONS)
    assert told(other) == (Step.MERGED, ())
