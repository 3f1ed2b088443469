"""How many minutes of Actions a load takes, calculated from the workflow files alone.

An event starts a workflow by its `on:`, and a job by its `if:`, which GitHub's own evaluator judges. Each job counts as
whole minutes; one that does not begin costs nothing. What the clock dispatches is what its own script asks for.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from acting import WORKFLOWS
from github_says import GitHubSays

TEMPLATES = WORKFLOWS.parents[1] / "jitbot" / "templates" / "repository" / "github" / "workflows"
DAYS = 365 / 12  # of a month
MAIN = "refs/heads/main"
OWN = frozenset(
    {"ci.yml", "nightly.yml", "release.yml"}
)  # the project's own tests: no access repository has them
LONG = {("audit.yml", "audit"): 5}  # minutes of a job that takes longer than one
ASKED = "requests/orders-db-read/2026-11/23-alice-refunds.yaml"
TITLE = "alice: orders-db-read in prod, 2h, table=orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that may start workflows: the event, what its payload says, and for a push the files that it changes.

    `only` is the one workflow that a dispatch names. `outputs` are what the first job of a run hands to those after it.
    """

    event: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    only: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def github(self) -> Mapping[str, Any]:
        """What an expression sees of it."""
        return {
            "event_name": self.event,
            "ref": self.payload.get("ref", MAIN),
            "event": dict(self.payload),
            "run_id": "42",
        }


def pulled(action: str, *, event: str = "pull_request", **payload: Any) -> Happening:
    """Something on a pull request into main, as `check.yml` has titled it."""
    pull = {
        "number": 7,
        "base": {"ref": "main"},
        "title": TITLE,
        "auto_merge": None,
        **payload.pop("pull", {}),
    }
    return Happening(event=event, payload={"action": action, "pull_request": pull, **payload})


def reviewed(state: str, *, action: str = "submitted", title: str = TITLE, auto: bool = True) -> Happening:
    """A review of it, while auto-merge is on or not."""
    pull = {"title": title, "auto_merge": {"merge_method": "squash"} if auto else None}
    return pulled(action, event="pull_request_review", review={"state": state}, pull=pull)


def pushed(*files: str, sweep: str = "no") -> Happening:
    """A push to main, and what the run of grant then says of a sweep."""
    return Happening(event="push", payload={"ref": MAIN}, files=files, outputs={"sweep": sweep})


def dispatched(workflow: str) -> Happening:
    """A dispatch on main, by the clock or by hand."""
    return Happening(event="workflow_dispatch", payload={"ref": MAIN}, only=workflow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """The workflow files of a folder, and who judges their conditions."""

    folder: Path
    says: GitHubSays

    @property
    def files(self) -> Mapping[str, Mapping[str, Any]]:
        """Every workflow of an access repository, by file name; scalars are text."""
        return {
            path.name: yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - text, lists, mappings
            for path in sorted(self.folder.glob("*.yml"))
            if path.name not in OWN
        }

    def jobs(self, happenings: Sequence[Happening]) -> list[frozenset[tuple[str, str]]]:
        """For each happening, the jobs that begin, as workflow and name."""
        asked: list[tuple[int, str, str, str]] = []
        for place, happening in enumerate(happenings):
            for name, workflow in self.files.items():
                if _starts(name, workflow["on"], happening):
                    asked += [(place, name, key, job["if"]) for key, job in workflow["jobs"].items()]
        answers = self.says.values([(_own(text), _contexts(happenings[place])) for place, *_, text in asked])
        begun: list[set[tuple[str, str]]] = [set() for _ in happenings]
        for (place, name, key, _), answer in zip(asked, answers, strict=True):
            if answer not in ("false", "", "0"):
                begun[place].add((name, key))
        return [frozenset(each) for each in begun]

    def of(self, load: Sequence[tuple[float, Happening]]) -> float:
        """The minutes of so many happenings of each kind."""
        begun = self.jobs([happening for _, happening in load])
        return sum(
            times * sum(LONG.get(job, 1) for job in jobs)
            for (times, _), jobs in zip(load, begun, strict=True)
        )

    def schedules(self) -> Iterator[tuple[float, Happening]]:
        """A month of every schedule, and of what the clock then starts; main has not moved since grant ran on it."""
        for name, workflow in self.files.items():
            for line in workflow["on"].get("schedule") or ():
                times = DAYS * _a_day(line["cron"])
                yield times, Happening(event="schedule", payload={"schedule": line["cron"]}, only=name)
                if name == "clock.yml":
                    for started in started_by(workflow, line["cron"], granted=True):
                        yield times, dispatched(started)


def life(*, auto: bool = True, title: str = f"{TITLE} (one approval)") -> tuple[Happening, ...]:
    """The life of one request where all goes well: opened, auto-merge turned on, approved, merged."""
    turned_on = (pulled("auto_merge_enabled", pull={"auto_merge": {}}),) if auto else ()
    return (pulled("opened"), *turned_on, reviewed("approved", title=title, auto=auto), pushed(ASKED))


def month(minutes: Minutes, a_day: int, requests: Iterable[Happening] | None = None) -> dict[str, float]:
    """A month's minutes, for the requests and for the schedules."""
    asked = minutes.of([(DAYS * a_day, each) for each in (life() if requests is None else requests)])
    schedules = minutes.of(list(minutes.schedules()))
    return {"requests": asked, "schedules": schedules, "all": asked + schedules}


def started_by(clock: Mapping[str, Any], schedule: str, *, granted: bool) -> list[str]:
    """The workflows that the clock's script dispatches, run with a curl that notes what it is asked, and answers.

    `granted`: whether GitHub knows a successful run of grant on this commit.
    """
    (step,) = clock["jobs"]["clock"]["steps"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = int(granted)
        (folder / "curl").write_text(
            f'#!/bin/sh\necho "$*" >> "{folder}/asked"\necho \'{{"total_count": {count}}}\'\n'
        )
        (folder / "curl").chmod(0o755)
        environ = {
            "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "SCHEDULE": schedule, "GITHUB_TOKEN": "t", "GITHUB_SHA": "c" * 40,
            "GITHUB_API_URL": "http://127.0.0.1:9", "GITHUB_REPOSITORY": "acme/access",
        }  # fmt: skip
        subprocess.run(
            ["bash", "-e", "-c", step["run"]], env=environ, stdout=subprocess.DEVNULL, check=True, timeout=30
        )
        asked = (folder / "asked").read_text("utf-8")
    return re.findall(r"/actions/workflows/([\w.]+)/dispatches", asked)


def _starts(name: str, on: Mapping[str, Any], happening: Happening) -> bool:
    """Whether an event starts a workflow: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#on"""
    if happening.event not in on or happening.only not in ("", name):
        return False
    filters = on[happening.event] or {}
    if happening.event == "schedule":
        return happening.payload["schedule"] in [each["cron"] for each in filters]
    if "types" in filters and happening.payload.get("action") not in filters["types"]:
        return False
    ignored = filters.get("paths-ignore", ())
    return not happening.files or any(
        not any(fnmatchcase(path, pattern) for pattern in ignored) for path in happening.files
    )


def _own(condition: str) -> str:
    """A condition with the one function that only a runner has, in a run that nobody cancels."""
    match = re.fullmatch(r"\$\{\{(.*)\}\}", condition.strip(), re.DOTALL)
    return (match[1] if match else condition).replace("!cancelled()", "true").strip()


def _contexts(happening: Happening) -> Mapping[str, Any]:
    outputs = {
        name: {"result": "success", "outputs": dict(happening.outputs)}
        for name in ("grant", "sweep", "revoke")
    }
    return {"github": happening.github, "needs": outputs, "inputs": {}}


def _a_day(cron: str) -> float:
    """How often a day a cron line fires; ours name a minute, and perhaps hours and a day of the week."""
    _, hour, _, _, weekday = cron.split()
    return (24 if hour == "*" else len(hour.split(","))) / (1 if weekday == "*" else 7)
