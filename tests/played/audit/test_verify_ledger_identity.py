"""Who may attest, for an audit: this repository alone, by the settings and keys of main's tip, whatever main's past holds."""

import json
from typing import Any

import pytest
from acme_world import HOUR, MINUTE, World
from audit_story import an_approval_of, clone, codes, live, recorded, said, verdict, vouched, with_key
from forging import GRANT_ON_MAIN, batch, mallorys, push, tags

SETTINGS, KEYS = "policies/settings.yaml", "policies/issuer-keys.json"
LAB = "dave/lab/.github/workflows/grant.yml@refs/heads/main"


@pytest.fixture
def lived(world: World) -> str:
    """acme after a life of everything, all of it removed by now; the path of alice's request."""
    return live(world)


def smuggle(world: World, path: str, content: str | None) -> None:
    """Leave this in the middle of main's line: a rebase of commits that GitHub and the owners see nothing of."""
    before = world.github.store.read(world.github.store.tip("main"), path)
    request, text = world.request(
        "alice", "orders-db-read", "hers", accounts=["prod"], parameters={"table": "orders"}
    )
    restored = None if before is None else before.decode()
    world.land("alice", {path: content}, {request: text}, {path: restored}, method="rebase")
    world.jit("grant", code=1)
    assert world.story(request) == ["refused"]


def forged(world: World, **claims: Any) -> str:
    """Push the first approval, made out for mallory, with a token of GitHub's issuer that claims this."""
    return push(world, batch(world, mallorys(world), **claims))


def test_another_repository_that_main_named_for_a_moment(world: World, lived: str) -> None:
    """A rebase left settings of dave's own repository in main's past: what its workflow attests counts for nothing."""
    settings = world.text(SETTINGS)
    smuggle(world, SETTINGS, settings.replace("acme/access", "dave/lab").replace("700001", "666"))
    name = forged(world, repository="dave/lab", repository_id="666", job_workflow_ref=LAB)
    found = verdict(world, code=1)
    assert (codes(found), found["checked"]["approved"]) == ({"unattested"}, 2)
    assert [each["commit"] for each in found["findings"] if each["code"] == "unattested"] == [name]
    assert "another repository asked for its token" in said(found, "unattested")


@pytest.mark.parametrize(
    "claims",
    [{"repository": "acme/access"}, {"repository": "dave/lab"}, {}],
    ids=["as GitHub would sign it", "as GitHub never signs it", "without the repository's name"],
)
def test_another_name_for_this_repository(world: World, lived: str, claims: dict[str, Any]) -> None:
    """With our id beside it, another name still makes no workflow of dave's ours: not by its token, not at that time."""
    smuggle(world, SETTINGS, world.text(SETTINGS).replace("acme/access", "dave/lab"))
    world.later(HOUR)
    forged(world, job_workflow_ref=LAB, **claims)
    assert codes(verdict(world, code=1)) == {"unattested"}


def test_a_former_name_counts_for_its_time_alone(world: World, lived: str) -> None:
    """After a rename the old name's record stands, and nobody can add to it under the old name."""
    world.write(SETTINGS, world.text(SETTINGS).replace("acme/access", "acme/entry"))
    assert verdict(world, code=0)["findings"] == []
    world.later(11 * MINUTE)
    forged(world, repository="acme/access", job_workflow_ref=GRANT_ON_MAIN)
    found = verdict(world, code=1)
    assert "its token names this repository otherwise" in said(found, "unattested")


def test_another_issuer_in_mains_past(world: World, lived: str) -> None:
    """The issuer is the one that main's tip names, whatever a former commit named under our own id."""
    issuer = world.acme.github._issuer.url
    smuggle(world, SETTINGS, world.text(SETTINGS).replace(issuer, "https://issuer.dave.example.com"))
    forged(world, iss="https://issuer.dave.example.com")
    assert "another issuer signed it" in said(verdict(world, code=1), "unattested")


def test_keys_in_mains_past(world: World, lived: str) -> None:
    """Keys count if main's tip has them: those of a rebase's middle vouch for nothing, nor does a batch signed with them."""
    true = vouched(world).read_bytes()
    event, issuer = an_approval_of(world, lived), world.acme.github._issuer
    honest = issuer._keys
    world.acme.github.rotate_keys()
    smuggled, keys = issuer._keys, json.dumps(issuer.key_set())
    issuer._keys = honest
    smuggle(world, KEYS, keys)
    issuer._keys = smuggled
    push(world, with_key(world, event, issuer.key_set()["keys"][0]))
    issuer._keys = honest
    assert vouched(world).read_bytes() == true
    found = verdict(world, code=1)
    assert "no key that counts" in said(found, "unattested")


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "is missing"), ("repository: [", "cannot be read: line 1")],
    ids=["gone", "unreadable"],
)
def test_without_settings_at_the_tip_there_is_no_verdict(
    world: World, lived: str, content: str | None, why: str
) -> None:
    """Former settings stand in for nothing: verify, log, report and export end with 3 and say which file to repair."""
    clone(world)
    world.write(SETTINGS, content)
    clone(world, fresh=False)
    for arguments in (
        ("verify",),
        ("log",),
        ("report", "--from", "2026-11-01", "--to", "2026-11-30"),
        ("export", "--from", "2026-11-01", "--to", "2026-11-30", "--output", "pack"),
    ):
        ran = world.jit(
            "audit", *arguments, "--keys", str(vouched(world)), runner="auditor", workflow="audit.yml", code=3
        )
        assert f"{SETTINGS} at the tip of main {why}" in ran.output


def test_the_first_batch_vouches_for_nobody(world: World, granted: str) -> None:
    """A ledger that is mallory's from its first batch on, keys and all, is never found good: 3 at best."""
    event = recorded(world, "approved")
    world.back(world.kept["asked"])
    world.acme.github.rotate_keys()
    world.github.store.update_ref("refs/heads/ledger", world.kept["seed"].ledger)
    push(world, with_key(world, event, world.acme.github._issuer.key_set()["keys"][0]))
    found = verdict(world, code=3, keys=False)
    assert "keys-unconfirmed" in codes(found, "unchecked")


@pytest.mark.parametrize("name", ["a short id", "origin/ledger~1", "ledger"])
def test_a_name_that_means_two_things_is_no_expectation(world: World, lived: str, name: str) -> None:
    """Somebody pushes a tag with the name of what an auditor expects: that is an error, and never another commit."""
    head = world.github.store.tip("ledger")
    asked = head[:10] if name == "a short id" else name
    verdict(world, "--expect", head, code=0)
    with tags(world, asked.partition("~")[0], commit=world.github.store.tip("main")):
        folder = clone(world)
        world.acme.git("olivia", "branch", "ledger", "refs/remotes/origin/ledger", cwd=folder)
        world.acme.git("olivia", "fetch", "--quiet", "--tags", "origin", cwd=folder)
    for option in ("--expect", "--since"):
        ran = world.jit(
            *("audit", "verify", option, asked, "--keys", str(vouched(world))),
            runner="auditor",
            workflow="audit.yml",
            code=1,
        )
        assert "names more than one thing" in ran.output


def test_a_tag_is_never_the_ledger(world: World, lived: str) -> None:
    """A clone without the branch says so, although a tag has the very name of its remote-tracking ref."""
    folder = clone(world)
    world.acme.git("olivia", "tag", "refs/remotes/origin/ledger", "refs/remotes/origin/ledger", cwd=folder)
    world.acme.git("olivia", "update-ref", "-d", "refs/remotes/origin/ledger", cwd=folder)
    ran = world.jit("audit", "verify", runner="auditor", workflow="audit.yml", code=1)
    assert "this clone has no branch ledger of origin" in ran.output
