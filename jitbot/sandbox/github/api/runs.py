"""REST: the runs of a workflow, as far as its schedule started them."""

from datetime import timedelta

from jitbot.sandbox.github.api import shapes
from jitbot.sandbox.github.api.call import GitHubCall, Json, Reply
from jitbot.sandbox.github.records import RefusalError
from jitbot.sandbox.github.site import HostedRepository

_LATELY = timedelta(minutes=30)
_LINKS = ("jobs", "logs", "check_suite", "artifacts", "cancel", "rerun")


def list_runs(call: GitHubCall, repo: HostedRepository, workflow: str) -> Reply:
    """GET actions/workflows/{workflow}/runs, newest first: the last run of the schedule, where there was one."""
    if repo.store.entry(repo.tip(repo.default_branch), f".github/workflows/{workflow}") is None:
        raise RefusalError(404, "Not Found")
    age = repo.schedules.get(workflow, _LATELY)
    runs = [] if age is None else [_run(call, repo, workflow, age)]
    return Reply(body={"total_count": len(runs), "workflow_runs": runs})


def _run(call: GitHubCall, repo: HostedRepository, workflow: str, age: timedelta) -> Json:
    url = f"{shapes.api(call.site, repo)}/actions/runs/1"
    tip = repo.store.commit(repo.tip(repo.default_branch))
    began = shapes.moment(call.site.clock.now() - age)
    shown = shapes.repository(call.site, repo, call.actor)
    who = {"name": tip.author.name, "email": tip.author.email}
    commit = {"id": tip.sha, "tree_id": tip.tree, "message": tip.message, "timestamp": began}
    return {
        "id": 1,
        "node_id": "WFR_1",
        "name": workflow,
        "display_title": workflow,
        "path": f".github/workflows/{workflow}",
        "head_branch": repo.default_branch,
        "head_sha": tip.sha,
        "head_commit": {**commit, "author": who, "committer": who},
        "run_number": 1,
        "event": "schedule",
        "status": "completed",
        "conclusion": "success",
        "workflow_id": 1,
        "url": url,
        "html_url": f"{shapes.web(call.site, repo)}/actions/runs/1",
        "workflow_url": f"{shapes.api(call.site, repo)}/actions/workflows/1",
        "pull_requests": [],
        "repository": shown,
        "head_repository": shown,
        **dict.fromkeys(("created_at", "updated_at", "run_started_at"), began),
        **{f"{name}_url": f"{url}/{name}" for name in _LINKS},
    }
