"""Commits and refs of the embedded GitHub's repository, written in this process as git would write them."""

import re
from collections.abc import Iterable, Mapping

from git_objects import EMPTY_TREE, NAME, Entry, Objects, UnsureError, as_tree
from quick_fetch import remove_ref, write_ref

from jitbot.sandbox.github.git.objects import Signature

_WORD = re.compile(r"[A-Za-z0-9](?:[][A-Za-z0-9 @+._-]*[]A-Za-z0-9])?")  # nothing that git would take away
_REF = re.compile(r"refs/(?:heads|pull|tags)(?:/[A-Za-z0-9_-]+)+")


def update_ref(objects: Objects, ref: str, sha: str) -> None:
    """`git update-ref`, with no commit to take the ref away. Raises UnsureError for all but a plain name and a commit that is here."""
    if not _REF.fullmatch(ref) or not NAME.fullmatch(sha or EMPTY_TREE):
        raise UnsureError
    if not sha:
        remove_ref(objects, ref)
        return
    objects.commit(sha)
    write_ref(objects, ref, sha)


def commit_tree(
    objects: Objects,
    tree: str,
    parents: Iterable[str],
    message: bytes,
    author: Signature,
    committer: Signature,
) -> str:
    """`git commit-tree`."""
    lines = [f"tree {tree}", *dict.fromkeys(f"parent {each}" for each in parents)]
    for parent in lines[1:]:
        objects.commit(parent.removeprefix("parent "))
    objects.tree(tree)
    lines += [f"author {_signed(author)}", f"committer {_signed(committer)}"]
    try:
        message.decode()
    except UnicodeDecodeError:
        raise UnsureError from None
    if not message.strip() or b"\0" in message:
        raise UnsureError
    return objects.write("commit", "\n".join(lines).encode() + b"\n\n" + message)


def commit_files(
    objects: Objects,
    ref: str,
    parent: str | None,
    files: Mapping[str, bytes | None],
    message: bytes,
    author: Signature,
    committer: Signature,
) -> str:
    """One commit of whole files on a branch, on its tip; None deletes."""
    if objects.refs([ref]).get(ref) != parent or not _REF.fullmatch(ref):
        raise UnsureError
    parts = [path.encode().split(b"/") for path in files]
    if any(not part or part in {b".", b"..", b".git"} for path in parts for part in path):
        raise UnsureError
    written = {
        path.encode(): None if content is None else objects.write("blob", content)
        for path, content in files.items()
    }
    tree = _with(objects, objects.commit(parent).tree if parent else None, written)
    made = commit_tree(objects, tree, [parent] if parent else [], message, author, committer)
    write_ref(objects, ref, made)
    return made


def _with(objects: Objects, tree: str | None, files: Mapping[bytes, str | None]) -> str:
    """A tree with these files in it, or without them; a folder that is left empty goes too."""
    entries = {each.name: each for each in (objects.tree(tree) if tree else ())}
    below: dict[bytes, dict[bytes, str | None]] = {}
    for path, sha in files.items():
        name, slash, rest = path.partition(b"/")
        if slash:
            below.setdefault(name, {})[rest] = sha
        elif sha is None:
            entries.pop(name, None)
        elif name in entries and entries[name].mode == "040000":
            raise UnsureError
        else:
            entries[name] = Entry(name=name, mode="100644", sha=sha)
    for name, inside in below.items():
        old = entries.get(name)
        if old is not None and old.mode != "040000":
            raise UnsureError
        made = _with(objects, old and old.sha, inside)
        if objects.tree(made):
            entries[name] = Entry(name=name, mode="040000", sha=made)
        else:
            entries.pop(name, None)
    return objects.write("tree", as_tree(entries.values()))


def _signed(who: Signature) -> str:
    if not _WORD.fullmatch(who.name) or not _WORD.fullmatch(who.email):
        raise UnsureError
    return f"{who.name} <{who.email}> {int(who.when.timestamp())} +0000"
