"""A recorded decision, decided again from plain values: what agrees, what must not have been, what cannot be told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from acme_facts import (
    DAY,
    EXPIRES_AT,
    HEAD,
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
from audit_facts import a_recorded, approval, decided
from builders import (
    a_case,
    a_change,
    a_merge,
    a_pull,
    a_request_state,
    a_review,
    a_window,
    an_approval,
    the_documents,
)

from jitbot import __version__
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.audit.history.findings import Severity
from jitbot.domain.audit.history.ledger_history import RecordedEvent
from jitbot.domain.audit.history.main_history import Merged
from jitbot.domain.audit.verify.recheck_decisions import (
    DecisionFacts,
    InGit,
    attested,
    case_of,
    lasts_longer,
    problems,
    state_before,
)
from jitbot.domain.ledger import case_json
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.stops import CODE, stops_of
from jitbot.domain.model.merge_facts import Case, ChangeKind

REFUSED_CASE = a_case(merge=a_merge(reviews=()))


def refused_for(*reasons: dict[str, str]) -> Event:
    """The refusal of that case, with other reasons."""
    refused = decided(REFUSED_CASE)
    return replace(refused, evidence=Evidence({**refused.evidence.json, "reasons": list(reasons)}))


FOR_A_STOP = refused_for({"code": CODE})  # as if somebody had stopped it


def in_git(case: Case | None = None, **changes: Any) -> InGit:
    """What git holds of a case."""
    case = case or a_case()
    merged = Merged(
        change=case.change, order=1, touched=case.touched, rules={}, clashes=case.clashes, before=()
    )
    head_rules = None if case.merge is None else case.merge.head_rules
    found = InGit(merged=merged, request=case.request, rules=case.rules, head_rules=head_rules)
    return replace(found, **changes)


def parsed_case(case: Case | None = None, told: bool = True, **changes: Any) -> DecisionFacts:
    """What a decision on this case is judged by; unless it is `told`, its evidence lacks what GitHub said."""
    return DecisionFacts(
        decision=a_recorded(approval()),
        so_far=a_request_state(),
        facts=case_json.load(case_json.dump(case or a_case())) if told else None,
        in_git=in_git(case, **changes),
    )


NOWHERE = DecisionFacts(decision=a_recorded(approval()), so_far=a_request_state(), facts=None, in_git=None)


def told(
    event: Event, found: DecisionFacts, so_far: RequestState | None = None
) -> list[tuple[str, Severity]]:
    """What is wrong with the decision, and how grave that is."""
    judged = replace(found, decision=a_recorded(event), so_far=so_far or a_request_state())
    return [(each.code, each.severity) for each in problems(judged)]


def said(event: Event, found: DecisionFacts) -> str:
    """The first sentence about it."""
    return next(iter(problems(replace(found, decision=a_recorded(event))))).message


def test_what_agrees_has_no_problem() -> None:
    """An approval that is one, and a refusal that is one."""
    assert told(approval(), parsed_case()) == []
    assert told(decided(REFUSED_CASE), parsed_case(REFUSED_CASE)) == []


def test_the_case_is_the_one_that_the_run_met() -> None:
    """All that git holds and all that was told; and whether the path was there within the memory of a run."""
    event, case = approval(), a_case()
    found = case_json.load(case_json.dump(case))
    assert replace(case_of(event, in_git(), found), merge=None) == replace(case, merge=None)
    merge = case_of(event, in_git(), found).merge
    assert merge is not None
    assert case.merge is not None
    for name in ("pull_request", "files", "fetched_head", "head_blob", "commits", "touching", "permissions"):
        assert getattr(merge, name) == getattr(case.merge, name)
    assert case_of(event, in_git(), replace(found, snapshot=None)).merge is None
    memory = timedelta(days=21)
    for moment, earlier in ((event.at - memory, True), (event.at - memory - SECOND, False)):
        before = in_git(merged=replace(in_git().merged, before=(moment,)))
        assert case_of(event, before, found).earlier is earlier


@pytest.mark.parametrize(
    ("event", "found", "codes"),
    [
        (approval(), NOWHERE, [("not-on-main", Severity.BROKEN)]),
        (decided(REFUSED_CASE), NOWHERE, []),
        (approval(), parsed_case(told=False), [("evidence-incomplete", Severity.UNCHECKED)]),
        (decided(REFUSED_CASE), parsed_case(REFUSED_CASE, told=False), []),
        (approval(), parsed_case(head_rules=None), [("head-not-here", Severity.UNCHECKED)]),
        (decided(REFUSED_CASE), parsed_case(REFUSED_CASE, head_rules=None), []),
        (approval(rules_commit=sha("other")), parsed_case(), [("other-commits", Severity.BROKEN)]),
        (approval(request_blob=sha("other")), parsed_case(), [("other-commits", Severity.BROKEN)]),
        (approval(), parsed_case(REFUSED_CASE), [("wrong-approval", Severity.BROKEN)]),
        (decided(REFUSED_CASE), parsed_case(), [("wrong-refusal", Severity.BROKEN)]),
        (approval(jitbot="0.0.1"), parsed_case(REFUSED_CASE), [("older-rules", Severity.UNCHECKED)]),
        (approval(jitbot=None), parsed_case(REFUSED_CASE), [("older-rules", Severity.UNCHECKED)]),
        (replace(approval(), kind=EventType.EXTENDED), parsed_case(), [("wrong-approval", Severity.BROKEN)]),
        (replace(approval(), window=a_window(expires_at=EXPIRES_AT + SECOND)), parsed_case(), [("wrong-approval", Severity.BROKEN)]),
        (replace(approval(), documents=(the_documents("staging"),)), parsed_case(), [("wrong-approval", Severity.BROKEN)]),
        (replace(approval(), documents=()), parsed_case(), [("wrong-approval", Severity.BROKEN)]),
        (approval(approvals_required=2), parsed_case(), [("wrong-approval", Severity.BROKEN)]),
        (FOR_A_STOP, parsed_case(REFUSED_CASE), [("wrong-refusal", Severity.BROKEN)]),
        (replace(approval(), ask=Ask({**approval().ask.json, "reason": "x"})), parsed_case(), [("wrong-approval", Severity.BROKEN)]),
    ],
)  # fmt: skip
def test_what_does_not_agree(event: Event, found: DecisionFacts, codes: list[tuple[str, Severity]]) -> None:
    """Broken where the record says what cannot be, unchecked where not enough is here, or other rules decided."""
    assert told(event, found) == codes


@pytest.mark.parametrize(
    ("event", "found", "words"),
    [
        (approval(), NOWHERE, f"approved {PATH}: main's first-parent line has no commit {MERGE[:10]}"),
        (approval(), parsed_case(REFUSED_CASE), "it must not have been approved: 0 of 1 approvals"),
        (decided(REFUSED_CASE), parsed_case(), "nothing speaks against it, and yet it was refused"),
        (replace(approval(), kind=EventType.EXTENDED), parsed_case(), "an ask was recorded as an extension"),
        (replace(approval(), window=a_window(expires_at=EXPIRES_AT + SECOND)), parsed_case(), "what was approved ends at 2026-11-24T11:00:00Z"),
        (replace(approval(), documents=()), parsed_case(), "other documents were recorded"),
        (replace(approval(), ask=Ask()), parsed_case(), "something else was asked for"),
        (approval(approvals_required=2), parsed_case(), "other rules of approval, or other people for them"),
        (approval(merged_by={"login": "mallory"}, head=sha("other")), parsed_case(), "GitHub's own answers in it: head, merged_by"),
        (FOR_A_STOP, parsed_case(REFUSED_CASE), "a stop that the ledger does not hold"),
        (refused_for({"code": "too-late"}), parsed_case(REFUSED_CASE), "it was refused for other reasons than are recorded"),
        (approval(jitbot="0.0.1"), parsed_case(REFUSED_CASE), f"decided by jitbot 0.0.1; the rules of {__version__} say otherwise"),
        (approval(jitbot=7), parsed_case(REFUSED_CASE), "decided by jitbot unknown"),
    ],
)  # fmt: skip
def test_what_is_said_of_it(event: Event, found: DecisionFacts, words: str) -> None:
    """What the record says otherwise, and which reasons the decision made again has."""
    assert words in said(event, found)


@pytest.mark.parametrize(
    ("reasons", "case"),
    [
        ([], REFUSED_CASE),
        ([{"message": "a reason of an older version, without its code"}], REFUSED_CASE),
        ([{"code": "too-late"}, {"code": "not-enough-approvals"}], REFUSED_CASE),
        ([{"code": "too-late"}], a_case(request=unreadable())),
        ([{"code": "too-late"}], a_case(merge=a_merge(commits=(), touching=frozenset()))),
    ],
    ids=["none", "no code", "one of both", "not read", "undecided"],
)
def test_a_refusal_that_may_be_right_is_not_called_wrong(reasons: list[dict[str, str]], case: Case) -> None:
    """One reason that is still there is enough; what names none, or cannot be compared, is left alone."""
    assert told(refused_for(*reasons), parsed_case(case)) == []


def test_what_git_has_at_the_head_is_what_was_attested() -> None:
    """A file that is another there, or is not there, is told, wherever the rest leads; where the head is not here nothing is."""
    head = {(HEAD, PATH): a_merge().head_blob}
    assert told(approval(), replace(parsed_case(), at_head=head)) == []
    for other in (sha("other"), None):
        wrong = replace(parsed_case(), at_head={(HEAD, PATH): other})
        assert told(approval(), wrong) == [("other-head", Severity.BROKEN)]
        assert f"at the head {HEAD[:10]}, {PATH} is not" in said(approval(), wrong)
        nowhere = replace(wrong, in_git=None)
        assert [code for code, _ in told(approval(), nowhere)] == ["other-head", "not-on-main"]


def test_of_what_a_head_holds_only_approvals_speak() -> None:
    """Its rules and the request itself; a refusal was not given for them."""
    found = case_json.load(case_json.dump(a_case()))
    assert found.snapshot is not None
    blobs = {**found.snapshot.head_rules, PATH: found.snapshot.head_blob}
    assert attested(approval(), found) == {(HEAD, path): blob for path, blob in blobs.items()}
    assert attested(decided(REFUSED_CASE), found) == attested(approval(), None) == {}
    assert attested(approval(), replace(found, snapshot=None)) == {}


def test_rules_that_are_not_here_are_said_to_lack() -> None:
    """Nothing else is said of such a decision: it cannot be made again."""
    lacking = replace(parsed_case(), in_git=None, lacks=sha("base"))
    assert told(approval(), lacking) == [("rules-not-here", Severity.UNCHECKED)]
    assert sha("base")[:10] in said(approval(), lacking)


def test_a_refusal_for_a_stop_needs_the_stop() -> None:
    """By the ledger as it was: with it the refusal is right, and without it nobody had stopped anything."""
    alice = Evidence({"person": {"login": "alice", "github_id": 1001}, "by": "erin", "reason": "stolen"})
    stop = Event(kind=EventType.STOPPED, at=MERGED_AT - HOUR, request="", evidence=alice)
    stopped = replace(a_request_state(), stops=stops_of([stop]))
    event = decided(a_case(), so_far=stopped)
    assert (event.kind, told(event, parsed_case(), stopped)) == (EventType.REFUSED, [])
    assert told(event, parsed_case()) == [("wrong-refusal", Severity.BROKEN)]


def test_a_refusal_after_what_cannot_be_read_is_not_called_wrong() -> None:
    """The run may have seen more beside it; an approval is wrong all the same."""
    for event, case, code in (
        (decided(REFUSED_CASE), a_case(), ("refusal-not-checked", Severity.UNCHECKED)),
        (approval(), REFUSED_CASE, ("wrong-approval", Severity.BROKEN)),
    ):
        unsure = parsed_case(case, merged=replace(in_git(case).merged, sure=False))
        assert told(event, unsure) == [code]


def test_the_rules_at_the_head_count() -> None:
    """What the approver saw was another grant than the merge gave."""
    other = the_rules(policy=a_policy(managed_policies=("ReadOnlyAccess",)))
    assert told(approval(), parsed_case(head_rules=other)) == [("wrong-approval", Severity.BROKEN)]


def test_a_refusal_for_want_of_a_pull_request_is_decided_again() -> None:
    """Where GitHub told of no merge there is no head whose rules could be missing."""
    alone = a_case(merge=None, listed=())
    event = decided(alone, NOW + DAY)
    assert told(event, parsed_case(alone)) == []
    assert told(approval(), parsed_case(alone)) == [("wrong-approval", Severity.BROKEN)]


def test_an_approval_longer_than_its_policy() -> None:
    """By what the policy said at the base, from the first start."""
    two = the_rules(policy=a_policy(max_duration=2 * HOUR))
    just = a_case(rules=two, merge=a_merge(head_rules=two))
    assert told(decided(just), parsed_case(just)) == []
    one = the_rules(policy=a_policy(max_duration=HOUR))
    codes = [
        code for code, _ in told(approval(), parsed_case(a_case(rules=one, merge=a_merge(head_rules=one))))
    ]
    assert codes == ["longer-than-policy", "wrong-approval"]
    refused = replace(decided(REFUSED_CASE), window=a_window(), ask=approval().ask)
    assert "longer-than-policy" not in [code for code, _ in told(refused, parsed_case(a_case(rules=one)))]
    unread = the_rules(policy=unreadable())
    codes = [code for code, _ in told(approval(), parsed_case(a_case(rules=unread)))]
    assert codes == ["wrong-approval"]


@pytest.mark.parametrize(
    ("changes", "most", "longer"),
    [
        ({}, 2 * HOUR, False),
        ({}, 2 * HOUR - SECOND, True),
        ({"window": None}, HOUR, False),
        ({"ask": Ask()}, HOUR, False),
    ],
)
def test_how_long_it_lasts(changes: dict[str, Any], most: timedelta, longer: bool) -> None:
    """To the second; what is not recorded is not measured."""
    assert lasts_longer(replace(approval(), **changes), most) is longer


def test_an_extension_is_decided_against_what_was_there() -> None:
    """The life that the ledger told of then, and the kind of change that main has."""
    change = a_change(kind=ChangeKind.MODIFIED, commit=sha("extension"))
    pull = a_pull(merge_commit=change.commit, merged_at=MERGED_AT + HOUR)
    merge = a_merge(pull_request=pull, reviews=(a_review(submitted_at=MERGED_AT),))
    case = a_case(change=change, merge=merge, request=a_request(duration=3 * HOUR))
    first = an_approval()
    event = decided(case, NOW + HOUR, a_request_state(first))
    assert event.kind is EventType.EXTENDED
    assert told(event, parsed_case(case), a_request_state(first)) == []
    assert told(replace(event, kind=EventType.APPROVED), parsed_case(case), a_request_state(first)) == [
        ("wrong-approval", Severity.BROKEN)
    ]
    assert told(event, parsed_case(case), a_request_state()) == [("wrong-approval", Severity.BROKEN)]


def test_the_life_before_a_decision() -> None:
    """Earlier batches, and, in its own, what main had before; no further back than a run looks."""
    event = an_approval(commit=sha("mine"), at=NOW + DAY)
    decision = a_recorded(event, 5)
    before, after, same = (
        a_recorded(an_approval(), 4),
        a_recorded(an_approval(), 6),
        a_recorded(an_approval(), 5),
    )
    orders = {(PATH, MERGE): 1, (PATH, sha("mine")): 2}

    def terms(*others: RecordedEvent, places: dict[Any, int] | None = None) -> int:
        return len(state_before(decision, others, orders if places is None else places).terms)

    assert [terms(before), terms(after), terms(same), terms()] == [1, 0, 1, 0]
    assert terms(same, places={(PATH, MERGE): 3, (PATH, sha("mine")): 2}) == 0
    assert terms(same, places={(PATH, sha("mine")): 2}) == 0
    memory = timedelta(days=21)
    for age, number in ((memory, 1), (memory + SECOND, 0)):
        assert terms(a_recorded(an_approval(at=event.at - age), 4)) == number
    assert state_before(decision, [], orders).request == PATH


@pytest.mark.parametrize("evidence", [{}, {"facts": None}, {"facts": {"told": 1}}])
def test_facts_that_are_not_whole_are_none(evidence: dict[str, object]) -> None:
    """Nothing is decided from half of them."""
    assert Evidence(evidence).facts is None
    assert approval().evidence.facts == case_json.load(case_json.dump(a_case()))
