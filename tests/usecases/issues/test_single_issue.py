"""The issues that the workflows keep, in memory: one for each mark, as it should be, and closed when nothing needs it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from acme_facts import BASE, HEAD, HOUR, MERGED_AT, NOW
from builders import an_approval

from jitbot.domain.access.post_review import PendingReview, pending_reviews
from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.verify.verdict import AuditVerdict
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.errors import JitbotError, UnavailableError
from jitbot.domain.model.github_objects import Issue
from jitbot.ports.issues import Issues
from jitbot.usecases.context import Context, Run
from jitbot.usecases.issues import alert_issue, protection_issue
from jitbot.usecases.issues.post_review_issue import asked_for
from jitbot.usecases.issues.protection_issue import keep_protection_issue
from jitbot.usecases.issues.single_issue import keep_one, twin

MARK = "<!-- mark -->"


def an_issue(
    number: int, text: str = "right", *, is_open: bool = True, mark: str = MARK, title: str = "t"
) -> Issue:
    """An issue of ours."""
    return Issue(number=number, title=title, body=f"{text}\n{mark}", is_open=is_open)


class Github:
    """Issues, of which some calls go wrong."""

    def __init__(self, *issues: Issue) -> None:
        self.issues = list(issues)
        self.calls: list[str] = []
        self.before_create: Callable[[], object] = lambda: None
        self.hides_new = False
        self.loses_answer: JitbotError | None = None

    def ours(self, _: datetime) -> tuple[Issue, ...]:
        """What the workflows opened."""
        return tuple(self.issues)

    def create(self, title: str, body: str) -> Issue:
        """Open one."""
        self.before_create()
        self.calls.append("create")
        made = Issue(number=len(self.issues) + 1, title=title, body=body, is_open=True)
        if not self.hides_new:
            self.issues.append(made)
        if self.loses_answer is not None:
            raise self.loses_answer
        return made

    def update(self, issue: Issue) -> None:
        """Make one as this."""
        self.calls.append(f"update {issue.number}")
        self.issues = [issue if each.number == issue.number else each for each in self.issues]


def keep(github: Github, *, needed: bool = True, is_open: bool = True) -> Github:
    """Keep the one issue, which says `right`."""

    def wanted(issue: Issue, twin_of: int | None) -> Issue:
        if twin_of is not None:
            return twin(issue, "t", twin_of, f"\n{MARK}")
        return an_issue(issue.number, is_open=is_open)

    keep_one(cast("Issues", github), github.issues, wanted, marker=MARK, since=NOW, needed=needed)
    return github


def test_an_issue_is_opened_where_there_is_none_and_one_is_needed() -> None:
    """One without the mark is not it; where none is needed none is opened."""
    github = keep(Github(an_issue(1, mark="<!-- another -->")))
    assert (github.calls, len(github.issues)) == (["create"], 2)
    assert keep(Github(), needed=False).calls == []
    assert keep(github).calls == ["create"]


@pytest.mark.parametrize(
    ("there", "needed", "is_open", "calls"),
    [
        ([an_issue(1)], True, True, []),
        ([an_issue(1, "edited")], True, True, ["update 1"]),
        ([an_issue(1, is_open=False)], True, True, ["update 1"]),
        ([an_issue(1)], False, False, ["update 1"]),
        ([an_issue(1, is_open=False)], False, False, []),
        ([an_issue(2), an_issue(1)], True, True, ["update 2"]),
        ([an_issue(2, is_open=False), an_issue(1)], True, True, []),
        ([an_issue(2), an_issue(1, "edited", is_open=False)], True, True, ["update 1", "update 2"]),
    ],
)
def test_an_issue_is_made_as_it_should_be(
    there: list[Issue], needed: bool, is_open: bool, calls: list[str]
) -> None:
    """The oldest; a second one is closed, and left alone from then on."""
    github = keep(Github(*there), needed=needed, is_open=is_open)
    assert github.calls == calls
    assert [each.is_open for each in sorted(github.issues, key=lambda each: each.number)][1:] in ([], [False])
    if len(there) > 1 and "update 2" in calls:
        assert "#1" in next(each.body for each in github.issues if each.number == 2)


def test_an_answer_that_is_lost_opens_no_second_one() -> None:
    """The issues are read again; where none is there the error stays."""
    github = Github()
    github.loses_answer = UnavailableError("lost")
    assert (keep(github).calls, len(github.issues)) == (["create"], 1)
    github = Github()
    github.loses_answer, github.hides_new = UnavailableError("lost"), True
    with pytest.raises(UnavailableError, match="lost"):
        keep(github)


def test_of_two_that_were_opened_at_once_the_older_stays() -> None:
    """Whether GitHub lists the new one already or not."""
    for hides in (False, True):
        github = Github()
        github.hides_new = hides
        github.before_create = lambda github=github: github.issues.append(an_issue(1))  # type: ignore[misc]
        keep(github)
        assert github.calls == ["create", "update 2"]


def a_verdict(*problems: tuple[Severity, str]) -> AuditVerdict:
    """A verdict with these findings, each about this commit."""
    found = tuple(
        AuditFinding(
            code="x", severity=severity, message="it | is", hint="look", event="", commit=commit, request=""
        )
        for severity, commit in problems
    )
    return AuditVerdict(head=HEAD, main=BASE, checked={"events": 1}, problems=found)


def context(github: Github) -> Context:
    """A run with these issues."""
    return cast("Context", SimpleNamespace(issues=github, run=Run(url="https://run")))


GOOD, BROKEN = a_verdict((Severity.NOTE, "c")), a_verdict((Severity.BROKEN, "c" * 40))
UNCHECKED = a_verdict((Severity.UNCHECKED, ""))


def alerted(github: Github, verdict: AuditVerdict | str, now: datetime = NOW) -> Github:
    """What a verification leaves, or one that stopped."""
    if isinstance(verdict, str):
        alert_issue.keep_stopped(context(github), verdict, now)
    else:
        alert_issue.keep_issue(context(github), verdict, now)
    return github


def test_a_failed_verification_has_one_issue_until_one_passes() -> None:
    """Its title says whether the record is broken, or could not be verified; a clean one opens none, and closes it."""
    assert alerted(Github(), GOOD).calls == []
    github = alerted(Github(), UNCHECKED)
    assert [each.title for each in github.issues] == ["The access record could not be verified"]
    alerted(github, BROKEN)
    (issue,) = github.issues
    assert issue.title == "The verification of the access record failed"
    assert f"(x, commit `{'c' * 40}`)" in issue.body
    alerted(github, GOOD)
    assert [each.is_open for each in github.issues] == [False]
    closed = list(github.calls)
    assert alerted(github, GOOD, NOW + HOUR).calls == closed
    alerted(github, BROKEN)
    assert [each.is_open for each in github.issues] == [True]


def test_a_verification_that_stopped_hides_nothing_that_was_found() -> None:
    """An open issue about a broken record stays as it is; any other says why it stopped."""
    github = alerted(Github(), "the clone | is cut")
    assert [each.title for each in github.issues] == ["The access record could not be verified"]
    assert "the clone" in github.issues[0].body
    github = alerted(Github(), BROKEN)
    found = github.issues[0]
    assert alerted(github, "cut").issues == [found]
    alerted(github, GOOD)
    assert "cut" in alerted(github, "cut").issues[0].body
    unchecked = alerted(Github(), UNCHECKED)
    assert "another reason" in alerted(unchecked, "another reason").issues[0].body


@pytest.mark.parametrize("verdict", [BROKEN, GOOD, "stopped"])
def test_a_second_alert_is_closed(verdict: Any) -> None:
    """It keeps its title, and names the first."""
    mark = alert_issue.MARKER
    github = Github(an_issue(1, mark=mark, title="a"), an_issue(2, mark=mark, title="b"))
    alerted(github, verdict)
    second = github.issues[1]
    assert (second.title, second.is_open, "#1" in second.body, "right" in second.body) == (
        "b",
        False,
        True,
        False,
    )


@pytest.mark.parametrize(("number", "more"), [(20, ""), (21, "- and 1 more")])
def test_only_so_many_findings_are_listed(number: int, more: str) -> None:
    """Notes are none of them; a commit that is no name is left out."""
    verdict = a_verdict((Severity.NOTE, "c"), *[(Severity.BROKEN, "a`b")] * number)
    lines = alert_issue.listed(verdict).splitlines()
    assert len([each for each in lines if each.startswith("- **")]) == 20
    assert lines[-1].startswith(more or "- **")
    assert "commit" not in lines[0]


def a_review(*reviewers: str) -> PendingReview:
    """A review that alice's break-glass needs, of these people."""
    named = [{"login": each, "github_id": 5} for each in reviewers]
    mark = {"review_by": "2026-11-25T09:00:00Z", "reviewers": named}
    evidence = {"pull_request": 7, "head": HEAD, "merged_at": "2026-11-24T09:00:00Z", "break_glass": mark}
    (found,) = pending_reviews([an_approval(evidence=evidence)])
    return found


BY_FRANK = replace(an_approval(), evidence=Evidence({"by": "frank", "submitted_at": "2026-11-24T10:00:00Z"}))
REVIEWED: dict[str, Any] = {"reviewed": BY_FRANK}
OBJECTED: dict[str, Any] = {"objections": (BY_FRANK,)}


def test_the_issue_of_a_review_says_who_may_give_it() -> None:
    """Or that nobody may; a second one is closed."""
    issue = asked_for(a_review("erin"), an_issue(1))
    assert ("@erin" in issue.body, issue.is_open, "objects" in issue.body) == (True, True, False)
    assert "(nobody is one now) must review it by" in asked_for(a_review(), an_issue(1)).body
    assert "@erin or @frank must review it by" in asked_for(a_review("erin", "frank"), an_issue(1)).body
    second = asked_for(a_review("erin"), an_issue(2), 1)
    assert (second.is_open, "#1" in second.body) == (False, True)
    for outcome, is_open, said in ((REVIEWED, False, "frank"), (OBJECTED, True, "frank")):
        issue = asked_for(replace(a_review("erin"), **outcome), an_issue(1))
        assert (issue.is_open, said in issue.body) == (is_open, True)


def a_loss(after: datetime | None) -> Any:
    """A safeguard that was lost."""
    return SimpleNamespace(
        safeguard=SimpleNamespace(title="Force | pushes", code="force-push"),
        loss=SimpleNamespace(since=NOW, after=after),
        check=SimpleNamespace(impact="history can be rewritten", fix="turn it on"),
    )


def protected(github: Github, *lost: Any, blind: bool = False, now: datetime = NOW) -> Github:
    """What a look at the protection leaves."""
    keep_protection_issue(context(github), lost, now, blind=blind)
    return github


def test_a_lost_protection_has_one_issue_until_it_is_seen_again() -> None:
    """A look that saw nothing closes none; it says when the safeguard was last seen, if it ever was."""
    assert protected(Github()).calls == []
    github = protected(Github(), a_loss(MERGED_AT))
    (issue,) = github.issues
    assert (issue.is_open, "last seen to hold at 2026-11-24T09:00:00Z" in issue.body) == (True, True)
    assert "last seen" not in protected(Github(), a_loss(None)).issues[0].body
    assert protected(github, blind=True).issues == [issue]
    protected(github)
    assert (github.issues[0].is_open, github.issues[0].title) == (False, issue.title)
    assert "All of it is seen to hold again" in github.issues[0].body
    closed = list(github.calls)
    assert protected(github, now=NOW + HOUR).calls == closed
    assert protected(github, blind=True, now=NOW + HOUR).calls == closed
    protected(github, a_loss(None), blind=True)
    assert github.issues[0].is_open


@pytest.mark.parametrize(("title", "kept"), [("b", "b"), ("", "A protection of main or ledger was lost")])
def test_a_second_issue_of_a_lost_protection_is_closed(title: str, kept: str) -> None:
    """It keeps its title, if it has one."""
    mark = protection_issue.MARKER
    github = Github(an_issue(1, mark=mark), an_issue(2, mark=mark, title=title))
    protected(github, a_loss(None))
    assert (github.issues[1].title, github.issues[1].is_open) == (kept, False)
