"""Accounts, repositories and git objects as GitHub's REST description gives them.

https://github.com/github/rest-api-description
"""

from datetime import datetime

from jitbot.sandbox.github.api.call import Json
from jitbot.sandbox.github.git.objects import Commit, Entry, FileChange, Signature
from jitbot.sandbox.github.records import Comment, Pull, Status, User
from jitbot.sandbox.github.site import HostedRepository, Site

_USER_LINKS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPOSITORY_LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
_REPOSITORY_CONSTANTS = {
    "private": True,
    "visibility": "private",
    "description": None,
    "fork": False,
    "homepage": None,
    "language": None,
    "license": None,
    "mirror_url": None,
    "archived": False,
    "disabled": False,
    "has_projects": False,
    "has_wiki": False,
    "web_commit_signoff_required": False,
    "has_pages": False,
    "has_discussions": False,
    "has_downloads": False,
    "size": 0,
}
_REPOSITORY_COUNTS = (
    "forks",
    "forks_count",
    "stargazers_count",
    "watchers",
    "watchers_count",
    "network_count",
    "subscribers_count",
)


def moment(when: datetime | None) -> str | None:
    """A time as GitHub writes it."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else None


def user(site: Site, account: User) -> Json:
    """simple-user."""
    url = f"{site.url}/users/{account.login}"
    return _account(site, account.login, account.id, account.type) | {
        name: f"{url}{path}" for name, path in _USER_LINKS.items()
    }


def user_or_none(site: Site, account: User | None) -> Json | None:
    """nullable-simple-user: null in the place of an account that was deleted."""
    return None if account is None or account.id in site.gone else user(site, account)


def public_user(site: Site, account: User) -> Json:
    """public-user: what `GET /user` and `GET /users/{login}` answer."""
    empty = dict.fromkeys(("bio", "blog", "company", "email", "hireable", "location", "name"))
    counts = dict.fromkeys(("followers", "following", "public_gists", "public_repos"), 0)
    then = "2026-01-01T00:00:00Z"
    return user(site, account) | empty | counts | {"created_at": then, "updated_at": then}


def _account(site: Site, login: str, number: int, kind: str) -> Json:
    return {
        "login": login,
        "id": number,
        "node_id": f"U_{number}",
        "avatar_url": f"{site.url}/avatars/{number}",
        "gravatar_id": "",
        "html_url": f"{site.url}/{login}",
        "url": f"{site.url}/users/{login}",
        "type": kind,
        "site_admin": False,
    }


def api(site: Site, repository: HostedRepository) -> str:
    """The repository's URL in the API."""
    return f"{site.url}/repos/{repository.full_name}"


def web(site: Site, repository: HostedRepository) -> str:
    """The repository's URL for people."""
    return f"{site.url}/{repository.full_name}"


def repository(site: Site, repo: HostedRepository, reader: User) -> Json:
    """full-repository."""
    base, page = api(site, repo), web(site, repo)
    owner = User(login=repo.owner, id=repo.owner_id, type="Organization")
    admin, write = reader.permission == "admin", reader.may_write
    created = moment(repo.created_at)
    open_pulls = sum(pull.is_open for pull in repo.pulls.values())
    return {
        "id": repo.id,
        "node_id": f"R_{repo.id}",
        "name": repo.name,
        "full_name": repo.full_name,
        "owner": user(site, owner),
        "organization": user(site, owner),
        "url": base,
        "html_url": page,
        "clone_url": f"{page}.git",
        "git_url": f"{page}.git",
        "ssh_url": f"{page}.git",
        "svn_url": page,
        "default_branch": repo.default_branch,
        "open_issues": open_pulls,
        "open_issues_count": open_pulls,
        "permissions": {"admin": admin, "maintain": admin, "push": write, "triage": write, "pull": True},
        **dict.fromkeys(("created_at", "updated_at", "pushed_at"), created),
        **dict.fromkeys(_REPOSITORY_COUNTS, 0),
        **_REPOSITORY_CONSTANTS,
        "has_issues": repo.merging["has_issues"],
        **(repo.merging if write else {}),  # GitHub shows these to anyone with write access
        **{name: f"{base}{path}" for name, path in _REPOSITORY_LINKS.items()},
    }


def pull_node(repo: HostedRepository, pull: Pull) -> str:
    """The name of a pull request in GraphQL."""
    return f"PR_{repo.id}_{pull.number}"


def comment_node(comment: Comment) -> str:
    """The name of a comment in GraphQL."""
    return f"IC_{comment.id}"


def commit(site: Site, repo: HostedRepository, made: Commit) -> Json:
    """commit, without the files that `GET commits/{sha}` adds."""
    base = api(site, repo)
    author, committer = site.by_email(made.author.email), site.by_email(made.committer.email)
    return {
        "sha": made.sha,
        "node_id": f"C_{made.sha}",
        "url": f"{base}/commits/{made.sha}",
        "html_url": f"{web(site, repo)}/commit/{made.sha}",
        "comments_url": f"{base}/commits/{made.sha}/comments",
        "commit": git_commit(site, repo, made),
        "author": user_or_none(site, author),
        "committer": user_or_none(site, committer),
        "parents": _parents(site, repo, made),
    }


def git_commit(site: Site, repo: HostedRepository, made: Commit) -> Json:
    """The part of a commit that git itself knows."""
    base = api(site, repo)
    return {
        "sha": made.sha,
        "url": f"{base}/git/commits/{made.sha}",
        "html_url": f"{web(site, repo)}/commit/{made.sha}",
        "author": _signature(made.author),
        "committer": _signature(made.committer),
        "message": made.message,
        "tree": {"sha": made.tree, "url": f"{base}/git/trees/{made.tree}"},
        "parents": _parents(site, repo, made),
        "comment_count": 0,
        "verification": _verification(repo, made),
    }


def _parents(site: Site, repo: HostedRepository, made: Commit) -> list[Json]:
    base, page = api(site, repo), web(site, repo)
    return [
        {"sha": sha, "url": f"{base}/commits/{sha}", "html_url": f"{page}/commit/{sha}"}
        for sha in made.parents
    ]


def _signature(signed: Signature) -> Json:
    return {"name": signed.name, "email": signed.email, "date": moment(signed.when)}


def _verification(repo: HostedRepository, made: Commit) -> Json:
    verified = made.sha in repo.signed
    return {
        "verified": verified,
        "reason": "valid" if verified else "unsigned",
        "signature": "sandbox" if verified else None,
        "payload": made.message if verified else None,
        "verified_at": moment(made.committer.when) if verified else None,
    }


def change(site: Site, repo: HostedRepository, changed: FileChange, commit_sha: str) -> Json:
    """diff-entry."""
    base, page = api(site, repo), web(site, repo)
    shape = {
        "sha": changed.blob,
        "filename": changed.path,
        "status": changed.status,
        "additions": changed.additions,
        "deletions": changed.deletions,
        "changes": changed.additions + changed.deletions,
        "blob_url": f"{page}/blob/{commit_sha}/{changed.path}",
        "raw_url": f"{page}/raw/{commit_sha}/{changed.path}",
        "contents_url": f"{base}/contents/{changed.path}?ref={commit_sha}",
    }
    return shape | ({"previous_filename": changed.previous_path} if changed.previous_path else {})


def status(site: Site, repo: HostedRepository, given: Status) -> Json:
    """status; without `creator` it is simple-commit-status."""
    return {
        "id": given.id,
        "node_id": f"SC_{given.id}",
        "url": f"{api(site, repo)}/statuses/{given.sha}",
        "avatar_url": f"{site.url}/avatars/{given.creator.id}",
        "state": given.state,
        "description": given.description,
        "target_url": given.target_url,
        "context": given.context,
        "created_at": moment(given.created_at),
        "updated_at": moment(given.created_at),
        "creator": user(site, given.creator),
    }


def reference(site: Site, repo: HostedRepository, ref: str, sha: str) -> Json:
    """git-ref."""
    base = api(site, repo)
    target = {"type": "commit", "sha": sha, "url": f"{base}/git/commits/{sha}"}
    return {"ref": ref, "node_id": f"REF_{ref}", "url": f"{base}/git/{ref}", "object": target}


def entry(site: Site, repo: HostedRepository, found: Entry, path: str, ref: str, size: int) -> Json:
    """What contents says of one file, folder, link or submodule, its content aside."""
    base, page = api(site, repo), web(site, repo)
    kind = {"tree": "dir", "commit": "submodule"}.get(
        found.kind, "symlink" if found.mode == "120000" else "file"
    )
    links = {
        "self": f"{base}/contents/{path}?ref={ref}",
        "git": f"{base}/git/{'trees' if kind == 'dir' else 'blobs'}/{found.sha}",
        "html": f"{page}/blob/{ref}/{path}",
    }
    return {
        "type": kind,
        "name": found.name,
        "path": path,
        "sha": found.sha,
        "size": size,
        "url": links["self"],
        "git_url": links["git"],
        "html_url": links["html"],
        "download_url": None if kind == "dir" else f"{page}/raw/{ref}/{path}",
        "_links": links,
    }
