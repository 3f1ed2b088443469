"""Plays the story from its first scene to its last, and reports whether every step had the expected result."""

import time
from collections.abc import Callable

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from jitbot.domain.model.errors import JitbotError
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import WRITTEN_FOR, Acme
from jitbot.sandbox.story import granted, refused
from jitbot.sandbox.story.stage import Jitbot, Stage

_INTRODUCTION = """acme keeps its access rules in a repository. Here it runs on this machine:
real git, GitHub's API and AWS's on loopback, with acme's people, policies
and accounts. Nothing here reaches the Internet.

alice    a developer; orders-db-read lets her read one DynamoDB table
bob      her team's lead; he owns the folder of those requests
carol    her colleague
dave     is on call for production
erin     owns the rules, and approves what dave asks for
mallory  a colleague who may write, and tries to get around the rules
olivia   an admin, who may push and merge past GitHub's rules"""


def play(
    jitbot: Jitbot, console: Console, *, only: int = 0, after_scene: Callable[[], None] | None = None
) -> int:
    """Play the whole story. Returns 0 if every step had the expected result, otherwise 3 after naming the step.

    `only` is the number of the one scene that is shown: those before it are played unseen. `after_scene` is called
    after each scene that is shown, except the last.
    """
    begun = time.monotonic()
    console.print(Panel(Text(_INTRODUCTION), title="the life of a request", border_style="cyan"))
    # The sandbox has its own time, so the story is always the same.
    with Acme(Clock(WRITTEN_FOR)) as acme:
        stage = Stage(acme=acme, jitbot=jitbot, console=console)
        try:
            _scenes(stage, only=only, after_scene=after_scene or (lambda: None))
        except JitbotError as error:
            console.quiet = False
            console.print(Text(f"\n  ✗ {error}", style="bold red"))
            return 3
    took = time.monotonic() - begun
    console.print()
    console.print(
        Text(
            f"{stage.steps} steps, all as expected, in {took:.0f} s. Nothing is left behind.",
            style="bold green",
        )
    )
    console.print(Text("Try it yourself: jitbot sandbox", style="dim"))
    return 0


def _scenes(stage: Stage, *, only: int, after_scene: Callable[[], None]) -> None:
    shown = [only] if only else list(range(1, len(TITLES) + 1))
    for number, (title, scene) in enumerate(zip(TITLES, _played(stage), strict=True), 1):
        if number > shown[-1]:
            return
        stage.console.quiet = number not in shown
        with stage.scene(number, title):
            scene()
        stage.console.quiet = False
        if number in shown[:-1]:
            after_scene()


TITLES = (
    "Asked, approved, merged, granted",
    "Used, by her alone",
    "More than the policy allows",
    "Approving one's own request",
    "Changed after the approval",
    "Pushed straight to main",
    "Rules smuggled in by a rebase",
    "Two approvals needed, one given",
    "A forged entry in the ledger",
    "A run that AWS refuses half-way",
    "Extended without a gap",
    "Ended by the clock alone",
    "Confirmed, then removed",
    "Stopped in an emergency",
    "What git remembers",
)


def _played(stage: Stage) -> tuple[Callable[[], None], ...]:
    grant = granted.Grant()
    return (
        lambda: granted.granted(stage, grant),
        lambda: granted.used(stage, grant),
        lambda: refused.above_the_maximum(stage),
        lambda: refused.self_approval(stage),
        lambda: refused.stale_approval(stage),
        lambda: refused.direct_push(stage),
        lambda: refused.smuggled_rules(stage),
        lambda: refused.one_of_two(stage),
        lambda: granted.forged(stage),
        lambda: granted.repaired(stage),
        lambda: granted.extended(stage, grant),
        lambda: granted.expired(stage, grant),
        lambda: granted.ended(stage),
        lambda: refused.stopped(stage),
        lambda: granted.recorded(stage),
    )
