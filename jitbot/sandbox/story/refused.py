"""The scenes in which access must not be given, and is not."""

from datetime import timedelta

from jitbot.sandbox.story.stage import Stage

POLICY = "orders-db-read"
TABLE = {"parameters": {"table": "orders"}}


def above_the_maximum(stage: Stage) -> None:
    """A request that the policy does not allow, refused before anyone reviews it."""
    path, text = stage.request("alice", POLICY, "too-long", duration="9h", **TABLE)
    clone = stage.acme.clone("clone-alice", "alice")
    (clone / path).parent.mkdir(parents=True, exist_ok=True)
    (clone / path).write_text(text)
    stage.tell("alice", f"writes {path} with `duration: 9h`")
    ran = stage.run("check", path, folder=clone, code=1)
    (clone / path).unlink()
    stage.expect(
        f"{path}:3:" in ran.output and "above the maximum" in ran.output, "refused, with its file and line"
    )


def self_approval(stage: Stage) -> None:
    """GitHub itself refuses it; jitbot would not count it either."""
    number = stage.propose(
        "mallory", "A look at the orders", dict([stage.request("mallory", POLICY, "mine", **TABLE)])
    )
    stage.tell("mallory", f"asks in pull request #{number}, and approves it herself")
    answer = stage.review("mallory", number)
    stage.expect(answer.status == 422, "GitHub refuses: nobody approves their own pull request")


def stale_approval(stage: Stage) -> None:
    """Approved, then changed: the approval was given on other bytes."""
    path, text = stage.request("mallory", POLICY, "stale", **TABLE)
    number = stage.propose("mallory", "Orders, please", {path: text})
    branch = stage.must(stage.acme.call("mallory", "GET", f"/pulls/{number}"))["head"]["ref"]
    stage.must(stage.review("bob", number))
    stage.tell("bob", f"approves #{number}: the table orders, for 2h")
    stage.later(timedelta(minutes=1))
    stage.push("mallory", branch, {path: text.replace("orders", "refunds").replace('"2h"', '"4h"')})
    stage.tell("mallory", "pushes another commit: the table refunds, for 4h")
    stage.expect(not stage.merge("mallory", number).ok, "GitHub dismisses the approval and does not merge")
    stage.must(stage.merge("olivia", number))
    stage.tell("olivia", "is an admin, and merges it past the rules all the same")
    ran = stage.run("grant", workflow="grant.yml", code=1)
    stage.expect("not-enough-approvals" in ran.output, "jitbot refuses, and records that it did")


def direct_push(stage: Stage) -> None:
    """A request that no pull request brought."""
    path, text = stage.request("mallory", POLICY, "pushed", **TABLE)
    clone = stage.acme.clone("clone-olivia", "olivia")
    stage.acme.git("olivia", "pull", "--quiet", "--ff-only", cwd=clone)
    stage.push("olivia", "main", {path: text})
    stage.tell("olivia", "pushes a request for mallory straight to main")
    stage.run("grant", workflow="grant.yml", code=3)
    stage.later(timedelta(minutes=15), "GitHub may lag; after a quarter of an hour it is certain")
    ran = stage.run("grant", workflow="grant.yml", code=1)
    stage.expect("no-pull-request" in ran.output, "refused and recorded: no pull request, no access")


def smuggled_rules(stage: Stage) -> None:
    """Two commits: one widens the policy, the next asks and puts the policy back. The diff shows a request alone."""
    rules = f"policies/access/{POLICY}.yaml"
    honest = (stage.acme.clone() / rules).read_text()
    widened = honest.replace("dynamodb:GetItem", "dynamodb:*")
    path, text = stage.request("mallory", POLICY, "sandwich", **TABLE)
    number = stage.propose("mallory", "One more look", {rules: widened}, {path: text, rules: honest})
    stage.must(stage.review("bob", number))
    stage.tell("mallory", f"hides a wider policy between the commits of #{number}")
    stage.tell("bob", "approves; the pull request shows nothing but a request")
    stage.must(stage.merge("mallory", number, "rebase"))
    stage.tell("mallory", "merges it as a rebase, commit by commit")
    ran = stage.run("grant", workflow="grant.yml", code=1)
    stage.expect(
        honest != widened and "touches-rules" in ran.output, "refused: the merge changed rules as well"
    )


def stopped(stage: Stage) -> None:
    """An owner of the rules stops a person: what is live ends, and what is approved meanwhile is refused."""
    path, text = stage.request("carol", POLICY, "late-shift", duration="1h", **TABLE)
    number = stage.propose("carol", "Look at the orders", {path: text})
    stage.must(stage.review("bob", number))
    stage.must(stage.merge("carol", number))
    stage.tell("carol", f"asks in #{number}; bob approves; merged; granted")
    stage.run("grant", workflow="grant.yml", code=0, aside=True)
    session = stage.assume("carol", stage.held("carol")["role_arn"]) or {}
    stage.expect(stage.can_read(session, "orders"), "carol reads the table orders")
    stage.tell("erin", "owns the rules, and hears that carol's laptop was stolen")
    stop = ("stop", "--person", "carol", "--reason")
    stage.run(*stop, "laptop stolen", workflow="revoke.yml", actor="erin", code=0)
    stage.expect(not stage.can_read(session, "orders"), "AWS refuses her open session at once")
    path, text = stage.request("carol", POLICY, "thief", duration="1h", **TABLE)
    number = stage.propose("carol", "One more look", {path: text})
    stage.must(stage.review("bob", number))
    stage.must(stage.merge("carol", number))
    stage.tell("somebody", f"asks as carol in #{number}; bob does not know, and approves; merged")
    ran = stage.run("grant", workflow="grant.yml", code=1)
    stage.expect("[stopped]" in ran.output, "refused for good, although bob approved it")
    lift = (*stop, "a new laptop", "--lift")
    denied = stage.run(*lift, workflow="revoke.yml", actor="carol", code=3, aside=True)
    stage.expect("carol is no owner" in denied.output, "only an owner of the rules lifts it")
    lifted = stage.run(*lift, workflow="revoke.yml", actor="erin", code=0)
    stage.expect("lifted:" in lifted.output, "erin does, and carol may ask anew")


def one_of_two(stage: Stage) -> None:
    """GitHub asks for one code owner; this policy asks for two people."""
    path, text = stage.request("dave", "production-admin", "failover", duration="30m", ticket="OPS-77")
    number = stage.propose("dave", "Fail the database over", {path: text})
    stage.must(stage.review("erin", number))
    stage.must(stage.merge("dave", number))
    stage.tell("dave", f"asks for production-admin in #{number}; erin approves; GitHub merges")
    ran = stage.run("grant", workflow="grant.yml", code=1)
    stage.expect("1 of 2 approvals" in ran.output, "refused: two must approve, one did")
