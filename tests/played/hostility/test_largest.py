"""What jitbot writes it can read: the largest of everything that GitHub and the schemas allow.

After each, runs go on, another's grant ends at once, the audit reads every event, no event has more than a megabyte,
and no run takes more than a minute of this machine. By default everything that has a number is a sample of it;
with JITBOT_SOAK=1 it is as large as it can be.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from acme_world import MINUTE, TABLE, World
from audit_story import clone, vouched
from hostile import (
    LONG,
    SOAK,
    WHERE,
    Commit,
    Put,
    branch_of,
    commit,
    largest_event,
    many_reviews,
    merged,
    opened,
    recorded,
    request,
    story,
    text,
    tidy,
)

from jitbot.domain.model.documents import AccountId
from jitbot.sandbox.story.stage import Ran

MOST_OF_EVENT = 1 << 20  # bytes
MOST_CPU = 60  # seconds of a run, with git's
GOES_ON = (0, 1, 3)
ALICE = {("alice", "prod", "orders")}
Look = Callable[..., Ran]


def size(largest: int, sample: int) -> int:
    """How many: all that there can be, or a sample."""
    return largest if SOAK else sample


@pytest.fixture
def live(world: World) -> str:
    """The path of a grant of carol's, which each test revokes in the end."""
    if "live" not in world.kept:
        world.ask("carol", "live", duration="4h")
        world.jit("grant")
        world.kept["live"] = world.keep()
    world.back(world.kept["live"])
    tidy(world)
    return world.request("carol", "orders-db-read", "live")[0]


def cheap(world: World, verb: str, *arguments: str, codes: tuple[int, ...] = GOES_ON, **job: Any) -> Ran:
    """Run a verb, which may take a minute of this machine and end with one of these codes."""
    before = sum(os.times()[:4])
    ran = world.ran(verb, *arguments, **job)
    spent = sum(os.times()[:4]) - before
    assert ran.code in codes, f"{verb} ended with {ran.code}: {ran.output[-1500:]}"
    assert spent <= MOST_CPU, f"{verb} took {spent:.0f} seconds"
    return ran


def others_go_on(world: World, path: str, *, but: int = 0) -> None:
    """grant and sweep run, this grant is revoked at once, and the audit and runs read every event there is.

    `but`: how many findings the audit may have for good reasons.
    """
    world.later(MINUTE)
    cheap(world, "grant")
    cheap(world, "sweep")
    cheap(world, "revoke", path, "--reason", "stolen laptop", codes=(0,), actor="bob")
    assert story(world, path)[-1] == "ended revoked"
    assert ("carol", "prod", "orders") not in world.reach("carol")
    assert largest_event(world) <= MOST_OF_EVENT
    clone(world)
    keys = ("--keys", str(vouched(world)), "--format", "json")
    rows = json_of(cheap(world, "audit", "log", *keys, codes=(0,), runner="auditor", workflow="audit.yml"))
    assert len(rows) == len(recorded(world))
    verdict = json_of(cheap(world, "audit", "verify", *keys, runner="auditor", workflow="audit.yml"))
    wrong = [each for each in verdict["findings"] if each["weight"] != "note"]
    assert len(wrong) <= but, wrong[:5]


def json_of(ran: Ran) -> Any:
    """The JSON among what a run printed: warnings come on standard error."""
    lines = ran.output.splitlines()
    first = next(at for at, line in enumerate(lines) if line in ("[", "{", "[]"))
    return json.JSONDecoder().raw_decode("\n".join(lines[first:]))[0]


def asked(world: World, *, by: tuple[str, ...] = ("bob",), merge: bool = True) -> tuple[str, int]:
    """A request of alice's, approved, and merged; its path and number."""
    path, content = world.request("alice", "orders-db-read", "ask", **TABLE)
    branch = branch_of(world, "alice")
    commit(world, branch, Commit(puts={path.encode(): Put(content=content.encode())}, login="alice"))
    number = opened(world, "alice", branch)
    for login in by:
        world.must(world.review(login, number))
    if merge:
        world.must(world.merge("olivia", number))
    return path, number


def test_as_many_requests_as_a_pull_request_can_show(world: World, live: str) -> None:
    """3,000 request files in one merge."""
    names = (f"{world.now:%Y-%m/%d}-mallory-{each:04}.yaml" for each in range(size(3000, 40)))
    merged(world, Commit(puts=text(names, b"reason: x\n")))
    others_go_on(world, live)


def test_as_many_files_as_a_pull_request_can_show(world: World, live: str) -> None:
    """One request, and 2,999 other files."""
    names = (f"{each:04}.md" for each in range(size(2999, 250)))
    merged(world, Commit(puts=request(world, "one") | text(names)))
    others_go_on(world, live)


def test_more_files_than_a_pull_request_can_show(world: World, live: str) -> None:
    """One request, and 3,500 other files."""
    names = (f"{each:04}.md" for each in range(size(3500, 320)))
    merged(world, Commit(puts=request(world, "one") | text(names)))
    others_go_on(world, live)


def test_the_longest_paths(world: World, live: str) -> None:
    """One request with a path of 4 kB, an ordinary one, and other files with such paths."""
    names = (f"{LONG}/{each:05}.md" for each in range(size(2990, 295)))
    merged(world, Commit(puts=request(world, "one") | text([f"{LONG}/x.yaml"], b"reason: x\n") | text(names)))
    others_go_on(world, live)


@pytest.mark.parametrize("how_many", [250, 251])
def test_as_many_commits_as_github_lists(world: World, live: str, how_many: int) -> None:
    """A request that was changed in 250 commits, approved at the last of them; and one commit more."""
    path, content = world.request("alice", "orders-db-read", "ask", **TABLE)
    branch = branch_of(world, "alice")
    commits = [
        Commit(
            puts={path.encode(): Put(content=content.encode() + b"# %d\n" % (each % how_many))}, login="alice"
        )
        for each in range(1, how_many + 1)
    ]
    commit(world, branch, *commits)
    number = opened(world, "alice", branch)
    world.must(world.review("bob", number))
    world.must(world.merge("olivia", number))
    cheap(world, "grant")
    assert world.reach("alice") == (ALICE if how_many == 250 else set())
    others_go_on(world, live)


def test_the_longest_texts(world: World, live: str) -> None:
    """A reason of 200 characters, and titles, bodies, comments and reviews of 64 KiB."""
    path, content = world.request("alice", "orders-db-read", "ask", **(TABLE | {"reason": "é" * 200}))
    branch = branch_of(world, "alice")
    commit(world, branch, Commit(puts={path.encode(): Put(content=content.encode())}, login="alice"))
    number = opened(world, "alice", branch, title="\u202e" * 256, body="é" * 65_536)
    for _ in range(3):
        world.must(world.acme.call("mallory", "POST", f"/issues/{number}/comments", body="x" * 65_536))
    for login, event in (("mallory", "COMMENT"), ("bob", "APPROVE")):
        world.must(world.acme.call(login, "POST", f"/pulls/{number}/reviews", event=event, body="x" * 65_536))
    cheap(world, "comment", str(number), codes=(0,), workflow="check.yml")
    world.must(world.merge("olivia", number))
    cheap(world, "grant", codes=(0,))
    assert world.reach("alice") == ALICE
    others_go_on(world, live)


REASONS = ("x" * 65_535, "a\nb\n" * 16_000, "\U0001f600" * 16_000)


@pytest.mark.parametrize("reason", REASONS if SOAK else REASONS[-1:], ids=lambda each: repr(each[:3]))
def test_the_longest_reason_of_a_revocation(world: World, live: str, reason: str) -> None:
    """A requester revokes for a reason as long as a form of Actions takes; what was recorded can be read."""
    path, _ = asked(world)
    cheap(world, "grant", codes=(0,))
    cheap(world, "revoke", path, "--reason", reason, actor="alice")
    others_go_on(world, live)


def test_as_many_reviews_as_people_may_write(world: World, live: str) -> None:
    """Thousands of comment reviews, approvals and objections by somebody who owns nothing, beside the one that counts."""
    path, number = asked(world, merge=False)
    many_reviews(world, number, size(5000, 300))
    world.must(world.merge("olivia", number))
    cheap(world, "grant", codes=(0,))
    assert story(world, path) == ["approved", "granted"]
    others_go_on(world, live)


def test_as_many_twins_as_anybody_may_open(world: World, live: str) -> None:
    """2,000 pull requests from the head of alice's, which GitHub calls merged by the same commit."""
    path, number = asked(world)
    twins(world, number, size(2000, 200))
    cheap(world, "grant", codes=(0,))
    assert story(world, path) == ["approved", "granted"]
    others_go_on(world, live)


def owners(world: World, how_many: int) -> tuple[str, ...]:
    """So many more people who own the folders of payments' requests; their logins."""
    logins = [f"owner-{each:03}" for each in range(how_many)]
    for each, login in enumerate(logins):
        world.acme.github.add_user(login, 20_000 + each, permission="write")
    people = "".join(f"  {login}: {{github_id: {20_000 + each}}}\n" for each, login in enumerate(logins))
    world.write("policies/people.yaml", world.text("policies/people.yaml") + people)
    former, teams = "acme/payments-leads: [bob]", f"acme/payments-leads: [bob, {', '.join(logins)}]"
    world.write("policies/teams.yaml", world.text("policies/teams.yaml").replace(former, teams))
    return tuple(logins)


def twins(world: World, number: int, how_many: int) -> None:
    """So many pull requests of mallory's from the head of a merged one, which GitHub calls merged by the same commit."""
    pulls, mallory = world.github.pulls, world.acme.github._site.user("mallory")
    for each in range(how_many):
        twin = number + 1 + each
        pulls[twin] = replace(pulls[number], number=twin, id=10**7 + each, author=mallory)


def test_as_many_approvers_as_a_team_may_have(world: World, live: str) -> None:
    """A hundred owners approve one request."""
    path, _ = asked(world, by=owners(world, size(100, 20)))
    cheap(world, "grant", codes=(0,))
    assert story(world, path) == ["approved", "granted"]
    others_go_on(world, live)


def test_as_many_parameters_as_a_policy_may_have(world: World, live: str) -> None:
    """Twenty parameters, each with the longest name and the longest value."""
    names = [f"parameter_{each:02}_{'x' * 17}" for each in range(20)]
    asks = "".join(f'  {each}: {{pattern: "[a-z]{{1,128}}"}}\n' for each in names)
    values = "".join(f"/{{{{{each}}}}}" for each in names)
    world.write(
        "policies/access/wide.yaml",
        "description: Wide\neligible: [alice]\naccounts: [prod]\nmax_duration: 4h\napprovals: 1\nparameters:\n"
        f'{asks}statements:\n  - actions: [s3:GetObject]\n    resources: ["arn:aws:s3:::acme{values}"]\n',
    )
    world.write(
        ".github/CODEOWNERS", world.text(".github/CODEOWNERS") + "/requests/wide/ @acme/payments-leads\n"
    )
    path = world.ask(policy="wide", parameters=dict.fromkeys(names, "v" * 128))
    cheap(world, "grant", codes=(0,))
    assert story(world, path) == ["approved", "granted"]
    others_go_on(world, live)


def test_one_file_that_is_asked_for_again_and_again(world: World, live: str) -> None:
    """A refused request that is changed in a hundred merges more: each is decided, and none is large."""
    puts = request(world, "again")
    for each in range(size(100, 3)):
        merged(world, Commit(puts={path: replace(put, content=put.content + b"# %d\n" % each) for path, put in puts.items()}))  # fmt: skip
    others_go_on(world, live)


def test_the_largest_file_that_is_no_request(world: World, live: str) -> None:
    """A file of 50 MB where requests lie."""
    merged(world, Commit(puts={f"{WHERE}/x.yaml".encode(): Put(content=b"x" * size(50_000_000, 5_000_000))}))
    others_go_on(world, live)


@pytest.fixture(scope="module")
def more_accounts(acme: World) -> dict[str, AccountId]:
    """The accounts that acme does not have yet, so that one request may name as many as it can."""
    more = {f"account-{each:03}": AccountId(f"{500_000_000_000 + each}") for each in range(97)}
    for account_id in more.values():
        issuer, namespace = acme.acme.github.issuer, acme.acme.settings.namespace
        acme.acme.aws.seed_account(account_id, issuer=issuer, namespace=namespace)
    return more


@pytest.fixture
def many_accounts(world: World, live: str, more_accounts: dict[str, AccountId]) -> Iterator[list[str]]:
    """acme with those accounts, and with itself again afterwards."""
    told = "".join(f'{alias}: "{account_id}"\n' for alias, account_id in more_accounts.items())
    world.write("policies/accounts.yaml", world.text("policies/accounts.yaml") + told)
    former = world.acme.accounts
    world.acme.accounts = {**former, **more_accounts}
    yield sorted(world.acme.accounts)
    world.acme.accounts = former


def everywhere(world: World, accounts: list[str]) -> tuple[str, str]:
    """A request for these accounts of a policy that renders to nearly 10,240 characters: its path and its text."""
    resources = ", ".join(f'"arn:aws:s3:::{"bucket" * 9}-{each:03}/{"x" * 17}/*"' for each in range(100))
    world.write(
        "policies/access/everywhere.yaml",
        f"description: Wide\neligible: [alice]\naccounts: [{', '.join(accounts)}]\nmax_duration: 4h\n"
        f"approvals: 1\nstatements:\n  - actions: [s3:GetObject]\n    resources: [{resources}]\n",
    )
    line = "/requests/everywhere/ @acme/payments-leads\n"
    world.write(".github/CODEOWNERS", world.text(".github/CODEOWNERS") + line)
    return world.request("alice", "everywhere", "ask", accounts=accounts)


def test_the_largest_role_in_as_many_accounts_as_a_request_may_name(
    world: World, live: str, many_accounts: list[str]
) -> None:
    """In a hundred accounts the largest policy is granted everywhere, or refused, and the check says so before the merge."""
    path, content = everywhere(world, many_accounts)
    number = world.propose("alice", "everywhere", {path: content})
    checked = cheap(world, "comment", str(number), codes=(0, 1), workflow="check.yml")
    world.must(world.review("bob", number))
    world.must(world.merge("olivia", number))
    granted = cheap(world, "grant", codes=(0, 1))
    assert granted.code == checked.code, checked.output
    assert story(world, path).count("granted") == (0 if granted.code else 100)
    others_go_on(world, live)


def test_everything_at_once(world: World, live: str, many_accounts: list[str]) -> None:
    """Fifty of the largest roles, 250 commits, many approvers, reviews of strangers, and twins: granted, and read."""
    by = owners(world, size(100, 10))
    path, content = everywhere(world, many_accounts[:50])
    branch = branch_of(world, "alice")
    versions = (content + f"# {each}\n" for each in range(250))
    commits = [Commit(puts={path.encode(): Put(content=each.encode())}, login="alice") for each in versions]
    commit(world, branch, *commits)
    number = opened(world, "alice", branch)
    many_reviews(world, number, size(5000, 100))
    for login in by:
        world.must(world.review(login, number))
    world.must(world.merge("olivia", number))
    twins(world, number, size(2000, 100))
    cheap(world, "grant", codes=(0,))
    assert story(world, path) == ["approved", *["granted"] * 50]
    documents = next(each["documents"] for each in recorded(world) if each["request"] == path)
    texts = [json.dumps(each["permission_policy"], separators=(",", ":")) for each in documents]
    assert 9_500 < max(map(len, texts)) <= 10_240
    others_go_on(world, live)
