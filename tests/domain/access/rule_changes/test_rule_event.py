"""What the record says of a change of the rules: how it came to main, by whom, and what is missing."""

from dataclasses import replace

import pytest
from acme_facts import HEAD, MERGE, MERGED_AT, NOW, an_actor
from builders import a_pull, a_review

from jitbot.domain.access.rule_changes.rule_event import (
    RuleOrigin,
    approvals_of,
    author_of,
    record_of_rules,
    rule_event,
)
from jitbot.domain.access.rule_changes.rule_review import NO_APPROVAL, RuleReview
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence, RecordedReview, RuleOutcome
from jitbot.domain.ledger.git_history import RuleChange

CHANGE = RuleChange(commit=MERGE, at=MERGED_AT, subject="change", paths=("policies/people.yaml",))
APPROVED = RuleReview(counted=(a_review(),), not_counted=((a_review("erin"), "did not approve"),))
ORIGINS = {
    RuleOutcome.REVIEWED: RuleOrigin(pull_request=a_pull(), review=APPROVED),
    RuleOutcome.UNREVIEWED: RuleOrigin(pull_request=a_pull(), review=RuleReview(lacks=NO_APPROVAL)),
    RuleOutcome.PUSHED: RuleOrigin(pushed_by=an_actor("olivia")),
    RuleOutcome.UNKNOWN: RuleOrigin(why="GitHub's lists may lag"),
}


def recorded(outcome: RuleOutcome) -> Event:
    """The event of a change that came so."""
    return rule_event(CHANGE, ORIGINS[outcome], now=NOW, run="https://github.com/acme/access/actions/runs/1")


@pytest.mark.parametrize("outcome", RuleOutcome)
def test_each_way_to_main_has_its_word(outcome: RuleOutcome) -> None:
    """By a pull request or by a push, and unknown where GitHub said neither: never one for the other."""
    assert ORIGINS[outcome].outcome is outcome
    evidence = recorded(outcome).evidence
    by_pull_request = outcome in (RuleOutcome.REVIEWED, RuleOutcome.UNREVIEWED)
    assert evidence.outcome == outcome
    assert (evidence.pull_request is not None) is by_pull_request
    assert evidence.by == ("olivia" if outcome is RuleOutcome.PUSHED else "")
    assert evidence.reason == {
        RuleOutcome.UNREVIEWED: NO_APPROVAL,
        RuleOutcome.UNKNOWN: "GitHub's lists may lag",
    }.get(outcome, "")


def test_who_did_what_is_recorded() -> None:
    """The author, whose approval counted, and whose did not, with why; the approval has no why."""
    event = recorded(RuleOutcome.REVIEWED)
    (counted,), (other,) = event.evidence.approvals, event.evidence.not_counted
    assert (counted.login, other.login, other.why) == ("bob", "erin", "did not approve")
    assert "why" not in counted.json
    assert author_of(event) == a_pull().author
    (approval,) = approvals_of(event)
    assert (approval.user, approval.commit) == (a_review().user, HEAD)
    assert (approval.review_id, approval.submitted_at) == (a_review().review_id, a_review().submitted_at)


@pytest.mark.parametrize(("whole", "count"), [(True, 1), (False, None)])
def test_of_a_commit_that_is_too_large_the_paths_are_not_counted(*, whole: bool, count: int | None) -> None:
    """Nobody read them all."""
    change = replace(CHANGE, whole=whole)
    event = rule_event(change, ORIGINS[RuleOutcome.REVIEWED], now=NOW, run="run")
    assert event.evidence.paths_count == count


def test_the_record_of_rules_is_of_events_about_rules() -> None:
    """Another event of the same commit is none of it; of two, the first counts."""
    event = recorded(RuleOutcome.PUSHED)
    other = replace(event, kind=EventType.APPROVED)
    assert record_of_rules([other, event, recorded(RuleOutcome.REVIEWED)]) == {MERGE: event}
    assert record_of_rules([other]) == {}


def test_what_was_pushed_has_no_author_of_a_pull_request() -> None:
    """Nobody is made up; who pushed is known by their id."""
    event = recorded(RuleOutcome.PUSHED)
    assert (author_of(event).login, author_of(event).github_id) == ("", 0)
    assert event.evidence.github_id == an_actor("olivia").github_id
    assert approvals_of(event) == ()


def test_an_approval_that_is_recorded_in_part_is_nobodys() -> None:
    """It has an id that nobody has, and was given when it was recorded: so it does not count, and nothing stops."""
    part = Evidence.of(Evidence.approvals([RecordedReview.of(RecordedReview.login("bob"))]))
    event = replace(recorded(RuleOutcome.REVIEWED), evidence=part)
    (approval,) = approvals_of(event)
    assert (approval.review_id, approval.user.github_id, approval.submitted_at) == (0, 0, event.at)
