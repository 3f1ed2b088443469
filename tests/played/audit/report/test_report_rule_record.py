"""The report and the pack show the record of rules: author, approvers, and as exceptions what nobody reviewed."""

import csv
import html
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from acme_world import DAY, HOUR, World
from audit_story import clone, vouched
from ruling import OWNER, POLICY, pushed, reworded

PERIOD = ("--from", "2026-11-20", "--to", "2026-11-29")
HOSTILE = "policies/access/=cmd|' /C calc'!A0 <b>.yaml"


@pytest.fixture
def told(world: World, tmp_path: Path) -> dict[str, Any]:
    """What page, CSV, JSON and verdicts say of five changes: reviewed, unreviewed, pushed, unknown, and too new."""
    world.land("bob", reworded(world, "one"), by=(OWNER,))
    world.jit("grant")
    world.land("bob", reworded(world, "two"), by=("olivia",))
    pushed(world, {HOSTILE: "x"})
    world.write(POLICY, reworded(world, "four")[POLICY])
    world.later(13 * HOUR)
    world.jit("grant")
    world.later(HOUR)
    world.land("bob", reworded(world, "five"), by=(OWNER,))
    folder, keys = clone(world), str(vouched(world))
    job: dict[str, Any] = {"runner": folder.name, "workflow": "audit.yml"}
    page, pack = tmp_path / "page.html", tmp_path / "pack"
    said = world.jit("audit", "report", *PERIOD, "--keys", keys, "--output", str(page), **job).output
    world.jit("audit", "export", *PERIOD, "--keys", keys, "--output", str(pack), **job)
    with (pack / "rule-changes.csv").open(newline="", encoding="utf-8-sig") as file:
        table = list(csv.DictReader(file))
    return {
        "said": said,
        "page": page.read_text().partition("<h2>Rules that changed</h2>")[2].partition("</section>")[0],
        "top": html.unescape(page.read_text().partition("<main>")[2].partition("</section>")[0]),
        "csv": table,
        "json": json.loads((pack / "rule-changes.json").read_text()),
        "verdicts": json.loads((pack / "verdicts.json").read_text()),
    }


def test_page_csv_json_and_pack_agree(told: dict[str, Any]) -> None:
    """Every change is in each of them, with the same answer."""
    answers = ["not required", "yes", "no", "no", "unknown", "not due yet"]
    assert [each["reviewed"] for each in told["json"]] == answers
    assert [each["reviewed"] for each in told["csv"]] == answers
    assert [each["commit"] for each in told["csv"]] == [each["commit"] for each in told["json"]]
    cells = re.findall(r'data-title="Review">(.*?)</td>', told["page"])
    assert [html.unescape(each).partition(":")[0].partition(" by")[0] for each in cells] == [
        "not recorded", "approved", "no review", "no review", "unknown", "not recorded",
    ]  # fmt: skip
    assert told["page"].count('<tr class="exception">') == 2
    assert told["verdicts"]["rule_changes"]["changes"] == len(answers)


def test_what_nobody_reviewed_is_an_exception(told: dict[str, Any]) -> None:
    """On top of the page, at the terminal, and in the verdicts with the control that it is against."""
    found = told["verdicts"]["rule_changes"]
    lacking = [each["commit"] for each in told["json"] if each["reviewed"] == "no"]
    assert [each["commit"] for each in found["exceptions"]] == lacking
    assert (found["control"], found["reviewed"], len(found["unknown"])) == ("CC8.1", 1, 1)
    assert told["verdicts"]["clean"] is False
    assert "<strong>2 exceptions</strong>" in told["top"]
    assert "Of 6 changes on main: yes: 1; no: 2; unknown: 1; not due yet: 1; not required: 1." in told["top"]
    assert "of 6 changes of the rules 2 without a review, 1 unknown" in told["said"]


def test_author_approvers_and_pusher_are_named(told: dict[str, Any]) -> None:
    """The reviewed one with both, the pushed one with the account that pushed it."""
    _, reviewed, unreviewed, past, *_ = told["json"]
    assert (reviewed["author"], reviewed["approved_by"]) == ("bob", [OWNER])
    assert (unreviewed["author"], unreviewed["approved_by"]) == ("bob", ["olivia"])
    assert (past["pull_request"], past["pushed_by"]) == (None, "olivia")
    assert f"#{reviewed['pull_request']} of bob" in told["page"]


def test_names_are_inert(told: dict[str, Any]) -> None:
    """A path that is a formula and a tag is neither on the page nor in a spreadsheet."""
    assert told["json"][3]["paths"] == [HOSTILE]
    assert "<b>" not in told["page"]
    assert "\x1b" not in told["page"]
    assert not any(value.startswith(("=", "+", "-", "@")) for row in told["csv"] for value in row.values())


def test_a_late_change_without_an_event_is_unknown(world: World, tmp_path: Path) -> None:
    """It is younger than the record, and a day has passed: nobody knows, which is no review and no exception."""
    pushed(world, reworded(world, "one"))
    world.later(HOUR)
    world.jit("grant")
    pushed(world, reworded(world, "two"))
    world.later(2 * DAY)
    folder, keys = clone(world), str(vouched(world))
    job: dict[str, Any] = {"runner": folder.name, "workflow": "audit.yml"}
    world.jit("audit", "export", *PERIOD, "--keys", keys, "--output", str(tmp_path / "pack"), **job)
    rows = json.loads((tmp_path / "pack" / "rule-changes.json").read_text())
    assert [each["reviewed"] for each in rows] == ["not required", "no", "unknown"]


@pytest.mark.parametrize("when", [-400 * DAY, 400 * DAY])
def test_a_push_with_a_chosen_date_is_in_the_period_in_which_it_came(
    world: World, tmp_path: Path, when: timedelta
) -> None:
    """An admin who pushes past the rules does not choose the report that shows it."""
    world.land("bob", reworded(world, "one"), by=(OWNER,))
    world.jit("grant")
    commit = pushed(world, reworded(world, "two"), when=when)
    world.later(13 * HOUR)
    world.jit("grant")
    folder, keys = clone(world), str(vouched(world))
    job: dict[str, Any] = {"runner": folder.name, "workflow": "audit.yml"}
    world.jit("audit", "export", *PERIOD, "--keys", keys, "--output", str(tmp_path / "pack"), **job)
    rows = json.loads((tmp_path / "pack" / "rule-changes.json").read_text())
    assert [(each["commit"], each["reviewed"]) for each in rows][2:] == [(commit, "no")]


def test_the_log_lists_them(world: World) -> None:
    """`audit log` has a row for each, with author, approver and how it came."""
    world.land("bob", reworded(world, "one"), by=(OWNER,))
    world.jit("grant")
    folder, keys = clone(world), str(vouched(world))
    asked = ("audit", "log", "--keys", keys, "--outcome", "rules", "--format", "json")
    (row,) = json.loads(world.jit(*asked, runner=folder.name, workflow="audit.yml").output)
    assert (row["event"], row["why"], row["requester"]) == ("rules", "reviewed", "bob")
    assert row["approved_by"] == [OWNER]
