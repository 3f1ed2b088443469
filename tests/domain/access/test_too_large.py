"""A merge that asks for too much: what counts, to the file and to the folder, and how it is refused."""

import pytest
from acme_facts import BASE, MERGE, MERGED_AT, NOW, sha
from builders import a_change

from jitbot.domain.access.too_large import (
    TooLarge,
    asking_too_much,
    asks,
    changes_too_much,
    refusal,
    too_many,
)
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import EventType, dump, load
from jitbot.domain.model.bounds import DEEPEST, FILES, MOST_ASKS, MOST_OF_REQUESTS
from jitbot.domain.model.merge_facts import Change, ChangeKind

LARGE = TooLarge(commit=MERGE, base=BASE, committed_at=MERGED_AT)


def files(number: int, kind: ChangeKind = ChangeKind.ADDED, end: str = "yaml") -> list[Change]:
    """So many files that one merge changes."""
    return [a_change(path=f"requests/db/2026-11/24-alice-{each}.{end}", kind=kind) for each in range(number)]


def test_what_asks() -> None:
    """A request file that was added or changed; neither a deletion nor the README beside them."""
    added, changed = files(1), files(1, ChangeKind.MODIFIED)
    others = [*files(1, ChangeKind.DELETED), *files(1, end="md"), a_change(path="policies/people.yaml")]
    assert asks([*added, *changed, *others]) == (*added, *changed)


def test_a_merge_may_ask_for_so_much() -> None:
    """Up to the bound it is decided file by file; with one more it is refused, once; deletions and others do not count."""
    assert asking_too_much(files(MOST_ASKS)) == ()
    assert asking_too_much([*files(MOST_ASKS), *files(9, ChangeKind.DELETED), *files(9, end="md")]) == ()
    assert asking_too_much(files(MOST_ASKS + 1)) == (LARGE,)
    other = [a_change(path=f"{each.path}x", commit=sha("other")) for each in files(MOST_ASKS)]
    assert asking_too_much([*other, *files(MOST_ASKS)]) == ()


@pytest.mark.parametrize(
    ("paths", "too_much"),
    [
        ([], False),
        ([f"requests/{each}" for each in range(MOST_OF_REQUESTS - 1)], False),
        ([f"requests/{each}" for each in range(MOST_OF_REQUESTS)], True),
        ([f"requests/a/{each}" for each in range(MOST_OF_REQUESTS - 2)], False),
        ([f"requests/a/{each}" for each in range(MOST_OF_REQUESTS - 1)], True),
        ([f"requests/{each}/x" for each in range(MOST_OF_REQUESTS // 2)], True),
        ([f"docs/{each}" for each in range(MOST_OF_REQUESTS + 1)], False),
        ([f"requests/{'a/' * (DEEPEST - 2)}x"], False),
        ([f"requests/{'a/' * (DEEPEST - 1)}x"], True),
        ([f"docs/{'a/' * DEEPEST}x"], False),
    ],
)
def test_how_much_is_read_of_one_merge(paths: list[str], too_much: bool) -> None:
    """So many files and folders below requests/, and so deep; what lies elsewhere is not counted here."""
    assert changes_too_much(paths) is too_much


FEW, MANY = ("requests/db/a.yaml",), tuple(f"docs/{number}" for number in range(FILES + 1))


@pytest.mark.parametrize(
    ("touched", "listed", "codes"),
    [
        (FEW, FEW, []),
        (None, FEW, ["too-large"]),
        (None, None, ["too-large"]),
        (FEW, None, ["too-many-files"]),
        (FEW, MANY, ["too-many-files"]),
        (MANY, FEW, ["too-many-files"]),
        (MANY[1:], MANY[1:], []),
    ],
)
def test_how_much_one_request_may_come_with(
    touched: tuple[str, ...] | None, listed: tuple[str, ...] | None, codes: list[str]
) -> None:
    """Git and GitHub both say what a merge touches, and either may be more than is read; the reason names the file."""
    found = too_many(touched, listed, "requests/db/a.yaml")
    assert [finding.code for finding in found] == codes
    assert {finding.file for finding in found} <= {"requests/db/a.yaml"}


def test_it_is_refused_as_a_whole() -> None:
    """One event that names the commit, no request and no person, and says how to ask instead."""
    event = refusal(LARGE, now=NOW, run="run")
    assert (event.kind, event.request, event.commit, event.cause) == (
        EventType.REFUSED,
        "",
        MERGE,
        "too-large",
    )
    assert (event.documents, event.window, event.ask) == ((), None, Ask())
    assert event.evidence.json["rules_commit"] == BASE
    assert load(event.path, dump(event)) == event
