"""Is a role as recorded, on its way between two records, or somebody's doing? In plain values."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import HOUR, MERGED_AT, PATH, a_policy
from builders import (
    a_listed_role,
    a_request_state,
    a_window,
    an_actual_role,
    an_approval,
    an_extension,
    an_outcome,
    the_documents,
)

from jitbot.domain.aws import iam
from jitbot.domain.aws.iam import Documents
from jitbot.domain.aws.roles import Actual
from jitbot.domain.enforce.drift import drifted, tag_findings
from jitbot.domain.ledger.events import Event, EventType

POLICY = a_policy(managed_policies=("ReadOnlyAccess",))
FIRST = the_documents(policy=POLICY)
LONGER = the_documents(policy=POLICY, window=a_window(expires_at=MERGED_AT + 3 * HOUR))
APPROVED = an_approval(documents=(FIRST,))
GRANTED = an_outcome(EventType.GRANTED, documents=(FIRST,))
EXTENDED = an_extension(documents=(LONGER,))
BARE: dict[str, Any] = {"inline_policies": {}}


def told(*events: Event, whole: Actual | None, documents: Documents = FIRST) -> str | None:
    """What is wrong with alice's role after these events."""
    state = a_request_state(*events)
    trust = documents.trust_policy if whole is None else whole.trust_policy
    return drifted(
        state,
        state.account_state(FIRST.account_id),
        documents,
        a_listed_role(trust_policy=trust, whole=whole),
    )


def role(documents: Documents = FIRST, **changes: Any) -> Actual:
    """The role as these documents have it, but for changes."""
    return an_actual_role(documents, **changes)


def test_a_role_as_recorded() -> None:
    """Read whole, or only listed."""
    assert told(APPROVED, GRANTED, whole=role()) is None
    assert told(APPROVED, GRANTED, whole=None) is None


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        (BARE, "inline policies"),
        ({"attached": ()}, "attached policies"),
        ({"permissions_boundary": ""}, "permissions boundary"),
    ],
)
def test_what_was_granted_is_never_unfinished(changes: dict[str, Any], what: str) -> None:
    """Nothing is under way: whatever is missing was taken away."""
    assert told(APPROVED, GRANTED, whole=role(**changes)) == f"not as recorded: {what}"


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, None),
        (BARE, None),
        ({"attached": ()}, None),
        ({"permissions_boundary": ""}, "not as recorded: permissions boundary"),
        ({"inline_policies": {iam.POLICY_NAME: {}}}, "not as recorded: inline policies"),
    ],
)
def test_a_first_grant_under_way(changes: dict[str, Any], wrong: str | None) -> None:
    """A role that is being made may lack what comes next, and has nothing of anybody else."""
    assert told(APPROVED, whole=role(**changes)) == wrong


@pytest.mark.parametrize(
    ("changes", "is_fine"),
    [
        ({}, True),
        ({"inline_policies": {iam.POLICY_NAME: FIRST.permission_policy}}, True),
        (BARE, False),
        ({"permissions_boundary": ""}, False),
    ],
)
def test_an_extension_under_way(changes: dict[str, Any], is_fine: bool) -> None:
    """One part may be the new one and another the old; a role that gives access is never without its guards."""
    whole = role(LONGER, **changes)
    assert (told(APPROVED, GRANTED, EXTENDED, whole=whole, documents=LONGER) is None) is is_fine


def test_changed_tags_are_told() -> None:
    """Of roles that were read whole, of requests that were approved; tags decide nothing."""
    state = a_request_state(APPROVED, GRANTED)
    odd = role(tags={**FIRST.tags, "owner": "mallory"})
    for whole, number in ((odd, 1), (role(), 0), (None, 0)):
        found = tag_findings([a_request_state(), state], {FIRST.account_id: (a_listed_role(whole=whole),)})
        assert [(each.code, each.file) for each in found] == [("tags-changed", PATH)] * number
    other = replace(odd, role_name="jit-other")
    assert (
        tag_findings([state], {FIRST.account_id: (a_listed_role(whole=other, role_name="jit-other"),)}) == ()
    )
