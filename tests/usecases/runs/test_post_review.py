"""The reviews that break-glass requires, in memory: read, recorded once, asked for in one issue, and red while overdue."""

from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from acme_facts import DAY, HEAD, HOUR, MERGED_AT, NOW, PATH, SECOND, the_rules
from builders import a_review, an_approval, an_extension
from plain_run import PlainRun

from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.model.documents import Parsed
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.model.github_objects import Issue
from jitbot.domain.text import timestamp
from jitbot.usecases.runs.post_review import with_reviews
from jitbot.usecases.runs.report import Report

BY = MERGED_AT + DAY
REVIEWERS = [{"login": "erin", "github_id": 1005}, {"login": "frank", "github_id": 1006}]
APPROVAL = a_review("erin", submitted_at=MERGED_AT + HOUR)
OBJECTION = replace(APPROVAL, state="CHANGES_REQUESTED", review_id=2)


def glass(reviewers: Any = REVIEWERS, number: int = 7, **changes: Any) -> Event:
    """alice's break-glass approval."""
    evidence = {
        "pull_request": number,
        "head": HEAD,
        "merged_at": timestamp.show(MERGED_AT),
        "break_glass": {"review_by": timestamp.show(BY), "reviewers": reviewers},
    }
    return an_approval(evidence=evidence, **changes)


class Github:
    """Reviews by pull request, and issues."""

    def __init__(self, *reviews: Any) -> None:
        self.by_pull = {7: reviews}
        self.down: set[str] = set()
        self.issues: list[Issue] = []
        self.asked: list[str] = []

    def reviews(self, number: int) -> tuple[Any, ...]:
        """Of one pull request."""
        self._say("reviews")
        return self.by_pull.get(number, ())

    def ours(self, _: datetime) -> tuple[Issue, ...]:
        """All issues."""
        self._say("issues")
        return tuple(self.issues)

    def create(self, title: str, body: str) -> Issue:
        """Open one."""
        self._say("issues")
        made = Issue(number=len(self.issues) + 1, title=title, body=body, is_open=True)
        self.issues.append(made)
        return made

    def update(self, issue: Issue) -> None:
        """Make one as this."""
        self._say("issues")
        self.issues = [issue if each.number == issue.number else each for each in self.issues]

    def _say(self, what: str) -> None:
        self.asked.append(what)
        if what in self.down:
            raise UnavailableError(f"no {what} now")


def looked(
    github: Github,
    run: PlainRun | None = None,
    *told: Event,
    now: datetime = NOW,
    late_fails: bool = False,
    report: Report | None = None,
) -> Report:
    """What a run adds to its report, on a ledger of alice's break-glass approval."""
    run = run or PlainRun()
    if len(run.commits) == 1:
        run.push(*(told or (glass(),)))
    ledger = run.ledger(now)
    context: Any = ledger.context
    context.github = SimpleNamespace(reviews=github.reviews)
    context.issues = github
    return with_reviews(ledger, report or Report(), ledger.read(), late_fails=late_fails)


def kinds(report: Report) -> list[str]:
    """What is recorded."""
    return [str(each.kind) for each in report.recorded]


def codes(found: Any) -> list[str]:
    """The codes of findings."""
    return [each.code for each in found]


def test_nothing_is_asked_where_no_review_is_required() -> None:
    """Nor is an issue looked for."""
    github = Github()
    before = Report(recorded=(an_approval(),))
    assert looked(github, None, an_approval(), report=before) == before
    assert github.asked == []


def test_an_approval_is_recorded_once_and_closes_the_issue() -> None:
    """One issue, open until then; what is reviewed is not read again."""
    github, run = Github(), PlainRun()
    report = looked(github, run)
    assert (kinds(report), codes(report.warnings), report.alarms) == ([], ["review-due"], ())
    assert [each.is_open for each in github.issues] == [True]
    github.by_pull[7] = (APPROVAL,)
    report = looked(github, run)
    assert (kinds(report), report.warnings, report.alarms) == (["reviewed"], (), ())
    assert [each.is_open for each in github.issues] == [False]
    github.asked.clear()
    run.fetches = 0
    report = looked(github, run)
    assert (report, github.asked) == (Report(), ["issues"])
    assert run.fetches == 1  # to open the ledger, and none to record nothing
    assert [each.is_open for each in github.issues] == [False]


@pytest.mark.parametrize("late_fails", [True, False])
def test_an_objection_is_recorded_once_and_stays_red(late_fails: bool) -> None:
    """In a sweep; for a grant it is a warning. It names who objects."""
    github, run = Github(OBJECTION), PlainRun()
    for recorded in (["reviewed"], []):
        report = looked(github, run, late_fails=late_fails)
        assert kinds(report) == recorded
        assert codes(report.alarms if late_fails else report.warnings) == ["review-objected"]
        assert codes(report.warnings if late_fails else report.alarms) == []
        assert "erin reviewed it and objects" in [*report.alarms, *report.warnings][0].message
        assert report.exit_code == (ExitCode.UNSURE if late_fails else ExitCode.DONE)


@pytest.mark.parametrize("late_fails", [True, False])
def test_a_review_is_overdue_at_its_time(late_fails: bool) -> None:
    """Recorded so, once in a week, and red in every sweep until it is given."""
    github, run = Github(), PlainRun()
    run.push(glass())
    report = looked(github, run, now=BY - SECOND, late_fails=late_fails)
    assert (kinds(report), codes(report.warnings), report.alarms) == ([], ["review-due"], ())
    for recorded in (["overdue"], []):
        report = looked(github, run, now=BY, late_fails=late_fails)
        assert kinds(report) == recorded
        assert codes(report.alarms if late_fails else report.warnings) == ["review-overdue"]
        assert codes(report.warnings if late_fails else report.alarms) == []
    github.by_pull[7] = (APPROVAL,)
    report = looked(github, run, now=BY, late_fails=late_fails)
    assert (kinds(report), report.exit_code) == (["reviewed"], ExitCode.DONE)


@pytest.mark.parametrize("people", [the_rules(people=Parsed(value=None)), None])
def test_what_cannot_be_read_is_an_alarm_and_changes_nothing(people: Any) -> None:
    """Neither people.yaml nor GitHub's reviews; the issue is kept all the same."""
    github = Github(APPROVAL)
    run = PlainRun(rules=people) if people is not None else PlainRun()
    if people is None:
        github.down.add("reviews")
    report = looked(github, run)
    assert (kinds(report), codes(report.alarms), codes(report.warnings)) == (
        [],
        ["review-unread"],
        ["review-due"],
    )
    said = (
        "people.yaml cannot be read" if people is not None else "its reviews cannot be read: no reviews now"
    )
    assert said in report.alarms[0].message
    assert [each.is_open for each in github.issues] == [True]


def test_what_cannot_be_recorded_or_asked_for_is_an_alarm() -> None:
    """The run goes on, and says what it read."""
    github, run = Github(APPROVAL), PlainRun()
    run.push(glass())

    def fails() -> None:
        raise UnavailableError("no record now")

    run.before_write = fails
    github.down.add("issues")
    report = looked(github, run)
    assert codes(report.alarms) == ["review-unrecorded", "review-issue"]
    assert [each.message.partition(": ")[2] for each in report.alarms] == ["no record now", "no issues now"]


def test_a_dry_run_only_looks() -> None:
    """Nothing is recorded, and no issue is opened."""
    github, run = Github(APPROVAL), PlainRun()
    report = looked(github, run, report=Report(dry=True))
    assert (kinds(report), github.asked, github.issues, run.written) == ([], ["reviews"], [], [])
    assert report.warnings == ()


def test_each_merge_of_a_request_has_its_own_review() -> None:
    """An extension's review is not the first one's."""
    longer = an_extension(evidence=glass(number=8).evidence.json, at=NOW)
    github, run = Github(), PlainRun()
    github.by_pull = {8: (APPROVAL,)}
    run.push(glass(), longer)
    report = looked(github, run)
    (event,) = report.recorded
    assert (event.kind, event.commit) == (EventType.REVIEWED, longer.commit)
    assert codes(report.warnings) == ["review-due"]
    assert "#7" in report.warnings[0].hint
    assert [each.is_open for each in github.issues] == [True]  # none is opened for what is reviewed


@pytest.mark.parametrize(("reviewers", "who"), [(REVIEWERS, "erin frank"), ([], "nobody")])
def test_who_may_review_is_said(reviewers: Any, who: str) -> None:
    """As the record names them."""
    report = looked(Github(), None, glass(reviewers))
    assert f"approves pull request #7: {who}; " in report.warnings[0].hint
    assert report.warnings[0].file == PATH


def test_an_old_objection_that_names_nobody_is_one() -> None:
    """As an older version may have written it."""
    run = PlainRun()
    looked(Github(OBJECTION), run)
    recorded = run.ledger().read().events[-1]
    nameless = replace(recorded, evidence=type(recorded.evidence)({**recorded.evidence.json, "by": ""}))
    fresh = PlainRun()
    fresh.push(glass(), nameless)
    report = looked(Github(), fresh)
    assert "a reviewer reviewed it and objects" in report.warnings[0].message
