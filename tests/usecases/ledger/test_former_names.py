"""Which settings of main's past a run judges batches by: those of a former name of this repository, for their time."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from acme_facts import DAY, HOUR, NOW, sha, the_settings

from jitbot.adapters import documents
from jitbot.domain.ledger.attestation import Tenure
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.ledger.git_history import NO_BASE, RuleChange
from jitbot.domain.model.bounds import EVER
from jitbot.domain.model.documents import PLAIN, SETTINGS, Sha
from jitbot.usecases.context import Context
from jitbot.usecases.ledger.former_names import Tenures

TODAY = the_settings()
SINCE = NOW - 21 * DAY


def settings(
    name: str = TODAY.repository, number: int = TODAY.repository_id, issuer: str = TODAY.issuer
) -> str:
    """The file, for a repository of this name."""
    return f"repository: {name}\nrepository_id: {number}\nnamespace: jit\nissuer: {issuer}\napprovals_valid_for: 24h\n"


class Past:
    """What main's settings were before each of its changes of them, oldest first, each an hour after the one before."""

    def __init__(self, *before: str | None, mode: str = PLAIN) -> None:
        self.mode = mode
        self.commits = {sha(f"change {place}"): place for place in range(len(before))}
        self.before = before
        self.asked: list[datetime] = []

    def tenures(self) -> Tenures:
        """As a reader has them."""
        context = SimpleNamespace(git=self, documents=documents, settings=TODAY)
        return Tenures(context=cast("Context", context), since=SINCE)

    def at(self, place: int) -> datetime:
        """When."""
        return NOW + place * HOUR

    def touching_rules(self, since: datetime, paths: Sequence[str]) -> dict[Sha, datetime]:
        assert list(paths) == [SETTINGS]
        self.asked.append(since)
        return {commit: self.at(place) for commit, place in self.commits.items()}

    def changes_of_rules(self, commits: dict[Sha, datetime], paths: Sequence[str]) -> tuple[RuleChange, ...]:
        return tuple(
            RuleChange(
                commit=each, at=at, subject="", paths=tuple(paths), base=sha(f"base {self.commits[each]}")
            )
            for each, at in commits.items()
        )

    def entries(self, commit: Sha, paths: Sequence[str]) -> tuple[AddedEntry, ...]:
        assert (list(paths), commit != NO_BASE) == ([SETTINGS], True)
        place = next(each for each in range(len(self.before)) if sha(f"base {each}") == commit)
        there = AddedEntry(path=SETTINGS, mode=self.mode, blob=Sha(f"blob {place}"))
        return () if self.before[place] is None else (there,)

    def small(self, blobs: Iterable[Sha], _: int) -> dict[Sha, bytes | None]:
        found = {each: self.before[int(each.removeprefix("blob "))] for each in blobs}
        return {each: None if text in (None, "huge") else str(text).encode() for each, text in found.items()}


def told(past: Past) -> list[tuple[str, Any]]:
    """The names after today's, and the times of each."""
    first, *former = past.tenures()
    assert first == Tenure(settings=TODAY)
    return [(each.settings.repository, each.times) for each in former]


def test_each_former_name_counts_for_its_time() -> None:
    """The oldest from the beginning on, each until the change that took it away; what stayed the same is no other name."""
    past = Past(settings("acme/first"), settings("acme/second"), settings())
    assert told(past) == [
        ("acme/first", (EVER, past.at(0))),
        ("acme/second", (past.at(0), past.at(1))),
    ]
    assert past.asked == [SINCE]


def test_nothing_else_of_mains_past_says_who_may_attest() -> None:
    """Another repository, another issuer, what cannot be read, and what is no plain file or not there."""
    other = settings("dave/lab", number=666), settings("dave/lab", issuer="https://issuer.example.com")
    assert told(Past(*other, "repository: [", "huge", None, settings("acme/first"))) == [
        ("acme/first", (NOW + 4 * HOUR, NOW + 5 * HOUR))
    ]
    assert told(Past(settings("acme/first"), mode="120000")) == []


def test_main_is_asked_once_and_only_where_todays_name_does_not_fit() -> None:
    """Most batches are of today's name: then nothing of main's past is read."""
    past = Past(settings("acme/first"))
    tenures = past.tenures()
    for _ in range(3):
        assert next(iter(tenures)) == Tenure(settings=TODAY)
    assert past.asked == []
    assert len(list(tenures)) == len(list(tenures)) == 2
    assert past.asked == [SINCE]
