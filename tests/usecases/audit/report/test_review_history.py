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
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.git_history import NO_BASE, RuleChange
from jitbot.domain.model.documents import PLAIN, Sha
from jitbot.ports.git import Git
from jitbot.sandbox.organisation import acme_tree
from jitbot.usecases.audit import access_reviews
from jitbot.usecases.audit.access_reviews import dates_moved, read_access_reviews

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
    not_here: dict[Sha, Any] = field(default_factory=dict)  # blobs that this clone lacks, each as None
    lacks: Sha = NO_BASE  # a commit that it lacks, too

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
            if commit not in (NO_BASE, self.lacks):
                content = self._tree(commit).get(path)
                found[commit, path] = None if content is None else blob_name(content)
        return found

    def contents(self, blobs: Iterable[Sha]) -> Iterable[tuple[Sha, bytes | None]]:
        """The bytes of each."""
        known = {
            blob_name(content): content for tree in self.trees for content in tree.values()
        } | self.not_here
        wanted = list(blobs)
        assert all(wanted)
        return [(blob, known.get(blob)) for blob in wanted]

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


def read(line: Line, *events: Event, **how: Any) -> Any:
    """The reviews of a line, by a ledger of these events, or of none."""
    now = BEGIN + timedelta(days=len(line.trees) + 5)
    return read_access_reviews(
        cast("Git", line), documents, commit_of(len(line.trees) - 1), events, now, **how
    )


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


@pytest.mark.parametrize("seconds", [-1, 0, 1])
@pytest.mark.parametrize("day", [0, 1, 2, 3, 9])
def test_main_as_it_was(day: int, seconds: int) -> None:
    """What came at that moment, or later, is not in it."""
    line = line_of([{path_of("a"): a_policy(1)}, {path_of("a"): a_policy(2)}, {path_of("a"): a_policy(3)}])
    found = read(line, until=BEGIN + timedelta(days=day, seconds=seconds))
    came = min(4, day + (seconds > 0))  # of four commits, the first of which has no policy
    assert (len(found.policies), len(found.made)) == (int(came > 1), max(0, came - 2))


def test_the_first_commit_of_all_may_be_too_large() -> None:
    """It has no parent whose files could be asked for."""
    steps: list[dict[str, bytes | None]] = [{path_of("a"): a_policy(1)}, {path_of("a"): a_policy(2)}]
    whole = line_of(steps)
    whole.trees = whole.trees[1:]
    large = Line(trees=whole.trees, too_large=frozenset({0}))
    assert read(large) == read(whole)
    assert [each.day for each in read(large).made] == [date(2026, 1, 2)]


def test_settings_that_are_gone_leave_what_was_asked() -> None:
    """As settings that do not read: the rules then let nothing happen at all."""
    steps: list[dict[str, bytes | None]] = [
        {SETTINGS: the_settings(7)},
        {SETTINGS: None},
        {path_of("a"): a_policy(1)},
    ]
    assert read(line_of(steps)).every == timedelta(days=7)


README = "policies/access/readme.md"


def a_record(number: int, *paths: str, kind: EventType = EventType.RULES, **evidence: Any) -> Event:
    """The record that this commit changed these files."""
    given = {"rules_commit": commit_of(number - 1), "paths": list(paths), **evidence}
    return Event(
        kind=kind,
        at=BEGIN + timedelta(days=number),
        request="",
        commit=commit_of(number),
        evidence=Evidence({key: each for key, each in given.items() if each is not None}),
    )


def moved(before: bytes | None, after: bytes | None, **how: Any) -> Mapping[Sha, Mapping[str, date | None]]:
    """The dates that one recorded commit moved, of a policy that was so before and is so after."""
    line = line_of(
        [{path_of("a"): before, README: b"reviewed: 1"}, {path_of("a"): after, README: b"reviewed: 2"}]
    )
    line.not_here = dict.fromkeys(how.pop("lacks", ()))
    event = a_record(2, *how.pop("paths", (path_of("a"), README, SETTINGS)), **how)
    return dates_moved(cast("Git", line), documents, [event])


ESCAPED = (GOOD + '"revi\\u0065wed": 2026-01-05\n').encode()


@pytest.mark.parametrize(
    ("before", "after", "day"),
    [
        (a_policy(1), a_policy(2), date(2026, 1, 2)),
        (a_policy(None), a_policy(2), date(2026, 1, 2)),
        (a_policy(1), a_policy(None), None),
        (a_policy(None), ESCAPED, date(2026, 1, 5)),
        (ESCAPED, a_policy(None), None),
        (ESCAPED, ESCAPED.replace(b"01-05", b"01-06"), date(2026, 1, 6)),
    ],
)
def test_a_recorded_commit_that_moves_a_date_is_one(before: bytes, after: bytes, day: date | None) -> None:
    """Whether it sets, changes or takes it away; however the key is written."""
    assert moved(before, after) == {commit_of(2): {"a": day}}


@pytest.mark.parametrize(
    ("before", "after", "how"),
    [
        (a_policy(1), a_policy(1) + b"# reviewed", {}),
        (a_policy(None), a_policy(None) + b"# x", {}),
        (None, a_policy(2), {}),
        (a_policy(1), None, {}),
        (a_policy(1), b"reviewed: [", {}),
        (a_policy(1), a_policy(2), {"kind": EventType.PROTECTION_SEEN}),
        (a_policy(1), a_policy(2), {"rules_commit": None}),
        (a_policy(1), a_policy(2), {"paths": (SETTINGS, README)}),
        (a_policy(1), a_policy(2), {"lacks": {blob_name(a_policy(1))}}),
        (a_policy(1), a_policy(2), {"lacks": {blob_name(a_policy(2))}}),
    ],
)
def test_what_moves_no_date_is_none(before: bytes | None, after: bytes | None, how: dict[str, Any]) -> None:
    """A new policy, one that is gone or does not read, what was not recorded, and what is not here."""
    assert moved(before, after, **how) == {}


def test_only_policies_have_dates_and_a_record_may_name_no_files() -> None:
    """What lies deeper is none, whatever is in it; a commit that is too large is recorded without its paths."""
    deep = "policies/access/deep/d.yaml"
    line = line_of([{deep: a_policy(1)}, {deep: a_policy(2)}])
    for event in (a_record(2, deep), a_record(2, deep, paths=None)):
        assert dates_moved(cast("Git", line), documents, [event]) == {}


def test_a_policy_that_this_clone_lacks_has_the_date_that_it_had() -> None:
    """Or none; when it is here again its date is read."""
    texts = [GOOD.replace("x", f"y{number}").encode() for number in range(2)]
    line = line_of([{path_of("a"): texts[0]}, {path_of("a"): a_policy(2)}, {path_of("a"): texts[1]}])
    line.not_here = {blob_name(each): None for each in texts}
    (found,) = read(line).policies
    assert found.claimed == date(2026, 1, 2)


def first_due(steps: list[dict[str, bytes | None]], every: int) -> list[tuple[str, int]]:
    """By when the policies that are there must be reviewed first: so many days after this one, counted from `BEGIN`."""
    line = line_of(steps)
    found = read(Line(trees=line.trees[1:]))  # settings.yaml asks for nothing before the first of the steps
    day = BEGIN.date() + timedelta(days=every)
    return [(each.policy, (each.due - day).days) for each in found.policies if each.due is not None]


def test_a_review_is_due_after_reviews_were_first_asked_for() -> None:
    """Not when settings.yaml was there without them; and not anew when it asks otherwise."""
    nothing: dict[str, bytes | None] = {SETTINGS: the_settings(None), path_of("a"): a_policy(None)}
    reworded = the_settings(None) + b"# reworded\n"
    steps: list[dict[str, bytes | None]] = [nothing, {SETTINGS: reworded}, {SETTINGS: the_settings(7)}]
    assert first_due(steps, 7) == [("a", 2)]
    assert first_due([*steps, {SETTINGS: the_settings(90)}], 90) == [("a", 2)]


@pytest.mark.parametrize(
    ("new", "lacks", "began"),
    [(a_policy(2), False, 1), (GOOD.replace("x", "y").encode(), False, 3), (a_policy(None), True, 3)],
)
def test_a_policy_of_another_name_goes_on_where_only_its_date_differs(
    new: bytes, began: int, *, lacks: bool
) -> None:
    """A file that this clone lacks is the same as no other."""
    steps: list[dict[str, bytes | None]] = [
        {SETTINGS: the_settings(90)},
        {path_of("a"): a_policy(None)},
        {},
        {path_of("a"): None, path_of("b"): new},
    ]
    line = Line(trees=line_of(steps).trees[1:])
    line.not_here = {blob_name(a_policy(None)): None} if lacks else {}
    (found,) = read(line).policies
    assert found.due == (BEGIN + timedelta(days=began + 90)).date()


def later(hours: int) -> str:
    """So many hours after the first commit."""
    return f"{BEGIN + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"


def approvals(*hours: int) -> list[dict[str, Any]]:
    """Approvals so many hours after the first commit."""
    return [
        {"login": "erin", "github_id": 5, "review_id": 1, "commit": "c", "submitted_at": later(each)}
        for each in hours
    ]


@pytest.mark.parametrize(
    ("own", "others", "found"),
    [
        ({"approvals": approvals(10), "merged_at": later(20)}, [15, 12], [(15, 2), (12, 1)]),
        ({"approvals": approvals(10), "merged_at": later(20)}, [15, 10], [(15, 2), (10, 1)]),
        ({"approvals": approvals(10), "merged_at": later(20)}, [15, 9], [(15, 2)]),
        ({"approvals": approvals(11, 10), "merged_at": later(20)}, [15, 11], [(15, 2), (11, 1)]),
        ({"approvals": approvals(10), "merged_at": later(14)}, [15, 12], [(14, 2), (12, 1)]),
        ({"approvals": approvals(10), "merged_at": later(20)}, [15, None], [(15, 2)]),
        ({"approvals": approvals(10)}, [15], [(15, 2)]),
        ({"approvals": [], "merged_at": later(20)}, [15], []),
        (None, [15], []),
    ],
)
def test_what_came_between_the_first_approval_and_the_merge(
    own: dict[str, Any] | None, others: list[int | None], found: list[tuple[int, int]]
) -> None:
    """As far back as the record goes without a gap, each at the latest when one after it came; by GitHub's word alone."""
    event = None if own is None else a_record(3, path_of("a"), **own)
    former = [
        RuleChange(commit=commit_of(2 - place), at=BEGIN, subject="x", paths=(), base=NO_BASE)
        for place, _ in enumerate(others)
    ]
    recorded = {
        change.commit: a_record(2 - place, merged_at=later(hours))
        for (place, hours), change in zip(enumerate(others), former, strict=True)
        if hours is not None
    }
    told = access_reviews._after_approval(event, former, recorded)
    assert [(at, other.commit) for at, other in told] == [
        (BEGIN + timedelta(hours=hours), commit_of(number)) for hours, number in found
    ]


def test_of_what_github_did_not_date_the_record_says_when_it_came_at_the_latest() -> None:
    """A push has no merge."""
    event = a_record(3, approvals=approvals(10), merged_at=later(200))
    former = RuleChange(commit=commit_of(2), at=BEGIN, subject="x", paths=(), base=NO_BASE)
    ((at, _),) = access_reviews._after_approval(event, [former], {former.commit: a_record(2)})
    assert at == BEGIN + timedelta(days=2)


def a_review_of(number: int, approved: int, merged: int) -> Event:
    """The record of a commit that bob wrote and erin, who owns every policy, approved at these hours."""
    bob = {"login": "bob", "github_id": 1002}
    evidence: dict[str, Any] = {"outcome": "reviewed", "head": "c", "author": bob, "merged_at": later(merged)}
    return a_record(
        number,
        path_of("a"),
        approvals=[{**each, "github_id": 1005} for each in approvals(approved)],
        **evidence,
    )


TEAMS = acme_tree("https://x.example")["policies/teams.yaml"]
SAID = TEAMS + b"# as before\n"
WIDER = TEAMS.replace(b"[frank, olivia]", b"[frank, olivia, grace]")  # who approves requests


def reviewed(teams: bytes, came: int = 40, **line: Any) -> Any:
    """What erin approved at 30 o'clock, merged at 60: the sixth commit, after one of the teams, and a description."""
    described = a_policy(None).replace(b"description: x", b"description: y")
    made = line_of(
        [
            {path_of("a"): a_policy(None), path_of("b"): a_policy(None)},
            {},
            {"policies/teams.yaml": teams},
            {path_of("a"): described},
            {},
            {path_of("a"): a_policy(2)},
        ]
    )
    events = (
        a_record(3, "policies/teams.yaml", merged_at=later(came)),
        a_record(4, path_of("a"), merged_at=later(max(came, 45))),
        a_review_of(6, 30, 60),
    )
    (found,) = read(Line(trees=made.trees, **line), *events).made
    return found


def test_a_review_is_one_of_the_rules_that_its_owner_saw() -> None:
    """Whoever has the commit can compute over which: the rules after it."""
    found, wider = reviewed(SAID), reviewed(WIDER, came=20)
    for each in (found, wider):
        assert (each.result, each.reviewed_by, each.why) == (MoveResult.COUNTED, ("erin",), "")
        assert len(each.digest) == 64
    assert found.digest != wider.digest


def test_rules_that_changed_after_the_approval_nobody_reviewed() -> None:
    """Whatever came after them."""
    found = reviewed(WIDER)
    assert (found.result, found.reviewed_by) == (MoveResult.NOT_COUNTED, ())
    assert found.why == "what the policy rests on was changed after it was approved"


def test_of_a_commit_that_is_not_in_this_clone_there_are_no_rules() -> None:
    """Without those before it nobody can say whether an owner approved."""
    found = reviewed(SAID, lacks=commit_of(5))
    assert (found.result, found.why) == (MoveResult.UNKNOWN, "the rules before it are not in this clone")
    assert reviewed(SAID, lacks=commit_of(2)).result is MoveResult.NOT_COUNTED  # nor what changed after it
