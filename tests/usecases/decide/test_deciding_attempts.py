"""What is to be decided together, and what one attempt after another makes of it; by plain values of a case."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import create_autospec

import pytest
from acme_facts import BASE, HOUR, MERGED_AT, MINUTE, NOW, PATH, SECOND, a_request, an_actor, sha
from builders import a_case, a_change, a_merge, a_pull, a_review, an_approval
from catalogue_facts import the_catalogue

from jitbot.domain.access.approval import Verdict
from jitbot.domain.access.doubt import GITHUB_LAG
from jitbot.domain.access.too_large import TooLarge, refusal
from jitbot.domain.ledger.batches import Doubt
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.model.bounds import MOST_ASKS, START_AHEAD
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.model.merge_facts import Case, Change, ChangeKind
from jitbot.domain.text import duration
from jitbot.ports.git import Git
from jitbot.usecases.collect.collect_case import CaseCollector
from jitbot.usecases.context import Context, Run
from jitbot.usecases.decide.deciding import Decided, Due, SoFar, decide_all, due
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.read_back import Patience

LATE = MERGED_AT + GITHUB_LAG
OTHER = PATH.replace("refunds", "other")


def a_view(*events: Event, **changes: Any) -> LedgerView:
    """The ledger with these events."""
    view = LedgerView(head=BASE, main=BASE, events=events, ignored=(), doubt="", signers={})
    return replace(view, **changes)


def portions(changes: Sequence[Change], *events: Event, large: tuple[TooLarge, ...] = ()) -> list[Due]:
    """What is due a minute after nine, of these changes of main."""
    git = create_autospec(Git, instance=True)
    git.changes.return_value = tuple(changes)
    git.too_large.return_value = large
    return list(due(cast("Context", SimpleNamespace(git=git)), a_view(*events), NOW))


def paths_of(portion: Due) -> list[str]:
    """The paths of the changes in a portion."""
    return [change.path for change, _ in portion.changes]


def asks(number: int, commit: str, at: datetime = MERGED_AT) -> list[Change]:
    """A commit that asks for so many requests."""
    return [
        a_change(path=PATH.replace("refunds", f"{commit}{each}"), commit=sha(commit), committed_at=at)
        for each in range(number)
    ]


@pytest.mark.parametrize(
    ("changes", "few", "many"),
    [
        ([], 0, []),
        (asks(10, "ten"), 10, []),
        (asks(11, "eleven"), 0, [11]),
        (asks(1, "hour", NOW - HOUR), 1, []),
        (asks(1, "older", NOW - HOUR - SECOND), 0, [1]),
        ([*asks(11, "bulk"), *asks(2, "two")], 2, [11]),
        (asks(100, "hundred"), 0, [100]),
        ([*asks(60, "sixty"), *asks(60, "more")], 0, [100, 20]),
    ],
)
def test_new_changes_of_small_merges_come_first(changes: list[Change], few: int, many: list[int]) -> None:
    """An hour old at most, and ten files at most; the others in portions of a hundred, and none twice."""
    found = portions(changes)
    assert [len(each.changes) for each in found] == [few, *many]
    assert sorted(path for each in found for path in paths_of(each)) == sorted(each.path for each in changes)


def test_a_later_change_of_a_file_never_comes_before_an_earlier_one() -> None:
    """One that waits has the later ones of its own file wait with it, and no other."""
    again = a_change(path=PATH, commit=sha("again"), kind=ChangeKind.MODIFIED)
    old = a_change(path=PATH, committed_at=NOW - 2 * HOUR)
    first, second = portions([old, again, a_change(path=OTHER)])
    assert (paths_of(first), paths_of(second)) == ([OTHER], [PATH, PATH])
    (both,) = portions([a_change(), again])
    assert both.changes == ((a_change(), False), (again, True))


def test_what_asks_for_nothing_is_not_decided() -> None:
    """A deletion, and a file that is no request; a path that main had before is called so."""
    deleted = a_change(kind=ChangeKind.DELETED, blob=None)
    (found,) = portions([deleted, a_change(path="requests/README.md"), a_change(commit=sha("again"))])
    assert found.changes == ((a_change(commit=sha("again")), True),)


def test_what_is_decided_is_not_due() -> None:
    """By the merge, not by the file."""
    again = a_change(commit=sha("again"), kind=ChangeKind.MODIFIED)
    (found,) = portions([a_change(), again], an_approval())
    assert found.changes == ((again, True),)


def test_a_commit_that_asks_for_too_much_is_refused_once_and_whole() -> None:
    """Whether git does not read it or its files are too many; nothing of it is decided, and all else is."""
    unread = TooLarge(commit=sha("unread"), base=BASE, committed_at=MERGED_AT)
    crowd = asks(MOST_ASKS + 1, "crowd")
    (found,) = portions([*crowd, a_change()], large=(unread,))
    assert ([each.commit for each in found.too_large], paths_of(found)) == (
        [unread.commit, sha("crowd")],
        [PATH],
    )
    recorded = refusal(unread, now=NOW, run="")
    (found,) = portions([*crowd, a_change()], recorded, large=(unread,))
    assert ([each.commit for each in found.too_large], paths_of(found)) == ([sha("crowd")], [PATH])


@dataclass(slots=True, kw_only=True)
class Desk:
    """A collector of cases that are given here, by commit; an error is raised in the place of one."""

    cases: dict[Sha, Case | UnavailableError]
    patience: Patience = field(default_factory=Patience)
    asked: list[Sha] = field(default_factory=list)
    expected: list[Sha] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def context(self) -> Context:
        """Which run this is."""
        return cast(
            "Context", SimpleNamespace(run=Run(url="run"), catalogue=the_catalogue(), say=self.said.append)
        )

    def expect(self, commits: Sequence[Sha]) -> None:
        """Note what will be asked."""
        self.expected = list(commits)

    def case(self, change: Change, *, earlier: bool) -> Case:
        """The case of a change."""
        self.asked.append(change.commit)
        found = self.cases[change.commit]
        if isinstance(found, UnavailableError):
            raise found
        return replace(found, earlier=earlier)


def collected(*cases: Case | tuple[Change, UnavailableError]) -> Desk:
    """A collector of these cases, or of none for a change."""
    given = (each if isinstance(each, tuple) else (each.change, each) for each in cases)
    return Desk(cases={change.commit: case for change, case in given})


def attempt(
    desk: Desk,
    *changes: Change,
    view: LedgerView | None = None,
    so_far: SoFar | None = None,
    now: datetime = NOW,
) -> tuple[Decided, ...]:
    """One attempt to decide these changes, of paths that main had before where one comes twice."""
    given, seen = [], set[str]()
    for each in changes:
        given.append((each, each.path in seen))
        seen.add(each.path)
    return decide_all(cast("CaseCollector", desk), given, view or a_view(), now, so_far or SoFar())


def outcomes(decided: Sequence[Decided]) -> list[str]:
    """In a word what came of each; what has an event is decided, and nothing else."""
    assert [each.event is None for each in decided] == [
        each.decision.verdict is Verdict.UNDECIDED for each in decided
    ]
    return [str(each.event.kind) if each.event else "undecided" for each in decided]


def longer(name: str, after: timedelta, hours: int = 3) -> Case:
    """The same request merged again as another commit, for longer."""
    at = MERGED_AT + after
    return a_case(
        change=a_change(commit=sha(name), kind=ChangeKind.MODIFIED, committed_at=at),
        request=a_request(duration=hours * HOUR),
        merge=a_merge(
            pull_request=a_pull(number=8, merge_commit=sha(name), merged_at=at),
            reviews=(a_review(submitted_at=MERGED_AT),),
        ),
    )


ASK = a_case()
LONGER = longer("longer", MINUTE)
NOBODY = a_case(merge=a_merge(reviews=()))  # a refusal that rests on GitHub's answer
UNREAD = UnavailableError("GitHub does not answer")


def of_path(case: Case, path: str, name: str) -> Case:
    """A case of another request file, merged as another commit."""
    pull = a_pull(number=9, merge_commit=sha(name))
    change = replace(case.change, path=path, commit=sha(name))
    merge = a_merge(pull_request=pull, files=(path,))
    return a_case(change=change, request=a_request(path=path), touched=(path,), merge=merge, listed=(pull,))


def test_an_extension_is_decided_on_what_the_attempt_itself_approved() -> None:
    """Both are new: the second one extends the first, and another request between them is another state."""
    other = of_path(ASK, OTHER, "other")
    desk = collected(ASK, other, LONGER)
    found = attempt(desk, ASK.change, other.change, LONGER.change)
    assert outcomes(found) == ["approved", "approved", "extended"]
    assert desk.said == [f"deciding {each.change.path}" for each in found]
    assert desk.expected == desk.asked == [each.change.commit for each in found]


def test_an_extension_is_decided_on_what_is_recorded_too() -> None:
    """A second attempt knows the decision; what the ledger says of its path and merge is not decided again."""
    desk, so_far = collected(ASK, LONGER), SoFar()
    (first,) = attempt(desk, ASK.change, so_far=so_far)
    assert first.event is not None
    view = a_view(first.event)
    assert outcomes(attempt(desk, ASK.change, LONGER.change, view=view, so_far=so_far)) == ["extended"]
    third = longer("third", 2 * MINUTE, hours=4)
    desk.cases[third.change.commit] = third
    found = attempt(desk, LONGER.change, third.change, view=view, so_far=so_far)
    assert outcomes(found) == ["extended", "extended"]


def test_a_decision_is_made_once_as_long_as_its_request_is_the_same() -> None:
    """GitHub is not asked again for it, unless the ledger says something else of the request."""
    desk, so_far = collected(ASK), SoFar()
    first = attempt(desk, ASK.change, so_far=so_far)
    so_far.attempt = 1
    assert attempt(desk, ASK.change, so_far=so_far) == first
    assert (len(desk.asked), desk.expected) == (1, [])
    view = a_view(an_approval(commit=sha("another"), kind=EventType.APPROVED))
    assert outcomes(attempt(desk, ASK.change, so_far=so_far, view=view)) == ["refused"]
    assert (len(desk.asked), len(desk.said)) == (2, 1)


def test_an_undecided_change_holds_the_later_ones_of_its_file_back() -> None:
    """And no other's; what the ledger is in doubt of is not decided at all."""
    other = of_path(ASK, OTHER, "other")
    desk = collected((ASK.change, UNREAD), LONGER, other)
    found = attempt(desk, ASK.change, LONGER.change, other.change)
    assert outcomes(found) == ["undecided", "undecided", "approved"]
    assert [each.decision.reasons[0].message for each in found[:2]] == [
        "GitHub does not answer",
        "an earlier change of this file is not decided yet",
    ]
    doubtful = a_view(in_doubt=Doubt(requests=frozenset({PATH})))
    found = attempt(collected(ASK, other), ASK.change, other.change, view=doubtful)
    assert outcomes(found) == ["undecided", "approved"]
    assert "cannot be read by this jitbot" in found[0].decision.reasons[0].message


def looked(desk: Desk, so_far: SoFar, number: int, now: datetime = LATE) -> str:
    """What the attempt of this number makes of alice's request."""
    so_far.attempt = number
    return outcomes(attempt(desk, ASK.change, so_far=so_far, now=now))[0]


def test_a_refusal_by_githubs_answers_needs_the_same_answer_twice() -> None:
    """In two attempts one after the other: neither the same attempt, nor another refusal before, nor none, confirms it."""
    desk, so_far = collected(NOBODY), SoFar()
    assert [looked(desk, so_far, number) for number in (0, 0, 1)] == ["undecided", "undecided", "refused"]
    assert desk.said == [f"deciding {PATH}"]
    desk, so_far = collected(NOBODY), SoFar()
    objected = a_case(merge=a_merge(reviews=(a_review(state="CHANGES_REQUESTED"),)))
    assert looked(desk, so_far, 0) == "undecided"
    for number, case, outcome in (
        (1, objected, "undecided"), (2, UNREAD, "undecided"), (3, NOBODY, "undecided"), (4, NOBODY, "refused"),
    ):  # fmt: skip
        desk.cases[ASK.change.commit] = case
        assert looked(desk, so_far, number) == outcome
    desk.cases[ASK.change.commit] = ASK
    assert looked(collected(ASK), SoFar(), 0) == "approved"


def test_a_refusal_by_what_git_shows_is_one_at_once() -> None:
    """Nothing that GitHub may say later changes it; nor where some other reason rests on GitHub."""
    typo = a_case(request=a_request(duration=5 * HOUR))
    both = replace(typo, merge=a_merge(reviews=()))
    assert [looked(collected(case), SoFar(), 0) for case in (typo, both)] == ["refused", "refused"]


def test_what_is_in_doubt_is_asked_again_so_often_and_no_more() -> None:
    """Without patience the answer of the attempt before stays; the same attempt costs none, and may always look."""
    desk, so_far = collected(NOBODY), SoFar()
    desk.patience = Patience(left=0)
    assert looked(desk, so_far, 0) == "undecided"
    assert looked(desk, so_far, 1) == "undecided"
    assert len(desk.asked) == 1
    desk.patience = Patience(left=1)
    assert looked(desk, so_far, 1) == "refused"
    desk, so_far = collected((ASK.change, UNREAD)), SoFar()
    desk.patience = Patience(left=1)
    assert [looked(desk, so_far, number) for number in (0, 1, 1, 1)] == ["undecided"] * 4
    assert len(desk.asked) == 4
    desk.cases[ASK.change.commit] = ASK
    assert looked(desk, so_far, 1) == "approved"


def test_doubt_ends_when_the_access_could_give_nothing_any_more() -> None:
    """Then it is refused, undecided: at its end, or at the latest end there could be where it does not read."""
    no_answer = (ASK.change, UNREAD)
    latest = MERGED_AT + START_AHEAD + duration.MAXIMUM
    contradicted = a_case(merge=a_merge(pull_request=a_pull(commit_count=2)))
    for desk, at in ((collected(no_answer), latest), (collected(contradicted), MERGED_AT + 2 * HOUR)):
        assert outcomes(attempt(desk, ASK.change, now=at - SECOND)) == ["undecided"]
        assert outcomes(attempt(desk, ASK.change, now=at)) == ["refused"]
    assert outcomes(attempt(collected(ASK), ASK.change, now=latest)) == ["approved"]


def test_a_refusal_waits_while_github_may_still_say_more() -> None:
    """For a quarter of an hour, and then not; an approval does not wait for what could only add to it."""
    strangers = a_case(listed=(a_pull(author=an_actor("bob")),), merge=a_merge(reviews=()))
    typo = replace(strangers, request=a_case(request=a_request(duration=5 * HOUR)).request)
    for at, outcome in ((GITHUB_LAG - SECOND, "undecided"), (GITHUB_LAG, "refused")):
        (found,) = attempt(collected(typo), ASK.change, now=MERGED_AT + at)
        assert outcomes([found]) == [outcome]
        awaited = {"no-pull-request-yet"} if outcome == "undecided" else set()
        assert {each.code for each in found.decision.reasons} >= {"duration-above-maximum"} | awaited
    gone = a_review("frank", review_id=2, state="DISMISSED")
    approved = a_case(merge=a_merge(reviews=(a_review(), gone), dismissals=()))
    assert outcomes(attempt(collected(approved), ASK.change)) == ["approved"]
