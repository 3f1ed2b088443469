"""The ledger: what counts in it, and that whatever else lies there neither gives, hides nor blocks anything."""

import json
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from acme_world import HOUR, ORDERS, TABLE, World
from forging import attested, batch, mallorys, push, signed_by

from jitbot.cli import main
from jitbot.domain.ledger import events
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.ledger.ledger import Ledger
from jitbot.usecases.ledger.ledger_view import read
from jitbot.wiring.context import open_context

IGNORED = "of the ledger is ignored: "


def grants_nothing(world: World, why: str) -> None:
    """A grant run reports the forgery for this reason, and does nothing about it."""
    world.forget()
    ran = world.jit("grant")
    assert f"{IGNORED}{why}" in ran.output
    assert "nothing to decide" in ran.output
    assert world.acme.aws.calls == []


def test_what_a_workflow_of_main_attested_counts(world: World, granted: str) -> None:
    """The forgeries below differ from this one in a single claim: with all claims right, it is no forgery."""
    forged = mallorys(world)
    world.write(forged.request, "a file that main still has\n")
    push(world, batch(world, forged))
    world.ran("grant")
    assert world.reach("mallory") == {("mallory", "prod", "orders")}


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"ref": "refs/heads/mine"}, "its token is not of one of jitbot's workflows on main"),
        (
            {"job_workflow_ref": "acme/access/.github/workflows/grant.yml@refs/heads/mine"},
            "its token is not of one of jitbot's workflows on main",
        ),
        (
            {"job_workflow_ref": "acme/access/.github/workflows/mine.yml@refs/heads/main"},
            "its token is not of one of jitbot's workflows on main",
        ),
        ({"job_workflow_ref": None}, "its token is not of one of jitbot's workflows on main"),
        ({"repository_id": "700002"}, "another repository asked for its token"),
        ({"iss": "https://issuer.example"}, "another issuer signed it"),
        ({"aud": "sts.amazonaws.com"}, "its token was made for another batch"),
        ({"iat": None}, "its token does not say when it was issued"),
    ],
    ids=lambda each: "-".join(each) if isinstance(each, dict) else "",
)
def test_a_token_with_one_wrong_claim_attests_nothing(
    world: World, granted: str, claims: dict[str, Any], why: str
) -> None:
    """mallory has GitHub sign what any workflow of any branch may ask for; it is ignored, and reported."""
    push(world, batch(world, mallorys(world), **claims))
    grants_nothing(world, why)


def test_a_token_kept_for_later_attests_nothing(world: World, granted: str) -> None:
    """Events may not record a time more than ten minutes from when the token was issued."""
    old = int((world.now - timedelta(minutes=10, seconds=1)).timestamp())
    push(world, batch(world, mallorys(world), iat=old))
    grants_nothing(world, "it records a time more than 10 minutes")


def test_an_event_without_a_token_is_ignored(world: World, granted: str) -> None:
    """Write access to the branch is no right to write history."""
    event = mallorys(world)
    push(world, {event.path: events.dump(event)})
    grants_nothing(world, "it is no batch of additions with one attestation")


def test_a_token_that_nobody_known_signed_is_ignored(world: World, granted: str) -> None:
    """The header names a key; it is not the issuer's."""
    files = batch(world, mallorys(world))
    path = next(each for each in files if each.endswith(".jwt"))
    head, claims, _ = files[path].decode().split(".")
    push(world, {**files, path: f"{head}.{claims}.{'A' * 342}".encode()})
    grants_nothing(world, "no key that counts has signed its attestation")


def test_a_key_of_ones_own_cannot_be_archived(world: World, granted: str) -> None:
    """mallory brings the key that her batch is signed with: a batch cannot vouch for its own key."""
    issuer = world.acme.github._issuer
    real = issuer._keys
    issuer.rotate()
    kid, public = issuer.key_set()["keys"][0]["kid"], issuer.key_set()["keys"][0]
    files = {**batch(world, mallorys(world)), f"keys/mine/{kid}.json": json.dumps(public).encode()}
    issuer._keys = real
    push(world, files)
    grants_nothing(world, "no key that counts has signed its attestation")


@pytest.mark.parametrize("odd", ["another file", "two tokens", "an executable"])
def test_an_untidy_batch_counts_for_nothing(world: World, granted: str, odd: str) -> None:
    """A batch is new plain files of ours and one token, whatever the token says."""
    files = batch(world, mallorys(world))
    if odd == "another file":
        files["readme.txt"] = b"hello"
    elif odd == "two tokens":
        files["attestations/second.jwt"] = next(files[each] for each in files if each.endswith(".jwt"))
    push(world, files)
    if odd == "an executable":
        store, mallory = world.github.store, signed_by(world, "mallory")
        made = store.commit(store.tip("ledger"))
        path = next(each for each in files if each.startswith("events/"))
        index = {"GIT_INDEX_FILE": str(store.path / "odd-index")}
        store.git("read-tree", made.tree, variables=index)
        blob = store.git("rev-parse", f"{made.sha}:{path}").decode().strip()
        store.git("update-index", "--cacheinfo", f"100755,{blob},{path}", variables=index)
        tree = store.git("write-tree", variables=index).decode().strip()
        sha = store.commit_tree(tree, made.parents, made.message, mallory, mallory)
        store.update_ref("refs/heads/ledger", sha)
    grants_nothing(world, "it is no batch of additions with one attestation")


def test_a_batch_counts_on_the_head_it_was_made_for_alone(world: World, granted: str) -> None:
    """A genuine batch is copied to another place in history: its token names the old one."""
    store = world.github.store
    tip = store.tip("ledger")
    files = {
        path: store.read(tip, path)
        for path in store.git("ls-tree", "-r", "--name-only", tip).decode().split()
    }
    tree_without = tuple(files)
    push(world, {"note.txt": b"gone"}, gone=tree_without)
    push(world, {path: content for path, content in files.items() if path != "README.md"})
    ran = world.jit("grant")
    assert ran.output.count(IGNORED) == 2
    assert world.story(granted).count("granted") == 2  # the copy lies there, and counts for nothing
    assert "nothing to decide" in ran.output


def test_deleting_and_changing_events_changes_nothing(world: World, granted: str) -> None:
    """Events are read from the commits that add them: the tip's tree is never trusted."""
    store = world.github.store
    listed = store.git("ls-tree", "-r", "--name-only", "ledger", "events/").decode().split()
    approved, outcome = listed[0], listed[1]
    changed = store.read(store.tip("ledger"), approved).replace(b"prod", b"data")
    push(world, {approved: changed}, gone=(outcome,))
    grants_nothing(world, "it is no batch of additions with one attestation")
    assert "✓" not in world.jit("status", code=0, workflow="grant.yml").output
    assert "live" in world.jit("status", workflow="grant.yml").output


def test_a_twin_of_a_batch_with_other_words_is_ignored(world: World, granted: str) -> None:
    """The same files under a message that tells another story, merged in beside the real one."""
    store, mallory = world.github.store, signed_by(world, "mallory")
    real = store.commit(store.tip("ledger"))
    twin = store.commit_tree(real.tree, real.parents, "granted: mallory has everything", mallory, mallory)
    merge = store.commit_tree(real.tree, (real.sha, twin), "merge", mallory, mallory)
    store.update_ref("refs/heads/ledger", merge)
    grants_nothing(world, "its token was made for another batch")


def test_history_brought_in_by_a_merge_still_counts(world: World, granted: str) -> None:
    """Somebody merges an old line into the branch: what was attested on it is found through every parent."""
    store, mallory = world.github.store, signed_by(world, "mallory")
    real = store.commit(store.tip("ledger"))
    seed = store.commit(world.kept["seed"].ledger)
    merge = store.commit_tree(seed.tree, (seed.sha, real.sha), "merge", mallory, mallory)
    store.update_ref("refs/heads/ledger", merge)
    assert "nothing to decide" in world.jit("grant").output


def test_nothing_is_done_on_a_record_that_does_not_count(world: World, asked: str) -> None:
    """A run of another workflow can write to the branch; what it wrote does not read back as attested."""
    ran = world.jit("grant", workflow="mine.yml", code=3)
    assert "does not read back as attested" in ran.output
    assert world.acme.aws.calls == []


def test_an_event_of_a_newer_jitbot_stops_everything(world: World, granted: str) -> None:
    """Attested, and not to be read by this one: it may be an end, so nothing rests on the rest."""
    event = mallorys(world)
    files = batch(world, event)
    newer = {
        path: content.replace(b'"schema": 1,', b'"schema": 2,') if path.startswith("events/") else content
        for path, content in files.items()
    }
    push(world, newer)
    assert "nothing to decide" in world.jit("grant").output  # not attested: it stops nothing
    world.back(world.kept["granted"])
    path = next(each for each in newer if each.startswith("events/"))
    push(world, attested(world, {path: newer[path]}))
    for verb in ("grant", "sweep"):
        assert "cannot be read by this jitbot" in world.jit(verb, code=3).output


def test_an_event_that_lies_outside_its_batch_stops_everything(world: World, granted: str) -> None:
    """Attested, but in a folder of another name: whoever wrote that is no jitbot that this one knows."""
    event = mallorys(world)
    push(world, attested(world, {event.path: events.dump(event)}))
    assert "does not lie in the folder of its batch" in world.jit("grant", code=3).output


def test_a_flood_of_commits_does_not_drown_the_report(world: World, granted: str) -> None:
    """Of many commits that are ignored the latest are told, and how many more there are."""
    for number in range(25):
        push(world, {f"events/lie-{number}.json": b"{}"})
    ran = world.jit("grant")
    assert ran.output.count(IGNORED) == 20
    assert "ignored too: 5 earlier commits of the ledger" in ran.output
    told = world.jit("grant", "--format", "json").output
    assert "events/lie-24.json" in told
    assert "events/lie-4.json" not in told


def test_a_token_of_megabytes_is_no_token(world: World, granted: str) -> None:
    """What lies in the place of a token is read only if it is as short as one."""
    files = batch(world, mallorys(world))
    path = next(each for each in files if each.endswith(".jwt"))
    push(world, {**files, path: files[path] + b" " * 20_000})
    grants_nothing(world, "it is no batch of additions with one attestation")


def test_a_long_message_keeps_no_run_busy(world: World, granted: str) -> None:
    """GitHub signs a token for anybody's workflow. What it does not attest is refused in no time, whatever its message."""
    forged = batch(world, mallorys(world), repository_id="666", repository="mallory/lab")
    push(world, forged, message="x\nSigned-off-by: github-actions[bot]" + "\n" * 40_000 + "z")
    begun = time.process_time()
    world.jit("revoke", granted, "--reason", "stolen laptop", actor="bob")
    assert time.process_time() - begun < 10
    assert world.reach("alice") == set()


def test_old_history_is_not_read(world: World, granted: str) -> None:
    """After three weeks nothing recorded can matter any more; a forgery of that age is not even reported."""
    push(world, {"events/lie.json": b"{}"})
    assert IGNORED in world.jit("grant").output
    world.later(timedelta(days=21, minutes=1))
    assert IGNORED not in world.jit("grant").output


def test_farther_back_only_what_names_the_requester_is_read(world: World, granted: str) -> None:
    """With `since`, old batches count that name this requester in a trailer, attested like all others; no others do."""
    push(world, {"events/lie.json": b"{}"}, message="forged\n\nRequester: alice")
    world.later(timedelta(days=60))
    job = world.acme.job("check.yml")
    invocation = Invocation(now=world.now, environ=job, folder=world.acme.clone(), jitbot=main)
    opened, since = open_context(invocation, "test"), world.now - timedelta(days=90)
    assert read(opened, world.now).events == ()
    found = read(opened, world.now, since=since, requester="alice")
    assert {event.request for event in found.events} == {granted}
    assert [finding.code for finding in found.ignored] == ["unattested"]
    for nobody in ("ali", "bob", ""):
        assert read(opened, world.now, since=since, requester=nobody).events == ()
    later = world.now - timedelta(days=59)
    assert read(opened, world.now, since=later, requester="alice").events == ()


def test_a_second_reading_sees_whatever_has_moved(world: World, granted: str) -> None:
    """Read again, the ledger is the same where nothing moved; a moved branch, and any doubt, has it read anew."""
    job = world.acme.job("sweep.yml")
    invocation = Invocation(now=world.now, environ=job, folder=world.acme.clone(), jitbot=main)
    ledger = Ledger(open_context(invocation, "test"), world.now)
    first = ledger.read()
    assert ledger.refresh() is first
    world.write("policies/issuer-keys.json", '{"keys": [{"kid": "another"}]}')
    vouched = ledger.refresh()
    assert set(vouched.signers) - set(first.signers) == {"another"}
    world.jit("revoke", granted, "--reason", "done", actor="alice")
    assert ledger.refresh().states[granted].revoked is not None
    ledger._reader._last = replace(ledger.read(), doubt="the issuer did not answer")
    assert ledger.refresh().doubt == ""


def test_a_large_batch_is_recorded_in_several_commits(world: World) -> None:
    """More than a hundred events do not go into one call of GitHub; all of them are recorded, once."""
    month, day = f"{world.now:%Y-%m}", f"{world.now:%d}"
    for merge in ("one", "two"):
        texts = {
            f"requests/orders-db-read/{month}/{day}-alice-{merge}-{number}.yaml": f"reason: {number}\n"
            for number in range(60)
        }
        world.land("alice", texts, by=())
    world.forget()
    begin = world.keep().ledger
    world.jit("grant", code=1)
    assert len(world.github.store.git("rev-list", f"{begin}..{world.keep().ledger}").split()) == 2
    assert len(world.ledger()) == len({each["request"] for each in world.ledger()}) == 120


def test_what_is_granted_to_many_at_once_is_recorded_whole(world: World) -> None:
    """More than a hundred grants, and ends, of one run are one record of several commits, each on the one before."""
    month, day = f"{world.now:%Y-%m}", f"{world.now:%d}"
    made = [
        world.request("alice", ORDERS, f"many{number}", **TABLE, accounts=["prod", "staging"])
        for number in range(55)
    ]
    assert all(f"{month}/{day}-" in path for path, _ in made)
    world.land("alice", dict(made))
    world.jit("grant")
    assert sum(each["event"] == "granted" for each in world.ledger()) == 110
    world.later(24 * HOUR)
    push(world, {f"events/{world.now:%Y/%m/%d}": b"in the way of a folder"})
    world.jit("sweep")
    assert sum(each["event"] == "ended" for each in world.ledger()) == 110
