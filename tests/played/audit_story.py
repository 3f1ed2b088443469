"""An auditor with a clone, for the tests of the audit: fetched when they say so, and read offline."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from acme_world import HOUR, ORDERS, TABLE, World
from forging import batch, push

from jitbot.domain.ledger import attestation, events
from jitbot.domain.ledger.attestation import Batch
from jitbot.domain.ledger.events import Event
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.documents import Sha
from jitbot.sandbox.github.git.objects import Signature

FETCH = ("fetch", "--quiet", "--prune", "origin", "+refs/heads/*:refs/remotes/origin/*")


def live(world: World) -> str:
    """A life of everything: approved, refused, extended, released, expired, removed. Gives alice's path."""
    if "lived" not in world.kept:
        path = world.ask()
        world.jit("grant")
        second = world.ask("carol", "second", accounts=["prod", "staging"])
        unapproved, text = world.request("mallory", ORDERS, "no", **TABLE)
        world.land("mallory", {unapproved: text}, by=())
        world.jit("grant", code=1)
        world.land("alice", {path: world.text(path).replace('"2h"', '"3h"')})
        world.jit("grant")
        world.jit("revoke", second, "--reason", "done", actor="carol")
        for step in (3 * HOUR, 2 * HOUR):
            world.later(step)
            world.jit("sweep")
        world.kept["lived"] = world.keep()
    world.back(world.kept["lived"])
    return str(next(each["request"] for each in world.ledger() if each["event"] == "approved"))


def clone(world: World, name: str = "auditor", *, heads: bool = False, fresh: bool = True) -> Path:
    """A clone that has what GitHub has now; a fresh one has seen nothing before. `heads`: of pull requests too."""
    folder = world.unseen.with_name(name)
    known = not fresh and folder.exists()
    if not known:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(
            world.unseen, folder
        )  # as it was cloned when acme began: cheaper than to clone it again
    world.acme.git("olivia", *FETCH, *(("+refs/pull/*:refs/pulls/*",) if heads else ()), cwd=folder)
    if not known:
        world.acme.git("olivia", "reset", "--quiet", "--hard", "origin/main", cwd=folder)
    return folder


def partial_clone(world: World, name: str = "partial") -> Path:
    """A fresh clone as the weekly audit's checkout makes it: all of the history, and no file but the rules."""
    folder = world.unseen.with_name(name)
    shutil.rmtree(folder, ignore_errors=True)
    url = f"{world.acme.github.url}/{world.acme.repository}.git"
    world.acme.git("olivia", "clone", "--quiet", "--no-checkout", "--filter=blob:none", url, str(folder))
    world.acme.git("olivia", "checkout", "--quiet", "origin/main", "--", "policies", cwd=folder)
    return folder


def vouched(world: World) -> Path:
    """The issuer's keys in a file, as an auditor fetched and kept them."""
    file = world.unseen.with_name("keys.json")
    file.write_text(json.dumps(world.acme.github._issuer.key_set()))
    return file


def verdict(
    world: World, *arguments: str, code: int, fresh: bool = True, keys: bool = True, heads: bool = False
) -> Any:
    """The verdict on a clone of all that GitHub has now, as JSON; the run must end with this code."""
    clone(world, fresh=fresh, heads=heads)
    given = ("--keys", str(vouched(world))) if keys else ()
    ran = world.jit(
        *("audit", "verify", *given, "--format", "json", *arguments),
        runner="auditor",
        workflow="audit.yml",
        code=code,
    )
    found = json.loads(ran.output)
    assert found["exit_code"] == code
    assert all(each["message"] and each["hint"] for each in found["findings"])
    return found


def codes(found: Any, severity: str = "broken") -> set[str]:
    """The codes of all findings of a weight."""
    return {each["code"] for each in found["findings"] if each["weight"] == severity}


def said(found: Any, code: str) -> str:
    """The messages of all findings of a code."""
    return "\n".join(each["message"] for each in found["findings"] if each["code"] == code)


def recorded(world: World, kind: str) -> Event:
    """The first event of a kind, from the ledger's branch."""
    store = world.github.store
    listed = store.git(
        "log", "--reverse", "--format=", "--name-only", "--diff-filter=A", "ledger", "--", "events/"
    )
    path = next(each for each in listed.decode().split() if f"-{kind}-" in each)
    folder, _, name = path.rpartition("/")
    return events.load(f"{folder.rpartition('/')[0]}/{name}", store.read(store.tip("ledger"), path))


def attest(world: World, event: Event, **changes: Any) -> None:
    """Record this event, changed, as a workflow of main that lies would: its token is right in everything."""
    if "evidence" in changes:
        changes["evidence"] = Evidence(changes["evidence"])
    changed = replace(event, at=world.now, **changes)
    push(world, batch(world, changed))


def with_facts(event: Event, **changes: Any) -> dict[str, Any]:
    """The evidence of an event, with other facts of the pull request in it."""
    evidence = json.loads(json.dumps(event.evidence.json))
    evidence["facts"]["told"] |= changes
    return dict(evidence)


def a_review(event: Event, **changes: Any) -> dict[str, Any]:
    """The review behind an approval, changed."""
    evidence = json.loads(json.dumps(event.evidence.json))
    return {**evidence["facts"]["told"]["reviews"][0], **changes}


def replay(world: World, order: list[int], *, late: timedelta = timedelta()) -> None:
    """Write the ledger anew, with the batches in another order, as an admin may who lifts the protection."""
    store = world.github.store
    names = store.git("rev-list", "--reverse", "ledger").decode().split()
    store.update_ref("refs/heads/ledger", names[0])
    for number in order:
        name = names[number]
        made = store.commit(name)
        paths = store.git("diff-tree", "-r", "--name-only", "--no-commit-id", name).decode().split()
        when = _date(world, name) + late
        bot = Signature(name="bot", email="bot@acme.com", when=when)
        files = {path: store.read(name, path) for path in paths}
        store.commit_files("ledger", store.tip("ledger"), files, (), made.message, bot, bot)


def an_approval_of(world: World, path: str) -> Event:
    """An approval as jitbot records it, of another request, made out for this path; nothing of it stays."""
    before = world.keep()
    world.github.store.update_ref("refs/heads/main", world.kept["seed"].main)
    world.ask("carol", "model")
    world.jit("grant")
    event = recorded(world, "approved")
    world.back(before)
    return replace(event, request=path)


def with_key(world: World, event: Event, key: dict[str, Any]) -> dict[str, bytes]:
    """A batch with this event that brings the key along which it is signed with."""
    head, changed = world.github.store.tip("ledger"), replace(event, at=world.now)
    day, _, name = changed.path.rpartition("/")
    files = {
        f"{day}/{head[:20]}/{name}": events.dump(changed),
        f"keys/{head[:20]}/{key['kid']}.json": json.dumps(key).encode(),
    }
    blobs = {path: attestation.blob_name(content) for path, content in files.items()}
    audience = attestation.audience(Batch(parent=Sha(head), message="forged", blobs=blobs))
    genuine = batch(world, changed, aud=audience)
    return {**files, **{path: each for path, each in genuine.items() if path.endswith(".jwt")}}


def _date(world: World, name: str) -> datetime:
    stamp = world.github.store.git("show", "-s", "--format=%ct", name).decode().strip()
    return datetime.fromtimestamp(int(stamp), UTC)
