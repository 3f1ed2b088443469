"""What GitHub remembers of what people did: who moved a branch, and who dismissed a review."""

from dataclasses import replace

from jitbot.sandbox.github.git.store import ABSENT
from jitbot.sandbox.github.records import Activity, Dismissal, Review, User
from jitbot.sandbox.github.site import HostedRepository, Site


def note(
    site: Site,
    repository: HostedRepository,
    branch: str,
    new: str | None,
    pusher: User,
    *,
    merged: bool = False,
) -> None:
    """Keep what GitHub calls an activity: who moved a branch, from where, to where; `merged` by a pull request."""
    before, after = repository.tips.get(branch, ABSENT), new or ABSENT
    if new is None:
        kind = "branch_deletion"
        repository.tips.pop(branch, None)
    else:
        forward = before == ABSENT or repository.store.is_ancestor(before, new)
        kind = "branch_creation" if before == ABSENT else "push" if forward else "force_push"
        kind = "pr_merge" if merged else kind
        repository.tips[branch] = new
    repository.activities.append(
        Activity(
            id=site.next_id(),
            ref=f"refs/heads/{branch}",
            before=before,
            after=after,
            kind=kind,
            actor=pusher,
            at=site.clock.now(),
        )
    )


def announce(site: Site, number: int, actor: User) -> None:
    """Let the workflows know that a person changed a pull request. What Actions' own token does starts none."""
    if actor.type == "User" and site.on_pull:
        site.on_pull(number, actor.login)


def dismissed(site: Site, review: Review, by: User, commit_sha: str | None = None) -> Review:
    """A review as it is once somebody, or a push that makes it stale, has dismissed it."""
    dismissal = Dismissal(
        id=site.next_id(), state=review.state, by=by, at=site.clock.now(), commit_sha=commit_sha
    )
    return replace(review, state="DISMISSED", dismissal=dismissal)
