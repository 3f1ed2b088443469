"""What is written on a pull request, in memory: nothing that is right already, one comment and no twin, and no part for another."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock

import pytest
from acme_facts import HEAD, MERGE, MERGED_AT, MINUTE, NOW, sha, the_settings
from builders import a_change, a_pull, a_request_state, an_approval
from comment_facts import a_summary
from plain_trees import PlainTrees

from jitbot.adapters import documents
from jitbot.domain.model.documents import Finding, FindingLevel, Sha
from jitbot.domain.model.errors import DeniedError, JitbotError, UnavailableError
from jitbot.domain.model.github_objects import Comment, PullPage, Status, StatusState
from jitbot.domain.model.merge_facts import PullReading, PullRequest
from jitbot.domain.request.new_request import APPROVAL, CHECK
from jitbot.domain.rule_effects.compare import RuleEffects
from jitbot.domain.rule_effects.rule_report import RuleReport
from jitbot.domain.views import merged_comment
from jitbot.domain.views.comment_body import MARKER
from jitbot.domain.views.merged_comment import MergedRequest
from jitbot.usecases.context import Context
from jitbot.usecases.ledger import ledger_view
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.pull_request import closing, commenting
from jitbot.usecases.pull_request.commenting import (
    edited_together,
    keep,
    of_over,
    of_pull,
    of_undecided,
    put,
    with_comments,
)
from jitbot.usecases.pull_request.kept_comment import Shown, of_merged
from jitbot.usecases.pull_request.request_summary import Brief

REQUEST = "requests/orders-db-read/2026-11/24-alice-x.yaml"
BODY = f"what it is\n\n{MARKER}\n"
GOOD = Status(state=StatusState.SUCCESS, description="all good")
DOWN, REFUSED = UnavailableError("GitHub does not answer"), DeniedError("GitHub refuses")
OPEN = a_pull(merged_at=None, merged_by=None, merge_commit=None)


@dataclass(kw_only=True)
class Conversation:
    """Pull request 7 on GitHub, what is read and written there, and which calls fail; `after` they took effect."""

    comments: list[Comment] = field(default_factory=list)
    statuses: dict[str, Status] = field(default_factory=dict)
    pull: PullRequest = OPEN
    of_job: bool = True  # whether the token is that of a job
    apart: bool = False  # whether comments can only be read one by one
    faults: dict[str, JitbotError] = field(default_factory=dict)
    after: bool = False
    page: PullPage | None = None
    files: tuple[str, ...] = ()
    merges: Mapping[Sha, tuple[PullRequest, ...]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)

    @property
    def context(self) -> Context:
        """What a run sees of it."""

        def of(name: str, does: Callable[..., Any], *, writes: bool = False) -> Callable[..., Any]:
            def call(*given: Any) -> Any:
                (self.written if writes else self.calls).append(name)
                if name not in self.faults:
                    return does(*given)
                if self.after:
                    does(*given)
                raise self.faults[name]

            return call

        return cast(
            "Context",
            SimpleNamespace(
                github=SimpleNamespace(
                    read_pull=of("read_pull", lambda _: self.page),
                    pull=of("pull", lambda _: self.pull),
                    statuses=of("statuses", lambda _: self.statuses),
                    comments=of("comments", lambda _: tuple(self.comments)),
                    comments_of=of("comments_of", self._comments_of),
                    files=of("files", lambda _: self.files),
                    pulls_of=of("pulls_of", lambda commit: self.merges.get(commit, ())),
                ),
                github_write=SimpleNamespace(
                    set_status=of("set_status", lambda _, name, status, __: self.statuses.update({name: status}), writes=True),
                    retitle=of("retitle", lambda _, title: setattr(self, "pull", replace(self.pull, title=title)), writes=True),
                    post_comment=of("post_comment", self._post, writes=True),
                    edit_comment=of("edit_comment", self._edit, writes=True),
                    edit_comments=of("edit_comments", lambda _: None, writes=True),
                    remove_comment=of("remove_comment", self._remove, writes=True),
                    close_pull=of("close_pull", lambda _: None, writes=True),
                ),
                settings=the_settings(),
            ),
        )  # fmt: skip

    def _comments_of(self, numbers: Iterable[int]) -> Mapping[int, tuple[Comment, ...]]:
        return {} if self.apart else dict.fromkeys(numbers, tuple(self.comments))

    def _post(self, _: int, body: str) -> Comment:
        made = Comment(comment_id=90 + len(self.comments), by_actions=self.of_job, body=body)
        self.comments.append(made)
        return made

    def _edit(self, comment_id: int, body: str) -> None:
        self.comments = [
            replace(each, body=body) if each.comment_id == comment_id else each for each in self.comments
        ]

    def _remove(self, comment_id: int) -> None:
        self.comments = [each for each in self.comments if each.comment_id != comment_id]

    @property
    def texts(self) -> list[str]:
        """Of all comments."""
        return [each.body for each in self.comments]


def ours(number: int = 1, body: str = BODY, **changes: Any) -> Comment:
    """A comment of jitbot's."""
    return replace(Comment(comment_id=number, by_actions=True, body=body, node_id=f"n{number}"), **changes)


def test_what_is_right_is_not_written() -> None:
    """Neither a status, nor a title, nor a comment whose line ends GitHub changed."""
    github = Conversation(comments=[ours(body=BODY.replace("\n", "\r\n") + " ")], statuses={CHECK: GOOD})
    shown = Shown(number=7, body=BODY, title="t", was_titled="t", statuses=((CHECK, GOOD),), head=HEAD)
    assert not put(github.context, shown, run="run")
    assert github.written == []


def test_what_differs_is_written_and_nothing_else() -> None:
    """Each part by itself; what was read already is not read again."""
    other = Status(state=StatusState.PENDING, description="x")
    for shown, written in (
        (Shown(number=7, statuses=((CHECK, GOOD), (APPROVAL, other)), head=HEAD), ["set_status"]),
        (Shown(number=7, statuses=((APPROVAL, other),)), []),  # of no head
        (Shown(number=7, title="new", was_titled="old"), ["retitle"]),
        (Shown(number=7, was_titled="old"), []),
        (Shown(number=7, body=BODY), ["post_comment"]),
        (Shown(number=7, body=BODY, begin=False), []),
        (Shown(number=7), []),
    ):
        github = Conversation(statuses={CHECK: GOOD})
        assert put(github.context, shown, run="run") is bool(written)
        assert github.written == written
    read = Shown(number=7, body=BODY, statuses=((CHECK, GOOD),), head=HEAD, statuses_there={CHECK: GOOD}, comments_there=(ours(),))  # fmt: skip
    github = Conversation()
    assert not put(github.context, read, run="run")
    assert github.calls == []


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ({"set_status": REFUSED}, DeniedError),
        ({"set_status": REFUSED, "retitle": DOWN}, UnavailableError),
        ({"set_status": DOWN, "retitle": REFUSED}, UnavailableError),
    ],
)
def test_what_one_part_meets_holds_up_no_other(
    faults: dict[str, JitbotError], said: type[JitbotError]
) -> None:
    """All are tried; what may work the next time is said first, and nothing is closed."""
    github = Conversation(faults=faults)
    shown = Shown(number=7, body=BODY, title="t", statuses=((CHECK, GOOD),), head=HEAD, close=OPEN.head)
    with pytest.raises(said):
        put(github.context, shown, run="run")
    assert github.written == ["set_status", "retitle", "post_comment"]


@pytest.mark.parametrize(
    ("pull", "close", "closed"),
    [
        (OPEN, OPEN.head, True),
        (OPEN, None, False),
        (replace(OPEN, head=sha("pushed")), OPEN.head, False),
        (replace(OPEN, closed_at=NOW), OPEN.head, False),
        (replace(OPEN, merged_at=NOW), OPEN.head, False),
    ],
)
def test_it_is_closed_as_it_was_judged(pull: PullRequest, close: Sha | None, *, closed: bool) -> None:
    """Its author may have pushed, or somebody closed or merged it, meanwhile."""
    github = Conversation(pull=pull)
    assert put(github.context, Shown(number=7, close=close), run="run") is closed
    assert github.written == (["close_pull"] if closed else [])


@pytest.mark.parametrize(
    ("there", "after", "written"),
    [
        ((), [BODY], ["post_comment"]),
        ((ours(body=f"old {MARKER}"),), [BODY], ["edit_comment"]),
        ((ours(3), ours(2, f"old {MARKER}")), [BODY], ["remove_comment", "edit_comment"]),
        ((ours(2), ours(3)), [BODY], ["remove_comment"]),
        ((ours(by_actions=False),), [BODY, BODY], ["post_comment"]),  # anybody may write the marker
        ((ours(body="by another workflow"),), ["by another workflow", BODY], ["post_comment"]),
    ],
)
def test_one_comment_stays(there: tuple[Comment, ...], after: list[str], written: list[str]) -> None:
    """The oldest of jitbot's own; other people's are left alone."""
    for apart in (False, True):
        github = Conversation(comments=list(there), apart=apart)
        assert keep(github.context, 7, BODY, begin=True)
        assert (github.texts, github.written) == (after, written)
        assert ("comments" in github.calls) is apart


def test_where_all_comments_cannot_be_read_together_they_are_read_alone() -> None:
    """An error of the one way is none of the other."""
    github = Conversation(comments=[ours()], faults={"comments_of": DOWN})
    assert not keep(github.context, 7, BODY, begin=True)
    assert github.calls == ["comments_of", "comments"]


def test_a_comment_whose_answer_was_lost_is_not_made_twice() -> None:
    """After the write all are read back; where none is there, the next run makes it."""
    github = Conversation(faults={"post_comment": DOWN}, after=True)
    assert keep(github.context, 7, BODY, begin=True)
    assert github.texts == [BODY]
    github = Conversation(faults={"post_comment": DOWN})
    with pytest.raises(UnavailableError, match="does not answer"):
        keep(github.context, 7, BODY, begin=True)
    twice = Conversation()
    twice.faults = {"post_comment": DOWN}
    twice.after = True
    twice.comments = [ours(5, by_actions=False)]
    assert keep(twice.context, 7, BODY, begin=True)
    assert len(twice.comments) == 2


def test_a_comment_that_is_not_there_after_it_was_made_is_said() -> None:
    """Unless GitHub named it in its answer: what it lists may lag."""
    github = Conversation()
    lagging = github.context
    github.comments = []
    lagging.github.comments_of = lambda numbers: dict.fromkeys(numbers, ())  # type: ignore[method-assign]
    assert keep(lagging, 7, BODY, begin=True)
    assert github.texts == [BODY]


def test_a_persons_token_leaves_no_comment() -> None:
    """It could not be found again."""
    github = Conversation(of_job=False)
    with pytest.raises(DeniedError, match="not that of a job"):
        keep(github.context, 7, BODY, begin=True)
    assert github.texts == []


OLD = f"old {MARKER}"


def test_comments_of_which_only_the_text_changes_are_edited_together() -> None:
    """Two or more; the others are left to be put one by one."""
    there = {
        1: (ours(1, OLD),),
        2: (ours(2, OLD), ours(9, "hi", by_actions=False)),
        3: (ours(3),),  # right already
        4: (ours(4, OLD), ours(5, OLD)),  # a twin
        5: (ours(6, OLD, node_id=""),),
        6: (),
    }
    shown = [Shown(number=number, body=BODY, comments_there=each) for number, each in there.items()]
    shown += [Shown(number=8, comments_there=(ours(8, OLD),)), Shown(number=9, body=BODY)]
    github = Conversation()
    right, numbers = edited_together(github.context, shown)
    assert (set(numbers), github.written) == ({1, 2}, ["edit_comments"])
    assert [each.comments_there for each in right[:2]] == [(ours(1),), (ours(2),)]
    assert right[2:] == shown[2:]
    alone = Conversation()
    assert edited_together(alone.context, shown[1:]) == (shown[1:], frozenset())
    assert alone.written == []
    failing = Conversation(faults={"edit_comments": DOWN})
    assert edited_together(failing.context, shown) == (shown, frozenset())


def test_comments_are_read_together_where_they_are_needed() -> None:
    """Of what has a text and was not read; an error leaves each to itself."""
    shown = [Shown(number=1, body=BODY), Shown(number=2), Shown(number=3, body=BODY, comments_there=())]
    github = Conversation(comments=[ours()])
    first, *rest = with_comments(github.context, shown)
    assert (first.comments_there, rest) == ((ours(),), shown[1:])
    assert with_comments(Conversation(faults={"comments_of": DOWN}).context, shown) == shown
    none = Conversation()
    assert with_comments(none.context, shown[1:]) == shown[1:]
    assert none.calls == []


def a_brief(**changes: Any) -> Brief:
    """Of a pull request that asks for nothing."""
    return replace(Brief(summaries=(), findings=(), alone=False, doubt=""), **changes)


WRONG = Finding(code="bad", message="it is bad", file="x")
NOTED = replace(WRONG, level=FindingLevel.WARNING)


TOO_MANY = RuleReport(effects=RuleEffects(), findings=(), uncompared="too many files")


def shown_of(monkeypatch: pytest.MonkeyPatch, brief: Brief, **changes: Any) -> Shown:
    """What an open pull request of this brief should show."""
    monkeypatch.setattr(commenting, "brief", lambda *_, **__: brief)
    return of_pull(Conversation(**changes).context, 7, NOW)


@pytest.mark.parametrize(
    ("brief", "check", "approval", "begins", "said"),
    [
        (a_brief(), "all good", "no access is asked for here", False, "asks for nothing any more"),
        (a_brief(findings=(NOTED,)), "all good", "no access is asked for here", False, ""),
        (a_brief(findings=(WRONG, WRONG)), "2 to fix: bad", "no access is asked for here", False, ""),
        (a_brief(findings=(WRONG,), unread=True), "1 to fix: bad", "can be judged once the check is green", True, "it is bad"),
        (a_brief(findings=(replace(WRONG, code="x" * 200),)), f"1 to fix: {'x' * 129}…", "no access is asked for here", False, ""),
        (a_brief(findings=(replace(WRONG, code="x" * 130),)), f"1 to fix: {'x' * 130}", "no access is asked for here", False, ""),
        (a_brief(rules=RuleReport(effects=RuleEffects(), findings=())), "all good", "no access is asked for here", False, "changes nothing that anybody may do"),
        (a_brief(rules=TOO_MANY), "all good", "no access is asked for here", True, "too many files"),
        (a_brief(rules=RuleReport(effects=RuleEffects(), findings=(WRONG,)), findings=(WRONG,)), "1 to fix: bad", "no access is asked for here", True, ""),
    ],
)  # fmt: skip
def test_statuses_of_what_asks_for_nothing(
    monkeypatch: pytest.MonkeyPatch, brief: Brief, check: str, approval: str, begins: bool, said: str
) -> None:
    """What is wrong is counted, each code once; a comment is begun only where there is something to say."""
    shown = shown_of(monkeypatch, brief)
    assert {name: status.description for name, status in shown.statuses} == {CHECK: check, APPROVAL: approval}
    states = [status.state for _, status in shown.statuses]
    assert states == [
        StatusState.SUCCESS if check == "all good" else StatusState.FAILURE,
        StatusState.PENDING if brief.unread else StatusState.SUCCESS,
    ]
    assert (shown.begin, shown.title, shown.head, shown.number) == (begins, "", OPEN.head, 7)
    assert said in shown.body


def test_statuses_of_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Green where GitHub waits for the approvals by itself, else not; a title where requests are all that it touches."""
    shown = shown_of(monkeypatch, a_brief(summaries=(a_summary(),), alone=True, rules=TOO_MANY))
    assert (dict(shown.statuses)[APPROVAL].state, shown.begin) == (StatusState.SUCCESS, True)
    assert shown.title.startswith("alice: orders-db-read in prod")
    assert "This also changes the rules." in shown.body
    judged = a_brief(summaries=(replace(a_summary(), awaiting=None),))
    shown = shown_of(monkeypatch, judged)
    assert dict(shown.statuses)[APPROVAL].state is StatusState.PENDING
    assert (shown.title, shown.begin, "the rules." in shown.body) == ("", True, False)


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("reads", [False, True])
def test_what_a_merged_request_shows_of_main_now(
    monkeypatch: pytest.MonkeyPatch, *, reads: bool, there: bool
) -> None:
    """Its policy's description, and whether its file is still there; of another pull request the ledger says nothing."""
    told: list[MergedRequest] = []

    def shows(found: Iterable[MergedRequest], **_: object) -> str:
        told.extend(found)
        return "what became of it"

    merged = MergedRequest(path=REQUEST, decision=an_approval(), state=a_request_state(), statuses=())
    monkeypatch.setattr(merged_comment, "merged_requests", lambda *given: [merged] if given[2] == 7 else [])
    monkeypatch.setattr(merged_comment, "outcome", shows)
    git = PlainTrees()
    git.files |= {REQUEST: b"x"} if there else {}
    git.files |= {} if reads else {"policies/access/orders-db-read.yaml": b"x: ["}
    context = Conversation().context
    context.git, context.documents, context.github = git, documents, Mock()  # type: ignore[misc, assignment]
    history: Any = SimpleNamespace(events=(), states={}, doubt_of=lambda path: f"who knows of {path}")
    assert of_merged(context, history, 7, NOW) == Shown(number=7, body="what became of it")
    (one,) = told
    assert one.description == ("Read one DynamoDB table of the order system" if reads else "")
    assert (one.gone, one.doubt) == (not there, f"who knows of {REQUEST}")
    assert of_merged(context, history, 8, NOW) == Shown(number=8)


def a_page(pull: PullRequest = OPEN) -> PullPage:
    """The pull request read in one call, with what is there."""
    reading = PullReading(pull=pull, files=None, reviews=None, commits=None, history=None)
    return PullPage(reading=reading, statuses={CHECK: GOOD}, comments=(ours(),))


def test_what_was_read_with_the_pull_request_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it cannot be read in one call, it is asked alone."""
    shown = shown_of(monkeypatch, a_brief(), page=a_page())
    assert (shown.statuses_there, shown.comments_there) == ({CHECK: GOOD}, (ours(),))
    elsewhere = shown_of(monkeypatch, a_brief(), page=a_page(), pull=replace(OPEN, base_branch="other"))
    assert elsewhere == shown
    for changes in ({}, {"faults": {"read_pull": DOWN}, "page": a_page()}):
        apart = shown_of(monkeypatch, a_brief(), **changes)
        assert (apart.statuses_there, apart.comments_there) == (None, None)


def test_a_pull_request_into_another_branch_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks main for nothing."""
    assert shown_of(monkeypatch, a_brief(), pull=replace(OPEN, base_branch="other")) == Shown(number=7)


@pytest.mark.parametrize(
    ("changes", "recorded", "why", "body", "begin"),
    [
        ({"pull": replace(OPEN, closed_at=NOW)}, "", "", "asks for nothing any more", False),
        ({"pull": replace(OPEN, closed_at=NOW)}, "", "it is over", "it is over", False),
        ({"pull": replace(OPEN, closed_at=NOW)}, "recorded", "it is over", "recorded", True),
        ({"pull": a_pull(), "files": ("policies/x", REQUEST)}, "", "", "Merged, and not decided yet", False),
        ({"pull": a_pull(), "files": ("policies/x",)}, "", "", "", True),
        ({"pull": a_pull(), "files": (REQUEST,)}, "recorded", "", "recorded", True),
    ],
)
def test_what_is_said_of_one_that_is_not_open(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], recorded: str, why: str, body: str, begin: bool
) -> None:
    """What the ledger says of it; else that it can give nothing, or that it is not decided. Of rules nothing is said."""
    monkeypatch.setattr(ledger_view, "read", lambda *_: SimpleNamespace(doubt=""))
    monkeypatch.setattr(commenting, "of_merged", lambda *_: Shown(number=7, body=recorded))
    monkeypatch.setattr(closing, "why", lambda *_: why)
    shown = of_pull(Conversation(**changes).context, 7, NOW)
    assert (body in shown.body, bool(shown.body), shown.begin) == (True, bool(body), begin)


def test_a_ledger_in_doubt_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be checked may be an end."""
    monkeypatch.setattr(ledger_view, "read", lambda *_: SimpleNamespace(doubt="who knows"))
    with pytest.raises(UnavailableError, match="who knows"):
        of_pull(Conversation(pull=a_pull()).context, 7, NOW)


def test_what_can_give_nothing_is_to_be_closed_at_its_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason."""
    monkeypatch.setattr(closing, "over", lambda *_: [(OPEN, "it is over")])
    (shown,) = of_over(Conversation().context, cast("LedgerView", None), NOW)
    assert (shown.number, shown.close, "it is over" in shown.body) == (7, OPEN.head, True)


def undecided(
    monkeypatch: pytest.MonkeyPatch, commits: int, shown: Iterable[int] = (), recorded: str = "", **pull: Any
) -> list[Shown]:
    """What is said of the merges of so many commits that are due."""
    made = [
        a_change(commit=sha(f"merge {number}"), committed_at=MERGED_AT + number * MINUTE)
        for number in range(commits)
    ]
    portion = SimpleNamespace(changes=[(each, None) for each in reversed(made)])
    monkeypatch.setattr(commenting, "due", lambda *_: [portion])
    monkeypatch.setattr(commenting, "of_merged", lambda *given: Shown(number=given[2], body=recorded))
    merges = {
        each.commit: (replace(a_pull(number=number, merge_commit=each.commit), **pull),)
        for number, each in enumerate(made)
    }
    context = Conversation(merges=merges).context
    return list(of_undecided(context, cast("LedgerView", None), shown, NOW))


def test_the_latest_merges_that_are_undecided_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten of them, whose pull requests are not shown already; where something is recorded of one, that is said."""
    assert [each.number for each in undecided(monkeypatch, 12)] == list(range(2, 12))
    assert [each.number for each in undecided(monkeypatch, 3, shown=[1])] == [0, 2]
    found = undecided(monkeypatch, 1)[0]
    assert (found.begin, found.body == "recorded") == (False, False)
    assert undecided(monkeypatch, 1, recorded="recorded") == [Shown(number=0, body="recorded")]
    assert undecided(monkeypatch, 3, number=7)[0].number == 7
    assert len(undecided(monkeypatch, 3, number=7)) == 1
    assert undecided(monkeypatch, 1, merge_commit=MERGE) == []
    assert undecided(monkeypatch, 1, base_branch="other") == []
    assert undecided(monkeypatch, 1, repository_id=1) == []
