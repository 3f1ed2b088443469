"""Makes a repository in which everything happened once, as this version of jitbot writes it, and keeps it beside this file.

    python tests/usecases/ledger/ledgers/make.py

Run it from a checkout of the version that is to be kept. It writes three files, named after the version: a git
bundle of main, ledger and the heads of all pull requests; the issuer's keys, as an auditor keeps them; and what the
tests expect to find: the time of the last run, and the number of events by kind.
"""

import json
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[3]), str(HERE.parent)]

from acme_world import DAY, HOUR, MINUTE, ORDERS, TABLE, World, open_world  # noqa: E402 - the path comes first
from breaking import answer, refuse  # noqa: E402

import jitbot  # noqa: E402
from jitbot.domain.ledger.events import EndReason, EventType  # noqa: E402
from jitbot.sandbox.github import GitHubFault  # noqa: E402
from jitbot.sandbox.story.stage import StoryError  # noqa: E402

GLASS = "production-break-glass"
BUNDLE = ("bundle", "create", "--quiet")


def story(world: World) -> None:
    """Everything that the ledger can tell, in three days."""
    longer = world.ask(slug="longer", accounts=["prod", "staging"])
    failing = world.ask("carol", "fails-once")
    unapproved, text = world.request("mallory", ORDERS, "no", **TABLE)
    world.land("mallory", {unapproved: text}, by=())
    refuse(world, "CreateRole", account_id=world.acme.accounts["staging"])
    world.jit("grant", code=3)
    world.calm()
    world.jit("grant")
    extend(world, longer, '"2h"', '"3h"')
    world.jit("grant")
    extend(world, longer, '"3h"', '"9h"')  # above what the policy allows
    world.jit("grant", code=1)
    world.jit("revoke", failing, "--reason", "the laptop was stolen", actor="bob")
    early_ends(world)
    break_glass(world)
    world.later(DAY)
    world.jit("sweep", code=3)  # a review is overdue
    world.must(world.review("erin", max(world.github.pulls)))
    world.later(DAY)
    world.jit("sweep")
    world.jit("audit", "verify", "--online", "--record")


def extend(world: World, path: str, former: str, longer: str) -> None:
    """Alice asks for another duration of her request, and bob approves."""
    world.land("alice", {path: world.text(path).replace(former, longer)})


def early_ends(world: World) -> None:
    """One grant is released, one deleted, one loses its requester, one was changed by hand, one nobody asked for."""
    released = world.ask(slug="released")
    deleted = world.ask("grace", "deleted", policy="s3-prefix-read", by=("heidi",), accounts=["data"], parameters={"prefix": "reports/2026"})  # fmt: skip
    world.ask("frank", "leaves", policy="service-logs-read", by=("dave",), parameters={"service": "orders"})
    world.ask("bob", "drifts", policy="account-read-only", by=("erin",), accounts=["data"])
    world.jit("grant")
    world.later(MINUTE)
    world.jit("revoke", released, "--reason", "done", actor="alice")
    world.land("grace", {deleted: None}, by=("heidi",))
    data, prod = world.acme.accounts["data"], world.acme.accounts["prod"]
    drifted = next(role.name for role in world.roles(data) if "-bob-" in role.name)
    world.by_hand(data).delete_role_permissions_boundary(RoleName=drifted)
    world.by_hand(prod).create_role(
        RoleName="jit-nobody", Path="/jit/", AssumeRolePolicyDocument=world.roles()[0].trust
    )
    people = world.text("policies/people.yaml").splitlines(keepends=True)
    left = "".join(line for line in people if "frank:" not in line)
    teams = world.text("policies/teams.yaml").replace("frank, ", "")
    world.land("olivia", {"policies/people.yaml": left, "policies/teams.yaml": teams}, by=("erin",))
    world.jit("sweep", "--complete", code=3)


def break_glass(world: World) -> None:
    """Two emergencies: one is reviewed in time, one is not. With the first the issuer changes its key."""
    world.ask("dave", "reviewed", policy=GLASS, by=(), duration="1h", ticket="OPS-7")
    former = world.acme.github._issuer.key_set()["keys"]
    world.acme.github.rotate_keys()
    both = [*former, *world.acme.github._issuer.key_set()["keys"]]
    answer(world, GitHubFault(status=200, body=json.dumps({"keys": both}).encode()), "GET", "/jwks")
    world.jit("grant")
    world.calm()
    world.must(world.review("erin", max(world.github.pulls)))
    world.later(HOUR)
    world.jit("sweep")
    world.ask("dave", "overdue", policy=GLASS, by=(), duration="1h", ticket="OPS-8")
    world.jit("grant")


def keep(world: World) -> None:
    """Write the bundle, the keys and what is in it."""
    version = jitbot.__version__
    bundle = HERE / f"{version}.bundle"
    world.github.store.git(*BUNDLE, str(bundle), "refs/heads/main", "refs/heads/ledger", "--glob=refs/pull")
    keys = world.acme.github._issuer.key_set()
    (HERE / f"{version}.keys.json").write_text(json.dumps(keys, indent=2) + "\n")
    events = Counter(each["event"] for each in world.ledger())
    ends = Counter(each["why"] for each in world.ledger() if each["event"] == "ended")
    if events.keys() != set(EventType) or ends.keys() != set(EndReason):
        raise StoryError("the story leaves out a kind of event, or of end")
    told = {
        "version": version,
        "at": f"{world.now:%Y-%m-%dT%H:%M:%SZ}",
        "events": dict(sorted(events.items())),
        "ends": dict(sorted(ends.items())),
    }
    (HERE / f"{version}.json").write_text(json.dumps(told, indent=2) + "\n")
    sys.stdout.write(f"{bundle}: {bundle.stat().st_size} bytes, {events.total()} events\n")


if __name__ == "__main__":
    with open_world() as opened:
        story(opened)
        keep(opened)
