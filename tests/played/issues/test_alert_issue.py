"""The one issue about the record: opened when its verification fails, kept current, closed when it passes again."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from acme_world import World
from audit_story import clone, live, verdict, vouched

from jitbot.sandbox.github import GitHubFault

REVIEWS = ("/reviews", "/graphql/pull-requests")  # who asks for reviews, asks for one of these


@pytest.fixture
def lived(world: World) -> str:
    """acme after a life of everything."""
    return live(world)


def issues(world: World) -> list[Any]:
    """All issues, the oldest first."""
    return [world.github.issues[number] for number in sorted(world.github.issues)]


def broken(world: World) -> str:
    """Break the record; gives the ledger's tip from before."""
    before = str(world.github.store.tip("ledger"))
    world.write("events/lie.json", "{}", "ledger")
    return before


def test_one_issue_lives_with_the_record(world: World, lived: str) -> None:
    """A clean record opens none; a broken one opens one; it is kept current, never doubled, and closed by a clean one."""
    verdict(world, "--record", code=0)
    assert issues(world) == []
    before = broken(world)
    verdict(world, "--record", code=1)
    (issue,) = issues(world)
    assert (issue.author.login, issue.closed_at) == ("github-actions[bot]", None)
    assert issue.title == "The verification of the access record failed"
    assert "1 violation found" in issue.body
    assert "(unattested, commit `" in issue.body
    world.write("events/another.json", "{}", "ledger")
    verdict(world, "--record", code=1)
    (issue,) = issues(world)
    assert "2 violations found" in issue.body
    world.github.store.update_ref("refs/heads/ledger", before)
    verdict(world, "--record", code=0)
    (issue,) = issues(world)
    assert issue.closed_at is not None
    assert "the record is whole" in issue.body
    closed = issue
    verdict(world, "--record", code=0)
    assert issues(world) == [closed]
    broken(world)
    verdict(world, "--record", code=1)
    (issue,) = issues(world)
    assert issue.closed_at is None


def test_what_could_not_be_checked_is_told_too(world: World, lived: str) -> None:
    """A doubt opens the issue, in other words."""
    world.acme.github.faults = lambda _, path: GitHubFault(status=503) if path.endswith(REVIEWS) else None
    verdict(world, "--online", "--record", code=3)
    world.acme.github.faults = None
    (issue,) = issues(world)
    assert issue.title == "The access record could not be verified"


def test_only_a_recorded_verification_tells(world: World, lived: str) -> None:
    """Who only looks opens nothing."""
    broken(world)
    verdict(world, "--online", code=1)
    assert issues(world) == []


def test_somebody_elses_mark_is_not_ours(world: World, lived: str) -> None:
    """A person's issue with the mark in it is left alone, and does not stand in for ours."""
    body = "all is well <!-- jitbot:audit -->"
    world.must(world.acme.call("mallory", "POST", "/issues", title="mine", body=body))
    broken(world)
    verdict(world, "--record", code=1)
    theirs, ours = issues(world)
    assert (theirs.body, theirs.closed_at) == (body, None)
    assert ours.author.login == "github-actions[bot]"


def test_two_runs_at_once_leave_one_open(world: World, lived: str) -> None:
    """A twin of the issue is closed by the next run, and names the one."""
    broken(world)
    verdict(world, "--record", code=1)
    (issue,) = issues(world)
    number = issue.number + 1000
    world.github.issues[number] = replace(issue, number=number)
    verdict(world, "--record", code=1)
    first, twin = issues(world)
    assert (first.closed_at, twin.closed_at is None) == (None, False)
    assert f"#{first.number} is the one" in twin.body


def test_a_lost_answer_opens_no_second(world: World, lived: str) -> None:
    """The issue was opened, its answer lost: it is found, and not opened again."""
    broken(world)
    lost = GitHubFault(status=502, after=True)
    world.acme.github.faults = lambda method, path: (
        lost if (method, path[-7:]) == ("POST", "/issues") else None
    )
    verdict(world, "--record", code=1)
    world.acme.github.faults = None
    assert len(issues(world)) == 1


def test_without_the_issue_it_is_recorded_all_the_same(world: World, lived: str) -> None:
    """Where GitHub takes no issue, the outcome is recorded, and the run is red."""
    broken(world)
    world.acme.github.faults = lambda _, path: GitHubFault(status=403) if path.endswith("/issues") else None
    clone(world)
    given = ("audit", "verify", "--keys", str(vouched(world)), "--record")
    ran = world.jit(*given, runner="auditor", workflow="audit.yml", code=1)
    assert "! the issue about the record could not be kept: GitHub answered 403" in ran.output
    world.acme.github.faults = None
    assert issues(world) == []
    assert world.ledger()[-1]["event"] == "verified"


def summary_of(world: World, file: Path, *arguments: str, code: int) -> str:
    """What a run of `jitbot audit` adds to its job's summary."""
    file.unlink(missing_ok=True)
    environ = {**world.acme.job("audit.yml"), "GITHUB_STEP_SUMMARY": str(file)}
    folder = clone(world)
    given = ["audit", *arguments, "--keys", str(vouched(world))]
    assert world.jitbot(given, now=world.now, environ=environ, folder=folder) == code
    return file.read_text()


def test_the_summary_tells_verdict_and_findings(world: World, lived: str, tmp_path: Path) -> None:
    """The verdict in a sentence, the counts, and what was found; a hostile path in it is text."""
    text = summary_of(world, tmp_path / "summary.md", "verify", code=0)
    assert "**the record is whole, and every grant was rightly given**" in text
    assert "4 granted" in text
    world.write("events/@olivia <img src=x> `a`.json", "{}", "ledger")
    text = summary_of(world, tmp_path / "summary.md", "verify", code=1)
    assert "- **broken**: " in text
    assert not any(hostile in text for hostile in ("<img", "@olivia"))


def test_a_summary_that_cannot_be_written_hides_no_issue(world: World, lived: str, tmp_path: Path) -> None:
    """The run is red, and the issue and the record are there all the same."""
    broken(world)
    environ = {**world.acme.job("audit.yml"), "GITHUB_STEP_SUMMARY": str(tmp_path / "gone" / "summary.md")}
    given = ["audit", "verify", "--record", "--keys", str(vouched(world))]
    assert world.jitbot(given, now=world.now, environ=environ, folder=clone(world)) == 3
    assert [each.title for each in issues(world)] == ["The verification of the access record failed"]
    assert world.ledger()[-1]["event"] == "verified"


def test_the_summary_draws_who_held_what(world: World, lived: str, tmp_path: Path) -> None:
    """The figures of the period, and one bar for each time that somebody held access."""
    period = ("--from", "2026-11-16", "--to", "2026-11-30", "--output", str(tmp_path / "report.html"))
    text = summary_of(world, tmp_path / "summary.md", "report", *period, code=0)
    assert text.startswith("## 2026-11-16 to 2026-11-30\n")
    assert "```mermaid\ngantt\n    dateFormat YYYY-MM-DD HH:mm:ss\n" in text
    assert "    section alice\n    use of orders-db-read in prod :2026-11-23 " in text
    assert text.count("use of ") == len([each for each in world.ledger() if each["event"] == "ended"])
    assert text.rstrip().endswith("```")


@pytest.mark.parametrize("issue_taken", [True, False])
def test_a_clean_record_without_issues_is_red(world: World, lived: str, *, issue_taken: bool) -> None:
    """Where nobody could tell whether an issue stands open, even a clean verification does not end with 0."""
    clone(world)
    if not issue_taken:
        world.acme.github.faults = lambda _, path: (
            GitHubFault(status=403) if path.endswith("/issues") else None
        )
    given = ("audit", "verify", "--keys", str(vouched(world)), "--record")
    world.jit(*given, runner="auditor", workflow="audit.yml", code=0 if issue_taken else 3)
    assert world.ledger()[-1]["event"] == "verified"


def stopped(world: World, code: int = 1) -> str:
    """What a verification prints that stops before its verdict: it is asked to begin where nothing is."""
    clone(world)
    given = ("audit", "verify", "--keys", str(vouched(world)), "--record", "--since", "no*where")
    return str(world.jit(*given, runner="auditor", workflow="audit.yml", code=code).output)


def test_a_verification_that_stops_is_told_too(world: World, lived: str) -> None:
    """Without a verdict the issue says what stopped it; the next clean verification closes it."""
    assert "no*where" in stopped(world)
    (issue,) = issues(world)
    assert (issue.title, issue.closed_at) == ("The access record could not be verified", None)
    assert "the verification stopped before it came to a verdict" in issue.body
    assert r"no\*where" in issue.body
    stopped(world)
    assert len(issues(world)) == 1
    verdict(world, "--record", code=0)
    (issue,) = issues(world)
    assert issue.closed_at is not None


def test_a_stop_hides_nothing_that_was_found(world: World, lived: str) -> None:
    """Where the issue says that the record is broken, a later run without a verdict leaves it as it is."""
    broken(world)
    verdict(world, "--record", code=1)
    (before,) = issues(world)
    stopped(world)
    assert issues(world) == [before]


def test_a_stop_that_cannot_be_told_is_red_all_the_same(world: World, lived: str) -> None:
    """Where GitHub takes no issue either, the run prints both troubles, and ends as it would have."""
    world.acme.github.faults = lambda _, path: GitHubFault(status=403) if path.endswith("/issues") else None
    said = stopped(world)
    assert "! the issue about the record could not be kept: GitHub answered 403" in said
    assert "no*where" in said


def test_nothing_is_told_without_record(world: World, lived: str) -> None:
    """Whoever only looks opens no issue, stopped or not."""
    clone(world)
    given = ("audit", "verify", "--keys", str(vouched(world)), "--online", "--since", "no*where")
    world.jit(*given, runner="auditor", workflow="audit.yml", code=1)
    assert issues(world) == []


def recorded(world: World) -> int:
    """How many verifications the ledger tells of."""
    return [each["event"] for each in world.ledger()].count("verified")


def test_an_old_run_records_no_verdict(world: World, lived: str) -> None:
    """A run whose code is not main's any more looks, says that it is superseded, and leaves nothing."""
    old = world.github.store.tip("main")
    world.write(".github/workflows/audit.yml", "newer")
    ran = world.ran("audit", "verify", "--record", workflow="audit.yml", GITHUB_WORKFLOW_SHA=old)
    assert "superseded: " in ran.output
    assert recorded(world) == 0


def test_nothing_is_recorded_on_a_ledger_that_can_be_rewritten(
    world: World, lived: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the branch's rules a verdict is told to the one who asked, and is no event."""
    rules = {name: rule for name, rule in world.acme.github.rules.items() if name != "ledger"}
    monkeypatch.setattr(world.acme.github._site, "rules", rules)
    ran = world.ran("audit", "verify", "--record", workflow="audit.yml")
    assert (ran.code, "the branch ledger is not protected" in ran.output) == (3, True)
    assert recorded(world) == 0


def test_nothing_is_recorded_in_doubt(world: World, lived: str) -> None:
    """An auditor's keys read the ledger, and the issuer's of today do not: what no run can read no run writes on."""
    keys = str(vouched(world))
    world.acme.github.rotate_keys()
    clone(world)
    ran = world.ran("audit", "verify", "--keys", keys, "--record", runner="auditor", workflow="audit.yml")
    assert ran.code == 3
    assert "policies/issuer-keys.json" in ran.output
    assert recorded(world) == 0
