"""Runs of workflows in the sandbox: one that breaks is said, and the next one runs."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from jitbot.sandbox.workflows import Workflows


def test_a_run_that_breaks_stops_no_other(tmp_path: Path) -> None:
    """By a fault of the sandbox's own: whoever waits for it hears of it, once, and the next run does its work."""
    ran: list[str] = []
    said: list[str] = []

    def run(step: tuple[str, ...], _environ: object, _folder: Path) -> None:
        ran.append(step[0])
        if len(ran) == 1:
            raise RuntimeError("a fault")

    acme = SimpleNamespace(
        github=SimpleNamespace(on_push=None),
        clone=lambda _name: tmp_path,
        git=lambda *_arguments, cwd: cwd,
        job=lambda *_workflow, **_of: {},
    )
    with Workflows(cast("Any", acme), cast("Any", run), said.append) as workflows:
        acme.github.on_push("main", "alice")
        with pytest.raises(RuntimeError, match="a fault"):
            workflows.idle()
        acme.github.on_push("main", "alice")
        workflows.idle()
    assert (ran, said) == (["grant", "grant"], ["a run of grant.yml broke: RuntimeError('a fault')"])
