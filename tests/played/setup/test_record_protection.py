"""`jitbot audit protection`, whole: what is seen is recorded, what is lost is said, and an admin's word is that person's."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from acme_world import DAY, HOUR, World
from audit_story import attest, clone, codes, recorded, said, verdict, vouched
from desk import Said
from desk import said as run_here
from forging import batch, push

from jitbot.domain.audit.protection.safeguards import SAFEGUARDS
from jitbot.domain.ledger import events
from jitbot.sandbox.github import GitHubFault
from jitbot.sandbox.workflows import Workflows

WEEK = 7 * DAY
AUDIT = "acme/access/.github/workflows/audit.yml@refs/heads/main"
WORD = "main-bypass=warn ledger-bypass=ok actions-never-approve=ok"


def look(world: World, *arguments: str, code: int = 0, **job: Any) -> str:
    """Look as audit.yml does."""
    return world.jit("audit", "protection", *arguments, workflow="audit.yml", code=code, **job).output


def state(world: World, text: str = WORD, *, actor: str = "olivia", code: int = 0, **job: Any) -> str:
    """Record an admin's word as audit.yml does when it is dispatched."""
    return look(world, f"--statement={text}", code=code, actor=actor, **job)


def recorded_kinds(world: World) -> list[str]:
    """What the ledger holds of it."""
    return [each["event"] for each in world.ledger() if each["event"].endswith("-protection")]


def answers(world: World) -> dict[str, str]:
    """The last look that is recorded."""
    looks = [each for each in world.ledger() if each["event"] == "verified-protection"]
    return dict(looks[-1]["evidence"]["safeguards"])


def issues(world: World) -> list[Any]:
    """All issues, the oldest first."""
    return [world.github.issues[number] for number in sorted(world.github.issues)]


@pytest.fixture
def lose(world: World) -> Iterator[Any]:
    """Takes the rules of a branch away at GitHub, and gives them back; all are there again after the test."""
    rules = world.acme.github._site.rules
    kept = dict(rules)

    def change(branch: str, *, back: bool = False) -> None:
        if back:
            rules[branch] = kept[branch]
        else:
            rules.pop(branch)

    yield change
    rules.clear()
    rules.update(kept)


def test_a_look_is_recorded_with_all_that_was_out_of_sight(world: World) -> None:
    """Two calls of GitHub's API are enough to see; what admins alone see is recorded as not seen."""
    world.forget()
    output = look(world)
    seen = answers(world)
    by_rules = {seen[each.code] for each in SAFEGUARDS if each.branch and each.code != "merge-methods"}
    assert (by_rules, seen["merge-methods"]) == ({"held"}, "no rule seen")  # acme allows rebase
    assert {seen[each.code] for each in SAFEGUARDS if not each.branch} == {"not seen"}
    assert "✓ main: no force push: held" in output
    calls = [path for method, path in world.acme.github.calls if method == "GET" and "rules/branches" in path]
    assert len(calls) == 2
    assert issues(world) == []
    assert verdict(world, code=0)["findings"] == []


def test_a_dry_run_leaves_nothing(world: World, lose: Any) -> None:
    """It looks, says what it sees, and opens no issue."""
    lose("ledger")
    assert "✗ ledger: no deletion: not held" in look(world, "--dry-run", code=1)
    assert (recorded_kinds(world), issues(world)) == ([], [])


def test_the_same_look_is_recorded_once_a_day(world: World, lose: Any) -> None:
    """Anyone with write access can start looks; what changed is recorded at once, and what did not tomorrow."""
    for _ in range(3):
        look(world)
        world.later(HOUR)
    assert len(recorded_kinds(world)) == 1
    lose("ledger")
    look(world, code=1)
    lose("ledger", back=True)
    world.later(HOUR)
    look(world)
    assert len(recorded_kinds(world)) == 3
    world.later(DAY)
    assert look(world).endswith("recorded\n")
    assert len(recorded_kinds(world)) == 4


def test_what_the_ledger_lost_is_recorded_on_that_very_ledger(world: World, lose: Any) -> None:
    """Nothing else is recorded on it. The issue comes, stays, and is closed by a look that sees it hold."""
    lose("ledger")
    output = look(world, code=1)
    assert answers(world)["ledger-deletion"] == "not held"
    assert "lost: ledger: no force push, since 2026-11-23T09:00:00Z" in output
    (issue,) = issues(world)
    assert (issue.title, issue.closed_at) == ("A protection of main or ledger was lost", None)
    assert issue.body.count("not since 2026-11-23T09:00:00Z") == 2
    world.later(WEEK)
    look(world, code=1)
    assert len(issues(world)) == 1
    lose("ledger", back=True)
    world.later(WEEK)
    look(world)
    (issue,) = issues(world)
    assert issue.closed_at is not None
    assert "seen to hold again" in issue.body
    assert verdict(world, code=0)["findings"] == []


def test_a_rule_of_main_that_was_seen_before_is_lost(world: World, lose: Any) -> None:
    """Long after the look that saw it, too; without such a look nobody knows, since classic protection may have it."""
    lose("main")
    look(world)
    assert answers(world)["main-deletion"] == "no rule seen"
    lose("main", back=True)
    world.later(WEEK)
    look(world)
    lose("main")
    for weeks in (1, 10):
        world.later(weeks * WEEK)
        assert "lost: main: no deletion" in look(world, code=1)
    (issue,) = issues(world)
    assert issue.closed_at is None
    assert (
        "`main-deletion`), not since 2026-12-07T09:00:00Z, last seen to hold at 2026-11-30T09:00:00Z"
        in issue.body
    )


def test_a_look_that_sees_nothing_closes_nothing(world: World, lose: Any) -> None:
    """GitHub does not answer: that is recorded as not seen, and the run is unsure; what was lost stays lost."""
    lose("ledger")
    look(world, code=1)
    world.later(WEEK)
    world.acme.github.faults = lambda _, path: GitHubFault(status=403) if "rules/branches" in path else None
    output = look(world, code=1)
    assert "not seen: the rules of main: GitHub answered 403" in output
    assert set(answers(world).values()) == {"not seen"}
    (issue,) = issues(world)
    assert issue.closed_at is None


def test_a_ledger_that_cannot_be_read_closes_nothing(world: World, lose: Any) -> None:
    """The issuer's keys have changed, so no earlier look counts: nobody knows what they saw."""
    lose("ledger")
    look(world, code=1)
    lose("ledger", back=True)
    world.acme.github.rotate_keys()
    world.later(WEEK)
    output = look(world, code=3)
    assert "! earlier looks cannot be read: nothing in the ledger counts" in output
    assert "! the look is not recorded" in output
    (issue,) = issues(world)
    assert issue.closed_at is None


def test_a_first_look_that_sees_nothing_is_unsure(world: World) -> None:
    """Nothing is lost that anybody knows of, and nothing was seen."""
    world.acme.github.faults = lambda _, path: GitHubFault(status=403) if "rules/branches" in path else None
    look(world, code=3)
    assert recorded_kinds(world) == ["verified-protection"]


def test_what_cannot_be_recorded_is_said(world: World, lose: Any) -> None:
    """The issue is opened all the same; and without the issue, it is recorded all the same."""
    lose("ledger")
    world.acme.github.faults = lambda _, path: GitHubFault(status=403) if path.endswith("/graphql") else None
    assert "! the look is not recorded: GitHub answered 403" in look(world, code=1)
    assert ([each.title for each in issues(world)], recorded_kinds(world)) == (
        ["A protection of main or ledger was lost"],
        [],
    )
    world.acme.github.faults = lambda _, path: GitHubFault(status=403) if path.endswith("/issues") else None
    assert "! the issue about lost safeguards could not be kept" in look(world, code=1)
    assert recorded_kinds(world) == ["verified-protection"]


def test_a_look_without_record_is_red(world: World) -> None:
    """All holds, and nobody will know."""
    world.acme.github.faults = lambda _, path: GitHubFault(status=403) if path.endswith("/graphql") else None
    look(world, code=3)


def test_access_ends_whatever_a_look_says(world: World, granted: str, lose: Any) -> None:
    """The events of looks and words change no state, in runs and audits alike."""
    look(world)
    state(world)
    world.later(2 * HOUR)
    world.jit("sweep")
    assert world.story(granted)[-1] == "ended expired"
    lose("main")
    look(world, code=1)
    assert world.reach("alice") == set()
    assert verdict(world, code=0)["findings"] == []


def test_an_old_run_records_no_look(world: World) -> None:
    """Its code is not main's any more."""
    old = world.github.store.tip("main")
    world.write(".github/workflows/audit.yml", "newer")
    ran = world.ran("audit", "protection", workflow="audit.yml", GITHUB_WORKFLOW_SHA=old)
    assert "superseded: " in ran.output
    assert recorded_kinds(world) == []


def test_an_admins_word_is_recorded_as_theirs(world: World) -> None:
    """By login and id, as the token of the run has them; verification compares both."""
    assert "as olivia says: 2 ok, 1 warn" in state(world)
    event = world.ledger()[-1]
    assert event["event"] == "reviewed-protection"
    assert event["evidence"]["by"] == "olivia"
    assert event["evidence"]["safeguards"] == {
        "main-bypass": "warn",
        "ledger-bypass": "ok",
        "actions-never-approve": "ok",
    }
    assert verdict(world, code=0)["findings"] == []


@pytest.mark.parametrize("actor", ["mallory", "bob", "erin"])
def test_nobody_but_an_admin_says_anything(world: World, actor: str) -> None:
    """Anyone who may write can dispatch the workflow; the job asks GitHub who they are."""
    assert f"{actor} started this run, and is no admin" in state(world, actor=actor, code=3)
    assert recorded_kinds(world) == []


def test_a_rerun_says_nothing(world: World) -> None:
    """A writer who starts an admin's run again would speak in the admin's name."""
    ran = world.ran(
        "audit", "protection", f"--statement={WORD}", workflow="audit.yml", GITHUB_RUN_ATTEMPT="2"
    )
    assert (ran.code, "a re-run acts in the name" in ran.output) == (3, True)
    assert recorded_kinds(world) == []


@pytest.mark.parametrize("text", ["", "all is well", "main-bypass=ok; curl", "main-bypass=held", "$(id)=ok"])
def test_free_text_is_no_word(world: World, text: str) -> None:
    """Only doctor's words about known safeguards are recorded."""
    state(world, text, code=1)
    assert recorded_kinds(world) == []


def doctor(world: World, login: str, *arguments: str) -> Said:
    """Doctor as a person runs it in a clone."""
    environ = {"GITHUB_API_URL": world.acme.github.api_url, "GITHUB_SERVER_URL": world.acme.github.url}
    environ |= {"GITHUB_TOKEN": world.acme.token(login)}
    return run_here("doctor", "--no-aws", *arguments, folder=world.acme.clone("runner"), environ=environ)


def test_doctor_has_it_recorded(world: World) -> None:
    """What an admin sees comes into the ledger by the workflow, which they start."""

    def run(arguments: Any, environ: Any, folder: Path) -> None:
        world.jitbot([*arguments], now=world.now, environ=environ, folder=folder)

    with Workflows(world.acme, run, trouble=pytest.fail) as workflows:
        ran = doctor(world, "olivia", "--record")
        workflows.idle()
    assert "audit.yml is started, to record what you saw of 15 safeguards" in ran.err
    event = world.ledger()[-1]
    assert (event["event"], event["evidence"]["by"]) == ("reviewed-protection", "olivia")
    assert event["evidence"]["safeguards"]["main-bypass"] == "warn"
    assert len(event["evidence"]["safeguards"]) == 15


def test_doctor_of_somebody_else_starts_nothing(world: World) -> None:
    """A writer's token sees no more than a look does; and the options that leave GitHub out do not go with it."""
    before = len(world.acme.github.dispatches)
    assert "sees no more than the weekly look" in doctor(world, "bob", "--record").err
    assert doctor(world, "olivia", "--record", "--no-github").code == 2
    assert len(world.acme.github.dispatches) == before


def test_doctor_says_what_the_workflow_lacks(world: World) -> None:
    """main has no audit.yml that takes it."""
    world.write(".github/workflows/audit.yml", None)
    assert "audit.yml could not be started" in doctor(world, "olivia", "--record").err


# Tampering


@pytest.fixture
def looked(world: World) -> World:
    """A look and an admin's word are recorded."""
    look(world)
    world.later(HOUR)
    state(world)
    return world


def answering(event: events.Event, **words: str) -> dict[str, Any]:
    """Its evidence with other answers."""
    changed = {
        **(event.evidence.safeguards or {}),
        **{code.replace("_", "-"): word for code, word in words.items()},
    }
    return {**event.evidence.json, "safeguards": changed}


def test_a_look_that_somebody_edits_or_deletes(looked: World) -> None:
    """What was recorded counts, and both are found."""
    store = looked.github.store
    path = next(
        each
        for each in store.git("ls-tree", "-r", "--name-only", "ledger").decode().split()
        if "verified-protection" in each
    )
    content = store.read(store.tip("ledger"), path)
    push(looked, {path: content.replace(b'"not seen"', b'"held"')})
    assert codes(verdict(looked, code=1)) == {"event-edited"}
    push(looked, {}, gone=(path,))
    assert codes(verdict(looked, code=1)) == {"event-edited", "event-deleted"}


def test_a_look_that_a_writer_forges(looked: World) -> None:
    """Without a token of audit.yml on main it is ignored, by the report too."""
    event = replace(recorded(looked, "verified-protection"), at=looked.now)
    path = f"{event.path.rpartition('/')[0]}/x/{event.path.rpartition('/')[2]}"
    push(looked, {path: events.dump(event)})
    assert codes(verdict(looked, code=1)) == {"unattested"}


LIES: tuple[tuple[str, dict[str, str], dict[str, Any], str], ...] = (
    ("verified-protection", {"main_bypass": "held"}, {}, "protection-implausible"),
    ("verified-protection", {"main_deletion": "not held"}, {}, "protection-implausible"),
    (
        "verified-protection",
        {},
        {"job_workflow_ref": AUDIT.replace("audit.yml", "grant.yml")},
        "protection-by-another-workflow",
    ),
    (
        "reviewed-protection",
        {},
        {"job_workflow_ref": AUDIT.replace("audit.yml", "revoke.yml")},
        "protection-by-another-workflow",
    ),
    ("reviewed-protection", {}, {"actor_id": "1666"}, "protection-by-another"),
    ("reviewed-protection", {}, {"actor_id": None}, "protection-by-another"),
)


@pytest.mark.parametrize(("kind", "words", "claims", "code"), LIES)
def test_a_run_that_lies(
    looked: World, kind: str, words: dict[str, str], claims: dict[str, Any], code: str
) -> None:
    """Its batch is attested, and what it says cannot be, or is another's to say."""
    event = recorded(looked, kind)
    looked.later(HOUR)
    evidence = event.evidence.__class__(answering(event, **words))
    lie = replace(event, at=looked.now, evidence=evidence)
    genuine = {"job_workflow_ref": AUDIT, "actor_id": str(event.evidence.github_id or 1)}
    push(looked, batch(looked, lie, **{**genuine, **claims}))
    assert codes(verdict(looked, code=1)) == {code}


def test_a_look_of_another_time_than_its_token(looked: World) -> None:
    """A token that was kept makes no look of today."""
    event = replace(recorded(looked, "verified-protection"), at=looked.now)
    stale = batch(looked, event, job_workflow_ref=AUDIT, iat=int((looked.now - HOUR).timestamp()))
    push(looked, stale)
    assert "records a time more than 10 minutes" in said(verdict(looked, code=1), "unattested")


def test_a_look_that_says_nothing(looked: World) -> None:
    """It answers no question."""
    event = recorded(looked, "verified-protection")
    looked.later(HOUR)
    attest(looked, event, evidence={})
    assert "protection-implausible" in codes(verdict(looked, code=1))


def test_looks_that_stopped_are_a_note(looked: World) -> None:
    """Nothing is broken by that, and the report has the gap."""
    looked.later(2 * WEEK)
    assert codes(verdict(looked, code=0), "note") == {"protection-not-looked-at"}


# Where it is shown


def shown(world: World, *arguments: str) -> str:
    """A part of `jitbot audit` on a clone."""
    folder = clone(world)
    keys = str(vouched(world))
    return world.jit("audit", *arguments, "--keys", keys, runner=folder.name, workflow="audit.yml").output


def test_the_log_has_a_line_for_each(looked: World) -> None:
    """Who looked, or who said it, and what."""
    found = json.loads(shown(looked, "log", "--format", "json"))
    seen, word = found
    assert (seen["event"], seen["by"], seen["reason"]) == (
        "verified-protection",
        "",
        "9 held, 1 no rule seen (merge-methods), 5 not seen",
    )
    assert (word["event"], word["by"], word["reason"]) == (
        "reviewed-protection",
        "olivia",
        "2 ok, 1 warn (main-bypass)",
    )
    printed = shown(looked, "log", "--format", "json", "--person", "olivia")
    assert len(json.JSONDecoder().raw_decode(printed)[0]) == 1  # what was passed over is said behind it


def test_report_and_pack_have_the_loss(looked: World, lose: Any, tmp_path: Path) -> None:
    """An exception in both, with the same words."""
    lose("main")
    looked.later(WEEK)
    look(looked, code=1)
    looked.later(HOUR)
    period = ("--from", "2026-11-23", "--to", "2026-11-30")
    output = shown(looked, "report", *period, "--output", str(tmp_path / "report.html"))
    assert "; of the safeguards of main and ledger: 7 lost" in output
    page = (tmp_path / "report.html").read_text()
    assert "7 exceptions" in page
    assert "seen to hold on 1 of 2 looks; lost since 2026-11-30 (last seen to hold on 2026-11-23)" in page
    shown(looked, "export", *period, "--output", str(tmp_path / "pack"))
    rows = json.loads((tmp_path / "pack" / "protection.json").read_text())
    by_code = {row["code"]: row for row in rows}
    assert by_code["main-deletion"]["in_words"] in page
    assert by_code["main-bypass"]["said"] == ["olivia on 2026-11-23 10:00 UTC: doctor warns of it"]
    assert by_code["main-bypass"]["seen_to_hold"] == "unknown"
    assert json.loads((tmp_path / "pack" / "verdicts.json").read_text())["clean"] is False
