"""The record of rules in memory: which commits are due, how each came to main, and what must wait."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from acme_facts import BASE, DAY, HEAD, HOUR, MINUTE, NOW, SECOND, an_actor, sha
from builders import a_pull, a_review, an_outcome
from plain_run import PlainRun

from jitbot.domain.access.doubt import GITHUB_LAG
from jitbot.domain.ledger import commit_message
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.git_history import RuleChange
from jitbot.domain.model.bounds import RULE_CHANGES
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import JitbotError, UnavailableError
from jitbot.domain.model.merge_facts import Dismissal, PullRequest, PullRequestHistory, Push
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.runs.report import Report
from jitbot.usecases.runs.rule_record import ASKED_FOR, BEGINS_BEFORE, with_rule_changes

ONE, TWO, THREE, LAST = (sha(f"rules {each}") for each in range(4))  # main's first-parent line after BASE
LINE = [BASE, ONE, TWO, THREE, LAST]
OLD = NOW - ASKED_FOR
ERINS = a_review("erin", submitted_at=OLD - HOUR)


def merged(commit: Sha = ONE, number: int = 7, **changes: Any) -> PullRequest:
    """bob's pull request, merged as this commit."""
    return a_pull(number=number, author=an_actor("bob"), merge_commit=commit, merged_at=OLD, **changes)


def moved(before: Sha = BASE, after: Sha = ONE, kind: str = "push") -> Push:
    """mallory moved main."""
    return Push(actor=an_actor("mallory"), before=before, after=after, kind=kind, at=OLD)


@dataclass(slots=True, kw_only=True)
class Asked:
    """What GitHub says of main's commits, and what it was asked."""

    pulls: Mapping[Sha, tuple[PullRequest, ...]] = field(default_factory=dict)
    moves: tuple[Push, ...] = ()
    reviews: tuple[Any, ...] = (ERINS,)
    dismissals: tuple[Dismissal, ...] = ()
    left: int | None = None
    error: JitbotError | None = None
    asked: list[str] = field(default_factory=list)


def recorded(
    github: Asked,
    touching: Iterable[tuple[Sha, datetime]] = ((ONE, OLD),),
    *,
    told: Iterable[Event] = (),
    earlier: bool = False,
    report: Report | None = None,
    run: PlainRun | None = None,
    doubt: str = "",
) -> tuple[Report, dict[Sha, str]]:
    """The report of a run, and the outcome that is recorded of each commit of main that touched the rules."""
    run = run or PlainRun()
    run.push(*(told or [an_outcome(EventType.FAILED)]))
    if earlier:
        message = f"Old\n\n{commit_message.RECORD}: {commit_message.RULES}\n"
        run.push(an_outcome(EventType.FAILED, commit=sha("old")), at=NOW - 90 * DAY, message=message)
    ledger, due = run.ledger(), dict(touching)
    context: Any = ledger.context
    context.git.touching_rules = lambda *_: due
    context.git.changes_of_rules = lambda some, _: tuple(
        RuleChange(commit=each, at=at, subject="x", paths=("policies/people.yaml",), base=BASE)
        for each, at in some.items()
    )
    context.git.holds = _holds(context.git.holds)

    def asked(name: str, answer: Any) -> Any:
        def ask(*_: Any) -> Any:
            github.asked.append(name)
            if github.error is not None:
                raise github.error
            return answer

        return ask

    context.github = SimpleNamespace(
        calls_left=lambda: github.left,
        pulls_of=lambda commit: asked("pulls_of", github.pulls.get(commit, ()))(),
        pushes_since=asked("pushes_since", github.moves),
        reviews=asked("reviews", github.reviews),
        history=asked(
            "history", PullRequestHistory(merged=True, retargeted_at=None, dismissals=github.dismissals)
        ),
    )
    history: LedgerView = replace(ledger.read(), doubt=doubt)
    if not due:
        context.git.batches = lambda *_, **__: pytest.fail("the whole ledger was asked for its older records")
    found = with_rule_changes(ledger, report or Report(), history)
    events = [each for each in found.recorded if each.kind is EventType.RULES]
    return found, {each.commit: str(each.evidence.json["outcome"]) for each in events}


def _holds(of_ledger: Any) -> Any:
    def holds(tip: Sha, commit: Sha) -> bool:
        if tip in LINE and commit in LINE:
            return LINE.index(commit) <= LINE.index(tip)
        return tip != HEAD and bool(of_ledger(tip, commit))

    return holds


@pytest.mark.parametrize(
    ("github", "outcome", "reason"),
    [
        (Asked(pulls={ONE: (merged(),)}), "reviewed", ""),
        (Asked(pulls={ONE: (merged(),)}, reviews=()), "unreviewed", "nobody approved it before the merge"),
        (Asked(moves=(moved(),)), "pushed", ""),
        (Asked(moves=(moved(kind="force_push"),)), "pushed", ""),
        (Asked(moves=(moved(after=LAST, kind="pr_merge"),), pulls={ONE: (merged(LAST),)}), "reviewed", ""),
        (
            Asked(moves=(moved(after=LAST, kind="merge_queue_merge"),), pulls={ONE: (merged(LAST),)}),
            "reviewed",
            "",
        ),
        (Asked(moves=(moved(after=LAST),), pulls={ONE: (merged(LAST),)}), "pushed", ""),
        (Asked(moves=(moved(kind="pr_merge"),)), "unknown", "neither the pull request"),
        (Asked(moves=(moved(kind="branch_deletion"),)), "unknown", "neither the pull request"),
        (Asked(), "unknown", "neither the pull request"),
        (Asked(moves=(moved(ONE, TWO), moved(HEAD, HEAD))), "unknown", "neither the pull request"),
        (Asked(pulls={ONE: (merged(), merged(number=8))}), "unknown", "several pull requests"),
        (Asked(error=UnavailableError("GitHub is down")), "unknown", "GitHub is down"),
    ],
)
def test_how_a_commit_came_to_main(github: Asked, outcome: str, reason: str) -> None:
    """By its pull request, by a push, or nobody knows; twelve hours after it that is final."""
    report, found = recorded(github)
    assert (found, report.warnings) == ({ONE: outcome}, ())
    (event,) = report.recorded
    assert reason in str(event.evidence.reason)
    if outcome == "pushed":
        assert event.evidence.by == "mallory"
    report, found = recorded(replace(github, asked=[]), [(ONE, OLD + SECOND)])
    if outcome != "unknown":
        assert found == {ONE: outcome}
        return
    assert (found, [each.code for each in report.warnings]) == ({}, ["rules-not-recorded"])
    assert reason in report.warnings[0].message


def test_of_a_commit_whose_pull_request_is_known_no_push_is_asked() -> None:
    """Nor its dismissals, unless a review of it was dismissed."""
    github = Asked(pulls={ONE: (merged(),)})
    recorded(github)
    assert github.asked == ["pulls_of", "reviews"]
    later = Dismissal(review_id=1, by=an_actor("bob"), state="APPROVED", at=OLD + MINUTE)
    gone = replace(ERINS, state="DISMISSED")
    github = Asked(pulls={ONE: (merged(),)}, reviews=(gone,), dismissals=(later,))
    assert recorded(github)[1] == {ONE: "reviewed"}
    assert github.asked == ["pulls_of", "reviews", "history"]


@pytest.mark.parametrize("github", [Asked(moves=(moved(),)), Asked(pulls={ONE: (merged(),)}, reviews=())])
@pytest.mark.parametrize(
    ("age", "waits"),
    [(GITHUB_LAG - SECOND, True), (GITHUB_LAG, False), (SECOND - GITHUB_LAG, True), (-GITHUB_LAG, False)],
)
def test_what_github_may_still_list_is_waited_for(github: Asked, age: timedelta, waits: bool) -> None:
    """A pull request, or a review of it: for a quarter of an hour, whatever date the commit has."""
    report, found = recorded(replace(github, asked=[]), [(ONE, NOW - age)])
    assert (found == {}) is waits
    assert [("may lag" in each.message) for each in report.warnings] == [True] * waits


def test_a_reviewed_change_waits_for_nothing() -> None:
    """All that there is to know is known."""
    assert recorded(Asked(pulls={ONE: (merged(),)}), [(ONE, NOW)])[1] == {ONE: "reviewed"}


def test_what_waits_lets_nothing_pass_it() -> None:
    """The oldest are recorded, up to one that must wait."""
    github = Asked(pulls={ONE: (merged(),), THREE: (merged(THREE),)})
    touching = [(ONE, OLD), (TWO, NOW - HOUR), (THREE, OLD)]
    report, found = recorded(github, touching)
    assert (found, len(report.warnings)) == ({ONE: "reviewed"}, 1)
    assert TWO[:10] in report.warnings[0].message
    many = [(sha(f"many {each}"), OLD) for each in range(RULE_CHANGES + 1)]
    report, found = recorded(Asked(), many)
    assert (list(found), report.warnings) == ([each for each, _ in many[:RULE_CHANGES]], ())


@pytest.mark.parametrize(("left", "recorded_"), [(300, True), (299, False), (None, True), (0, False)])
def test_the_last_calls_of_the_hour_are_left_to_others(left: int | None, recorded_: bool) -> None:
    """To grants and ends; where GitHub does not say how many there are, all are."""
    report, found = recorded(Asked(pulls={ONE: (merged(),)}, left=left))
    assert (found == {ONE: "reviewed"}) is recorded_
    assert [each.message for each in report.warnings] == (
        [] if recorded_ else [f"waiting: 1 change of the rules, as GitHub allows {left} more calls now"]
    )


def a_record(commit: Sha, kind: EventType = EventType.RULES) -> Event:
    """What an earlier run recorded of a commit."""
    return an_outcome(kind, request="", commit=commit, account="prod")


WEEKS = [(ONE, NOW - 20 * DAY), (TWO, NOW - 2 * DAY), (THREE, NOW - BEGINS_BEFORE), (LAST, OLD)]


@pytest.mark.parametrize(
    ("told", "earlier", "due"),
    [
        ([], False, {THREE, LAST}),
        ([], True, {ONE, TWO, THREE, LAST}),
        ([a_record(TWO)], False, {THREE, LAST}),
        ([a_record(TWO), a_record(LAST)], False, {THREE}),
        ([a_record(ONE)], False, {TWO, THREE, LAST}),
        ([a_record(sha("older than these weeks"))], False, {ONE, TWO, THREE, LAST}),
        ([a_record(TWO, EventType.FAILED)], False, {THREE, LAST}),
        ([a_record(each) for each, _ in WEEKS], False, set()),
    ],
)
def test_the_record_begins_with_the_first_run_and_the_day_before(
    told: list[Event], earlier: bool, due: set[Sha]
) -> None:
    """From then on each commit is due until it is recorded; where the record is older, each of these weeks."""
    report, found = recorded(Asked(), WEEKS, told=told, earlier=earlier)
    assert (set(found), report.warnings) == (due, ())


def test_a_record_in_these_weeks_is_no_older_one() -> None:
    """Its message is counted in both looks."""
    run = PlainRun()
    message = f"New\n\n{commit_message.RECORD}: {commit_message.RULES}\n"
    run.push(an_outcome(EventType.FAILED, commit=sha("x")), message=message)
    assert set(recorded(Asked(), WEEKS, run=run)[1]) == {THREE, LAST}


def test_nothing_is_asked_where_nothing_is_due() -> None:
    """Nor in a dry run, nor where the ledger is in doubt; nothing is written then."""
    for report, doubt in ((Report(dry=True), ""), (Report(), "why")):
        github, run = Asked(), PlainRun()
        found, _ = recorded(github, report=report, run=run, doubt=doubt)
        assert (found, github.asked, run.written) == (report, [], [])
    github, run = Asked(), PlainRun()
    found, _ = recorded(github, [], run=run)
    assert (found, github.asked, run.written, run.slept) == (Report(), [], [], [])


def test_a_ledger_that_takes_nothing_is_a_warning() -> None:
    """It fails no run; what was reported before stays."""
    run = PlainRun()

    def fails() -> None:
        raise UnavailableError("GitHub is down")

    run.before_write = fails
    before = an_outcome(EventType.GRANTED)
    report, found = recorded(Asked(), run=run, report=Report(recorded=(before,)))
    assert (found, report.recorded) == ({}, (before,))
    assert [each.message for each in report.warnings] == [
        "changes of the rules are not recorded yet: GitHub is down"
    ]
    assert report.exit_code == 0
