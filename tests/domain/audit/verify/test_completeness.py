"""Is the record whole, from plain values: merges without decisions, grants without approvals, more than was approved."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from acme_facts import EXPIRES_AT, MERGED_AT, MINUTE, NOW, PATH, a_request, sha
from audit_facts import a_ledger, a_recorded
from builders import a_change, an_approval, an_outcome, the_documents

from jitbot.domain.access.too_large import TooLarge, refusal
from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.history.ledger_history import LedgerHistory
from jitbot.domain.audit.history.main_history import MainHistory, Merged
from jitbot.domain.audit.verify.completeness import (
    anchored,
    decided_twice,
    not_followed,
    outcomes_without_approval,
    refused_whole,
    undecided,
)
from jitbot.domain.ledger.attestation import CLOCK_SKEW
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.git_history import HistoryStep, Touched
from jitbot.domain.model.merge_facts import ChangeKind

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
GRANTED = an_outcome(EventType.GRANTED)


def an_archive(*events: Event) -> LedgerHistory:
    """The ledger with these events, each in a batch of its own."""
    return a_ledger(
        *(a_recorded(event, order, at=event.at, issued_at=event.at) for order, event in enumerate(events))
    )


def found(*events: Event) -> list[str]:
    """What is wrong with the outcomes among these events."""
    return [each.code for each in outcomes_without_approval(an_archive(*events))]


def again(*events: Event) -> list[AuditFinding]:
    """What was decided a second time among these events."""
    return list(decided_twice(an_archive(*events)))


def a_merged(**changes: Any) -> Merged:
    """main's change that asks for alice's access."""
    return Merged(change=a_change(**changes), order=1, touched=(PATH,), rules={}, clashes=(), before=())


def test_keys_that_nobody_vouches_for_are_said() -> None:
    """Nothing is wrong with such a record, and nothing proves it."""
    (problem,) = anchored(replace(a_ledger(), anchored=False))
    assert (problem.code, problem.severity) == ("keys-unconfirmed", Severity.UNCHECKED)
    assert list(anchored(a_ledger())) == []


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (MERGED_AT + DAY, ("decision-due", Severity.NOTE)),
        (MERGED_AT + DAY + SECOND, ("no-decision", Severity.BROKEN)),
        (
            MERGED_AT - DAY - SECOND,
            ("no-decision", Severity.BROKEN),
        ),  # a commit's date is its pusher's choice
    ],
)
def test_a_merge_without_a_decision(now: datetime, code: tuple[str, Severity]) -> None:
    """For a day it is due; then it is missing, and a date in the future buys no time."""
    assert [(each.code, each.severity) for each in undecided([a_merged()], an_archive(), now)] == [code]


def test_what_needs_no_decision() -> None:
    """A deletion ends, and what is decided is decided."""
    decided = an_archive(an_approval())
    deletion = a_merged(kind=ChangeKind.DELETED, commit=sha("deleted"))
    assert list(undecided([deletion, a_merged()], decided, NOW + 9 * DAY)) == []


def test_only_decisions_decide() -> None:
    """An outcome before its decision is none, and beside it no second one."""
    history = an_archive(GRANTED, an_approval())
    assert [each.event.kind for each in history.decisions.values()] == [EventType.APPROVED]
    assert again(an_approval(), GRANTED) == []


def test_the_refusal_of_a_whole_commit_decides_no_request() -> None:
    """It names none; and there is nothing that it could be decided twice of."""
    whole = refusal(TooLarge(commit=sha("b"), base=sha("a"), committed_at=NOW), now=NOW, run="")
    assert an_archive(whole).decisions == {}
    assert again(whole, whole) == []


def test_what_to_do_about_a_missing_decision() -> None:
    """Wait for the next run, or look where the record went."""
    (due,) = undecided([a_merged()], an_archive(), MERGED_AT)
    (late,) = undecided([a_merged()], an_archive(), MERGED_AT + 2 * DAY)
    assert (due.hint, "cut short" in late.hint) == ("the next run of `jitbot grant` decides it", True)


def test_a_decision_of_another_merge_is_none_of_this_one() -> None:
    """The same path, merged again: it needs a decision of its own."""
    decided = an_archive(an_approval())
    assert [each.code for each in undecided([a_merged(commit=sha("again"))], decided, NOW + 9 * DAY)] == [
        "no-decision"
    ]


def test_a_grant_as_approved_has_no_problem() -> None:
    """Approved, granted, expired."""
    assert found(an_approval(), GRANTED, an_outcome(EventType.ENDED, at=EXPIRES_AT)) == []
    assert found(an_approval(), GRANTED, an_outcome(EventType.ENDED, window=None)) == []
    assert found(an_approval(), an_outcome(EventType.REMOVED), GRANTED) == []
    assert found(an_approval(), replace(GRANTED, at=NOW - CLOCK_SKEW)) == []
    assert found(an_approval(asked=a_request(accounts=("prod", "staging"))), GRANTED) == []


def test_one_batch_may_hold_the_decision_and_the_grant() -> None:
    """A run that writes both at once gave nothing before it was decided."""
    history = an_archive(an_approval(), GRANTED)
    first, second = history.recorded
    together = replace(history, recorded=(first, replace(second, batch=first.batch)))
    assert list(outcomes_without_approval(together)) == []


def test_where_it_was() -> None:
    """In the account, or, of what names none, in all of them."""
    (without,) = outcomes_without_approval(an_archive(GRANTED))
    (twice,) = again(GRANTED, an_approval(kind=EventType.REFUSED), an_approval())
    assert f"granted {PATH} in prod: no approval" in without.message
    assert f"approved {PATH} in all accounts: was decided before" in twice.message


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ((GRANTED,), "granted-without-approval"),
        ((GRANTED, an_approval()), "granted-without-approval"),
        ((an_approval(kind=EventType.REFUSED), GRANTED), "granted-without-approval"),
        ((an_approval(commit=sha("other")), GRANTED), "granted-without-approval"),
        ((an_approval(), replace(GRANTED, at=NOW - 11 * MINUTE)), "granted-before-approval"),
        ((an_approval(), an_outcome(EventType.ENDED, why=EndReason.REVOKED), GRANTED), "granted-after-end"),
        ((an_approval(), an_outcome(EventType.ENDED, at=EXPIRES_AT - SECOND)), "ended-before-end"),
        ((an_approval(), replace(GRANTED, documents=())), "granted-otherwise"),
        ((an_approval(), replace(GRANTED, documents=(the_documents("staging"),))), "granted-otherwise"),
    ],
)
def test_an_outcome_that_must_not_be(events: tuple[Event, ...], code: str) -> None:
    """Before its approval, without one, after its end, or other than was approved."""
    assert code in found(*events)


@pytest.mark.parametrize(
    "change",
    [
        {"trust_policy": {}},
        {"permission_policy": {}},
        {"managed_policies": ("arn:aws:iam::aws:policy/AdministratorAccess",)},
        {"permissions_boundary": ""},
        {"path": "/other/"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_part_of_a_role_is_compared(change: dict[str, Any]) -> None:
    """Whatever of the role that was read back gives access is held against the approved documents."""
    assert found(an_approval(), replace(GRANTED, documents=(replace(the_documents(), **change),))) == [
        "granted-otherwise"
    ]


def test_tags_give_nothing() -> None:
    """A role with other tags gives what was approved."""
    assert found(an_approval(), replace(GRANTED, documents=(replace(the_documents(), tags={}),))) == []


def test_a_merge_is_decided_once() -> None:
    """An approval after a refusal of the same merge."""
    assert [each.code for each in again(an_approval(kind=EventType.REFUSED), an_approval())] == [
        "decided-twice"
    ]
    assert again(an_approval(), an_approval(commit=sha("later"))) == []


def a_step(name: str, *touched: tuple[str, str], root: bool = False, **changes: bool) -> HistoryStep:
    """A commit of main that did this to these paths."""
    return HistoryStep(
        commit=sha(name), parents=() if root else (sha("parent"),), at=NOW, message="", **changes,
        touched=tuple(
            Touched(path=path, mode="100644" if status != "D" else "000000", blob=sha(name + path), status=status)
            for path, status in touched
        ),
    )  # fmt: skip


def test_rules_are_those_before_the_merge() -> None:
    """A request meets the rules of its base, also where its own merge changes them."""
    people, main_history = "policies/people.yaml", MainHistory()
    steps = [a_step("one", (people, "A"), root=True), a_step("two", (people, "M"), (PATH, "A"))]
    (merged,) = main_history.follow(steps)
    assert merged.rules == {people: sha("one" + people)}
    assert set(merged.touched or ()) == {people, PATH}
    assert main_history.rules == {people: sha("two" + people)}


def test_a_path_that_was_there_before() -> None:
    """Each change knows when main changed its path earlier; a deletion is one."""
    steps = [a_step("a", (PATH, "A")), a_step("b", (PATH, "D")), a_step("c", (PATH, "A"))]
    found = list(MainHistory().follow(steps))
    assert [len(each.before) for each in found] == [0, 1, 2]
    assert [each.change.blob is None for each in found] == [False, True, False]


def test_names_that_differ_by_case() -> None:
    """A file beside it whose name differs by case alone, as long as it is there."""
    other = PATH.replace("alice", "Alice")
    steps = [
        a_step("a", (other, "A")),
        a_step("b", (PATH, "A")),
        a_step("c", (other, "D")),
        a_step("d", (PATH, "M")),
    ]
    clashes = {each.change.commit: each.clashes for each in MainHistory().follow(steps)}
    assert (clashes[sha("b")], clashes[sha("d")]) == ((other,), ())


def test_after_a_commit_that_is_too_large_the_rules_are_asked_for() -> None:
    """main's rules cannot be followed past it: all that is merged after it says so, and is told all the same."""
    steps = [
        a_step("a"),
        a_step("b", (PATH, "A")),
        a_step("c", whole=False, asks_whole=False, rules_whole=False),
        a_step("d", (PATH, "M")),
        a_step("e", (PATH, "M")),
    ]
    main_history = MainHistory()
    before, *after = main_history.follow(steps)
    assert (before.sure, before.rules) == (True, {})
    assert [(each.sure, each.rules, each.touched) for each in after] == [(False, None, (PATH,))] * 2
    assert [each.commit for each in main_history.too_large] == [sha("c")]


def test_of_a_commit_too_large_to_read_nobody_knows_what_it_touched() -> None:
    """What it does below requests/ is told, and nothing is said of the rest."""
    (merged,) = MainHistory().follow([a_step("a"), a_step("b", (PATH, "A"), whole=False)])
    assert (merged.change.path, merged.touched) == (PATH, None)


def test_commits_that_must_be_asked_themselves() -> None:
    """Those that are refused, and those that are not whole: of these the versions of a rule file are learnt."""
    people = "policies/people.yaml"
    many = [(f"requests/orders-db-read/2026-11/23-alice-{number}.yaml", "A") for number in range(101)]
    main_history = MainHistory()
    steps = [
        a_step("a", (people, "A"), (".github/CODEOWNERS", "A"), root=True),
        a_step("b", *many),
        a_step("c", whole=False),
        a_step("d", (people, "M")),
        a_step("e", ("CODEOWNERS/x", "A")),
    ]
    list(main_history.follow(steps))
    assert [(each.commit, each.rules) for each in main_history.unfollowed] == [
        (sha("b"), True),
        (sha("c"), False),
    ]
    assert [commit for commit, _, _ in main_history.owning()] == [sha("a"), sha("c"), sha("e")]
    for _ in range(2):
        main_history.learn(main_history.unfollowed[1], {}, [people])
    assert [(each.commit, each.blob is None) for each in main_history.versions[people]] == [
        (sha("a"), False), (sha("c"), True), (sha("d"), False),
    ]  # fmt: skip


def test_a_commit_that_changes_too_much_asks_for_nothing() -> None:
    """Of one whose files below requests/ are too many, or too deep, what it deletes is told alone; the commit is named."""
    many = [(f"requests/orders-db-read/2026-11/23-alice-{number}.yaml", "A") for number in range(101)]
    deep = (f"requests/{'a/' * 64}x.md", "A")
    for step in (a_step("b", *many, (PATH, "D")), a_step("b", deep, (PATH, "D"))):
        main_history = MainHistory()
        (told,) = main_history.follow([a_step("a"), step])
        assert (told.change.path, told.change.kind) == (PATH, ChangeKind.DELETED)
        assert [each.commit for each in main_history.too_large] == [sha("b")]
    few = MainHistory()
    assert len(list(few.follow([a_step("a"), a_step("b", *many[:100])]))) == 100
    assert few.too_large == []


def test_a_whole_commit_is_refused_once_and_rightly() -> None:
    """Its refusal is due for a day, and a note after that, too; of a commit that asks for no more than it may it is wrong."""
    large = TooLarge(commit=sha("b"), base=sha("a"), committed_at=NOW)
    refused = refusal(large, now=NOW, run="")
    for recorded, merges, after, codes in (
        ([refused], [large], timedelta(), []),
        ([], [large], DAY, ["decision-due"]),
        ([], [large], DAY + SECOND, ["no-decision"]),
        ([refused], [], timedelta(), ["wrong-refusal"]),
    ):
        found = list(refused_whole(merges, an_archive(*recorded), NOW + after))
        assert [each.code for each in found] == codes
        assert {each.severity for each in found} <= {Severity.NOTE if merges else Severity.BROKEN}
    (due,), (late,) = (refused_whole([large], an_archive(), NOW + after) for after in (DAY, 2 * DAY))
    assert (due.hint, late.hint) == ("the next run of `jitbot grant` records it", "look at the runs of grant")


def test_only_a_refusal_without_a_request_is_of_a_whole_commit() -> None:
    """Not that of one request, and no other event that names none."""
    others = (
        an_approval(kind=EventType.REFUSED),
        an_outcome(EventType.ENDED, why=EndReason.ORPHAN, request=""),
    )
    assert list(refused_whole([], an_archive(*others), NOW)) == []


def test_the_first_commit_asks_for_nothing() -> None:
    """It has no parent to be decided against."""
    assert list(MainHistory().follow([a_step("a", (PATH, "A"), root=True)])) == []


def test_only_plain_files_that_are_there_are_rules() -> None:
    """What was deleted decides nothing, and what became a link says that it is none; a neighbour is no clash."""
    people, teams, owners = "policies/people.yaml", "policies/teams.yaml", ".github/CODEOWNERS"
    main_history = MainHistory()
    linked = a_step("c", (teams, "M"))
    linked = replace(linked, touched=(replace(linked.touched[0], mode="120000"),))
    steps = [
        a_step("a", (people, "A"), (teams, "A"), (owners, "A"), root=True),
        a_step("b", (people, "D")),
        linked,
        a_step("d", (PATH, "A"), (PATH.replace("refunds", "other"), "A")),
    ]
    merged = list(main_history.follow(steps))
    assert main_history.rules == {owners: sha("a" + owners), teams: "mode-120000"}
    assert main_history.all_rules == {(each, sha("a" + each)) for each in (people, teams, owners)}
    blobs = {path: [each.blob for each in found] for path, found in main_history.versions.items()}
    assert blobs == {
        people: [sha("a" + people), None],
        teams: [sha("a" + teams), None],
        owners: [sha("a" + owners)],
    }
    assert [each.clashes for each in merged] == [(), ()]


def test_a_folder_in_the_place_of_a_rule_is_seen() -> None:
    """What lies in a folder called CODEOWNERS is no rule, and yet keeps the next location from deciding."""
    main_history, inside = MainHistory(), ".github/CODEOWNERS/notes"
    steps = [a_step("a", (inside, "A"), ("docs/CODEOWNERS", "A"), root=True)]
    assert list(main_history.follow(steps)) == []
    assert main_history.rules[".github/CODEOWNERS"] == "mode-040000"
    assert list(main_history.follow([a_step("b", (inside, "D"))])) == []
    assert set(main_history.rules) == {"docs/CODEOWNERS"}


def test_a_commit_that_nobody_can_follow_is_told_once() -> None:
    """What it ended cannot be told, so it is not checked; each commit is named, and only once."""
    found = list(not_followed([sha("large"), sha("other"), sha("large")]))
    assert [(each.code, each.severity, each.commit) for each in found] == [
        ("commit-not-read", Severity.UNCHECKED, sha("large")),
        ("commit-not-read", Severity.UNCHECKED, sha("other")),
    ]
    assert sha("large")[:10] in found[0].message
