"""A commit of the ledger as a run makes it, and as others forge it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from acme_facts import HEAD, NOW, PATH, sha, the_settings
from builders import an_approval, an_outcome

from jitbot.domain.ledger import attestation, batches, events
from jitbot.domain.ledger.batches import AddedCommit, AddedEntry
from jitbot.domain.ledger.commit_message import message
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.model.documents import Sha

APPROVAL, GRANT = an_approval(), an_outcome(EventType.GRANTED)
FAILURE = an_outcome(EventType.FAILED, request=PATH.replace("refunds", "more"))
OTHER = FAILURE.request
PARENT = HEAD


def an_entry(path: str) -> AddedEntry:
    """A plain file, whose blob is named by its path."""
    return AddedEntry(path=path, mode="100644", blob=sha(path))


def filed(event: Event) -> AddedEntry:
    """The file of an event, where it lies in the batch."""
    return an_entry(batches.filed(event.path, PARENT))


TOKEN = an_entry("attestations/2026/11/24/one.jwt")
KEY = an_entry("keys/2026/11/24/one/k1.json")


def a_batch(*told: Event, **changes: Any) -> AddedCommit:
    """A commit that records these events (alice's approval, unless said otherwise), its token, and one key."""
    told = told or (APPROVAL,)
    added = AddedCommit(
        commit=sha("batch"),
        parent=PARENT,
        message=message(told),
        entries=(*(filed(event) for event in told), TOKEN, KEY),
        well_formed=True,
    )
    return replace(added, **changes)


def contents(*told: Event) -> Mapping[Sha, bytes | None]:
    """What git holds of these events."""
    return {filed(event).blob: events.dump(event) for event in told}


def said(added: AddedCommit, **others: object) -> dict[str, object]:
    """The claims of the token of a batch, with others in their place."""
    return {
        "iss": the_settings().issuer,
        "aud": attestation.audience(batches.batch_of(added)),
        "repository_id": "700001",
        "ref": "refs/heads/main",
        "job_workflow_ref": "acme/access/.github/workflows/grant.yml@refs/heads/main",
        "iat": int(NOW.timestamp()),
        "run_id": "42",
        **others,
    }
