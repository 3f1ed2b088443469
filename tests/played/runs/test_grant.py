"""What a grant run does, in which order, and what is left when it is refused, raced or stopped."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from acme_world import DENY_ALL, HOUR, ORDERS, PROD, SECOND, TABLE, World
from breaking import RECORD, answer, at, refuse

from jitbot.sandbox import github
from jitbot.sandbox.aws.store import Entity
from jitbot.sandbox.github.records import Ruleset

ORDERS_OF_ALICE = {("alice", "prod", "orders")}
READS = [
    ("POST", "upload-pack"),
    *(("GET", part) for part in ("info/refs", "pulls", "reviews", "files", "commits", "permission", "rules")),
]


def test_an_approved_request_is_granted_to_its_requester_alone(world: World, asked: str) -> None:
    """What was asked for, for who asked, and nothing for anybody else."""
    ran = world.jit("grant")
    assert world.story(asked) == ["approved", "granted"]
    assert world.reach() == ORDERS_OF_ALICE
    assert f"✓ approved: {asked}" in ran.output


def test_the_decision_is_in_the_ledger_before_aws_is_touched(world: World, asked: str) -> None:
    """A grant takes two writes of AWS, between the record of the decision and that of the outcome."""
    writes = at(world, "", lambda: None)
    world.jit("grant")
    assert writes == [RECORD, "CreateRole", "PutRolePolicy", RECORD, COMMENTS]


def test_a_run_with_nothing_to_do_writes_nothing_and_says_so(world: World, granted: str) -> None:
    """No commit, no call of AWS at all, and one line."""
    before = world.keep()
    ran = world.jit("grant")
    assert (world.commits(), world.acme.aws.calls, world.keep().ledger) == (0, [], before.ledger)
    assert ran.output.splitlines() == ["nothing to decide, nothing to grant"]


def named(world: World) -> list[str]:
    """The calls of GitHub's API that a run made, each by its last words; git's and the issuer's aside."""
    apart = ("info/refs", "git-upload-pack", "/_oidc/", "/_actions/")
    calls = (f"{method} {path}" for method, path in world.acme.github.calls)
    return sorted(
        each.replace("/repos/{owner}/{name}", "") for each in calls if not any(part in each for part in apart)
    )


COMMENTS = RECORD  # a call of GraphQL too
ONCE = [
    "GET /activity",
    "GET /rules/branches/{branch}",
    "POST /graphql",
    "POST /graphql",
    "POST /graphql",
]
READ = ["QUERY /graphql/pull-requests"] * 2
MAY = "GET /collaborators/{login}/permission"


@pytest.mark.parametrize(("fixture", "approvers"), [("asked", 1), ("admin", 2)])
def test_the_calls_of_github_that_one_request_takes(
    world: World, fixture: str, approvers: int, request: pytest.FixtureRequest
) -> None:
    """Two readings of its pull request, its pushes, each approver, the rules, two records and its comments: eight."""
    path = request.getfixturevalue(fixture)
    world.jit("grant")
    assert world.story(path) == ["approved", "granted"]
    assert named(world) == sorted([*ONCE, *READ, *[MAY] * approvers])


def test_requests_merged_at_once_are_read_together(world: World) -> None:
    """Each more asks for the pushes of its branch: all else is one call for all of them, the notifications too."""
    paths = [world.ask("alice", f"one-of-{number}") for number in range(4)]
    world.forget()
    world.jit("grant")
    assert [world.story(path) for path in paths] == [["approved", "granted"]] * 4
    more = ["GET /activity"] * 3
    assert named(world) == sorted([*ONCE, *READ, MAY, *more])


def test_a_second_request_takes_no_call_of_its_own_that_the_first_answered(world: World) -> None:
    """What is the same for all requests of a run is asked once; a second request of one merge asks nothing more."""
    files = dict(
        world.request("alice", "orders-db-read", each, parameters={"table": "orders"}) for each in "ab"
    )
    world.land("alice", files)
    world.forget()
    world.jit("grant")
    assert [world.story(path) for path in files] == [["approved", "granted"]] * 2
    assert named(world) == sorted([*ONCE, *READ, MAY])


@pytest.mark.parametrize("status", [500, 403])
def test_what_is_not_read_together_is_asked_one_by_one(world: World, asked: str, status: int) -> None:
    """A GitHub that does not answer the large question is asked the small ones, and the same is granted."""
    answer(world, github.GitHubFault(status=status), "QUERY", "pull-requests")
    world.jit("grant")
    assert world.story(asked) == ["approved", "granted"]
    rest = {each.rpartition("/")[2] for each in named(world)}
    assert {"pulls", "reviews", "files", "commits", "events", "{number}"} <= rest
    assert [each.partition("/")[2] for each in named(world)].count("pulls/{number}/reviews") == 2


def test_a_run_says_where_a_sweep_has_no_end_to_make(world: World, granted: str, tmp_path: Path) -> None:
    """Where a file is deleted, somebody is gone, or the run failed, it says nothing: then a sweep is started."""

    def said(code: int = 0) -> list[str]:
        output = tmp_path / "output"
        output.unlink(missing_ok=True)
        world.jit("grant", code=code, GITHUB_OUTPUT=str(output))
        lines = output.read_text("utf-8").splitlines() if output.is_file() else []
        return [line for line in lines if not line.startswith("notifications=")]

    world.ask("carol", "another")
    assert said() == ["sweep=no"]
    rejected = world.request("mallory", ORDERS, "bad", **TABLE)
    world.land("mallory", dict([rejected]), by=())
    assert said(code=1) == ["sweep=no"]
    world.land("alice", {granted: None})
    answer(world, github.GitHubFault(status=503), "GET", "/rules/")
    assert said(code=3) == []
    world.calm()
    assert said() == []
    assert world.jit("sweep").output.count("ended (deleted)") == 1
    assert said() == ["sweep=no"]
    assert "a sweep is started" in world.jit("grant", GITHUB_OUTPUT=str(tmp_path / "no" / "output")).output


def test_a_dry_run_says_what_it_would_do_and_does_nothing(world: World, asked: str) -> None:
    """Neither git nor AWS is written to, whatever is due."""
    ran = world.jit("grant", "--dry-run")
    assert "would provision jit-alice-orders-db-read-" in ran.output
    assert (world.commits(), world.acme.aws.calls, world.ledger()) == (0, [], [])


def test_what_aws_refuses_is_never_recorded_as_granted(world: World, asked: str) -> None:
    """Each run fails and says so; the failure is recorded once a day; the first healthy run does the work."""
    for operation in ("AssumeRoleWithWebIdentity", "CreateRole", "PutRolePolicy", "GetRole"):
        refuse(world, operation)
        assert "AWS would not" in world.jit("grant", code=3).output
    assert world.story(asked) == ["approved", "failed"]
    world.calm()
    world.jit("grant")
    assert world.story(asked) == ["approved", "failed", "granted"]
    assert world.reach("alice", "mallory") == ORDERS_OF_ALICE


def test_what_does_not_read_back_as_written_is_never_recorded_as_granted(world: World, asked: str) -> None:
    """Someone widens the trust policy while the role is being made: the run fails and records no grant."""

    def widen() -> None:
        role = next(each for each in world._iam(PROD).roles.values() if each.path == "/jit/")
        role.assume_role_policy_document = role.assume_role_policy_document.replace("alice@", "mallory@")

    at(world, "PutRolePolicy", widen)
    output = world.jit("grant", code=3).output
    said = output.partition("does not read back as written: trust policy is ")[2]
    assert "mallory@" in said.partition(", and should be ")[0]
    assert "alice@" in said.partition(", and should be ")[2]
    assert world.story(asked) == ["approved", "failed"]


def test_a_role_of_another_content_is_left_alone(world: World, granted: str) -> None:
    """A role stands where the grant's should: it is not ours to change, and nothing is granted."""
    role = world.roles()[0]
    world.back(world.kept["asked"])
    trust = role.trust.replace("alice@", "mallory@")
    world.by_hand().create_role(RoleName=role.name, Path="/jit/", AssumeRolePolicyDocument=trust)
    world.forget()
    ran = world.jit("grant", code=3)
    assert "exists and is not what was approved; nothing was changed" in ran.output
    assert world.writes() == ["CreateRole"]  # which AWS refuses
    assert world.story(granted) == ["approved", "failed"]


def test_a_role_that_differs_by_case_alone_is_in_the_way(world: World, granted: str) -> None:
    """AWS tells names apart without case: the grant's name is taken, nothing of it is touched, nothing granted."""
    role = world.roles()[0]
    world.back(world.kept["asked"])
    trust = role.trust.replace("alice@", "mallory@")
    world.by_hand().create_role(RoleName=role.name.upper(), Path="/", AssumeRolePolicyDocument=trust)
    world.jit("grant", code=3)
    assert world.story(granted) == ["approved", "failed"]
    assert world.reach() == set()
    assert world.roles() == []


def test_a_managed_policy_is_attached_after_the_guards(world: World, admin: str) -> None:
    """Trust, then the denials, then what AWS's policy allows: no moment in between is without its end."""
    writes = at(world, "", lambda: None)
    world.jit("grant")
    assert writes == [RECORD, "CreateRole", "PutRolePolicy", "AttachRolePolicy", RECORD, COMMENTS]
    assert world.story(admin) == ["approved", "granted"]
    world.calm()
    world.jit("revoke", admin, "--reason", "done", actor="dave")
    assert DENY_ALL in world.roles()[0].attached
    world.later(HOUR)
    world.jit("sweep")
    world.later(HOUR)
    world.jit("sweep")
    assert world.roles() == []


def test_a_run_is_named_in_cloudtrail(world: World, asked: str) -> None:
    """Accounts are entered under a session name that says which run it is, attempt included."""
    names: list[str] = []
    sessions, issue = world.acme.aws._sessions, world.acme.aws._sessions.issue

    def noted(role: Entity, name: str, **window: Any) -> object:
        names.append(name)
        return issue(role, name, **window)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions, "issue", noted)
        world.jit("grant", GITHUB_RUN_ID="4711", GITHUB_RUN_ATTEMPT="2")
    assert "jitbot-4711-2" in names


def test_one_accounts_trouble_does_not_stop_another(world: World) -> None:
    """prod refuses everything; staging is granted and recorded by the same run, which fails."""
    path = world.ask(accounts=["prod", "staging"])
    refuse(world, "AssumeRoleWithWebIdentity", account_id=PROD)
    world.jit("grant", code=3)
    assert world.story(path) == ["approved", "granted"]
    world.calm()
    assert world.reach("alice") == {("alice", "staging", "orders")}
    world.jit("grant")
    assert world.reach("alice") == {("alice", "staging", "orders"), ("alice", "prod", "orders")}


def test_a_refused_account_is_never_entered_with_other_credentials(world: World, asked: str) -> None:
    """An administrator's keys lie in the environment; AWS refuses the job's own token; nothing is done."""
    refuse(world, "AssumeRoleWithWebIdentity")
    world.jit("grant", code=3, **world.acme.aws.admin(PROD), AWS_DEFAULT_REGION="eu-west-1")
    assert {operation for _, _, operation in world.acme.aws.calls} == {"AssumeRoleWithWebIdentity"}
    assert world.roles() == []


def test_a_job_that_may_not_ask_for_a_token_enters_nothing(world: World, granted: str) -> None:
    """No `id-token: write`, and an administrator's keys in the environment: AWS hears nothing of this run."""
    environ = world.acme.job("sweep.yml") | world.acme.aws.admin(PROD)
    for name in ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"):
        del environ[name]
    world.forget()
    ran = world.jitbot(
        ["sweep", "--dry-run"], now=world.now, environ=environ, folder=world.acme.clone("runner")
    )
    assert (ran, world.acme.aws.calls) == (3, [])


def test_two_runs_at_once_end_as_one_would(world: World, asked: str) -> None:
    """Both decide, both carry out; there is one decision, one grant, one role."""
    codes: list[int] = []
    for runner in ("runner", "runner-2"):
        world.acme.clone(runner)

    def run(runner: str) -> None:
        environ = world.acme.job("grant.yml")
        codes.append(world.jitbot(["grant"], now=world.now, environ=environ, folder=world.acme.clone(runner)))

    threads = [threading.Thread(target=run, args=(runner,)) for runner in ("runner", "runner-2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [0, 0]
    assert world.story(asked) == ["approved", "granted"]
    assert len(world.roles()) == 1


@pytest.mark.parametrize(("name", "nth"), [(RECORD, 1), ("CreateRole", 1), ("PutRolePolicy", 1), (RECORD, 2)])
def test_a_run_in_the_middle_of_another_changes_nothing_twice(
    world: World, name: str, nth: int, asked: str
) -> None:
    """A whole second run happens while the first is about to write."""
    at(world, name, lambda: world.jit("grant", runner="runner-2"), nth=nth)
    world.jit("grant")
    assert world.story(asked) == ["approved", "granted"]
    assert len(world.roles()) == 1


def test_a_revocation_while_the_role_is_made_ends_it_at_once(world: World, asked: str) -> None:
    """Revoked before there is a role: the run that makes it denies it, and records the end, not the grant."""
    at(
        world,
        "CreateRole",
        lambda: world.jit("revoke", asked, "--reason", "no", actor="alice", runner="runner-2"),
    )
    world.jit("grant")
    assert world.story(asked) == ["approved", "revoked", "ended released"]
    assert world.reach("alice") == set()


def test_a_revocation_before_the_outcome_is_recorded_is_final(world: World, asked: str) -> None:
    """Revoked and denied when the role is made but not recorded: it stays denied, and is never called granted."""
    at(
        world,
        RECORD,
        lambda: world.jit("revoke", asked, "--reason", "no", actor="alice", runner="runner-2"),
        nth=2,
    )
    world.jit("grant")
    assert world.story(asked) == ["approved", "revoked", "ended released"]
    assert world.reach("alice") == set()
    world.jit("grant")
    assert world.reach("alice") == set()


def test_a_request_deleted_while_it_is_granted_ends_at_once(world: World, asked: str) -> None:
    """The file leaves main between the decision and the record of the grant."""
    at(world, "PutRolePolicy", lambda: world.write(asked, None))
    world.jit("grant")
    assert world.story(asked) == ["approved", "ended deleted"]
    assert world.reach("alice") == set()


def test_an_older_run_does_nothing_and_says_it_is_superseded(world: World, asked: str) -> None:
    """The code on main is another than the run's: a re-run of an old run is no way back to old rules."""
    old = world.github.store.tip("main")
    world.write("jitbot/version.txt", "2")
    ran = world.jit("grant", GITHUB_WORKFLOW_SHA=old)
    assert ran.output.startswith("superseded: ")
    assert (world.ledger(), world.acme.aws.calls) == ([], [])


def test_an_old_workflow_over_a_new_checkout_is_superseded(world: World, asked: str) -> None:
    """What is checked out is main's, and the workflow that runs it is not: it does nothing either."""
    old = world.github.store.tip("main")
    world.write(".github/workflows/grant.yml", "newer")
    clone = world.acme.clone("fresh")
    world.acme.git("olivia", "fetch", "--quiet", "origin", cwd=clone)
    world.acme.git("olivia", "checkout", "--quiet", "--detach", "origin/main", cwd=clone)
    ran = world.jit("grant", runner="fresh", GITHUB_WORKFLOW_SHA=old)
    assert ran.output.startswith("superseded: ")
    assert (world.ledger(), world.acme.aws.calls) == ([], [])


def test_an_old_checkout_of_the_code_is_superseded_too(world: World, asked: str) -> None:
    """The workflow is main's, but what is checked out is not."""
    world.write("uv.lock", "newer")
    assert "superseded" in world.jit("grant").output
    assert world.ledger() == []


@pytest.mark.parametrize(
    "ruleset",
    [None, Ruleset(id=2, block_force_push=False), Ruleset(id=2, block_deletion=False)],
    ids=["no rules", "force pushes allowed", "deletion allowed"],
)
@pytest.mark.parametrize("verb", ["grant", "sweep"])
def test_an_unprotected_ledger_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch, verb: str, ruleset: Ruleset | None, asked: str
) -> None:
    """What can be rewritten proves nothing, so nothing is decided on it."""
    rules = {**world.acme.github.rules, **({"ledger": ruleset} if ruleset else {})}
    if ruleset is None:
        rules.pop("ledger")
    monkeypatch.setattr(world.acme.github._site, "rules", rules)
    assert "the branch ledger is not protected" in world.jit(verb, code=3).output
    assert (world.ledger(), world.acme.aws.calls) == ([], [])


def test_a_missing_ledger_is_an_error_that_says_what_to_do(world: World, asked: str) -> None:
    """No branch, no record, no grant; `jitbot init` is named."""
    world.github.store.update_ref("refs/heads/ledger", None)
    for verb in ("grant", "sweep"):
        assert "`jitbot init` makes it" in world.jit(verb, code=1).output
    assert world.acme.aws.calls == []


@pytest.mark.usefixtures("one_by_one")
def test_nothing_is_granted_while_github_cannot_be_read(world: World, asked: str) -> None:
    """Each read fails in turn: the request stays undecided, every run fails, and a healthy one decides."""
    for method, part in READS:
        answer(world, github.GitHubFault(status=502), method, part)
        world.jit("grant", code=3)
        assert (world.ledger(), world.acme.aws.calls) == ([], []), part
    world.calm()
    world.jit("grant")
    assert world.story(asked) == ["approved", "granted"]


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize(
    "fault", [github.GitHubFault(status=None), github.GitHubFault(status=200, body=b"<html>")]
)
def test_an_answer_that_is_none_grants_nothing(world: World, fault: github.GitHubFault, asked: str) -> None:
    """A dropped connection, or a page in the place of reviews, is undecided and exits 3."""
    answer(world, fault, "GET", "/reviews")
    assert f"? undecided: {asked}" in world.jit("grant", code=3).output
    assert world.ledger() == []


@pytest.mark.parametrize(
    "fault", [github.GitHubFault(after=True), github.GitHubFault(after=True, status=None)]
)
def test_a_record_that_was_made_but_not_answered_is_made_once(
    world: World, fault: github.GitHubFault, asked: str
) -> None:
    """The commit took effect and its answer was lost: it is found, not repeated."""
    left = [fault]
    world.acme.github.faults = lambda _, route: left.pop() if route == "/graphql" and left else None
    world.jit("grant")
    assert world.story(asked) == ["approved", "granted"]


def test_a_ledger_that_moves_meanwhile_is_read_again(world: World, asked: str) -> None:
    """Somebody pushes to the ledger between its reading and the record: decide again, record once."""
    at(world, RECORD, lambda: world.write("noise.txt", "noise", "ledger"))
    world.jit("grant")
    assert world.story(asked) == ["approved", "granted"]


def test_a_ledger_that_never_stands_still_grants_nothing(world: World, asked: str) -> None:
    """After some attempts the run gives way to the next, and AWS has not been touched."""

    def moved(_: str, path: str) -> None:
        if path == "/graphql":
            world.write("noise.txt", world.github.store.tip("ledger"), "ledger")

    world.acme.github.faults = moved
    assert "others keep writing to the ledger" in world.jit("grant", code=3).output
    assert world.acme.aws.calls == []


def test_a_grant_whose_record_is_lost_is_recorded_by_the_next_run(world: World, asked: str) -> None:
    """The ledger refuses the outcome: the role is there, the run fails, the next run reads it back and records."""
    refusal = github.GitHubFault(status=403, body=b"{}")
    at(world, RECORD, lambda: answer(world, refusal, "POST", "/graphql"))
    world.jit("grant", code=3)
    assert world.story(asked) == ["approved"]
    world.calm()
    world.forget()
    world.jit("grant")
    assert world.story(asked) == ["approved", "granted"]
    assert world.writes() == ["CreateRole", "PutRolePolicy"]  # the trust that is right is not written again


@pytest.mark.usefixtures("one_by_one")
def test_what_could_not_be_decided_in_its_time_is_recorded_as_refused(world: World, asked: str) -> None:
    """GitHub is gone until nothing that could be asked can matter any more: refused, with the doubt as its reason."""
    answer(world, github.GitHubFault(status=502), "GET", "/reviews")
    world.later(timedelta(days=14) - SECOND)
    world.jit("grant", code=3)
    assert world.story(asked) == []
    world.later(SECOND)
    world.jit("grant", code=1)
    assert world.reasons(asked) == {"not-decidable"}


def test_an_approval_that_is_carried_out_too_late_gives_nothing(world: World, asked: str) -> None:
    """AWS was out of reach until the window had passed: no role is made any more."""
    refuse(world, "AssumeRoleWithWebIdentity")
    world.jit("grant", code=3)
    world.calm()
    world.later(2 * HOUR)
    world.jit("grant")
    assert world.roles() == []
