"""Plays the story from its first scene to its last, and reports whether every step had the expected result."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from jitbot.domain.model.errors import JitbotError
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme
from jitbot.sandbox.story import granted, refused
from jitbot.sandbox.story.stage import Jitbot, Stage

BEGINS = datetime(
    2026, 11, 23, 9, 0, tzinfo=UTC
)  # the sandbox has its own time, so the story is always the same

_INTRODUCTION = """acme keeps its access rules in a repository. Here it runs on this machine: real git, GitHub's API
and AWS's on loopback, with acme's people, policies and accounts. Nothing here reaches the Internet."""


def play(jitbot: Jitbot, console: Console) -> int:
    """Play the whole story. Returns 0 if every step had the expected result, otherwise 3 after naming the step."""
    begun = time.monotonic()
    console.print(Panel(Text(_INTRODUCTION), title="the life of a request", border_style="cyan"))
    with Acme(Clock(BEGINS)) as acme:
        stage = Stage(acme=acme, jitbot=jitbot, console=console)
        try:
            _scenes(stage)
        except JitbotError as error:
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


def _scenes(stage: Stage) -> None:
    grant = granted.Grant()
    scenes: tuple[tuple[str, Callable[[], None]], ...] = (
        ("More than the policy allows", lambda: refused.above_the_maximum(stage)),
        ("Approving one's own request", lambda: refused.self_approval(stage)),
        ("Changed after the approval", lambda: refused.stale_approval(stage)),
        ("Pushed straight to main", lambda: refused.direct_push(stage)),
        ("Rules smuggled in by a rebase", lambda: refused.smuggled_rules(stage)),
        ("Two approvals needed, one given", lambda: refused.one_of_two(stage)),
        ("Asked, approved, merged, granted", lambda: granted.granted(stage, grant)),
        ("Used, by her alone", lambda: granted.used(stage, grant)),
        ("A forged entry in the ledger", lambda: granted.forged(stage)),
        ("A run that AWS refuses half-way", lambda: granted.repaired(stage)),
        ("Extended without a gap", lambda: granted.extended(stage, grant)),
        ("Ended by the clock alone", lambda: granted.expired(stage, grant)),
        ("Confirmed, then removed", lambda: granted.ended(stage)),
        ("What git remembers", lambda: granted.recorded(stage)),
    )
    for number, (title, scene) in enumerate(scenes, 1):
        with stage.scene(number, title):
            scene()
