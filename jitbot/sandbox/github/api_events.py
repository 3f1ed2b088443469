"""REST: the events of a pull request, as far as jitbot asks for them: moves to another base.

https://docs.github.com/en/rest/issues/events
"""

from datetime import datetime

from jitbot.sandbox.github import shapes
from jitbot.sandbox.github.call import Call, Json, Reply
from jitbot.sandbox.github.records import User
from jitbot.sandbox.github.site import Repository


def list_events(call: Call, repo: Repository, number: int) -> Reply:
    """GET issues/{number}/events."""
    pull = repo.pull(number)
    told = list(enumerate(pull.retargets))

    def shape(each: tuple[int, tuple[datetime, User]]) -> Json:
        place, (at, by) = each
        identity = pull.id * 100 + place
        return {
            "id": identity,
            "node_id": f"IE_{identity}",
            "url": f"{shapes.api(call.site, repo)}/issues/events/{identity}",
            "actor": shapes.user(call.site, by),
            "event": "base_ref_changed",
            "commit_id": None,
            "commit_url": None,
            "created_at": shapes.moment(at),
            "performed_via_github_app": None,
        }

    return call.page(told, shape)
