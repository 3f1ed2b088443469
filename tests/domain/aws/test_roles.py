"""Roles as AWS has them, held against what was approved."""

from typing import Any

import pytest
from acme_facts import ACCOUNTS, EXPIRES_AT, HOUR, a_policy
from builders import a_window, an_actual_role, the_documents

from jitbot.domain.aws import iam
from jitbot.domain.aws.roles import as_read, described, differences, unfinished

MANAGED = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
OLD = the_documents()
NEW = the_documents(window=a_window(expires_at=EXPIRES_AT + HOUR))
READ_ONLY = the_documents(policy=a_policy(managed_policies=("ReadOnlyAccess",)))

# One part of a role each, other than approved, and the word by which people are told.
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("trust policy", {"trust_policy": {}}),
    ("trust policy", {"trust_policy": NEW.trust_policy}),
    ("inline policies", {"inline_policies": {}}),
    ("inline policies", {"inline_policies": {"jitbot": NEW.permission_policy}}),
    ("inline policies", {"inline_policies": {"other": OLD.permission_policy}}),
    ("inline policies", {"inline_policies": {"jitbot": OLD.permission_policy, "more": {}}}),
    ("attached policies", {"attached": (ADMIN,)}),
    ("attached policies", {"attached": (iam.DENY_ALL,)}),
    ("permissions boundary", {"permissions_boundary": ""}),
    ("session length", {"max_session_duration": 43200}),
    ("path", {"path": "/"}),
]


def test_a_role_as_approved_has_no_differences() -> None:
    """What was written and read back is the same, whatever the order of keys and the tags."""
    turned = {key: OLD.trust_policy[key] for key in reversed(list(OLD.trust_policy))}
    assert differences(an_actual_role(), OLD) == ()
    assert differences(an_actual_role(trust_policy=turned, tags={"anything": "else"}), OLD) == ()


@pytest.mark.parametrize(("what", "changes"), WRONG)
def test_each_part_counts(what: str, changes: dict[str, Any]) -> None:
    """One part that is other than approved is named, and no other is."""
    assert differences(an_actual_role(**changes), OLD) == (what,)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"path": "/"}, 'path is "/", and should be "/jit/"'),
        ({"max_session_duration": 43200}, "session length is 43200, and should be 3600"),
        ({"attached": (ADMIN,)}, f'attached policies is ["{ADMIN}"], and should be []'),
        ({"inline_policies": {}}, 'inline policies is {}, and should be {"jitbot":{"Statement":[{"Action":'),
    ],
)
def test_a_difference_is_described_with_both_values(changes: dict[str, Any], words: str) -> None:
    """How the part is, and how it should be; of a role as approved there is nothing to say."""
    assert described(an_actual_role(**changes), OLD).startswith(words)
    assert described(an_actual_role(), OLD) == ""


def test_a_difference_in_a_document_is_shown_where_it_is() -> None:
    """Of two long documents what is before the difference is left out, and each value is short."""
    words = described(an_actual_role(trust_policy=NEW.trust_policy, path="/x/"), OLD)
    trust, path = words.split("; ")
    assert path == 'path is "/x/", and should be "/jit/"'
    found, wanted = trust.removeprefix("trust policy is ").split(", and should be ")
    assert "2026-11-24T12:00:00Z" in found
    assert "2026-11-24T11:00:00Z" in wanted
    assert found.startswith("…")
    assert max(len(found), len(wanted)) <= 82


@pytest.mark.parametrize(("length", "cut"), [(80, ""), (81, "…")])
def test_a_value_that_is_cut_says_so(length: int, cut: str) -> None:
    """By a sign at its end; a value that just fits is whole."""
    path = "/" + "a" * (length - 3)  # beside its quotes
    shown = f'"{path}"'[:80] + cut
    assert described(an_actual_role(path=path), OLD) == f'path is {shown}, and should be "/jit/"'


def test_a_missing_managed_policy_is_a_difference() -> None:
    """A managed policy that was approved and is not attached is named."""
    assert differences(an_actual_role(READ_ONLY, attached=()), READ_ONLY) == ("attached policies",)


def test_the_order_of_managed_policies_does_not_count() -> None:
    """AWS may list what is attached in any order."""
    both = the_documents(policy=a_policy(managed_policies=("ReadOnlyAccess", "AdministratorAccess")))
    assert differences(an_actual_role(both, attached=(MANAGED, ADMIN)), both) == ()
    assert differences(an_actual_role(both, attached=(ADMIN, MANAGED)), both) == ()


def test_denied_means_the_denial_is_attached() -> None:
    """Only AWS's own policy that denies everything makes a role denied."""
    assert an_actual_role(attached=(MANAGED, iam.DENY_ALL)).denied
    assert not an_actual_role(attached=(MANAGED,)).denied
    assert not an_actual_role(attached=("arn:aws:iam::111111111111:policy/AWSDenyAll",)).denied


@pytest.mark.parametrize("trust", [OLD.trust_policy, NEW.trust_policy])
@pytest.mark.parametrize("inline", [{}, {"jitbot": OLD.permission_policy}, {"jitbot": NEW.permission_policy}])
def test_a_stop_between_two_writes_is_unfinished(trust: iam.Document, inline: dict[str, Any]) -> None:
    """Each mixture that a stopped extension can leave behind is known as ours."""
    assert unfinished(an_actual_role(trust_policy=trust, inline_policies=inline), OLD, NEW)


def test_a_managed_policy_may_still_be_missing() -> None:
    """A role stopped before its managed policy was attached is unfinished; one with another's is not ours."""
    assert unfinished(an_actual_role(READ_ONLY, attached=()), READ_ONLY)
    assert unfinished(an_actual_role(READ_ONLY), READ_ONLY)
    assert not unfinished(an_actual_role(READ_ONLY, attached=(MANAGED, ADMIN)), READ_ONLY)


@pytest.mark.parametrize(("what", "changes"), [each for each in WRONG if each[1] != {"inline_policies": {}}])
def test_anything_else_is_somebodys_doing(what: str, changes: dict[str, Any]) -> None:
    """A role with one part that none of the documents has is not on its way between them."""
    assert not unfinished(an_actual_role(**changes), OLD)


def test_nothing_is_on_its_way_between_no_documents() -> None:
    """Without documents to be on the way to, no role is unfinished."""
    assert not unfinished(an_actual_role())


def test_a_denied_role_is_never_written_again() -> None:
    """A role that was ended is not taken for one that a stopped run left."""
    assert not unfinished(an_actual_role(attached=(iam.DENY_ALL,)), OLD, NEW)


def test_every_candidate_must_agree_on_what_no_extension_changes() -> None:
    """Documents of another account or path do not make a role ours."""
    assert not unfinished(an_actual_role(), OLD, the_documents("staging"))


def test_what_is_read_is_what_was_meant_if_nothing_differs() -> None:
    """Reading back a role as approved gives the approved documents."""
    assert as_read(an_actual_role(), OLD) == OLD
    assert as_read(an_actual_role(READ_ONLY), READ_ONLY) == READ_ONLY


def test_what_is_read_is_recorded_as_it_is() -> None:
    """Every part that was read takes the place of what was meant; our own denial is left out."""
    found = an_actual_role(
        trust_policy={"Statement": []},
        inline_policies={},
        attached=(MANAGED, iam.DENY_ALL, ADMIN),
        permissions_boundary="arn:aws:iam::111111111111:policy/other",
        path="/other/",
    )
    read = as_read(found, OLD)
    assert read.trust_policy == {"Statement": []}
    assert read.permission_policy == {}
    assert read.managed_policies == (ADMIN, MANAGED)
    assert read.permissions_boundary == "arn:aws:iam::111111111111:policy/other"
    assert read.path == "/other/"
    assert (read.window, read.account_id, read.role_name) == (OLD.window, ACCOUNTS["prod"], OLD.role_name)
