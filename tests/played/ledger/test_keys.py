"""The issuer's keys: rotated, owned, out of reach; what was signed stays valid, and doubt changes nothing."""

import base64
import json

import flask
import pytest
from acme_world import World
from breaking import answer, refuse
from forging import batch, mallorys, push

from jitbot.sandbox.github import GitHubFault

IGNORED = "of the ledger is ignored: "


def out_of_reach(world: World) -> None:
    """jitbot cannot reach the issuer's keys; AWS, which is elsewhere, can."""

    def gone(_: str, path: str) -> GitHubFault | None:
        if not path.endswith("/jwks") or not flask.request.headers["User-Agent"].startswith("jitbot/"):
            return None
        return GitHubFault(status=503)

    world.forget()
    world.acme.github.faults = gone


def rotated(world: World) -> None:
    """The issuer signs with a new key from now on; the old one is owned on main."""
    world.write("policies/issuer-keys.json", json.dumps(world.acme.github._issuer.key_set()))
    world.acme.github.rotate_keys()


def test_keys_vouched_for_outlive_the_issuers_rotation(world: World, granted: str) -> None:
    """A batch signed while both keys were published vouches for the old one, when only the new one is left."""
    old = world.acme.github._issuer.key_set()["keys"]
    world.acme.github.rotate_keys()
    new = world.acme.github._issuer.key_set()["keys"]
    both = GitHubFault(status=200, body=json.dumps({"keys": [*old, *new]}).encode())
    answer(world, both, "GET", "/jwks")
    world.ask("carol", "second")
    world.jit("grant")
    world.calm()
    ran = world.jit("grant")
    assert IGNORED not in ran.output
    assert "nothing to decide" in ran.output


@pytest.mark.parametrize("verb", ["grant", "sweep"])
def test_a_key_changed_without_overlap_ends_nobodys_access(world: World, granted: str, verb: str) -> None:
    """Nothing in the ledger can be checked any more: no live grant passes for an orphan, and the fix is named."""
    world.acme.github.rotate_keys()
    ran = world.jit(verb, code=3)
    assert "add the old one to policies/issuer-keys.json" in ran.output
    assert world.writes() == []
    assert world.reach("alice") == {("alice", "prod", "orders")}


def test_one_batch_of_an_unknown_key_holds_nothing_up(world: World, granted: str) -> None:
    """While others count, what names a key that nobody vouches for is a forgery: ignored, and nothing waits for it."""
    files = batch(world, mallorys(world))
    path = next(each for each in files if each.endswith(".jwt"))
    _, claims, signature = files[path].decode().split(".")
    header = base64.urlsafe_b64encode(b'{"alg": "RS256", "kid": "mine"}').decode().rstrip("=")
    push(world, {**files, path: f"{header}.{claims}.{signature}".encode()})
    ran = world.jit("grant")
    assert IGNORED in ran.output
    assert "nothing to decide" in ran.output


def test_keys_that_main_owns_count(world: World, granted: str) -> None:
    """policies/issuer-keys.json holds a key that the issuer publishes no more: what it signed stays valid."""
    old = world.acme.github._issuer.key_set()
    world.acme.github.rotate_keys()
    assert IGNORED in world.jit("grant", "--dry-run", code=3).output
    world.write("policies/issuer-keys.json", json.dumps(old))
    ran = world.jit("grant", "--dry-run")
    assert IGNORED not in ran.output
    assert "nothing to decide" in ran.output


@pytest.mark.parametrize("content", ["{}", "no JSON", '{"keys": [1]}', "[" * 60_000], ids=len)
def test_owned_keys_that_do_not_read_stop_everything(world: World, granted: str, content: str) -> None:
    """A key set nobody can read is doubt, not an empty one."""
    world.write("policies/issuer-keys.json", content)
    assert "policies/issuer-keys.json on main is not a JSON Web Key Set" in world.jit("grant", code=3).output


def test_what_can_be_checked_gives_nothing_while_the_rest_may_hold_its_end(world: World, asked: str) -> None:
    """The approval is readable, the revocation is not: nothing is granted in doubt."""
    refuse(world, "CreateRole")
    world.jit("grant", code=3)
    world.calm()
    rotated(world)
    world.jit("revoke", asked, "--reason", "no more", actor="alice")
    out_of_reach(world)
    assert "nothing was changed" in world.jit("grant", code=3).output
    assert world.acme.aws.calls == []


def test_what_cannot_be_checked_may_explain_a_role(world: World, granted: str) -> None:
    """The first grant is readable, the second is not: its role is no orphan, and stays as it is."""
    rotated(world)
    world.ask("carol", "second")
    world.jit("grant")
    out_of_reach(world)
    assert "nothing was changed" in world.jit("sweep", code=3).output
    assert world.writes() == []


def test_a_key_with_an_odd_name_is_not_archived(world: World, asked: str) -> None:
    """Key ids become file names: one that is no plain word stays out, and harms nothing."""
    keys = world.acme.github._issuer.key_set()["keys"]
    odd = {"keys": [*keys, {**keys[0], "kid": "../../events/odd"}]}
    answer(world, GitHubFault(status=200, body=json.dumps(odd).encode()), "GET", "/jwks")
    world.jit("grant")
    assert world.story(asked) == ["approved", "granted"]


@pytest.mark.parametrize("verb", ["grant", "sweep"])
def test_nothing_is_given_or_ended_while_the_issuers_keys_are_out_of_reach(
    world: World, granted: str, verb: str
) -> None:
    """What cannot be checked may hold an end, or explain a role: exit 3, nothing changed, in AWS or in git."""
    world.ask("carol", "second")
    before = world.keep().ledger
    out_of_reach(world)
    assert "nothing was changed" in world.jit(verb, code=3).output
    assert (world.writes(), world.keep().ledger) == ([], before)


def printed(world: World) -> tuple[set[str], str]:
    """The ids of the keys that `jitbot audit keys` prints, and what it says of them; main takes them as they are."""
    output = world.jit("audit", "keys", workflow="audit.yml").output
    found, end = json.JSONDecoder().raw_decode(output)
    world.write("policies/issuer-keys.json", output[:end])
    return {key["kid"] for key in found["keys"]}, output[end:].strip()


def test_the_keys_are_printed_as_main_may_hold_them(world: World, granted: str) -> None:
    """Put on main before the issuer changes its keys, they let what was signed count; then both are printed."""
    issuer = world.acme.github._issuer
    old = {key["kid"] for key in issuer.key_set()["keys"]}
    assert printed(world) == (old, f"published by {issuer.url} now: {len(old)}")
    world.acme.github.rotate_keys()
    assert IGNORED not in world.jit("grant", "--dry-run").output
    new = {key["kid"] for key in issuer.key_set()["keys"]}
    assert new.isdisjoint(old)
    more = f"; only in policies/issuer-keys.json on main: {len(old)}"
    assert printed(world) == (old | new, f"published by {issuer.url} now: {len(new)}{more}")


def test_keys_that_the_issuer_does_not_give_are_not_printed(world: World) -> None:
    """Half a key set would look like a whole one."""
    out_of_reach(world)
    output = world.jit("audit", "keys", workflow="audit.yml", code=3).output
    assert output.startswith("error: ")
    assert "kid" not in output
