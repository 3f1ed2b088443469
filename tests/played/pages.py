"""What people are shown of a pull request on the embedded GitHub: its page, `status`, `request --wait`."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from acme_world import World
from asking_world import Counter
from desk import said

from jitbot.domain.access.approvals.pending_approvals import NotKnown, PendingApprovals
from jitbot.domain.views.comment_body import is_ours
from jitbot.usecases.request.follow import follow
from jitbot.usecases.request.requester_client import RequesterClient


def comment(world: World, *numbers: int, code: int = 0, workflow: str = "check.yml", **job: Any) -> str:
    """Run `jitbot comment` in a job; gives what it printed."""
    world.forget()
    return world.jit("comment", *map(str, numbers), code=code, workflow=workflow, **job).output


def bodies(world: World, number: int) -> list[str]:
    """The comments of a pull request, oldest first."""
    return [each.body for each in world.github.comments.values() if each.pull == number]


def only(world: World, number: int) -> str:
    """The one comment that is kept current."""
    (body,) = (each for each in bodies(world, number) if is_ours(each))
    return body


def notified(world: World, number: int) -> list[str]:
    """The notifications on a pull request: the workflows' other comments, oldest first."""
    found = (each for each in world.github.comments.values() if each.pull == number)
    return [each.body for each in found if each.author.type == "Bot" and not is_ours(each.body)]


def lights(world: World, number: int) -> dict[str, tuple[str, str]]:
    """The statuses of a pull request's head."""
    head = world.github.pulls[number].head_sha
    return {
        each.context: (each.state, each.description) for each in world.github.statuses if each.sha == head
    }


def desk(world: World, login: str = "alice") -> RequesterClient:
    """This person's desk, without a clone."""
    return Counter(acme=world.acme, slept=[]).desk(login)


def waiting(world: World, path: str, number: int) -> PendingApprovals | NotKnown | None:
    """What `request --wait` is shown of the approvals at this moment."""
    mine = desk(world)
    (sight,) = follow(mine, mine.github.pull(number), path, now=world.now, patience=timedelta())
    return sight.approvals


def status(world: World, folder: Path, path: str) -> dict[str, Any]:
    """What `jitbot status` says in JSON that this request waits for."""
    environ = {"GITHUB_TOKEN": world.acme.token("alice"), "GITHUB_API_URL": world.acme.github.api_url}
    command = ("status", "--all", "--repo", world.acme.repository, "--format", "json")
    shown = said(*command, folder=folder, environ=environ, now=world.now).json
    (found,) = [each["waiting_for"] for each in shown if each["request"] == path]
    return dict(found)
