"""From events to the population: every field from the record, every verdict from the facts, never assumed."""

from dataclasses import replace
from datetime import datetime

import pytest
from acme_facts import (
    DAY,
    EXPIRES_AT,
    HEAD,
    HOUR,
    MERGE,
    MERGED_AT,
    MINUTE,
    NOW,
    PATH,
    SECOND,
    a_request,
    sha,
)
from audit_facts import LATER, a_record, approval, decided, ended, granted, removed
from builders import (
    a_case,
    a_merge,
    a_review,
    a_revocation,
    a_window,
    an_approval,
    an_extension,
    an_outcome,
    the_documents,
)
from many_grants import many
from use_facts import UNUSED, a_used_event

from jitbot.domain.audit.history.absences import Absence
from jitbot.domain.audit.report.population import population, within
from jitbot.domain.audit.report.summary import summary
from jitbot.domain.audit.verify.grant_record import AfterReview, ControlAnswer, GrantOutcome, GrantRecord
from jitbot.domain.aws import iam
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.text import timestamp


def answers(found: GrantRecord) -> dict[str, str]:
    """Question to answer."""
    return {name: each.answer.value for name, each in found.judgements.items()}


def test_a_good_life_is_answered_with_yes() -> None:
    """A grant that jitbot's own record shows approved, bounded, ended and removed has four times yes, with facts."""
    found = a_record(approval(), granted(), ended(), removed())
    assert set(answers(found).values()) == {"yes"}
    assert len(found.judgements) == 4
    assert all(each.why for each in found.judgements.values())
    assert (found.exceptions, found.doubts, found.outcome) == ((), (), GrantOutcome.OVER)


def test_the_fields_auditors_sample() -> None:
    """Who, what, why, by whom, until when: each is what was recorded."""
    found = a_record(approval(), granted(evidence={"aws_request_ids": ["r-1"]}), ended(), removed())
    assert (found.requester, found.github_id, found.reason) == (
        "alice",
        1001,
        "INC-1234 refunds are stuck in the queue",
    )
    assert (found.policy, found.account, found.not_after) == ("orders-db-read", "prod", EXPIRES_AT)
    (decision,) = found.decisions
    assert (decision.pull_request, decision.head, decision.commit) == (7, HEAD, MERGE)
    assert [(each.login, each.github_id, each.commit) for each in decision.approvals] == [("bob", 1002, HEAD)]
    assert (found.granted[0].request_ids, found.risk, found.privileged) == (("r-1",), "low", False)
    assert found.documents is not None
    assert found.digest == iam.digest(found.documents)


LIFE: dict[str, Event] = {
    "approved": approval(),
    "granted": granted(),
    "ended": ended(),
    "removed": removed(),
}
BOB = {"login": "bob", "github_id": 1002, "review_id": 1, "commit": HEAD, "owner_rule": "1: *"}
WRONG: dict[str, tuple[dict[str, Event | None], str, str]] = {
    "decided after the grant": (
        {"approved": replace(approval(), at=NOW + HOUR)},
        "approved_before_grant",
        "no",
    ),
    "no approval": ({"approved": approval(approvals=[])}, "approved_before_grant", "no"),
    "too few": ({"approved": approval(approvals_required=2)}, "approved_before_grant", "no"),
    "one person twice": (
        {
            "approved": approval(
                approvals_required=2, approvals=[{**BOB, "submitted_at": timestamp.show(MERGED_AT)}] * 2
            )
        },
        "approved_before_grant",
        "no",
    ),
    "approved after the merge": (
        {"approved": approval(approvals=[{**BOB, "submitted_at": timestamp.show(MERGED_AT + MINUTE)}])},
        "approved_before_grant",
        "no",
    ),
    "another head": (
        {
            "approved": approval(
                approvals=[{**BOB, "commit": sha("else"), "submitted_at": timestamp.show(MERGED_AT)}]
            )
        },
        "approved_before_grant",
        "no",
    ),
    "when is not recorded": ({"approved": approval(approvals=[BOB])}, "approved_before_grant", "unknown"),
    "how many is not recorded": (
        {"approved": approval(approvals_required=None)},
        "approved_before_grant",
        "unknown",
    ),
    "no decision at all": ({"approved": None}, "approved_before_grant", "no"),
    "above the maximum": ({"approved": approval(max_duration_seconds=60)}, "within_max", "no"),
    "the maximum is not recorded": (
        {"approved": approval(max_duration_seconds=None)},
        "within_max",
        "unknown",
    ),
    "granted for longer": (
        {"granted": granted(window=iam.Window(starts_at=None, expires_at=EXPIRES_AT + HOUR))},
        "within_max",
        "no",
    ),
    "approved by the requester": (
        {
            "approved": approval(
                approvals=[{**BOB, "github_id": 1001, "submitted_at": timestamp.show(MERGED_AT)}]
            )
        },
        "separation_of_duties",
        "no",
    ),
    "approved by the author": (
        {"approved": approval(author={"login": "x", "github_id": 1002})},
        "separation_of_duties",
        "no",
    ),
    "approved by who wrote it": ({"approved": approval(named=[1002])}, "separation_of_duties", "no"),
    "who wrote it is not recorded": ({"approved": approval(named=None)}, "separation_of_duties", "unknown"),
    "never confirmed": ({"ended": None, "removed": None}, "removed_on_time", "no"),
    "never removed": ({"removed": None}, "removed_on_time", "no"),
    "removed too late": ({"removed": removed(at=EXPIRES_AT + 26 * HOUR)}, "removed_on_time", "no"),
    "not read back": ({"removed": removed(evidence={})}, "removed_on_time", "unknown"),
    "confirmed too late": ({"ended": ended(at=EXPIRES_AT + 25 * HOUR)}, "removed_on_time", "no"),
    "drift": ({"ended": ended(why=EndReason.DRIFT)}, "removed_on_time", "no"),
    "over after its expiry": (
        {"ended": ended(evidence={"effective_at": timestamp.show(EXPIRES_AT + MINUTE), "seen": "denied"})},
        "removed_on_time",
        "no",
    ),
    "when it was over is not recorded": (
        {"ended": ended(evidence={"seen": "denied"})},
        "removed_on_time",
        "unknown",
    ),
    "what was seen is not recorded": (
        {"ended": ended(evidence={"effective_at": timestamp.show(EXPIRES_AT)})},
        "removed_on_time",
        "unknown",
    ),
}


@pytest.mark.parametrize(("changes", "question", "answer"), WRONG.values(), ids=WRONG)
def test_each_wrong_fact_changes_its_answer(
    changes: dict[str, Event | None], question: str, answer: str
) -> None:
    """One fact that is wrong turns its question to no, one that is missing to unknown; both are listed."""
    found = a_record(*(event for event in {**LIFE, **changes}.values() if event is not None))
    assert answers(found)[question] == answer
    assert question in (found.exceptions if answer == "no" else found.doubts)


def test_a_revocation_has_two_hours() -> None:
    """Somebody revoked it, and it was ended an hour and a half later: on time, as `verify` says too."""
    asked = a_revocation(at=NOW + 10 * MINUTE)
    evidence = {"effective_at": timestamp.show(NOW + 100 * MINUTE), "seen": "denied"}
    done = ended(at=NOW + 100 * MINUTE, why=EndReason.REVOKED, evidence=evidence)
    found = a_record(approval(), granted(), asked, done, removed())
    assert found.exceptions == ()
    assert found.ended is not None
    assert (found.ended.by, found.ended.asked_at, found.must_end_at) == ("bob", asked.at, asked.at)


def test_what_is_not_over_is_not_due() -> None:
    """While access is open nothing is a doubt, and nothing is a yes that cannot be known."""
    found = a_record(approval(), granted(), now=NOW + 10 * MINUTE)
    assert (found.outcome, found.doubts, found.exceptions) == (GrantOutcome.LIVE, (), ())
    assert answers(found)["removed_on_time"] == "not due yet"
    assert found.not_due == ("removed_on_time",)


def test_break_glass_waits_for_its_review() -> None:
    """Access without approval is marked; unreviewed it is not due, then overdue, and by its requester never good."""
    first = approval(
        approvals_required=0,
        approvals=[],
        break_glass={
            "review_by": timestamp.show(MERGED_AT + DAY),
            "reviewers": [{"login": "bob", "github_id": 1002}],
        },
    )
    young = a_record(first, granted(), now=NOW + HOUR)
    assert young.break_glass
    assert (young.exceptions, young.doubts) == ((), ())
    old = a_record(first, granted(), ended(), removed())
    assert old.exceptions == ("reviewed_in_time",)
    figures = summary([young, old], LATER)
    assert (len(figures.break_glass), len(figures.awaiting), len(figures.overdue)) == (2, 2, 1)


def test_a_refused_request_is_in_the_population() -> None:
    """What was refused is there with what was asked, by whom, and why not; nothing is judged of it."""
    refused = decided(a_case(merge=a_merge(reviews=(a_review(state="COMMENTED"),))))
    assert refused.kind is EventType.REFUSED
    found = a_record(refused)
    assert (found.outcome, found.requester, found.account) == (GrantOutcome.REFUSED, "alice", "prod")
    assert (found.reason, found.duration, found.principal != "") == (
        "INC-1234 refunds are stuck in the queue",
        "2h",
        True,
    )
    assert found.decisions[0].reasons
    assert found.judgements == {}


def test_an_extension_is_the_same_item() -> None:
    """A request that was extended stays one item, with both decisions, until the later end."""
    longer = an_extension()
    more = replace(granted(), commit=longer.commit, at=longer.at + MINUTE, window=longer.window)
    found = a_record(approval(), granted(), longer, more, now=NOW + HOUR)
    assert [each.kind for each in found.decisions] == ["approved", "extended"]
    assert found.not_after == MERGED_AT + 3 * HOUR
    assert len(found.granted) == 2


def test_a_role_that_nobody_asked_for_is_an_exception() -> None:
    """An orphan that was found and ended is an item of its own, and a no."""
    orphan = an_outcome(
        EventType.ENDED, request="", commit="", why=EndReason.ORPHAN, window=None, evidence={"seen": "denied"}
    )
    found = a_record(orphan)
    assert found.outcome is GrantOutcome.UNEXPLAINED
    assert {"approved_before_grant", "removed_on_time"} <= set(found.exceptions)


@pytest.mark.parametrize("junk", [None, [], "x", 3, {"a": 1}, [None], [{"login": []}]])
def test_evidence_of_any_shape_is_read(junk: object) -> None:
    """Whatever JSON an event's evidence holds, the population is made, and nothing of it becomes a yes by that."""
    evidence = dict.fromkeys(approval().evidence.json, junk)
    found = a_record(replace(approval(), evidence=Evidence(evidence)), granted(), ended(), removed())
    assert answers(found)["approved_before_grant"] != "yes"
    assert answers(found)["separation_of_duties"] != "yes"


def test_the_order_of_events_does_not_matter() -> None:
    """The same events in another order give the same population."""
    longer = an_extension()
    more = replace(granted(), commit=longer.commit, at=longer.at + MINUTE, window=longer.window)
    twice = ended(at=EXPIRES_AT + 40 * HOUR)
    events = [*many(10, days=10), approval(), granted(), longer, more, ended(), twice, removed()]
    assert population(events, LATER) == population(reversed(events), LATER)


def test_a_period_holds_what_touches_it() -> None:
    """What was over before the period, or began after it, is left out; what reaches into it is there."""
    found = (a_record(approval(), granted(), ended(), removed()),)
    assert within(found, EXPIRES_AT, LATER) == found
    assert within(found, MERGED_AT - DAY, NOW + MINUTE) == found
    assert within(found, EXPIRES_AT + DAY, LATER) == ()
    assert within(found, MERGED_AT - DAY, NOW) == ()


def test_the_figures_add_up() -> None:
    """Each question of each grant is counted exactly once."""
    records = population(many(300, days=100), LATER)
    figures = summary(records, LATER)
    judged = [each for each in records if each.judgements]
    assert sum(figures.outcomes.values()) == len(records) == figures.records
    for tally in figures.tallies[:4]:
        assert tally.yes + tally.no + tally.unknown + tally.open + tally.not_required == len(judged)
    assert figures.tallies[0].not_required == sum(each.break_glass for each in judged) > 0
    assert not figures.clean
    assert any(each.judgements["removed_on_time"].answer is ControlAnswer.NO for each in judged)
    assert summary((), LATER).clean is False


def test_who_revoked_is_told_of_the_end_that_it_made() -> None:
    """A revocation that came after the end, or that ended for another reason, has no part in it."""
    done = ended(at=NOW + HOUR, why=EndReason.REVOKED)
    cases = (
        (a_revocation(at=NOW + HOUR), "bob"),
        (a_revocation(at=NOW + HOUR + SECOND), ""),
        (a_revocation(why=EndReason.RELEASED), ""),
    )
    for revoked, by in cases:
        found = a_record(approval(), granted(), revoked, done)
        assert found.ended is not None
        assert (found.ended.by, found.ended.asked_at) == (by, revoked.at if by else None)


@pytest.mark.parametrize(
    ("events", "now", "outcome"),
    [
        ((approval(),), NOW, GrantOutcome.PENDING),
        ((approval(),), LATER, GrantOutcome.PENDING),
        ((approval(), ended(why=EndReason.DELETED, at=NOW)), NOW, GrantOutcome.PENDING),
        ((approval(), granted()), EXPIRES_AT - SECOND, GrantOutcome.LIVE),
        ((approval(), granted()), EXPIRES_AT, GrantOutcome.OVER),
        ((approval(), granted(), ended(why=EndReason.DRIFT, at=NOW + HOUR)), NOW + HOUR, GrantOutcome.OVER),
        ((replace(approval(), window=None), granted(window=None)), LATER, GrantOutcome.LIVE),
    ],
)
def test_what_became_of_it(events: tuple[Event, ...], now: datetime, outcome: GrantOutcome) -> None:
    """Over at its end, or when it was ended; not granted is never over; without a window there is no end."""
    assert a_record(*events, now=now).outcome is outcome


def test_an_early_end_comes_before_the_record_of_the_expiry() -> None:
    """Whichever of them is complete; the expiry counts where there is no other end."""
    early = ended(why=EndReason.DELETED, at=NOW + HOUR, window=None)
    for events, why in (((early, ended()), "deleted"), ((ended(),), "expired")):
        found = a_record(approval(), granted(), *events)
        assert found.ended is not None
        assert found.ended.why == why
    assert a_record(approval(), granted()).ended is None


def test_an_early_end_counts_even_if_the_expiry_was_recorded_first() -> None:
    """Somebody changed the role after it was over: that is the end which an auditor looks at."""
    drift = ended(why=EndReason.DRIFT, at=EXPIRES_AT + HOUR)
    found = a_record(approval(), granted(), ended(), drift)
    assert found.ended is not None
    assert (found.ended.why, found.ended.at) == ("drift", drift.at)


def test_an_end_is_due_from_the_first_reason_for_it() -> None:
    """A stop of the person, the absence of the file on main, whichever comes first; and that absence is kept."""
    alice = Evidence({"person": {"login": "alice", "github_id": 1001}, "by": "erin", "reason": "stolen"})
    stop = Event(kind=EventType.STOPPED, at=NOW + HOUR, request="", evidence=alice)
    gone = Absence(why=EndReason.DELETED, since=NOW + 30 * MINUTE, until=None, commit=MERGE)
    life = (approval(), granted())
    assert a_record(*life).must_end_at is None
    other = replace(approval(), request=PATH.replace("alice", "bob"), ask=Ask())
    assert [each.must_end_at for each in population((other, *life, stop), LATER)] == [stop.at, None]
    assert a_record(*life, stop).must_end_at == stop.at
    for events, at in ((life, gone.since), ((*life, stop), gone.since)):
        (found,) = population(events, LATER, {PATH: (gone,)})
        assert (found.must_end_at, found.absences) == (at, (gone,))


def test_an_extension_that_is_not_carried_out_counts() -> None:
    """Access was approved until then, so it is over only then."""
    found = a_record(approval(), granted(), an_extension())
    assert found.not_after == EXPIRES_AT + HOUR


def test_the_use_of_a_grant_is_the_one_of_its_last_term() -> None:
    """What CloudTrail showed; nothing else that is recorded of the grant is its use."""
    used = a_used_event()
    life = (approval(), granted(), ended())
    found = a_record(*life, used).use
    assert found is not None
    assert found.state == "entered"
    longer = an_extension()  # decided, and never granted
    more = (approval(), granted(), longer, ended(commit=longer.commit, window=longer.window))
    never = a_record(*more, a_used_event(UNUSED)).use
    assert never is not None
    assert never.state == "never entered"
    assert a_record(*life).use is None


def test_a_grant_as_older_versions_recorded_it() -> None:
    """Without the numbers of AWS's calls, and without a window: neither is made up."""
    (found,) = a_record(approval(), granted(window=None)).granted
    assert (found.request_ids, found.not_after) == ((), None)


def test_each_account_is_an_item_of_its_own() -> None:
    """With its own role, documents, grants, ends and failures."""
    both = an_approval(asked=a_request(accounts=("prod", "staging")))
    events = [
        both,
        granted(),
        an_outcome(EventType.FAILED, "staging"),
        an_outcome(EventType.ENDED, "staging"),
    ]
    prod, staging = sorted(population(events, LATER), key=lambda each: each.account)
    assert [each.account for each in (prod, staging)] == ["prod", "staging"]
    for each in (prod, staging):
        assert each.documents == the_documents(each.account)
        assert each.id == each.role_name == the_documents(each.account).role_name
        assert each.account_id == the_documents(each.account).account_id
    assert (len(prod.granted), prod.ended, prod.failures) == (1, None, 0)
    assert (staging.granted, staging.ended is None, staging.failures) == ((), False, 1)


def test_what_names_no_request_is_an_item_only_as_an_end() -> None:
    """The ledger's other events about nothing, and a failure in an account alone, are none."""
    others = (
        Event(kind=EventType.VERIFIED, at=NOW, request=""),
        Event(kind=EventType.FAILED, at=NOW, request=""),
    )
    assert population(others, LATER) == ()
    assert population((an_outcome(EventType.FAILED),), LATER) == ()


def test_an_outcome_without_a_decision_is_an_item() -> None:
    """Its role and account as the outcome names them; without a role, an id from the request and the account."""
    found = a_record(granted(documents=()))
    assert (found.account, found.role_name, found.documents) == ("prod", granted().role_name, None)
    bare, again = a_record(granted(documents=(), role_name="")), a_record(granted(documents=(), role_name=""))
    assert (bare.role_name, bare.id == again.id, len(bare.id)) == ("", True, 10)
    assert a_record(approval()).role_name == a_record(approval()).id == the_documents().role_name
    late = a_record(granted(documents=(), role_name=""), ended(role_name="x"))
    assert late.role_name == "x"


def test_when_it_began() -> None:
    """At its start, or, without one, when it was granted."""
    window = a_window(starts_at=NOW + HOUR)
    assert a_record(replace(approval(), window=window), granted()).not_before == NOW + HOUR
    assert a_record(approval(), granted()).not_before == granted().at
    assert a_record(approval()).not_before is None
    assert a_record(replace(approval(), window=None), granted()).not_after == EXPIRES_AT


def test_the_last_decision_says_how_long() -> None:
    """The one that ends last, whichever was recorded first."""
    longer = an_extension()
    found = a_record(approval(), longer, granted())
    assert (found.duration, a_record(approval(), granted()).duration) == ("3h", "2h")
    assert a_record(replace(longer, window=None), granted()).duration == "3h"
    assert a_record(replace(approval(), at=longer.at + HOUR), longer, granted()).duration == "3h"


def test_what_an_old_record_leaves_out() -> None:
    """The policy is that of the path; a refusal names its code, an account nobody named is empty, ids are 0."""
    plain = replace(approval(), ask=Ask())
    bare, whole_ = a_record(plain), a_record(approval())
    assert (bare.principal, bare.reason, bare.parameters) == ("", "", {})
    assert set(bare.optional.values()) == {""}
    assert (whole_.principal != "", whole_.parameters) == (True, {"table": "orders"})
    assert a_record(an_approval(asked=a_request(ticket="OPS-7"))).optional["ticket"] == "OPS-7"
    assert a_record(an_approval()).risk_reasons == ()
    assert a_record(approval(risk={"level": "high", "reasons": ["all"]})).risk_reasons == ("all",)
    assert a_record(approval(request_blob=None)).decisions[0].request_blob == ""
    assert a_record(approval(request_blob="b")).decisions[0].request_blob == "b"
    assert a_record(approval()).decisions[0].rules == ()
    assert a_record(approval(approval_rules=["1 of all"])).decisions[0].rules == ("1 of all",)
    assert (a_record(plain).policy, a_record(approval()).policy) == ("orders-db-read", "orders-db-read")
    named = replace(approval(), ask=Ask({**approval().ask.json, "policy": "named"}))
    assert a_record(named).policy == "named"
    reasons = [{"message": "too late", "code": "x"}, {"code": "too-few"}]
    refused = replace(decided(a_case(merge=a_merge(reviews=()))), evidence=Evidence({"reasons": reasons}))
    found = a_record(refused)
    assert (found.account, found.decisions[0].reasons) == ("", ("too late", "too-few"))
    review = {"login": "bob"}
    decision = a_record(approval(approvals=[review], not_counted=[review])).decisions[0]
    assert [(each.github_id, each.review_id, each.state) for each in decision.reviews] == [
        (0, 0, "APPROVED"), (0, 0, ""),
    ]  # fmt: skip
    whole = (
        a_record(approval(not_counted=[{**BOB, "review_id": 9, "state": "COMMENTED"}]))
        .decisions[0]
        .reviews[1]
    )
    assert (whole.github_id, whole.review_id, whole.state) == (1002, 9, "COMMENTED")
    done = a_record(approval(), granted(), ended(why=None)).ended
    assert done is not None
    assert done.why == ""


def test_the_review_that_is_still_owed_comes_first() -> None:
    """Of two debts the open one; once both are paid, who paid and when."""
    owes = {"review_by": timestamp.show(MERGED_AT + DAY), "reviewers": [{"login": "erin", "github_id": 1005}]}
    evidence = {"approvals_required": 0, "approvals": [], "break_glass": owes}
    first = approval(**evidence)
    second = replace(
        an_extension(), evidence=Evidence({**first.evidence.json, **evidence, "pull_request": 8})
    )
    paid = [
        Event(
            kind=EventType.REVIEWED, at=NOW + HOUR, request=each.request, commit=each.commit,
            evidence=Evidence({"outcome": "approved", "by": "erin"}),
        )
        for each in (first, second)
    ]  # fmt: skip
    waits = a_record(first, second, granted(), paid[0]).after_review
    assert waits is not None
    assert (waits.at, waits.by, waits.due, waits.reviewers) == (None, "", MERGED_AT + DAY, ("erin",))
    done = a_record(first, second, granted(), *paid).after_review
    assert done is not None
    assert (done.at, done.by) == (NOW + HOUR, "erin")


def test_the_period_begins_with_its_first_second() -> None:
    """What ended in that second is in it, and what begins with the next period is not."""
    found = (a_record(approval(), granted(), ended(), removed()),)
    assert within(found, found[0].last, LATER) == found
    assert within(found, found[0].last + SECOND, LATER) == ()
    assert within(found, NOW - DAY, found[0].first) == ()
    assert within(found, NOW - DAY, found[0].first + SECOND) == found


@pytest.mark.parametrize(
    ("events", "belongs"),
    [
        ((approval(), granted(), ended(), removed()), False),
        ((approval(), granted(), ended()), True),
        ((approval(), granted()), True),
        ((approval(),), False),
    ],
)
def test_what_is_not_finished_belongs_to_the_next_period_too(
    events: tuple[Event, ...], belongs: bool
) -> None:
    """Its removal was not due when one period ended, and must be judged in the next: no period judges it otherwise."""
    end = EXPIRES_AT + 2 * HOUR
    first, after = a_record(*events, now=end), a_record(*events)
    assert within([first], NOW, end) == (first,)
    assert within([after], end, LATER) == ((after,) if belongs else ())
    if belongs:
        assert "removed_on_time" in after.exceptions
        assert "removed_on_time" not in first.exceptions


def test_break_glass_belongs_to_every_period_until_it_is_reviewed() -> None:
    """An overdue review is an exception of the period in which it falls due, and of each later one."""
    whole = a_record(approval(), granted(), ended(), removed())
    (decision,) = whole.decisions
    awaited = replace(
        whole,
        decisions=(replace(decision, required=0),),
        after_review=AfterReview(due=EXPIRES_AT, reviewers=("erin",)),
    )
    reviewed = replace(
        awaited, after_review=AfterReview(due=EXPIRES_AT, reviewers=("erin",), at=NOW, by="erin")
    )
    after = EXPIRES_AT + 20 * DAY
    assert within([awaited, reviewed], after, after + DAY) == (awaited,)


def test_what_ends_later_is_live_at_the_end_of_a_period() -> None:
    """Judged as of a moment, access is over only if it was over then, whatever is recorded since."""
    events = (approval(), granted(), ended(), removed())
    assert a_record(*events, now=EXPIRES_AT - SECOND).outcome is GrantOutcome.LIVE
    assert a_record(*events, now=EXPIRES_AT).outcome is GrantOutcome.OVER


@pytest.mark.parametrize(
    ("submitted_at", "reviewed_at", "answer"),
    [
        (NOW + HOUR, NOW + HOUR, "yes"),
        (NOW + 2 * DAY, NOW + 2 * DAY, "no"),
        (None, NOW + 3 * DAY, "no"),
    ],
)
def test_a_review_is_in_time_if_it_was_given_in_time(
    submitted_at: datetime | None, reviewed_at: datetime, answer: str
) -> None:
    """The run that recorded it may have come late; where the record does not say when it was given, that is its time."""
    owed = {"review_by": timestamp.show(NOW + DAY), "reviewers": [{"login": "erin", "github_id": 1005}]}
    first = approval(approvals_required=0, approvals=[], break_glass=owed)
    said = {"outcome": "approved", "by": "erin", "github_id": 1005}
    given = {} if submitted_at is None else {"submitted_at": timestamp.show(submitted_at)}
    reviewed = Event(
        kind=EventType.REVIEWED, at=NOW + 3 * DAY, request=first.request, commit=first.commit,
        evidence=Evidence({**said, **given}),
    )  # fmt: skip
    found = a_record(first, granted(), ended(), removed(), reviewed)
    assert found.after_review is not None
    assert (found.after_review.at, answers(found)["reviewed_in_time"]) == (reviewed_at, answer)
