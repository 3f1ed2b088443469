"""A verification of a whole clone in memory: a true record is whole, and each way of tampering with it is found."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from acme_facts import DAY, HOUR, MINUTE, NOW, SECOND, sha
from builders import an_outcome
from plain_audit import CAROLS, CAROLS_TEXT, KEYS, MALLORYS, ORDERS, TEXT, PlainClone, newer
from plain_ledger import ROOT

from jitbot.domain.audit.history.findings import Severity
from jitbot.domain.audit.verify.verdict import AuditVerdict
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.bounds import EVENT_READ
from jitbot.domain.model.documents import ISSUER_KEYS, PEOPLE, Sha
from jitbot.domain.text import timestamp


def codes(found: AuditVerdict, severity: Severity = Severity.BROKEN) -> set[str]:
    """The codes of what is found of this weight."""
    return {each.code for each in found.problems if each.severity is severity}


def said(found: AuditVerdict, code: str) -> str:
    """The sentences of a code."""
    return "\n".join(each.message for each in found.problems if each.code == code)


def granted() -> PlainClone:
    """alice's request, approved and granted."""
    clone = PlainClone()
    clone.grant()
    return clone


def asked() -> tuple[PlainClone, Event]:
    """alice's request, approved and merged; and the event that a true run would record of it."""
    clone = PlainClone()
    return clone, clone.decision(clone.merge(ORDERS, TEXT, "bob"))


def lied(change: Callable[[Event], Event]) -> AuditVerdict:
    """The verdict where a workflow of main records something else: its token is right in everything."""
    clone, event = asked()
    clone.tell(change(event))
    return clone.verdict()


def with_evidence(**changes: object) -> Callable[[Event], Event]:
    """The same event with other evidence."""
    return lambda event: replace(event, evidence=Evidence({**event.evidence.json, **changes}))


def with_facts(event: Event, **changes: object) -> Mapping[str, object]:
    """The facts of an event, with other answers of GitHub about the pull request."""
    facts = json.loads(json.dumps(event.evidence.json["facts"]))
    facts["told"] |= changes
    return dict(facts)


def with_reviews(event: Event, *changes: Mapping[str, object]) -> Event:
    """The event with these reviews, each of them bob's with a change, in the place of bob's."""
    facts: Any = with_facts(event)
    review = facts["told"]["reviews"][0]
    return with_evidence(facts=with_facts(event, reviews=[{**review, **each} for each in changes]))(event)


def path_of(clone: PlainClone, kind: EventType) -> str:
    """Where the first event of a kind lies."""
    recorded = clone.inputs().history.recorded
    return next(each.path for each in recorded if each.event.kind is kind)


def test_a_true_record_is_found_whole() -> None:
    """Approved, refused, extended, released, expired and removed: all of it is checked, nothing is wrong."""
    found = PlainClone().live().verdict()
    assert found.problems == ()
    assert found.checked == {
        "commits": 13, "batches": 12, "merges": 4, "approved": 2, "extended": 1, "refused": 1,
        "granted": 4, "revoked": 1, "ended": 3, "removed": 3,
    }  # fmt: skip


def test_what_is_pushed_into_the_ledger_is_found_and_changes_nothing() -> None:
    """An event that is edited, taken away or forged: what was attested counts, and the commit is named."""
    clone = granted()
    path = path_of(clone, EventType.APPROVED)
    pushed = clone.tell(files={path: b"{}"})
    found = clone.verdict()
    assert [(each.code, each.event, each.commit) for each in found.problems] == [
        ("event-edited", path, pushed)
    ]
    clone = granted()
    pushed = clone.tell()
    clone.taken[pushed] = (path,)
    found = clone.verdict()
    assert [(each.code, each.commit) for each in found.problems] == [("event-deleted", pushed)]
    assert found.checked["approved"] == 1
    clone = granted()
    pushed = clone.tell(files={"events/lie.json": b"{}"})
    found = clone.verdict()
    assert [(each.code, each.commit) for each in found.problems] == [("unattested", pushed)]
    clone = granted()
    pushed = clone.tell(files={"events/lie.json": b"{}"}, well_formed=False)
    assert codes(clone.verdict()) == {"too-large"}


def test_a_reordered_ledger() -> None:
    """The same batches in another order: none after the swap is where its token says."""
    clone = granted()
    parent = ROOT.commit
    made = []
    for each in reversed(clone.ledger_of.commits[1:]):
        made.append(replace(each, parent=parent))
        parent = each.commit
    clone.ledger_of.commits[1:] = made
    assert said(clone.verdict(), "unattested").count("its token was made for another batch") == 2


def test_times_that_do_not_fit() -> None:
    """A batch under an old date is hidden from whoever reads by date; a token that was kept speaks for nothing."""
    clone = granted()
    tip = clone.ledger()
    clone.ledger_of.ages[tip] = NOW - 40 * DAY
    found = clone.verdict()
    assert [(each.code, each.commit) for each in found.problems] == [("back-dated", tip)]
    for late, broken in ((10 * MINUTE, False), (11 * MINUTE, True)):
        clone, event = asked()
        clone.tell(event, at=clone.now - late)
        message = said(clone.verdict(), "unattested")
        assert ("records a time more than 10 minutes" in message) is broken


def test_a_truncated_ledger() -> None:
    """Cut back to its beginning, main has merges that nothing was decided of; cut back later, ends are missing."""
    clone = PlainClone().live()
    every = list(clone.ledger_of.commits)
    clone.later(2 * DAY)
    clone.ledger_of.commits[1:] = []
    found = clone.verdict()
    assert (codes(found), len(found.problems)) == ({"no-decision"}, 4)
    clone.ledger_of.commits[:] = every[:-3]
    found = clone.verdict()
    assert codes(found) == {"no-end", "no-removal"}
    assert "alice in prod: its end at 2026-11-24T12:01:00Z was never confirmed" in said(found, "no-end")


def test_a_head_that_was_seen_before_must_be_there() -> None:
    """By this clone, by the auditor, by the mark of a former run, or by a recorded verification."""
    clone = granted()
    head = clone.ledger()
    assert clone.codes(expect=[head], since=head) == set()
    clone.ledger_of.commits.pop()
    for how in ({"expect": [head]}, {"since": head}):
        assert codes(clone.verdict(**how)) == {"history-rewritten"}
    clone.good = head
    assert "which this clone found good before" in said(clone.verdict(), "history-rewritten")
    clone.good = None
    assert codes(clone.verdict()) == set()
    clone.tell(an_outcome(EventType.VERIFIED, at=clone.now, request="", evidence={"head": sha("gone")}))
    assert "history-rewritten" in codes(clone.verdict())


def test_a_deletion_that_was_taken_out_of_main() -> None:
    """main was rewritten after a verification looked at it: nothing else shows that access was to end."""
    clone = granted()
    clone.push({ORDERS: None})
    seen = an_outcome(EventType.VERIFIED, at=clone.now, request="", evidence={"main": clone.line[-1]})
    clone.tell(seen)
    assert codes(clone.verdict()) == set()
    gone = clone.line.pop()
    found = clone.verdict()
    assert (codes(found), found.problems[0].commit) == ({"main-rewritten"}, gone)
    assert "up to which a recorded verification looked" in said(found, "main-rewritten")


def test_what_was_told_before_is_passed_over() -> None:
    """After a forgery was looked into, only what came since is told: nobody can keep the alarm on."""
    clone = granted()
    seen = clone.tell(files={"events/lie.json": b"{}"})
    found = clone.verdict(since=seen)
    assert (found.problems, found.passed_over) == ((), 1)
    new = clone.tell(files={"events/another.json": b"{}"})
    found = clone.verdict(since=seen)
    assert ([each.commit for each in found.problems], found.passed_over) == ([new], 1)


def test_a_swapped_issuer_key() -> None:
    """A ledger all signed by another key, which it brings along: with the true keys none of it counts."""
    clone, event = asked()
    clone.ledger_of.secrets = {"k9": "nine"}
    clone.tell(event, kid="k9", files={f"keys/{clone.ledger()[:20]}/k9.json": b"nine"})
    clone.later(2 * DAY)
    found = clone.verdict()
    assert codes(found) == {"unattested", "no-decision"}
    assert "no key that counts" in said(found, "unattested")


def test_without_keys_nothing_is_sure() -> None:
    """Where nobody vouches for a key, those of the first batch are taken, and the verdict says so; main's tip may vouch."""
    clone, event = asked()
    key = json.dumps({"kid": "k0"})
    clone.ledger_of.secrets = {"k0": key}
    clone.tell(event, files={f"keys/{clone.ledger()[:20]}/k0.json": key.encode()})
    found = clone.verdict(keys={})
    assert (codes(found), codes(found, Severity.UNCHECKED)) == (set(), {"keys-unconfirmed"})
    clone.push({ISSUER_KEYS: json.dumps({"keys": [{"kid": "k0"}]})})
    assert clone.codes(keys={}) == {"outcome-due"}


def test_keys_that_were_vouched_for_reach_back() -> None:
    """A batch signed with a key that counts vouches for the one that signed what lies before it."""
    clone, event = asked()
    clone.ledger_of.secrets |= {"k1": "one"}
    clone.tell(event, kid="k1")
    assert codes(clone.verdict()) == {"unattested"}
    clone.tell(files={"keys/x/k1.json": b"one"})
    assert clone.codes() == {"outcome-due"}
    assert codes(clone.verdict(keys={**KEYS, "k1": "two"})) == {"unattested"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ([], "0 of 1 approvals count"),
        ([{"user": {"login": "alice", "github_id": 1001, "type": "User"}}], "alice is the requester"),
        ([{"user": {"login": "dave", "github_id": 1004, "type": "User"}}], "dave does not own this path"),
        ([{"user": {"login": "bob", "github_id": 1002, "type": "Bot"}}], "bob is nobody"),
        ([{"user": {"login": "bob", "github_id": 9, "type": "User"}}], "bob is nobody"),
        ([{"commit": "a" * 40}], "bob approved aaaaaaaaaa, which is not the last commit"),
        ([{"state": "DISMISSED"}], "bob had the approval dismissed"),
        ([{"state": "CHANGES_REQUESTED"}], "bob owns this path and asks for changes"),
        ([{"submitted_at": timestamp.show(NOW - DAY - SECOND)}], "bob approved too long before the merge"),
    ],
    ids=["none", "self", "no-owner", "bot", "other-id", "stale", "dismissed", "objection", "old"],
)
def test_an_approval_that_was_not_one(changes: list[dict[str, Any]], why: str) -> None:
    """A run of main recorded an approval that the attested reviews do not bear out."""
    found = lied(lambda event: with_reviews(event, *changes))
    assert codes(found) == {"wrong-approval"}
    assert why in said(found, "wrong-approval")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("approvals", []),
        ("approvals", [{"login": "erin", "github_id": 1005}]),
        ("approvals_required", 0),
        ("requested_at", "2026-11-20T09:00:00Z"),
        ("merged_at", "2026-11-23T08:00:00Z"),
        ("merged_by", {"login": "mallory", "github_id": 1666, "type": "User"}),
        ("author", {"login": "dave", "github_id": 1004, "type": "User"}),
        ("pull_request", 99),
        ("head", "a" * 40),
        ("named", []),
        ("owner_rule", "1: *"),
        ("max_duration_seconds", 999999),
        ("break_glass", {"review_by": "2026-11-30T09:00:00Z", "reviewers": []}),
    ],
)
def test_evidence_that_github_did_not_give(name: str, value: object) -> None:
    """The decision is right, and what a report shows of it is not what the attested answers of GitHub say."""
    found = lied(with_evidence(**{name: value}))
    assert codes(found) == {"wrong-approval"}
    words = "other rules of approval" if name == "approvals_required" else name
    assert words in said(found, "wrong-approval")


@pytest.mark.parametrize("name", ["rules_commit", "request_blob"])
def test_evidence_that_names_other_commits(name: str) -> None:
    """The rules and the bytes that the event names must be those of its merge on main."""
    assert codes(lied(with_evidence(**{name: "a" * 40}))) == {"other-commits"}


def test_what_cannot_be_decided_again_is_doubt() -> None:
    """By another version's rules, and without what GitHub said."""
    found = lied(lambda event: with_evidence(jitbot="0.0.9")(with_reviews(event)))
    assert (codes(found), codes(found, Severity.UNCHECKED)) == (set(), {"older-rules"})
    found = lied(with_evidence(facts=None))
    assert (codes(found), codes(found, Severity.UNCHECKED)) == (set(), {"evidence-incomplete"})


def test_a_grant_longer_than_its_policy() -> None:
    """The recorded end lies beyond what the policy allows, in the decision and in its documents."""

    def longer(event: Event) -> Event:
        assert event.window is not None
        window = replace(event.window, expires_at=event.window.expires_at + 9 * HOUR)
        return replace(
            event, window=window, documents=tuple(replace(each, window=window) for each in event.documents)
        )

    found = lied(longer)
    assert codes(found) == {"longer-than-policy", "wrong-approval"}
    assert "longer than the 4h" in said(found, "longer-than-policy")


def test_other_documents_than_the_approved_ones() -> None:
    """The decision is right, and the role in it allows more."""

    def wider(event: Event) -> Event:
        (document,) = event.documents
        policy = json.loads(json.dumps(document.permission_policy).replace("table/orders", "table/*"))
        return replace(event, documents=(replace(document, permission_policy=policy),))

    assert "other documents were recorded" in said(lied(wider), "wrong-approval")


def test_an_extension_nobody_approved() -> None:
    """The extension's own review is missing, and the first approval does not serve for it."""
    for by, broken in ((("bob",), set()), ((), {"wrong-approval"})):
        clone = granted()
        event = clone.decision(clone.merge(ORDERS, TEXT.replace("2h", "3h"), "bob"))
        clone.tell(event if by else with_reviews(event))
        assert codes(clone.verdict()) == broken


def test_rules_changed_by_the_request_itself() -> None:
    """A merge that brings its own rules along is refused; recorded as approved, it is found."""
    clone = PlainClone()
    teams = clone.trees.files["policies/teams.yaml"].decode()
    refused = clone.decision(clone.merge(ORDERS, TEXT, "bob", **{"policies/teams.yaml": f"{teams}\n# x\n"}))
    _, approved = asked()
    assert refused.kind is EventType.REFUSED
    clone.tell(replace(approved, at=clone.now, commit=refused.commit, evidence=refused.evidence))
    assert "[touches-rules]" in said(clone.verdict(), "wrong-approval")


def test_a_refusal_for_another_reason() -> None:
    """Rightly refused, and recorded with a reason that it was not; or refused where nothing speaks against it."""
    clone = PlainClone()
    event = clone.decision(clone.merge(ORDERS, TEXT))
    clone.tell(event)
    assert clone.verdict().problems == ()
    clone = PlainClone()
    event = clone.decision(clone.merge(ORDERS, TEXT))
    reasons = [{**each.json, "code": "rules-changed"} for each in event.evidence.reasons]
    clone.tell(with_evidence(reasons=reasons)(event))
    found = clone.verdict()
    assert codes(found) == {"wrong-refusal"}
    assert "other reasons" in said(found, "wrong-refusal")


def test_what_main_never_had() -> None:
    """An attested approval of a merge that is not on main; a grant of which no decision is recorded."""
    found = lied(lambda event: replace(event, commit=sha("elsewhere")))
    assert "not-on-main" in codes(found)
    clone, event = asked()
    clone.tell(*clone.outcomes(EventType.GRANTED, event))
    assert "granted-without-approval" in codes(clone.verdict())


def test_a_role_that_is_not_the_approved_one() -> None:
    """What was read back differs from what was approved."""
    clone = PlainClone()
    approved = clone.ask("bob")
    (granted_,) = clone.outcomes(EventType.GRANTED, approved)
    other = replace(granted_.documents[0], trust_policy={"Statement": []})
    clone.tell(replace(granted_, documents=(other,)))
    assert codes(clone.verdict()) == {"granted-otherwise"}


def test_what_is_due_is_awaited_for_a_day() -> None:
    """A decision, and the confirmation of an end: a note before, broken after, and late once it is there."""
    clone = PlainClone()
    clone.merge(ORDERS, TEXT, "bob")
    assert codes(clone.verdict(), Severity.NOTE) == {"decision-due"}
    clone.later(DAY + SECOND)
    assert codes(clone.verdict()) == {"no-decision"}
    clone = PlainClone()
    approved = clone.grant()
    assert approved.window is not None
    clone.now = approved.window.expires_at + DAY
    assert clone.verdict().problems == ()
    clone.later(SECOND)
    assert codes(clone.verdict()) == {"no-end"}
    seen = {"effective_at": timestamp.show(approved.window.expires_at), "seen": "as recorded"}
    clone.tell(*clone.outcomes(EventType.ENDED, approved, evidence=seen))
    assert codes(clone.verdict()) == {"late-confirmation"}


def test_a_head_that_is_not_as_attested() -> None:
    """Where the pull request's head is in the clone, its bytes are held against the evidence."""
    clone, event = asked()
    facts: Any = with_facts(event)
    rules = facts["told"]["head_rules"]
    swapped = {**rules, "policies/people.yaml": rules["policies/teams.yaml"]}
    clone.tell(with_evidence(facts=with_facts(event, head_rules=swapped))(event))
    assert "other-head" in codes(clone.verdict())
    clone.silent.add(Sha(event.evidence.head or ""))
    assert "other-head" not in codes(clone.verdict())


def test_rules_that_are_not_here_are_said() -> None:
    """A clone without them cannot decide again, nor see who left, and says of which commit."""
    clone = granted()
    clone.lacks = {blob_name(clone.trees.files[PEOPLE])}
    found = clone.verdict()
    assert codes(found, Severity.UNCHECKED) == {"rules-not-here", "people-not-read"}
    assert f"lacks rules of main at {clone.line[0][:10]}" in said(found, "rules-not-here")


NO_TEXT, DEEP, LARGE = b"\xff\xfe\xfd", b"a: " + b"[" * 9_000, b"# " + b"x" * EVENT_READ
CODEOWNERS = ".github/CODEOWNERS"
RULES = (
    *("policies/settings.yaml", "policies/accounts.yaml", PEOPLE, "policies/teams.yaml"),
    *("policies/access/orders-db-read.yaml", CODEOWNERS),
)


@pytest.mark.parametrize(
    ("path", "spoilt"),
    [*((each, NO_TEXT) for each in RULES), (PEOPLE, LARGE), (CODEOWNERS, LARGE), (PEOPLE, DEEP)],
    ids=[*RULES, "people too large", "owners too large", "people too deep"],
)
def test_rules_of_a_moment_that_nobody_can_read(path: str, spoilt: bytes) -> None:
    """A run refuses what met them, and the audit says the same."""
    clone = PlainClone()
    right = clone.trees.files[path]
    clone.push({path: spoilt})
    case = clone.merge(ORDERS, TEXT, "bob")
    clone.push({path: right})
    event = clone.decision(case)
    assert event.kind is EventType.REFUSED
    clone.tell(event)
    assert clone.verdict().problems == ()


def padded(content: bytes) -> bytes:
    """An event larger than any that is read, whole in everything else."""
    told = json.loads(content)
    told["evidence"]["padding"] = "x" * EVENT_READ
    return json.dumps(told).encode()


@pytest.mark.parametrize("spoil", [padded, newer])
@pytest.mark.parametrize("kind", [EventType.APPROVED, EventType.GRANTED])
def test_one_event_that_cannot_be_read_leaves_the_rest_judged(
    spoil: Callable[[bytes], bytes], kind: EventType
) -> None:
    """Too large, or of a schema that this jitbot does not know: doubt, of alice's request alone; carol's is judged."""
    clone, event = asked()
    spoilt: dict[str, Any] = {"spoil": spoil}
    clone.tell(event, **(spoilt if kind is EventType.APPROVED else {}))
    clone.tell(*clone.outcomes(EventType.GRANTED, event), **(spoilt if kind is EventType.GRANTED else {}))
    clone.grant(clone.ask("bob", path=CAROLS, text=CAROLS_TEXT, login="carol"))
    found = clone.verdict()
    assert {each.request for each in found.problems} <= {"", ORDERS}
    assert "unreadable" in codes(found, Severity.UNCHECKED)
    assert codes(found) == set()
    if kind is EventType.APPROVED:
        assert "part of its record cannot be read" in said(found, "granted-without-approval")
    clone.tell(an_outcome(EventType.GRANTED, at=clone.now, request=MALLORYS))
    broken = {each.request for each in clone.verdict().problems if each.severity is Severity.BROKEN}
    assert broken == {MALLORYS}
