"""REST: what happened to a pull request and to a branch, as far as jitbot asks for it.

https://docs.github.com/en/rest/issues/events and https://docs.github.com/en/rest/repos/repos#list-repository-activities
"""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlencode

from jitbot.sandbox.github.api import shapes
from jitbot.sandbox.github.api.call import GitHubCall, Json, Reply
from jitbot.sandbox.github.records import Activity, Pull, Review, User
from jitbot.sandbox.github.site import HostedRepository

_PAGE = 30
_MOST = 100


def list_events(call: GitHubCall, repo: HostedRepository, number: int) -> Reply:
    """GET issues/{number}/events: moves to another base, reopenings, dismissals, and the merge, in the order of time."""
    events = sorted(_events(call, repo, repo.pull(number)), key=lambda each: (each["created_at"], each["id"]))
    return call.page(events, lambda each: each)


def list_activities(call: GitHubCall, repo: HostedRepository) -> Reply:
    """GET activity: the moves of branches, newest first unless `direction` is asc, page by page behind a cursor."""
    wanted = call.query.get("ref", "")
    found = [each for each in repo.activities if wanted in {"", each.ref}]
    if call.query.get("direction") != "asc":
        found.reverse()
    size = min(int(call.query.get("per_page") or _PAGE), _MOST)
    ids = [str(each.id) for each in found]
    start = ids.index(call.query["after"]) + 1 if call.query.get("after") in ids else 0
    shown, left = found[start : start + size], len(found) - start - size
    following = urlencode({**call.query, "after": str(shown[-1].id)}) if left > 0 else ""
    link = {"Link": f'<{call.url}?{following}>; rel="next"'} if following else {}
    return Reply(body=[_activity(call, each) for each in shown], headers=link)


def _events(call: GitHubCall, repo: HostedRepository, pull: Pull) -> Iterator[Json]:
    for place, (at, by) in enumerate(pull.retargets):
        yield _event(call, repo, pull.id * 100 + place, "base_ref_changed", at, by)
    for place, (at, by) in enumerate(pull.reopens, start=50):
        yield _event(call, repo, pull.id * 100 + place, "reopened", at, by)
    for review in repo.reviews_of(pull):
        if review.dismissal is not None:
            yield _dismissal(call, repo, review)
    if pull.merged_at is not None and pull.merged_by is not None:
        merged = _event(call, repo, pull.id * 100 + 99, "merged", pull.merged_at, pull.merged_by)
        yield merged | {"commit_id": pull.merge_commit_sha}


def _dismissal(call: GitHubCall, repo: HostedRepository, review: Review) -> Json:
    given = review.dismissal
    assert given is not None  # noqa: S101 - the caller asked
    said = {"state": given.state.lower(), "review_id": review.id, "dismissal_message": None}
    commit = {} if given.commit_sha is None else {"dismissal_commit_id": given.commit_sha}
    event = _event(call, repo, given.id, "review_dismissed", given.at, given.by)
    return event | {"dismissed_review": said | commit}


def _event(
    call: GitHubCall, repo: HostedRepository, identity: int, kind: str, at: datetime, by: User
) -> Json:
    return {
        "id": identity,
        "node_id": f"IE_{identity}",
        "url": f"{shapes.api(call.site, repo)}/issues/events/{identity}",
        "actor": shapes.user_or_none(call.site, by),
        "event": kind,
        "commit_id": None,
        "commit_url": None,
        "created_at": shapes.moment(at),
        "performed_via_github_app": None,
    }


def _activity(call: GitHubCall, given: Activity) -> Json:
    return {
        "id": given.id,
        "node_id": f"PSH_{given.id}",
        "before": given.before,
        "after": given.after,
        "ref": given.ref,
        "timestamp": shapes.moment(given.at),
        "activity_type": given.kind,
        "actor": shapes.user_or_none(call.site, given.actor),
    }
