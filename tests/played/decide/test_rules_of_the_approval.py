"""An approval counts under the rules it was given on and under those of the merge, whatever lies in CODEOWNERS' place."""

import json
from collections.abc import Callable

import pytest
from acme_world import HOUR, MINUTE, ORDERS, TABLE, World
from audit_story import clone, vouched

from jitbot.sandbox.github.git.objects import Signature

ALICE = {("alice", "prod", "orders")}
OWNERS, TEAMS = ".github/CODEOWNERS", "policies/teams.yaml"
POLICY = f"policies/access/{ORDERS}.yaml"
BREAK_GLASS = "production-break-glass"


def proposed(world: World, slug: str = "rules") -> tuple[str, int]:
    """alice's pull request for the orders table; its path and number."""
    world.steps += 1
    path, text = world.request("alice", ORDERS, slug, **TABLE)
    return path, world.propose("alice", f"{slug} {world.steps}", {path: text})


def changed(world: World, path: str, old: str, new: str) -> None:
    """A rule of main, changed by hand."""
    text = world.text(path)
    assert old in text
    world.write(path, text.replace(old, new))


def decided(world: World, number: int, code: int) -> None:
    """Merged past GitHub's rules, and decided."""
    world.must(world.merge("olivia", number))
    world.jit("grant", code=code)


def test_who_owned_nothing_when_approving_approved_nothing(world: World) -> None:
    """carol approves, and joins the owners an hour later, before the merge."""
    path, number = proposed(world)
    world.must(world.review("carol", number))
    world.later(HOUR)
    changed(world, TEAMS, "acme/payments-leads: [bob]", "acme/payments-leads: [bob, carol]")
    decided(world, number, code=1)
    assert world.reasons(path) == {"not-enough-approvals"}
    assert "by the rules of the approved commit" in json.dumps(world.ledger()[-1]["evidence"]["not_counted"])
    assert world.reach("alice") == set()


def test_who_owns_nothing_any_more_approved_nothing(world: World) -> None:
    """bob approves, and leaves the owners before the merge."""
    path, number = proposed(world)
    world.must(world.review("bob", number))
    changed(world, TEAMS, "acme/payments-leads: [bob]", "acme/payments-leads: [heidi]")
    decided(world, number, code=1)
    assert world.reasons(path) == {"not-enough-approvals"}


@pytest.mark.parametrize("both", [False, True])
def test_it_takes_as_many_approvals_as_either_rules_ask_for(world: World, both: bool) -> None:
    """The policy asked for two when bob approved, and asks for one at the merge."""
    policy = world.text(POLICY)
    changed(world, TEAMS, "acme/payments-leads: [bob]", "acme/payments-leads: [bob, heidi]")
    world.write(POLICY, policy.replace("approvals: 1", "approvals: 2"))
    path, number = proposed(world)
    for who in ("bob", "heidi") if both else ("bob",):
        world.must(world.review(who, number))
    world.write(POLICY, policy)
    decided(world, number, code=0 if both else 1)
    assert world.story(path) == (["approved", "granted"] if both else ["refused"])
    assert world.ledger()[0]["evidence"]["approvals_required"] == 2


BY_NAME = {
    "by the end of a name": "*-docs.yaml",
    "by the end of a name, at any depth": "**/*-docs.yaml",
    "by month": f"/requests/{ORDERS}/2026-11/",
    "by a month of any policy": "2026-11/",
    "by day": f"/requests/{ORDERS}/*/23-*",
    "by login": f"/requests/{ORDERS}/*/??-alice-*",
    "by a part of the name": "*docs*",
    "by length": "??-?????-?-????.yaml",
    "by the whole path": f"/requests/{ORDERS}/2026-11/23-alice-x-docs.yaml",
}


@pytest.mark.parametrize("pattern", BY_NAME.values(), ids=BY_NAME.keys())
def test_no_name_chooses_who_approves(world: World, pattern: str) -> None:
    """A line that picks single requests owns none; explain says so before, and doctor says that the line is wrong."""
    changed(world, OWNERS, "# Break-glass:", f"{pattern} @acme/engineering\n# Break-glass:")
    path, number = proposed(world, "x-docs")
    world.must(world.review("mallory", number))
    checked = world.ran("explain", str(number))
    decided(world, number, code=1)
    assert "owners-by-name" in world.reasons(path)
    assert world.reach("alice") == set()
    assert "by its name or month" in checked.output
    doctor = world.ran("doctor").output
    assert "✗ no line picks single requests" in doctor
    assert pattern in doctor


@pytest.mark.parametrize(
    "pattern", ["*.yaml", f"/requests/{ORDERS}/**", "/requests/orders-*/", "/requests/*/*/*"]
)
def test_a_line_for_whole_policies_chooses_by_no_name(world: World, pattern: str) -> None:
    """Whatever the file is called, such a line owns it."""
    changed(world, OWNERS, "# Break-glass:", f"{pattern} @acme/payments-leads\n# Break-glass:")
    path, number = proposed(world)
    world.must(world.review("bob", number))
    decided(world, number, code=0)
    assert world.story(path) == ["approved", "granted"]


def tree_with(world: World, mode: str, *, stale: str = "* @acme/engineering\n") -> None:
    """Put an entry of this mode at .github/CODEOWNERS of main, and a stale plain file at docs/CODEOWNERS."""
    git, main = world.github.store.git, world.github.store.tip("main")
    blob = git("rev-parse", f"{main}:{OWNERS}").decode().strip()
    old = git("hash-object", "-w", "--stdin", stdin=stale.encode()).decode().strip()
    folder = git("mktree", stdin=f"100644 blob {blob}\tnotes\n".encode()).decode().strip()
    kind, sha = {"040000": ("tree", folder), "160000": ("commit", main)}.get(mode, ("blob", blob))

    def put(tree: str, name: str, entry: str) -> str:
        lines = [
            each for each in git("ls-tree", tree).decode().splitlines() if not each.endswith(f"\t{name}")
        ]
        listing = "".join(f"{each}\n" for each in [*lines, f"{entry}\t{name}"])
        return str(git("mktree", "--missing", stdin=listing.encode()).decode().strip())

    dot = put(git("rev-parse", f"{main}:.github").decode().strip(), "CODEOWNERS", f"{mode} {kind} {sha}")
    docs = put(git("mktree", stdin=b"").decode().strip(), "CODEOWNERS", f"100644 blob {old}")
    root = git("rev-parse", f"{main}^{{tree}}").decode().strip()
    root = put(put(root, ".github", f"040000 tree {dot}"), "docs", f"040000 tree {docs}")
    who = Signature(name="olivia", email="olivia@acme.com", when=world.now)
    world.github.store.update_ref(
        "refs/heads/main", world.github.store.commit_tree(root, (main,), "another kind", who, who)
    )


@pytest.mark.parametrize("mode", ["100755", "120000", "040000", "160000"])
def test_whatever_lies_at_codeowners_no_other_file_decides(world: World, mode: str) -> None:
    """GitHub reads the first location that exists: what is no plain file there gives nobody's approval any weight."""
    tree_with(world, mode)
    path, number = proposed(world)
    world.must(world.review("mallory", number))
    decided(world, number, code=1)
    assert "codeowners-not-plain" in world.reasons(path)
    assert world.reach("alice") == set()
    assert "no plain file" in world.ran("doctor").output
    assert world.ran("audit", "verify", workflow="audit.yml").code in {
        0,
        3,
    }  # decided again, it is refused again


@pytest.mark.parametrize("mode", ["100755", "120000"])
def test_rules_that_are_no_plain_files_are_not_missing(world: World, mode: str) -> None:
    """An executable teams.yaml is told as what it is."""
    odd(world, TEAMS, mode)
    path = world.ask()
    world.jit("grant", code=1)
    assert world.reasons(path) == {"not-a-plain-file"}


def odd(world: World, path: str, mode: str, branch: str = "main") -> None:
    """Give a file of a branch another mode."""
    store, index = world.github.store, {"GIT_INDEX_FILE": str(world.github.store.path / "odd-index")}
    tip = store.tip(branch)
    blob = store.git("rev-parse", f"{tip}:{path}").decode().strip()
    store.git("read-tree", tip, variables=index)
    store.git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}", variables=index)
    tree = store.git("write-tree", variables=index).decode().strip()
    who = Signature(name="olivia", email="olivia@acme.com", when=world.now)
    store.update_ref(f"refs/heads/{branch}", store.commit_tree(tree, (tip,), "odd", who, who))


@pytest.mark.parametrize("mode", ["100755", "120000"])
def test_settings_that_are_no_plain_file_stop_the_run_as_what_they_are(world: World, mode: str) -> None:
    """Never as missing."""
    odd(world, "policies/settings.yaml", mode)
    assert f"no plain file: git mode {mode}" in world.ran("grant").output


@pytest.mark.parametrize("path", [OWNERS, TEAMS])
@pytest.mark.parametrize("mode", ["100755", "120000"])
def test_check_says_that_a_rule_is_no_plain_file(world: World, path: str, mode: str) -> None:
    """In the pull request that would make it one."""
    world.github.store.update_ref("refs/heads/odd", world.github.store.tip("main"))
    odd(world, path, mode, "odd")
    clone = world.acme.clone("runner")
    world.acme.git("olivia", "fetch", "--quiet", "origin", "odd", cwd=clone)
    head = world.github.store.tip("odd")
    ran = world.ran("check", "--base", world.github.store.tip("main"), "--head", head)
    assert ("codeowners-not-plain" if path == OWNERS else "not-a-plain-file") in ran.output
    assert ran.code == 1


def objected(world: World, by: str = "erin") -> tuple[str, int, int]:
    """dave asks for production-admin, an owner objects, two others approve: path, number, and the objection's id."""
    world.steps += 1
    path, text = world.request("dave", "production-admin", "ask", duration="1h", ticket="OPS-7")
    number = world.propose("dave", f"ask {world.steps}", {path: text})
    asked = world.acme.call(by, "POST", f"/pulls/{number}/reviews", event="REQUEST_CHANGES", body="not this")
    for who in {"erin", "frank", "olivia"} - {by}:
        world.must(world.review(who, number))
    return path, number, int(world.must(asked)["id"])


def dismissed(world: World, login: str, number: int, review: int) -> None:
    """This account dismisses a review."""
    world.must(
        world.acme.call(login, "PUT", f"/pulls/{number}/reviews/{review}/dismissals", message="resolved")
    )


@pytest.mark.parametrize("login", ["dave", "github-actions[bot]", "stranger"])
def test_who_asks_silences_no_objection(world: World, login: str) -> None:
    """Neither by their own hand, nor by a job of theirs, nor by an account that nobody knows."""
    world.acme.github.add_user("stranger", 4711)
    world.acme.github.add_user("github-actions[bot]", 41898282, type="Bot", permission="write")
    path, number, review = objected(world)
    dismissed(world, login, number, review)
    decided(world, number, code=1)
    assert world.reasons(path) == {"changes-requested"}
    assert world.reach("dave") == set()


def test_an_objection_dismissed_after_the_merge_stood_at_the_merge(world: World) -> None:
    """Whoever dismisses it then."""
    path, number, review = objected(world)
    world.must(world.merge("olivia", number))
    world.later(MINUTE)
    dismissed(world, "olivia", number, review)
    world.jit("grant", code=1)
    assert "changes-requested" in world.reasons(path)


def test_an_objection_that_somebody_else_resolved_is_resolved(world: World) -> None:
    """An admin, whom people.yaml knows, dismisses it: it stands no longer."""
    path, number, review = objected(world)
    dismissed(world, "olivia", number, review)
    decided(world, number, code=0)
    assert world.story(path) == ["approved", "granted"]


@pytest.mark.parametrize("after", [True, False], ids=["after the merge", "before it"])
def test_an_approval_dismissed_after_the_merge_was_one_at_the_merge(world: World, after: bool) -> None:
    """mallory, who may write, dismisses bob's approval: after the merge that takes nothing from alice."""
    path, number = proposed(world)
    review = int(world.must(world.review("bob", number))["id"])
    if after:
        world.must(world.merge("olivia", number))
        world.later(MINUTE)
    dismissed(world, "mallory", number, review)
    if not after:
        world.must(world.merge("olivia", number))
    world.jit("grant", code=0 if after else 1)
    assert world.story(path) == (["approved", "granted"] if after else ["refused"])
    clone(world)
    ran = world.jit(
        *("audit", "verify", "--keys", str(vouched(world))), runner="auditor", workflow="audit.yml"
    )
    assert "the record is whole" in ran.output


def test_a_wider_merge_takes_nothing_from_the_narrow_request(world: World) -> None:
    """mallory's pull request holds alice's approved commit beside a request of her own: each is decided by its own."""
    path, number = proposed(world)
    world.must(world.review("bob", number))
    branch = str(world.github.pulls[number].head_ref)
    clone = world.acme.clone("clone-mallory", "mallory")
    world.acme.git("mallory", "fetch", "--quiet", "origin", branch, cwd=clone)
    world.acme.git("mallory", "checkout", "--quiet", "-B", f"wide-{world.steps}", "FETCH_HEAD", cwd=clone)
    other, text = world.request("mallory", ORDERS, "beside", **TABLE)
    world.push("mallory", f"wide-{world.steps}", {other: text})
    opened = world.acme.call(
        "mallory", "POST", "/pulls", title="wide", head=f"wide-{world.steps}", base="main", body=""
    )
    world.must(world.merge("olivia", int(world.must(opened)["number"]), "merge"))
    world.jit("grant", code=1)
    assert (world.story(path), world.story(other)) == (["approved", "granted"], ["refused"])
    assert world.reach("alice", "mallory") == ALICE


def many(world: World, login: str, files: dict[str, str]) -> int:
    """A pull request of these files, in one commit."""
    world.steps += 1
    store, name = world.github.store, f"many-{world.steps}"
    who = Signature(name=login, email=f"{login}@acme.com", when=world.now)
    store.update_ref(f"refs/heads/{name}", store.tip("main"))
    bytes_of = {path: text.encode() for path, text in files.items()}
    store.commit_files(name, store.tip("main"), bytes_of, (), "many", who, who)
    opened = world.acme.call(login, "POST", "/pulls", title="many", head=name, base="main", body="")
    return int(world.must(opened)["number"])


def names(number: int, length: int) -> Callable[[int], str]:
    """Paths of so many characters each."""
    part = "/".join(["d" * 200] * (length // 200))
    return lambda place: f"requests/{BREAK_GLASS}/{part}/{number}-{place:05}.md"


@pytest.mark.parametrize(("number", "length"), [(99, 3800), (150, 200), (20, 3800)])
def test_no_pull_request_fills_the_ledger(world: World, granted: str, number: int, length: int) -> None:
    """What anybody merges is recorded in at most 64 KiB, and the next revoke reads it."""
    path, text = world.request("mallory", BREAK_GLASS, "x", duration="1h", ticket="OPS-1")
    name = names(number, length)
    files = {path: text, **{name(place): "" for place in range(number)}}
    world.must(world.merge("olivia", many(world, "mallory", files)))
    world.jit("grant", code=1)
    assert "too-many-files" in world.reasons(path)
    assert max(len(json.dumps(event)) for event in world.ledger()) < 64 * 1024
    world.jit("revoke", granted, "--reason", "stolen laptop", actor="bob")
    assert world.reach("alice") == set()


def test_a_flood_of_twins_fills_no_event(world: World) -> None:
    """Forty pull requests of the same commit are not all recorded, and take nothing away."""
    path, number = proposed(world)
    world.must(world.review("bob", number))
    head = world.github.pulls[number].head_sha
    for place in range(40):
        name = f"twin-{world.steps}-{place}"
        world.must(world.acme.call("mallory", "POST", "/git/refs", ref=f"refs/heads/{name}", sha=head))
        world.must(
            world.acme.call("mallory", "POST", "/pulls", title="twin", head=name, base="main", body="")
        )
    world.must(world.merge("olivia", number, "merge"))
    world.jit("grant")
    assert world.story(path) == ["approved", "granted"]
    facts = world.ledger()[0]["evidence"]["facts"]
    assert (len(facts["listed"]), facts["listed_count"]) == (10, 41)
    assert facts["listed"][0]["author"]["login"] == "alice"
