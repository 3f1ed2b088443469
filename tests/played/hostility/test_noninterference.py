"""Nothing that one person puts into the repository, the ledger or GitHub stops anybody else.

A merge that touches only other request files, and any unattested event, open pull request, or account that is
neither requester nor owner, leaves decision, end and audit of a request as in the same history without it. The
stated delay: what is due may take one more run than without it. A few short games by default, always the same;
many: `--hypothesis-profile=soak`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import hypothesis.strategies as st
import pytest
from acme_world import HOUR, MINUTE, TABLE, World
from audit_story import clone, vouched
from hostile import MOVES, Commit, Put, branch_of, commit, opened, story, tidy
from hypothesis import HealthCheck, Phase, given, settings

from jitbot.sandbox.story.stage import Ran

RUNS = 2  # in which what is due is done, whatever mallory did: one, and the stated delay of one more
SOAK = "soak"
ENDINGS = ("revoked", "stopped", "deleted", "offboarded", "expired")
PEOPLE = "policies/people.yaml"
GOES_ON = (0, 1, 3)  # nothing wrong; something refused; something left to do: and the rest was done


def propose(world: World, login: str, files: Mapping[str, str | None], title: str = "Ask") -> int:
    """A pull request of this person; None deletes a file."""
    branch = branch_of(world, login)
    puts = {path.encode(): Put(content=text.encode()) for path, text in files.items() if text is not None}
    gone = [path.encode() for path, text in files.items() if text is None]
    commit(world, branch, Commit(puts=puts, gone=gone, message=title.encode(), login=login))
    return opened(world, login, branch, title)


def approve_and_merge(world: World, number: int, by: str = "bob") -> None:
    """An owner approves, and an admin merges, whoever objects beside it."""
    world.must(world.review(by, number))
    world.must(world.merge("olivia", number))


def left(world: World, login: str) -> str:
    """people.yaml without this person."""
    lines = world.text(PEOPLE).splitlines(keepends=True)
    first = next(at for at, line in enumerate(lines) if line.startswith(f"  {login}:"))
    rest = next((at for at in range(first + 1, len(lines)) if lines[at].startswith("  ") and lines[at][2] != " "), len(lines))  # fmt: skip
    return "".join(lines[:first] + lines[rest:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is so of the three requests that nobody touches, after one step."""

    step: str
    stories: tuple[tuple[str, ...], ...]
    reach: frozenset[tuple[str, str, str]]
    more: Any = None


@dataclass(slots=True, kw_only=True)
class Play:
    """Requests of alice, carol and dave, from the asking to the audit; `moves` are what mallory does before a step."""

    world: World
    ending: str
    moves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    expected: tuple[Seen, ...] = ()  # by who plays it again, with moves
    seen: list[Seen] = field(default_factory=list)
    last: Ran = field(default_factory=lambda: Ran(code=0, output=""))
    late: dict[str, int] = field(default_factory=dict)  # the runs that a step took
    numbers: dict[str, int] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)

    def play(self) -> tuple[Seen, ...]:
        """All steps, in their order."""
        self.world.back(self.world.kept["seed"])
        tidy(self.world)
        for step in (
            self.asked, self.granted, self.urgent, self.extended, self.reviewed, self.ended, self.another, self.over,
            self.removed, self.audited,
        ):  # fmt: skip
            self.world.later(MINUTE)
            for each in self.moves.get(step.__name__, ()):
                MOVES[each](self.world)
            step()
        return tuple(self.seen)

    def asked(self) -> None:
        """alice opens her pull request, and its comment and statuses are written."""
        self._ask("alice")
        self._comment("alice")

    def granted(self) -> None:
        """The check runs once more; approved, merged, granted."""
        self._comment("alice")
        approve_and_merge(self.world, self.numbers["alice"])
        self._run("granted", "grant")

    def urgent(self) -> None:
        """dave's emergency: merged without an approval, and granted."""
        fields = {"duration": "1h", "ticket": "OPS-7"}
        self.paths["dave"], text = self.world.request("dave", "production-break-glass", "ask", **fields)
        self.numbers["dave"] = propose(self.world, "dave", {self.paths["dave"]: text})
        self.world.must(self.world.merge("olivia", self.numbers["dave"]))
        self._run("urgent", "grant")

    def reviewed(self) -> None:
        """erin approves it afterwards."""
        self.world.must(self.world.review("erin", self.numbers["dave"]))
        self._run("reviewed", "sweep")

    def extended(self) -> None:
        """An hour more."""
        text = self.world.text(self.paths["alice"]).replace('"2h"', '"3h"')
        self.numbers["alice"] = propose(self.world, "alice", {self.paths["alice"]: text})
        approve_and_merge(self.world, self.numbers["alice"])
        self._run("extended", "grant")

    def ended(self) -> None:
        """alice's access ends early, in one of four ways; or it does not."""
        path = self.paths["alice"]
        if self.ending == "revoked":
            self._run("ended", "revoke", path, "--reason", "stolen laptop", actor="bob")
        elif self.ending == "stopped":
            self._run(
                "ended", "stop", "--person", "alice", "--reason", "x", actor="erin", workflow="revoke.yml"
            )
        elif self.ending == "deleted":
            approve_and_merge(self.world, propose(self.world, "alice", {path: None}))
            self._run("ended", "sweep")
        elif self.ending == "offboarded":
            number = propose(self.world, "erin", {PEOPLE: left(self.world, "alice")})
            approve_and_merge(self.world, number, by="olivia")
            self._run("ended", "sweep")
        else:
            self._run("ended", "sweep")

    def another(self) -> None:
        """carol asks, is approved and granted; who was stopped asks again, and is refused."""
        self._ask("carol")
        self._comment("carol")
        approve_and_merge(self.world, self.numbers["carol"])
        if self.ending == "stopped":
            self._ask("alice", "again")
            approve_and_merge(self.world, self.numbers["alice"])
        self._run("another", "grant")

    def over(self) -> None:
        """All that was granted has expired, and is seen to have."""
        self.world.later(3 * HOUR)
        self._run("over", "sweep")

    def removed(self) -> None:
        """An hour later the roles are removed."""
        self.world.later(HOUR + MINUTE)
        self._run("removed", "sweep")

    def audited(self) -> None:
        """An auditor verifies the whole record from a fresh clone, and lists it."""
        clone(self.world)
        keys = ("--keys", str(vouched(self.world)), "--format", "json")
        job: dict[str, Any] = {"runner": "auditor", "workflow": "audit.yml"}
        self.last = self.world.ran("audit", "verify", *keys, **job)
        assert self.last.code in GOES_ON, self._told("audit verify")
        findings = _json(self.last)["findings"]
        mine = {
            each["code"] for each in findings
            if each["request"] in self.paths.values() or any(path in json.dumps(each) for path in self.paths.values())
        }  # fmt: skip
        self.last = self.world.ran("audit", "log", *keys, **job)
        assert self.last.code in GOES_ON, self._told("audit log")
        rows = [(each["request"], each["event"], each["why"]) for each in _json(self.last)]
        listed = [row for row in rows if row[0] in self.paths.values() and row[1] != "refused"]
        self._see("audited", more=(sorted(mine), sorted(listed)))
        self._same()

    # How

    def _ask(self, login: str, slug: str = "ask") -> None:
        path, text = self.world.request(login, "orders-db-read", slug, **TABLE)
        self.paths[login if slug == "ask" else f"{login} {slug}"] = path
        self.numbers[login] = propose(self.world, login, {path: text})

    def _comment(self, login: str) -> None:
        """The job of check, until the statuses of this pull request's head are as they should be."""
        head = self.world.github.pulls[self.numbers[login]].head_sha

        def statuses() -> Any:
            told = self.world.must(self.world.acme.call("olivia", "GET", f"/commits/{head}/status"))
            return sorted((each["context"], each["state"]) for each in told["statuses"])

        self._until(
            f"comment {login}", "comment", str(self.numbers[login]), workflow="check.yml", more=statuses
        )

    def _run(self, step: str, verb: str, *arguments: str, actor: str = "olivia", **job: Any) -> None:
        self._until(step, verb, *arguments, actor=actor, **job)

    def _until(
        self, step: str, verb: str, *arguments: str, more: Callable[[], Any] = lambda: None, **job: Any
    ) -> None:
        """Run a verb, as often as the stated delay allows, until all is as it was without mallory."""
        for count in range(1, RUNS + 1):
            self.last = self.world.ran(verb, *arguments, **job)
            self._see(step, more=more())
            if not self.expected or self.seen[-1] == self.expected[len(self.seen) - 1]:
                self.late[step] = count
                return
            if count < RUNS:
                self.seen.pop()
        self._same()

    def _see(self, step: str, *, more: Any = None) -> None:
        stories = tuple(tuple(story(self.world, path)) for _, path in sorted(self.paths.items()))
        reach = frozenset(self.world.reach("alice", "carol", "dave"))
        self.seen.append(Seen(step=step, stories=stories, reach=reach, more=more))

    def _same(self) -> None:
        if self.expected:
            assert self.seen[-1] == self.expected[len(self.seen) - 1], self._told(self.seen[-1].step)

    def _told(self, step: str) -> str:
        moves = ", ".join(f"{each} before {name}" for name, of in self.moves.items() for each in of)
        return (
            f"{step}, after {moves}: jitbot ended with {self.last.code}, saying\n{self.last.output[-1500:]}"
        )


def _json(ran: Ran) -> Any:
    """The JSON among what a run printed: warnings come on standard error."""
    lines = ran.output.splitlines()
    first = next(at for at, line in enumerate(lines) if line in ("[", "{", "[]"))
    return json.JSONDecoder().raw_decode("\n".join(lines[first:]))[0]


STEPS = (
    "granted",
    "extended",
    "reviewed",
    "ended",
    "another",
    "over",
    "audited",
)  # before which mallory acts


def plain(world: World, ending: str) -> tuple[Seen, ...]:
    """The history without mallory."""
    if ending not in PLAIN:
        PLAIN[ending] = Play(world=world, ending=ending).play()
    return PLAIN[ending]


PLAIN: dict[str, tuple[Seen, ...]] = {}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_history_itself_has_everything_in_it(world: World, ending: str) -> None:
    """Without mallory each of the three has access and loses it, and the audit finds nothing wrong."""
    seen = {each.step: each for each in plain(world, ending)}
    assert seen["granted"].reach == {("alice", "prod", "orders")}
    assert ("alice", "prod", "orders") not in seen["ended"].reach or ending == "expired"
    assert ("carol", "prod", "orders") in seen["another"].reach
    assert ("dave", "prod", "refunds") in seen["urgent"].reach
    assert any("reviewed" in told for told in seen["reviewed"].stories)
    assert seen["over"].reach == set()
    assert {told[-1] for told in seen["removed"].stories if told} == {"removed"}
    assert sum(map(bool, seen["removed"].stories)) == 3  # what is asked after a stop has no story
    findings, rows = seen["audited"].more
    assert findings == []
    assert len(rows) == sum(len(told) for told in seen["removed"].stories)


def test_nothing_that_mallory_does_changes_anything_of_others(
    world: World, record_property: Callable[[str, object], None]
) -> None:
    """Whatever moves, before whatever steps: the three requests are decided, ended and audited as without them."""
    long = settings.get_current_profile_name() == SOAK
    chosen = st.lists(
        st.tuples(st.sampled_from(STEPS), st.sampled_from(sorted(MOVES))), min_size=1, max_size=3
    )

    @given(ending=st.sampled_from(ENDINGS), moves=chosen)
    def same(ending: str, moves: list[tuple[str, str]]) -> None:
        before = {step: tuple(each for at, each in moves if at == step) for step in STEPS}
        played = Play(world=world, ending=ending, moves=before, expected=plain(world, ending))
        played.play()
        record_property("late", {step: count for step, count in played.late.items() if count > 1})

    short = settings(
        max_examples=3, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    (settings.get_profile(SOAK) if long else short)(same)()


def test_a_true_stop_is_neither_lifted_nor_made_wider_by_a_lie(world: World) -> None:
    """alice is stopped: mallory pushes a lift of it and a stop of the policy, before carol asks, and before the audit."""
    lies = ("stops_that_are_none",)
    moves = {"ended": lies, "another": lies, "audited": lies}
    Play(world=world, ending="stopped", moves=moves, expected=plain(world, "stopped")).play()


# One move at a time, and the runs that an end then takes


@pytest.fixture
def three(world: World) -> dict[str, str]:
    """The paths of three live grants, by who holds them."""
    if "three" not in world.kept:
        for login in ("alice", "carol", "dave"):
            path, text = world.request(login, "orders-db-read", "ask", duration="4h", **TABLE)
            approve_and_merge(world, propose(world, login, {path: text}))
        world.jit("grant")
        world.kept["three"] = world.keep()
    world.back(world.kept["three"])
    tidy(world)
    return {login: world.request(login, "orders-db-read", "ask")[0] for login in ("alice", "carol", "dave")}


@pytest.mark.parametrize("name", sorted(MOVES))
def test_every_end_is_carried_out_after_every_move(
    world: World, three: dict[str, str], name: str, record_property: Callable[[str, object], None]
) -> None:
    """alice is revoked, carol's request deleted, dave offboarded: each ends with the next run, or the one after it."""
    MOVES[name](world)
    world.later(MINUTE)
    first = world.ran("grant")  # as after every merge
    said = [f"grant ended with {first.code}: {first.output[-700:]}"]

    ends = {"revoked": "alice", "deleted": "carol", "offboarded": "dave"}

    def runs(*waited: str, command: tuple[str, ...], actor: str) -> dict[str, int]:
        """How many runs each takes until the access of who had it is over and recorded as such; 0 for never."""
        found = dict.fromkeys(waited, 0)
        for count in range(1, RUNS + 2):
            ran = world.ran(*command, actor=actor)
            said.append(f"{command[0]} ended with {ran.code}: {ran.output[-700:]}")
            for end in (each for each in waited if not found[each] and ran.code in GOES_ON):
                login = ends[end]
                if not world.reach(login) and f"ended {end}" in story(world, three[login]):
                    found[end] = count
            if all(found.values()):
                break
        return found

    took = runs("revoked", command=("revoke", three["alice"], "--reason", "x"), actor="bob")
    approve_and_merge(world, propose(world, "carol", {three["carol"]: None}))
    approve_and_merge(world, propose(world, "erin", {PEOPLE: left(world, "dave")}), by="olivia")
    took |= runs("deleted", "offboarded", command=("sweep",), actor="olivia")
    record_property("runs until the end", took)
    assert set(took.values()) <= set(range(1, RUNS + 1)), f"{took}\n" + "\n".join(said)
