"""What one person puts into main, the ledger or GitHub stops that person's request, and nothing else."""

import json
from collections.abc import Mapping

import flask
import hostile
import pytest
from acme_world import DENY_ALL, HOUR, MINUTE, ORDERS, World
from audit_story import clone, vouched
from forging import push
from hostile import Commit, Put

from jitbot.domain.model.bounds import EVENT_WRITTEN, MOST_ASKS
from jitbot.sandbox.github import GitHubFault
from jitbot.sandbox.github.git.objects import Signature

GLASS = "requests/production-break-glass"
DEEP = f"{GLASS}/{'a/' * 70}x.md"
LONG = "/".join(["d" * 250] * 15)
ALICE = "  alice: {github_id: 1001, identity_center: alice@acme.com}\n"


def merged(world: World, files: Mapping[str, str | None], login: str = "mallory", title: str = "m") -> int:
    """A pull request into the folder that nobody owns, merged; olivia's press stands for its author's own."""
    store, who = world.github.store, Signature(name=login, email=f"{login}@acme.com", when=world.now)
    branch = f"{login}-{world.steps}"
    world.steps += 1
    tip = store.tip("main")
    store.update_ref(f"refs/heads/{branch}", tip)
    put = {path: text.encode() for path, text in files.items() if text is not None}
    gone = tuple(path for path, text in files.items() if text is None)
    store.commit_files(branch, tip, put, gone, title, who, who)
    opened = world.acme.call(login, "POST", "/pulls", title=title[:200], head=branch, base="main", body="")
    number = int(world.must(opened)["number"])
    world.must(world.merge("olivia", number))
    return number


def gone(world: World) -> None:
    """alice leaves the company."""
    world.write("policies/people.yaml", world.text("policies/people.yaml").replace(ALICE, ""))


def audited(world: World) -> list[dict[str, str]]:
    """What an audit from a clone finds."""
    clone(world)
    given = ("--keys", str(vouched(world)), "--format", "json")
    ran = world.ran("audit", "verify", *given, runner="auditor", workflow="audit.yml")
    return list(json.loads(ran.output)["findings"])


HOSTILE: Mapping[str, Mapping[str, str | None]] = {
    "a file 70 folders deep": {DEEP: ""},
    "1,200 files": {f"{GLASS}/{number}.md": "" for number in range(1200)},
    "600 long names that ask": {
        f"{GLASS}/2026-11/23-x-{'y' * 200}{number}.yaml": "" for number in range(600)
    },
    "300 names of 4 kB": {f"{GLASS}/{LONG}/{number:05}.md": "" for number in range(300)},
    "a file of 5 MB": {f"{GLASS}/2026-11/23-mallory-x.yaml": "x" * 5_000_000},
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("end", ["revoked", "deleted", "offboarded"])
def test_no_merge_delays_an_end(world: World, granted: str, name: str, end: str) -> None:
    """Whatever was merged beside a grant, its early end is carried out by the very next run."""
    if name not in world.kept:
        merged(world, HOSTILE[name])
        world.ran("grant")
        world.kept[name] = world.keep()
    world.back(world.kept[name])
    assert world.reach("alice") != set()
    if end == "revoked":
        world.ran("revoke", granted, "--reason", "stolen laptop", actor="bob")
    else:
        world.write(granted, None) if end == "deleted" else gone(world)
        world.ran("sweep")
    assert world.reach("alice") == set()
    assert f"ended {end}" in world.story(granted)


@pytest.mark.parametrize("files", HOSTILE.values(), ids=HOSTILE)
def test_no_merge_stops_anothers_request(world: World, files: Mapping[str, str | None]) -> None:
    """What is approved beside it is granted, extended by nobody, and audited as if it were not there."""
    merged(world, files)
    path = world.ask("carol", "beside")
    ran = world.ran("grant")
    assert world.story(path) == ["approved", "granted"], ran.output
    sizes = world.github.store.git("ls-tree", "-r", "--format=%(objectsize)", "ledger").decode().split()
    assert max(map(int, sizes)) <= EVENT_WRITTEN
    assert world.ran("sweep").code in (0, 1)
    assert [each for each in audited(world) if each["weight"] != "note"] == []


def test_a_merge_that_asks_for_too_much_is_refused_once(world: World) -> None:
    """One event refuses all of it; later runs do not record it again, and a smaller merge of the same person is decided."""
    files = {f"requests/{ORDERS}/2026-11/23-mallory-{number}.yaml": "" for number in range(MOST_ASKS + 1)}
    merged(world, files)
    ran = world.jit("grant", code=1)
    assert "changes more below requests/ than one merge may" in ran.output
    assert [(each["event"], each["request"]) for each in world.ledger()] == [("refused", "")]
    assert "refused: all that merge" in world.github.store.git("log", "-1", "--format=%s", "ledger").decode()
    world.jit("grant")
    assert len(world.ledger()) == 1
    merged(world, {f"requests/{ORDERS}/2026-11/23-mallory-again.yaml": ""})
    world.ran("grant")
    assert world.ledger()[-1]["request"].endswith("23-mallory-again.yaml")


def test_a_bulk_of_requests_waits_for_the_few(world: World) -> None:
    """Fifty requests of one merge are decided after everybody else's, merged later as they were."""
    merged(world, {f"requests/{ORDERS}/2026-11/23-mallory-{number}.yaml": "" for number in range(50)})
    path = world.ask("carol", "behind")
    world.ran("grant")
    events = [(each["event"], each["request"]) for each in world.ledger()]
    assert events[:2] == [("approved", path), ("granted", path)]
    assert len(events) == 52


def test_what_github_does_not_take_stays_due_and_stops_nobody_else(world: World) -> None:
    """A record that GitHub refuses for one merge is refused for that merge alone."""
    first, second = world.ask("alice", "one"), world.ask("carol", "two")

    def refuse(method: str, path: str) -> GitHubFault | None:
        records = (method, path) == ("POST", "/graphql") and b"alice" in flask.request.get_data()
        return GitHubFault(status=413) if records else None

    world.acme.github.faults = refuse
    ran = world.jit("grant", code=3)
    assert "could not be recorded" in ran.output
    assert (world.story(first), world.story(second)) == ([], ["approved", "granted"])
    world.calm()
    world.jit("grant")
    assert world.story(first) == ["approved", "granted"]


def test_however_many_records_are_refused_the_others_are_made(world: World) -> None:
    """Six merges whose record GitHub does not take: who came before and after them has access in the same run."""
    first = world.ask("alice", "first")
    bad = [world.ask("carol", f"bad{number}") for number in range(6)]
    last = world.ask("alice", "last")
    world.acme.github.faults = lambda method, path: (
        GitHubFault(status=413)
        if (method, path) == ("POST", "/graphql") and b"carol" in flask.request.get_data()
        else None
    )
    ran = world.jit("grant", code=3)
    assert [world.story(each) for each in (first, last)] == [["approved", "granted"]] * 2
    assert all(world.story(each) == [] for each in bad)
    assert ran.output.count("its decision could not be recorded") == 6


def test_an_extension_waits_for_the_record_of_what_it_extends(world: World) -> None:
    """What cannot be recorded of a file keeps later changes of the file from being decided without it."""
    path = world.ask("carol", "first")
    world.land("carol", {path: world.text(path).replace('"2h"', '"3h"')})
    left = [1, 2]  # all together, and then the first merge alone

    def told(method: str, called: str) -> GitHubFault | None:
        records = (method, called) == (
            "POST",
            "/graphql",
        ) and b"createCommitOnBranch" in flask.request.get_data()
        return GitHubFault(status=413) if records and left and left.pop() else None

    world.acme.github.faults = told
    world.jit("grant")
    assert not left
    assert world.story(path) == ["approved", "extended", "granted"]


def test_a_huge_request_is_refused_for_good(world: World) -> None:
    """Five megabytes are no request: refused once, and looked at no more."""
    path = f"{GLASS}/2026-11/23-mallory-x.yaml"
    merged(world, {path: "x" * 5_000_000})
    world.jit("grant", code=1)
    assert (world.story(path), world.reasons(path)) == (["refused"], {"too-large"})
    world.jit("grant")


def test_what_is_in_doubt_for_long_delays_nobody_new(world: World) -> None:
    """A request that GitHub does not tell of is looked at after those that were merged in the last hour."""
    old = world.ask("alice", "old")
    world.later(HOUR + MINUTE)
    new = world.ask("carol", "new")
    ran = world.jit("grant")
    assert ran.output.index(f"deciding {new}") < ran.output.index(f"deciding {old}")
    assert [world.story(each) for each in (old, new)] == [["approved", "granted"]] * 2


def test_an_end_that_was_undone_is_made_again(world: World, granted: str) -> None:
    """Somebody takes AWSDenyAll off a role that was ended early: the next ordinary sweep denies it again, and says so."""
    world.jit("revoke", granted, "--reason", "stolen laptop", actor="bob")
    for again in (1, 2):
        world.by_hand().detach_role_policy(RoleName=world.roles()[0].name, PolicyArn=DENY_ALL)
        assert world.reach("alice") != set()
        world.later(10 * MINUTE)
        ran = world.jit("sweep", code=3)
        assert "drift" in ran.output
        assert world.reach("alice") == set()
        assert world.story(granted).count("ended drift") == again
    world.later(10 * MINUTE)
    world.jit("sweep")


def test_an_end_is_watched_until_no_session_can_live(world: World, granted: str) -> None:
    """After the grant's end a session may live for an hour: until then an undone denial is made again, then removed."""
    world.jit("revoke", granted, "--reason", "x", actor="bob")
    world.later(2 * HOUR + 50 * MINUTE)
    world.by_hand().detach_role_policy(RoleName=world.roles()[0].name, PolicyArn=DENY_ALL)
    world.jit("sweep", code=3)
    assert DENY_ALL in world.roles()[0].attached
    world.later(11 * MINUTE)
    world.jit("sweep")
    assert world.roles() == []


def test_whoever_keeps_pushing_starves_no_revocation(world: World, granted: str) -> None:
    """A push to the ledger between every reading and every write: access ends, and the record follows once it can."""
    pushes = 0

    def busy(method: str, path: str) -> None:
        nonlocal pushes
        if (method, path) == ("POST", "/graphql"):
            pushes += 1
            push(world, {f"noise/{pushes}": b"x"})

    world.acme.github.faults = busy
    ran = world.jit("revoke", granted, "--reason", "stolen", code=3, actor="bob")
    assert "denied in 1 account, and it could not be recorded" in ran.output
    assert world.reach("alice") == set()
    assert pushes > 8
    world.calm()
    world.jit("revoke", granted, "--reason", "stolen", actor="bob")
    assert world.story(granted)[-2:] == ["revoked", "ended revoked"]


@pytest.mark.parametrize(
    ("method", "part"),
    [("POST", "/graphql"), ("GET", "/rules/branches/ledger"), ("GET", "/_actions/token")],
    ids=["no commit", "no rules", "no token"],
)
def test_a_revocation_that_cannot_be_recorded_ends_access(
    world: World, granted: str, method: str, part: str
) -> None:
    """GitHub, or its issuer for the ledger's tokens alone, is down or out of budget: access ends, and the run fails."""

    def down(called: str, path: str) -> GitHubFault | None:
        aims = part != "/_actions/token" or flask.request.args.get("audience", "").startswith("jitbot-ledger")
        return GitHubFault(status=503) if called == method and part in path and aims else None

    world.acme.github.faults = down
    ran = world.ran("revoke", granted, "--reason", "stolen", actor="bob")
    assert (ran.code, world.reach("alice")) == (3, set()), ran.output
    world.calm()
    world.jit("revoke", granted, "--reason", "stolen", actor="bob")
    assert "ended revoked" in world.story(granted)


def test_a_deletion_ends_nobodys_emergency_access_without_the_right(world: World) -> None:
    """In a folder that nobody owns, deleting a file ends access only if its author may revoke it."""
    path, text = world.request("dave", "production-break-glass", "outage", duration="1h", ticket="OPS-1")
    world.land("dave", {path: text}, by=())
    world.ran("grant")
    before = world.reach("dave")
    merged(world, {path: None})
    ran = world.ran("sweep")
    assert (
        "its deletion ends nothing: nobody owns its folder, and mallory is neither the requester"
        in ran.output
    )
    assert (world.reach("dave"), "ended deleted" in world.story(path)) == (before, False)


@pytest.mark.parametrize(("times", "ends"), [(10, True), (100, False)])
def test_nobody_hides_a_deletion_behind_deletions_of_their_own(
    world: World, times: int, *, ends: bool
) -> None:
    """dave gives up his emergency access, and mallory adds and deletes the file: it ends, or somebody is told to look."""
    path, text = world.request("dave", "production-break-glass", "outage", duration="1h", ticket="OPS-1")
    world.land("dave", {path: text}, by=())
    world.ran("grant")
    world.land("dave", {path: None}, by=())
    world.later(MINUTE)
    name = path.encode()
    again = [Commit(puts={name: Put(content=b"reason: x\n")}), Commit(puts={}, gone=[name])] * times
    again[0] = Commit(puts={**again[0].puts, b"requests/production-break-glass/note.md": Put(content=b"x")})
    hostile.merged(world, *again, method="rebase")
    world.later(20 * MINUTE)
    ran = world.ran("sweep")
    assert ("ended deleted" in world.story(path)) is ends, ran.output
    assert ("deleted more than 100 times" in ran.output, ran.code) == (not ends, 0 if ends else 3)


@pytest.mark.parametrize("year", [2026, 2099])
def test_a_deletion_without_a_pull_request_is_told_once_github_cannot_lag(world: World, year: int) -> None:
    """Pushed past the rules, in a folder that nobody owns: no date keeps it in doubt for longer than GitHub may lag."""
    path, text = world.request("dave", "production-break-glass", "outage", duration="1h", ticket="OPS-1")
    world.land("dave", {path: text}, by=())
    world.ran("grant")
    when = world.now.replace(year=year)
    hostile.commit(world, "main", Commit(puts={}, gone=[path.encode()], when=when.timestamp()))
    world.later(16 * MINUTE)
    ran = world.ran("sweep")
    assert "no pull request is known that deleted it" in ran.output
    assert (world.reach("dave") != set(), "yet" in ran.output) == (True, False)


def test_the_requester_ends_emergency_access_by_deleting_the_file(world: World) -> None:
    """The same by the requester: it ends."""
    path, text = world.request("dave", "production-break-glass", "outage", duration="1h", ticket="OPS-1")
    world.land("dave", {path: text}, by=())
    world.ran("grant")
    merged(world, {path: None}, login="dave")
    world.ran("sweep")
    assert (world.reach("dave"), world.story(path)[-1]) == (set(), "ended deleted")


@pytest.mark.parametrize(("who", "ends"), [("mallory", False), ("dave", True), ("erin", True)])
def test_a_deletion_that_is_pushed_to_the_requesters_branch_needs_the_right_too(
    world: World, who: str, *, ends: bool
) -> None:
    """dave has a pull request open, and somebody pushes the deletion of his emergency access to its branch."""
    path, text = world.request("dave", "production-break-glass", "outage", duration="1h", ticket="OPS-1")
    world.land("dave", {path: text}, by=())
    world.ran("grant")
    note = "requests/production-break-glass/note.md"
    number = world.propose("dave", "a note", {note: "what happened"})
    store, signature = world.github.store, Signature(name="dave", email="dave@acme.com", when=world.now)
    tip = store.tip(branch := world.github.pulls[number].head_ref)
    store.update_ref("refs/heads/scratch", tip)
    deletion = store.commit_files("scratch", tip, {}, (path,), "more", signature, signature)
    world.must(world.acme.call(who, "PATCH", f"/git/refs/heads/{branch}", sha=deletion, force=False))
    world.must(world.merge("olivia", number))
    ran = world.ran("sweep")
    assert ("ended deleted" in world.story(path), world.reach("dave") == set()) == (ends, ends), ran.output
    assert ("mallory is neither the requester" in ran.output) is not ends


def test_what_github_cannot_tell_of_one_deletion_holds_up_no_other_end(world: World, granted: str) -> None:
    """carol's file was deleted and is back, and GitHub does not answer for that commit: alice, offboarded, ends at once."""
    other = world.ask("carol", "other")
    world.jit("grant")
    text = world.text(other)
    merged(world, {other: None}, login="carol")
    deleted = world.github.store.tip("main")
    merged(world, {other: text}, login="carol")
    gone(world)
    world.acme.github.faults = lambda _, path: GitHubFault(status=500) if deleted in path else None
    ran = world.jit("sweep", code=3)
    assert "it is unknown whether its deletion ends the access" in ran.output
    assert (world.story(granted)[-1], world.reach("alice")) == ("ended offboarded", set())
    assert world.reach("carol") != set()
    world.land("carol", {other: text.replace('"2h"', '"3h"')})
    world.jit("grant", code=3)
    # Decided, and nothing given while the doubt lasts.
    assert ("extended" in world.story(other), world.story(other).count("granted")) == (True, 1)
    world.calm()
    world.jit("sweep")
    assert (world.story(other)[-1], world.reach("carol")) == ("ended deleted", set())


def test_a_deletion_in_a_commit_that_is_too_large_ends_access(world: World, granted: str) -> None:
    """The file is gone from main's tip, whatever else the commit did."""
    merged(world, {DEEP: "", granted: None}, login="alice")
    world.jit("sweep")
    assert world.story(granted)[-1] == "ended deleted"


def test_known_files_are_looked_for_whatever_their_number_and_names(world: World, granted: str) -> None:
    """Six hundred refused requests with long names, deleted again: the command line of git is no limit of an end."""
    names = [f"{GLASS}/2026-11/{number:03}{'y' * 240}.yaml" for number in range(99)]
    for _ in range(6):
        merged(world, dict.fromkeys(names, "x"))
        merged(world, dict.fromkeys(names))
    world.ran("grant")
    gone(world)
    world.ran("sweep")
    assert world.story(granted)[-1] == "ended offboarded"


@pytest.mark.parametrize("name", ["events", "events/2026", "attestations", "keys", "events/2026/11/23"])
def test_a_file_in_the_place_of_a_folder_stops_no_record(world: World, granted: str, name: str) -> None:
    """The ledger's branch gets a file where a folder of batches must be: the next batch removes it, and all goes on."""
    listed = (
        world.github.store.git("ls-tree", "-r", "--name-only", "ledger", "--", f"{name}/").decode().split()
    )
    push(world, {name: b"x"}, gone=tuple(listed))
    path = world.ask("carol", "beside")
    ran = world.jit("grant")
    assert (world.story(path), "of the ledger is ignored" in ran.output) == (["approved", "granted"], True)
    world.jit("revoke", granted, "--reason", "done", actor="alice")
    assert world.reach("alice") == set()
    found = {each["code"] for each in audited(world) if each["weight"] != "note"}
    assert found <= {"unattested", "event-deleted"}


def test_a_name_that_differs_by_case_stops_no_extension(world: World, granted: str) -> None:
    """Whoever comes later under such a name is refused; what was there before is extended as ever."""
    shouted = granted.replace("23-alice", "23-ALICE")
    merged(world, {shouted: "x"})
    world.land("alice", {granted: world.text(granted).replace('"2h"', '"3h"')})
    world.ran("grant")
    assert world.story(granted)[-2:] == ["extended", "granted"]
    assert "case-clash" in world.reasons(shouted)
