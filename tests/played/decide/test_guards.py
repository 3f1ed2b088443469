"""Second doors: what an attested batch, a pull request or a rebase may not bring in beside what it shows."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from acme_world import World
from audit_story import attest, codes, live, recorded, verdict
from breaking import at
from forging import GRANT_ON_MAIN, batch, mallorys, push, signed_by, told

from jitbot.domain.ledger import attestation
from jitbot.domain.ledger.attestation import Batch
from jitbot.domain.ledger.events import Event, EventType

ALICE = {("alice", "prod", "orders")}


@pytest.fixture
def lived(world: World) -> str:
    """acme after a life of everything."""
    return live(world)


def attested(world: World, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """These files as a batch on the ledger's tip, with a true token of a workflow on main over all of them."""
    head = world.github.store.tip("ledger")
    blobs = {path: attestation.blob_name(content) for path, content in files.items()}
    audience = attestation.audience(Batch(parent=head, message="forged", blobs=blobs))
    claims = {"repository_id": "700001", "ref": "refs/heads/main", "job_workflow_ref": GRANT_ON_MAIN}
    token = world.acme.github.issue_token(aud=audience, **claims)
    return {**files, f"attestations/{world.now:%Y/%m/%d}/{head[:20]}.jwt": f"{token}\n".encode()}


@contextmanager
def signing_with_hers(world: World) -> Iterator[str]:
    """While this lasts, mallory signs with a key of hers under the name of the issuer's own; gives her public key."""
    issuer = world.acme.github._issuer
    real, (kid,) = issuer._keys, tuple(issuer._keys)
    issuer.rotate()
    issuer._keys = {kid: next(iter(issuer._keys.values()))}
    try:
        yield json.dumps(issuer.key_set()["keys"][0])
    finally:
        issuer._keys = real


def vouch_for_hers(world: World) -> dict[str, Any]:
    """A true batch brings her key under the issuer's name; gives the keys to sign with."""
    with signing_with_hers(world) as public:
        hers, (kid,) = world.acme.github._issuer._keys, tuple(world.acme.github._issuer._keys)
    folder = f"keys/{world.now:%Y/%m/%d}/{world.steps}"
    names = (kid, "0" * 20)  # beside one of a new name, so that there is something to learn from the batch
    push(world, attested(world, {f"{folder}/{name}.json": public.encode() for name in names}))
    return dict(hers)


def forge(world: World, hers: dict[str, Any], event: Event) -> None:
    """A batch with this event, signed with her key."""
    issuer = world.acme.github._issuer
    real, issuer._keys = issuer._keys, hers
    files = batch(world, event)
    issuer._keys = real
    push(world, files)


@pytest.mark.parametrize("moment", ["before", "meanwhile"])
def test_a_batch_puts_no_other_key_under_a_known_name(world: World, asked: str, moment: str) -> None:
    """The first key of a name stays, in a run that reads the ledger again, too: what hers has signed ends nothing."""
    hers = vouch_for_hers(world)

    def revoke() -> None:
        (approved,) = [each for each in world.ledger() if each["event"] == "approved"]
        forge(world, hers, told(approved, EventType.REVOKED, world))

    if moment == "meanwhile":
        at(world, "CreateRole", revoke)
    world.jit("grant")
    world.calm()
    if moment == "before":
        revoke()
    ran = world.jit("grant")
    assert "of the ledger is ignored: no key that counts has signed its attestation" in ran.output
    assert world.story(asked)[:3] == [
        "approved",
        *(["granted", "revoked"] if moment == "before" else ["revoked", "granted"]),
    ]
    assert world.reach("alice") == ALICE
    world.jit("revoke", asked, "--reason", "done", actor="alice")
    assert world.reach("alice") == set()


def test_a_run_passes_no_other_key_on(world: World, asked: str) -> None:
    """Every batch vouches for the keys that count: under the issuer's name jitbot's own hold the issuer's key."""
    vouch_for_hers(world)
    store, (real,) = world.github.store, world.acme.github._issuer.key_set()["keys"]
    before = set(keys_in(world))
    world.jit("grant")
    new = [path for path in keys_in(world) if path not in before and path.endswith(f"/{real['kid']}.json")]
    assert new
    assert [json.loads(store.read(store.tip("ledger"), path))["n"] for path in new] == [real["n"]] * len(new)


def keys_in(world: World) -> list[str]:
    """The paths of all keys in the ledger."""
    listed = world.github.store.git("ls-tree", "-r", "--name-only", "ledger", "--", "keys/")
    return [str(path) for path in listed.decode().split()]


def test_an_audit_takes_no_other_key_under_a_known_name(world: World, lived: str) -> None:
    """For an audit the batch that it signed is unattested, and every true one is as true as before."""
    forge(world, vouch_for_hers(world), mallorys(world))
    assert codes(verdict(world, code=1)) == {"unattested"}


@pytest.mark.parametrize("odd", ["executable", "link", "merge"])
def test_an_audit_takes_new_plain_files_on_one_parent_alone(world: World, lived: str, odd: str) -> None:
    """A token binds names and bytes, and neither modes nor a second parent: such a commit attests nothing."""
    store, mallory = world.github.store, signed_by(world, "mallory")
    side = store.commit_tree(store.commit(store.tip("ledger")).tree, (), "side", mallory, mallory)
    files = batch(world, mallorys(world))
    push(world, files)
    made = store.commit(store.tip("ledger"))
    tree, parents = made.tree, made.parents
    if odd == "merge":
        parents = (*parents, side)
    else:
        path = next(each for each in files if each.startswith("events/"))
        index = {"GIT_INDEX_FILE": str(store.path / "odd-index")}
        store.git("read-tree", made.tree, variables=index)
        blob = store.git("rev-parse", f"{made.sha}:{path}").decode().strip()
        mode = {"executable": "100755", "link": "120000"}[odd]
        store.git("update-index", "--cacheinfo", f"{mode},{blob},{path}", variables=index)
        tree = store.git("write-tree", variables=index).decode().strip()
    store.update_ref("refs/heads/ledger", store.commit_tree(tree, parents, made.message, mallory, mallory))
    assert codes(verdict(world, code=1)) == {"unattested"}


def test_of_two_attested_events_with_one_name_the_first_counts(world: World, granted: str) -> None:
    """A later one says that nobody reviewed: what was decided first is what the audit judges."""
    first = recorded(world, "approved")
    attest(world, first, evidence={**first.evidence.json, "approvals": []})
    found = verdict(world, code=0)
    assert codes(found) == set()


def test_a_rebase_that_deletes_on_the_way_to_an_extension_ends_nothing(world: World, granted: str) -> None:
    """The pull request lists the file, as one that gets longer: the commit within it that deletes it was shown to nobody."""
    longer = world.text(granted).replace('"2h"', '"3h"')
    world.land("alice", {granted: None}, {granted: longer}, method="rebase")
    world.jit("sweep")
    world.jit("grant", code=1)
    assert world.story(granted) == ["approved", "granted", "refused"]
    assert world.reach("alice") == ALICE
