"""GraphQL of pull requests: with their files, reviews, commits, comments and what happened to them.

https://docs.github.com/en/graphql/reference/objects#pullrequest
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from jitbot.sandbox.github.api import shapes
from jitbot.sandbox.github.api.call import GitHubCall, Json, Reply
from jitbot.sandbox.github.api.git import brings
from jitbot.sandbox.github.api.shapes import moment
from jitbot.sandbox.github.git.objects import Commit, FileChange, Signature
from jitbot.sandbox.github.graph.document import GraphQLDocument, answer
from jitbot.sandbox.github.records import Comment, Pull, RefusalError, Review, Status, User
from jitbot.sandbox.github.rules import merging
from jitbot.sandbox.github.site import HostedRepository, Site

T = TypeVar("T")
Node = Mapping[str, Any]
_CHANGED = {
    "added": "ADDED",
    "removed": "DELETED",
    "modified": "MODIFIED",
    "renamed": "RENAMED",
    "copied": "COPIED",
}
_CO_AUTHOR = re.compile(r"^co-authored-by:[^<\n]*<([^>\n]*)>", re.IGNORECASE | re.MULTILINE)
_ABOUT = re.compile(r"\bassociatedPullRequests\b|\bpullRequest\s*\(")
_LARGEST = 100  # nodes of one connection that GitHub gives


def is_about(query: str) -> bool:
    """Whether a document asks about pull requests."""
    return "mutation" not in query and _ABOUT.search(query) is not None


def read(call: GitHubCall) -> Reply:
    """Answer a document about pull requests; what is not there is null, with an error beside the data."""
    variables = call.body.get("variables") or {}
    if not call.site.reads_together:
        message = "Field 'fullDatabaseId' doesn't exist on type 'PullRequestReview'"
        return Reply(body={"errors": [{"message": message, "extensions": {"code": "undefinedField"}}]})
    try:
        document = GraphQLDocument(call.text("query"), variables)
        return Reply(body={"data": answer(_root(call), document.selections)})
    except RefusalError as refusal:
        kind = {"type": "NOT_FOUND"} if refusal.status == 404 else {}
        return Reply(
            body={"data": None, "errors": [{**kind, "path": ["repository"], "message": refusal.message}]}
        )


def _root(call: GitHubCall) -> Node:
    def repository(owner: str, name: str) -> Node:
        if call.actor.permission == "none":
            raise RefusalError(404, f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return _repository(call.site, call.site.repository(f"{owner}/{name}"))

    return {"is": ["Query"], "repository": repository}


def _repository(site: Site, repo: HostedRepository) -> Node:
    def pull_request(number: int) -> Node:
        return _pull(site, repo, repo.pull(number))

    def named(expression: str = "", oid: str = "") -> Node | None:
        sha = repo.store.resolve(oid or expression)
        if sha is None or not repo.store.exists(sha):
            return None
        (found,) = repo.store.commits([sha])
        return _commit(site, repo, found)

    return {
        "is": ["Repository"],
        "databaseId": repo.id,
        "nameWithOwner": repo.full_name,
        "defaultBranchRef": {"is": ["Ref"], "name": repo.default_branch},
        "pullRequest": pull_request,
        "object": named,
    }


def _listed(items: Sequence[T], shape: Callable[[T], Node], **more: Any) -> Callable[..., Node]:
    """A connection: as many as are asked for, from the first or from the last on, and how many there are."""

    def connection(first: int = 0, last: int = 0) -> Node:
        size = min(first or last, _LARGEST)
        if size < 1:
            raise RefusalError(
                400, "You must provide a `first` or `last` value to properly paginate the connection."
            )
        shown = items[:size] if first else items[-size:]
        info = {
            "is": ["PageInfo"],
            "hasNextPage": bool(first) and len(items) > size,
            "endCursor": str(len(shown)),
        }
        nodes = [shape(each) for each in shown]
        return {"is": ["Connection"], "totalCount": len(items), "nodes": nodes, "pageInfo": info, **more}

    return connection


def _actor(site: Site, account: User | None) -> Node | None:
    """An account; nobody in the place of one that was deleted. An App's has no `[bot]` in its name here."""
    if account is None or account.id in site.gone:
        return None
    kinds = [account.type, "Actor"]
    login = account.login.removesuffix("[bot]") if account.type == "Bot" else account.login
    return {"is": kinds, "__typename": account.type, "login": login, "databaseId": account.id}


def _git_actor(site: Site, signed: Signature) -> Node:
    """The author of a commit as git has it, with the person whose address it is: an App is none."""
    account = site.by_email(signed.email)
    user = _actor(site, account) if account is not None and account.type == "User" else None
    return {"is": ["GitActor"], "name": signed.name, "email": signed.email, "user": user}


def _commit(site: Site, repo: HostedRepository, commit: Commit) -> Node:
    addresses = dict.fromkeys([commit.author.email, *_CO_AUTHOR.findall(commit.message)])
    authors = [Signature(name="", email=each, when=commit.author.when) for each in addresses]
    found = [pull for pull in repo.pulls.values() if brings(repo, pull, commit.sha)]
    newest = {each.context: each for each in repo.statuses if each.sha == commit.sha}
    return {
        "is": ["Commit", "GitObject"],
        "__typename": "Commit",
        "oid": commit.sha,
        "message": commit.message,
        "author": _git_actor(site, commit.author),
        "committer": _git_actor(site, commit.committer),
        "parents": _listed(commit.parents, lambda sha: {"is": ["Commit"], "oid": sha}),
        "authors": _listed(authors, lambda each: _git_actor(site, each)),
        "associatedPullRequests": _listed(found, lambda pull: _pull(site, repo, pull)),
        "status": {"is": ["Status"], "contexts": [_status(each) for each in newest.values()]}
        if newest
        else None,
    }


def _status(given: Status) -> Node:
    kinds = ["StatusContext"]
    return {
        "is": kinds,
        "context": given.context,
        "state": given.state.upper(),
        "description": given.description,
    }


def _pull(site: Site, repo: HostedRepository, pull: Pull) -> Node:
    changes = repo.store.changes(repo.fork_point(pull), pull.head_sha)
    commits = merging.commits_of(repo, pull)
    comments = [each for each in repo.comments.values() if each.pull == pull.number]
    whole = {"is": ["Repository"], "databaseId": repo.id}
    auto = pull.auto_merge
    return {
        "is": ["PullRequest", "Node"],
        "id": shapes.pull_node(repo, pull),
        "number": pull.number,
        "title": pull.title,
        "url": f"{shapes.web(site, repo)}/pull/{pull.number}",
        "author": _actor(site, pull.author),
        "mergedBy": _actor(site, pull.merged_by),
        "baseRefName": pull.base_ref,
        "headRefName": pull.head_ref,
        "headRefOid": pull.head_sha,
        "baseRepository": whole,
        "headRepository": whole,
        "mergeCommit": pull.merge_commit_sha and {"is": ["Commit"], "oid": pull.merge_commit_sha},
        "createdAt": moment(pull.created_at),
        "closedAt": moment(pull.closed_at),
        "merged": pull.is_merged,
        "mergedAt": moment(pull.merged_at),
        "autoMergeRequest": auto and {"is": ["AutoMergeRequest"], "mergeMethod": auto.method.upper()},
        "changedFiles": len(changes),
        "files": _listed(changes, _file),
        "reviews": _listed(repo.reviews_of(pull), lambda review: _review(site, review)),
        "commits": _listed(
            commits, lambda each: {"is": ["PullRequestCommit"], "commit": _commit(site, repo, each)}
        ),
        "comments": _listed(comments, lambda comment: _comment(site, comment)),
        "timelineItems": lambda **page: _timeline(site, repo, pull, page.pop("itemTypes"), page),
    }


def _file(change: FileChange) -> Node:
    return {"is": ["PullRequestChangedFile"], "path": change.path, "changeType": _CHANGED[change.status]}


def _review(site: Site, review: Review) -> Node:
    return {
        "is": ["PullRequestReview"],
        "fullDatabaseId": str(
            review.id
        ),  # a number that may not fit into an integer: GraphQL writes it as text
        "author": _actor(site, review.author),
        "state": review.state,
        "commit": {"is": ["Commit"], "oid": review.commit_sha},
        "submittedAt": moment(review.submitted_at),
    }


def _comment(site: Site, comment: Comment) -> Node:
    return {
        "is": ["IssueComment"],
        "id": shapes.comment_node(comment),
        "fullDatabaseId": str(comment.id),
        "author": _actor(site, comment.author),
        "body": comment.body,
    }


def _timeline(
    site: Site, repo: HostedRepository, pull: Pull, wanted: Sequence[str], page: Mapping[str, int]
) -> Node:
    """What happened, oldest first, of the types that are asked for."""
    found: list[tuple[str, Json]] = []

    def happened(kind: str, at: Any, **more: Any) -> None:
        found.append((kind, {"is": [kind], "__typename": kind, "createdAt": moment(at), **more}))

    for at, _ in pull.retargets:
        happened("BaseRefChangedEvent", at)
    for at, _ in pull.reopens:
        happened("ReopenedEvent", at)
    for review in repo.reviews_of(pull):
        if (given := review.dismissal) is not None:
            said = {"is": ["PullRequestReview"], "fullDatabaseId": str(review.id)}
            by = _actor(site, given.by)
            happened("ReviewDismissedEvent", given.at, actor=by, previousReviewState=given.state, review=said)
    if pull.merged_at is not None:
        happened("MergedEvent", pull.merged_at)
    shown = sorted(
        (event for kind, event in found if _item(kind) in wanted), key=lambda event: str(event["createdAt"])
    )
    return _listed(shown, lambda event: event, filteredCount=len(shown))(**page)


def _item(kind: str) -> str:
    """How a type is named among the types of items that a question can be about."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).upper()
