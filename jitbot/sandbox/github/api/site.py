"""REST: accounts, repositories, permissions, CODEOWNERS errors and workflow dispatches."""

from collections.abc import Mapping
from functools import partial

from jitbot.sandbox.github.api import shapes
from jitbot.sandbox.github.api.call import GitHubCall, Reply
from jitbot.sandbox.github.records import Dispatch, RefusalError
from jitbot.sandbox.github.rules import owners
from jitbot.sandbox.github.site import HostedRepository


def get_own_user(call: GitHubCall) -> Reply:
    """GET /user."""
    return Reply(body=shapes.public_user(call.site, call.actor))


def get_user(call: GitHubCall, login: str) -> Reply:
    """GET /users/{login}."""
    return Reply(body=shapes.public_user(call.site, call.site.user(login)))


def get_repository(call: GitHubCall, repo: HostedRepository) -> Reply:
    """GET /repos/{owner}/{name}."""
    return Reply(body=shapes.repository(call.site, repo, call.actor))


def get_permission(call: GitHubCall, _repo: HostedRepository, login: str) -> Reply:
    """GET collaborators/{login}/permission."""
    call.must_write()
    user = call.site.user(login)
    shown = shapes.user(call.site, user) | {"role_name": user.permission}
    return Reply(body={"permission": user.permission, "role_name": user.permission, "user": shown})


def list_codeowners_errors(call: GitHubCall, repo: HostedRepository) -> Reply:
    """GET codeowners/errors, at `ref` or the default branch; 404 without a CODEOWNERS file."""
    sha = repo.store.resolve(call.query.get("ref") or repo.default_branch)
    path, lines = owners.read(repo, sha) if sha else ("", [])
    if not path:
        raise RefusalError(404, "Not Found")
    return Reply(body={"errors": owners.errors(call.site, lines, path)})


def get_workflow(call: GitHubCall, repo: HostedRepository, workflow: str) -> Reply:
    """GET actions/workflows/{workflow}, by file name."""
    path = f".github/workflows/{workflow}"
    entry = repo.store.entry(repo.tip(repo.default_branch), path)
    if entry is None:
        raise RefusalError(404, "Not Found")
    url = f"{shapes.api(call.site, repo)}/actions/workflows/{workflow}"
    page = f"{shapes.web(call.site, repo)}/actions/workflows/{workflow}"
    times = dict.fromkeys(("created_at", "updated_at"), shapes.moment(repo.created_at))
    names = {"id": int(entry.sha[:8], 16), "node_id": f"W_{entry.sha}", "name": workflow, "path": path}
    return Reply(
        body=names
        | times
        | {
            "state": repo.workflow_states.get(workflow, "active"),
            "url": url,
            "html_url": page,
            "badge_url": f"{page}/badge",
        }
    )


def dispatch_workflow(call: GitHubCall, repo: HostedRepository, workflow: str) -> Reply:
    """POST actions/workflows/{workflow}/dispatches: recorded, then `on_dispatch` runs, then 204."""
    call.must_write()
    ref = call.text("ref")
    sha = repo.store.resolve(ref if ref.startswith("refs/") else f"refs/heads/{ref}")
    if sha is None:
        raise RefusalError(422, f"No ref found for: {ref}")
    content = repo.store.read(sha, f".github/workflows/{workflow}")
    if content is None:
        raise RefusalError(404, "Not Found")
    if b"workflow_dispatch" not in content:
        raise RefusalError(422, "Workflow does not have 'workflow_dispatch' trigger")
    inputs = _inputs(call)
    dispatch = Dispatch(workflow=workflow, ref=ref, inputs=inputs, actor=call.actor.login)
    call.site.dispatches.append(dispatch)
    if call.site.on_dispatch:
        call.later.append(partial(call.site.on_dispatch, workflow, ref, inputs, call.actor.login))
    return Reply(status=204)


def _inputs(call: GitHubCall) -> Mapping[str, str]:
    given = call.body.get("inputs") or {}
    if not isinstance(given, dict):
        raise RefusalError(422, "inputs is not an object")
    return {str(name): str(value) for name, value in given.items()}
