"""Commits of whole files that GitHub makes for a caller of its API."""

import base64
import binascii
from collections.abc import Collection, Iterable, Mapping

from jitbot.sandbox.github.git.objects import Commit
from jitbot.sandbox.github.records import RefusalError, User
from jitbot.sandbox.github.rules import branch_rules, merging, pulls
from jitbot.sandbox.github.site import HostedRepository, Site


def commit_files(
    site: Site,
    repository: HostedRepository,
    author: User,
    branch: str,
    tip: str,
    additions: Mapping[str, bytes],
    deletions: Iterable[str],
    message: str,
) -> Commit:
    """Commit on top of a branch's tip; 409 where its rules refuse, 422 for a path that no tree may hold."""
    deletions = tuple(deletions)
    for path in (*additions, *deletions):
        check_path(path)
    for path in deletions:
        if repository.store.entry(tip, path) is None:
            raise RefusalError(
                422,
                f"A path was requested for deletion which does not exist as of commit oid `{tip}`: {path}",
            )
    _must_have_room(repository, tip, additions, deletions)
    # Committing on the tip is a fast-forward whatever the new commit is.
    refused = branch_rules.violation(site, repository, author, branch, tip, tip)
    if refused:
        raise RefusalError(409, refused)
    sha = repository.store.commit_files(
        branch, tip, additions, deletions, message, site.signature(author), site.web_flow()
    )
    pulls.moved(site, repository, f"refs/heads/{branch}", sha, author)
    return repository.store.commit(merging.signed(repository, sha))


def _must_have_room(
    repository: HostedRepository, tip: str, additions: Iterable[str], deletions: Collection[str]
) -> None:
    """422 where a file lies in the place of a folder. What GitHub itself does then is not documented."""
    for path in additions:
        folders = [path[:end] for end, each in enumerate(path) if each == "/"]
        for folder in folders:
            entry = repository.store.entry(tip, folder)
            if entry is None:
                break
            if entry.mode != "040000" and folder not in deletions:
                raise RefusalError(422, f"{folder} is a file, and {path} needs it to be a folder")


def decoded(text: str) -> bytes:
    """The bytes behind Base64 text, line ends in it aside; 422 for anything else."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise RefusalError(422, "content is not valid Base64") from None


def check_path(path: str) -> None:
    """422 for a path that no tree may hold."""
    parts = path.split("/")
    if any(part in {"", ".", ".."} or part.casefold() == ".git" for part in parts) or not path.isprintable():
        raise RefusalError(422, "path contains a malformed path component")
    if path.startswith('"'):
        raise RefusalError(422, "path contains a malformed path component")
