"""The scenes of a request that is right: approved, granted, used, extended, ended, removed."""

import re
from dataclasses import dataclass, field
from datetime import timedelta

from jitbot.domain.ledger.events import Event, EventType, dump
from jitbot.sandbox.aws import AwsFault
from jitbot.sandbox.story.refused import POLICY, TABLE
from jitbot.sandbox.story.stage import Stage

FORGERY = "granted: mallory has everything"
# Of one event; a batch's headline and trailers begin otherwise.
_SENTENCE = re.compile(r"[a-z]+( \([a-z-]+\))?: ")


@dataclass(slots=True)
class Grant:
    """What later scenes must remember of alice's request."""

    path: str = ""
    text: str = ""
    role: str = ""
    session: dict[str, str] = field(default_factory=dict)


def granted(stage: Stage, grant: Grant) -> None:
    """Asked, approved by somebody who may, merged, recorded, granted."""
    grant.path, grant.text = stage.request("alice", POLICY, "stuck-refunds", **TABLE)
    number = stage.propose("alice", "Refunds are stuck", {grant.path: grant.text})
    stage.tell("alice", f"asks for {POLICY} in prod, for 2h, in pull request #{number}")
    stage.later(timedelta(minutes=2))
    stage.must(stage.review("bob", number))
    stage.tell("bob", "owns that folder in CODEOWNERS, and approves")
    stage.must(stage.merge("alice", number))
    ran = stage.run("grant", workflow="grant.yml", code=0)
    stage.expect(
        "approved:" in ran.output and "granted:" in ran.output,
        "decided, recorded, granted, read back, recorded",
    )
    stage.run("status", workflow="grant.yml", code=0)
    grant.role = str(stage.held("alice")["role_arn"])


def used(stage: Stage, grant: Grant) -> None:
    """The role is alice's alone, for this table alone."""
    session = stage.assume("alice", grant.role)
    grant.session = session or {}
    stage.expect(session is not None, "alice assumes the role")
    stage.expect(stage.can_read(grant.session, "orders"), "and reads the table orders")
    stage.expect(not stage.can_read(grant.session, "refunds"), "but not the table refunds")
    stage.expect(stage.assume("dave", grant.role) is None, "dave cannot assume it")
    stage.expect(stage.assume("bob", grant.role) is None, "nor can bob, who approved it")


def forged(stage: Stage) -> None:
    """Anyone with write access can push to the ledger's branch; it has no effect."""
    lie = Event(
        kind=EventType.ENDED, at=stage.now, request=f"requests/{POLICY}/forged.yaml", role_name="jit-nobody"
    )
    clone = stage.acme.clone("clone-mallory", "mallory")
    stage.acme.git("mallory", "fetch", "--quiet", "origin", cwd=clone)
    stage.acme.git("mallory", "checkout", "--quiet", "-B", "lie", "refs/remotes/origin/ledger", cwd=clone)
    stage.push("mallory", "ledger", {lie.path: dump(lie).decode()}, message=FORGERY)
    stage.tell("mallory", "pushes an event of her own to the ledger")
    ran = stage.run("sweep", workflow="sweep.yml", code=0)
    stage.expect(
        "is ignored" in ran.output, "ignored and reported: no workflow of this repository attested it"
    )


def repaired(stage: Stage) -> None:
    """AWS says no half-way; the next run finishes the work."""
    path, text = stage.request("carol", POLICY, "audit", accounts=["staging"], duration="1h", **TABLE)
    number = stage.propose("carol", "Compare the orders", {path: text})
    stage.must(stage.review("bob", number))
    stage.must(stage.merge("carol", number))
    stage.tell("carol", f"asks in #{number}; bob approves; merged")
    refusal = AwsFault(code="AccessDenied", status=403)
    stage.acme.aws.faults = lambda _account, _service, operation: (
        refusal if operation == "PutRolePolicy" else None
    )
    stage.tell("AWS", "refuses the second of the two writes")
    stage.run("grant", workflow="grant.yml", code=3)
    stage.acme.aws.faults = None
    ran = stage.run("grant", workflow="grant.yml", code=0)
    stage.expect("granted: carol" in ran.output, "the run failed openly, and the next one repaired it")
    ended = stage.run(
        "revoke", "carol-audit", "--reason", "compared", workflow="revoke.yml", actor="carol", code=0
    )
    stage.expect("ended (released)" in ended.output, "carol is done early: her access ends now, for good")


def extended(stage: Stage, grant: Grant) -> None:
    """More time, approved again; the session that is open goes on."""
    stage.later(timedelta(minutes=50), "alice renews her session")
    session = stage.assume("alice", grant.role) or {}
    first_end = stage.now + timedelta(seconds=int(str(stage.held("alice")["seconds_left"])))
    number = stage.propose("alice", "One more hour", {grant.path: grant.text.replace('"2h"', '"3h"')})
    stage.must(stage.review("bob", number))
    stage.must(stage.merge("alice", number))
    stage.tell("alice", f"changes 2h to 3h in #{number}; bob approves; merged")
    ran = stage.run("grant", workflow="grant.yml", code=0)
    stage.expect("extended:" in ran.output, "both documents of the same role are rewritten")
    stage.later(first_end - stage.now + timedelta(minutes=1), "a minute after the first end")
    stage.expect(stage.can_read(session, "orders"), "the session she had open goes on without a gap")


def expired(stage: Stage, grant: Grant) -> None:
    """No run, no schedule: the clock ends it."""
    remaining = timedelta(seconds=int(str(stage.held("alice")["seconds_left"])))
    half_hour = timedelta(minutes=30)
    stage.later(remaining - half_hour, "half an hour before the end, alice renews her session once more")
    grant.session = stage.assume("alice", grant.role) or {}
    stage.acme.aws.calls.clear()
    stage.tell("nobody", "runs anything from here on: the schedule is broken, GitHub is down")
    stage.later(half_hour - timedelta(seconds=1), "one second before the end")
    stage.expect(stage.can_read(grant.session, "orders"), "alice still reads the table")
    stage.later(timedelta(seconds=1), "the end")
    stage.expect(not stage.can_read(grant.session, "orders"), "AWS itself refuses, for her open session too")
    stage.expect(stage.assume("alice", grant.role) is None, "and gives her no new one")
    touched = {operation for _, service, operation in stage.acme.aws.calls if service == "iam"}
    stage.expect(not touched, "no call of jitbot was needed for that")


def ended(stage: Stage) -> None:
    """Later the sweep looks, records, and cleans up."""
    stage.later(timedelta(minutes=7), "the scheduled sweep")
    ran = stage.run("sweep", workflow="sweep.yml", code=0)
    stage.expect(
        "ended (expired)" in ran.output, "it reads the role back, guard in place, and records the end"
    )
    stage.later(timedelta(hours=1), "one session length later")
    ran = stage.run("sweep", workflow="sweep.yml", code=0)
    stage.expect("removed:" in ran.output, "the roles are removed, and read back as gone")
    ran = stage.run("sweep", workflow="sweep.yml", code=0)
    stage.expect("nothing to end" in ran.output, "and the next sweep has nothing to do, and writes nothing")


def recorded(stage: Stage) -> None:
    """The whole story, from git alone."""
    clone = stage.acme.clone()
    log = stage.acme.git(
        "olivia", "log", "--reverse", "--format=%B", "refs/remotes/origin/ledger", cwd=clone
    ).stdout
    stage.command("git log --reverse --format=%B refs/remotes/origin/ledger")
    for line in log.splitlines():
        sentence = line.removeprefix("- ")
        if _SENTENCE.match(sentence):
            stage.line(f"{sentence}   <- mallory's forgery, ignored" if sentence == FORGERY else sentence)
    stage.expect(
        log.count("refused") >= 4 and "removed" in log, "everything that was decided and done, in order"
    )
