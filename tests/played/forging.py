"""What somebody with write access can put into the ledger's branch, and what they can have signed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from acme_world import World

from jitbot.domain.ledger import attestation, events
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.attestation import Batch
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.documents import Sha
from jitbot.domain.text import timestamp
from jitbot.sandbox.github.git.objects import Signature

NEWER = json.dumps({"schema": 99, "event": "stopped"}).encode()  # an event of a later jitbot
GRANT_ON_MAIN = "acme/access/.github/workflows/grant.yml@refs/heads/main"


def signed_by(world: World, login: str) -> Signature:
    """How this person's commits are signed."""
    return Signature(name=login, email=f"{login}@acme.com", when=world.now)


def mallorys(world: World, recorded: Sequence[Mapping[str, Any]] = ()) -> Event:
    """The first approval, rewritten as if it were mallory's; main names neither merge nor file."""
    raw = next(each for each in recorded or world.ledger() if each["event"] == "approved")
    asked = raw["ask"]
    text = json.dumps(raw).replace(asked["requester"], "mallory").replace(str(asked["github_id"]), "1666")
    lie = json.loads(text)
    documents = tuple(events.load_documents(each) for each in lie["documents"])
    return Event(
        kind=EventType.APPROVED,
        at=world.now,
        request=lie["request"],
        commit=Sha("f" * 40),
        window=documents[0].window,
        documents=documents,
        ask=Ask(lie["ask"]),
    )


def told(approved: Mapping[str, Any], kind: EventType, world: World) -> Event:
    """What nobody said of an approved request: that it is longer by a day, revoked, or is otherwise in AWS."""
    ends = approved["window"]["expires_at"]
    later = timestamp.show(timestamp.parse(ends) + timedelta(days=1))
    lie = json.loads(json.dumps(approved).replace(ends, later))
    documents = tuple(events.load_documents(each) for each in lie["documents"])
    by = {"by": lie["ask"]["requester"], "github_id": lie["ask"]["github_id"], "reason": "done"}
    event = Event(
        kind=kind, at=world.now, request=lie["request"], commit=Sha(lie["commit"]), ask=Ask(lie["ask"]), run=lie["run"]
    )  # fmt: skip
    if kind is EventType.EXTENDED:
        evidence, window = Evidence(lie["evidence"]), documents[0].window
        return replace(event, commit=Sha("f" * 40), window=window, documents=documents, evidence=evidence)
    if kind is EventType.REVOKED:
        return replace(event, why=EndReason.RELEASED, cause=f"by {by['by']}", evidence=Evidence(by))
    first = documents[0]
    at = replace(event, account=first.account, account_id=first.account_id, role_name=first.role_name)
    return replace(at, why=EndReason.RELEASED, evidence=Evidence(by)) if kind is EventType.ENDED else at


def batch(world: World, event: Event, **claims: Any) -> dict[str, bytes]:
    """A batch on the ledger's tip, made as jitbot makes it, with a token that claims this; None leaves it out."""
    head = world.github.store.tip("ledger")
    day, _, name = event.path.rpartition("/")
    files = {f"{day}/{head[:20]}/{name}": events.dump(event)}
    blobs = {path: attestation.blob_name(content) for path, content in files.items()}
    right = {
        "aud": attestation.audience(Batch(parent=head, message="forged", blobs=blobs)),
        "repository_id": "700001",
        "ref": "refs/heads/main",
        "job_workflow_ref": GRANT_ON_MAIN,
    }
    token = world.acme.github.issue_token(**{**right, **claims})
    return {**files, f"attestations/{world.now:%Y/%m/%d}/{head[:20]}.jwt": f"{token}\n".encode()}


def attested(world: World, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """These files with a token that is right in everything."""
    blobs = {path: attestation.blob_name(content) for path, content in files.items()}
    parent = world.github.store.tip("ledger")
    audience = attestation.audience(Batch(parent=parent, message="forged", blobs=blobs))
    genuine = batch(world, replace(mallorys(world), run="x"), aud=audience)
    return {**files, **{path: each for path, each in genuine.items() if path.endswith(".jwt")}}


@contextmanager
def tags(world: World, *names: str, commit: str) -> Iterator[None]:
    """Tags at GitHub, as anyone with write access can push them, until the test is over."""
    store = world.github.store
    for name in names:
        store.update_ref(f"refs/tags/{name}", commit)
    try:
        yield
    finally:
        for name in names:
            store.update_ref(f"refs/tags/{name}", None)


def push(
    world: World, files: Mapping[str, bytes], *, gone: tuple[str, ...] = (), message: str = "forged"
) -> str:
    """Commit to the ledger's branch as mallory, who may."""
    store, mallory = world.github.store, signed_by(world, "mallory")
    return str(store.commit_files("ledger", store.tip("ledger"), files, gone, message, mallory, mallory))


def unreadable(
    world: World,
    content: bytes,
    *,
    kind: str,
    request: str,
    role: str = "",
    also: dict[str, bytes] | None = None,
) -> None:
    """A batch that a workflow of main attested, with one event that this jitbot cannot read."""
    head = world.github.store.tip("ledger")
    day = f"events/{world.now:%Y/%m/%d}/{head[:20]}"
    files = {f"{day}/090000-{kind}-{'a' * 20}.json": content, **(also or {})}
    trailers = [f"Request: {request}"] * bool(request) + [f"Role: {role}"] * bool(role)
    message = "\n\n".join(["something", *(["\n".join(trailers)] if trailers else [])])
    blobs = {path: attestation.blob_name(each) for path, each in files.items()}
    token = world.acme.github.issue_token(
        aud=attestation.audience(Batch(parent=head, message=message, blobs=blobs)),
        repository_id="700001",
        ref="refs/heads/main",
        job_workflow_ref="acme/access/.github/workflows/grant.yml@refs/heads/main",
    )
    files[f"attestations/{world.now:%Y/%m/%d}/{head[:20]}.jwt"] = f"{token}\n".encode()
    push(world, files, message=message)
