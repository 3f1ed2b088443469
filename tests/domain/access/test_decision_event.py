"""From a decision to its record: everything that justified it, and never more access than was decided."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import (
    BASE,
    BLOB,
    EXPIRES_AT,
    HEAD,
    HOUR,
    MERGE,
    MERGED_AT,
    NOW,
    PATH,
    a_policy,
    a_request,
    an_actor,
    sha,
    the_rules,
    unreadable,
)
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
from catalogue_facts import the_catalogue

from jitbot import __version__
from jitbot.domain.access.approval import Decision, Verdict, decide
from jitbot.domain.access.decision_event import of_decision, other_evidence
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.aws import iam
from jitbot.domain.ledger import case_json
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import Event, EventType, dump, load
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import Finding, Parsed
from jitbot.domain.model.merge_facts import Case, ChangeKind

RUN = "https://github.com/acme/access/actions/runs/42"
REASON = Finding(code="too-late", message="it is too late", file=PATH, line=3, column=1, hint="ask anew")
REFUSED = Decision(verdict=Verdict.REFUSED, reasons=(REASON,))


def told(case: Case | None, decision: Decision) -> Event:
    """The record of this decision, of a case or of a change whose facts never came."""
    change = a_change() if case is None else case.change
    return of_decision(change, case, decision, now=NOW, run=RUN, catalogue=the_catalogue())


def recorded(case: Case, so_far: RequestState | None = None) -> Event:
    """The record of what is decided of a case."""
    return told(case, decide(case, so_far or a_request_state(), NOW))


def test_an_approval_is_recorded_whole() -> None:
    """The record of an approval holds the window, the documents and who asked for what."""
    event = recorded(a_case())
    assert (event.kind, event.at, event.request, event.commit) == (EventType.APPROVED, NOW, PATH, MERGE)
    assert (event.window, event.documents, event.run) == (a_window(), (the_documents(),), RUN)
    assert event.ask == an_approval().ask


def test_the_evidence_says_what_justified_it() -> None:
    """An auditor finds every fact that an approval rests on."""
    evidence: dict[str, Any] = dict(recorded(a_case()).evidence.json)
    assert evidence.pop("risk") == {"level": "low", "reasons": [], "access": {"Read": 2}}
    assert case_json.load(evidence.pop("facts")) == case_json.load(case_json.dump(a_case()))
    assert str(evidence.pop("owner_rule")).endswith(": /requests/orders-db-read/")
    (approval,) = evidence.pop("approvals")
    assert str(approval.pop("owner_rule")).endswith(": /requests/orders-db-read/")
    assert approval == {
        "login": "bob",
        "github_id": 1002,
        "review_id": 1,
        "submitted_at": "2026-11-24T08:50:00Z",
        "commit": HEAD,
    }
    alice = {"login": "alice", "github_id": 1001, "type": "User"}
    assert evidence == {
        "jitbot": __version__,
        "merge_commit": MERGE,
        "rules_commit": BASE,
        "request_blob": BLOB,
        "reasons": [],
        "not_counted": [],
        "digests": {"prod": iam.digest(the_documents())},
        "pull_request": 7,
        "author": alice,
        "head": HEAD,
        "requested_at": "2026-11-24T08:00:00Z",
        "merged_at": "2026-11-24T09:00:00Z",
        "merged_by": alice,
        "commits": [HEAD],
        "approvals_required": 1,
        "approvals_valid_for_seconds": 86400,
        "max_duration_seconds": 14400,
        "owners": ["@acme/payments-leads"],
        "named": [1001],
    }


def test_a_record_can_be_written_and_read() -> None:
    """What is testified is plain JSON: it survives the ledger unchanged."""
    for case in (a_case(), a_case(touched=(PATH, "policies/\udcff.yaml"))):
        event = recorded(case)
        assert load(event.path, dump(event)) == event


def test_a_review_that_did_not_count_is_told_with_its_reason() -> None:
    """Whoever approved in vain finds out from the record why."""
    own = a_review("alice", review_id=2)
    event = recorded(a_case(merge=a_merge(reviews=(a_review(), own))))
    assert event.kind is EventType.APPROVED
    assert event.evidence.json["not_counted"] == [
        {
            "login": "alice",
            "github_id": 1001,
            "review_id": 2,
            "state": "APPROVED",
            "submitted_at": "2026-11-24T08:50:00Z",
            "why": "is the requester",
        }
    ]


def test_a_refusal_grants_nothing() -> None:
    """The record of a refusal has its reasons and neither a window nor documents."""
    event = recorded(a_case(merge=a_merge(reviews=())))
    assert (event.kind, event.window, event.documents, event.ask) == (EventType.REFUSED, None, (), Ask())
    reasons: Any = event.evidence.json["reasons"]
    assert [reason["code"] for reason in reasons] == ["not-enough-approvals"]
    assert (event.evidence.json["risk"], event.evidence.json["digests"]) == (None, {})


def test_an_extension_is_recorded_as_one() -> None:
    """An extension's record has the new end and the first start."""
    change = a_change(kind=ChangeKind.MODIFIED, commit=sha("extension"))
    pull = a_pull(merge_commit=change.commit, merged_at=MERGED_AT + HOUR)
    merge = a_merge(pull_request=pull, reviews=(a_review(submitted_at=MERGED_AT),))
    case = a_case(change=change, merge=merge, request=a_request(duration=3 * HOUR))
    event = recorded(case, a_request_state(an_approval()))
    assert event.kind is EventType.EXTENDED, event.evidence.json["reasons"]
    assert event.window == a_window(expires_at=EXPIRES_AT + HOUR)
    assert (event.ask.json["began"], event.ask.json["duration"]) == ("2026-11-24T09:00:00Z", "3h")
    refused = recorded(case, a_request_state())
    assert (refused.kind, refused.window) == (EventType.REFUSED, None)


def test_facts_that_never_came_are_a_refusal_without_them() -> None:
    """Where nothing could be found out, the record says so and claims nothing more."""
    event = told(None, REFUSED)
    assert event.kind is EventType.REFUSED
    assert event.evidence.json == {
        "jitbot": __version__,
        "merge_commit": MERGE,
        "rules_commit": BASE,
        "request_blob": BLOB,
        "reasons": [REASON.as_json()],
        "approvals": [],
        "not_counted": [],
        "digests": {},
        "risk": None,
    }


def test_a_refusal_tells_what_was_asked_as_far_as_it_reads() -> None:
    """With the person behind it where people.yaml reads; without anything where the request does not."""
    asked: Any = told(a_case(), REFUSED).evidence.json["asked"]
    assert (asked["requester"], asked["github_id"]) == ("alice", 1001)
    unknown: Any = told(a_case(rules=the_rules(people=unreadable())), REFUSED).evidence.json["asked"]
    assert (unknown["requester"], unknown["github_id"]) == ("alice", None)
    for request in (None, unreadable()):
        assert "asked" not in told(replace(a_case(), request=request), REFUSED).evidence.json


@pytest.mark.parametrize("merge", [None, a_merge(pull_request=a_pull(merged_at=None))])
def test_what_was_not_merged_is_not_told_as_merged(merge: Any) -> None:
    """Without a merged pull request the record names none."""
    event = told(a_case(merge=merge, listed=()), REFUSED)
    assert "pull_request" not in event.evidence.json


def test_a_merge_by_nobody_known_is_told_as_such() -> None:
    """GitHub does not always say who merged; then the record does not either."""
    event = recorded(a_case(merge=a_merge(pull_request=a_pull(merged_by=None))))
    assert event.evidence.json["merged_by"] is None
    bot = an_actor("merge-bot", kind="Bot")
    event = recorded(a_case(merge=a_merge(pull_request=a_pull(merged_by=bot))))
    assert event.evidence.json["merged_by"] == {"login": "merge-bot", "github_id": 1, "type": "Bot"}


def test_what_is_undecided_is_not_recorded() -> None:
    """Doubt leaves no record: it stays due."""
    with pytest.raises(ValueError, match="undecided"):
        told(None, Decision(verdict=Verdict.UNDECIDED))


@pytest.mark.parametrize("missing", ["parsed_case", "window"])
def test_an_approval_that_lacks_a_part_grants_nothing(missing: str) -> None:
    """A decision that says yes without its ground or its window is recorded as a refusal."""
    case = a_case()
    lost: dict[str, Any] = {missing: None}
    event = told(case, replace(decide(case, a_request_state(), NOW), **lost))
    assert (event.kind, event.window, event.documents, event.ask) == (EventType.REFUSED, None, (), Ask())


def test_the_risk_of_all_accounts_is_recorded() -> None:
    """The record has the risk and a digest for each account."""
    policy = a_policy(managed_policies=("ReadOnlyAccess",))
    case = a_case(rules=the_rules(policy=policy), request=a_request(accounts=("prod", "staging")))
    event = recorded(case)
    assert event.evidence.json["risk"] == {
        "level": "medium",
        "reasons": ["ReadOnlyAccess: reads nearly everything in the account, data included"],
        "access": {"Read": 2},
    }
    digests: Any = event.evidence.json["digests"]
    assert digests == {
        alias: iam.digest(the_documents(alias, policy=policy)) for alias in ("prod", "staging")
    }


def a_case_of_break_glass() -> Case:
    """alice's request under a policy that anybody may merge for, and that frank reviews afterwards."""
    policy = a_policy(approvals=0, review_within=HOUR, reviewers=("frank",))
    rules = the_rules(policy=policy, codeowners=codeowners.parse("/requests/orders-db-read/\n"))
    return a_case(rules=rules, merge=a_merge(head_rules=rules, reviews=()))


def others(case: Case, **keys: object) -> tuple[str, ...]:
    """What the evidence of an approval says otherwise once these keys of it are changed; None takes a key away."""
    decision = decide(case, a_request_state(), NOW)
    known = {**told(case, decision).evidence.json, **keys}
    evidence = Evidence({name: value for name, value in known.items() if value is not None})
    return other_evidence(evidence, case, decision)


SHOWN = [
    "approvals",
    "approvals_required",
    "pull_request",
    "author",
    "head",
    "requested_at",
    "merged_at",
    "merged_by",
    "named",
    "owner_rule",
    "max_duration_seconds",
]


@pytest.mark.parametrize("key", SHOWN)
def test_each_key_that_a_report_shows_is_compared(key: str) -> None:
    """As it was recorded, or not recorded by an older version, it is not another; what no report shows is not looked at."""
    for case in (a_case(), a_case_of_break_glass()):
        assert others(case, **{key: "another"}) == (key,)
        assert others(case, **{key: None}) == others(case, jitbot="another") == others(case) == ()


def test_a_review_that_a_break_glass_requires_is_never_missing() -> None:
    """Nor another one, nor at an approval that requires none."""
    glass = a_case_of_break_glass()
    required = recorded(glass).evidence.json["break_glass"]
    assert required
    assert others(glass, break_glass=None) == others(glass, break_glass={}) == ("break_glass",)
    assert others(a_case(), break_glass=required) == ("break_glass",)


def test_what_was_never_approved_says_nothing_else() -> None:
    """A decision without its case has no evidence to compare."""
    assert other_evidence(recorded(a_case()).evidence, a_case(), REFUSED) == ()


def test_a_refused_break_glass_requires_no_review() -> None:
    """Nothing was given before it was approved, so nobody looks at it afterwards."""
    case = a_case_of_break_glass()
    refused = recorded(replace(case, request=Parsed(value=a_request(duration=5 * HOUR))))
    assert (refused.kind, recorded(case).kind) == (EventType.REFUSED, EventType.APPROVED)
    assert (refused.evidence.is_break_glass, recorded(case).evidence.is_break_glass) == (False, True)
