"""AWS against a whole ledger in memory: what no record explains, and what an unread event may."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from acme_facts import MINUTE, PROD, ROLE_ID
from builders import an_outcome, the_documents
from plain_audit import PlainClone, newer
from plain_run import PlainRoles

from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.aws import iam
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.model.errors import UnavailableError
from jitbot.usecases.audit.compare_aws import compare
from jitbot.usecases.context import Context

TRUST = {"Version": "2012-10-17", "Statement": []}


def granted() -> tuple[PlainClone, PlainRoles, Event]:
    """alice's grant in the ledger and in AWS, and its approval."""
    clone, cloud = PlainClone(), PlainRoles()
    approved = clone.grant()
    cloud.put(approved.documents[0])
    return clone, cloud, approved


def compared(clone: PlainClone, cloud: PlainRoles) -> list[AuditFinding]:
    """How they differ."""
    context = cast("Context", SimpleNamespace(cloud=lambda: cloud))
    return list(compare(context, clone.inputs(), clone.now))


def codes(clone: PlainClone, cloud: PlainRoles) -> set[str]:
    """The codes of that."""
    return {each.code for each in compared(clone, cloud)}


def test_aws_as_the_ledger_says() -> None:
    """A live role as recorded is no finding, and reading changes nothing."""
    clone, cloud, _ = granted()
    assert codes(clone, cloud) == set()
    assert {name for name, _ in cloud.calls} == {"whole list"}


def test_a_role_that_no_request_explains() -> None:
    """Somebody made a role under jitbot's path."""
    clone, cloud, _ = granted()
    cloud.put(replace(the_documents(), role_name="jit-mallory"))
    assert codes(clone, cloud) == {"role-unexplained"}


@pytest.mark.parametrize("change", [{"trust_policy": TRUST}, {"inline_policies": {"x": TRUST}}])
def test_a_role_that_was_changed_by_hand(change: dict[str, Any]) -> None:
    """Somebody opened the trust, or put another policy into the role."""
    clone, cloud, approved = granted()
    cloud.put(approved.documents[0], **change)
    assert codes(clone, cloud) == {"role-differs"}


def test_an_end_that_was_undone() -> None:
    """Somebody took the denial off a role that was ended early; with it, all is as recorded."""
    clone, cloud, approved = granted()
    clone.later(MINUTE)
    clone.end(approved, EndReason.RELEASED)
    assert codes(clone, cloud) == {"role-not-denied"}
    cloud.put(approved.documents[0], attached=(iam.DENY_ALL,))
    assert codes(clone, cloud) == set()


def test_the_end_of_an_orphan_that_was_undone() -> None:
    """A role that no request explains was denied, and somebody took the denial off."""
    clone, cloud, _ = granted()
    cloud.put(replace(the_documents(), role_name="jit-mallory"))
    orphan = an_outcome(
        EventType.ENDED, request="", why=EndReason.ORPHAN, cause=ROLE_ID, role_name="jit-mallory"
    )
    clone.tell(replace(orphan, at=clone.now))
    assert codes(clone, cloud) == {"role-differs"}
    cloud.put(replace(the_documents(), role_name="jit-mallory"), attached=(iam.DENY_ALL,))
    assert codes(clone, cloud) == set()


def test_a_role_that_is_there_again() -> None:
    """A role was recorded as removed, and somebody made it anew."""
    clone, cloud, approved = granted()
    clone.end(approved)
    clone.later(80 * MINUTE)
    clone.remove(approved)
    assert codes(clone, cloud) == {"role-there-again"}
    cloud.roles.clear()
    assert codes(clone, cloud) == set()


def test_an_account_that_does_not_answer_is_doubt() -> None:
    """What AWS has there is not known."""
    clone, cloud, _ = granted()
    cloud.closed = {PROD: UnavailableError("closed")}
    (found,) = compared(clone, cloud)
    assert (found.code, found.severity) == ("account-not-read", Severity.UNCHECKED)
    assert PROD in str(found)


@pytest.mark.parametrize("kind", [EventType.APPROVED, EventType.GRANTED])
def test_a_role_that_an_unread_event_may_explain_is_in_doubt(kind: EventType) -> None:
    """AWS holds alice's role, and her approval or her grant cannot be read: nothing is broken by that."""
    clone, cloud = PlainClone(), PlainRoles()
    approved = clone.ask("bob")
    outcomes = clone.outcomes(EventType.GRANTED, approved)
    clone.ledger_of.commits[1:] = []
    for event in (approved, *outcomes):
        spoilt: dict[str, Any] = {"spoil": newer} if event.kind is kind else {}
        clone.tell(event, **spoilt)
    cloud.put(approved.documents[0])
    assert Severity.BROKEN not in {each.severity for each in compared(clone, cloud)}
    cloud.put(replace(the_documents(), role_name="jit-mallory"))
    assert Severity.BROKEN in {each.severity for each in compared(clone, cloud)}
