"""GitHub's answers of today against the attested ones, by plain values: what differs, what is missing, and when to stop."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from acme_facts import BASE, HEAD, MERGED_AT, MINUTE, NOW, PATH, an_actor, sha
from builders import a_case, a_change, a_merge, a_pull, a_review, an_approval, judged
from catalogue_facts import the_catalogue

from jitbot.domain.access import decision_event
from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.history.ledger_history import AttestedCommit, RecordedEvent
from jitbot.domain.ledger.events import EventType
from jitbot.domain.model.bounds import RESERVE
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import DeniedError, JitbotError, UnavailableError
from jitbot.domain.model.merge_facts import GONE, PullReading
from jitbot.ports.git import Git
from jitbot.ports.github_read import GitHubRead
from jitbot.usecases.audit.compare_github import fetch_heads, read_again

BATCH = AttestedCommit(
    commit=sha("batch"), order=1, at=NOW, issued_at=NOW, workflow="w", run="1", actor_id="1"
)
DOWN = UnavailableError("GitHub is down")


def approved(number: int = 7, *reviews: Any) -> RecordedEvent:
    """The record of an approval in this pull request, with what GitHub said of it then."""
    pull = a_pull(number=number)
    case = a_case(merge=a_merge(pull_request=pull, reviews=reviews or (a_review(),)), listed=(pull,))
    decision = judged(case)
    event = decision_event.of_decision(
        a_change(), case, decision, now=NOW, run="run", catalogue=the_catalogue()
    )
    return RecordedEvent(event=event, batch=BATCH, path=f"events/{number}.json")


@dataclass(slots=True, kw_only=True)
class Today:
    """GitHub's answers now; of a pull request there may be several, one after the other.

    `together` are its answers about many in one call; without them there is no such way.
    """

    pulls: dict[int, list[Any]] = field(default_factory=dict)
    reviewed: tuple[Any, ...] = (a_review(),)
    left: list[int | None] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    together: Mapping[int, PullReading] | None = None
    points: int | None = None
    calls: list[list[int]] = field(default_factory=list)

    def points_left(self) -> int | None:
        """How much of the other budget there is."""
        return self.points

    def read_reviews(self, numbers: Iterable[int]) -> Mapping[int, PullReading]:
        """Many in one call."""
        self.calls.append(list(numbers))
        if self.together is None:
            raise DOWN
        return {each: self.together[each] for each in self.calls[-1] if each in self.together}

    def calls_left(self) -> int | None:
        """How many calls there are, by each question."""
        return self.left.pop(0) if self.left else None

    def pull(self, number: int) -> Any:
        """A pull request, as it was unless said otherwise."""
        self.asked.append(number)
        given = self.pulls.get(number, [a_pull(number=number)])
        found = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(found, JitbotError):
            raise found
        return found

    def reviews(self, _: int) -> tuple[Any, ...]:
        """Its reviews."""
        return self.reviewed


def found(today: Today, *decisions: RecordedEvent, unanswered: set[str] | None = None) -> list[AuditFinding]:
    """How today differs; into `unanswered` come the paths of what GitHub did not answer for."""
    missing = set[str]() if unanswered is None else unanswered
    return list(read_again(cast("GitHubRead", today), decisions or (approved(),), missing))


def codes(findings: Iterable[AuditFinding]) -> list[tuple[str, str]]:
    """Each finding's code and weight."""
    return [(each.code, each.severity.name) for each in findings]


def test_what_is_as_it_was_is_no_finding() -> None:
    """And is asked for once, in the order that is wanted; what is no approval, or has no facts, is not asked for."""
    today = Today()
    plain = RecordedEvent(event=an_approval(), batch=BATCH, path="x")
    refused = replace(approved(9), event=replace(approved(9).event, kind=EventType.REFUSED))
    unanswered = set[str]()
    assert found(today, approved(8), approved(7), unanswered=unanswered) == []
    assert (today.asked, unanswered) == ([8, 7], set())
    today.asked.clear()
    assert found(today, approved(8), plain, refused, approved(7)) == []
    assert today.asked == [8, 7]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"author": an_actor("mallory")}, "author"),
        ({"head": BASE}, "head"),
        ({"merged_at": MERGED_AT + MINUTE}, "merged at"),
        ({"merge_commit": BASE}, "merge commit"),
        ({"base_branch": "other"}, "base branch"),
        ({"repository_id": 1}, "repository id"),
        ({"commit_count": 2}, "commit count"),
    ],
)
def test_a_pull_request_that_differs_is_broken(change: Mapping[str, Any], word: str) -> None:
    """If it says so twice: one answer that differs proves nothing."""
    other = replace(a_pull(), **change)
    today = Today(pulls={7: [other]})
    (finding,) = found(today)
    assert codes([finding]) == [("pull-request-differs", "BROKEN")]
    assert finding.message.endswith(f"differs today in its {word}")
    assert today.asked == [7, 7]
    assert found(Today(pulls={7: [other, a_pull()]})) == []


def test_an_author_who_left_is_no_difference() -> None:
    """What they did stays; anything else beside it is one."""
    assert found(Today(pulls={7: [a_pull(author=GONE)]})) == []
    (finding,) = found(Today(pulls={7: [a_pull(author=GONE, head=BASE)]}))
    assert finding.message.endswith("differs today in its head")


@pytest.mark.parametrize(
    ("now", "code", "severity"),
    [
        ([], "review-gone", "BROKEN"),
        ([a_review("frank")], "review-differs", "BROKEN"),
        ([a_review(commit=BASE)], "review-differs", "BROKEN"),
        ([a_review(submitted_at=MERGED_AT)], "review-differs", "BROKEN"),
        ([a_review(state="CHANGES_REQUESTED")], "review-differs", "BROKEN"),
        ([a_review(state="DISMISSED")], "review-dismissed-since", "NOTE"),
        ([a_review(), a_review("frank", review_id=2)], None, ""),
    ],
)
def test_a_review_that_differs_is_broken(now: list[Any], code: str | None, severity: str) -> None:
    """A dismissal since is a note, and a later review is nothing."""
    today = Today(reviewed=tuple(now))
    assert codes(found(today)) == ([(code, severity)] if code else [])
    assert len(today.asked) == (2 if severity == "BROKEN" else 1)


def test_a_review_that_was_dismissed_then_is_as_it_was() -> None:
    """Nothing has changed."""
    gone = a_review("frank", review_id=2, state="DISMISSED")
    today = Today(reviewed=(a_review(), gone))
    assert found(today, approved(7, a_review(), gone)) == []


def test_a_pull_request_that_is_not_shown_is_broken_and_counts_as_an_answer() -> None:
    """The others are read."""
    gone = DeniedError("not found")
    today = Today(pulls={9: [DOWN], 8: [DOWN], 7: [gone], 6: [DOWN], 5: [DOWN], 4: [a_pull(number=4)]})
    unanswered, asked = set[str](), [approved(number) for number in range(9, 3, -1)]
    findings = found(today, *asked, unanswered=unanswered)
    assert unanswered == {asked[at].path for at in (0, 1, 3, 4)}
    assert codes(findings) == [
        ("not-read-again", "UNCHECKED"),
        ("not-read-again", "UNCHECKED"),
        ("pull-request-gone", "BROKEN"),
        ("not-read-again", "UNCHECKED"),
        ("not-read-again", "UNCHECKED"),
    ]
    assert "#7 cannot be read: not found" in findings[2].message
    assert "not asked about" not in "".join(each.message for each in findings)


def test_a_github_that_is_out_of_reach_is_asked_no_more() -> None:
    """After three in a row, and the last finding says how many were not asked; an answer begins the count anew."""
    down = {number: [DOWN] for number in (9, 8, 6, 5, 4)}
    today = Today(pulls=dict(down))
    findings = found(today, *map(approved, range(9, 1, -1)))
    assert (len(findings), today.asked) == (5, [9, 8, 7, 6, 5, 4])
    assert findings[-1].message.endswith("GitHub is down; not asked about: 2 more approvals")
    assert "try again" in findings[-1].hint
    findings = found(Today(pulls={number: [DOWN] for number in (9, 8, 7)}), *map(approved, (9, 8, 7)))
    assert (len(findings), findings[-1].message.endswith("#7: GitHub is down")) == (3, True)


@pytest.mark.parametrize(("left", "asked"), [(RESERVE, True), (RESERVE - 1, False), (None, True), (0, False)])
def test_the_last_calls_are_left_to_other_runs(left: int | None, asked: bool) -> None:
    """That is a note, and says how many were not read."""
    today = Today(left=[None, *[left] * 5])
    unanswered, decisions = set[str](), [approved(number) for number in (8, 7, 6)]
    findings = found(today, *decisions, unanswered=unanswered)
    assert today.asked == ([8, 7, 6] if asked else [8])
    assert unanswered == (set() if asked else {each.path for each in decisions[1:]})
    assert codes(findings) == ([] if asked else [("calls-kept", "NOTE")])
    assert asked or "this approval and 1 other could not be read again" in findings[0].message


def readings(*numbers: int, **changes: Any) -> dict[int, PullReading]:
    """What one call for many shows of these."""
    parts: dict[str, Any] = {"reviews": (a_review(),), "files": None, "commits": None, "history": None}
    return {each: PullReading(**{**parts, "pull": a_pull(number=each), **changes}) for each in numbers}


def test_many_are_read_in_one_call() -> None:
    """REST is asked about none of those that are as they were, and a note is said by one answer."""
    every = [approved(number) for number in range(1, 251)]
    today, unanswered = Today(together=readings(*range(1, 251))), set[str]()
    assert found(today, *every, unanswered=unanswered) == []
    assert (today.asked, unanswered) == ([], set())
    assert [len(each) for each in today.calls] == [100, 100, 50]
    dismissed = Today(together=readings(7, reviews=(a_review(state="DISMISSED"),)))
    assert codes(found(dismissed)) == [("review-dismissed-since", "NOTE")]
    assert dismissed.asked == []


@pytest.mark.parametrize(
    ("together", "asked"),
    [
        (readings(), 2),
        (readings(7, reviews=None), 2),
        (readings(7, pull=a_pull(head=BASE)), 1),
        (readings(7, reviews=()), 1),
        (readings(7), 0),
    ],
)
def test_what_one_call_shows_otherwise_is_asked_again(together: dict[int, PullReading], asked: int) -> None:
    """Nothing is broken by one answer, and nothing is missed: what is not whole is REST's to say."""
    right = Today(together=together)
    assert found(right) == []
    assert len(right.asked) == (1 if asked else 0)
    gone = Today(together=together, reviewed=())
    assert codes(found(gone)) == ([("review-gone", "BROKEN")] if asked else [])
    assert len(gone.asked) == asked


def test_without_calls_the_other_budget_goes_on_and_without_both_nothing_is_asked() -> None:
    """One that only REST shows holds up none of those that come after it."""
    together = readings(6, 8)
    today, unanswered = Today(together=together, left=[0] * 5, points=RESERVE), set[str]()
    findings = found(today, *map(approved, (6, 7, 8)), unanswered=unanswered)
    assert (today.asked, unanswered) == ([], {"events/7.json"})
    (finding,) = findings
    assert ": this approval could not be read again: GitHub allows few more" in finding.message
    today = Today(together=together, left=[0] * 5, points=RESERVE - 1)
    (finding,) = found(today, *map(approved, (6, 7, 8)))
    assert "this approval and 2 others" in finding.message
    assert (today.asked, today.calls) == ([], [[]])


@dataclass(slots=True, kw_only=True)
class Heads:
    """A clone into which heads of pull requests are fetched."""

    remote: dict[int, Sha]
    here: dict[int, Sha] = field(default_factory=dict)
    fetches: list[list[int]] = field(default_factory=list)

    def fetch(self, heads: Iterable[int]) -> None:
        """All of these, or none."""
        wanted = list(heads)
        self.fetches.append(wanted)
        if lacking := [each for each in wanted if each not in self.remote]:
            raise UnavailableError(f"there is no {lacking[0]}")
        self.here |= {each: self.remote[each] for each in wanted}

    def pull_head(self, number: int) -> Sha | None:
        """What is here."""
        return self.here.get(number)


def heads(git: Heads, *numbers: int) -> list[AuditFinding]:
    """What the heads of approvals in these pull requests are today."""
    plain = RecordedEvent(event=an_approval(), batch=BATCH, path=PATH)
    return list(fetch_heads(cast("Git", git), [plain, *map(approved, numbers)]))


def test_the_heads_of_all_approvals_are_fetched_together() -> None:
    """One by one only where one is missing, and that one alone is a finding; one that moved is broken."""
    git = Heads(remote={7: HEAD, 8: HEAD})
    assert heads(git, 7, 8, 8) == []
    assert git.fetches == [[7, 8]]
    git = Heads(remote={7: HEAD, 9: BASE})
    findings = heads(git, 7, 8, 9)
    assert codes(findings) == [("head-gone", "UNCHECKED"), ("head-differs", "BROKEN")]
    assert "of #8 cannot be fetched: there is no 8" in findings[0].message
    assert findings[0].hint.startswith("what was approved can no longer be compared")
    assert git.fetches == [[7, 8, 9], [7], [8], [9]]
    many = Heads(remote=dict.fromkeys(range(60), HEAD))
    assert heads(many, *range(60)) == []
    assert [len(each) for each in many.fetches] == [50, 10]


def test_the_severities_are_those_of_the_audit() -> None:
    """What is broken says where to look."""
    (finding,) = found(Today(reviewed=()))
    assert (finding.severity, finding.commit, finding.request) == (Severity.BROKEN, BATCH.commit, PATH)
    assert finding.hint.startswith("somebody changed GitHub since")
