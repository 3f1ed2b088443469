"""A recorded decision, decided again from plain values: what agrees, what must not have been, what cannot be told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from acme_facts import (
    DAY,
    EXPIRES_AT,
    HOUR,
    MERGE,
    MERGED_AT,
    NOW,
    PATH,
    SECOND,
    a_policy,
    a_request,
    sha,
    the_rules,
    unreadable,
)  # fmt: skip
from audit_facts import approval, decided
from builders import a_case, a_change, a_life, a_merge, a_pull, a_review, a_window, an_approval, the_documents

from jitbot import __version__
from jitbot.domain import facts
from jitbot.domain.audit.archive import Batch, Recorded
from jitbot.domain.audit.mainline import Merged
from jitbot.domain.audit.problems import Weight
from jitbot.domain.audit.redeciding import (
    Ground,
    case_of,
    facts_of,
    life_before,
    longer_than,
    problems,
)
from jitbot.domain.events import Event, Kind
from jitbot.domain.evidence import Case, ChangeKind
from jitbot.domain.life import Life

REFUSED_CASE = a_case(merge=a_merge(reviews=()))


def recorded(event: Event, order: int = 0) -> Recorded:
    """An event in a batch of this number."""
    batch = Batch(commit=sha(f"batch {order}"), order=order, at=NOW, issued_at=NOW, workflow="", run="")
    return Recorded(event=event, batch=batch, path=event.path)


def ground(case: Case | None = None, **changes: Any) -> Ground:
    """What git and the evidence hold of a case."""
    case = case or a_case()
    merged = Merged(
        change=case.change, order=1, touched=case.touched, rules={}, clashes=case.clashes, before=()
    )
    found = Ground(
        merged=merged, request=case.request, rules=case.rules,
        head_rules=None if case.merge is None else case.merge.head_rules, facts=facts.load(facts.dump(case)),
    )  # fmt: skip
    return replace(found, **changes)


def told(event: Event, found: Ground | None, so_far: Life | None = None) -> list[tuple[str, Weight]]:
    """What is wrong with the decision, and how grave that is."""
    return [(each.code, each.weight) for each in problems(recorded(event), found, so_far or a_life())]


def said(event: Event, found: Ground | None) -> str:
    """The first sentence about it."""
    return next(iter(problems(recorded(event), found, a_life()))).message


def test_what_agrees_has_no_problem() -> None:
    """An approval that is one, and a refusal that is one."""
    assert told(approval(), ground()) == []
    assert told(decided(REFUSED_CASE), ground(REFUSED_CASE)) == []


def test_the_case_is_the_one_that_the_run_met() -> None:
    """All that git holds and all that was told; and whether the path was there within the memory of a run."""
    event, case = approval(), a_case()
    found = facts.load(facts.dump(case))
    assert replace(case_of(event, ground(), found), merge=None) == replace(case, merge=None)
    merge = case_of(event, ground(), found).merge
    assert merge is not None
    assert case.merge is not None
    for name in ("pull_request", "files", "fetched_head", "head_blob", "commits", "touching", "permissions"):
        assert getattr(merge, name) == getattr(case.merge, name)
    assert case_of(event, ground(), replace(found, told=None)).merge is None
    memory = timedelta(days=21)
    for moment, earlier in ((event.at - memory, True), (event.at - memory - SECOND, False)):
        before = replace(ground(), merged=replace(ground().merged, before=(moment,)))
        assert case_of(event, before, found).earlier is earlier


@pytest.mark.parametrize(
    ("event", "found", "codes"),
    [
        (approval(), None, [("not-on-main", Weight.BROKEN)]),
        (decided(REFUSED_CASE), None, []),
        (approval(), ground(facts=None), [("evidence-incomplete", Weight.UNCHECKED)]),
        (decided(REFUSED_CASE), ground(REFUSED_CASE, facts=None), []),
        (approval(), ground(head_rules=None), [("head-not-here", Weight.UNCHECKED)]),
        (decided(REFUSED_CASE), ground(REFUSED_CASE, head_rules=None), []),
        (approval(rules_commit=sha("other")), ground(), [("other-commits", Weight.BROKEN)]),
        (approval(request_blob=sha("other")), ground(), [("other-commits", Weight.BROKEN)]),
        (approval(), ground(REFUSED_CASE), [("wrong-approval", Weight.BROKEN)]),
        (decided(REFUSED_CASE), ground(), [("wrong-refusal", Weight.BROKEN)]),
        (approval(jitbot="0.0.1"), ground(REFUSED_CASE), [("older-rules", Weight.UNCHECKED)]),
        (approval(jitbot=None), ground(REFUSED_CASE), [("older-rules", Weight.UNCHECKED)]),
        (replace(approval(), kind=Kind.EXTENDED), ground(), [("wrong-approval", Weight.BROKEN)]),
        (replace(approval(), window=a_window(expires_at=EXPIRES_AT + SECOND)), ground(), [("wrong-approval", Weight.BROKEN)]),
        (replace(approval(), documents=(the_documents("staging"),)), ground(), [("wrong-approval", Weight.BROKEN)]),
        (replace(approval(), documents=()), ground(), [("wrong-approval", Weight.BROKEN)]),
        (replace(approval(), ask={**approval().ask, "reason": "x"}), ground(), [("wrong-approval", Weight.BROKEN)]),
    ],
)  # fmt: skip
def test_what_does_not_agree(event: Event, found: Ground | None, codes: list[tuple[str, Weight]]) -> None:
    """Broken where the record says what cannot be, unchecked where not enough is here, or other rules decided."""
    assert told(event, found) == codes


@pytest.mark.parametrize(
    ("event", "found", "words"),
    [
        (approval(), None, f"approved {PATH}: main's first-parent line has no commit {MERGE[:10]}"),
        (approval(), ground(REFUSED_CASE), "it must not have been approved: 0 of 1 approvals"),
        (decided(REFUSED_CASE), ground(), "nothing speaks against it, and yet it was refused"),
        (replace(approval(), kind=Kind.EXTENDED), ground(), "an ask was recorded as an extension"),
        (replace(approval(), window=a_window(expires_at=EXPIRES_AT + SECOND)), ground(), "what was approved ends at 2026-11-24T11:00:00Z"),
        (replace(approval(), documents=()), ground(), "other documents were recorded"),
        (replace(approval(), ask={}), ground(), "something else was asked for"),
        (approval(jitbot="0.0.1"), ground(REFUSED_CASE), f"decided by jitbot 0.0.1; the rules of {__version__} say otherwise"),
        (approval(jitbot=7), ground(REFUSED_CASE), "decided by jitbot unknown"),
    ],
)  # fmt: skip
def test_what_is_said_of_it(event: Event, found: Ground | None, words: str) -> None:
    """What the record says otherwise, and which reasons the decision made again has."""
    assert words in said(event, found)


def test_a_refusal_after_what_cannot_be_read_is_not_called_wrong() -> None:
    """The run may have seen more beside it; an approval is wrong all the same."""
    for event, case, code in (
        (decided(REFUSED_CASE), a_case(), ("refusal-not-checked", Weight.UNCHECKED)),
        (approval(), REFUSED_CASE, ("wrong-approval", Weight.BROKEN)),
    ):
        found = ground(case)
        unsure = replace(found, merged=replace(found.merged, sure=False))
        assert told(event, unsure) == [code]


def test_the_rules_at_the_head_count() -> None:
    """What the approver saw was another grant than the merge gave."""
    other = the_rules(policy=a_policy(managed_policies=("ReadOnlyAccess",)))
    assert told(approval(), ground(head_rules=other)) == [("wrong-approval", Weight.BROKEN)]


def test_a_refusal_for_want_of_a_pull_request_is_decided_again() -> None:
    """Where GitHub told of no merge there is no head whose rules could be missing."""
    alone = a_case(merge=None, listed=())
    event = decided(alone, NOW + DAY)
    assert told(event, ground(alone)) == []
    assert told(approval(), ground(alone)) == [("wrong-approval", Weight.BROKEN)]


def test_an_approval_longer_than_its_policy() -> None:
    """By what the policy said at the base, from the first start."""
    two = the_rules(policy=a_policy(max_duration=2 * HOUR))
    assert told(approval(), ground(a_case(rules=two, merge=a_merge(head_rules=two)))) == []
    one = the_rules(policy=a_policy(max_duration=HOUR))
    codes = [code for code, _ in told(approval(), ground(a_case(rules=one, merge=a_merge(head_rules=one))))]
    assert codes == ["longer-than-policy", "wrong-approval"]
    refused = replace(decided(REFUSED_CASE), window=a_window(), ask=approval().ask)
    assert "longer-than-policy" not in [code for code, _ in told(refused, ground(a_case(rules=one)))]
    unread = the_rules(policy=unreadable())
    codes = [code for code, _ in told(approval(), ground(a_case(rules=unread)))]
    assert codes == ["wrong-approval"]


@pytest.mark.parametrize(
    ("changes", "most", "longer"),
    [
        ({}, 2 * HOUR, False),
        ({}, 2 * HOUR - SECOND, True),
        ({"window": None}, HOUR, False),
        ({"ask": {}}, HOUR, False),
    ],
)
def test_how_long_it_lasts(changes: dict[str, Any], most: timedelta, longer: bool) -> None:
    """To the second; what is not recorded is not measured."""
    assert longer_than(replace(approval(), **changes), most) is longer


def test_an_extension_is_decided_against_what_was_there() -> None:
    """The life that the ledger told of then, and the kind of change that main has."""
    change = a_change(kind=ChangeKind.MODIFIED, commit=sha("extension"))
    pull = a_pull(merge_commit=change.commit, merged_at=MERGED_AT + HOUR)
    merge = a_merge(pull_request=pull, reviews=(a_review(submitted_at=MERGED_AT),))
    case = a_case(change=change, merge=merge, request=a_request(duration=3 * HOUR))
    first = an_approval()
    event = decided(case, NOW + HOUR, a_life(first))
    assert event.kind is Kind.EXTENDED
    assert told(event, ground(case), a_life(first)) == []
    assert told(replace(event, kind=Kind.APPROVED), ground(case), a_life(first)) == [
        ("wrong-approval", Weight.BROKEN)
    ]
    assert told(event, ground(case), a_life()) == [("wrong-approval", Weight.BROKEN)]


def test_the_life_before_a_decision() -> None:
    """Earlier batches, and, in its own, what main had before; no further back than a run looks."""
    event = an_approval(commit=sha("mine"), at=NOW + DAY)
    decision = recorded(event, 5)
    before, after, same = recorded(an_approval(), 4), recorded(an_approval(), 6), recorded(an_approval(), 5)
    orders = {(PATH, MERGE): 1, (PATH, sha("mine")): 2}

    def terms(*others: Recorded, places: dict[Any, int] | None = None) -> int:
        return len(life_before(decision, others, orders if places is None else places).terms)

    assert [terms(before), terms(after), terms(same), terms()] == [1, 0, 1, 0]
    assert terms(same, places={(PATH, MERGE): 3, (PATH, sha("mine")): 2}) == 0
    assert terms(same, places={(PATH, sha("mine")): 2}) == 0
    memory = timedelta(days=21)
    for age, number in ((memory, 1), (memory + SECOND, 0)):
        assert terms(recorded(an_approval(at=event.at - age), 4)) == number
    assert life_before(decision, [], orders).request == PATH


@pytest.mark.parametrize("evidence", [{}, {"facts": None}, {"facts": {"told": 1}}])
def test_facts_that_are_not_whole_are_none(evidence: dict[str, object]) -> None:
    """Nothing is decided from half of them."""
    assert facts_of(replace(approval(), evidence=evidence)) is None
    assert facts_of(approval()) == facts.load(facts.dump(a_case()))
