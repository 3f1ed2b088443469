"""What a workflow of main attested and nobody can read, for an audit: its own requests are in doubt, and nothing else."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from acme_world import HOUR, MINUTE, World
from audit_story import clone, codes, said, verdict, vouched
from forging import GRANT_ON_MAIN, push, signed_by

from jitbot.domain.ledger import attestation, commit_message, events
from jitbot.domain.ledger.attestation import Batch
from jitbot.domain.ledger.events import Event
from jitbot.domain.model.bounds import EVENT_READ
from jitbot.domain.model.documents import Sha

Spoil = Callable[[bytes], bytes]


def padded(content: bytes) -> bytes:
    """An event larger than any that is read, whole in everything else."""
    told = json.loads(content)
    told["evidence"]["padding"] = "x" * EVENT_READ
    return (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode()


def newer(content: bytes) -> bytes:
    """An event as a later jitbot may write it."""
    return content.replace(b'"schema": 1', b'"schema": 2')


def attested(world: World, *told: tuple[Event, Spoil | None]) -> str:
    """Push a batch of these events, some of them spoilt, as grant on main would have attested it."""
    head = world.github.store.tip("ledger")
    files = {}
    for event, spoil in told:
        day, _, name = event.path.rpartition("/")
        content = events.dump(event)
        files[f"{day}/{head[:20]}/{name}"] = content if spoil is None else spoil(content)
    message = commit_message.message([event for event, _ in told])
    blobs = {path: attestation.blob_name(content) for path, content in files.items()}
    token = world.acme.github.issue_token(
        aud=attestation.audience(Batch(parent=Sha(head), message=message, blobs=blobs)),
        repository="acme/access",
        repository_id="700001",
        ref="refs/heads/main",
        job_workflow_ref=GRANT_ON_MAIN,
    )
    files[f"attestations/{world.now:%Y/%m/%d}/{head[:20]}.jwt"] = f"{token}\n".encode()
    return push(world, files, message=message)


def all_events(world: World) -> list[Event]:
    """Every event of the ledger, in its order."""
    store = world.github.store
    listed = store.git(
        "log", "--reverse", "--format=", "--name-only", "--diff-filter=A", "ledger", "--", "events/"
    )
    found = []
    for path in listed.decode().split():
        folder, _, name = path.rpartition("/")
        found.append(
            events.load(f"{folder.rpartition('/')[0]}/{name}", store.read(store.tip("ledger"), path))
        )
    return found


@pytest.fixture
def two(world: World) -> tuple[str, str]:
    """The paths of alice's and carol's requests, both approved in one batch and granted in another."""
    if "two" not in world.kept:
        world.kept_path = world.ask()
        world.ask("carol", "hers")
        world.jit("grant")
        world.kept["two"] = world.keep()
    world.back(world.kept["two"])
    hers = next(each.request for each in all_events(world) if each.ask.json.get("requester") == "carol")
    return world.kept_path, hers


def recorded_again(world: World, spoil: Spoil, *, kind: str) -> None:
    """The ledger anew, batch by batch, where alice's event of this kind is spoilt."""
    told = [replace(each, at=world.now) for each in all_events(world)]
    world.github.store.update_ref("refs/heads/ledger", world.kept["seed"].ledger)
    for group in (("approved",), ("granted",)):
        attested(
            world,
            *(
                (each, spoil if each.ask.json.get("requester") == "alice" and each.kind == kind else None)
                for each in told
                if each.kind in group
            ),
        )


@pytest.mark.parametrize("spoil", [padded, newer])
@pytest.mark.parametrize("kind", ["approved", "granted"])
def test_one_event_that_cannot_be_read_leaves_the_rest_judged(
    world: World, two: tuple[str, str], spoil: Spoil, kind: str
) -> None:
    """Too large, or of a schema that this jitbot does not know: 3, of alice's request alone; carol's grant stands."""
    recorded_again(world, spoil, kind=kind)
    found = verdict(world, code=3)
    assert {each["request"] for each in found["findings"]} <= {"", two[0]}
    assert "unreadable" in codes(found, "unchecked")
    assert found["checked"]["approved"] + found["checked"]["granted"] == 3
    if kind == "approved":
        assert "no approval of merge" in said(found, "granted-without-approval")
        assert "part of its record cannot be read" in said(found, "granted-without-approval")


@pytest.mark.parametrize("kind", ["approved", "granted"])
def test_a_role_that_an_unread_event_may_explain_is_in_doubt(
    world: World, two: tuple[str, str], kind: str
) -> None:
    """AWS holds alice's role, and her approval or her grant cannot be read: 3, as offline, for a sweep leaves it too."""
    recorded_again(world, newer, kind=kind)
    found = verdict(world, "--against-aws", code=3)
    assert {each["request"] for each in found["findings"]} <= {"", two[0]}
    world.jit("sweep")
    assert world.reach("alice") == {("alice", "prod", "orders")}


def test_an_end_that_cannot_be_read_may_be_the_one_that_was_due(world: World, two: tuple[str, str]) -> None:
    """alice's file was deleted and her access ended; of that end only the batch's message can be read: 3."""
    world.land("alice", {two[0]: None})
    world.jit("sweep")
    told = [replace(each, at=world.now) for each in all_events(world)]
    world.later(HOUR)
    world.later(HOUR + MINUTE)
    world.github.store.update_ref("refs/heads/ledger", world.kept["seed"].ledger)
    for kind in ("approved", "granted", "ended"):
        now = [replace(each, at=world.now) for each in told if each.kind == kind]
        attested(world, *((each, newer if kind == "ended" else None) for each in now))
    found = verdict(world, "--against-aws", code=3)
    assert "part of its record cannot be read" in said(found, "role-not-ended")


def test_what_no_unread_event_explains_stays_broken(world: World, two: tuple[str, str]) -> None:
    """Carol's grant without an approval is broken, whatever of alice's cannot be read."""
    told = [replace(each, at=world.now) for each in all_events(world)]
    world.github.store.update_ref("refs/heads/ledger", world.kept["seed"].ledger)
    attested(world, *((each, padded) for each in told if each.kind == "approved" and each.request == two[0]))
    attested(world, *((each, None) for each in told if each.kind == "granted"))
    found = verdict(world, code=1)
    broken = [each for each in found["findings"] if each["weight"] == "broken"]
    assert [(each["code"], each["request"]) for each in broken] == [("granted-without-approval", two[1])]


def test_the_pack_answers_unknown_where_it_could_not_read(world: World, two: tuple[str, str]) -> None:
    """Of alice's grant nothing is answered with no, of carol's everything as ever; and the exit code is 3."""
    recorded_again(world, padded, kind="approved")
    pack = clone(world).parent / "bounds"
    world.jit(
        *("audit", "export", "--from", "2026-11-01", "--to", "2026-11-30", "--output", str(pack)),
        *("--keys", str(vouched(world))),
        runner="auditor",
        workflow="audit.yml",
        code=3,
    )
    rows = list(csv.DictReader(io.StringIO((pack / "population.csv").read_text())))
    answers: dict[str, Any] = {each["request"]: each["approved_before_grant"] for each in rows}
    assert answers == {two[0]: "unknown", two[1]: "yes"}


def test_a_pull_request_of_countless_long_names(world: World) -> None:
    """Whatever jitbot makes of it, a rightful grant that was recorded beside it is rightful for the audit."""
    store, who = world.github.store, signed_by(world, "mallory")
    world.ask()
    path, text = world.request("mallory", "production-break-glass", "x", duration="1h", ticket="OPS-1")
    long = "/".join(["d" * 250] * 15)
    files = {f"requests/production-break-glass/{long}/{number:05}.md": b"" for number in range(300)}
    store.update_ref("refs/heads/many", store.tip("main"))
    store.commit_files("many", store.tip("main"), {**files, path: text.encode()}, (), "many", who, who)
    made = world.acme.call("mallory", "POST", "/pulls", title="many", head="many", base="main", body="")
    world.must(world.merge("olivia", int(world.must(made)["number"])))
    world.ran("grant")
    found = json.loads(
        world.ran(
            *("audit", "verify", "--keys", str(vouched(world)), "--format", "json"),
            runner=clone(world).name,
            workflow="audit.yml",
        ).output
    )
    assert codes(found) == set()
    assert found["exit_code"] in (0, 3)
    assert found["checked"]["granted"] == 1


@pytest.mark.parametrize("folder", ["events/2026/11/23", "keys/2026", "attestations/2026/11"])
def test_what_lay_in_the_way_of_a_batch_is_no_record_that_it_deletes(world: World, folder: str) -> None:
    """Somebody pushed a file where a folder must be, and the next batch removed it: the push alone is told."""
    pushed = push(world, {folder: b"in the way"})
    path = world.ask()
    world.jit("grant")
    assert world.story(path) == ["approved", "granted"]
    found = verdict(world, code=1)
    assert [(each["code"], each["commit"]) for each in found["findings"]] == [("unattested", pushed)]
