"""REST: issues. Pull requests are issues too, and are listed among them.

https://docs.github.com/en/rest/issues/issues
"""

from dataclasses import replace
from datetime import UTC, datetime

from jitbot.sandbox.github.api.call import GitHubCall, Json, Reply
from jitbot.sandbox.github.api.shapes import api, moment, user, web
from jitbot.sandbox.github.records import Issue, Pull, RefusalError
from jitbot.sandbox.github.site import HostedRepository

_LONGEST_TITLE, _LONGEST_BODY = 256, 65536
_REASONS = {"closed": ("completed", "not_planned", "duplicate"), "open": ("reopened",)}


def list_issues(call: GitHubCall, repo: HostedRepository) -> Reply:
    """GET issues, by state, creator and since; newest first unless asked otherwise."""
    state, creator = call.query.get("state", "open"), call.query.get("creator", "")
    since = _moment(call.query["since"]) if "since" in call.query else None
    everything: list[Issue | Pull] = [*repo.issues.values(), *repo.pulls.values()]
    found = [
        each
        for each in everything
        if state == "all" or (each.closed_at is None) == (state == "open")
        if not creator or each.author.login.casefold() == creator.casefold()
        if since is None or each.updated_at >= since
    ]
    found.sort(key=lambda each: each.number, reverse=call.query.get("direction", "desc") == "desc")
    return call.page(found, lambda each: _shape(call, repo, each))


def create_issue(call: GitHubCall, repo: HostedRepository) -> Reply:
    """POST issues: anyone who may read may open one; 410 where issues are off."""
    if not repo.merging["has_issues"]:
        raise RefusalError(410, "Issues are disabled for this repo")
    now = call.site.clock.now()
    issue = Issue(
        id=call.site.next_id(),
        number=repo.next_number(),
        title=_title(call.text("title")),
        body=_body(call.optional("body")),
        author=call.actor,
        created_at=now,
        updated_at=now,
    )
    repo.issues[issue.number] = issue
    return Reply(status=201, body=_shape(call, repo, issue))


def get_issue(call: GitHubCall, repo: HostedRepository, number: int) -> Reply:
    """GET issues/{number}."""
    return Reply(body=_shape(call, repo, _issue(repo, number)))


def edit_issue(call: GitHubCall, repo: HostedRepository, number: int) -> Reply:
    """PATCH issues/{number}: title, body, state; by its author or anyone with write access."""
    issue = _issue(repo, number)
    if call.actor.id != issue.author.id:
        call.must_write()
    now = call.site.clock.now()
    state, reason = call.optional("state"), call.optional("state_reason")
    if state is not None:
        issue = _in_state(call, issue, state, reason, now)
    title = _title(call.text("title", issue.title))
    body = _body(call.optional("body")) if "body" in call.body else issue.body
    issue = replace(issue, title=title, body=body, updated_at=now)
    repo.issues[number] = issue
    return Reply(body=_shape(call, repo, issue))


def _in_state(call: GitHubCall, issue: Issue, state: str, reason: str | None, now: datetime) -> Issue:
    if state not in _REASONS or (reason is not None and reason not in _REASONS[state]):
        raise RefusalError(
            422, "Validation Failed", ({"resource": "Issue", "field": "state", "code": "invalid"},)
        )
    if state == "closed" and issue.closed_at is None:
        reason = reason or "completed"
        return replace(issue, closed_at=now, closed_by=call.actor, state_reason=reason)
    if state == "open" and issue.closed_at is not None:
        return replace(issue, closed_at=None, closed_by=None, state_reason="reopened")
    return issue


def _issue(repo: HostedRepository, number: int) -> Issue:
    if number not in repo.issues:
        raise RefusalError(404, "Not Found")
    return repo.issues[number]


def _title(title: str) -> str:
    if not title.strip() or len(title) > _LONGEST_TITLE:
        problem = {"resource": "Issue", "field": "title", "code": "invalid"}
        raise RefusalError(422, "Validation Failed", (problem,))
    return title


def _body(body: str | None) -> str | None:
    if body is not None and len(body) > _LONGEST_BODY:
        raise RefusalError(
            422, "Validation Failed", ({"resource": "Issue", "field": "body", "code": "invalid"},)
        )
    return body


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise RefusalError(422, "Validation Failed", ({"field": "since", "code": "invalid"},)) from error


def _shape(call: GitHubCall, repo: HostedRepository, issue: Issue | Pull) -> Json:
    """issue; one that is a pull request says so."""
    base, page = api(call.site, repo), web(call.site, repo)
    url, kind = f"{base}/issues/{issue.number}", "issues" if isinstance(issue, Issue) else "pull"
    closed_by = issue.closed_by if isinstance(issue, Issue) else None
    shape: Json = {
        "id": issue.id,
        "node_id": f"I_{issue.id}",
        "number": issue.number,
        "title": issue.title,
        "body": issue.body,
        "user": user(call.site, issue.author),
        "state": "open" if issue.closed_at is None else "closed",
        "state_reason": issue.state_reason if isinstance(issue, Issue) else None,
        "url": url,
        "repository_url": base,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{page}/{kind}/{issue.number}",
        "labels": [],
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "locked": False,
        "active_lock_reason": None,
        "comments": 0,
        "author_association": "MEMBER" if issue.author.type == "User" else "NONE",
        "closed_by": closed_by and user(call.site, closed_by),
        "closed_at": moment(issue.closed_at),
        "created_at": moment(issue.created_at),
        "updated_at": moment(issue.updated_at),
    }
    if isinstance(issue, Pull):
        address = f"{base}/pulls/{issue.number}"
        shape["pull_request"] = {
            "url": address,
            "html_url": f"{page}/pull/{issue.number}",
            "diff_url": f"{page}/pull/{issue.number}.diff",
            "patch_url": f"{page}/pull/{issue.number}.patch",
            "merged_at": moment(issue.merged_at),
        }
    return shape
