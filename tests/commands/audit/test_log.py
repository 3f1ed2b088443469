"""`jitbot audit log`: the record as rows, filtered; no cell is a formula, no text moves a cursor."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from acme_world import HOUR, MINUTE, World, open_world
from audit_story import clone, vouched

from jitbot.commands.audit import log as log_command
from jitbot.domain.audit.report.log_rows import LogRow
from jitbot.domain.text import escape

LISTS = ("accounts", "approved_by", "codes")
HOSTILE = "=HYPERLINK(1) \\u202e | ::error::x"


@dataclass(kw_only=True)
class Archive:
    """An auditor's clone of a ledger in which alice, carol and dave asked for something."""

    world: World
    paths: dict[str, str]

    def log(self, *arguments: str, code: int = 0) -> str:
        """What `jitbot audit log` prints in it, without how much of the ledger it passed over."""
        lines = self.all_said(*arguments, code=code).splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith("· "))

    def all_said(self, *arguments: str, code: int = 0) -> str:
        """All that it prints."""
        ran = self.world.jit(
            *("audit", "log", "--keys", str(vouched(self.world)), *arguments),
            runner="auditor",
            workflow="audit.yml",
            code=code,
        )
        return ran.output

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        """The same as JSON."""
        found = json.loads(self.log("--format", "json", *arguments))
        assert isinstance(found, list)
        return found


@pytest.fixture(scope="module")
def history() -> Iterator[Archive]:
    """That clone: alice got access for a formula of a reason, carol's was released, mallory's refused."""
    with open_world() as world:
        paths = {"alice": world.ask("alice", reason=HOSTILE)}
        world.jit("grant")
        world.later(HOUR)
        paths["carol"] = world.ask("carol", "second", accounts=["prod", "staging"], ticket="OPS-7")
        paths["mallory"], text = world.request(
            "mallory", "orders-db-read", "no", parameters={"table": "orders"}
        )
        world.land("mallory", {paths["mallory"]: text}, by=())
        world.jit("grant", code=1)
        world.later(MINUTE)
        world.jit("revoke", paths["carol"], "--reason", "done", actor="carol")
        clone(world)
        yield Archive(world=world, paths=paths)


def test_a_row_tells_the_whole_story(history: Archive) -> None:
    """Who, what, where, until when, why, approved by whom, in which merge and which commit of the ledger."""
    row = history.rows("--person", "alice", "--outcome", "approved")[0]
    assert (row["requester"], row["policy"], row["accounts"]) == (
        "alice",
        "orders-db-read",
        ["prod (111111111111)"],
    )
    assert (row["approved_by"], row["pull_request"], row["expires_at"]) == (
        ["bob"],
        "#1",
        "2026-11-23T11:00:00Z",
    )
    assert row["at"] == "2026-11-23T09:00:00Z"
    assert len(row["merge_commit"]) == len(row["ledger_commit"]) == 40
    assert row["path"].startswith("events/2026/11/23/")


@pytest.mark.parametrize(
    ("arguments", "events"),
    [
        (["--person", "alice"], ["approved", "granted"]),
        (["--person", "ALICE"], ["approved", "granted"]),
        (["--person", "bob"], ["approved", "approved"]),
        (["--person", "mallory"], ["refused"]),
        (["--person", "nobody"], []),
        (["--outcome", "refused"], ["refused"]),
        (["--outcome", "released"], ["revoked", "ended", "ended"]),
        (["--outcome", "ended"], ["ended", "ended"]),
        (["--account", "staging"], ["approved", "granted", "ended"]),
        (["--account", "012345670123"], ["approved", "granted", "ended"]),
        (["--account", "stag"], []),
        (["--policy", "ssm-shell"], []),
        (["--policy", "orders-db-read", "--outcome", "granted"], ["granted", "granted", "granted"]),
        (["--request", "carol-second", "--outcome", "revoked"], ["revoked"]),
        (["--request", "#1"], ["approved", "granted"]),
        (["--from", "2026-11-24"], []),
        (["--from", "2026-11-23", "--to", "2026-11-23", "--outcome", "refused"], ["refused"]),
        (["--to", "2026-11-23T10:00:00Z"], ["approved", "granted"]),
        (["--from", "2026-11-23T10:01:00Z"], ["revoked", "ended", "ended"]),
    ],
)
def test_each_filter_narrows(history: Archive, arguments: list[str], events: list[str]) -> None:
    """By person (asked, approved or ended it), policy, account, request, outcome and time."""
    assert [row["event"] for row in history.rows(*arguments)] == events


@pytest.mark.parametrize("columns", [80, 120])
def test_at_a_terminal_nothing_is_cut(
    history: Archive, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    """Every time, policy, person and reason is there whole, on lines that fit."""
    rows = tuple(LogRow(**{**each, **{name: tuple(each[name]) for name in LISTS}}) for each in history.rows())
    monkeypatch.setenv("COLUMNS", str(columns))
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout", terminal)
    log_command._print(rows)
    printed = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue())
    assert all(len(line) <= columns for line in printed.splitlines())
    text = " ".join(printed.split())
    for row in rows:
        words = (row.at, row.event, row.policy, row.requester, row.expires_at, *row.approved_by, *row.codes)
        assert all(word in text for word in words)
        assert escape.log(row.reason) in text
    assert "…" not in text


def test_a_table_for_people(history: Archive) -> None:
    """One line for each event, wide enough for grep."""
    head, *lines = history.log("--person", "carol").splitlines()
    assert head.split()[:3] == ["when", "what", "who"]
    assert len(lines) == 6
    assert any("ended (released)" in line and "staging" in line for line in lines)
    assert history.log("--person", "nobody").strip() == "nothing is recorded that fits"


def test_a_reason_moves_no_cursor(history: Archive) -> None:
    """A reason with a mark that turns text around is shown as its escape."""
    printed = history.log("--person", "alice")
    assert "\u202e" not in printed
    assert "HYPERLINK" in printed


def test_no_cell_is_a_formula(history: Archive) -> None:
    """In CSV every cell is quoted, and one that would be computed begins with an apostrophe."""
    printed = history.log("--format", "csv", "--person", "alice")
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert [row["reason"][:12] for row in rows] == ["'=HYPERLINK("] * 2
    assert rows[0]["accounts"] == "prod (111111111111)"
    assert not [
        each for row in rows for each in row.values() if each.lstrip().startswith(("=", "+", "-", "@"))
    ]


def test_what_is_not_attested_is_left_out_and_counted(history: Archive) -> None:
    """A forgery is no row; people are told that there is something."""
    before = history.world.keep().ledger
    store = history.world.github.store
    history.world.write("events/2026/11/23/lie.json", "{}", "ledger")
    clone(history.world)
    assert "1 commit of the ledger is odd" in history.log("--outcome", "refused")
    store.update_ref("refs/heads/ledger", before)
    clone(history.world)


def test_what_cannot_concern_the_person_is_counted(history: Archive) -> None:
    """It is said that it was not checked, and what checks it; a log that is of one request looks at everything."""
    said = "commits of the ledger cannot concern this person and were not checked: `jitbot audit verify` checks all"
    assert said in history.all_said("--person", "carol")
    assert said not in history.all_said()
    assert said not in history.all_said("--person", "carol", "--request", history.paths["carol"])


@pytest.mark.parametrize("person", ["alice", "bob", "carol", "mallory", "CAROL", "nobody"])
def test_one_persons_log_is_the_whole_log_of_that_person(history: Archive, person: str) -> None:
    """Byte for byte, though most of the ledger was passed over."""
    everybody = history.rows()
    mine = [
        row for row in everybody if person.casefold() in (row["requester"], row["by"], *row["approved_by"])
    ]
    assert history.rows("--person", person) == mine


def test_keys_that_are_none_are_refused(history: Archive) -> None:
    """A file that is no key set is for the auditor to fix."""
    file = vouched(history.world)
    file.write_text("{}")
    ran = history.world.jit(
        "audit", "log", "--keys", str(file), runner="auditor", workflow="audit.yml", code=1
    )
    assert "is not a JSON Web Key Set" in ran.output


@pytest.mark.parametrize("time", ["yesterday", "2026-13-01", "2026-11-24T09:00", "2026-11-2"])
def test_a_period_is_days_or_moments(history: Archive, time: str) -> None:
    """Anything else is misuse, and says what would do."""
    assert "neither a day such as" in history.log("--from", time, code=2)
