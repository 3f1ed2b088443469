"""A stop is shown alike everywhere: before the merge, after it, to whom it concerns, and to auditors."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from acme_world import MINUTE, ORDERS, TABLE, World
from audit_story import clone, vouched

WHY = "erin stopped every request of alice until 2026-11-30"
REASON = "stolen **laptop** \x1b[31m"


def stop(world: World, *arguments: str) -> None:
    """`jitbot stop` of alice, by erin."""
    given = ("--person", "alice", "--reason", REASON, *arguments)
    world.jit("stop", *given, actor="erin", workflow="revoke.yml")


def proposed(world: World, login: str = "alice") -> int:
    """An open pull request of this person's."""
    path, text = world.request(login, ORDERS, "open", **TABLE)
    return world.offer(login, "change", {path: text})


def shown(world: World, number: int) -> dict[str, Any]:
    """What `jitbot comment` would show on a pull request."""
    ran = world.ran("comment", str(number), "--format", "json", workflow="check.yml", event="pull_request")
    found: dict[str, Any] = json.JSONDecoder().raw_decode(ran.output[ran.output.index("{") :])[0]
    return found


def test_before_the_merge(world: World, granted: str) -> None:
    """The check is red, comment and `explain` give the same reason, and others see nothing of it."""
    stop(world)
    number = proposed(world)
    comment = shown(world, number)
    assert [each["code"] for each in comment["findings"]] == ["stopped"]
    assert WHY in comment["findings"][0]["message"]
    assert WHY in comment["comment"]
    assert "stopped" in json.dumps(comment["statuses"])
    explained = world.ran("explain", str(number), workflow="check.yml", event="pull_request")
    assert (explained.code, WHY in " ".join(explained.output.split())) == (1, True), explained.output
    assert shown(world, proposed(world, "carol"))["findings"] == []


def test_after_the_merge(world: World, granted: str) -> None:
    """The comment says who ended it and why, as text and nothing else."""
    stop(world)
    (number,) = {each["evidence"]["pull_request"] for each in world.ledger() if each["event"] == "approved"}
    comment = shown(world, number)["comment"]
    assert "erin" in comment
    assert "stopped every request of **alice**, and so it ended" in comment
    assert "**laptop**" not in comment


def test_after_a_refusal(world: World) -> None:
    """The comment on what was merged in spite of it gives the reason, and how to go on."""
    stop(world)
    number = proposed(world)
    world.must(world.review("bob", number))
    world.must(world.merge("olivia", number))
    world.jit("grant", code=1)
    comment = shown(world, number)["comment"]
    assert "Refused after the merge" in comment
    assert "erin stopped every request of alice" in comment


@pytest.mark.parametrize("arguments", [("--all",), ("--person", "ALICE"), ("--person", "alice", "--ended")])
def test_status(world: World, granted: str, arguments: tuple[str, ...]) -> None:
    """The stop that holds, and why; until it is lifted."""
    stop(world)
    said = world.ran("status", *arguments, workflow="audit.yml").output
    assert f"! {WHY}" in said
    assert "stolen" in said
    assert "\x1b[31m" not in said
    assert WHY not in world.ran("status", "--person", "carol", workflow="audit.yml").output
    world.later(MINUTE)
    stop(world, "--lift")
    assert WHY not in world.ran("status", *arguments, workflow="audit.yml").output


def test_status_says_how_it_ended(world: World, granted: str) -> None:
    """In the words of the ledger."""
    stop(world)
    found = world.ran("status", "--all", "--format", "json", workflow="audit.yml").output
    rows = json.loads(found[found.index("[") : found.rindex("]") + 1])
    assert [(each["state"], each["why"]) for each in rows] == [("ended", "stopped")]


def audit(world: World, *arguments: str) -> str:
    """A command of `jitbot audit` in a clone of its own."""
    folder = clone(world)
    keys = ("--keys", str(vouched(world)))
    ran = world.jit("audit", *arguments, *keys, runner=folder.name, workflow="audit.yml")
    return ran.output


def test_the_audit_log(world: World, granted: str) -> None:
    """Stop and lift are rows, found by the person, by who stopped, and by the outcome."""
    stop(world)
    stop(world, "--lift")
    for arguments in (("--person", "alice"), ("--person", "erin"), ()):
        printed = audit(world, "log", "--format", "json", *arguments)
        rows = json.JSONDecoder().raw_decode(printed)[0]  # what was passed over is said behind them
        found = [each for each in rows if each["event"] in ("stopped", "lifted")]
        assert [(each["event"], each["requester"], each["by"]) for each in found] == [
            ("stopped", "alice", "erin"),
            ("lifted", "alice", "erin"),
        ]
    assert len(json.loads(audit(world, "log", "--format", "json", "--outcome", "stopped"))) == 2


def test_the_report_and_the_pack(world: World, granted: str, tmp_path: Path) -> None:
    """The stops of the period, each with its lift; and of each grant who ended it and why."""
    stop(world)
    world.later(MINUTE)
    stop(world, "--lift")
    days = ("--from", "2026-11-01", "--to", "2026-11-30")
    audit(world, "report", *days, "--output", str(tmp_path / "report.html"))
    page = (tmp_path / "report.html").read_text()
    assert "<h2>Emergency stops</h2>" in page
    assert "lifted by erin" in page
    audit(world, "export", *days, "--output", str(tmp_path / "pack"))
    (found,) = json.loads((tmp_path / "pack/stops.json").read_text())
    assert (found["person"], found["policy"], found["by"], found["lifted_by"]) == (
        "alice",
        None,
        "erin",
        "erin",
    )
    assert found["until"] > found["stopped_at"]
    (row,) = csv.DictReader(io.StringIO((tmp_path / "pack/population.csv").read_text()))
    assert (row["end"], row["ended_by"]) == ("stopped", "erin") if "end" in row else row["ended_by"] == "erin"


def test_the_report_of_another_period(world: World, granted: str, tmp_path: Path) -> None:
    """A stop that began after the period is none of its own."""
    stop(world)
    audit(world, "export", "--from", "2026-11-01", "--to", "2026-11-02", "--output", str(tmp_path / "pack"))
    assert json.loads((tmp_path / "pack/stops.json").read_text()) == []
