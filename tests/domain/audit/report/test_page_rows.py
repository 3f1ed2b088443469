"""The report's rows: what each place of them holds, and a pool in which every text is once and inert."""

import json
from dataclasses import replace
from typing import Any

from acme_facts import EXPIRES_AT, HEAD, MERGE, MERGED_AT, MINUTE, NOW
from audit_facts import a_record, approval, decided, ended, granted, removed
from builders import a_case, a_merge, a_revocation, the_documents

from jitbot.domain.audit.report import page_rows
from jitbot.domain.audit.report.summary import QUESTIONS
from jitbot.domain.audit.verify.grant_record import AfterReview, ControlAnswer, ControlResult, GrantRecord
from jitbot.domain.ledger.events import EndReason

OTHER = {
    "login": "dave",
    "github_id": 1004,
    "review_id": 2,
    "state": "DISMISSED",
    "commit": HEAD,
    "why": "dismissed",
}
WHOLE = a_record(
    approval(not_counted=[OTHER]),
    granted(evidence={"aws_request_ids": ["r-1", "r-2"]}, run="grant run"),
    a_revocation(at=NOW + 9 * MINUTE, evidence={"by": "bob", "reason": "over"}),
    ended(
        at=NOW + 10 * MINUTE,
        why=EndReason.REVOKED,
        cause="by bob",
        run="end run",
        evidence={"seen": "denied"},
    ),
    removed(),
)


def shown(found: GrantRecord) -> tuple[list[Any], list[str]]:
    """The row of an item, and the pool's texts."""
    content: Any = page_rows.content([found])
    return content["rows"][0], content["texts"]


def at(moment: Any) -> int:
    """A moment as the page has it."""
    return int(moment.timestamp())


def test_what_was_asked() -> None:
    """Ids, names and words, then documents as lines of text."""
    row, texts = shown(WHOLE)
    name = the_documents().role_name
    assert [texts[each] for each in row[:18]] == [
        name, "over", WHOLE.request, "orders-db-read", "prod", "111111111111",
        name, "alice", "Developer in 222222222222 as alice@acme.com", WHOLE.reason, "", "2h",
        "table: orders",
        "dynamodb:GetItem\ndynamodb:Query", "arn:aws:dynamodb:*:111111111111:table/orders", "",
        WHOLE.digest, "low",
    ]  # fmt: skip
    assert (texts[row[18]], row[19]) == ("", 1001)
    managed = replace(the_documents(), managed_policies=("a", "b"))
    row, texts = shown(replace(WHOLE, documents=managed))
    assert texts[row[15]] == "a\nb"


def test_what_became_of_it() -> None:
    """Seconds, decisions with their reviews, grants, the end, the removal."""
    row, texts = shown(WHOLE)
    assert row[20:25] == [at(NOW + MINUTE), at(EXPIRES_AT), at(NOW + MINUTE), at(EXPIRES_AT), at(NOW)]
    ((*words, decided_at, requested_at, merged_at, number, required, reviews, held, places),) = row[25]
    rules = WHOLE.decisions[0].rules_commit
    assert [texts[each] for each in words] == [
        "approved", MERGE, HEAD, rules, "alice", "alice", "2: /requests/orders-db-read/", "", "run",
    ]  # fmt: skip
    assert (decided_at, requested_at, merged_at) == (
        at(NOW),
        at(WHOLE.decisions[0].requested_at),
        at(MERGED_AT),
    )
    assert (number, required, texts[held], texts[places]) == (7, 1, "", "")
    told = [([texts[each] for each in review[:5]], review[5:]) for review in reviews]
    assert told == [
        (
            ["bob", "APPROVED", HEAD, "2: /requests/orders-db-read/", ""],
            [1002, 1, at(MERGED_AT - 10 * MINUTE), 1],
        ),
        (["dave", "DISMISSED", HEAD, "", "dismissed"], [1004, 2, None, 0]),
    ]
    ((granted_at, ids, run),) = row[26]
    assert (granted_at, texts[ids], texts[run]) == (at(NOW + MINUTE), "r-1\nr-2", "grant run")
    confirmed, *why = row[27]
    assert (confirmed, [texts[each] for each in why]) == (
        at(NOW + 10 * MINUTE), ["revoked", "denied", "by bob", "bob", "over", "end run"],
    )  # fmt: skip
    assert row[28:31] == [at(EXPIRES_AT + 90 * MINUTE), 1, None]


def test_what_is_not_there() -> None:
    """No documents, no end, no removal; and a review that came, or did not."""
    row, texts = shown(a_record(decided(a_case(merge=a_merge(reviews=())))))
    assert [texts[each] for each in row[13:16]] == ["", "", ""]
    assert row[20:24] == [None, None, None, None]
    assert row[26:31] == [[], None, None, 0, None]
    review = AfterReview(due=EXPIRES_AT, reviewers=("erin", "frank"), at=NOW, by="erin")
    row, texts = shown(replace(WHOLE, after_review=review))
    due, reviewers, reviewed, by = row[30]
    assert (due, texts[reviewers], reviewed, texts[by]) == (at(EXPIRES_AT), "erin, frank", at(NOW), "erin")


def test_how_it_was_judged() -> None:
    """In the order of the questions: yes without words, no and unknown with their reasons, and whether it is due."""
    judgements = {
        "removed_on_time": ControlResult(answer=ControlAnswer.NOT_DUE, why="not over"),
        "within_max": ControlResult(answer=ControlAnswer.NO, why="too long"),
        "approved_before_grant": ControlResult(answer=ControlAnswer.YES, why="by bob"),
    }
    row, texts = shown(replace(WHOLE, judgements=judgements, failures=2))
    judged, glass, exceptions, doubts, not_due, failures, rehearsal, use = row[31:]
    content: Any = page_rows.content([])
    assert [(content["answers"][answer], texts[why]) for answer, why in judged] == [
        ("yes", ""), ("no", "too long"), ("not due yet", "not over"),
    ]  # fmt: skip
    assert (glass, exceptions, doubts, not_due, failures, rehearsal) == (0, 1, 0, 1, 2, 0)
    assert [texts[each] for each in use] == ["not asked", "not asked"]
    assert (content["questions"], content["rows"]) == (QUESTIONS, [])


def test_what_is_yes_or_no_is_a_number() -> None:
    """In the page's JSON, too, where true would be longer; what is not there is null."""
    row, _ = shown(WHOLE)
    text = json.dumps(row)
    assert "true" not in text
    assert "false" not in text
    assert "null" in json.dumps(shown(a_record(approval()))[0])


def test_a_text_is_there_once_and_inert() -> None:
    """However often it is said; what would turn a page around is its escape."""
    pool = page_rows.Pool()
    assert [pool("a"), pool("b"), pool("a"), pool.lines(["a", "b"]), pool.lines(["a"])] == [0, 1, 0, 2, 0]
    assert pool.texts == ["a", "b", "a\nb"]
    pool("\u202e\x1b[2J")
    assert pool.texts[-1].isprintable()
    pool.lines(["x\ny", "z"])
    assert pool.texts[-1].count("\n") == 1
