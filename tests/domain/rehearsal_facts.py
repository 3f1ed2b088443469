"""A rehearsal of alice's in plain values: its policy, its documents, and its life in the ledger."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from acme_facts import MERGED_AT, MINUTE, a_policy, a_request
from builders import a_pull, a_window, an_approval, an_outcome, the_documents

from jitbot.domain.aws import iam
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.documents import Policy, Request, Statement
from jitbot.domain.setup.rehearsal.notes import RehearsalNotes
from jitbot.domain.setup.rehearsal.record import RehearsalRecord
from jitbot.domain.text import timestamp

SECOND = timedelta(seconds=1)
PATH = "requests/rehearsal/2026-11/24-alice-rehearsal.yaml"
END = MERGED_AT + 15 * MINUTE
REMOVABLE = END + iam.SESSION
READ = Statement(actions=("ec2:DescribeRegions",), resources=("*",))


def a_rehearsal_policy(**changes: Any) -> Policy:
    """The policy as jitbot prints it."""
    return replace(
        a_policy(name="rehearsal", parameters=(), statements=(READ,), max_duration=15 * MINUTE), **changes
    )


def a_rehearsal_request(**changes: Any) -> Request:
    """Alice's request, as jitbot asks."""
    return a_request(**{"path": PATH, "parameters": {}, "duration": 15 * MINUTE, **changes})


def the_harmless(**changes: Any) -> iam.Documents:
    """The documents that this policy gives; with `changes`, another one of that name."""
    return the_documents(
        window=a_window(expires_at=END), policy=a_rehearsal_policy(**changes), request=a_rehearsal_request()
    )


APPROVED = replace(
    an_approval(asked=a_request(duration=15 * MINUTE), at=MERGED_AT + 20 * SECOND),
    request=PATH,
    documents=(the_harmless(),),
    evidence=Evidence(
        {"approvals": [{"login": "frank"}], "approvals_required": 1, "facts": {"told": {"pushes": []}}}
    ),
)


def outcome(kind: EventType, **changes: Any) -> Event:
    """An outcome of that request."""
    return replace(an_outcome(kind, **changes), request=PATH, window=a_window(expires_at=END))


GRANTED = outcome(EventType.GRANTED, at=MERGED_AT + 40 * SECOND)
CONFIRMED = outcome(
    EventType.ENDED,
    at=END + 30 * SECOND,
    evidence={"effective_at": timestamp.show(END), "seen": "as recorded"},
)
REMOVED = outcome(EventType.REMOVED, at=REMOVABLE + 20 * SECOND, evidence={"verified_absent": True})
LIFE = (APPROVED, GRANTED, CONFIRMED, REMOVED)


def a_rehearsal(*events: Event, ignored: str = "", **pull: Any) -> RehearsalRecord:
    """Its record with these events, merged unless `pull` says otherwise."""
    return RehearsalRecord(request=PATH, pull=a_pull(**pull), events=events, ignored=ignored)


SEEN = RehearsalNotes(
    request=PATH,
    signed=True,
    branch="removed by this rehearsal",
    branch_gone=True,
    moves="branch_creation by alice, push by alice, branch_deletion by alice",
    trigger="push",
    sweep_ref="refs/heads/main",
    entered_at=MERGED_AT + 50 * SECOND,
    entered_as="arn:aws:sts::222222222222:assumed-role/x/alice",
    is_principal=True,
    allowed_from=MERGED_AT + 50 * SECOND,
    last_allowed=END - SECOND,
    first_refused=END,
    read_refusal="UnauthorizedOperation: no",
    other_allowed=False,
    other_answer="UnauthorizedOperation: no",
    still_refused=END + 40 * SECOND,
    entry_after="AccessDenied: no",
    entered_after=False,
)
