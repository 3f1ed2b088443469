"""Pull requests, reviews and comments as GitHub's REST description gives them."""

from jitbot.sandbox.github.api import shapes
from jitbot.sandbox.github.api.call import Json
from jitbot.sandbox.github.api.shapes import api, moment, user, user_or_none, web
from jitbot.sandbox.github.records import AutoMerge, Comment, Pull, Review, User
from jitbot.sandbox.github.rules import branch_rules, merging
from jitbot.sandbox.github.site import HostedRepository, Site


def simple(site: Site, repo: HostedRepository, pull: Pull, reader: User) -> Json:
    """pull-request-simple: what lists hold."""
    whole = shapes.repository(site, repo, reader)
    return {
        "id": pull.id,
        "node_id": shapes.pull_node(repo, pull),
        "number": pull.number,
        "title": pull.title,
        "body": pull.body,
        "state": "open" if pull.is_open else "closed",
        "locked": False,
        "draft": pull.draft,
        "user": user_or_none(site, pull.author),
        "author_association": "MEMBER",
        "created_at": moment(pull.created_at),
        "updated_at": moment(pull.updated_at),
        "closed_at": moment(pull.closed_at),
        "merged_at": moment(pull.merged_at),
        "merge_commit_sha": merge_sha(site, repo, pull),
        "head": _end(site, repo, whole, pull.head_ref, pull.head_sha),
        "base": _end(site, repo, whole, pull.base_ref, pull.base_sha),
        "auto_merge": pull.auto_merge and _auto_merge(site, pull.auto_merge),
        "assignee": None,
        "milestone": None,
        **{name: [] for name in ("assignees", "labels", "requested_reviewers", "requested_teams")},
        **_links(site, repo, pull),
    }


def full(site: Site, repo: HostedRepository, pull: Pull, reader: User) -> Json:
    """pull-request: one, with its counts and whether it can be merged."""
    changes = repo.store.changes(repo.fork_point(pull), pull.head_sha)
    mergeable = bool(merge_sha(site, repo, pull)) if pull.is_open else None
    return simple(site, repo, pull, reader) | {
        "merged": pull.is_merged,
        "merged_by": user_or_none(site, pull.merged_by),
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": _mergeable_state(site, repo, pull, reader, mergeable=mergeable),
        "maintainer_can_modify": False,
        "comments": sum(comment.pull == pull.number for comment in repo.comments.values()),
        "review_comments": 0,
        "commits": len(merging.commits_of(repo, pull)),
        "additions": sum(change.additions for change in changes),
        "deletions": sum(change.deletions for change in changes),
        "changed_files": len(changes),
    }


def merge_sha(site: Site, repo: HostedRepository, pull: Pull) -> str | None:
    """The merge, or the test merge while it is open."""
    if not pull.is_open:
        return pull.merge_commit_sha
    return merging.trial(site, repo, pull) if repo.store.tip(pull.base_ref) else None


def review(site: Site, repo: HostedRepository, given: Review) -> Json:
    """pull-request-review."""
    page = f"{web(site, repo)}/pull/{given.pull}#pullrequestreview-{given.id}"
    pull_url = f"{api(site, repo)}/pulls/{given.pull}"
    return {
        "id": given.id,
        "node_id": f"PRR_{given.id}",
        "user": user_or_none(site, given.author),
        "body": given.body,
        "state": given.state,
        "commit_id": given.commit_sha,
        "submitted_at": moment(given.submitted_at),
        "html_url": page,
        "pull_request_url": pull_url,
        "author_association": "MEMBER",
        "_links": {"html": {"href": page}, "pull_request": {"href": pull_url}},
    }


def comment(site: Site, repo: HostedRepository, given: Comment) -> Json:
    """issue-comment."""
    base = api(site, repo)
    return {
        "id": given.id,
        "node_id": shapes.comment_node(given),
        "url": f"{base}/issues/comments/{given.id}",
        "issue_url": f"{base}/issues/{given.pull}",
        "html_url": f"{web(site, repo)}/pull/{given.pull}#issuecomment-{given.id}",
        "user": user_or_none(site, given.author),
        "author_association": "MEMBER",
        "body": given.body,
        "created_at": moment(given.created_at),
        "updated_at": moment(given.updated_at),
        "performed_via_github_app": None,
    }


def _end(site: Site, repo: HostedRepository, whole: Json, ref: str, sha: str) -> Json:
    owner = User(login=repo.owner, id=repo.owner_id, type="Organization")
    return {"label": f"{repo.owner}:{ref}", "ref": ref, "sha": sha, "user": user(site, owner), "repo": whole}


def _auto_merge(site: Site, wished: AutoMerge) -> Json:
    return {
        "enabled_by": user(site, wished.enabled_by),
        "merge_method": wished.method,
        "commit_title": wished.title or "",
        "commit_message": wished.message or "",
    }


def _links(site: Site, repo: HostedRepository, pull: Pull) -> Json:
    base, page = api(site, repo), f"{web(site, repo)}/pull/{pull.number}"
    one, issue = f"{base}/pulls/{pull.number}", f"{base}/issues/{pull.number}"
    links = {
        "self": one,
        "html": page,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{one}/comments",
        "review_comment": f"{base}/pulls/comments{{/number}}",
        "commits": f"{one}/commits",
        "statuses": f"{base}/statuses/{pull.head_sha}",
    }
    urls = {f"{name}_url": href for name, href in links.items() if name != "self"}
    extra = {"url": one, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch"}
    return urls | extra | {"_links": {name: {"href": href} for name, href in links.items()}}


def _mergeable_state(
    site: Site, repo: HostedRepository, pull: Pull, reader: User, *, mergeable: bool | None
) -> str:
    if mergeable is None:
        return "unknown"
    if not mergeable:
        return "dirty"
    if pull.draft:
        return "draft"
    return "blocked" if branch_rules.lacking(site, repo, pull, reader) else "clean"
