"""main's history from plain values: which changes of requests it holds, and with which rules and files each was made."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from acme_facts import MERGED_AT, MINUTE, sha

from jitbot.domain.audit.history.main_history import (
    MainHistory,
    Merged,
    Unfollowed,
    Version,
    change_of,
    is_rule,
)
from jitbot.domain.ledger.git_history import HistoryStep, Touched
from jitbot.domain.model.bounds import DEEPEST, MOST_OF_REQUESTS
from jitbot.domain.model.documents import PLAIN, Sha
from jitbot.domain.model.merge_facts import ChangeKind

ONE, OTHER = (
    "requests/orders-db-read/2026-11/24-alice-x.yaml",
    "requests/orders-db-read/2026-11/24-bob-y.yaml",
)
POLICY, OWNERS = "policies/orders-db-read.yaml", ".github/CODEOWNERS"
FOLDER, LINK = "040000", "120000"


def touched(path: str, status: str = "A", mode: str = PLAIN) -> Touched:
    """One path that a commit changed; its blob is named after both."""
    gone = status == "D"
    return Touched(
        path=path,
        mode="000000" if gone else mode,
        blob=sha("" if gone else f"{path} {status}"),
        status=status,
    )


def steps(*of_each: tuple[Touched, ...], **changes: dict[str, Any]) -> Iterator[HistoryStep]:
    """main's commits c0, c1…, a minute each, of which each changes these paths; `changes` are of a commit by its name."""
    for number, each in enumerate(of_each):
        step = HistoryStep(
            commit=sha(f"c{number}"),
            parents=(sha(f"c{number - 1}"),) if number else (),
            at=MERGED_AT + number * MINUTE,
            message="",
            touched=each,
        )
        yield replace(step, **changes.get(f"c{number}", {}))


def followed(*of_each: tuple[Touched, ...], **changes: dict[str, Any]) -> tuple[MainHistory, list[Merged]]:
    """The history after these commits, and the changes of requests that it gave."""
    history = MainHistory()
    return history, list(history.follow(steps(*of_each, **changes)))


def test_each_change_of_a_request_is_there_with_what_it_met() -> None:
    """In order, with everything that its commit touched, the rules before it, and when the path was changed before."""
    history, (added, modified, deleted) = followed(
        (touched(POLICY), touched(ONE)),
        (touched(OTHER), touched(POLICY, "M")),
        (touched(OTHER, "M"),),
        (touched(OTHER, "D"), touched("README.md", "M")),
    )
    assert history.commits == {sha(f"c{number}"): number for number in range(4)}
    assert [each.order for each in (added, modified, deleted)] == [1, 2, 3]
    kinds = {each.change.kind for each in (added, modified, deleted)}
    assert kinds == {ChangeKind.ADDED, ChangeKind.MODIFIED, ChangeKind.DELETED}
    assert (added.change.path, added.change.base, added.change.blob) == (OTHER, sha("c0"), sha(f"{OTHER} A"))
    assert (deleted.change.kind, deleted.change.blob) == (ChangeKind.DELETED, None)
    assert added.touched == (OTHER, POLICY)
    assert deleted.touched == (OTHER, "README.md")
    assert (added.before, deleted.before) == ((), (MERGED_AT + MINUTE, MERGED_AT + 2 * MINUTE))
    assert added.rules == {POLICY: sha(f"{POLICY} A")}
    assert modified.rules == {POLICY: sha(f"{POLICY} M")}
    assert (added.sure, history.too_large, history.unfollowed) == (True, [], [])


def test_what_the_first_commit_brings_was_not_merged() -> None:
    """Whatever it holds, and however much: there was no main that it could have been merged into."""
    history, found = followed((touched(ONE),), c0={"asks_whole": False})
    assert (found, history.too_large, history.unfollowed) == ([], [], [])


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        (POLICY, True), ("policies/sub/x", True), (OWNERS, True), ("CODEOWNERS", True), ("docs/CODEOWNERS", True),
        ("docs/CODEOWNERS/x", True), ("policies", False), ("CODEOWNERS.md", False), (ONE, False), ("a/policies/x", False),
    ],
)  # fmt: skip
def test_what_a_decision_may_read(path: str, *, rule: bool) -> None:
    """The policies and CODEOWNERS at GitHub's places, and whatever lies in a folder of such a name."""
    assert is_rule(path) is rule


def test_rules_are_what_is_left_of_them() -> None:
    """What is deleted is gone; what is no plain file, and a folder where a rule is looked for, is there, and is none."""
    history, _ = followed(
        (
            touched(POLICY),
            touched("policies/people.yaml", mode=LINK),
            touched(f"{OWNERS}/x"),
            touched("README.md"),
        ),
    )
    assert history.rules == {
        POLICY: sha(f"{POLICY} A"),
        "policies/people.yaml": f"mode-{LINK}",
        f"{OWNERS}/x": sha(f"{OWNERS}/x A"),
        OWNERS: f"mode-{FOLDER}",
    }
    assert history.all_rules == {(path, sha(f"{path} A")) for path in (POLICY, f"{OWNERS}/x")}
    list(history.follow(steps((), (touched(f"{OWNERS}/x", "D"), touched(POLICY, "D")))))
    assert history.rules == {"policies/people.yaml": f"mode-{LINK}"}
    assert [each.blob for each in history.versions[POLICY]] == [sha(f"{POLICY} A"), None]
    assert [each.blob for each in history.versions["policies/people.yaml"]] == [None]


def test_files_that_differ_by_case_clash() -> None:
    """As long as both are there, and in one folder."""
    upper, elsewhere = ONE.replace("alice", "Alice"), ONE.replace("2026-11", "2026-12")
    _, (first, second, _, again, apart) = followed(
        (),
        (touched(ONE),),
        (touched(upper),),
        (touched(ONE, "D"),),
        (touched(upper, "M"),),
        (touched(elsewhere),),
    )
    assert (first.clashes, second.clashes, again.clashes, apart.clashes) == ((), (ONE,), (), ())


def test_of_a_commit_that_asks_for_too_much_only_deletions_count() -> None:
    """It is refused as a whole; what is beside a request is in doubt from then on."""
    history, found = followed(
        (), (touched(ONE), touched(OTHER, "D")), (touched(ONE, "M"),), c1={"asks_whole": False}
    )
    deleted, later = found
    assert (deleted.change.path, deleted.change.kind) == (OTHER, ChangeKind.DELETED)
    assert (deleted.sure, later.sure, later.before) == (False, False, (MERGED_AT + MINUTE,))
    assert [(each.commit, each.base) for each in history.too_large] == [(sha("c1"), sha("c0"))]
    assert history.unfollowed == [Unfollowed(commit=sha("c1"), at=MERGED_AT + MINUTE, order=1, rules=True)]


def test_what_is_too_large_to_read_is_said_to_be() -> None:
    """Its other paths are not known; and if it hides rules, those must be read elsewhere from then on."""
    history, (large, later) = followed(
        (touched(POLICY),), (touched(ONE),), (touched(OTHER),), c1={"whole": False, "rules_whole": False}
    )
    assert (large.touched, large.rules) == (None, {POLICY: sha(f"{POLICY} A")})
    assert (later.touched, later.rules, later.sure) == ((OTHER,), None, True)
    assert [(each.commit, each.rules) for each in history.unfollowed] == [(sha("c1"), False)]
    assert (history.too_large, history.sure) == ([], False)


def test_a_merge_that_changes_too_much_is_refused_even_if_it_was_read() -> None:
    """By the number of its paths: a request's merge is small."""
    many = tuple(touched(f"requests/{number}") for number in range(1_001))
    history, found = followed((), many)
    assert (found, [each.commit for each in history.too_large]) == ([], [sha("c1")])


@pytest.mark.parametrize(
    "many",
    [
        (touched(f"requests/{'a/' * DEEPEST}x.yaml"),),
        tuple(touched(f"requests/{number}", "D") for number in range(MOST_OF_REQUESTS)),
    ],
)
def test_a_merge_of_few_requests_may_change_too_much(many: tuple[Touched, ...]) -> None:
    """In folders that are too deep, or by what it deletes; one path less is no such merge."""
    history, _ = followed((), many)
    assert [each.commit for each in history.too_large] == [sha("c1")]
    history, _ = followed((), many[1:])
    assert history.too_large == []


def test_when_codeowners_may_have_changed() -> None:
    """Where a file at one of its places did, or in a folder there; and where nobody can see it."""
    history, _ = followed(
        (touched("CODEOWNERS"),),
        (touched(POLICY),),
        (),
        (touched(f"{OWNERS}/x"),),
        (touched(ONE),),
        c2={"whole": False},
        c4={"asks_whole": False},
    )
    assert history.owning() == tuple((sha(f"c{each}"), MERGED_AT + each * MINUTE, each) for each in (0, 2, 3))


def test_what_was_read_elsewhere_takes_its_place() -> None:
    """Between the versions before and after it, once, with None for what is not there."""
    history, _ = followed(
        (touched(POLICY),), (), (touched(POLICY, "M"),), c1={"whole": False, "rules_whole": False}
    )
    (commit,) = (replace(each, rules=False) for each in history.unfollowed)
    for blob in ("first", "second"):
        history.learn(commit, {POLICY: Sha(blob)}, [POLICY, OWNERS])
    assert [each.blob for each in history.versions[POLICY]] == [
        sha(f"{POLICY} A"),
        "second",
        sha(f"{POLICY} M"),
    ]
    assert history.versions[OWNERS] == [Version(commit=sha("c1"), at=MERGED_AT + MINUTE, blob=None)]


def test_a_file_of_another_type_is_a_changed_one() -> None:
    """git says T where a file became a link: it was there, and is."""
    (step,) = steps((touched(ONE, "T", LINK),))
    change = change_of(replace(step, parents=(sha("base"),)), step.touched[0])
    assert (change.kind, change.mode, change.base) == (ChangeKind.MODIFIED, LINK, sha("base"))
