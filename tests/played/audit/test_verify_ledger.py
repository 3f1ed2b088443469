"""`jitbot audit verify`, offline: what is whole is found whole, and each way of tampering is found."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from acme_world import HOUR, MINUTE, World
from audit_story import (
    a_review,
    an_approval_of,
    attest,
    clone,
    codes,
    live,
    recorded,
    replay,
    said,
    verdict,
    vouched,
    with_facts,
    with_key,
)
from forging import batch, mallorys, push, signed_by

from jitbot.domain.aws.iam import Window
from jitbot.sandbox.github.git.objects import Signature

DAY = timedelta(days=1)


@pytest.fixture
def lived(world: World) -> str:
    """acme after a life of everything, all of it removed by now; the path of alice's request."""
    return live(world)


def test_a_true_record_is_found_whole(world: World, lived: str) -> None:
    """Approved, refused, extended, released, expired and removed: all of it is checked, nothing is wrong."""
    found = verdict(world, code=0)
    assert found["findings"] == []
    assert found["checked"] == {
        "commits": 12, "batches": 11, "merges": 4, "approved": 2, "extended": 1, "refused": 1,
        "granted": 4, "revoked": 1, "ended": 3, "removed": 3,
    }  # fmt: skip


def test_it_asks_nobody(world: World, lived: str) -> None:
    """Neither GitHub, nor the issuer, nor AWS hears of a verification of a clone."""
    folder, keys = clone(world), vouched(world)
    world.forget()
    world.jit("audit", "verify", "--keys", str(keys), runner=folder.name, workflow="audit.yml")
    assert (list(world.acme.github.calls), world.acme.aws.calls) == ([], [])


def test_an_edited_event(world: World, lived: str) -> None:
    """Somebody pushes another text into an event's file; what it said is what counts."""
    store = world.github.store
    path = next(
        each
        for each in store.git("ls-tree", "-r", "--name-only", "ledger").decode().split()
        if "approved" in each
    )
    name = push(world, {path: store.read(store.tip("ledger"), path).replace(b'"schema": 1', b'"schema": 2')})
    found = verdict(world, code=1)
    assert codes(found) == {"event-edited"}
    assert [(each["event"], each["commit"]) for each in found["findings"]] == [(path, name)]


def test_a_deleted_event(world: World, lived: str) -> None:
    """Somebody takes an event's file away; it still counts."""
    paths = world.github.store.git("ls-tree", "-r", "--name-only", "ledger", "events/").decode().split()
    push(world, {}, gone=(paths[0],))
    found = verdict(world, code=1)
    assert codes(found) == {"event-deleted"}
    assert found["checked"]["approved"] == 2


def test_a_forged_event(world: World, lived: str) -> None:
    """Somebody with write access adds an approval of their own."""
    event = mallorys(world)
    push(world, {event.path: event.path.encode()})
    assert codes(verdict(world, code=1)) == {"unattested"}


def test_a_reordered_ledger(world: World, lived: str) -> None:
    """The same batches in another order: none after the swap is where its token says."""
    replay(world, [2, 1, *range(3, 11)])
    found = verdict(world, code=1)
    assert said(found, "unattested").count("its token was made for another batch") == 10


def test_a_backdated_batch(world: World, lived: str) -> None:
    """The last batch under an old date: attested as it is, and hidden from whoever reads by date."""
    store = world.github.store
    made = store.commit(store.tip("ledger"))
    old = Signature(name="bot", email="bot@acme.com", when=world.now - timedelta(days=40))
    sha = store.commit_tree(made.tree, made.parents, made.message, old, old)
    store.update_ref("refs/heads/ledger", sha)
    found = verdict(world, code=1)
    assert codes(found) == {"back-dated"}
    assert found["findings"][0]["commit"] == sha


def test_an_event_of_another_time_than_its_token(world: World, lived: str) -> None:
    """A token that was kept for eleven minutes speaks for nothing."""
    push(world, batch(world, mallorys(world), iat=int((world.now - 11 * MINUTE).timestamp())))
    assert "records a time more than 10 minutes" in said(verdict(world, code=1), "unattested")


def test_a_truncated_ledger(world: World, lived: str) -> None:
    """The ledger is cut back to its beginning: main has merges that nothing was decided of."""
    world.github.store.update_ref("refs/heads/ledger", world.kept["seed"].ledger)
    world.later(DAY)
    found = verdict(world, code=1, keys=True)
    assert codes(found) == {"no-decision"}
    assert len(found["findings"]) == 4


def test_a_ledger_that_lost_its_ends(world: World, lived: str) -> None:
    """Cut back to where everything was granted: the ends and removals are missing."""
    world.github.store.update_ref("refs/heads/ledger", f"{world.kept['lived'].ledger}~4")
    world.later(DAY)
    found = verdict(world, code=1)
    assert codes(found) == {"no-end"}
    assert "alice in prod: its end at 2026-11-23T12:00:00Z was never confirmed" in said(found, "no-end")


def test_a_clone_from_before_a_rewrite(world: World, lived: str) -> None:
    """A clone remembers the head it found good, and misses it afterwards, whatever else is right."""
    verdict(world, code=0)
    world.github.store.update_ref("refs/heads/ledger", f"{world.kept['lived'].ledger}~1")
    found = verdict(world, code=1, fresh=False)
    assert codes(found) == {"history-rewritten"}
    assert "which this clone found good before" in said(found, "history-rewritten")
    assert codes(verdict(world, code=1, fresh=False)) == {"history-rewritten"}  # it is not forgotten


@pytest.mark.parametrize("option", ["--expect", "--since"])
def test_a_clone_from_after_a_rewrite(world: World, lived: str, option: str) -> None:
    """Told what the ledger held before, a fresh clone misses it."""
    older, head = f"{world.kept['lived'].ledger}", f"{world.kept['lived'].ledger}~1"
    verdict(world, option, older, code=0)
    world.github.store.update_ref("refs/heads/ledger", head)
    if option == "--expect":
        assert codes(verdict(world, option, older, code=1)) == {"history-rewritten"}
    assert codes(verdict(world, option, older, code=1, fresh=False)) == {"history-rewritten"}


def test_what_was_told_before_is_passed_over(world: World, lived: str) -> None:
    """After a forgery was looked into, only what came since is told: nobody can keep the alarm on."""
    name = push(world, {"events/lie.json": b"{}"})
    assert codes(verdict(world, code=1)) == {"unattested"}
    found = verdict(world, "--since", name, code=0)
    assert (found["findings"], found["passed_over"]) == ([], 1)
    push(world, {"events/another.json": b"{}"})
    assert len(verdict(world, "--since", name, code=1)["findings"]) == 1


def test_a_swapped_issuer_key(world: World, lived: str) -> None:
    """A ledger all signed by another key, which it brings along: with the true keys none of it counts."""
    true = vouched(world)
    kept = true.read_bytes()
    world.acme.github.rotate_keys()
    world.github.store.update_ref("refs/heads/ledger", world.kept["seed"].ledger)
    event = an_approval_of(world, lived)
    kid = world.acme.github._issuer.key_set()["keys"][0]
    push(world, with_key(world, event, kid))
    world.later(DAY)
    clone(world)
    true.write_bytes(kept)
    ran = world.jit(
        *("audit", "verify", "--keys", str(true), "--format", "json"),
        runner="auditor",
        workflow="audit.yml",
        code=1,
    )
    found = json.loads(ran.output)
    assert codes(found) == {"unattested", "no-decision"}
    assert "no key that counts" in said(found, "unattested")


def test_without_keys_nothing_is_sure(world: World, lived: str) -> None:
    """Where nobody vouches for a key, those of the first batch are taken, and the verdict says so with 3."""
    found = verdict(world, code=3, keys=False)
    assert [each["code"] for each in found["findings"]] == ["keys-unconfirmed"]
    world.write("policies/issuer-keys.json", json.dumps(world.acme.github._issuer.key_set()))
    assert verdict(world, code=0, keys=False)["findings"] == []


def test_keys_that_were_vouched_for_reach_back(world: World, lived: str) -> None:
    """The issuer has a new key; a batch signed with both known vouches for the old one."""
    old = world.acme.github._issuer.key_set()
    world.acme.github.rotate_keys()
    world.write("policies/issuer-keys.json", json.dumps(old))
    world.ask("dave", "later")
    world.jit("grant")
    world.write("policies/issuer-keys.json", None)
    assert verdict(world, code=0)["findings"] == []


@pytest.mark.parametrize(
    ("reviews", "why"),
    [
        ([], "0 of 1 approvals count"),
        ([{"user": {"login": "alice", "github_id": 1001, "type": "User"}}], "alice is the requester"),
        ([{"user": {"login": "dave", "github_id": 1004, "type": "User"}}], "dave does not own this path"),
        ([{"user": {"login": "bob", "github_id": 1002, "type": "Bot"}}], "bob is nobody"),
        ([{"user": {"login": "bob", "github_id": 9, "type": "User"}}], "bob is nobody"),
        ([{"commit": "a" * 40}], "bob approved aaaaaaaaaa, which is not the last commit"),
        ([{"state": "DISMISSED"}], "bob had the approval dismissed"),
        ([{"state": "CHANGES_REQUESTED"}], "bob owns this path and asks for changes"),
        ([{"submitted_at": "2026-11-21T08:59:59Z"}], "bob approved too long before the merge"),
    ],
    ids=["none", "self", "no-owner", "bot", "other-id", "stale", "dismissed", "objection", "old"],
)
def test_an_approval_that_was_not_one(
    world: World, granted: str, reviews: list[dict[str, Any]], why: str
) -> None:
    """A run of main recorded an approval that the attested reviews do not bear out."""
    event = recorded(world, "approved")
    world.back(world.kept["asked"])
    given = [a_review(event, **each) for each in reviews]
    attest(world, event, evidence=with_facts(event, reviews=given))
    found = verdict(world, code=1)
    assert codes(found) == {"wrong-approval"}
    assert why in said(found, "wrong-approval")


def test_older_rules_are_told_from_wrong(world: World, granted: str) -> None:
    """The same, decided by another version of jitbot: it cannot be judged by this one's rules."""
    event = recorded(world, "approved")
    world.back(world.kept["asked"])
    attest(world, event, evidence=with_facts(event, reviews=[]) | {"jitbot": "0.0.9"})
    found = verdict(world, code=3)
    assert codes(found, "unchecked") == {"older-rules"}
    assert "0.0.9" in said(found, "older-rules")


def test_evidence_without_facts_cannot_be_decided_again(world: World, granted: str) -> None:
    """What GitHub told is not there: that is doubt, not a good grade."""
    event = recorded(world, "approved")
    world.back(world.kept["asked"])
    attest(world, event, evidence={**event.evidence.json, "facts": None})
    assert codes(verdict(world, code=3), "unchecked") == {"evidence-incomplete"}


def test_an_extension_nobody_approved(world: World, extended: str) -> None:
    """The extension's own review is missing, and the first approval does not serve for it."""
    world.jit("grant")
    event = recorded(world, "extended")
    world.back(world.kept["extended"])
    attest(world, event, evidence=with_facts(event, reviews=[]))
    assert codes(verdict(world, code=1)) == {"wrong-approval"}


def test_a_grant_longer_than_its_policy(world: World, granted: str) -> None:
    """The recorded end lies beyond what the policy allows, in the decision and in its documents."""
    event = recorded(world, "approved")
    world.back(world.kept["asked"])
    window = Window(starts_at=None, expires_at=event.window.expires_at + 9 * HOUR) if event.window else None
    documents = tuple(replace(each, window=window) for each in event.documents if window is not None)
    attest(world, event, window=window, documents=documents)
    found = verdict(world, code=1)
    assert codes(found) == {"longer-than-policy", "wrong-approval"}
    assert "longer than the 4h" in said(found, "longer-than-policy")


def test_other_documents_than_the_approved_ones(world: World, granted: str) -> None:
    """The decision is right, and the role in it allows more."""
    event = recorded(world, "approved")
    world.back(world.kept["asked"])
    wider = json.loads(json.dumps(event.documents[0].permission_policy).replace("table/orders", "table/*"))
    attest(world, event, documents=(replace(event.documents[0], permission_policy=wider),))
    assert "other documents were recorded" in said(verdict(world, code=1), "wrong-approval")


def test_rules_changed_by_the_request_itself(world: World) -> None:
    """A merge that brings its own rules along is refused; recorded as approved, it is found."""
    path, text = world.request("alice", "orders-db-read", "own", parameters={"table": "orders"})
    teams = world.text("policies/teams.yaml")
    world.land("alice", {path: text, "policies/teams.yaml": f"{teams}\n# changed\n"})
    before = world.keep()
    world.jit("grant", code=1)
    refused = recorded(world, "refused")
    world.back(before)
    other = an_approval_of(world, path)
    attest(world, replace(other, commit=refused.commit, evidence=refused.evidence))
    assert "[touches-rules]" in said(verdict(world, code=1), "wrong-approval")


@pytest.mark.parametrize("name", ["rules_commit", "request_blob"])
def test_evidence_that_names_other_commits(world: World, granted: str, name: str) -> None:
    """The rules and the bytes that the event names must be those of its merge on main."""
    event = recorded(world, "approved")
    world.back(world.kept["asked"])
    attest(world, event, evidence={**event.evidence.json, name: "a" * 40})
    assert codes(verdict(world, code=1)) == {"other-commits"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("approvals", []),
        ("approvals", [{"login": "erin", "github_id": 1005}]),
        ("approvals_required", 0),
        ("requested_at", "2026-11-20T09:00:00Z"),
        ("merged_at", "2026-11-23T08:00:00Z"),
        ("merged_by", {"login": "mallory", "github_id": 1666, "type": "User"}),
        ("author", {"login": "dave", "github_id": 1004, "type": "User"}),
        ("pull_request", 99),
        ("head", "a" * 40),
        ("named", []),
        ("owner_rule", "1: *"),
        ("max_duration_seconds", 999999),
        ("break_glass", {"review_by": "2026-11-30T09:00:00Z", "reviewers": []}),
    ],
)
def test_evidence_that_github_did_not_give(world: World, granted: str, name: str, value: Any) -> None:
    """The decision is right, and what a report shows of it is not what the attested answers of GitHub say."""
    event = recorded(world, "approved")
    world.back(world.kept["asked"])
    attest(world, event, evidence={**event.evidence.json, name: value})
    found = verdict(world, code=1)
    assert codes(found) == {"wrong-approval"}
    rules = "other rules of approval" if name == "approvals_required" else name
    assert rules in said(found, "wrong-approval")


def test_a_refusal_for_another_reason(world: World) -> None:
    """Rightly refused, and recorded with a reason that it was not: a report would show it as a sample."""
    world.ask("alice", "alone", by=())
    before = world.keep()
    world.jit("grant", code=1)
    event = recorded(world, "refused")
    world.back(before)
    lied = [{**each.json, "code": "rules-changed"} for each in event.evidence.reasons]
    attest(world, event, evidence={**event.evidence.json, "reasons": lied})
    found = verdict(world, code=1)
    assert codes(found) == {"wrong-refusal"}
    assert "other reasons" in said(found, "wrong-refusal")


def test_a_decision_that_main_never_had(world: World, lived: str) -> None:
    """An attested approval of a merge that is not on main."""
    push(world, batch(world, mallorys(world)))
    assert {"not-on-main"} <= codes(verdict(world, code=1))


def test_a_grant_without_an_approval(world: World, granted: str) -> None:
    """Access was recorded, and no decision before it."""
    event = recorded(world, "granted")
    world.back(world.kept["asked"])
    attest(world, event)
    assert "granted-without-approval" in codes(verdict(world, code=1))


def test_a_role_that_is_not_the_approved_one(world: World, granted: str) -> None:
    """What was read back differs from what was approved."""
    event = recorded(world, "granted")
    open_to_all = replace(event.documents[0], trust_policy={"Statement": []})
    world.github.store.update_ref("refs/heads/ledger", f"{world.kept['granted'].ledger}~1")
    attest(world, event, documents=(open_to_all,))
    assert codes(verdict(world, code=1)) == {"granted-otherwise"}


def test_a_missing_end(world: World, granted: str) -> None:
    """Nobody swept for a day after the end: access is over, and nothing confirms it."""
    world.later(timedelta(hours=2) + DAY)
    assert verdict(world, code=0)["findings"] == []
    world.later(timedelta(seconds=1))
    assert codes(verdict(world, code=1)) == {"no-end"}
    world.jit("sweep")
    assert codes(verdict(world, code=1)) == {"late-confirmation"}


def test_a_merge_that_waits_for_its_decision(world: World, asked: str) -> None:
    """For a day a decision is due, and that is a note; then it is missing."""
    assert codes(verdict(world, code=0), "note") == {"decision-due"}
    world.later(DAY + timedelta(seconds=1))
    assert codes(verdict(world, code=1)) == {"no-decision"}


def test_a_head_that_is_not_as_attested(world: World, granted: str) -> None:
    """Where the pull request's head is in the clone, its bytes are held against the evidence."""
    assert verdict(world, code=0, heads=True)["findings"] == []
    event = recorded(world, "approved")
    world.back(world.kept["asked"])
    rules = {**event.evidence.json["facts"]["told"]["head_rules"]}  # type: ignore[index]
    attest(
        world,
        event,
        evidence=with_facts(
            event, head_rules={**rules, "policies/people.yaml": rules["policies/teams.yaml"]}
        ),
    )
    assert "other-head" in codes(verdict(world, code=1, heads=True))


def test_a_commit_of_countless_paths(world: World, lived: str) -> None:
    """A tree that unfolds into more paths than anybody reads is a finding, and takes no longer than others."""
    store, mallory = world.github.store, signed_by(world, "mallory")
    blob = store.git("hash-object", "-w", "--stdin", stdin=b"x").decode().strip()
    lines = "".join(f"100644 blob {blob}\tf{number}\n" for number in range(100))
    for _ in range(8):
        tree = store.git("mktree", stdin=lines.encode()).decode().strip()
        lines = "".join(f"040000 tree {tree}\td{number}\n" for number in range(100))
    tip = store.tip("ledger")
    sha = store.commit_tree(
        store.git("mktree", stdin=lines.encode()).decode().strip(), (tip,), "bomb", mallory, mallory
    )
    back = store.commit_tree(store.commit(tip).tree, (sha,), "away", mallory, mallory)
    store.update_ref("refs/heads/ledger", back)
    found = verdict(world, code=1)
    assert codes(found) == {"too-large"}
    assert found["checked"]["approved"] == 2


def test_a_shallow_clone_is_not_judged(world: World, lived: str, tmp_path: Path) -> None:
    """A clone that lacks the beginning cannot tell: exit 3, and what to do."""
    folder = clone(world)
    world.acme.git(
        "olivia", "fetch", "--quiet", "--depth=1", "origin", "+refs/heads/*:refs/remotes/origin/*", cwd=folder
    )
    ran = world.jit("audit", "verify", runner="auditor", workflow="audit.yml", code=3)
    assert "git fetch --unshallow" in ran.output


def test_a_renamed_repository_keeps_its_record(world: World, lived: str) -> None:
    """What was attested under the old name is judged by the settings that main had then."""
    settings = world.text("policies/settings.yaml")
    world.write("policies/settings.yaml", settings.replace("acme/access", "acme/entry"))
    assert verdict(world, code=0)["findings"] == []


def test_another_repositorys_ledger_counts_for_nothing(world: World, lived: str) -> None:
    """The same name and another number: nothing of it was attested for this repository."""
    settings = world.text("policies/settings.yaml")
    first = world.github.store.tip("main")
    tree = settings.replace("700001", "700002")
    store, olivia = world.github.store, signed_by(world, "olivia")
    root = store.commit_tree(store.commit(first).tree, (), "anew", olivia, olivia)
    store.update_ref("refs/heads/main", root)
    world.write("policies/settings.yaml", tree)
    squashed = store.commit(store.tip("main")).tree
    store.update_ref("refs/heads/main", store.commit_tree(squashed, (), "anew", olivia, olivia))
    found = verdict(world, code=1)
    assert said(found, "unattested").count("another repository asked for its token") == 11


def test_words_for_people(world: World, lived: str) -> None:
    """Each finding is a sentence with its code, its place and what to do; the verdict comes last."""
    name = push(world, {"events/\x1b[31m.json": b"{}"})
    clone(world)
    ran = world.jit(
        "audit", "verify", "--keys", str(vouched(world)), runner="auditor", workflow="audit.yml", code=1
    )
    assert f"✗ commit {name[:10]} of the ledger: what it adds is no record" in ran.output
    assert "[unattested]\n    event events/\\x1b[31m.json, commit" in ran.output
    assert f"git show --stat {name}`" in ran.output
    assert ran.output.strip().endswith("verification failed: 1 violation found")
    assert "\x1b" not in ran.output
