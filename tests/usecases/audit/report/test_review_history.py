"""main's history of access reviews is read as it is: random histories of files, against a reading of every tree by itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitbot.adapters import documents
from jitbot.domain.audit.history.policy_changes import MoveResult
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.ledger.git_history import NO_BASE, RuleChange
from jitbot.domain.model.documents import PLAIN, Sha
from jitbot.ports.git import Git
from jitbot.sandbox.organisation import acme_tree
from jitbot.usecases.audit.access_reviews import read_access_reviews

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = "policies/settings.yaml"
NAMES = ("a", "b", "c")
GOOD = "description: x\neligible: [dave]\naccounts: [prod]\nmax_duration: 4h\napprovals: 1\nmanaged_policies: [ReadOnlyAccess]\n"
Files = Mapping[str, bytes]


def path_of(name: str) -> str:
    """A policy's file."""
    return f"policies/access/{name}.yaml"


def commit_of(number: int) -> Sha:
    """The name of a commit."""
    return Sha(f"{number:040x}")


@dataclass(kw_only=True)
class Line:
    """A first-parent line of commits, each with its whole tree; what is asked of it is answered from those alone."""

    trees: list[Files] = field(default_factory=list)
    too_large: frozenset[int] = frozenset()  # commits whose paths are not read

    def rule_changes(self, _: Sha, paths: Sequence[str]) -> tuple[RuleChange, ...]:
        """The commits that touch these paths."""
        found = []
        for number, tree in enumerate(self.trees):
            before: Files = self.trees[number - 1] if number else {}
            touched = sorted(
                each
                for each in {*before, *tree}
                if before.get(each) != tree.get(each)
                and any(each == path or each.startswith(f"{path}/") for path in paths)
            )
            if touched:
                whole = number not in self.too_large
                found.append(
                    RuleChange(
                        commit=commit_of(number),
                        at=BEGIN + timedelta(days=number),
                        subject="x",
                        paths=tuple(touched) if whole else (),
                        base=commit_of(number - 1) if number else NO_BASE,
                        whole=whole,
                    )
                )
        return tuple(found)

    def _tree(self, commit: Sha) -> Files:
        return self.trees[int(commit, 16)]

    def entries(self, commit: Sha, paths: Sequence[str]) -> tuple[AddedEntry, ...]:
        """What lies in these folders."""
        return tuple(
            AddedEntry(path=path, mode=PLAIN, blob=blob_name(content))
            for path, content in self._tree(commit).items()
            if any(path.startswith(folder) for folder in paths)
        )

    def blobs_at(self, places: Iterable[tuple[Sha, str]]) -> dict[tuple[Sha, str], Sha | None]:
        """The blob of each path."""
        found: dict[tuple[Sha, str], Sha | None] = {}
        for commit, path in places:
            if commit != NO_BASE:
                content = self._tree(commit).get(path)
                found[commit, path] = None if content is None else blob_name(content)
        return found

    def contents(self, blobs: Iterable[Sha]) -> Iterable[tuple[Sha, bytes | None]]:
        """The bytes of each."""
        known = {blob_name(content): content for tree in self.trees for content in tree.values()}
        return [(blob, known.get(blob)) for blob in blobs]

    def here(self, _: Iterable[Sha]) -> frozenset[Sha]:
        """None that is too large."""
        return frozenset()


def a_policy(day: int | None) -> bytes:
    """A policy that says this day of January."""
    return (GOOD + ("" if day is None else f"reviewed: 2026-01-{day:02}\n")).encode()


def the_settings(days: int | None) -> bytes:
    """Settings that ask for reviews so often."""
    text = acme_tree("https://x.example")[SETTINGS].decode().replace("review_every: 90d\n", "")
    return (text + ("" if days is None else f"review_every: {days}d\n")).encode()


contents = st.one_of(
    st.none(), st.just(b"x: ["), st.builds(a_policy, st.one_of(st.none(), st.integers(1, 9)))
)
commits = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            **{path_of(name): contents for name in NAMES},
            "policies/access/deep/d.yaml": contents,
            "policies/access/readme.md": st.just(b"reviewed: 2026-01-01"),
            SETTINGS: st.sampled_from([the_settings(None), the_settings(7), the_settings(90), b"x: ["]),
        },
    ),
    min_size=1,
    max_size=8,
)


def line_of(steps: list[dict[str, bytes | None]], too_large: frozenset[int] = frozenset()) -> Line:
    """The trees that these changes make, on top of acme's other files."""
    tree: dict[str, bytes] = {
        path: content
        for path, content in acme_tree("https://x.example").items()
        if path.startswith(("policies/", ".github/CODEOWNERS")) and not path.startswith("policies/access/")
    }
    trees: list[Files] = [dict(tree)]
    for step in steps:
        for path, content in step.items():
            if content is None:
                tree.pop(path, None)
            else:
                tree[path] = content
        trees.append(dict(tree))
    return Line(trees=trees, too_large=too_large)


Move = tuple[str, date | None, date | None]


def dates(line: Line) -> tuple[dict[str, date | None], list[Move]]:
    """The date of each policy that is there at the end, and every move of one, tree by tree. What does not read moves nothing."""
    there: dict[str, date | None] = {}
    moves: list[Move] = []
    for tree in line.trees:
        for name in NAMES:
            content = tree.get(path_of(name))
            if content is None:
                there.pop(name, None)
                continue
            lines = content.decode().splitlines()
            day = next((each.split(": ")[1] for each in lines if each.startswith("reviewed")), None)
            now = None if day is None else date.fromisoformat(day)
            now = there.get(name) if lines[0] == "x: [" else now
            if name in there and there[name] != now:
                moves.append((name, there[name], now))
            there[name] = now
    return there, moves


def read(line: Line, **how: Any) -> Any:
    """The reviews of a line, by a ledger without events."""
    now = BEGIN + timedelta(days=len(line.trees) + 5)
    return read_access_reviews(cast("Git", line), documents, commit_of(len(line.trees) - 1), (), now, **how)


@settings(max_examples=150, deadline=None)
@given(commits, st.frozensets(st.integers(1, 8)))
def test_every_date_is_read_as_the_trees_have_it(
    steps: list[dict[str, bytes | None]], too_large: frozenset[int]
) -> None:
    """Policies that come, go and come back, files that do not read, other files beside them, and commits too large to list."""
    line = line_of(steps, too_large)
    found, (there, moves) = read(line), dates(line)
    assert {each.policy: each.claimed for each in found.policies} == there
    assert [(each.policy, each.before, each.day) for each in found.made] == moves
    # No event says who approved.
    assert {each.result for each in found.made} <= {
        MoveResult.UNKNOWN,
        MoveResult.WAITING,
        MoveResult.WITHDRAWN,
    }


@settings(max_examples=80, deadline=None)
@given(commits)
def test_how_often_reviews_are_due_is_that_of_the_end(steps: list[dict[str, bytes | None]]) -> None:
    """As the last settings say that read; a policy is never due before the first that asked."""
    line = line_of(steps)
    found = read(line)
    good = [tree[SETTINGS].decode() for tree in line.trees if tree[SETTINGS] != b"x: ["]
    last = next((each for each in good[-1].splitlines() if each.startswith("review_every")), None)
    assert found.every == (None if last is None else timedelta(days=int(last.split(": ")[1][:-1])))
    for each in found.policies:
        assert (each.due is None) is (found.every is None)


@pytest.mark.parametrize(("until", "count"), [(0, 0), (1, 0), (2, 1), (3, 2), (9, 2)])
def test_main_as_it_was(until: int, count: int) -> None:
    """What came at that moment, or later, is not in it."""
    line = line_of([{path_of("a"): a_policy(1)}, {path_of("a"): a_policy(2)}, {path_of("a"): a_policy(3)}])
    found = read(line, until=BEGIN + timedelta(days=until, seconds=1))
    assert len(found.made) == count
    assert found.policies == () if until == 0 else len(found.policies) == 1
