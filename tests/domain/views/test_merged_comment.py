"""The comment on a merged pull request, by what the ledger says of it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from acme_facts import EXPIRES_AT, HOUR, MERGE, MINUTE, NOW, PATH, PEOPLE, a_policy, a_request, sha, the_rules
from builders import a_revocation, a_window, an_approval, an_extension, an_outcome
from comment_facts import HOSTILE, is_inert, rendered
from rehearsal_facts import the_harmless
from use_facts import DATA, UNUSED, a_seen_use, a_used_event
from use_facts import REFUSED as SILENT

from jitbot.domain.access import request_state
from jitbot.domain.access.approval import render_all
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.recorded_use import Unseen
from jitbot.domain.ledger.stops import StopSubject, stopped_event
from jitbot.domain.model.documents import AccountId, Login
from jitbot.domain.usage.use_event import SeenUse, unseen
from jitbot.domain.views.comment_body import is_ours
from jitbot.domain.views.merged_comment import MergedRequest, merged_requests, outcome, touched_by, undecided

SEVEN = {"pull_request": 7, "approvals": [{"login": "bob"}]}
APPROVED = an_approval(evidence=SEVEN)
GRANTED = an_outcome(EventType.GRANTED)
REFUSED = Event(
    kind=EventType.REFUSED,
    at=NOW,
    request=PATH,
    commit=MERGE,
    evidence=Evidence({**SEVEN, "reasons": [{"message": "0 of 1 approvals count", "hint": "owners: bob"}]}),
)


def found(*events: Event, at: datetime = NOW + 2 * MINUTE, number: int = 7) -> tuple[MergedRequest, ...]:
    """What these events say of a pull request at this time."""
    states = request_state.fold_events(events)
    return merged_requests(events, states, number, at)


def told(*events: Event, at: datetime = NOW + 2 * MINUTE, description: str = "Read one table") -> str:
    """The comment on pull request 7."""
    return outcome([replace(each, description=description) for each in found(*events, at=at)], number=7)


def test_what_is_granted_says_how_to_use_it() -> None:
    """Who has what until when, the console's link with path and name of the role, a command, and a profile."""
    body = told(APPROVED, GRANTED)
    seen = rendered(body)
    assert seen.text.startswith(
        "✅ alice has orders-db-read (Read one table) in prod until 24 Nov 2026, 11:00 UTC\n"
    )
    assert "INC-1234 refunds are stuck" in seen.text
    assert "Approved by bob." in seen.text
    (link,) = seen.addresses
    name = GRANTED.role_name
    assert link == (
        "https://signin.aws.amazon.com/switchrole"
        f"?account=111111111111&roleName=jit%2F{name}&displayName=24-alice-refunds+prod"
    )
    assert "jitbot exec 7 -- aws" in seen.text
    assert "More time, merged before it ends: jitbot extend 7 --by 1h" in seen.text
    assert (
        f"[profile prod-24-alice-refunds]\nrole_arn = arn:aws:iam::111111111111:role/jit/{name}\n"
        in seen.text
    )
    assert is_ours(body)


def test_more_time_is_offered_where_there_is_any() -> None:
    """As in the notification: what the policy as approved allows from the beginning on, and no command where that is reached."""
    bounded = replace(
        APPROVED, evidence=Evidence({**APPROVED.evidence.json, "max_duration_seconds": 4 * 3600})
    )
    assert (
        "jitbot extend 7 --by 1h; at the most until 24 Nov 2026, 13:00 UTC"
        in rendered(told(bounded, GRANTED)).text
    )
    little = replace(APPROVED, evidence=Evidence({**APPROVED.evidence.json, "max_duration_seconds": 9000}))
    assert (  # an hour more would be refused
        "jitbot extend 7 --by 30m; at the most until 24 Nov 2026, 11:30 UTC"
        in rendered(told(little, GRANTED)).text
    )
    full = replace(APPROVED, evidence=Evidence({**APPROVED.evidence.json, "max_duration_seconds": 2 * 3600}))
    seen = rendered(told(full, GRANTED)).text
    assert "No more time: the policy allows none" in seen
    assert "jitbot extend" not in seen


@pytest.mark.parametrize(
    ("policy", "harmless", "said"),
    [("rehearsal", True, True), ("rehearsal", False, False), ("orders-db-read", True, False)],
)
def test_a_rehearsal_is_called_one(policy: str, harmless: bool, said: bool) -> None:
    """By the recorded documents, and the policy that was asked for."""
    ask = Ask({**APPROVED.ask.json, "policy": policy})
    documents = (replace(APPROVED.documents[0], permission_policy=the_harmless().permission_policy),)
    approved = replace(APPROVED, ask=ask, documents=documents if harmless else APPROVED.documents)
    shown = rendered(told(approved, GRANTED)).text
    assert ("UTC. It is a rehearsal: it can do nothing but ec2:DescribeRegions" in shown) is said


def test_what_was_granted_is_told_with_its_parameters() -> None:
    """Whoever reviews a break-glass afterwards reads them there, inert, and in ASCII alone."""
    asked = a_request(parameters={"table": "orders", "t\u0430ble": HOSTILE})
    body = told(an_approval(asked=asked, evidence=SEVEN), GRANTED)
    assert "- table: **orders**\n" in body
    assert "t\\\\u0430ble: " in body
    assert is_inert(body)
    empty = told(an_approval(asked=a_request(parameters={"table": ""}), evidence=SEVEN), GRANTED)
    assert "- table: **…**\n" in empty


@pytest.mark.parametrize("given", [None, "table", ["table"]])
def test_parameters_that_do_not_read_are_left_out(given: object) -> None:
    """What was granted is told all the same."""
    ask = {**APPROVED.ask.json, "parameters": given}
    text = rendered(told(replace(APPROVED, ask=Ask(ask)), GRANTED)).text
    assert text.startswith("✅ alice has orders-db-read")
    assert "table:" not in text


@pytest.mark.parametrize("event", [APPROVED, REFUSED])
def test_what_the_ledger_may_not_tell_is_said_first(event: Event) -> None:
    """Where it may not be all, nobody takes the rest for all, be it granted or refused."""
    (each,) = found(event)
    seen = rendered(outcome([replace(each, doubt="a batch is missing <b>")], number=7)).text
    assert seen.startswith("⚠️ This may not be all, and access may have ended: a batch is missing <b>.\n")
    assert "orders-db-read" in seen
    assert "may not be all" not in rendered(outcome([each], number=7)).text


@pytest.mark.parametrize(("number", "times"), [(6, 6), (7, 0)])
def test_what_a_policy_is_for_is_told_in_up_to_six_accounts(number: int, times: int) -> None:
    """With more of them the line of each is short."""
    accounts = {f"a{each}": AccountId(f"{each:012}") for each in range(1, number + 1)}
    asked = a_request(accounts=tuple(accounts))
    grants = render_all(the_rules(accounts=accounts), asked, a_window())
    many = replace(APPROVED, documents=grants, ask=Ask.of_request(asked, PEOPLE[asked.requester]))
    seen = rendered(told(many)).text
    assert seen.count("⏳ alice gets orders-db-read") == number
    assert seen.count("(Read one table)") == times


def test_a_long_one_hides_no_other() -> None:
    """A hundred accounts of one request: all that became of it and of the next is there, and what is left out is how to use it."""
    accounts = {f"account-{number:024}": AccountId(f"{number:012}") for number in range(1, 101)}
    rules = the_rules(accounts=accounts, policy=a_policy(accounts=tuple(accounts)))
    asked = a_request(accounts=tuple(accounts))
    grants = render_all(rules, asked, a_window())
    many = replace(
        an_approval(evidence=SEVEN), documents=grants, ask=Ask.of_request(asked, PEOPLE[asked.requester])
    )
    given = [
        replace(GRANTED, account=each.account, account_id=each.account_id, role_name=each.role_name)
        for each in grants
    ]
    twice = [replace(each, request=PATH.replace("refunds", "twice")) for each in (many, *given)]
    refused = replace(REFUSED, request=PATH.replace("refunds", "zebra"))
    every = found(many, *given, *twice, refused)
    body = outcome([replace(each, description="&" * 200) for each in every], number=7)
    seen = rendered(body).text
    assert all(seen.count(f"in {alias} until") == 2 for alias in accounts)
    assert seen.count("table: orders") == 2
    assert "Refused after the merge" in seen
    assert "Use it" not in seen
    assert "Too long" not in body
    assert is_ours(body)


def test_each_account_has_its_line() -> None:
    """What is granted here and not yet there is told apart, and only what is granted can be used."""
    two = an_approval(asked=a_request(accounts=("prod", "staging")), evidence=SEVEN)
    failed = Event(
        kind=EventType.FAILED,
        at=NOW,
        request=PATH,
        account_id=two.documents[1].account_id,
        evidence=Evidence({"message": "AWS would not write"}),
    )
    seen = rendered(told(two, GRANTED, failed))
    assert "✅ alice has orders-db-read (Read one table) in prod" in seen.text
    assert "⏳ alice gets orders-db-read (Read one table) in staging" in seen.text
    assert "AWS does not do it yet; the next run tries again. AWS would not write" in seen.text
    assert len(seen.addresses) == 1


def test_what_is_approved_is_being_granted() -> None:
    """Between the decision and AWS's answer nothing can be used."""
    seen = rendered(told(APPROVED))
    assert "approved, and being granted" in seen.text
    assert "Use it" not in seen.text


def test_what_was_deleted_before_it_was_granted_is_not_being_granted() -> None:
    """The decision is recorded, and the file is gone from main: what is so is said; what is granted stays granted."""
    (each,) = found(APPROVED)
    seen = rendered(outcome([replace(each, gone=True)], number=7)).text
    assert "the file was deleted before that was granted, so nothing is, and the request has ended" in seen
    assert "being granted" not in seen
    assert "Use it" not in seen
    (each,) = found(APPROVED, GRANTED)
    assert "✅ alice has" in rendered(outcome([replace(each, gone=True)], number=7)).text


def test_what_has_not_begun_says_when() -> None:
    """A window that begins later is told from and until."""
    window = a_window(starts_at=NOW + HOUR, expires_at=NOW + 3 * HOUR)
    body = told(an_approval(evidence=SEVEN, window=window), an_outcome(EventType.GRANTED, window=window))
    assert "in prod from 24 Nov 2026, 10:01 UTC until 24 Nov 2026, 12:01 UTC" in rendered(body).text


def test_an_extension_is_told_on_both_pull_requests() -> None:
    """The one that asked first and the one that asked for more show the new end."""
    more = an_extension(evidence={"pull_request": 8, "approvals": [{"login": "bob"}]})
    granted = an_outcome(EventType.GRANTED, commit=more.commit, window=more.window)
    events = (APPROVED, GRANTED, more, granted)
    for number, word in ((7, "12:00 UTC"), (8, "12:00 UTC, extended")):
        (each,) = found(*events, number=number)
        assert word in rendered(outcome([each], number=number)).text


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (EndReason.DELETED, "its file was deleted, and so it ended, 24 Nov 2026, 09:02 UTC"),
        (EndReason.OFFBOARDED, "the person behind it is not in policies/people.yaml as approved"),
        (EndReason.DRIFT, "the role was changed in AWS by hand"),
        (None, "it ended early, 24 Nov 2026, 09:02 UTC"),
    ],
)
def test_why_it_ended(why: EndReason | None, said: str) -> None:
    """Each early end has its reason and its time, and nothing can be used."""
    seen = rendered(told(APPROVED, GRANTED, an_outcome(EventType.ENDED, why=why)))
    assert f"⚪ alice had orders-db-read (Read one table) in prod: {said}" in seen.text
    assert "Use it" not in seen.text
    assert "details" not in seen.tags


def test_that_it_is_over() -> None:
    """At the end it says so, whether or not anybody has recorded it."""
    for events in ((APPROVED, GRANTED), (APPROVED, GRANTED, an_outcome(EventType.ENDED))):
        assert "it ended as planned, 24 Nov 2026, 11:00 UTC" in rendered(told(*events, at=EXPIRES_AT)).text


def test_what_was_never_granted_is_not_said_to_have_been() -> None:
    """Where AWS refused to the end nobody had anything."""
    assert (
        "it was never granted, and its time was over 24 Nov 2026, 11:00 UTC"
        in rendered(told(APPROVED, at=EXPIRES_AT)).text
    )


@pytest.mark.parametrize("effective", ["yesterday", 7, None])
def test_a_time_that_does_not_read_is_that_of_the_event(effective: object) -> None:
    """The record's own time stands in."""
    ended = an_outcome(EventType.ENDED, why=EndReason.DRIFT, evidence={"effective_at": effective})
    assert "and so it was ended, 24 Nov 2026, 09:02 UTC" in rendered(told(APPROVED, GRANTED, ended)).text


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (EndReason.RELEASED, "alice gave it back, 24 Nov 2026, 09:15 UTC: the incident is over"),
        (EndReason.REVOKED, "alice revoked it, 24 Nov 2026, 09:15 UTC: the incident is over"),
    ],
)
def test_who_ended_it_and_why(why: EndReason, said: str) -> None:
    """By whom, when by AWS's own answer, and the words that were recorded."""
    revoked = a_revocation(why=why, evidence={"by": "alice", "reason": "the incident is over"})
    ended = an_outcome(
        EventType.ENDED, why=why, at=NOW + HOUR, evidence={"effective_at": "2026-11-24T09:15:00Z"}
    )
    assert said in rendered(told(APPROVED, GRANTED, revoked, ended)).text
    assert "AWS is being changed: the incident is over" in rendered(told(APPROVED, GRANTED, revoked)).text


def test_a_refusal_says_why_and_what_to_do() -> None:
    """Every reason with its hint, that nothing was granted, and how to ask anew."""
    seen = rendered(told(REFUSED))
    assert seen.text.startswith("❌ Refused after the merge: nothing was granted of orders-db-read.")
    for text in ("0 of 1 approvals count", "owners: bob", "jitbot request --again 7"):
        assert text in seen.text


def test_a_refused_extension_leaves_what_there_was() -> None:
    """The former grant's end is told, so that nobody thinks it gone."""
    refused = replace(
        REFUSED, commit=sha("more"), evidence=Evidence({**REFUSED.evidence.json, "pull_request": 8})
    )
    (each,) = found(APPROVED, GRANTED, refused, number=8)
    text = rendered(outcome([each], number=8)).text
    assert "no more time was granted with orders-db-read" in text
    assert "What was granted before stays, until 24 Nov 2026, 11:00 UTC." in text


def test_a_pull_request_the_ledger_has_not_heard_of() -> None:
    """Nothing is told of one; right after the merge the comment says that it is being decided."""
    assert found(APPROVED, number=9) == ()
    assert "Merged, and not decided yet." in undecided(9)
    assert is_ours(undecided(9))


@pytest.mark.parametrize(
    ("run", "since", "expected"),
    [
        ("run-1", None, (8, 7)),
        ("run-2", None, (9,)),
        ("run-3", None, ()),
        ("", None, ()),
        ("", NOW + HOUR, (9,)),
        ("", NOW, (9, 8, 7)),
    ],
)
def test_which_pull_requests_a_run_touched(
    run: str, since: datetime | None, expected: tuple[int, ...]
) -> None:
    """Those of every request of which it recorded something, and on request those of what is recent."""
    other = PATH.replace("refunds", "other")
    events = (
        replace(APPROVED, run="run-0"),
        an_extension(evidence={"pull_request": 8}, run="run-0", at=NOW),
        replace(GRANTED, run="run-1", at=NOW),
        an_approval(asked=a_request(path=other), evidence={"pull_request": 9}, run="run-2", at=NOW + HOUR),
        Event(kind=EventType.ENDED, at=NOW, request="", run="run-3"),
        an_outcome(EventType.ENDED),
    )
    assert touched_by(events, run=run, since=since) == expected


@pytest.mark.parametrize(
    "events",
    [
        (replace(APPROVED, ask=Ask({**APPROVED.ask.json, "reason": HOSTILE, "requester": HOSTILE})), GRANTED),
        (replace(APPROVED, evidence=Evidence({**SEVEN, "approvals": [{"login": HOSTILE}]})), GRANTED),
        (APPROVED, Event(kind=EventType.FAILED, at=NOW, request=PATH, account_id=GRANTED.account_id, evidence=Evidence({"message": HOSTILE}))),
        (APPROVED, GRANTED, a_revocation(why=EndReason.REVOKED, evidence={"by": HOSTILE, "reason": HOSTILE})),
        (replace(REFUSED, evidence=Evidence({**SEVEN, "reasons": [{"message": HOSTILE, "hint": HOSTILE}]})),),
    ],
    ids=["ask", "approver", "trouble", "revoked", "refused"],
)  # fmt: skip
def test_whatever_is_recorded_is_inert(events: Any) -> None:
    """The ledger keeps what people wrote as they wrote it; the comment does not."""
    assert is_inert(told(*events, description=HOSTILE))


@pytest.mark.parametrize(
    ("pushes", "says"), [(None, True), ([], False), ([{"at": "2026-11-24T09:00:00Z"}], False)]
)
def test_that_nobody_said_who_pushed_is_told(pushes: object, *, says: bool) -> None:
    """Where GitHub names no push of the head, the names in the commits are all that was checked: the comment says so."""
    evidence = {**APPROVED.evidence.json, "facts": {"told": {"pushes": pushes}}}
    seen = rendered(told(replace(APPROVED, evidence=Evidence(evidence)), GRANTED)).text
    assert ("GitHub did not say who pushed the commits" in seen) is says


@pytest.mark.parametrize("facts", [None, "x", {}, {"told": None}, {"told": {}}])
def test_an_older_record_says_nothing_of_pushes(facts: object) -> None:
    """Before 0.2.0 nobody asked."""
    seen = rendered(
        told(replace(APPROVED, evidence=Evidence({**APPROVED.evidence.json, "facts": facts})), GRANTED)
    ).text
    assert "who pushed" not in seen


@pytest.mark.parametrize("evidence", [{}, {"approvals": "x"}, {"approvals": []}])
def test_what_the_record_lacks_is_not_made_up(evidence: dict[str, object]) -> None:
    """Without recorded approvals nobody is named."""
    body = told(
        replace(APPROVED, evidence=Evidence({**evidence, "pull_request": 7})), GRANTED, description=""
    )
    assert "Nobody approved this before the merge." in rendered(body).text
    assert "orders-db-read in prod" in rendered(body).text


def test_what_happened_elsewhere_is_not_told() -> None:
    """Neither another request's standing nor its failures, nor those of another account; and what decides is a decision."""
    other = an_approval(asked=a_request(path=PATH.replace("refunds", "other")), evidence={"pull_request": 9})
    failed = Event(
        kind=EventType.FAILED,
        at=NOW,
        request=PATH,
        account_id=GRANTED.account_id,
        evidence=Evidence({"message": "no"}),
    )
    theirs = replace(failed, request=other.request)
    later = an_outcome(EventType.GRANTED, evidence=SEVEN)
    (each,) = found(APPROVED, other, later, failed, theirs)
    assert (each.decision, each.troubles) == (APPROVED, (failed,))
    assert [status.request for status in each.statuses] == [PATH]
    elsewhere = replace(failed, account_id=AccountId("999999999999"))
    assert "approved, and being granted" in rendered(told(APPROVED, elsewhere)).text


def test_nobody_is_made_up_for_a_refusal() -> None:
    """A request that was never granted has no requester in the ledger."""
    assert [each.requester for each in found(REFUSED)] == ["somebody"]
    assert [each.requester for each in found(APPROVED)] == ["alice"]


def test_an_end_without_a_grant() -> None:
    """What was revoked before AWS did it."""
    revoked = a_revocation(why=EndReason.RELEASED, evidence={"by": "alice", "reason": "done"})
    assert "alice gave it back, and AWS is being changed: done" in rendered(told(APPROVED, revoked)).text


def test_a_refusal_after_the_end_leaves_nothing() -> None:
    """What is over is not said to stay."""
    refused = replace(REFUSED, commit=sha("more"), at=EXPIRES_AT)
    text = rendered(told(APPROVED, GRANTED, refused, at=EXPIRES_AT)).text
    assert "nothing was granted of orders-db-read" in text
    assert "stays" not in text


@pytest.mark.parametrize("reasons", [None, "reason", ["reason"]])
def test_reasons_that_do_not_read_are_left_out(reasons: object) -> None:
    """The refusal is told all the same."""
    text = rendered(told(replace(REFUSED, evidence=Evidence({**SEVEN, "reasons": reasons})))).text
    assert text.startswith("❌ Refused after the merge: nothing was granted of orders-db-read.")


def test_a_profile_has_a_plain_name() -> None:
    """Only what a section's name and a link may have is left of the file's."""
    odd = PATH.replace("refunds", "ré [x]_1")
    events = (
        an_approval(asked=a_request(path=odd), evidence=SEVEN),
        an_outcome(EventType.GRANTED, request=odd),
    )
    assert "[profile prod-24-alice-rx_1]" in rendered(told(*events)).text


def test_many_reasons_are_counted() -> None:
    """Ten are shown, the rest are counted."""
    ten = [{"message": f"reason {number}"} for number in range(10)]
    assert "more" not in rendered(told(replace(REFUSED, evidence=Evidence({**SEVEN, "reasons": ten})))).text
    reasons = [{"message": f"reason {number}"} for number in range(14)]
    text = rendered(told(replace(REFUSED, evidence=Evidence({**SEVEN, "reasons": reasons})))).text
    assert "reason 9" in text
    assert "reason 10" not in text
    assert "and 4 more" in text


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (a_seen_use(), "By CloudTrail: entered once, first use 24 Nov 2026, 09:06 UTC, last use 24 Nov 2026, 09:11 UTC. Not seen: calls that read or write data."),
        (UNUSED, "By CloudTrail: never entered. Not seen: calls that read or write data."),
        (replace(UNUSED, not_seen=(SILENT, DATA)), "By CloudTrail: whether it was used was not seen. Not seen: eu-west-3 (AWS refused); calls that read or write data."),
    ],
)  # fmt: skip
def test_what_was_done_with_it_is_said_after_the_end(seen: SeenUse, words: str) -> None:
    """In a line of its own below how it ended, and not before CloudTrail was asked."""
    at = EXPIRES_AT + 4 * HOUR
    text = rendered(told(APPROVED, GRANTED, a_used_event(seen), at=at)).text
    assert words in text
    assert "111111111111" not in text
    assert "CloudTrail" not in rendered(told(APPROVED, GRANTED, at=at)).text


@pytest.mark.parametrize("where", [HOSTILE, "**b**", "<img src=x>"])
def test_a_use_brings_no_markup(where: str) -> None:
    """What the record says of places is text, whoever wrote it."""
    seen = replace(UNUSED, not_seen=(unseen(Unseen.REFUSED, where=where), DATA))
    body = told(APPROVED, GRANTED, a_used_event(seen), at=EXPIRES_AT + 4 * HOUR)
    assert is_inert(body)


def test_who_approved_for_which_team() -> None:
    """Where a rule asked for one; a place that any owner may fill, and one that is open, name nobody's team."""
    places = [
        {"team": "@acme/security", "login": "erin", "github_id": 1005},
        {"login": "bob", "github_id": 1002},
        {"team": "@acme/sre"},
    ]
    approvals = [{"login": "erin", "github_id": 1005}, {"login": "bob", "github_id": 1002}, {"login": "old"}]
    decided = an_approval(evidence={**SEVEN, "places": places, "approvals": approvals})
    assert "Approved by erin for security, bob and old." in rendered(told(decided, GRANTED)).text


def test_a_reason_without_a_hint_has_none() -> None:
    """No arrow leads to nothing."""
    refused = replace(REFUSED, evidence=Evidence({**SEVEN, "reasons": [{"message": "too late"}]}))
    assert "→" not in told(refused)


def test_a_stop_ended_it() -> None:
    """Whom or what it stopped, by whom and why; where the record does not hold it, that it ended early."""
    alice = StopSubject(login=Login("alice"), github_id=PEOPLE[Login("alice")].github_id)
    stop = stopped_event(
        alice, PEOPLE[Login("erin")], reason="stolen", rules=sha("main"), at=NOW + MINUTE, run=""
    )
    ended = an_outcome(EventType.ENDED, why=EndReason.STOPPED)
    text = rendered(told(APPROVED, GRANTED, stop, ended)).text
    assert "erin stopped every request of alice, and so it ended" in text
    assert text.partition("and so it ended")[2].partition("\n")[0].endswith(": stolen")
    assert "it ended early" in rendered(told(APPROVED, GRANTED, ended)).text


def test_an_end_by_nobody_who_is_named_is_jitbots() -> None:
    """Also the reason that was not recorded is not made up."""
    nobody = a_revocation(evidence={})
    assert "jitbot revoked it" in rendered(told(APPROVED, GRANTED, nobody)).text
    bare = told(an_approval(ask={}, evidence=SEVEN), GRANTED)
    assert "None" not in bare


def test_where_all_was_seen_nothing_is_said_to_be_missing() -> None:
    """A use without a part that was out of sight."""
    used = a_used_event(a_seen_use(not_seen=()))
    body = told(APPROVED, GRANTED, an_outcome(EventType.ENDED), used, at=EXPIRES_AT + 4 * HOUR)
    assert "By CloudTrail" in body
    assert "Not seen" not in body
