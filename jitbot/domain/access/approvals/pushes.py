"""Who brought a request onto its branch. Names in commits are whatever a commit says; a push is an account's."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from jitbot.domain.model import bounds
from jitbot.domain.model.documents import GithubId, Sha
from jitbot.domain.model.merge_facts import PullCommit, Push


def that_changed(
    pushes: Iterable[Push],
    *,
    commits: Iterable[PullCommit],
    touching: Collection[Sha],
    head: Sha,
    until: datetime | None,
) -> tuple[Push, ...] | None:
    """Of each account its first push that added a commit which changes the request; None if no push made the head.

    "Update branch" pushes a merge commit that does not change the request, so it disqualifies nobody. A push that is
    no longer part of the pull request, or that came after `until`, is ignored.
    """
    parents = {commit.sha: commit.parents for commit in commits}
    of_pull_request = [
        each for each in pushes if each.after in parents and (until is None or each.at <= until)
    ]
    if head not in {each.after for each in of_pull_request}:
        return None
    found: dict[GithubId, Push] = {}
    for push in sorted(of_pull_request, key=lambda each: each.at):
        brought = set(_reached(push.after, parents)) - set(_reached(push.before, parents))
        if not brought.isdisjoint(touching):
            found.setdefault(push.actor.github_id, push)
    return tuple(found.values())[: bounds.PUSHES]


def made_head_at(pushes: Iterable[Push], *, head: Sha, until: datetime | None) -> datetime | None:
    """When a push last made this commit the branch's tip; None if no push that GitHub names did."""
    made = (each for each in pushes if each.after == head != each.before)
    return max((each.at for each in made if until is None or each.at <= until), default=None)


def _reached(start: Sha, parents: Mapping[Sha, tuple[Sha, ...]]) -> Iterator[Sha]:
    """A commit and all before it, as far as they are the pull request's."""
    seen: set[Sha] = set()
    waiting = [start]
    while waiting:
        commit = waiting.pop()
        if commit in parents and commit not in seen:
            seen.add(commit)
            yield commit
            waiting += parents[commit]
