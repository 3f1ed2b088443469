"""REST: the runs of a workflow."""

from datetime import timedelta

from jitbot.sandbox.github.api import shapes
from jitbot.sandbox.github.api.call import GitHubCall, Json, Reply
from jitbot.sandbox.github.records import RefusalError, StartedRun
from jitbot.sandbox.github.site import HostedRepository

_LATELY = timedelta(minutes=30)
_LINKS = ("jobs", "logs", "check_suite", "artifacts", "cancel", "rerun")


def list_runs(call: GitHubCall, repo: HostedRepository, workflow: str) -> Reply:
    """GET actions/workflows/{workflow}/runs, newest first: those whose jobs were played, and the last of the schedule."""
    if repo.store.entry(repo.tip(repo.default_branch), f".github/workflows/{workflow}") is None:
        raise RefusalError(404, "Not Found")
    age = repo.schedules.get(workflow, _LATELY)
    found = [each for each in repo.runs if each.workflow == workflow]
    if age is not None:
        scheduled = call.site.clock.now() - age
        found.append(StartedRun(id=1, workflow=workflow, event="schedule", at=scheduled))
    wanted, sha = call.query.get("event"), call.query.get("head_sha")
    if call.query.get("status", "success") != "success":
        found = []
    found = [each for each in found if wanted in (None, each.event) and sha in (None, each.sha)]
    newest = sorted(found, key=lambda each: (each.at, each.id), reverse=True)
    runs = [_run(call, repo, each) for each in newest[: int(call.query.get("per_page", "30"))]]
    return Reply(body={"total_count": len(found), "workflow_runs": runs})


def _run(call: GitHubCall, repo: HostedRepository, started: StartedRun) -> Json:
    url = f"{shapes.api(call.site, repo)}/actions/runs/{started.id}"
    tip = repo.store.commit(repo.tip(repo.default_branch))
    began = shapes.moment(started.at)
    shown = shapes.repository(call.site, repo, call.actor)
    who = {"name": tip.author.name, "email": tip.author.email}
    commit = {"id": tip.sha, "tree_id": tip.tree, "message": tip.message, "timestamp": began}
    return {
        "id": started.id,
        "node_id": f"WFR_{started.id}",
        "name": started.workflow,
        "display_title": started.workflow,
        "path": f".github/workflows/{started.workflow}",
        "head_branch": repo.default_branch,
        "head_sha": started.sha or tip.sha,
        "head_commit": {**commit, "author": who, "committer": who},
        "run_number": 1,
        "event": started.event,
        "status": "completed",
        "conclusion": "success",
        "workflow_id": 1,
        "url": url,
        "html_url": f"{shapes.web(call.site, repo)}/actions/runs/{started.id}",
        "workflow_url": f"{shapes.api(call.site, repo)}/actions/workflows/1",
        "pull_requests": [],
        "repository": shown,
        "head_repository": shown,
        **dict.fromkeys(("created_at", "updated_at", "run_started_at"), began),
        **{f"{name}_url": f"{url}/{name}" for name in _LINKS},
    }
