"""Stop it anywhere: every call that a run makes to the outside goes wrong once, in every way, and a healthy run follows.

Counted are AWS, GitHub's REST and GraphQL, git over HTTP, and the OIDC issuer. By default every third call meets one
of the faults, another than the last; with JITBOT_SOAK=1 each call meets all of them.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

import pytest
from acme_world import DENY_ALL, HOUR, MINUTE, SECOND, World
from pages import notified

from jitbot.sandbox import aws, github

ALICE = {("alice", "prod", "orders")}
NOBODY: set[tuple[str, str, str]] = set()
GONE = b'{"message": "gone"}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One way for a call to go wrong; a `lasting` one is the last thing that the run learns of the outside."""

    on_github: github.GitHubFault
    on_aws: aws.AwsFault
    lasting: bool = False


DEAD = Kind(
    on_github=github.GitHubFault(status=403, body=GONE), on_aws=aws.AwsFault(code="AccessDenied", status=403)
)
KINDS = {
    "fails before": Kind(on_github=github.GitHubFault(status=502), on_aws=aws.AwsFault()),
    "fails after": Kind(
        on_github=github.GitHubFault(status=502, after=True), on_aws=aws.AwsFault(after=True)
    ),
    "is refused": DEAD,
    "is throttled": Kind(
        on_github=github.GitHubFault(
            status=403,
            headers={"Retry-After": "1"},
            body=b'{"message": "You have exceeded a secondary rate limit"}',
        ),
        on_aws=aws.AwsFault(code="Throttling", status=400),
    ),
    "times out": Kind(
        on_github=github.GitHubFault(status=None), on_aws=aws.AwsFault(code="RequestTimeout", status=408)
    ),
    "kills before": Kind(on_github=DEAD.on_github, on_aws=DEAD.on_aws, lasting=True),
    "kills after": Kind(
        on_github=github.GitHubFault(status=403, body=GONE, after=True),
        on_aws=aws.AwsFault(code="AccessDenied", status=403, after=True),
        lasting=True,
    ),
}


class Outside:
    """Counts the calls of a run, and lets the n-th go wrong."""

    def __init__(self, world: World, nth: int = 0, kind: Kind = DEAD) -> None:
        self.called: list[str] = []
        self._nth, self._kind = nth, kind
        self._lock = Lock()  # reads may be made at the same time
        world.acme.github.faults = self._github
        world.acme.aws.faults = self._aws

    def _github(self, method: str, path: str) -> github.GitHubFault | None:
        number = self._number(f"{method} {path}")
        return (
            self._kind.on_github if number == self._nth else DEAD.on_github if self._is_over(number) else None
        )

    def _aws(self, _account: str, service: str, operation: str) -> aws.AwsFault | None:
        number = self._number(f"{service}:{operation}")
        return self._kind.on_aws if number == self._nth else DEAD.on_aws if self._is_over(number) else None

    def _number(self, name: str) -> int:
        with self._lock:
            self.called.append(name)
            return len(self.called)

    def _is_over(self, number: int) -> bool:
        """After a call that killed the run nothing answers any more."""
        return self._kind.lasting and 0 < self._nth < number


def state(world: World, path: str) -> object:
    """All that a run leaves behind, but for the record of failures: roles as they are, and what is told of the request."""
    roles = [(each.name, each.trust, sorted(each.inline), sorted(each.attached)) for each in world.roles()]
    return sorted(roles), [each for each in world.story(path) if each != "failed"]


def holds_nothing_untrue(world: World) -> Iterator[str]:
    """Outcomes in the ledger that did not happen."""
    roles = {each.name: each for each in world.roles()}
    for event in world.ledger():
        name = event["role_name"]
        if event["event"] == "granted" and name not in roles:
            yield f"granted, and there is no {name}"
        if (
            event["event"] == "ended"
            and event["why"] != "expired"
            and name in roles
            and DENY_ALL not in roles[name].attached
        ):
            yield f"ended, and {name} is not denied"
        if event["event"] == "removed" and name in roles:
            yield f"removed, and {name} is there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One run to be stopped: the state it begins in, what it does, and all that anyone may hold meanwhile."""

    begins: str
    verb: tuple[str, ...]
    repairs: tuple[str, ...]  # the healthy run
    may: set[tuple[str, str, str]]
    later: timedelta  # until all access is over
    removed: bool = False  # whether the role is gone in the end, so that `granted` has none any more
    actor: str = "alice"
    workflow: str = ""  # unless it is the verb's own


RELEASE = ("revoke", "{path}", "--reason", "done")
STOP = ("stop", "--person", "alice", "--reason", "stolen")
SCENES = {
    "grant": Scene(begins="asked", verb=("grant",), repairs=("grant",), may=ALICE, later=2 * HOUR),
    "extend": Scene(begins="extended", verb=("grant",), repairs=("grant",), may=ALICE, later=3 * HOUR),
    "revoke": Scene(begins="granted", verb=RELEASE, repairs=RELEASE, may=ALICE, later=timedelta()),
    "stop": Scene(
        begins="granted",
        verb=STOP,
        repairs=STOP,
        may=ALICE,
        later=timedelta(),
        actor="erin",
        workflow="revoke.yml",
    ),
    "expire": Scene(begins="expired", verb=("sweep",), repairs=("sweep",), may=NOBODY, later=timedelta()),
    "remove": Scene(
        begins="ended", verb=("sweep",), repairs=("sweep",), may=NOBODY, later=timedelta(), removed=True
    ),
}


@pytest.fixture
def expired(world: World, granted: str) -> str:
    """The path of the request, a minute after its end."""
    world.later(2 * HOUR + MINUTE)
    return granted


def run(world: World, scene: Scene, verb: tuple[str, ...], path: str) -> int:
    """Run it to whatever end; its exit code."""
    words = (path if each == "{path}" else each for each in verb)
    return world.ran(*words, actor=scene.actor, workflow=scene.workflow or f"{verb[0]}.yml").code


def faults_for(number: int) -> list[str]:
    """Which faults the n-th call meets."""
    names = list(KINDS)
    if os.environ.get("JITBOT_SOAK"):
        return names
    return [names[number // 3 % len(names)]] if number % 3 == 1 else []


@pytest.mark.parametrize("name", SCENES)
def test_every_call_may_go_wrong(
    world: World, request: pytest.FixtureRequest, name: str, record_property: Callable[[str, object], None]
) -> None:
    """After any fault of any call one healthy run leaves AWS and the ledger as if nothing had happened."""
    scene = SCENES[name]
    path: str = request.getfixturevalue(scene.begins)
    start = world.keep()
    healthy = Outside(world)
    assert run(world, scene, scene.verb, path) == 0
    world.calm()
    wanted = state(world, path)
    wrong: list[str] = []
    tried = 0
    for nth in range(1, len(healthy.called) + 1):
        for fault in faults_for(nth):
            world.back(start)
            said = f"{name}: call {nth}, {healthy.called[nth - 1]}, {fault}"
            Outside(world, nth, KINDS[fault])
            run(world, scene, scene.verb, path)
            world.calm()
            wrong += [f"{said}: {each}" for each in problems(world, scene, path, wanted)]
            tried += 1
    record_property("faults", (tried, len(wrong)))
    assert tried >= len(healthy.called) // 3 > 6
    assert wrong == []


def problems(world: World, scene: Scene, path: str, wanted: object) -> Iterator[str]:
    """What is not as it should be after a run in which something went wrong, and after the healthy one that follows."""
    if not scene.removed:
        yield from holds_nothing_untrue(world)
    if not world.reach("alice", "bob", "mallory") <= scene.may:
        yield "somebody holds more than was approved"
    if (code := run(world, scene, scene.repairs, path)) != 0:
        yield f"the healthy run ends with {code}"
    if state(world, path) != wanted:
        yield f"it is not as if nothing had happened: {world.story(path)}"
    for number in world.github.pulls:
        said = notified(world, number)
        yield from (f"notified twice: {each[:40]}" for each in sorted(set(said)) if said.count(each) > 1)
    if scene.later:
        world.later(scene.later - SECOND)
        if world.reach("alice") != scene.may:
            yield "access does not hold to its last second"
        world.later(SECOND)
        if world.reach("alice", "bob", "mallory"):
            yield "access outlives its end"
