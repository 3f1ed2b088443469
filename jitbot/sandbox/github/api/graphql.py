"""The few GraphQL operations that jitbot uses, distinguished by the field that they ask for.

https://docs.github.com/graphql/reference/mutations#createcommitonbranch
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from jitbot.sandbox.github.api import objects, shapes
from jitbot.sandbox.github.api.call import GitHubCall, Json, Reply
from jitbot.sandbox.github.api.pulls import add_comment, change_comment
from jitbot.sandbox.github.git import commits
from jitbot.sandbox.github.graph import pull_requests
from jitbot.sandbox.github.graph.document import GraphQLDocument
from jitbot.sandbox.github.records import AutoMerge, Pull, RefusalError
from jitbot.sandbox.github.rules import pulls
from jitbot.sandbox.github.site import HostedRepository, Site

_REF = re.compile(
    r"repository\s*\(\s*owner:\s*(\S+?)\s*,?\s+name:\s*(\S+?)\s*\)\s*\{.*?\bref\s*\(\s*qualifiedName:\s*(\S+?)\s*\)",
    re.DOTALL,
)


class _StaleError(RefusalError):
    """The branch is not where the caller thought."""


def answer(call: GitHubCall) -> Reply:
    """POST /graphql. A refusal is a 200 with `errors`, and null in place of the field."""
    query, variables = call.text("query"), call.body.get("variables") or {}
    if pull_requests.is_about(query):
        return pull_requests.read(call)
    if any(name in query for name in _OF_COMMENTS):
        return _write_comments(call, GraphQLDocument(query, variables))
    for field, act in _MUTATIONS.items():
        if re.search(rf"\b{field}\b", query):
            return _attempt(field, act, call, variables.get("input") or {})
    for field, ask in _QUERIES.items():
        if re.search(rf"\b{field}\b", query):
            return _ask(ask, call, variables)
    if _REF.search(query):
        return _attempt("repository", _ref, call, variables)
    return Reply(body={"errors": [{"message": "The sandbox does not know this operation."}]})


def _attempt(
    field: str,
    act: Callable[[GitHubCall, Mapping[str, Any]], Json | None],
    call: GitHubCall,
    given: Mapping[str, Any],
) -> Reply:
    try:
        return Reply(body={"data": {field: act(call, given)}})
    except RefusalError as refusal:
        kind = "STALE_DATA" if isinstance(refusal, _StaleError) else "UNPROCESSABLE"
        kind = {404: "NOT_FOUND", 403: "FORBIDDEN"}.get(refusal.status, kind)
        error = {"type": kind, "path": [field], "message": refusal.message}
        return Reply(body={"data": {field: None}, "errors": [error]})


def _ask(
    ask: Callable[[GitHubCall, Mapping[str, Any]], Json], call: GitHubCall, variables: Mapping[str, Any]
) -> Reply:
    try:
        return Reply(body={"data": ask(call, variables)})
    except RefusalError as refusal:
        error = {"type": "NOT_FOUND", "path": ["repository"], "message": refusal.message}
        return Reply(body={"data": {"repository": None}, "errors": [error]})


def _create_commit(call: GitHubCall, given: Mapping[str, Any]) -> Json:
    call.must_write()
    target, message = given["branch"], given["message"]
    repository = call.site.repository(target["repositoryNameWithOwner"])
    branch = target["branchName"].removeprefix("refs/heads/")
    tip, expected = repository.tip(branch), given["expectedHeadOid"]
    if tip != expected:
        raise _StaleError(
            422, f'Expected branch to point to "{expected}" but it did not. Pull and try again.'
        )
    files = given.get("fileChanges") or {}
    additions = {one["path"]: commits.decoded(one["contents"]) for one in files.get("additions") or ()}
    deletions = [one["path"] for one in files.get("deletions") or ()]
    text = "\n\n".join(part for part in (message["headline"], message.get("body")) if part)
    made = commits.commit_files(call.site, repository, call.actor, branch, tip, additions, deletions, text)
    url = f"{shapes.web(call.site, repository)}/commit/{made.sha}"
    return _echo(given, {"commit": {"oid": made.sha, "url": url}, "ref": {"target": {"oid": made.sha}}})


def _enable_auto_merge(call: GitHubCall, given: Mapping[str, Any]) -> Json:
    call.must_write()
    repository, pull = _pull(call.site, given["pullRequestId"])
    if not call.site.allow_auto_merge:
        raise RefusalError(422, "Auto merge is not allowed for this repository")
    if given.get("expectedHeadOid", pull.head_sha) != pull.head_sha:
        raise _StaleError(422, "Head sha does not match the expected head oid")
    wished = AutoMerge(
        enabled_by=call.actor,
        method=given.get("mergeMethod", "MERGE").lower(),
        title=given.get("commitHeadline"),
        message=given.get("commitBody"),
    )
    pulls.wish(call.site, repository, pull, wished)
    enabled = {"mergeMethod": wished.method.upper(), "enabledBy": {"login": call.actor.login}}
    return _echo(
        given, _about(call, pull) | {"pullRequest": {"number": pull.number, "autoMergeRequest": enabled}}
    )


def _disable_auto_merge(call: GitHubCall, given: Mapping[str, Any]) -> Json:
    call.must_write()
    repository, pull = _pull(call.site, given["pullRequestId"])
    repository.change(pull, auto_merge=None)
    return _echo(given, _about(call, pull))


def _write_comments(call: GitHubCall, document: GraphQLDocument) -> Reply:
    """Each on its own, one after the other: one that is refused is null, with an error beside the data."""
    data: dict[str, Json | None] = {}
    errors = []
    for asked in document.selections:
        try:
            data[asked.alias] = _OF_COMMENTS[asked.name](call, asked.arguments["input"])
        except RefusalError as refusal:
            data[asked.alias] = None
            kind = {404: "NOT_FOUND", 403: "FORBIDDEN"}.get(refusal.status, "UNPROCESSABLE")
            errors.append({"type": kind, "path": [asked.alias], "message": refusal.message})
    return Reply(body={"data": data, **({"errors": errors} if errors else {})})


def _ref(call: GitHubCall, variables: Mapping[str, Any]) -> Json:
    match = _REF.search(call.text("query"))
    assert match is not None  # noqa: S101 - for the type checker; `answer` has matched it
    owner, name, ref = (
        str(variables.get(word[1:], "")) if word.startswith("$") else word.strip('"')
        for word in match.groups()
    )
    full = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
    oid = call.site.repository(f"{owner}/{name}").store.resolve(full)
    return {"ref": oid and {"name": full.rpartition("/")[2], "target": {"oid": oid}}}


def _about(call: GitHubCall, pull: Pull) -> Json:
    actor = shapes.user(call.site, call.actor)
    path = f"/{call.actor.login}"
    shown = {"login": actor["login"], "avatarUrl": actor["avatar_url"], "url": actor["html_url"]}
    return {"actor": shown | {"resourcePath": path}, "pullRequest": {"number": pull.number}}


def _echo(given: Mapping[str, Any], payload: Json) -> Json:
    return payload | {"clientMutationId": given.get("clientMutationId")}


def _edited(call: GitHubCall, given: Mapping[str, Any]) -> Json:
    for repository in call.site.repositories.values():
        for comment in list(repository.comments.values()):
            if given["id"] == shapes.comment_node(comment):
                edited = change_comment(call, repository, comment.id, given["body"])
                return {"issueComment": {"id": shapes.comment_node(edited)}}
    raise RefusalError(404, f"Could not resolve to a node with the global id of '{given['id']}'")


def _added(call: GitHubCall, given: Mapping[str, Any]) -> Json:
    repository, pull = _pull(call.site, given["subjectId"])
    made = add_comment(call, repository, pull.number, given["body"])
    return {"commentEdge": {"node": {"id": shapes.comment_node(made)}}}


def _pull(site: Site, node: str) -> tuple[HostedRepository, Pull]:
    for repository in site.repositories.values():
        for pull in repository.pulls.values():
            if node == shapes.pull_node(repository, pull):
                return repository, pull
    raise RefusalError(404, f"Could not resolve to a node with the global id of '{node}'")


_OF_COMMENTS: Mapping[str, Callable[[GitHubCall, Mapping[str, Any]], Json]] = {
    "updateIssueComment": _edited,
    "addComment": _added,
}
_MUTATIONS: dict[str, Callable[[GitHubCall, Mapping[str, Any]], Json | None]] = {
    "createCommitOnBranch": _create_commit,
    "enablePullRequestAutoMerge": _enable_auto_merge,
    "disablePullRequestAutoMerge": _disable_auto_merge,
}


_QUERIES: dict[str, Callable[[GitHubCall, Mapping[str, Any]], Json]] = {
    "viewerPermission": objects.viewer,
    "expression": objects.named,
}
