"""Ways round a decision that somebody with write access can try on GitHub itself, played on the embedded one."""

import json

import pytest
from acme_world import DAY, HOUR, MINUTE, SECOND, TABLE, World

from jitbot.sandbox.github import GitHubFault

ALICE = {("alice", "prod", "orders")}


def test_a_deletion_hidden_in_a_rebase_ends_nobodys_access(world: World, granted: str) -> None:
    """Two commits delete a request and restore it; the pull request shows neither, and the grant stays in force."""
    text = world.text(granted)
    decoy, more = world.request("carol", "orders-db-read", "decoy", **TABLE)
    world.land("carol", {granted: None}, {granted: text, decoy: more}, method="rebase")
    world.jit("sweep")
    world.later(15 * MINUTE)  # GitHub may name the pull request of the first commit late
    world.jit("grant", code=1)
    assert world.story(granted) == ["approved", "granted", "refused"]
    assert world.reach("alice") == ALICE


def test_what_a_pull_request_deleted_and_another_brought_back_has_ended(world: World, granted: str) -> None:
    """Nobody swept in between: the deletion was shown, approved and merged, so it ends the grant all the same."""
    text = world.text(granted)
    world.land("alice", {granted: None})
    world.land("alice", {granted: text})
    world.jit("sweep")
    assert world.story(granted)[-1] == "ended deleted"
    assert world.reach("alice") == set()


def test_what_was_deleted_past_the_rules_has_ended(world: World, granted: str) -> None:
    """A file that is gone from main's tip is an end, whoever took it away."""
    world.write(granted, None)
    world.jit("sweep")
    assert world.story(granted)[-1] == "ended deleted"


def test_a_deletion_that_github_cannot_tell_of_is_not_concluded_from(world: World, granted: str) -> None:
    """The file is back, and GitHub does not say how it went: nothing is ended in doubt, and the run says so."""
    text = world.text(granted)
    world.land("alice", {granted: None})
    world.land("alice", {granted: text})
    world.forget()
    refuse_github(world)
    world.jit("sweep", code=3)
    assert world.writes() == []
    world.calm()
    world.jit("sweep")
    assert world.story(granted)[-1] == "ended deleted"


def refuse_github(world: World) -> None:
    """GitHub does not say which pull request a commit came from."""

    def gone(_: str, path: str) -> GitHubFault | None:
        return GitHubFault(status=403) if path.endswith("/pulls") and "/commits/" in path else None

    world.acme.github.faults = gone


def test_an_approval_given_on_another_base_does_not_count(world: World) -> None:
    """Approved where the rules are others, then moved to main: the approval stays on GitHub, and is nothing here."""
    path, text = world.request("alice", "orders-db-read", "moved", **TABLE)
    store = world.github.store
    store.update_ref("refs/heads/side", store.tip("main"))
    number = world.propose("alice", "moved", {path: text})
    world.must(world.acme.call("alice", "PATCH", f"/pulls/{number}", base="side"))
    world.must(world.review("bob", number))
    world.must(world.acme.call("alice", "PATCH", f"/pulls/{number}", base="main"))
    world.must(world.merge("olivia", number))
    world.jit("grant", code=1)
    assert world.reasons(path) == {"not-enough-approvals"}
    why = world.ledger()[-1]["evidence"]["not_counted"][0]["why"]
    assert why == "approved before the pull request was moved to this base"


def test_an_approval_after_the_move_counts(world: World) -> None:
    """Moved to main, and approved there."""
    path, text = world.request("alice", "orders-db-read", "moved", **TABLE)
    store = world.github.store
    store.update_ref("refs/heads/side", store.tip("main"))
    number = world.propose("alice", "moved", {path: text})
    for base in ("side", "main"):
        world.must(world.acme.call("alice", "PATCH", f"/pulls/{number}", base=base))
    world.later(MINUTE)
    world.must(world.review("bob", number))
    world.must(world.merge("olivia", number))
    world.jit("grant")
    assert world.reach("alice") == ALICE


def with_a_twin(world: World, slug: str = "twin") -> tuple[str, int, int]:
    """alice's approved request, and mallory's pull request from the same head: the path, and both numbers."""
    path, text = world.request("alice", "orders-db-read", slug, **TABLE)
    number = world.propose("alice", slug, {path: text})
    world.github.store.update_ref("refs/heads/twin", world.github.pulls[number].head_sha)
    twin = world.must(
        world.acme.call("mallory", "POST", "/pulls", title="twin", head="twin", base="main", body="")
    )
    world.must(world.review("bob", number))
    return path, number, int(twin["number"])


def list_only(world: World, number: int, *, times: int = 1000) -> list[str]:
    """GitHub connects merge commits with this pull request alone, for so many answers; gives the list of them."""
    commit = world.github.pulls[number].merge_commit_sha
    found = world.must(world.acme.call("olivia", "GET", f"/commits/{commit}/pulls"))
    body = json.dumps([each for each in found if each["number"] == number]).encode()
    met: list[str] = []

    def answer(_: str, path: str) -> GitHubFault | None:
        if "/commits/" not in path or not path.endswith("/pulls") or len(met) >= times:
            return None
        met.append(path)
        return GitHubFault(status=200, body=body, headers={"Content-Type": "application/json"})

    world.acme.github.faults = answer
    return met


@pytest.mark.usefixtures("one_by_one")
def test_a_twin_that_is_listed_first_takes_nothing_away(world: World) -> None:
    """GitHub names mallory's twin twice before it names alice's own pull request: hers is waited for."""
    path, number, twin = with_a_twin(world)
    world.must(world.merge("olivia", number, "merge"))
    met = list_only(world, twin, times=2)
    world.jit("grant")
    assert (len(met), world.story(path), world.reach("alice")) == (2, ["approved", "granted"], ALICE)


def test_what_only_anothers_pull_request_brought_is_refused_after_the_lag(world: World) -> None:
    """alice opened none: for a quarter of an hour GitHub may only not have named it; then it is refused."""
    path, text = world.request("alice", "orders-db-read", "hers", **TABLE)
    world.land("mallory", {path: text}, method="merge")
    world.later(15 * MINUTE - SECOND)
    ran = world.jit("grant", code=3)
    assert "alice is asked for, but the pull request is mallory's" in ran.output
    assert "lists no pull request by alice" in ran.output
    assert world.story(path) == []
    world.later(SECOND)
    world.jit("grant", code=1)
    assert (world.reasons(path), world.reach("alice", "mallory")) == ({"not-the-author"}, set())


def test_who_waits_for_their_own_pull_request_delays_nobody(world: World) -> None:
    """While one request waits for GitHub, another is granted by the same run."""
    path, text = world.request("alice", "orders-db-read", "hers", **TABLE)
    world.land("mallory", {path: text})
    other = world.ask("alice", "mine")
    world.jit("grant", code=3)
    assert (world.story(path), world.story(other)) == ([], ["approved", "granted"])


def test_a_twin_of_a_pull_request_takes_nothing_away(world: World) -> None:
    """mallory opens a second pull request from alice's head: GitHub calls both merged, and alice's is the one that asks."""
    _, number, twin = with_a_twin(world)
    world.must(world.merge("olivia", number, "merge"))
    assert world.github.pulls[twin].is_merged
    world.jit("grant")
    assert world.reach("alice") == ALICE


def test_the_approval_of_a_twin_is_no_approval_of_the_request(world: World) -> None:
    """Approved is mallory's pull request, of the very same commit: alice's has no approval, and she asks in vain."""
    path, text = world.request("alice", "orders-db-read", "twin", **TABLE)
    number = world.propose("alice", "twin", {path: text})
    world.github.store.update_ref("refs/heads/twin", world.github.pulls[number].head_sha)
    twin = world.must(
        world.acme.call("mallory", "POST", "/pulls", title="twin", head="twin", base="main", body="")
    )
    world.must(world.review("bob", int(twin["number"])))
    world.must(world.merge("olivia", int(twin["number"]), "merge"))
    world.jit("grant", code=1)
    assert world.reach("alice") == set()
    assert world.reasons(path) == {"not-enough-approvals"}


@pytest.mark.parametrize(
    "environ",
    [{"GITHUB_RUN_ATTEMPT": "2"}, {"GITHUB_TRIGGERING_ACTOR": "mallory"}],
    ids=["a second attempt", "another's hand"],
)
def test_a_re_run_of_a_revocation_revokes_nothing(
    world: World, granted: str, environ: dict[str, str]
) -> None:
    """Its actor is still the owner who once started it; who re-runs it may be anyone."""
    ran = world.jit("revoke", granted, "--reason", "again", code=3, actor="bob", **environ)
    assert "start revoke anew" in ran.output
    assert world.story(granted) == ["approved", "granted"]
    world.jit(
        "revoke",
        granted,
        "--reason",
        "mine",
        actor="bob",
        GITHUB_TRIGGERING_ACTOR="bob",
        GITHUB_RUN_ATTEMPT="1",
    )
    assert world.reach("alice") == set()


@pytest.mark.usefixtures("one_by_one")
def test_a_start_far_away_does_not_stay_in_doubt_for_ever(world: World) -> None:
    """What cannot be decided is given up when it could give nothing any more, whatever start it claims."""
    path = world.ask(starts_at="2099-01-01T00:00:00Z", by=())
    refuse_github(world)
    world.jit("grant", code=3)
    world.later(14 * DAY - HOUR)
    world.jit("grant", code=3)
    world.later(HOUR)
    world.jit("grant", code=1)
    assert world.story(path) == ["refused"]
