"""What starts which job, and the minutes of Actions that follow: nothing runs that has nothing to do, and nothing is missed."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from acting import WORKFLOWS
from github_says import GitHubSays
from measured_life import MINUTES_OF_A_REQUEST, MINUTES_OF_THE_SCHEDULES
from minutes import (
    ASKED,
    TEMPLATES,
    TITLE,
    Happening,
    Minutes,
    dispatched,
    life,
    month,
    pulled,
    pushed,
    reviewed,
    started_by,
)

MOST = 5000  # minutes a month at 50 requests a day
ONE = f"{TITLE} (one approval)"
CHECK, GRANT, SWEEP, START = (
    ("check.yml", "check"),
    ("grant.yml", "grant"),
    ("sweep.yml", "sweep"),
    ("grant.yml", "sweep"),
)
STARTS: Mapping[str, tuple[Happening, set[tuple[str, str]]]] = {
    "opened": (pulled("opened"), {CHECK}),
    "pushed to its branch": (pulled("synchronize"), {CHECK}),
    "reopened": (pulled("reopened"), {CHECK}),
    "moved to another base": (pulled("edited", changes={"base": {"ref": {"from": "x"}}}), {CHECK}),
    "retitled by a person": (pulled("edited", changes={"title": {"from": ONE}}), {CHECK}),
    "another description": (pulled("edited", changes={"body": {"from": "x"}}), set()),
    "auto-merge turned on": (pulled("auto_merge_enabled", pull={"auto_merge": {}}), set()),
    "auto-merge turned off": (pulled("auto_merge_disabled"), {CHECK}),
    "into another branch": (pulled("opened", pull={"base": {"ref": "mallory"}}), set()),
    "reviewed in words": (reviewed("commented", title=ONE), set()),
    "approved, and one is enough": (reviewed("approved", title=ONE), set()),
    "approved, and merged by hand": (reviewed("approved", title=ONE, auto=False), {CHECK}),
    "approved, and more are needed": (reviewed("approved"), {CHECK}),
    "approved, and not checked yet": (reviewed("approved", title="Ask for access"), {CHECK}),
    "a value that looks like the mark": (
        reviewed("approved", title=f'{TITLE[:-6]}"x (one approval)"'),
        {CHECK},
    ),
    "asked to change": (reviewed("changes_requested", title=ONE), {CHECK}),
    "dismissed": (reviewed("dismissed", action="dismissed", title=ONE), {CHECK}),
    "merged": (pushed(ASKED), {GRANT}),
    "merged, and it ends access": (pushed(ASKED, sweep=""), {GRANT, START}),
    "rules merged": (pushed("policies/people.yaml"), {GRANT, SWEEP}),
    "rules merged with requests": (pushed(ASKED, "policies/people.yaml"), {GRANT, SWEEP}),
    "owners merged": (pushed(".github/CODEOWNERS"), {GRANT, SWEEP}),
    "a file outside merged": (pushed("README.md"), {GRANT, SWEEP}),
    "grant by hand": (dispatched("grant.yml"), {GRANT}),
    "sweep by hand": (dispatched("sweep.yml"), {SWEEP}),
}


@pytest.fixture(scope="module", params=[WORKFLOWS, TEMPLATES], ids=["here", "templates"])
def minutes(request: pytest.FixtureRequest, says: GitHubSays) -> Minutes:
    """The files of this repository, and those that `jitbot init` writes."""
    folder: Path = request.param
    return Minutes(folder=folder, says=says)


def test_each_event_starts_what_it_changes(minutes: Minutes) -> None:
    """And nothing else: what ends, grants or shows something new begins at once, all else begins no job."""
    begun = minutes.jobs([happening for happening, _ in STARTS.values()])
    assert dict(zip(STARTS, begun, strict=True)) == {name: jobs for name, (_, jobs) in STARTS.items()}


def test_a_month_of_fifty_requests_a_day(minutes: Minutes) -> None:
    """Stays within the bound, and is made of what it says: two jobs for a request, and the schedules."""
    found = month(minutes, 50)
    assert 2 * 50 * 30 < found["requests"] < 2 * 50 * 31
    assert found["schedules"] > 30 * 24 * 2  # the clock and a sweep, every hour: they are counted
    assert round(found["schedules"]) == MINUTES_OF_THE_SCHEDULES
    assert found["all"] <= MOST


def test_what_more_costs(minutes: Minutes) -> None:
    """Without auto-merge an approval shows what to press; a second approval may turn the status green."""
    assert minutes.of([(1, each) for each in life()]) == MINUTES_OF_A_REQUEST == 2
    assert minutes.of([(1, each) for each in life(auto=False)]) == 3
    assert minutes.of([(1, each) for each in life(title=TITLE)]) == 3


@pytest.mark.parametrize(
    ("schedule", "granted", "started"),
    [
        ("17 * * * *", True, ["sweep.yml"]),
        ("17 * * * *", False, ["grant.yml", "sweep.yml"]),
        ("37 3 * * *", True, ["grant.yml", "sweep.yml"]),
        ("", True, ["grant.yml", "sweep.yml"]),
    ],
)
def test_the_clock_starts_what_may_have_work(
    minutes: Minutes, schedule: str, granted: bool, started: list[str]
) -> None:
    """A sweep every hour; grant where no run has done all on main's very commit, and once a day in any case."""
    assert started_by(minutes.files["clock.yml"], schedule, granted=granted) == started
