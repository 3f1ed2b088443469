"""Which open pull requests are looked into, in memory: a portion of many, and one that cannot be read hides no other."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from acme_facts import DAY, HOUR, NOW, PATH
from builders import a_pull, a_request_state, an_approval
from plain_trees import PlainTrees

from jitbot.adapters import documents
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.usecases.context import Context
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.pull_request.closing import MOST, over, why

LATER = NOW + 60 * DAY  # when no path of today is granted any more
TEXT = b"requester: alice\naccounts: [prod]\nduration: 2h\nreason: INC-1\nparameters:\n  table: orders\n"
DOWN = UnavailableError("no answer")


@dataclass(slots=True, kw_only=True)
class Repository(PlainTrees):
    """Open pull requests, each of one new request; `lost` are those whose heads git does not get."""

    pulls: list[PullRequest] = field(default_factory=list)
    lost: frozenset[int] = frozenset()
    reopened: datetime | None = None
    silent: frozenset[int] = frozenset()  # of whose history GitHub says nothing
    asked: list[int] = field(default_factory=list)  # for their history
    doubt: str = ""
    state: Any = None

    def open(self, number: int, files: dict[str, bytes | None] | None = None, **changes: Any) -> PullRequest:
        """One more, whose head is not fetched."""
        head = self.push(f"b{number}", files or {PATH.replace("alice", f"alice-{number}"): TEXT})
        given = {"number": number, "head": head, "created_at": NOW, "merged_at": None, "merge_commit": None}
        self.pulls.append(a_pull(**{**given, **changes}))
        return self.pulls[-1]

    def fetch(self, numbers: list[int]) -> None:
        """All of these or none."""
        self.fetched.append(tuple(numbers))
        if self.lost & set(numbers):
            raise DOWN
        self.heads |= {each.number: each.head for each in self.pulls if each.number in numbers}

    def history_of(self, number: int) -> Any:
        """Of a pull request."""
        self.asked.append(number)
        if number in self.silent:
            raise DOWN
        return SimpleNamespace(reopened_at=self.reopened)

    @property
    def context(self) -> Context:
        """What a run sees."""
        github = SimpleNamespace(open_pulls=lambda: tuple(self.pulls), history=self.history_of)
        return cast("Context", SimpleNamespace(git=self, github=github, documents=documents))

    @property
    def ledger(self) -> LedgerView:
        """What is recorded of each request."""
        return cast("LedgerView", SimpleNamespace(doubt_of=lambda _: self.doubt, state=lambda _: self.state))

    def over(self, now: datetime = LATER) -> list[int]:
        """The numbers of those that can give nothing any more."""
        return [pull.number for pull, _ in over(self.context, self.ledger, "main", now)]


def test_what_is_old_and_of_main_is_looked_into() -> None:
    """What was opened, or opened again, a day ago at the most is left to its author."""
    acme = Repository()
    acme.open(1)
    acme.open(2, base_branch="other")
    acme.open(3, created_at=LATER - HOUR)
    assert (acme.over(), acme.fetched) == ([1], [(1,)])
    assert acme.over() == [1]
    assert acme.fetched == [(1,)]  # it is there
    acme.reopened = LATER - HOUR
    assert acme.over() == []
    acme.reopened = LATER - 2 * DAY
    assert acme.over() == [1]
    acme.asked.clear()
    assert acme.over(NOW + 2 * DAY) == []  # its path may still be granted
    assert acme.asked == []


def test_what_cannot_be_read_hides_no_other() -> None:
    """A head that git does not get, and a history that GitHub does not show."""
    acme = Repository(lost=frozenset({2}), silent=frozenset({3}))
    for number in (1, 2, 3, 4):
        acme.open(number)
    assert acme.over() == [1, 4]
    assert acme.fetched == [(1, 2, 3, 4), (1,), (2,), (3,), (4,)]


def test_nothing_is_fetched_where_nothing_is_open() -> None:
    """No call of git at all."""
    acme = Repository()
    assert (acme.over(), acme.fetched) == ([], [])


def test_of_many_each_run_looks_into_the_next() -> None:
    """So that those that stay open hide no other; of no more than one run takes all are looked into each time."""
    acme = Repository()
    for number in range(MOST):
        acme.open(number)
    assert acme.over() == acme.over(LATER + HOUR) == [*range(MOST)]
    for number in range(MOST, MOST + 10):
        acme.open(number)
    seen: set[int] = set()
    for turn in range(6):
        found = acme.over(LATER + turn * HOUR)
        assert len(set(found)) == MOST
        seen |= set(found)
    assert seen == set(range(MOST + 10))
    assert acme.over() != acme.over(LATER + HOUR)


def test_why_it_is_over() -> None:
    """By the head that was judged alone; what was too much to be read is left alone."""
    acme = Repository()
    pull = acme.open(1)
    assert why(acme.context, acme.ledger, pull, LATER) == ""
    acme.fetch([1])
    assert "is never granted" in why(acme.context, acme.ledger, pull, LATER)
    assert why(acme.context, acme.ledger, replace(pull, head=Sha("b" * 40)), LATER) == ""
    many = acme.open(2, {PATH.replace("alice", f"alice-{number}"): TEXT for number in range(101)})
    acme.fetch([2])
    assert why(acme.context, acme.ledger, many, LATER) == ""


def test_a_window_that_passed_is_over() -> None:
    """Whatever its path is."""
    acme = Repository()
    acme.open(1, {PATH: TEXT + b"starts_at: 2026-11-24T12:00:00Z\n"})
    assert acme.over(NOW + 2 * DAY) == [1]


@pytest.mark.parametrize(
    ("files", "doubt", "over_too"),
    [
        ({PATH: TEXT.replace(b"2h", b"3h")}, "", True),
        ({PATH: TEXT.replace(b"2h", b"3h")}, "who knows", False),
        ({PATH: None}, "", False),
    ],
)
def test_an_extension_is_over_when_its_grant_is(
    files: dict[str, bytes | None], doubt: str, over_too: bool
) -> None:
    """By the ledger, where that is in no doubt; a deletion never is."""
    acme = Repository(doubt=doubt, state=a_request_state(an_approval()))
    acme.files[PATH] = TEXT
    acme.open(1, files)
    assert acme.over() == ([1] if over_too else [])
