"""What the forge told, as evidence: it comes back as it was, and a decision made on it is the same."""

import json
from dataclasses import replace
from typing import Any

import pytest
from acme_facts import BLOB, HEAD, NOW, PATH, an_actor, sha, the_rules
from builders import a_case, a_commit, a_life, a_merge, a_pull, a_review

from jitbot.domain import facts
from jitbot.domain.approval import decide
from jitbot.domain.evidence import Case

RULES = replace(the_rules(), sources={"policies/people.yaml": sha("people")})
CASES = {
    "approved": a_case(),
    "refused": a_case(merge=a_merge(reviews=(a_review("alice"), a_review("dave", review_id=2)))),
    "nobody merged it": a_case(merge=a_merge(pull_request=a_pull(merged_by=None))),
    "a bot merged it": a_case(merge=a_merge(pull_request=a_pull(merged_by=an_actor("x", kind="Bot")))),
    "head without it": a_case(merge=a_merge(head_blob=None, touching=frozenset())),
    "several commits": a_case(merge=a_merge(commits=(a_commit("alice", "bob"), a_commit(name=sha("other"))))),
    "retargeted": a_case(merge=a_merge(retargeted_at=NOW)),
    "not merged": a_case(listed=(a_pull(merged_at=None, merge_commit=None),)),
    "no pull request": a_case(merge=None),
}


def through_json(case: Case) -> Any:
    """What was kept of a case, written and read."""
    return json.loads(json.dumps(facts.dump(case)))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_decision_made_from_the_facts_is_the_same(case: Case) -> None:
    """git's part and the facts alone give the same decision, reasons included."""
    told = facts.load(through_json(case))
    merge = None
    if told.told is not None and case.merge is not None:
        found = told.told
        merge = replace(
            case.merge,
            pull_request=found.pull_request, files=found.files, fetched_head=found.fetched_head,
            head_blob=found.head_blob, reviews=found.reviews, commits=found.commits,
            touching=found.touching, permissions=found.permissions,
        )  # fmt: skip
    again = replace(case, listed=told.listed, default_branch=told.default_branch, merge=merge)
    assert replace(decide(again, a_life(), NOW), ground=None) == replace(
        decide(case, a_life(), NOW), ground=None
    )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_facts_come_back_as_they_were(case: Case) -> None:
    """Whatever was told, and that nothing was."""
    found = facts.load(through_json(case))
    assert (found.listed, found.default_branch) == (case.listed, case.default_branch)
    if found.told is None or case.merge is None:
        assert (found.told, case.merge) == (None, None)
        return
    for name in ("pull_request", "files", "head_blob", "commits", "touching", "permissions", "retargeted_at"):
        assert getattr(found.told, name) == getattr(case.merge, name), name


def test_the_facts_name_what_the_rules_at_the_head_are_made_of() -> None:
    """The blobs of the head's documents are there, since nothing else keeps them."""
    told = facts.load(through_json(a_case(merge=a_merge(head_rules=RULES)))).told
    assert told is not None
    assert told.head_rules == {"policies/people.yaml": sha("people")}
    assert (told.head_blob, told.fetched_head, told.files) == (BLOB, HEAD, (PATH,))


def test_only_reviews_that_judge_are_kept() -> None:
    """A thousand comments do not fill the ledger: each reviewer's last judgement is all a decision reads."""
    noise = tuple(a_review("dave", review_id=number, state="COMMENTED") for number in range(2, 1000))
    told = facts.load(through_json(a_case(merge=a_merge(reviews=(a_review(), *noise))))).told
    assert told is not None
    assert [review.review_id for review in told.reviews] == [1]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: None,
        lambda _: [],
        lambda _: {},
        lambda raw: {**raw, "listed": {}},
        lambda raw: {**raw, "default_branch": 1},
        lambda raw: {**raw, "told": {}},
        lambda raw: {**raw, "told": {**raw["told"], "reviews": [{}]}},
        lambda raw: {**raw, "told": {**raw["told"], "files": [1]}},
        lambda raw: {**raw, "told": {**raw["told"], "permissions": []}},
        lambda raw: {
            **raw,
            "told": {**raw["told"], "pull_request": {**raw["told"]["pull_request"], "number": True}},
        },
        lambda raw: {
            **raw,
            "told": {**raw["told"], "pull_request": {**raw["told"]["pull_request"], "number": "7"}},
        },
        lambda raw: {
            **raw,
            "told": {**raw["told"], "pull_request": {**raw["told"]["pull_request"], "merged_at": "now"}},
        },
    ],
)
def test_anything_else_is_no_fact(spoil: Any) -> None:
    """What is not whole is refused, not guessed."""
    with pytest.raises(ValueError, match=r"facts of a merge|UTC time"):
        facts.load(spoil(through_json(a_case())))
