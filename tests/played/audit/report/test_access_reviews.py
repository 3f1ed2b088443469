"""The report, the pack and the log of access reviews, read from a clone; and that `verify` proves what they rest on."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from acme_world import DAY, HOUR, World
from audit_story import attest, clone, codes, recorded, said, verdict, vouched
from reviewing import OTHER, POLICY, audited, dated, policies, review
from ruling import pushed, reworded

NAME = "orders-db-read"


def reviewed(world: World, tmp_path: Path) -> list[tuple[str, str]]:
    """Day and result of each date that moved."""
    return [(each["day"], each["result"]) for each in audited(world, tmp_path)["reviews"]]


def test_who_reviewed_what_when_and_over_which_rules(world: World, tmp_path: Path) -> None:
    """On the page, in the table and in JSON; every policy has its place, and none is overdue yet."""
    commit = review(world, "2026-11-23", POLICY, OTHER)
    world.later(HOUR)
    found = audited(world, tmp_path)
    one, other = found["reviews"]
    assert [each["policy"] for each in (one, other)] == [NAME, "ssm-shell"]
    assert (one["result"], one["reviewed_by"], one["author"]) == ("reviewed", ["erin"], "bob")
    assert (one["commit"], one["day"], one["before"]) == (commit, "2026-11-23", None)
    assert (one["late"], one["due"]) == (False, "2027-02-21")
    assert found["due"].keys() == policies()
    mine = found["due"][NAME]
    assert (mine["reviewed"], mine["state"], mine["due"]) == ("yes", "in time", "2027-02-21")
    assert mine["rules_changed"] is False
    assert {each["rules_sha256"] for each in found["entitlements"] if each["policy"] == NAME} == {
        one["rules_sha256"]
    }
    assert found["due"]["sqs-redrive"]["reviewed"] == "not due yet"
    figures = found["verdicts"]["access_reviews"]
    assert (figures["every_days"], figures["reviews"], figures["overdue"], figures["late"]) == (90, 2, [], [])
    made, due = found["csv"]["access-reviews"], found["csv"]["access-review-due"]
    assert [each["reviewed_by"] for each in made] == ["erin", "erin"]
    assert {each["policy"]: each["reviewed"] for each in due} == {
        name: each["reviewed"] for name, each in found["due"].items()
    }
    (row,) = (each for each in found["answers"] if each["name"] == "access_reviews")
    assert (row["exceptions"], row["unknown"]) == (0, 0)
    assert "in time: 2" in row["answer"]
    assert "reviewed by erin" in found["page"]
    assert 'class="exception"' not in found["page"]


def test_what_is_overdue_is_an_exception(world: World, tmp_path: Path) -> None:
    """On top of the page, in the section, at the terminal and in the verdicts; `verify` has nothing against it."""
    review(world, "2026-11-23")
    world.later(91 * DAY)
    found = audited(world, tmp_path)
    figures = found["verdicts"]["access_reviews"]
    assert {each["policy"] for each in figures["overdue"]} == policies()
    assert set(figures["never_reviewed"]) == policies() - {NAME}
    assert found["verdicts"]["clean"] is False
    assert found["page"].count('<tr class="exception">') == len(policies())
    (row,) = (each for each in found["answers"] if each["name"] == "access_reviews")
    assert (row["exceptions"], row["controls"]) == (len(policies()), ["CC6.3", "A.5.18"])
    assert f"{len(policies())} exceptions" in found["top"]
    assert f"of the access reviews of {len(policies())} policies {len(policies())} overdue" in found["said"]
    assert "it was never reviewed, and the review was due by 2027-02-21" in found["page"]
    assert codes(verdict(world, code=0)) == set()


def test_a_review_that_came_late_is_an_exception_of_its_period(world: World, tmp_path: Path) -> None:
    """The policy is in time again, and the report says how late it was."""
    world.later(100 * DAY)
    review(world, "2027-03-03")
    found = audited(world, tmp_path)
    (late,) = found["verdicts"]["access_reviews"]["late"]
    assert (late["policy"], late["why"]) == (NAME, "reviewed by erin, 10 days late")
    assert found["due"][NAME]["reviewed"] == "yes"
    assert "10 days late" in found["page"]


def test_a_date_past_the_rules_is_no_review(world: World, tmp_path: Path) -> None:
    """Pushed, merged without an approval of another owner, or ahead of its merge: each is there, and none counts."""
    pushed(world, dated(world, "2026-11-20"))
    world.later(HOUR)
    world.jit("grant")
    world.land("bob", dated(world, "2026-11-21"), by=("olivia",))
    world.later(HOUR)
    world.jit("grant")
    world.land("bob", dated(world, "2026-11-30"), by=("erin",))
    world.jit("grant")
    found = audited(world, tmp_path)
    assert [(each["day"], each["result"]) for each in found["reviews"]] == [
        ("2026-11-20", "does not count"), ("2026-11-21", "does not count"), ("2026-11-30", "does not count"),
    ]  # fmt: skip
    pushed_, alone, ahead = (each["why"] for each in found["reviews"])
    assert pushed_.startswith("it was pushed past the rules by olivia")
    assert alone.startswith("no other owner approved it")
    assert ahead == "its date, 2026-11-30, is after the merge"
    mine = found["due"][NAME]
    assert (mine["last"], mine["date_in_file"], mine["reviewed"]) == (None, "2026-11-30", "not due yet")
    assert "the date in its file, 2026-11-30, is of no review" in mine["why"]


@pytest.mark.parametrize("how", ["merged", "pushed"])
@pytest.mark.parametrize(
    ("path", "old", "new", "counts"),
    [
        ("policies/teams.yaml", "[alice, carol, mallory]", "[alice, carol, mallory, grace]", False),
        (".github/CODEOWNERS", "\n/requests/orders-db-read/ ", "\n/requests/orders-db-read/ @erin ", False),
        ("policies/teams.yaml", "[alice, carol, mallory]", "[alice, carol, mallory]  # as before", True),
    ],
)
def test_what_was_widened_after_the_approval_nobody_signed(
    world: World, tmp_path: Path, how: str, path: str, old: str, new: str, *, counts: bool
) -> None:
    """Somebody more may ask, or approve, before the review is merged: its owner saw other rules. A comment is no rule."""
    number = world.offer("bob", "review", dated(world, "2026-11-23"))
    world.must(world.review("erin", number))
    world.later(HOUR)
    text = world.text(path)
    assert old in text
    files: dict[str, str | None] = {path: text.replace(old, new)}
    if how == "pushed":
        pushed(world, files)
    else:
        world.land("frank", files, by=("erin",))
    world.later(HOUR)
    world.must(world.merge("olivia", number))
    world.jit("grant")
    (found,) = audited(world, tmp_path)["reviews"]
    assert (found["result"], found["reviewed_by"]) == (
        ("reviewed", ["erin"]) if counts else ("does not count", [])
    )
    assert counts or found["why"] == "what the policy rests on was changed after it was approved"


def test_a_change_in_the_second_of_the_approval_was_not_seen(world: World, tmp_path: Path) -> None:
    """Which of the two came first nobody knows, so nobody signed for it."""
    number = world.offer("bob", "review", dated(world, "2026-11-23"))
    world.must(world.review("erin", number))
    teams = world.text("policies/teams.yaml")
    wider = teams.replace("[alice, carol, mallory]", "[alice, carol, mallory, grace]")
    world.land("frank", {"policies/teams.yaml": wider}, by=("erin",))
    world.later(HOUR)
    world.must(world.merge("olivia", number))
    world.jit("grant")
    assert reviewed(world, tmp_path) == [("2026-11-23", "does not count")]


def test_a_push_was_there_when_a_merge_after_it_was(world: World, tmp_path: Path) -> None:
    """It is recorded later; and what was approved after that merge was approved of both."""
    number = world.offer("bob", "review", dated(world, "2026-11-23"))
    world.must(world.review("frank", number))
    world.later(HOUR)
    teams, lines = world.text("policies/teams.yaml"), world.text(".github/CODEOWNERS")
    wider = teams.replace("[alice, carol, mallory]", "[alice, carol, mallory, grace]")
    pushed(world, {"policies/teams.yaml": wider})
    world.later(HOUR)
    world.land("bob", {".github/CODEOWNERS": f"# the same lines\n{lines}"}, by=("erin",))
    world.later(HOUR)
    world.must(world.review("erin", number))
    world.later(HOUR)
    world.must(world.merge("olivia", number))
    world.jit("grant")
    assert reviewed(world, tmp_path) == [("2026-11-23", "reviewed")]


def test_a_change_before_the_approval_was_seen(world: World, tmp_path: Path) -> None:
    """It is main's when the owner approves, whatever date its commit has."""
    teams = world.text("policies/teams.yaml")
    wider = teams.replace("[alice, carol, mallory]", "[alice, carol, mallory, grace]")
    world.land("frank", {"policies/teams.yaml": wider}, by=("erin",))
    world.later(HOUR)
    review(world, "2026-11-23")
    assert reviewed(world, tmp_path) == [("2026-11-23", "reviewed")]


def test_a_revert_takes_the_review_away(world: World, tmp_path: Path) -> None:
    """What is said of it stays: by whom it was reviewed, and which commit moved the date back."""
    review(world, "2026-11-22")
    review(world, "2026-11-23")
    world.land("bob", dated(world, "2026-11-22"), by=("erin",))
    back = world.github.store.tip("main")
    world.jit("grant")
    found = audited(world, tmp_path)
    assert [(each["day"], each["result"], each["withdrawn_by"]) for each in found["reviews"]] == [
        ("2026-11-22", "reviewed", None), ("2026-11-23", "reviewed", back), ("2026-11-22", "moved back", None),
    ]  # fmt: skip
    assert (found["due"][NAME]["last"], found["due"][NAME]["due"]) == ("2026-11-22", "2027-02-20")
    assert f"moved back later by {back[:10]}" in found["page"]


def test_a_renamed_policy_was_never_reviewed_and_wins_no_time(world: World, tmp_path: Path) -> None:
    """Requests name a policy by its file, so it is another one, due when the old one would be; the old one is said to be gone."""
    review(world, "2026-11-23")
    world.later(80 * DAY)
    text = world.text(POLICY)
    lines = world.text(".github/CODEOWNERS").replace("/requests/orders-db-read/", "/requests/orders-read/")
    files = {POLICY: None, "policies/access/orders-read.yaml": text, ".github/CODEOWNERS": lines}
    world.land("bob", files, by=("erin",))
    world.jit("grant")
    found = audited(world, tmp_path)
    assert [each["policy"] for each in found["reviews"]] == [NAME]
    gone, mine = found["due"][NAME], found["due"]["orders-read"]
    assert (gone["state"], gone["last"], gone["reviewed"]) == ("removed", "2026-11-23", "not required")
    assert (mine["state"], mine["last"], mine["due"]) == ("first review not due yet", None, "2027-02-21")
    assert "removed it" in found["page"]


def test_an_overdue_review_does_not_go_away_with_the_setting(world: World, tmp_path: Path) -> None:
    """Taken away on the last day of the period, or pushed after it with an earlier date: the period has its exception."""
    period = ("--from", "2026-11-20", "--to", "2027-03-01")
    settings = world.text("policies/settings.yaml").replace("review_every: 90d\n", "")
    world.later(98 * DAY)
    world.land("bob", {"policies/settings.yaml": settings}, by=("erin",))
    world.jit("grant")
    found = audited(world, tmp_path, *period)
    lapsed = found["verdicts"]["access_reviews"]["lapsed"]
    assert {each["policy"] for each in lapsed} == policies()
    assert {each["result"] for each in found["reviews"]} == {"asked for no longer"}
    (row,) = (each for each in found["answers"] if each["name"] == "access_reviews")
    assert row["exceptions"] == len(policies())
    assert f"Overdue when the rules stopped asking for it: {len(policies())} reviews." in row["answer"]
    assert found["verdicts"]["clean"] is False
    assert found["page"].count('<tr class="exception">') == len(policies())


def test_a_date_from_before_the_end_does_not_change_the_period(world: World, tmp_path: Path) -> None:
    """What was pushed after it belongs to the next one, where it is shown; the former one ends overdue, as it did."""
    world.later(98 * DAY)
    world.land("bob", reworded(world, "begins the record"), by=("erin",))
    world.jit("grant")
    world.later(10 * DAY)
    settings = world.text("policies/settings.yaml").replace("review_every: 90d\n", "")
    pushed(world, {"policies/settings.yaml": settings}, when=-9 * DAY)
    world.later(HOUR)
    world.jit("grant")
    found = audited(world, tmp_path / "one", "--from", "2026-11-20", "--to", "2027-03-10")
    assert {each["policy"] for each in found["verdicts"]["access_reviews"]["overdue"]} == policies()
    assert found["reviews"] == []
    found = audited(world, tmp_path / "two", "--from", "2027-03-10", "--to", "2027-04-01")
    assert len(found["verdicts"]["access_reviews"]["lapsed"]) == len(policies())


def test_what_an_app_opened_is_said(world: World, tmp_path: Path) -> None:
    """It is a review by its owner, who may have had it opened: one person is on record, and the report says so."""
    site = world.acme.github._site
    review(world, "2026-11-23", login="github-actions[bot]")
    assert site.user("github-actions[bot]").type == "Bot"
    found = audited(world, tmp_path)
    (one,) = found["reviews"]
    assert (one["result"], one["reviewed_by"], one["author"], one["app"]) == (
        "reviewed", ["erin"], "github-actions[bot]", True,
    )  # fmt: skip
    assert "reviewed by erin; github-actions[bot], an app, opened it" in found["page"]


def test_rules_that_changed_since_are_told(world: World, tmp_path: Path) -> None:
    """By a team that the policy names; another description changes nothing of what was reviewed."""
    review(world, "2026-11-23")
    world.land("bob", reworded(world, "Other words"), by=("erin",))
    world.jit("grant")
    assert audited(world, tmp_path / "one")["due"][NAME]["rules_changed"] is False
    teams = world.text("policies/teams.yaml").replace(
        "[alice, carol, mallory]", "[alice, carol, mallory, grace]"
    )
    world.land("bob", {"policies/teams.yaml": teams}, by=("erin",))
    world.jit("grant")
    found = audited(world, tmp_path / "two")
    assert found["due"][NAME]["rules_changed"] is True
    assert "changed since" in found["page"]


@pytest.fixture(autouse=True)
def folders(tmp_path: Path) -> None:
    """Folders for the reports of one test."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()


def test_a_file_that_does_not_read_takes_nothing_away(world: World, tmp_path: Path) -> None:
    """Nothing is given under it; the date that was there counts, and so does that of the commit that repairs it."""
    commit = review(world, "2026-11-22")
    pushed(world, {POLICY: "x: ["})
    world.later(HOUR)
    world.jit("grant")
    found = audited(world, tmp_path / "one")
    assert found["due"][NAME]["commit"] == commit
    world.later(HOUR)
    text = world.github.store.read(commit, POLICY).decode()
    world.land("bob", {POLICY: text.replace("2026-11-22", "2026-11-23")}, by=("erin",))
    world.jit("grant")
    found = audited(world, tmp_path / "two")
    assert [(each["before"], each["day"], each["result"]) for each in found["reviews"]][1:] == [
        ("2026-11-22", "2026-11-23", "reviewed")
    ]


def test_without_the_setting_nothing_is_due(world: World, tmp_path: Path) -> None:
    """A repository that never heard of reviews has no exception, and what it reviews is shown."""
    settings = world.text("policies/settings.yaml").replace("review_every: 90d\n", "")
    world.land("bob", {"policies/settings.yaml": settings}, by=("erin",))
    world.jit("grant")
    review(world, "2026-11-23")
    world.later(400 * DAY)
    found = audited(world, tmp_path)
    assert {each["reviewed"] for each in found["due"].values()} == {"not required"}
    assert found["verdicts"]["access_reviews"]["overdue"] == []
    assert [each["result"] for each in found["reviews"]] == ["reviewed"]
    assert "has no <code>review_every</code>" in found["page"]


def test_the_log_has_a_line_for_it(world: World) -> None:
    """With the policy to filter by, the day, and who approved."""
    review(world, "2026-11-23", POLICY, OTHER)
    pushed(world, dated(world, None))
    world.later(HOUR)
    world.jit("grant")
    folder, keys = clone(world), str(vouched(world))
    asked = ("audit", "log", "--keys", keys, "--format", "json", "--policy", NAME)
    both, gone = json.loads(world.jit(*asked, runner=folder.name, workflow="audit.yml").output)
    assert (both["why"], both["policy"], both["approved_by"]) == ("reviewed", f"{NAME}, ssm-shell", ["erin"])
    assert both["reason"] == f"access review: {NAME} 2026-11-23, ssm-shell 2026-11-23"
    assert (gone["why"], gone["reason"]) == ("pushed", f"access review: {NAME} without a date")


@pytest.mark.parametrize(
    ("evidence", "code", "words"),
    [
        ({"outcome": "reviewed", "pull_request": None}, "rules-judged-otherwise", "contradicts"),
        ({"approvals": "author"}, "rules-judged-otherwise", "is its author"),
        ({"approvals": "stranger"}, "rules-judged-otherwise", "nobody approved it who owns"),
        ({"paths": ["policies/teams.yaml"]}, "rules-other-paths", "other files"),
    ],
)
def test_a_review_that_a_run_invents_is_found(
    world: World, tmp_path: Path, evidence: dict[str, Any], code: str, words: str
) -> None:
    """Its token is right in everything. `verify` says what is wrong, and the report does not call it a review."""
    review(world, "2026-11-23")
    event = recorded(world, "rules")
    world.back(world.kept["seed"])
    world.land("bob", dated(world, "2026-11-23"), by=())
    (approval,) = event.evidence.approvals
    accounts = {"author": ("bob", 1002), "stranger": ("frank", 1006)}
    if (who := accounts.get(str(evidence.get("approvals")))) is not None:
        evidence = {"approvals": [{**approval.json, "login": who[0], "github_id": who[1]}]}
    true = {**event.evidence.json, "rules_commit": world.github.store.tip("main~1")}
    attest(world, replace(event, commit=world.github.store.tip("main")), evidence={**true, **evidence})
    found = verdict(world, code=1)
    assert codes(found) == {code}
    assert words in said(found, code)
    if code == "rules-judged-otherwise" and "approvals" in evidence:
        assert reviewed(world, tmp_path) == [("2026-11-23", "does not count")]


def test_a_review_whose_event_was_taken_away_counts_for_nothing(world: World, tmp_path: Path) -> None:
    """The ledger is cut back: `verify` misses the event, and the report knows of no approval."""
    world.land("bob", reworded(world, "begins the record"), by=("erin",))
    world.jit("grant")
    ledger = world.github.store.tip("ledger")
    review(world, "2026-11-23")
    world.github.store.update_ref("refs/heads/ledger", ledger)
    world.later(2 * DAY)
    assert codes(verdict(world, code=1)) == {"rules-not-recorded"}
    assert reviewed(world, tmp_path) == [("2026-11-23", "unknown")]


def test_a_pack_is_of_the_end_of_its_period(world: World, tmp_path: Path) -> None:
    """What main did after it is not in it: made on a later day, its reviews are the same."""
    review(world, "2026-11-23")
    world.later(10 * DAY)
    period = ("--from", "2026-11-20", "--to", "2026-12-01")
    packs = []
    for name in ("one", "two"):
        folder, keys = clone(world), str(vouched(world))
        pack = tmp_path / name / "pack"
        world.jit(
            "audit",
            "export",
            *period,
            "--keys",
            keys,
            "--output",
            str(pack),
            runner=folder.name,
            workflow="audit.yml",
        )
        packs.append([(pack / each).read_bytes() for each in ("access-reviews.csv", "access-review-due.csv")])
        if name == "one":
            world.later(100 * DAY)
            review(world, "2027-03-13", POLICY, OTHER)
    assert packs[0] == packs[1]
