"""`jitbot check`: the verdict that a merge would meet, before it is one; read from git alone."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from acme_world import ORDERS, TABLE, World, clone_of

from jitbot.domain.text import timestamp

RULES = f"policies/access/{ORDERS}.yaml"


def codes(world: World, *commits: Mapping[str, str | None], code: int = 1) -> str:
    """What `check` says of a branch of alice's with these commits, against main as it is on GitHub."""
    world.steps += 1
    number = world.propose("alice", f"check {world.steps}", *commits)
    clone = world.acme.clone("clone-alice", "alice")
    wanted = ("refs/heads/main:refs/remotes/origin/main", f"refs/pull/{number}/head:refs/checked")
    world.acme.git("alice", "fetch", "--quiet", "--force", "origin", *wanted, cwd=clone)
    world.acme.github.calls.clear()
    ran = world.jit(
        "check",
        "--base",
        "origin/main",
        "--head",
        "refs/checked",
        code=code,
        runner="clone-alice",
        workflow="grant.yml",
    )
    assert world.acme.github.calls == []  # neither GitHub nor AWS is asked
    assert world.acme.aws.calls == []
    return ran.output


def an_ask(world: World, slug: str = "ask", **fields: Any) -> dict[str, str | None]:
    """One request of alice's as a commit."""
    path, text = world.request("alice", ORDERS, slug, **{**TABLE, **fields})
    return {path: text}


def test_a_request_that_would_be_granted_is_fine(world: World) -> None:
    """Exit 0, and no finding."""
    assert "[" not in codes(world, an_ask(world), code=0)


def test_many_files_are_too_many_for_a_request_alone(world: World) -> None:
    """A hundred and one other files change nothing that asks; with a request among them nothing of it is read."""
    many: dict[str, str | None] = {f"docs/{number}": "x" for number in range(101)}
    assert "[" not in codes(world, many, code=0)
    assert "[too-many-files]" in codes(world, an_ask(world) | many)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"duration": "5h"}, "duration-above-maximum"),
        ({"accounts": ["data"]}, "account-not-allowed"),
        ({"parameters": {"table": "secrets"}}, "parameter-refused"),
        ({"requester": "erin"}, "wrong-name"),
    ],
    ids=str,
)
def test_what_would_be_refused_is_found_before_the_merge(
    world: World, fields: dict[str, Any], code: str
) -> None:
    """The same rules as at the merge, with the same codes, exit 1."""
    assert f"[{code}]" in codes(world, an_ask(world, **fields))


def test_a_request_beside_rules_is_found(world: World) -> None:
    """Asking and changing rules are two pull requests."""
    wider = world.text(RULES).replace("4h", "7h")
    assert "[touches-rules]" in codes(world, {**an_ask(world), RULES: wider})


def test_a_change_of_rules_alone_is_fine(world: World) -> None:
    """Rules are checked as rules; no request is asked for."""
    codes(world, {RULES: world.text(RULES).replace("4h", "3h")}, code=0)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (RULES, "dynamodb:Scan", "dynamodb:Scan, {{tabel}}"),
        (RULES, "dave]", "nobody]"),
        ("policies/teams.yaml", "[bob]", "[bob, nobody]"),
        ("policies/people.yaml", "1001", "1002"),
        ("policies/accounts.yaml", '"111111111111"', "1111"),
        (".github/CODEOWNERS", "@acme/platform", "not an owner ["),
    ],
    ids=["unknown parameter", "unknown login", "unknown member", "one id twice", "no account", "owners"],
)
def test_rules_that_do_not_fit_are_found(world: World, path: str, old: str, new: str) -> None:
    """A policy, a team, a person, an account, an owner line: each in its own file."""
    text = world.text(path)
    assert old in text
    assert f"{path}:" in codes(world, {path: text.replace(old, new, 1)})


def test_newer_rules_on_the_base_are_found(world: World) -> None:
    """The branch shows other documents than main would grant: update it first."""
    world.steps += 1
    number = world.propose("alice", "older", an_ask(world))
    world.write(RULES, world.text(RULES).replace("dynamodb:Scan", "dynamodb:PutItem"))
    clone = world.acme.clone("clone-alice", "alice")
    world.acme.git(
        "alice", "fetch", "--quiet", "origin", "main", f"+refs/pull/{number}/head:refs/checked", cwd=clone
    )
    ran = world.jit(
        "check",
        "--base",
        "origin/main",
        "--head",
        "refs/checked",
        code=1,
        runner="clone-alice",
        workflow="grant.yml",
    )
    assert "[rules-changed]" in ran.output


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"2h"', '"1h"', "not-longer"),
        ('"2h"', '"2h" # more', "not-longer"),
        ("stuck", "gone", "not-an-extension"),
        ('"orders"', '"refunds"', "not-an-extension"),
    ],
    ids=["shorter", "as long", "reason", "parameters"],
)
def test_an_edit_that_is_no_extension_is_found(
    world: World, asked: str, old: str, new: str, code: str
) -> None:
    """A merged request may change its duration alone, and only to a longer one."""
    assert f"[{code}]" in codes(world, {asked: world.text(asked).replace(old, new)})


def test_an_extension_and_a_deletion_are_fine(world: World, asked: str) -> None:
    """More time is an extension; no file is an end."""
    codes(world, {asked: world.text(asked).replace('"2h"', '"3h"')}, code=0)
    codes(world, {asked: None}, code=0)


def test_a_symlink_is_found(world: World) -> None:
    """A request is an ordinary file."""
    ask = an_ask(world)
    path = next(iter(ask))
    clone = clone_of(world, "alice")
    (clone / path).parent.mkdir(parents=True, exist_ok=True)
    (clone / path).symlink_to("/etc/passwd")
    assert "[not-a-plain-file]" in codes(world, {})


def test_a_file_that_asks_for_more_time_is_explained_from_its_first_start(world: World) -> None:
    """`explain` counts it from the grant that the ledger records, not from now, and finds nothing wrong with it."""
    path = world.ask()
    world.jit("grant")
    first = world.ledger()[0]["window"]["expires_at"]
    file = clone_of(world, "alice") / path
    file.write_text(file.read_text().replace("2h", "4h"))
    world.acme.clock.advance(timedelta(hours=1))
    ran = world.jit("explain", path, runner="clone-alice", workflow="grant.yml")
    until = timestamp.show(timestamp.parse(first) + timedelta(hours=2))
    assert f"alice asks for orders-db-read in prod for 4h, until {until}" in ran.output
    assert "2h more, 4h in all" in ran.output


GROUPS = "policies/account-groups.yaml"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({GROUPS: "production: [prod, mars]\n"}, f"{GROUPS}:1:20: mars, of the group production, is not in"),
        ({GROUPS: "production: []\n"}, f"{GROUPS}:1:13: production must not be empty"),
        ({GROUPS: "production: ['@rest']\n"}, f"{GROUPS}:1:14:"),
        ({GROUPS: "other: [prod]\n"}, f"{RULES}:3:12: @production is not in {GROUPS}"),
        ({GROUPS: None}, f"{RULES}:3:12: @production is not in {GROUPS}"),
    ],
    ids=["a strange account", "an empty group", "a nested group", "another group", "no file"],
)
def test_what_a_change_of_groups_does_is_found(
    world: World, changes: dict[str, str | None], expected: str
) -> None:
    """Also where only another file than the policy changes: what the policy names must be there."""
    policy = world.text(RULES)
    world.write(RULES, policy.replace("accounts: [prod, staging]", 'accounts: ["@production", staging]'))
    world.write("policies/access/sqs-redrive.yaml", None)  # acme's own policy that names a group
    world.write(GROUPS, "production: [prod, data]\n")
    assert "[" not in codes(world, {GROUPS: "production: [data, prod]\n"}, code=0)
    assert expected in codes(world, changes)


def test_an_account_that_a_group_names_cannot_go(world: World) -> None:
    """accounts.yaml is checked against the groups and the policies that name its accounts."""
    accounts = "policies/accounts.yaml"
    without = "\n".join(line for line in world.text(accounts).splitlines() if not line.startswith("data"))
    world.write(GROUPS, "production: [prod, data]\n")
    found = codes(world, {accounts: without + "\n"})
    assert f"{GROUPS}:1:20: data, of the group production, is not in" in found


NOTIFY = "policies/notify.yaml"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {NOTIFY: "channels: {access: smoke}\n"},
            f"{NOTIFY}:1:20: channels.access must be one of text, teams",
        ),
        ({NOTIFY: "channels: {a: text}\ndefault: [b]\n"}, f"{NOTIFY}:2:11: b is not among the channels"),
        (
            {NOTIFY: "channels: {a: text}\npolicies: {orders: [a]}\n"},
            f"{NOTIFY}:2:20: there is no policies/access/orders.yaml",
        ),
        (
            {"policies/access/production-admin.yaml": None},
            f"{NOTIFY}:8:21: there is no policies/access/production-admin",
        ),
    ],
    ids=["a strange shape", "a strange channel", "a strange policy", "a policy that goes"],
)
def test_what_notifies_nobody_is_found(world: World, changes: dict[str, str | None], expected: str) -> None:
    """What notify.yaml names must be there, also where only the policy that it names goes."""
    assert expected in codes(world, changes)


def test_a_repository_without_channels_is_fine(world: World) -> None:
    """notify.yaml may be empty of channels, or not be there."""
    for text in ("channels: {}\n", None):
        assert "[" not in codes(world, {NOTIFY: text}, code=0)
