"""GitHub's own parser and evaluator on the workflow files: accepted whole, and each condition decides as meant."""

import re
from typing import Any

import pytest
from github_says import GitHubSays
from test_workflow_files import (
    ACTION,
    CHAT,
    FILES,
    beside_audit,
    chat_job,
    concurrency,
    job,
    own_step,
    read,
    steps,
)

MAIN, BRANCH = "refs/heads/main", "refs/heads/mallory"


def pull(base: str, event: str = "pull_request") -> dict[str, Any]:
    """What a run for a pull request into this branch sees."""
    payload = {
        "action": "opened",
        "pull_request": {"number": 7, "base": {"ref": base}, "head": {"ref": "main"}},
    }
    return {"event_name": event, "ref": "refs/pull/7/merge", "event": payload}


def on(ref: str, event: str = "push", **payload: Any) -> dict[str, Any]:
    """What a run on a branch or a tag sees."""
    return {"event_name": event, "ref": ref, "event": {"ref": ref, **payload}}


CHANGING = {
    "a push to main": (on(MAIN), True),
    "a schedule": ({"event_name": "schedule", "ref": MAIN, "event": {"schedule": "17 * * * *"}}, True),
    "a dispatch on main": (on(MAIN, "workflow_dispatch", inputs={}), True),
    "a dispatch on a branch": (on(BRANCH, "workflow_dispatch", inputs={}), False),
    "a dispatch on a tag called main": (on("refs/tags/main", "workflow_dispatch", inputs={}), False),
    "a merge queue": (on("refs/heads/gh-readonly-queue/main/pr-7-abc", "merge_group"), False),
    "a branch below main": (on("refs/heads/main/x"), False),
}
CHECKING = {
    "a pull request into main": (pull("main"), True),
    "a review of one": (pull("main", "pull_request_review"), True),
    "a review of one into a branch": (pull("mallory", "pull_request_review"), False),
    "a push": (on(MAIN), False),
}


def test_every_file_is_accepted(says: GitHubSays) -> None:
    """The parser has nothing to say against any of them, and does object to what is wrong."""
    grant = FILES["grant.yml"].read_text()
    wrong = {
        "unknown permission": grant.replace("id-token: write", "members: read"),
        "unknown name": grant.replace("github.ref", "githob.ref"),
        "unknown key": grant.replace("timeout-minutes", "timeout"),
    }
    errors = says.errors({**{name: path.read_text() for name, path in FILES.items()}, **wrong})
    assert {name for name, found in errors.items() if found} == set(wrong)


@pytest.mark.parametrize(
    "name",
    ["check.yml", "grant.yml", "sweep.yml", "revoke.yml", "audit.yml", "clock.yml", "notify.yml"],
)
def test_conditions_decide_as_meant(says: GitHubSays, name: str) -> None:
    """What may change anything runs on main alone; what checks runs for pull requests into main alone."""
    cases = CHECKING if name == "check.yml" else CHANGING
    decided = says.values(
        [(job(name)["if"], {"github": github, "inputs": {}}) for github, _ in cases.values()]
    )
    expected = {case: str(runs).lower() for case, (_, runs) in cases.items()}
    assert dict(zip(cases, decided, strict=True)) == expected


@pytest.mark.parametrize("name", CHAT)
@pytest.mark.parametrize(
    ("outputs", "runs"),
    [({"notifications": "{...}"}, "true"), ({"notifications": ""}, "false"), ({}, "false")],
)
def test_chat_is_notified_of_something_alone(
    says: GitHubSays, name: str, outputs: dict[str, str], runs: str
) -> None:
    """Where nothing was handed on, no job begins and no minute is spent; on a branch none does either."""
    (text,) = expressions(chat_job(name)["if"])
    own = text.replace("!cancelled()", "true")  # a function of the runner's
    assert own != text
    needs = {name.removesuffix(".yml"): {"result": "failure", "outputs": outputs}}
    asked = [(own, {"github": {"ref": ref}, "needs": needs}) for ref in (MAIN, BRANCH)]
    assert says.values(asked) == [runs, "false"]


def test_each_trigger_of_the_audit_starts_its_own_jobs(says: GitHubSays) -> None:
    """The weekly schedule reads everything, the other one asks CloudTrail, by hand both run, and a statement runs alone.

    On main alone, whatever a branch is dispatched with.
    """
    weekly, often = (each["cron"] for each in read(FILES["audit.yml"])["on"]["schedule"])
    runs: list[tuple[dict[str, Any], dict[str, str]]] = [
        ({"event_name": "schedule", "ref": MAIN, "event": {"schedule": each}}, {}) for each in (weekly, often)
    ]
    for statement in ({}, {"statement": ""}, {"statement": "main-bypass=ok"}):
        runs += [(on(ref, "workflow_dispatch"), statement) for ref in (MAIN, BRANCH)]
    for found, expected in (
        (job("audit.yml"), "weekly by-hand empty"),
        (beside_audit("usage"), "often by-hand empty"),
        (beside_audit("statement"), "statement"),
    ):
        names = ("weekly", "often", "by-hand", "branch", "empty", "branch", "statement", "branch")
        answers = says.values(
            [(found["if"], {"github": github, "inputs": inputs}) for github, inputs in runs]
        )
        started = [name for name, answer in zip(names, answers, strict=True) if answer not in ("false", "")]
        assert started == expected.split()


@pytest.mark.parametrize(
    ("inputs", "complete"), [({"complete": True}, "yes"), ({"complete": False}, ""), ({}, "")]
)
def test_the_daily_sweep_is_complete(says: GitHubSays, inputs: dict[str, bool], complete: str) -> None:
    """Only a run that was asked to reads every role whole; one after a push has no inputs."""
    (text,) = expressions(own_step("sweep.yml")["env"]["COMPLETE"])
    assert says.values([(text, {"inputs": inputs})]) == [complete]


def test_nobody_holds_up_an_end(says: GitHubSays) -> None:
    """Any branch's run may take a group by its name. So a revocation, and a run of the clock, is in one that nobody can know."""
    run = {"run_id": "4242"}
    (revoked,) = expressions(read(FILES["revoke.yml"])["concurrency"]["group"])
    (checked,) = expressions(concurrency("check.yml")["group"])
    assert says.values([(revoked, {"github": run}), (checked, {"github": pull("main")})]) == ["4242", "7"]
    (audited,) = expressions(read(FILES["audit.yml"])["concurrency"]["group"])
    assert says.values([(audited, {"github": run})]) == ["4242"]
    for name in ("grant.yml", "sweep.yml"):
        (group,) = expressions(concurrency(name)["group"])
        events = [
            (group, {"github": {**run, "event_name": event}}) for event in ("push", "workflow_dispatch")
        ]
        assert says.values(events) == ["main", "4242"]
    (clock,) = expressions(read(FILES["clock.yml"])["concurrency"]["group"])
    assert says.values([(clock, {"github": run})]) == ["4242"]


def test_the_cache_is_written_from_main_alone(says: GitHubSays) -> None:
    """What a pull request's run has downloaded is kept for nobody."""
    (setup,) = [step for step in steps(ACTION) if step.get("uses", "").startswith("astral-sh/setup-uv@")]
    (text,) = expressions(setup["with"]["save-cache"])
    asked = [(text, {"github": {"ref": ref}}) for ref in (MAIN, BRANCH, "refs/pull/7/merge")]
    assert says.values(asked) == ["true", "false", "false"]


def expressions(text: str) -> list[str]:
    """The expressions in a text."""
    return re.findall(r"\$\{\{ (.+?) \}\}", text)


def test_what_cannot_be_answered_fails_and_the_next_is_answered(says: GitHubSays) -> None:
    """One process answers all questions: a question that it cannot answer is an error of that question alone."""
    with pytest.raises(RuntimeError, match="Unexpected"):
        says.values([("github.ref ==", {"github": {"ref": "x"}})])
    assert says.values([("github.ref == 'x'", {"github": {"ref": "x"}})]) == ["true"]
