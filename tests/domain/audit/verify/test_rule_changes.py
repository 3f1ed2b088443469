"""The record of rules held against main, from plain values: each thing that it can say wrongly, and what it lacks."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import BASE, DAY, HOUR, MERGE, MERGED_AT, NOW, PEOPLE, SECOND, an_actor, sha, the_rules
from audit_facts import a_recorded
from builders import a_pull, a_review

from jitbot.domain.access.rule_changes.rule_event import RuleOrigin, rule_event
from jitbot.domain.access.rule_changes.rule_review import NO_APPROVAL, RuleReview
from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.verify.rule_changes import RuleHistory, problems
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence, RuleOutcome
from jitbot.domain.ledger.git_history import RuleChange
from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import Login
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.model.roster import Membership, Roster

CHANGE = RuleChange(commit=MERGE, at=MERGED_AT, subject="x", paths=("policies/people.yaml",), base=BASE)
OWNED = the_rules(codeowners=codeowners.parse("/policies/ @bob\n"))
BEFORE = {MERGE: OWNED}
REVIEWED = rule_event(
    CHANGE, RuleOrigin(pull_request=a_pull(), review=RuleReview(counted=(a_review(),))), now=NOW, run=""
)
UNREVIEWED = rule_event(
    CHANGE, RuleOrigin(pull_request=a_pull(), review=RuleReview(lacks=NO_APPROVAL)), now=NOW, run=""
)
PUSHED = rule_event(CHANGE, RuleOrigin(pushed_by=an_actor("olivia")), now=NOW, run="")


def saying(event: Event = REVIEWED, **evidence: Any) -> Event:
    """The event, which says something else."""
    return replace(event, evidence=Evidence({**event.evidence.json, **evidence}))


def found(
    *events: Event,
    changes: tuple[RuleChange, ...] = (CHANGE,),
    before: dict[Any, Rules] = BEFORE,
    now: Any = NOW,
) -> list[AuditFinding]:
    """What is wrong with a record of these events, when main has these changes."""
    history = RuleHistory(changes=changes, before=before)
    return list(problems([a_recorded(event) for event in events], history, now))


def codes(*events: Event, **changes: Any) -> list[str]:
    """What is wrong, by its codes."""
    return [each.code for each in found(*events, **changes)]


def why(event: Event, **changes: Any) -> str:
    """Why the one event is judged otherwise."""
    (one,) = found(event, **changes)
    assert one.code == "rules-judged-otherwise"
    return one.message.rpartition(": ")[2]


def test_what_is_true_is_not_called_wrong() -> None:
    """Of a review, of the lack of one, of a push, of what GitHub did not say; and of an older record, which is none."""
    unknown = rule_event(CHANGE, RuleOrigin(why="it lags"), now=NOW, run="")
    for event in (REVIEWED, UNREVIEWED, PUSHED, unknown):
        assert codes(event) == []
    assert codes() == codes(changes=(), now=NOW + 9 * DAY) == []
    granted = replace(REVIEWED, kind=EventType.GRANTED)
    assert codes(REVIEWED, granted) == codes(granted, changes=()) == []


def test_a_commit_is_mains_and_recorded_once() -> None:
    """A second event of it is one too many, and one of a commit that main does not have is another's."""
    assert codes(REVIEWED, REVIEWED) == ["rules-recorded-twice"]
    assert codes(REVIEWED, changes=()) == ["rules-not-on-main"]


@pytest.mark.parametrize(
    "evidence",
    [{"paths": ["policies/teams.yaml"]}, {"paths": None}, {"paths_count": 2}, {"paths_count": None}],
)
def test_what_was_changed_is_what_git_shows(evidence: dict[str, Any]) -> None:
    """Which files, and how many."""
    assert codes(saying(**evidence)) == ["rules-other-paths"]


def test_what_is_too_large_has_no_number() -> None:
    """Neither in git nor in the record."""
    large = replace(CHANGE, whole=False, paths=())
    assert codes(saying(paths=[], paths_count=None), changes=(large,)) == []
    assert codes(saying(paths=[], paths_count=0), changes=(large,)) == ["rules-other-paths"]
    unreviewed = saying(paths=[], paths_count=None, outcome="unreviewed")
    assert codes(unreviewed, changes=(large,)) == []  # nobody knows whose approval it needed


@pytest.mark.parametrize("outcome", list(RuleOutcome))
def test_an_outcome_has_its_facts(outcome: RuleOutcome) -> None:
    """With a pull request it was reviewed or not; without one it was pushed, or nobody knows."""
    by_pull = outcome in (RuleOutcome.REVIEWED, RuleOutcome.UNREVIEWED)
    other = saying(PUSHED if by_pull else REVIEWED, outcome=outcome)
    assert why(other).startswith(f"it is recorded as {outcome}, which its pull request, or the lack of one")


def test_an_outcome_is_one_that_is_known() -> None:
    """Another word says nothing that can be checked."""
    assert why(saying(outcome="fine")).endswith("fine")


def test_approvals_are_counted_again() -> None:
    """By the rules before the change: who did not count, that nobody did, and that somebody did after all."""
    own = saying(author={"login": "bob", "github_id": PEOPLE["bob"].github_id, "type": "User"})  # type: ignore[index]
    assert why(own) == "the approval of bob is recorded as counting, and that account is its author"
    assert NO_APPROVAL in why(saying(approvals=[]))
    assert "it was approved" in why(saying(outcome="unreviewed"))
    assert codes(saying(outcome="unreviewed"), before={}) == []  # the rules before it are not here


def test_a_merge_without_its_time_was_when_it_was_recorded() -> None:
    """The owners are those of then: bob was one at the merge, and is none a minute later."""
    erin, member = (
        Membership(login=Login("erin")),
        Membership(login=Login("bob"), until=MERGED_AT + 30 * SECOND),
    )
    lines = codeowners.parse("/policies/ @acme/security\n")
    for_a_time = {MERGE: the_rules(codeowners=lines, teams=Roster.of({"acme/security": (member, erin)}))}
    assert codes(REVIEWED, before=for_a_time) == codes(saying(merged_at=None)) == []
    assert "who owns policies/people.yaml" in why(saying(merged_at=None), before=for_a_time)


def test_what_is_not_recorded_is_due_for_a_day() -> None:
    """To the second; a date ahead of the clock is no excuse, and what came before the first event is not looked for."""
    old, new = (replace(CHANGE, commit=sha(name), at=NOW) for name in ("old", "new"))
    changes = (old, CHANGE, new)
    (due,) = found(REVIEWED, changes=changes, now=NOW + DAY)
    assert (due.code, due.severity, due.commit) == ("rules-record-due", Severity.NOTE, sha("new"))
    for now in (NOW + DAY + SECOND, NOW - DAY - SECOND):
        (late,) = found(REVIEWED, changes=changes, now=now)
        assert (late.code, late.severity, late.commit) == ("rules-not-recorded", Severity.BROKEN, sha("new"))
        assert "cut short" in late.hint
    assert "the next run" in due.hint
    both = (CHANGE, new, replace(new, commit=sha("newer"), at=NOW - HOUR))
    assert len(found(REVIEWED, changes=both)) == 2
