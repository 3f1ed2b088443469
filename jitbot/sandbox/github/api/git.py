"""REST: commits, statuses, branches, refs and contents. Each function is one endpoint."""

import base64

from jitbot.sandbox.github.api import pull_shapes, shapes
from jitbot.sandbox.github.api.call import GitHubCall, Json, Reply
from jitbot.sandbox.github.git import commits
from jitbot.sandbox.github.git.objects import Entry, GitError
from jitbot.sandbox.github.git.store import EMPTY_TREE
from jitbot.sandbox.github.records import Pull, RefusalError, Status
from jitbot.sandbox.github.rules import branch_rules, pulls
from jitbot.sandbox.github.site import HostedRepository

_LONGEST_DESCRIPTION = 140
_STATES = {"error", "failure", "pending", "success"}


def get_commit(call: GitHubCall, repo: HostedRepository, revision: str) -> Reply:
    """GET commits/{revision}: with the files it changes against its first parent."""
    commit = repo.store.commit(_sha(repo, revision))
    parent = commit.parents[0] if commit.parents else EMPTY_TREE
    changes = repo.store.changes(parent, commit.sha)
    shown, headers = call.slice(changes)
    added, removed = sum(change.additions for change in changes), sum(change.deletions for change in changes)
    body = shapes.commit(call.site, repo, commit) | {
        "stats": {"additions": added, "deletions": removed, "total": added + removed},
        "files": [shapes.change(call.site, repo, change, commit.sha) for change in shown],
    }
    return Reply(body=body, headers=headers)


def list_pulls_of_commit(call: GitHubCall, repo: HostedRepository, revision: str) -> Reply:
    """GET commits/{revision}/pulls: merged ones that brought the commit, open ones that contain it."""
    sha = _sha(repo, revision)
    found = [pull for pull in repo.pulls.values() if brings(repo, pull, sha)]
    return call.page(found, lambda pull: pull_shapes.simple(call.site, repo, pull, call.actor))


def create_status(call: GitHubCall, repo: HostedRepository, sha: str) -> Reply:
    """POST statuses/{sha}."""
    call.must_write()
    state = call.text("state")
    if not repo.store.exists(sha):
        raise RefusalError(422, f"No commit found for SHA: {sha}")
    if state not in _STATES:
        raise RefusalError(
            422, "Validation Failed", ({"resource": "Status", "field": "state", "code": "custom"},)
        )
    if len(call.text("description", "")) > _LONGEST_DESCRIPTION:
        too_long = "description is too long (maximum is 140 characters)"
        raise RefusalError(422, "Validation Failed", ({"resource": "Status", "message": too_long},))
    given = Status(
        id=call.site.next_id(),
        sha=sha,
        creator=call.actor,
        state=state,
        context=call.text("context", "default"),
        description=call.optional("description"),
        target_url=call.optional("target_url"),
        created_at=call.site.clock.now(),
    )
    repo.statuses.append(given)
    for pull in list(repo.pulls.values()):
        if pull.head_sha == sha:
            pulls.merge_if_wished(call.site, repo, pull)
    return Reply(status=201, body=shapes.status(call.site, repo, given))


def list_statuses(call: GitHubCall, repo: HostedRepository, revision: str) -> Reply:
    """GET commits/{revision}/statuses, newest first."""
    sha = _sha(repo, revision)
    found = [status for status in reversed(repo.statuses) if status.sha == sha]
    return call.page(found, lambda status: shapes.status(call.site, repo, status))


def get_combined_status(call: GitHubCall, repo: HostedRepository, revision: str) -> Reply:
    """GET commits/{revision}/status: the newest of each context, and what they come to."""
    sha = _sha(repo, revision)
    latest = {status.context: status for status in repo.statuses if status.sha == sha}
    states = {status.state for status in latest.values()}
    state = "failure" if states & {"error", "failure"} else "success" if states == {"success"} else "pending"
    shown, headers = call.slice(list(latest.values()))
    commit_url = f"{shapes.api(call.site, repo)}/commits/{sha}"
    body = {
        "state": state,
        "sha": sha,
        "total_count": len(latest),
        "statuses": [shapes.status(call.site, repo, status) for status in shown],
        "repository": shapes.repository(call.site, repo, call.actor),
        "commit_url": commit_url,
        "url": f"{commit_url}/status",
    }
    return Reply(body=body, headers=headers)


def list_branches(call: GitHubCall, repo: HostedRepository) -> Reply:
    """GET branches."""
    branches = sorted(repo.store.refs("refs/heads/").items())
    return call.page(
        branches, lambda item: _short_branch(call, repo, item[0].removeprefix("refs/heads/"), item[1])
    )


def list_tags(call: GitHubCall, repo: HostedRepository) -> Reply:
    """GET tags, each with the commit that it names in the end."""
    tags = [
        (ref.removeprefix("refs/tags/"), ref) for ref in sorted(repo.store.refs("refs/tags/"), reverse=True)
    ]
    base = shapes.api(call.site, repo)

    def shown(item: tuple[str, str]) -> Json:
        name, ref = item
        sha = repo.store.resolve(ref)
        archives = {f"{kind}_url": f"{base}/{kind}/{ref}" for kind in ("zipball", "tarball")}
        return {
            "name": name,
            "node_id": f"T_{name}",
            "commit": {"sha": sha, "url": f"{base}/commits/{sha}"},
            **archives,
        }

    return call.page(tags, shown)


def get_branch(call: GitHubCall, repo: HostedRepository, branch: str) -> Reply:
    """GET branches/{branch}."""
    commit = repo.store.commit(repo.tip(branch))
    body = _short_branch(call, repo, branch, commit.sha)
    url = f"{shapes.api(call.site, repo)}/branches/{branch}"
    links = {"self": url, "html": f"{shapes.web(call.site, repo)}/tree/{branch}"}
    whole = {"commit": shapes.commit(call.site, repo, commit), "_links": links, "protection": {}}
    return Reply(body=body | whole | {"protection_url": f"{url}/protection"})


def list_rules(call: GitHubCall, repo: HostedRepository, branch: str) -> Reply:
    """GET rules/branches/{branch}; a branch without rules, or that does not exist, has an empty list."""
    ruleset = call.site.rules.get(branch)
    return call.page(branch_rules.as_listed(ruleset, repo.full_name) if ruleset else [], dict)


def get_ref(call: GitHubCall, repo: HostedRepository, ref: str) -> Reply:
    """GET git/ref/{ref}, the ref without its leading `refs/`."""
    sha = repo.store.refs(f"refs/{ref}").get(f"refs/{ref}")
    if sha is None:
        raise RefusalError(404, "Not Found")
    return Reply(body=shapes.reference(call.site, repo, f"refs/{ref}", sha))


def create_ref(call: GitHubCall, repo: HostedRepository) -> Reply:
    """POST git/refs."""
    call.must_write()
    ref, sha = call.text("ref"), call.text("sha")
    if not ref.startswith(("refs/heads/", "refs/tags/")):
        raise RefusalError(
            422, "Reference name must start with 'refs/' and contain at least three components."
        )
    if repo.store.refs(ref).get(ref):
        raise RefusalError(422, "Reference already exists")
    _move(call, repo, ref, None, sha)
    return Reply(status=201, body=shapes.reference(call.site, repo, ref, sha))


def update_ref(call: GitHubCall, repo: HostedRepository, ref: str) -> Reply:
    """PATCH git/refs/{ref}: 422 unless it is a fast-forward, or forced and the rules allow that."""
    call.must_write()
    name, sha = _own_ref(repo, ref), call.text("sha")
    old = repo.store.refs(name)[name]
    if not repo.store.exists(sha):
        raise RefusalError(422, "Object does not exist")
    if call.body.get("force") is not True and not repo.store.is_ancestor(old, sha):
        raise RefusalError(422, "Update is not a fast forward")
    _move(call, repo, name, old, sha)
    return Reply(body=shapes.reference(call.site, repo, name, sha))


def delete_ref(call: GitHubCall, repo: HostedRepository, ref: str) -> Reply:
    """DELETE git/refs/{ref}."""
    call.must_write()
    name = _own_ref(repo, ref)
    _move(call, repo, name, repo.store.refs(name)[name], None)
    return Reply(status=204)


def get_contents(call: GitHubCall, repo: HostedRepository, path: str = "") -> Reply:
    """GET contents/{path}: a file with its content, or a folder's entries."""
    ref = call.query.get("ref") or repo.default_branch
    sha = repo.store.resolve(ref)
    if sha is None:
        raise RefusalError(404, f"No commit found for the ref {ref}")
    path = path.strip("/")
    found = repo.store.entry(sha, path) if path else None
    if path and found is None:
        raise RefusalError(404, "Not Found")
    if found is None or found.kind == "tree":
        prefix = f"{path}/" if path else ""
        entries = repo.store.folder(sha, path)
        return Reply(body=[shapes.entry(call.site, repo, one, prefix + one.name, ref, 0) for one in entries])
    content = repo.store.read(sha, path) or b""
    if found.mode == "120000":
        shown = shapes.entry(call.site, repo, found, path, ref, len(content))
        return Reply(body=shown | {"target": content.decode(errors="replace")})
    encoded = {"encoding": "base64", "content": base64.encodebytes(content).decode()}
    return Reply(body=shapes.entry(call.site, repo, found, path, ref, len(content)) | encoded)


def put_contents(call: GitHubCall, repo: HostedRepository, path: str) -> Reply:
    """PUT contents/{path}: one commit that makes or, given the `sha` of its blob, changes a file."""
    call.must_write()
    message, branch = call.text("message"), call.text("branch", repo.default_branch)
    tip = repo.tip(branch)
    old = repo.store.entry(tip, path)
    _check_blob(call, path, old)
    content = commits.decoded(call.text("content"))
    made = commits.commit_files(call.site, repo, call.actor, branch, tip, {path: content}, (), message)
    entry = repo.store.entry(made.sha, path)
    shown = entry and shapes.entry(call.site, repo, entry, path, branch, len(content))
    body = {"content": shown, "commit": shapes.git_commit(call.site, repo, made)}
    return Reply(status=200 if old else 201, body=body)


def _sha(repo: HostedRepository, revision: str) -> str:
    sha = repo.store.resolve(revision)
    if sha is None:
        raise RefusalError(422, f"No commit found for SHA: {revision}")
    return sha


def brings(repo: HostedRepository, pull: Pull, sha: str) -> bool:
    """Whether GitHub connects a pull request with a commit: it brought it, or would."""
    if sha in pull.landed:
        return True
    if pull.closed_at and not pull.is_merged:
        return False
    return sha in repo.store.between(repo.fork_point(pull), pull.head_sha)


def _short_branch(call: GitHubCall, repo: HostedRepository, branch: str, sha: str) -> Json:
    url = f"{shapes.api(call.site, repo)}/commits/{sha}"
    return {"name": branch, "commit": {"sha": sha, "url": url}, "protected": branch in call.site.rules}


def _own_ref(repo: HostedRepository, ref: str) -> str:
    name = f"refs/{ref}"
    if not ref.startswith(("heads/", "tags/")) or not repo.store.refs(name).get(name):
        raise RefusalError(422, "Reference does not exist")
    return name


def _move(call: GitHubCall, repo: HostedRepository, ref: str, old: str | None, new: str | None) -> None:
    if new is not None and not repo.store.exists(new):
        raise RefusalError(422, "Object does not exist")
    branch = ref.removeprefix("refs/heads/")
    refused = branch_rules.violation(call.site, repo, call.actor, branch, old, new) if branch != ref else None
    if refused:
        raise RefusalError(422, refused)
    try:
        pulls.move(call.site, repo, ref, new, call.actor)
    except GitError:
        raise RefusalError(422, f"{ref} is not a valid ref name.") from None


def _check_blob(call: GitHubCall, path: str, old: Entry | None) -> None:
    given = call.optional("sha")
    if old and given is None:
        raise RefusalError(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if given is not None and given != (old and old.sha):
        raise RefusalError(409, f"{path} does not match {given}")
