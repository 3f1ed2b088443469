"""Puts the quick git in the place of git's processes, for tests whose subject is not git.

`JITBOT_GIT=real` leaves everything to git; `JITBOT_GIT=both` asks both, and compares every answer.
"""

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any

import pytest
from git_objects import UnsureError, repository
from quick_commit import commit_files, commit_tree, update_ref
from quick_fetch import SITES, fetch, fetch_all
from quick_git import Answer, answer
from quick_http import sent_here
from quick_merge import merge_trees
from quick_push import pushed_here

from jitbot.adapters.git.process import NO_TOKEN, GitProcess, Token
from jitbot.sandbox.github.git.objects import GitError, Signature
from jitbot.sandbox.github.git.store import GitStore
from jitbot.sandbox.github.sandbox import GitHubSandbox
from jitbot.sandbox.organisation import Acme

MODE = os.environ.get("JITBOT_GIT", "quick")
_left: list[bool] = [False]  # whether everything is left to git for now


def answered_here(patch: pytest.MonkeyPatch) -> None:
    """From now on jitbot's git and the embedded GitHub's do in this process what they can."""
    if MODE != "real":
        _questions(patch)
    if MODE == "quick":
        _fetches(patch)
        _writes(patch)
        pushed_here(patch, _left)
        sent_here(patch, _left)


@contextmanager
def left_to_git() -> Iterator[None]:
    """For as long as this lasts, git itself is asked, and fetches."""
    _left[0] = True
    yield
    _left[0] = False


def _questions(patch: pytest.MonkeyPatch) -> None:
    run, streamed, stored = GitProcess.run, GitProcess.streamed, GitStore.git

    def quick_run(self: GitProcess, *arguments: str, stdin: str = "", **more: Any) -> Any:
        found = _here(self._root / ".git", arguments, stdin.encode())
        if found is None or MODE == "both":
            ran = run(self, *arguments, stdin=stdin, **more)
            _same(arguments, found, ran.stdout, ran.returncode)
            return ran
        return subprocess.CompletedProcess(arguments, found.code, found.printed, b"")

    @contextmanager
    def quick_streamed(
        self: GitProcess, *arguments: str, stdin: str, **more: Any
    ) -> Iterator[BufferedReader]:
        found = _here(self._root / ".git", arguments, stdin.encode(errors="surrogateescape"))
        if found is not None and MODE == "both":
            with streamed(self, *arguments, stdin=stdin, **more) as printed:
                _same(arguments, found, printed.read(), 0)
        if found is not None:
            yield BufferedReader(BytesIO(found.printed))
            return
        with streamed(self, *arguments, stdin=stdin, **more) as printed:
            yield printed

    def quick_stored(self: GitStore, *arguments: str, **more: Any) -> bytes:
        found = None if more.get("variables") else answer(self.path, arguments, more.get("stdin", b""))
        if found is None or MODE == "both":
            printed: bytes = stored(self, *arguments, **more)
            _same(arguments, found, printed, 0)
            return printed
        if found.code:
            raise GitError("git found none")
        return found.printed

    patch.setattr(GitProcess, "run", quick_run)
    patch.setattr(GitProcess, "streamed", quick_streamed)
    patch.setattr(GitProcess, "standing", quick_streamed)
    patch.setattr(GitStore, "git", quick_stored)


def _fetches(patch: pytest.MonkeyPatch) -> None:
    enter, leave, run = GitHubSandbox.__enter__, GitHubSandbox.__exit__, GitProcess.run

    def entered(self: GitHubSandbox) -> GitHubSandbox:
        SITES[self.url] = self._site
        return enter(self)

    def left(self: GitHubSandbox, *raised: Any) -> None:
        SITES.pop(self.url, None)
        leave(self, *raised)

    def quick_run(self: GitProcess, *arguments: str, token: Token = NO_TOKEN, **more: Any) -> Any:
        if arguments[0] == "fetch" and not (_left[0] or more.get("stdin") or "GIT_DIR" in os.environ):
            try:
                fetch(self._root / ".git", arguments[1:], token.secret, token.server)
            except (UnsureError, OSError):
                pass
            else:
                return subprocess.CompletedProcess(arguments, 0, b"", b"")
        return run(self, *arguments, token=token, **more)

    by_person = Acme.git

    def quick_git(
        self: Acme, login: str, *arguments: str, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        if (
            arguments[:2] == ("fetch", "--quiet")
            and "--prune" in arguments
            and cwd is not None
            and not _left[0]
        ):
            try:
                fetch_all(cwd / ".git", arguments[1:], self.token(login), self.github.url)
            except (UnsureError, OSError):
                pass
            else:
                return subprocess.CompletedProcess(arguments, 0, "", "")
        return by_person(self, login, *arguments, cwd=cwd)

    patch.setattr(Acme, "git", quick_git)
    patch.setattr(GitHubSandbox, "__enter__", entered)
    patch.setattr(GitHubSandbox, "__exit__", left)
    patch.setattr(GitProcess, "run", quick_run)


def _writes(patch: pytest.MonkeyPatch) -> None:
    moved, made, put = GitStore.update_ref, GitStore.commit_tree, GitStore.commit_files
    merged = GitStore.merge_trees

    def quick_moved(self: GitStore, ref: str, sha: str | None) -> None:
        try:
            update_ref(repository(self.path), ref, sha or "")
            self.ref_moved(ref, sha)
        except UnsureError:
            moved(self, ref, sha)

    def quick_made(
        self: GitStore,
        tree: str,
        parents: Iterable[str],
        message: str,
        author: Signature,
        committer: Signature,
    ) -> str:
        parents = tuple(parents)
        try:
            return commit_tree(repository(self.path), tree, parents, message.encode(), author, committer)
        except UnsureError:
            return made(self, tree, parents, message, author, committer)

    def quick_put(
        self: GitStore,
        branch: str,
        parent: str | None,
        additions: Mapping[str, bytes],
        deletions: Iterable[str],
        message: str,
        author: Signature,
        committer: Signature,
    ) -> str:
        gone = tuple(deletions)
        files = {**dict.fromkeys(gone), **additions}
        try:
            objects, ref = repository(self.path), f"refs/heads/{branch}"
            sha = commit_files(objects, ref, parent, files, message.encode(), author, committer)
        except UnsureError:
            return put(self, branch, parent, additions, gone, message, author, committer)
        self.ref_moved(ref, sha)
        return sha

    def quick_merged(self: GitStore, base: str, ours: str, theirs: str) -> str | None:
        try:
            return merge_trees(repository(self.path), base, ours, theirs)
        except UnsureError:
            return merged(self, base, ours, theirs)

    patch.setattr(GitStore, "merge_trees", quick_merged)
    patch.setattr(GitStore, "update_ref", quick_moved)
    patch.setattr(GitStore, "commit_tree", quick_made)
    patch.setattr(GitStore, "commit_files", quick_put)


def _here(folder: Path, arguments: tuple[str, ...], stdin: bytes) -> Answer | None:
    return None if _left[0] or "GIT_DIR" in os.environ else answer(folder, arguments, stdin)


def _same(arguments: tuple[str, ...], found: Answer | None, printed: bytes, code: int) -> None:
    """Raises AssertionError where the quick git answered otherwise than git."""
    if found is not None and (found.code, found.printed) != (code, printed):
        raise AssertionError(f"git {arguments}: here {found}, by git {code} {printed!r}")
