"""The repository's own workflow files, run by act: what they do to a running GitHub and AWS."""

from office import Office

from jitbot.sandbox.github.records import GitHubFault

ACTIONS = "github-actions[bot]"
PAYLOAD = "raise SystemExit('the code of the head ran')\n"


def test_an_approved_request_is_granted(office: Office) -> None:
    """A good request is checked green, and the push of its merge grants it."""
    number = office.propose("alice", "good")
    checked = office.checked(number)
    assert (checked.green, "all good" in checked.output) == (True, True)
    office.approve("bob", number)
    office.merge(number)
    granted = office.on_main("grant.yml")
    assert granted.green
    assert "granted: alice has orders-db-read in prod" in granted.output
    assert office.states("alice") == ["live"]


def test_a_bad_request_is_told_at_its_line(office: Office) -> None:
    """What a merge would refuse turns the check red, as an annotation at the line of the pull request's file."""
    checked = office.checked(office.propose("alice", "long", duration="9h"))
    assert checked.steps["Check"] == "failure"
    assert checked.code == 1
    (annotation,) = checked.errors
    assert annotation["file"].startswith("requests/orders-db-read/")
    assert annotation["file"].endswith("-alice-long.yaml")
    assert (annotation["line"], annotation["title"]) == ("3", "duration-above-maximum")


def test_a_fork_is_told_in_the_jobs_summary(office: Office) -> None:
    """A fork's pull request is checked with a token that may only read: annotations and summary tell what the comment
    would, nothing is written, and what the head brings is read, never executed."""
    office.stage.acme.github.add_user("visitor", 2001, permission="read")
    token = office.stage.acme.github.token_for("visitor")
    action = "runs: {using: composite, steps: [{run: 'echo the code of the head ran', shell: bash}]}\n"
    files = {"jitbot/cli.py": PAYLOAD, ".github/actions/jitbot/action.yml": action}
    path, text = office.stage.request("mallory", "orders-db-read", "code", parameters={"table": "orders"})
    bad = office.stage.propose("mallory", "code", {path: text, **files})
    checked = office.checked(bad, fork="visitor/access", GITHUB_TOKEN=token)
    assert checked.steps["Check"] == "failure"
    assert [each["title"] for each in checked.errors] == ["touches-rules"]
    assert "a request touches requests/ alone" in checked.summary
    assert "the code of the head ran" not in checked.output
    good = office.propose("alice", "from-afar")
    checked = office.checked(good, fork="visitor/access", GITHUB_TOKEN=token)
    assert checked.green
    assert "**alice** asks for orders-db-read: " in checked.summary
    for number in (bad, good):
        assert office.said(number) == []
        assert office.statuses(number) == []


def test_an_unapproved_merge_turns_the_run_red(office: Office) -> None:
    """What was merged without approval is refused, the job fails, and nothing is given."""
    office.merge(office.propose("mallory", "unapproved"))
    ran = office.on_main("grant.yml")
    assert ran.code == 1
    assert ran.steps["Decide and grant"] == "failure"
    assert "[not-enough-approvals]" in ran.output
    assert office.states("mallory") == ["refused"]


def test_a_silent_merge_is_granted_by_schedule_and_ended_by_hand(office: Office) -> None:
    """A merge that started no workflow is granted by the next scheduled run, and the requester ends it by dispatch;
    whatever stands in the inputs is text and nothing else."""
    number = office.propose("dave", "silent")
    office.approve("bob", number)
    office.merge(number)
    granted = office.dispatched("grant.yml", ACTIONS, {})
    assert granted.green
    assert office.states("dave") == ["live"]
    reason = "--help \"; echo 'taken' $(echo taken) `echo taken`\ntaken"
    ended = office.dispatched("revoke.yml", "dave", {"request": f"#{number}", "reason": reason})
    assert ended.green
    assert "ended (released): orders-db-read of dave" in ended.output
    assert "\ntaken" not in ended.output
    assert office.states("dave") == ["ended"]


def test_a_stop_by_dispatch(office: Office) -> None:
    """An owner of the rules stops a person: what they have ends, what they ask is refused, until it is lifted."""
    first = office.propose("grace", "first")
    office.approve("bob", first)
    reason = "--help \"; echo 'taken' $(echo taken) `echo taken`\ntaken"
    ended = office.dispatched("revoke.yml", "erin", {"person": "grace", "reason": reason})
    assert ended.green, ended.output
    assert "stopped: every request of grace" in ended.output
    assert "\ntaken" not in ended.output
    assert "no request is called" not in ended.output
    lifted = office.dispatched("revoke.yml", "erin", {"person": "grace", "reason": "back", "lift": "yes"})
    assert "lifted: the stop of grace, by erin" in lifted.output
    denied = office.dispatched("revoke.yml", "mallory", {"person": "grace", "reason": "spite"})
    assert denied.code == 1
    empty = office.dispatched("revoke.yml", "erin", {"reason": "nothing named"})
    assert empty.code == 1


def test_the_daily_sweep_runs(office: Office) -> None:
    """The daily run reads every role of every account whole, and is green where all is as recorded."""
    office.stage.acme.aws.calls.clear()
    ran = office.dispatched("sweep.yml", ACTIONS, {"complete": "true"})
    assert (ran.green, ran.steps["Sweep"]) == (True, "success")
    calls = [operation for _, _, operation in office.stage.acme.aws.calls]
    assert calls.count("GetAccountAuthorizationDetails") == len(office.stage.acme.accounts)


def test_the_clock_starts_grant_and_sweep(office: Office) -> None:
    """With the job's token, on main by its whole name; where GitHub takes only the short one, by that."""
    github, runs = office.stage.acme.github, office.runs
    github.dispatches.clear()
    runs.clear()  # of grant none is known on this commit
    for schedule in ("17 * * * *", "37 3 * * *"):
        assert office.on_main("clock.yml", "schedule", schedule=schedule).green
    assert office.dispatched("clock.yml", "olivia", {}).green
    office.stage.acme.job("grant.yml")  # which has now run
    assert office.on_main("clock.yml", "schedule", schedule="17 * * * *").green
    assert [(each.workflow, dict(each.inputs)) for each in github.dispatches] == [
        ("grant.yml", {}),
        ("sweep.yml", {}),
        ("grant.yml", {}),
        ("sweep.yml", {"complete": "true"}),
        ("grant.yml", {}),
        ("sweep.yml", {}),
        ("sweep.yml", {}),
    ]
    assert {(each.ref, each.actor) for each in github.dispatches} == {("refs/heads/main", ACTIONS)}
    runs.clear()
    refusals = [GitHubFault(status=422), None, None, GitHubFault(status=422), GitHubFault(status=422)]
    github.faults = lambda _, path: refusals.pop(0) if path.endswith("/dispatches") and refusals else None
    try:
        assert office.on_main("clock.yml", "schedule", schedule="17 * * * *").green
        assert [each.ref for each in github.dispatches[-2:]] == ["main", "refs/heads/main"]
        failed = office.on_main("clock.yml", "schedule", schedule="17 * * * *")
    finally:
        github.faults = None
    assert (failed.code, failed.steps["Start"]) == (1, "failure")
    assert github.dispatches[-1].workflow == "sweep.yml"  # what can be started is


def test_a_deletion_starts_a_sweep(office: Office) -> None:
    """The push of a deletion ends access by a sweep at once, and one that only asks starts none."""
    github = office.stage.acme.github
    number = office.propose("alice", "short")
    office.approve("bob", number)
    office.merge(number)
    github.dispatches.clear()
    asked = office.on_main("grant.yml")
    assert (asked.green, "Start" in asked.steps) == (True, False)
    path, _ = office.stage.request("alice", "orders-db-read", "short")
    office.merge(office.stage.propose("alice", "delete", {path: None}))
    ended = office.on_main("grant.yml")
    assert (ended.green, ended.steps["Start"]) == (True, "success"), ended.output
    (started,) = github.dispatches
    assert (started.workflow, started.ref, started.actor) == ("sweep.yml", "refs/heads/main", ACTIONS)


def test_a_run_on_a_branch_does_nothing(office: Office) -> None:
    """Dispatched on a branch no job of a workflow that may change anything begins."""
    for workflow in ("grant.yml", "sweep.yml", "revoke.yml", "clock.yml"):
        inputs = {"request": "x", "reason": "y"}
        ran = office.dispatched(workflow, "mallory", inputs, ref="mallory-branch")
        assert (dict(ran.steps), ran.green) == ({}, False)


def test_the_comment_lives_with_the_request(office: Office) -> None:
    """The check's run makes the one comment, grant's brings it up to date, and revoke's says that it ended."""
    number = office.propose("carol", "told")
    office.checked(number)
    assert "Waits for one approval, from **bob**" in office.comment(number)
    office.approve("bob", number)
    office.merge(number)
    granted = office.on_main("grant.yml")
    assert granted.steps["Bring the pull requests' comments up to date"] == "success"
    assert "**carol** has orders-db-read" in office.comment(number)
    office.dispatched("revoke.yml", "carol", {"request": f"#{number}", "reason": "done"})
    assert "**carol** gave it back" in office.comment(number)


def test_a_failing_comment_fails_no_grant(office: Office) -> None:
    """Where GitHub takes no comment, access is granted all the same, and the run is green."""
    number = office.propose("carol", "mute")
    office.approve("bob", number)
    office.merge(number)
    github = office.stage.acme.github
    github.faults = lambda _, path: GitHubFault(status=503) if path.endswith("/comments") else None
    try:
        granted = office.on_main("grant.yml")
    finally:
        github.faults = None
    assert granted.code == 0
    assert "granted: carol has orders-db-read in prod" in granted.output
    assert granted.steps["Decide and grant"] == "success"


def test_the_audit_is_green_then_red(office: Office) -> None:
    """The weekly run verifies, records it, and keeps the report; a broken record turns it red, opens the one issue,
    and the report is written all the same."""
    kept = office.runner.folder / "artifacts" / "audit-report" / "audit-report.html"
    ran = office.on_main("audit.yml", "schedule", schedule="23 5 * * 1")
    assert ran.green, ran.output
    assert "the record is whole" in ran.output
    looked, verified = office.headlines(2)
    assert verified == "verified: the ledger holds together"
    assert looked.startswith("protection of main and ledger: ")
    assert "<html" in kept.read_text()
    assert office.issues() == []
    kept.unlink()
    office.tamper()
    ran = office.on_main("audit.yml", "schedule", schedule="23 5 * * 1")
    assert (ran.code, ran.steps["Verify the ledger, and record that it was"]) == (1, "failure")
    assert "[unattested]" in ran.output
    assert kept.is_file()
    assert office.issues() == ["The verification of the access record failed"]


def test_the_use_of_grants_has_a_job_of_its_own(office: Office) -> None:
    """Its schedule starts it alone: it asks, records what is over, and the weekly job does not run."""
    ran = office.on_main("audit.yml", "schedule", schedule="53 1,7,13,19 * * *")
    assert ran.green, ran.output
    assert "no grant is over whose use is not recorded" in ran.output
    assert ran.steps["Ask CloudTrail about the grants that are over"] == "success"
    assert "Verify the ledger, and record that it was" not in ran.steps
