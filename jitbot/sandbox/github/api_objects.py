"""REST: trees and commits made by hand, of which a branch without a past can be begun."""

import tempfile

from jitbot.sandbox.github import shapes
from jitbot.sandbox.github.call import Call, Json, Reply
from jitbot.sandbox.github.objects import Entry, GitError
from jitbot.sandbox.github.records import RefusalError
from jitbot.sandbox.github.site import Repository


def create_tree(call: Call, repo: Repository) -> Reply:
    """POST git/trees, of whole files; GitHub's `base_tree` is not known here."""
    call.must_write()
    given = call.body.get("tree")
    if not isinstance(given, list) or not given or "base_tree" in call.body:
        raise RefusalError(422, "Invalid tree info")
    try:
        lines = "".join(_line(repo, each) for each in given)
        with tempfile.TemporaryDirectory(dir=repo.store.path) as scratch:
            index = {"GIT_INDEX_FILE": f"{scratch}/index"}
            repo.store.git("update-index", "--index-info", stdin=lines.encode(), variables=index)
            sha = repo.store.git("write-tree", variables=index).decode().strip()
    except (GitError, KeyError):
        raise RefusalError(422, "tree.path contains a malformed path component") from None
    url = f"{shapes.api(call.site, repo)}/git/trees/{sha}"
    entries = [_entry(call, repo, each) for each in repo.store.folder(sha, "")]
    return Reply(status=201, body={"sha": sha, "url": url, "truncated": False, "tree": entries})


def create_commit(call: Call, repo: Repository) -> Reply:
    """POST git/commits: signed where a job makes it, as on GitHub."""
    call.must_write()
    parents = [str(each) for each in call.body.get("parents") or []]
    if not all(repo.store.exists(each) for each in parents):
        raise RefusalError(422, "Parent SHA does not exist or is not a commit object")
    who = call.site.signature(call.actor)
    try:
        sha = repo.store.commit_tree(call.text("tree"), parents, call.text("message"), who, who)
    except GitError:
        raise RefusalError(422, "Tree SHA does not exist") from None
    if call.actor.type == "Bot":
        repo.signed.add(sha)
    body = shapes.git_commit(call.site, repo, repo.store.commit(sha))
    return Reply(status=201, body=body | {"node_id": f"C_{sha}"})


def _line(repo: Repository, entry: Json) -> str:
    if entry.get("mode") != "100644" or not isinstance(entry.get("content"), str):
        raise RefusalError(422, "The sandbox makes trees of plain files with their content")
    if not {"", ".", "..", ".git"}.isdisjoint(str(entry["path"]).split("/")):
        raise RefusalError(422, "tree.path contains a malformed path component")
    blob = repo.store.git("hash-object", "-w", "--stdin", stdin=entry["content"].encode()).decode().strip()
    return f"100644 {blob}\t{entry['path']}\n"


def _entry(call: Call, repo: Repository, entry: Entry) -> Json:
    folder = "trees" if entry.kind == "tree" else "blobs"
    url = f"{shapes.api(call.site, repo)}/git/{folder}/{entry.sha}"
    return {"path": entry.name, "mode": entry.mode, "type": entry.kind, "sha": entry.sha, "url": url}
