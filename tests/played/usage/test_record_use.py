"""`jitbot audit usage`, whole: from people who enter their roles to the event, and where it is shown."""

import json
from dataclasses import replace
from typing import Any

import pytest
from acme_world import DAY, HOUR, MINUTE, PROD, World
from audit_story import clone, codes, recorded, verdict, vouched
from forging import batch, push
from pages import only

from jitbot.adapters.aws import trail
from jitbot.domain.ledger.evidence import Evidence
from jitbot.sandbox.aws.wire import AwsFault

ACTIONS = "github-actions[bot]"  # who the clock's runs are of
AUDIT = "acme/access/.github/workflows/audit.yml@refs/heads/main"
SETTLED = 3 * HOUR  # after the end: a session's length, and what CloudTrail takes at most


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses between the questions are for the real CloudTrail."""
    monkeypatch.setattr(trail, "PAUSE", 0.0)


@pytest.fixture
def entered(world: World, granted: str) -> str:
    """alice entered her role twice, listed a table, and was denied another; her access is over, and confirmed."""
    if "entered" not in world.kept:
        (role,) = world.roles()
        for step in (10 * MINUTE, 20 * MINUTE):
            world.later(step)
            session = world.assume("alice", role.arn)
            assert session is not None
            world._as(session, "sts").get_caller_identity()
        assert session is not None
        client = world._as(session, "logs")
        with pytest.raises(Exception, match="AccessDenied"):
            client.describe_log_groups()
        world.later(2 * HOUR)
        world.jit("sweep")
        world.kept["entered"] = world.keep()
    world.back(world.kept["entered"])
    return granted


def usage(world: World, *arguments: str, code: int = 0) -> str:
    """Run it as audit.yml does."""
    return world.jit("audit", "usage", *arguments, workflow="audit.yml", code=code).output


def used(world: World) -> list[dict[str, Any]]:
    """The uses in the events `used`."""
    return [each["evidence"]["use"] for each in world.ledger() if each["event"] == "used"]


def test_what_was_done_is_recorded_once(world: World, entered: str) -> None:
    """How often it was entered, first and last, what was denied; the next run finds nothing more to ask."""
    world.later(SETTLED)
    assert "used: orders-db-read of alice-ask in prod, entered 2 times" in usage(world)
    (use,) = used(world)
    assert (use["state"], use["entered"], use["denied"]) == ("entered", 2, 1)
    assert (use["first_use"], use["last_use"]) == ("2026-11-23T09:10:00Z", "2026-11-23T09:30:00Z")
    assert use["regions"] == ["eu-central-1", "eu-west-1", "us-east-1"]
    assert [each["what"] for each in use["not_seen"]] == ["other-regions", "data-events"]
    assert "no grant is over whose use is not recorded" in usage(world)
    assert len(used(world)) == 1
    assert codes(verdict(world, code=0)) == set()


def test_it_waits_for_cloudtrail(world: World, entered: str) -> None:
    """Until a session's length and two hours after the end nothing is asked."""
    world.forget()
    assert "no grant is over" in usage(world)
    assert not [name for _, service, name in world.acme.aws.calls if service == "cloudtrail"]


def test_never_entered(world: World, granted: str) -> None:
    """All enabled regions were looked at, and nobody was there."""
    world.later(2 * HOUR + SETTLED)
    assert "never entered" in usage(world)
    assert (used(world)[0]["entered"], used(world)[0]["state"]) == (0, "never entered")


def test_a_dry_run_records_nothing(world: World, entered: str) -> None:
    """It asks, and says what it would record."""
    world.later(SETTLED)
    assert "entered 2 times" in usage(world, "--dry-run")
    assert used(world) == []


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
@pytest.mark.parametrize(("service", "operation"), [("cloudtrail", "LookupEvents"), ("ec2", "DescribeRegions"), ("sts", "AssumeRoleWithWebIdentity")])  # fmt: skip
def test_what_aws_does_not_show_is_not_never(
    world: World, granted: str, service: str, operation: str, code: str
) -> None:
    """For three days it is asked again; then it is recorded as not seen, and why. No run fails for it."""
    for step in (2 * HOUR, SETTLED):
        world.later(step)
        world.jit("sweep")
    world.acme.aws.faults = lambda _, asked, name: (
        AwsFault(code=code, status=400) if (asked, name) == (service, operation) else None
    )
    assert "is not known yet" in usage(world)
    assert used(world) == []
    world.later(3 * DAY)
    usage(world)
    (use,) = used(world)
    assert use["state"] == "not seen"
    assert code in json.dumps(use["not_seen"])
    assert codes(verdict(world, code=0)) == set()


def test_an_account_that_refuses_delays_no_other(world: World, granted: str) -> None:
    """What CloudTrail shows elsewhere is recorded at once."""
    world.ask("carol", "both", accounts=["staging"])
    world.jit("grant")
    world.later(2 * HOUR + SETTLED)
    world.acme.aws.faults = lambda account, service, _: (
        AwsFault(code="AccessDeniedException", status=400)
        if (account, service) == (PROD, "cloudtrail")
        else None
    )
    usage(world)
    assert [each["account"] for each in world.ledger() if each["event"] == "used"] == ["staging"]
    world.calm()
    usage(world)
    assert len(used(world)) == 2


def test_it_is_shown_where_people_look(world: World, entered: str) -> None:
    """In the kept comment once the clock runs, in `status`, in the log; with what nobody could see."""
    world.later(SETTLED)
    usage(world)
    world.jit("comment", workflow="sweep.yml", actor=ACTIONS, event="workflow_dispatch")
    comment = only(world, 1)
    assert "By CloudTrail: entered 2 times, first use 23 Nov 2026, 09:10 UTC" in comment
    assert "1 denied call seen" in comment
    assert (
        "Not seen: calls in other regions than eu-west-1, us-east-1; calls that read or write data" in comment
    )
    assert PROD not in comment.partition("By CloudTrail")[2]
    told = json.loads(world.jit("status", "--all", "--format", "json").output)
    assert (told[0]["use"]["state"], told[0]["use"]["entered"], told[0]["use"]["calls"]) == (
        "entered",
        2,
        None,
    )
    clone(world)
    ran = world.jit(
        *("audit", "log", "--keys", str(vouched(world)), "--outcome", "used", "--format", "json"),
        runner="auditor",
    )
    (row,) = json.loads(ran.output)
    assert (row["event"], row["why"]) == ("used", "entered")
    assert "not seen: calls in other regions" in row["reason"]


def test_the_pack_has_it(world: World, entered: str, tmp_path: Any) -> None:
    """The columns that were not read before, and the totals."""
    world.later(SETTLED)
    usage(world)
    clone(world)
    world.jit(
        *(
            "audit",
            "export",
            "--from",
            "2026-11-01",
            "--to",
            "2026-11-30",
            "--output",
            str(tmp_path / "pack"),
        ),
        *("--keys", str(vouched(world))),
        runner="auditor",
    )
    (item,) = json.loads((tmp_path / "pack" / "population.json").read_text())
    assert (item["use"]["entered"], item["use"]["denied_calls"], item["use"]["calls"]) == (2, 1, None)
    verdicts = json.loads((tmp_path / "pack" / "verdicts.json").read_text())
    assert (verdicts["use"]["entered"], verdicts["use"]["never entered"], verdicts["use"]["not asked"]) == (
        1,
        0,
        0,
    )
    table = (tmp_path / "pack" / "population.csv").read_text()
    assert '"2026-11-23T09:10:00Z","2026-11-23T09:30:00Z","not seen","1"' in table


LIES: tuple[tuple[dict[str, Any], dict[str, Any], set[str]], ...] = (
    ({"entered": 0, "state": "never entered"}, {}, {"use-implausible"}),
    ({"state": "never entered"}, {}, {"use-implausible"}),
    ({"not_seen": []}, {}, {"use-implausible"}),
    ({"last_use": "2026-11-29T09:30:00Z"}, {}, {"use-implausible"}),
    ({}, {"cause": "again"}, {"use-recorded-twice"}),
    ({}, {"commit": "b" * 40}, {"use-without-grant"}),
    ({}, {"account_id": "012345670123"}, {"use-without-grant"}),
)


@pytest.mark.parametrize(("use", "changes", "expected"), LIES)
def test_a_run_of_the_audit_that_lies(
    world: World, entered: str, use: dict[str, Any], changes: dict[str, Any], expected: set[str]
) -> None:
    """Its token is right in everything, and its event is not what the ledger and itself allow."""
    world.later(SETTLED)
    before = world.github.store.tip("ledger")
    usage(world)
    event = recorded(world, "used")
    if expected == {"use-implausible"}:
        world.github.store.update_ref("refs/heads/ledger", before)
    told = Evidence({"use": {**dict(event.evidence.use.json), **use}})
    lie = replace(event, at=world.now, evidence=told, **changes)
    push(world, batch(world, lie, job_workflow_ref=AUDIT))
    assert codes(verdict(world, code=1)) == expected


def test_another_workflow_that_says_it(world: World, entered: str) -> None:
    """Of the same event, made out by a run of grant."""
    world.later(SETTLED)
    before = world.github.store.tip("ledger")
    usage(world)
    event = recorded(world, "used")
    world.github.store.update_ref("refs/heads/ledger", before)
    push(world, batch(world, event))
    assert codes(verdict(world, code=1)) == {"use-by-another-workflow"}


def test_a_use_of_a_grant_that_is_not_over(world: World, granted: str) -> None:
    """Said while access was live."""
    world.later(2 * HOUR + SETTLED)
    usage(world)
    event = recorded(world, "used")
    world.back(world.kept["granted"])
    world.later(HOUR)
    push(world, batch(world, replace(event, at=world.now), job_workflow_ref=AUDIT))
    assert codes(verdict(world, code=1)) == {"use-before-end", "use-implausible"}


@pytest.mark.parametrize("forged", ["edited", "deleted", "unattested"])
def test_an_event_that_is_tampered_with(world: World, entered: str, forged: str) -> None:
    """Edited, taken away, or added by somebody with write access: what was attested still counts."""
    world.later(SETTLED)
    usage(world)
    store = world.github.store
    listed = store.git("ls-tree", "-r", "--name-only", "ledger", "events/").decode().split()
    (path,) = [each for each in listed if "-used-" in each]
    if forged == "edited":
        text = store.read(store.tip("ledger"), path).replace(b'"entered": 2', b'"entered": 0')
        push(world, {path: text})
    elif forged == "deleted":
        push(world, {}, gone=(path,))
    else:
        push(world, {path.replace("-used-", "-used-0"): b"{}"})
    found = verdict(world, code=1)
    assert codes(found) == {"unattested" if forged == "unattested" else f"event-{forged}"}
    assert found["checked"]["used"] == 1
