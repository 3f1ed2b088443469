"""What GitHub told, value by value: as JSON, and back."""

import json

import pytest
from acme_facts import an_actor
from builders import a_pull

from jitbot.domain.ledger.case_json import PULL
from jitbot.domain.model import bounds
from jitbot.domain.model.merge_facts import PullRequest

PULLS: dict[str, PullRequest] = {
    "all that can be known": a_pull(changed_files=3, head_branch="refunds", head_repository_id=5),
    "nothing changed, in a repository without a number": a_pull(changed_files=0, head_repository_id=0),
    "not merged": a_pull(merged_at=None, merged_by=None, merge_commit=None),
    "an author who is no person": a_pull(author=an_actor("robot", kind="Bot")),
}


@pytest.mark.parametrize("pull", PULLS.values(), ids=PULLS.keys())
def test_a_pull_request_comes_back_as_it_was(pull: PullRequest) -> None:
    """What is not known is not known there either."""
    assert PULL.load(json.loads(json.dumps(PULL.dump(pull)))) == pull


def test_a_branch_is_named_where_one_is_known_and_not_without_end() -> None:
    """Without a name there is no key; of a long name the beginning is kept."""
    unnamed, named = PULL.dump(a_pull()), PULL.dump(a_pull(head_branch="refunds"))
    assert isinstance(unnamed, dict)
    assert isinstance(named, dict)
    assert "head_branch" not in unnamed
    assert named["head_branch"] == "refunds"
    assert PULL.load(PULL.dump(a_pull(head_branch="b" * 1000))).head_branch == bounds.cut("b" * 1000)
