"""Git's objects over REST and GraphQL: what a person's own token reads, and makes, without a clone.

https://docs.github.com/en/rest/git and https://docs.github.com/en/graphql/reference/objects#repository
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from jitbot.sandbox.github.api import shapes
from jitbot.sandbox.github.api.call import GitHubCall, Json, Reply
from jitbot.sandbox.github.git import commits
from jitbot.sandbox.github.git.objects import Entry, GitError
from jitbot.sandbox.github.git.store import GitStore
from jitbot.sandbox.github.records import RefusalError
from jitbot.sandbox.github.rules import merging
from jitbot.sandbox.github.site import HostedRepository, Site

_ASKED = re.compile(r"(\w+)\s*:\s*object\s*\(\s*expression:\s*\$(\w+)\s*\)")
_CO_AUTHOR = re.compile(r"^co-authored-by:[^<\n]*<([^>\n]*)>", re.IGNORECASE | re.MULTILINE)
_OBJECT = re.compile(r"[0-9a-f]{40}")
_PERMISSIONS = {"admin": "ADMIN", "write": "WRITE", "read": "READ"}
_MODES = {"100644", "100755", "120000", "040000", "160000"}


def list_commits(call: GitHubCall, repo: HostedRepository) -> Reply:
    """GET commits, newest first, from `sha` on, of those that touch `path`."""
    tip = repo.store.resolve(call.query.get("sha") or repo.default_branch)
    if tip is None:
        raise RefusalError(404, "Not Found")
    path = call.query.get("path", "")
    listed = repo.store.remembered("rev-list", "--full-history", tip, *(("--", path) if path else ()))
    found = repo.store.commits(listed.decode().split())
    return call.page(found, lambda commit: shapes.commit(call.site, repo, commit))


def get_git_commit(call: GitHubCall, repo: HostedRepository, sha: str) -> Reply:
    """GET git/commits/{sha}: the commit as git has it."""
    if not repo.store.exists(sha):
        raise RefusalError(404, "Not Found")
    return Reply(body=_git_commit(call, repo, sha))


def create_tree(call: GitHubCall, repo: HostedRepository) -> Reply:
    """POST git/trees: files, given whole, over `base_tree`."""
    call.must_write()
    base, given = call.optional("base_tree"), call.body.get("tree")
    if not isinstance(given, list) or not given:
        raise RefusalError(422, "Invalid tree info")
    if base is not None and not _is(repo.store, base, "tree"):
        raise RefusalError(404, "Not Found")
    files = dict(_file(entry) for entry in given)
    for path in files:
        commits.check_path(path)
    tree = _write_tree(repo.store, base, files)
    entries = [
        {"path": one.name, "mode": one.mode, "type": one.kind, "sha": one.sha}
        for one in repo.store.folder(tree, "")
    ]
    url = f"{shapes.api(call.site, repo)}/git/trees/{tree}"
    return Reply(status=201, body={"sha": tree, "url": url, "tree": entries, "truncated": False})


def create_commit(call: GitHubCall, repo: HostedRepository) -> Reply:
    """POST git/commits. Made without an author of the caller's choice, it is theirs; GitHub signs what a job makes."""
    call.must_write()
    tree, parents = call.text("tree"), call.body.get("parents") or []
    if not _is(repo.store, tree, "tree"):
        raise RefusalError(422, "Tree SHA does not exist")
    if not isinstance(parents, list) or not all(repo.store.exists(str(parent)) for parent in parents):
        raise RefusalError(422, "Parent SHA does not exist or is not a commit object")
    who = call.site.signature(call.actor)
    sha = repo.store.commit_tree(tree, parents, call.text("message"), who, who)
    made = merging.signed(repo, sha) if call.actor.type == "Bot" else sha
    return Reply(status=201, body=_git_commit(call, repo, made))


def viewer(call: GitHubCall, variables: Mapping[str, Any]) -> Json:
    """GraphQL: whose token it is, and what it finds of a repository."""
    repo = _repository(call, variables)
    tip = repo.store.tip(repo.default_branch)
    reference = tip and {"name": repo.default_branch, "target": {"oid": tip}}
    found = {
        "nameWithOwner": repo.full_name,
        "url": shapes.web(call.site, repo),
        "databaseId": repo.id,
        "viewerPermission": _PERMISSIONS.get(call.actor.permission),
        "autoMergeAllowed": call.site.allow_auto_merge,
        "squashMergeAllowed": True,
        "mergeCommitAllowed": True,
        "defaultBranchRef": reference,
    }
    return {"viewer": {"login": call.actor.login, "databaseId": call.actor.id}, "repository": found}


def named(call: GitHubCall, variables: Mapping[str, Any]) -> Json:
    """GraphQL: the objects that git expressions name, each under its alias; null where there is none."""
    repo, query = _repository(call, variables), call.text("query")
    deep = query.count("... on Tree") > len(_ASKED.findall(query))
    return {
        "repository": {
            alias: _object(repo.store, str(variables.get(variable, "")), deep=deep, site=call.site)
            for alias, variable in _ASKED.findall(query)
        }
    }


def _repository(call: GitHubCall, variables: Mapping[str, Any]) -> HostedRepository:
    name = f"{variables.get('owner')}/{variables.get('name')}"
    missing = f"Could not resolve to a Repository with the name '{name}'."
    if call.actor.permission == "none":
        raise RefusalError(404, missing)
    try:
        return call.site.repository(name)
    except RefusalError:
        raise RefusalError(404, missing) from None


def _object(store: GitStore, expression: str, *, deep: bool, site: Site) -> Json | None:
    if expression.startswith("-") or re.search(r"[\0\n]", expression):
        return None
    try:
        sha = store.git("rev-parse", "--verify", "--quiet", expression).decode().strip()
        kind = store.remembered("cat-file", "-t", sha).decode().strip()
    except GitError:
        return None
    if kind == "tree":
        return {"oid": sha, "entries": _entries(store, sha, deep=deep)}
    if kind == "blob":
        content = store.remembered("cat-file", "blob", sha)
        text = None if b"\0" in content else content.decode(errors="replace")
        return {"oid": sha, "text": text, "isTruncated": False}
    return {"oid": sha, **(_authors(store, sha, site) if kind == "commit" else {})}


def _authors(store: GitStore, sha: str, site: Site) -> Json:
    """The accounts that GitHub links a commit with: its author, and whom its trailers name by an address."""
    commit = store.commit(sha)
    addresses = [commit.author.email, *_CO_AUTHOR.findall(commit.message)]
    users = [site.by_email(address) for address in dict.fromkeys(addresses)]
    shown = ({"databaseId": each.id, "login": each.login} if each is not None else None for each in users)
    return {"authors": {"totalCount": len(users), "nodes": [{"user": each} for each in shown]}}


def _entries(store: GitStore, tree: str, *, deep: bool) -> list[Json]:
    return [
        _entry(one)
        | (
            {"object": {"entries": _entries(store, one.sha, deep=False)} if one.kind == "tree" else {}}
            if deep
            else {}
        )
        for one in store.folder(tree, "")
    ]


def _entry(one: Entry) -> Json:
    return {"name": one.name, "mode": int(one.mode, 8), "oid": one.sha, "type": one.kind}


def _file(entry: object) -> tuple[str, tuple[str, bytes]]:
    """A file of a new tree: its path, mode and content. Only files given whole are made here."""
    if not isinstance(entry, dict) or not isinstance(entry.get("content"), str):
        raise RefusalError(422, "Must supply either tree.sha or tree.content")
    if entry.get("mode") not in _MODES:
        raise RefusalError(422, "tree.mode must be one of 100644, 100755, 040000, 160000, 120000")
    return str(entry.get("path", "")), (str(entry["mode"]), entry["content"].encode())


def _write_tree(store: GitStore, base: str | None, files: Mapping[str, tuple[str, bytes]]) -> str:
    # One at a time: the site's lock is held.
    index = {"GIT_INDEX_FILE": str(store.path / "index-of-a-new-tree")}
    lines: Iterable[str] = (
        f"{mode} {store.git('hash-object', '-w', '--stdin', stdin=content).decode().strip()}\t{path}\n"
        for path, (mode, content) in files.items()
    )
    store.git("read-tree", *([base] if base else ["--empty"]), variables=index)
    try:
        store.git("update-index", "--add", "--index-info", stdin="".join(lines).encode(), variables=index)
    except GitError as error:
        raise RefusalError(422, f"tree.path contains a malformed path component: {error}") from None
    return store.git("write-tree", variables=index).decode().strip()


def _is(store: GitStore, sha: str, kind: str) -> bool:
    if not _OBJECT.fullmatch(sha):
        return False
    try:
        return store.git("cat-file", "-t", sha).decode().strip() == kind
    except GitError:
        return False


def _git_commit(call: GitHubCall, repo: HostedRepository, sha: str) -> Json:
    made = repo.store.commit(sha)
    whole = shapes.git_commit(call.site, repo, made)
    return {"node_id": f"C_{sha}"} | {name: whole[name] for name in whole if name != "comment_count"}
