"""`jitbot audit report` and `export` against a running acme: what it granted and refused is there, as AWS and git have it."""

import csv
import json
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from desk import Said, said
from rich.console import Console

from jitbot.cli import main
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme
from jitbot.sandbox.story.stage import Stage

BEGINS = datetime(2026, 11, 24, 9, tzinfo=UTC)
PERIOD = ("--from", "2026-11-24", "--to", "2026-11-25")
REASON = "=cmd|' /C calc'!A0 </script><b>"


class Office:
    """acme running, with one request granted, ended and removed, one refused, one withdrawn."""

    def __init__(self, acme: Acme) -> None:
        self.stage = Stage(acme=acme, jitbot=main, console=Console(file=StringIO()))
        self.granted, self.number = self.ask("alice", "orders", "bob", reason=REASON)
        self.run("grant")
        self.refused, _ = self.ask("carol", "alone")
        self.run("grant", code=1)
        self.withdrawn = self.withdraw("alice")
        for hours in (3, 2):
            acme.clock.set(acme.clock.now() + timedelta(hours=hours))
            self.run("sweep")

    def run(self, verb: str, *arguments: str, code: int = 0, **others: str) -> Said:
        """Run jitbot as a job of a workflow, in a clone of main's tip."""
        clone = self.stage.acme.clone()
        self.stage.acme.git("olivia", "pull", "--quiet", "--ff-only", cwd=clone)
        workflow = {"audit": "sweep.yml"}.get(verb, f"{verb}.yml")
        environ = {**self.stage.acme.job(workflow, actor="olivia"), **others}
        if verb == "audit":
            keys = clone.parent / "keys.json"
            keys.write_text(json.dumps(self.stage.acme.github._issuer.key_set()), "utf-8")
            arguments = (*arguments, "--keys", str(keys))
        answer = said(verb, *arguments, folder=clone, environ=environ, now=self.stage.now)
        assert answer.code == code, answer
        return answer

    def ask(self, login: str, slug: str, *reviewers: str, **fields: Any) -> tuple[str, int]:
        """A request by this person, reviewed and merged past the rules."""
        path, text = self.stage.request(
            login, "orders-db-read", slug, **{"parameters": {"table": "orders"}, **fields}
        )
        number = self.stage.propose(login, slug, {path: text})
        for reviewer in reviewers:
            self.stage.must(self.stage.review(reviewer, number))
        self.stage.must(self.stage.merge("olivia", number))
        return path, number

    def withdraw(self, login: str) -> int:
        """A request that its author closed again."""
        path, text = self.stage.request(login, "orders-db-read", "never", parameters={"table": "orders"})
        number = self.stage.propose(login, "never", {path: text})
        assert self.stage.acme.call(login, "PATCH", f"/pulls/{number}", state="closed").ok
        return number


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """That office, lived through once."""
    with Acme(Clock(BEGINS)) as acme:
        yield Office(acme)


def exported(office: Office, folder: Path, *arguments: str) -> dict[str, bytes]:
    """The files of a pack by their path in it."""
    office.run("audit", "export", *PERIOD, "--output", str(folder), *arguments)
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()
    }


def test_the_report_holds_what_happened(office: Office, tmp_path: Path) -> None:
    """Both requests are in the file, judged by what acme's own run recorded; hostile text is inert in it."""
    file = tmp_path / "r.html"
    answer = office.run("audit", "report", *PERIOD, "--output", str(file))
    assert re.search(r"r\.html: 2 items, \d\.\d MB\n0 exceptions, 0 unknown", answer.out)
    text = file.read_text("utf-8")
    content = json.loads(text.partition('id="data">')[2].partition("</script>")[0])
    assert {office.granted, office.refused, REASON} <= set(content["texts"])
    assert "</script><b>" not in text
    assert "The ledger holds no look, so nobody knows." in text
    assert "10 items that the record does not explain" in text  # those safeguards, and nothing else
    assert "orders-db-read" in text.partition("Who could ask")[2]
    assert "alice" in text.partition("Who could ask")[2]


def test_the_file_is_named_by_its_last_day(office: Office) -> None:
    """A period to the end of the 25th is not named by the 26th."""
    answer = office.run("audit", "report", *PERIOD)
    (name,) = re.findall(r"jitbot-report-\d+-\d+[.]html", answer.out)
    assert name == "jitbot-report-20261124-20261125.html"
    (office.stage.acme.clone() / name).unlink()


def test_every_question_is_answered_from_a_real_run(office: Office, tmp_path: Path) -> None:
    """What jitbot itself records is enough for a yes to each question: no fact is missing at its source."""
    with StringIO(
        exported(office, tmp_path / "pack")["population.csv"].decode("utf-8-sig"), newline=""
    ) as opened:
        rows = {row["outcome"]: row for row in csv.DictReader(opened)}
    over, refused = rows["over"], rows["refused"]
    for question in ("approved_before_grant", "within_max", "separation_of_duties", "removed_on_time"):
        assert over[question] == "yes", over[f"{question}_why"]
    empty = {name for name, value in over.items() if value == ""}
    allowed = {
        "ticket",
        "managed_policies",
        "not_counted",
        "refused_because",
        "ended_by",
        "ended_reason",
        "refused_codes",
    }
    by_rules = {"approval_rules", "approval_places"}  # this policy asks by a number
    unasked = {"calls_by_service", "use_not_seen", "use_asked_at"}  # of CloudTrail
    assert over["use"] == "not asked"
    assert empty <= allowed | by_rules | unasked | {
        "review_by",
        "reviewers",
        "reviewed_at",
        "reviewed_by",
        "reviewed_in_time",
        "reviewed_in_time_why",
    }
    assert over["reason"] == f"'{REASON}"
    assert over["pull_request"] == str(office.number)
    assert (refused["requester"], refused["account"]) == ("carol", "prod")
    assert "approval" in refused["refused_because"]


def test_a_pack_is_the_same_twice_and_changes_with_the_seed(office: Office, tmp_path: Path) -> None:
    """The same ledger and arguments give the same bytes, whenever it is made."""
    one = exported(office, tmp_path / "one", "--seed", "x")
    assert one == exported(office, tmp_path / "two", "--seed", "x")
    assert one["sample/draw.json"] != exported(office, tmp_path / "three", "--seed", "y")["sample/draw.json"]
    assert "unmerged.json" not in one


def test_without_a_seed_the_ledgers_head_is_one(office: Office, tmp_path: Path) -> None:
    """Nobody knows it beforehand, and the pack names it."""
    pack = exported(office, tmp_path / "pack")
    assert json.loads(pack["sample/draw.json"])["seed"] == json.loads(pack["manifest.json"])["ledger"]


def test_what_was_withdrawn_is_told_online(office: Office, tmp_path: Path) -> None:
    """Asked, GitHub tells which pull requests never gave anything, and which were merely merged."""
    found = json.loads(exported(office, tmp_path / "pack", "--online")["unmerged.json"])
    assert [(each["number"], each["outcome"], each["author"]) for each in found] == [
        (office.withdrawn, "withdrawn", "alice")
    ]
    assert found[0]["requests"][0].endswith("-alice-never.yaml")


def test_a_folder_with_anything_in_it_is_refused(office: Office, tmp_path: Path) -> None:
    """A pack never mixes with what lies there, and what lies there stays."""
    (tmp_path / "note").write_text("mine")
    answer = office.run("audit", "export", *PERIOD, "--output", str(tmp_path), code=1)
    assert "is not empty" in answer.err
    assert [file.name for file in tmp_path.iterdir()] == ["note"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--from", "2026-11-25", "--to", "2026-11-24"), 1),
        (("--from", "2027-01-01", "--to", "2027-02-01"), 1),
        (("--from", "yesterday", "--to", "2026-11-24"), 2),
        ((), 2),
    ],
)
def test_a_period_that_is_none_is_refused(office: Office, arguments: tuple[str, ...], code: int) -> None:
    """An empty period, one to come, or none: an error with words, and no file."""
    office.run("audit", "report", *arguments, code=code)


def test_a_rule_that_changed_is_told(office: Office, tmp_path: Path) -> None:
    """A commit on main that touches a policy is in the report, the requests' merges are not."""
    file = tmp_path / "r.html"
    stage = office.stage
    path = "policies/access/orders-db-read.yaml"
    clone = stage.acme.clone()
    text = (clone / path).read_text("utf-8").replace("max_duration: 4h", "max_duration: 3h")
    number = stage.propose("alice", "shorter", {path: text})
    stage.must(stage.merge("olivia", number))
    office.run("audit", "report", *PERIOD, "--output", str(file))
    told = file.read_text("utf-8").partition("Rules that changed")[2].partition("</section>")[0]
    assert path in told
    assert office.granted not in told
    assert "3h" in file.read_text("utf-8").partition("Who could ask")[2]


@pytest.mark.real_git
@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (("check", "--base", "HEAD", "--head", "HEAD"), ["rev-parse"]),
        (("audit", "report", *PERIOD, "--output", "OUTPUT"), ["--topo-order", "policies"]),
    ],
)
def test_git_runs_in_the_environment_of_the_command(
    office: Office, tmp_path: Path, arguments: tuple[str, ...], asked: list[str]
) -> None:
    """The git that is found is that of the environment which the command line was given."""
    real, log, spy = shutil.which("git"), tmp_path / "log", tmp_path / "bin/git"
    spy.parent.mkdir()
    spy.write_text(f'#!/bin/sh\necho "$*" >> {log}\nexec {real} "$@"\n')
    spy.chmod(0o755)
    given = [str(tmp_path / "report.html") if each == "OUTPUT" else each for each in arguments]
    office.run(*given, PATH=f"{spy.parent}:{os.environ['PATH']}")
    for word in asked:
        assert word in log.read_text().split()
