"""An item as a row: the cells that auditors sample by, all of them, and those of what is not there."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import EXPIRES_AT, HEAD, MERGE, MERGED_AT, MINUTE, NOW
from audit_facts import a_record, approval, decided, ended, granted, removed
from builders import a_case, a_merge, a_revocation, the_documents

from jitbot.domain.audit.report import columns
from jitbot.domain.audit.report.use_rows import use_json
from jitbot.domain.audit.verify.grant_record import AfterReview, FilledPlace
from jitbot.domain.ledger.events import EndReason

DISMISSED = {
    "login": "dave",
    "github_id": 1004,
    "review_id": 2,
    "state": "DISMISSED",
    "submitted_at": "2026-11-24T08:40:00Z",
    "commit": HEAD,
    "why": "was dismissed",
}
WHOLE = a_record(
    approval(not_counted=[DISMISSED]),
    granted(evidence={"aws_request_ids": ["r-1", "r-2"]}),
    a_revocation(at=NOW + 9 * MINUTE, evidence={"by": "bob", "reason": "over"}),
    ended(
        at=NOW + 10 * MINUTE,
        why=EndReason.REVOKED,
        evidence={"effective_at": "2026-11-24T09:10:30Z", "seen": "denied"},
    ),
    removed(),
)
NOT_READ = dict.fromkeys(("first_use", "last_use", "calls", "denied_calls"), "not read")


def test_a_whole_row() -> None:
    """Every column of a grant that was revoked, in its order."""
    name = the_documents().role_name
    assert WHOLE.documents is not None
    assert list(columns.cells(WHOLE).items()) == list(
        {
            "grant_id": name,
            "outcome": "over",
            "request": "requests/orders-db-read/2026-11/24-alice-refunds.yaml",
            "policy": "orders-db-read",
            "account": "prod",
            "account_id": "111111111111",
            "role": name,
            "requester": "alice",
            "requester_github_id": "1001",
            "requester_principal": "Developer in 222222222222 as alice@acme.com",
            "reason": "INC-1234 refunds are stuck in the queue",
            "ticket": "",
            "parameters": "table=orders",
            "actions": "dynamodb:GetItem; dynamodb:Query",
            "resources": "arn:aws:dynamodb:*:111111111111:table/orders",
            "managed_policies": "",
            "policy_digest": WHOLE.digest,
            "risk": "low",
            "privileged": "no",
            "duration": "2h",
            "not_before": "2026-11-24T09:02:00Z",
            "not_after": "2026-11-24T11:00:00Z",
            "requested_at": "2026-11-24T08:00:00Z",
            "decided_at": "2026-11-24T09:01:00Z",
            "decision": "approved",
            "pull_request": "7",
            "head_commit": HEAD,
            "merge_commit": MERGE,
            "policy_commit": WHOLE.decisions[0].rules_commit,
            "merged_at": "2026-11-24T09:00:00Z",
            "merged_by": "alice",
            "approvals": f"bob (1002) at 2026-11-24T08:50:00Z on {HEAD[:12]}, review 1, "
            "CODEOWNERS 2: /requests/orders-db-read/",
            "not_counted": f"dave (1004) at 2026-11-24T08:40:00Z on {HEAD[:12]}, review 2, dismissed: was dismissed",
            "approvals_required": "1",
            "approvals_distinct": "1",
            "owner_rule": "2: /requests/orders-db-read/",
            "refused_because": "",
            "decision_run": "run",
            "granted_at": "2026-11-24T09:02:00Z",
            "grant_run": "",
            "aws_request_ids": "r-1; r-2",
            "ended_at": "2026-11-24T09:10:30Z",
            "ended_why": "revoked",
            "ended_by": "bob",
            "ended_reason": "over",
            "end_confirmed_at": "2026-11-24T09:11:00Z",
            "cleanup_lag_seconds": "5400",
            "verified_absent_at": "2026-11-24T12:30:00Z",
            "failures": "0",
            **NOT_READ,
            "break_glass": "no",
            "rehearsal": "no",
            "review_by": "",
            "reviewers": "",
            "reviewed_at": "",
            "reviewed_by": "",
            "approved_before_grant": "yes",
            "approved_before_grant_why": "approved by 2026-11-24T08:50:00Z, granted at 2026-11-24T09:02:00Z",
            "within_max": "yes",
            "within_max_why": "at most 4h by the policy",
            "separation_of_duties": "yes",
            "separation_of_duties_why": "nobody approved what was their own",
            "removed_on_time": "yes",
            "removed_on_time_why": "revoked, and the role was removed at 2026-11-24T12:30:00Z",
            "reviewed_in_time": "",
            "reviewed_in_time_why": "",
            "approval_rules": "",
            "approval_places": "",
            "use": "not asked",
            "entered": "not read",
            "calls_by_service": "",
            "use_not_seen": "",
            "use_asked_at": "",
            "approved_at": "2026-11-24T08:50:00Z",
            "refused_codes": "",
        }.items()
    )


def test_what_is_not_there_is_empty() -> None:
    """A refused request has the same columns; what never was has no text in them."""
    refused = a_record(decided(a_case(merge=a_merge(reviews=()))))
    row = columns.cells(refused)
    assert list(row) == list(columns.cells(WHOLE))
    assert "approvals" in row["refused_because"]
    for name in ("role", "actions", "managed_policies", "granted_at", "ended_at", "ended_by", "not_after"):
        assert row[name] == "", name
    assert (row["privileged"], row["cleanup_lag_seconds"]) == ("unknown", "")


@pytest.mark.parametrize(
    ("changes", "column", "text"),
    [
        ({"verified_absent": False}, "verified_absent_at", ""),
        ({"removed_at": None}, "cleanup_lag_seconds", ""),
        ({"not_after": None}, "cleanup_lag_seconds", ""),
        ({"ended": replace(WHOLE.ended, reason="", cause="by bob")}, "ended_reason", "by bob"),  # type: ignore[type-var]
        ({"decisions": (replace(WHOLE.decisions[0], required=0),)}, "break_glass", "yes"),
        ({"after_review": AfterReview(due=MERGED_AT, reviewers=("erin", "frank"))}, "reviewers", "erin; frank"),
        ({"after_review": AfterReview(due=MERGED_AT, reviewers=())}, "review_by", "2026-11-24T09:00:00Z"),
        ({"after_review": AfterReview(due=None, reviewers=(), at=EXPIRES_AT, by="x")}, "reviewed_at", "2026-11-24T11:00:00Z"),
        ({"after_review": AfterReview(due=None, reviewers=(), at=EXPIRES_AT, by="x")}, "reviewed_by", "x"),
        ({"documents": replace(the_documents(), managed_policies=("a", "b"))}, "managed_policies", "a; b"),
    ],
)  # fmt: skip
def test_one_fact_in_its_column(changes: dict[str, Any], column: str, text: str) -> None:
    """Each in the column that names it."""
    assert columns.cells(replace(WHOLE, **changes))[column] == text


def test_a_review_without_time_or_rule() -> None:
    """What was not recorded of an approval leaves no words behind."""
    bare = {"login": "bob", "github_id": 1002, "review_id": 1, "commit": HEAD}
    row = columns.cells(a_record(approval(approvals=[bare])))
    assert row["approvals"] == f"bob (1002) on {HEAD[:12]}, review 1"


@pytest.mark.parametrize(
    ("statements", "actions", "resources"),
    [
        ([{"Effect": "Allow", "Action": "s3:Get*", "Resource": ["a", "b"]}], ("s3:Get*",), ("a", "b")),
        ([{"Effect": "Allow", "Action": ["x:A", "x:B"]}, {"Effect": "Allow", "Action": "x:A"}], ("x:A", "x:B"), ()),
        ([{"Effect": "Deny", "Action": "*", "Resource": "*"}], (), ()),
        (["odd", {"Effect": "Allow", "Action": []}], (), ()),
        ("odd", (), ()),
    ],
)  # fmt: skip
def test_what_is_allowed(statements: Any, actions: tuple[str, ...], resources: tuple[str, ...]) -> None:
    """Of what a policy allows, each once, whichever of its two forms it has; its guards are no access."""
    documents = replace(the_documents(), permission_policy={"Statement": statements})
    assert columns.allowed(documents) == (actions, resources)
    assert columns.allowed(None) == ((), ())


def test_a_place_in_words() -> None:
    """Whose it is and who filled it; an approval that any owner may give, and a place that nobody filled."""
    erin = FilledPlace(team="@acme/security", login="erin", github_id=1005)
    assert columns.place_in_words(erin) == "1 of @acme/security: erin (1005)"
    assert columns.place_in_words(FilledPlace(team="", login="", github_id=None)) == "any owner: nobody"


def test_a_moment_within_an_object_is_text() -> None:
    """JSON has no moments and no days, however deep they are."""
    assert columns.as_json({"at": NOW, "more": [NOW], "day": [NOW.date()]}) == {
        "at": "2026-11-24T09:01:00Z",
        "more": ["2026-11-24T09:01:00Z"],
        "day": ["2026-11-24"],
    }


def test_a_set_and_an_object_within_an_object() -> None:
    """A set is in one order; documents are shown elsewhere, and a class is no object."""
    place = FilledPlace(team="@acme/security", login="erin", github_id=1005)
    assert columns.as_json({"names": frozenset("bca"), "place": place, "documents": the_documents()}) == {
        "names": ["a", "b", "c"],
        "place": {"team": "@acme/security", "login": "erin", "github_id": 1005},
        "documents": None,
    }
    assert columns.as_json(FilledPlace) is FilledPlace
    assert columns.as_json("text") == "text"


def test_parts_by_their_names_in_one_cell() -> None:
    """As `name=value`, each."""
    assert columns.as_text({"a": 1, "b": NOW, "c": None}) == "a=1; b=2026-11-24T09:01:00Z; c="


def test_json_has_what_was_asked_beside_the_rest() -> None:
    """Each optional field by its name; documents and absences are shown elsewhere."""
    shown = columns.grant_json(a_record(approval(), granted()))
    assert shown["ticket"] == ""
    assert not shown.keys() & {"optional", "documents", "absences"}
    assert shown["use"] == use_json(None)
    assert (shown["requester"], shown["not_after"]) == ("alice", "2026-11-24T11:00:00Z")
