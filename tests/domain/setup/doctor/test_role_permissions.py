"""What jitbot's own roles may do beside the template, in plain values."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from jitbot.domain.aws import service_roles
from jitbot.domain.aws.roles import Actual
from jitbot.domain.model.documents import AccountId, OwnTrail, Settings
from jitbot.domain.setup.cloudformation import Stack
from jitbot.domain.setup.doctor import role_permissions
from jitbot.domain.setup.doctor.account_roles import OwnAccount
from jitbot.domain.setup.doctor.report import CheckVerdict, Unknown

PLACE = OwnAccount(
    settings=Settings(
        repository="acme/access",
        repository_id=7,
        namespace="jit",
        issuer="https://token.actions.githubusercontent.com",
        approvals_valid_for=timedelta(days=1),
    ),
    alias="prod",
    account_id="111111111111",
)
STACK = "arn:aws:cloudformation:eu-west-1:111111111111:stack/jitbot/1"
Document = dict[str, Any]


def permissions(purpose: str, *managed: str) -> Document:
    """What the template gives a role of ours."""
    made = getattr(service_roles, f"{purpose}_permissions")()
    return _filled(role_permissions.stack_of(PLACE, ManagedPolicies=managed), made)


def boundary(*services: str) -> Document:
    """The template's boundary for these services."""
    stack = role_permissions.stack_of(PLACE, BoundaryServices=services, **{"AWS::StackId": STACK})
    return _filled(stack, service_roles.boundary())


def _filled(stack: Stack, fragment: object) -> Document:
    """A document of the template as AWS is given it, which a test may change."""
    document = stack.filled(fragment)
    assert isinstance(document, dict)
    return copy.deepcopy(document)


def statement(document: Document, sid: str) -> Document:
    """A statement by its name."""
    return next(each for each in document["Statement"] if each["Sid"] == sid)


def role(document: object, **other: Any) -> Actual:
    """A role of ours with this inline policy."""
    made = Actual(
        account_id=AccountId(PLACE.account_id),
        role_name="jitbot-grant",
        role_id="AROA",
        path="/",
        trust_policy={},
        permissions_boundary="",
        max_session_duration=3600,
        inline_policies={"permissions": document},  # type: ignore[dict-item]
        attached=(),
        tags={},
    )
    return replace(made, **other)


def verdict(purpose: str, found: Actual | Unknown | None) -> tuple[CheckVerdict, str]:
    """How the check on a role comes out, and what it says."""
    (check,) = role_permissions.role(PLACE, purpose, found)
    return check.verdict, check.observed


@pytest.mark.parametrize("purpose", ["grant", "sweep", "audit"])
def test_the_templates_own_rights_are_fine(purpose: str) -> None:
    """Every role as the template makes it is fine, with whichever managed policies may be attached."""
    for managed in ((), ("ReadOnlyAccess",), ("ReadOnlyAccess", "SecurityAudit")):
        assert verdict(purpose, role(permissions(purpose, *managed))) == (CheckVerdict.OK, "")


@pytest.mark.parametrize("services", [("dynamodb",), ("dynamodb", "s3"), ("*",)])
def test_the_templates_own_boundary_is_fine(services: tuple[str, ...]) -> None:
    """The boundary is fine for any services that an administrator chose."""
    check = role_permissions.boundary(PLACE, boundary(*services))
    assert (check.verdict, check.observed) == (CheckVerdict.OK, "")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda d: statement(d, "Create").update(Resource="*"), "Create"),
        (lambda d: statement(d, "Create").pop("Condition"), "Create"),
        (lambda d: statement(d, "Extend").update(Action="iam:*"), "Extend"),
        (lambda d: d["Statement"].append({"Sid": "More", "Effect": "Allow", "Action": "*", "Resource": "*"}), "More"),
        (lambda d: d["Statement"].append({"Effect": "Allow", "Action": "*", "Resource": "*"}), "without a name"),
        (lambda d: d["Statement"].append("anything"), "anything"),
        (lambda d: d["Statement"].remove(statement(d, "NothingElse")), "NothingElse"),
        (lambda d: statement(d, "NothingElse")["NotAction"].append("iam:CreateUser"), "NothingElse"),
        (lambda d: statement(d, "AttachListed")["Condition"]["ArnLike"].update({"iam:PolicyARN": ["*"]}), "AttachListed"),
        (lambda d: statement(d, "AttachListed")["Condition"].pop("StringEquals"), "AttachListed"),
        (lambda d: d.update(Version="2008-10-17"), "not one of the template"),
        (lambda d: d.update(Statement={}), "not one of the template"),
        (lambda d: d.clear(), "not one of the template"),
    ],
)  # fmt: skip
def test_more_rights_are_wrong(change: Callable[[Document], object], named: str) -> None:
    """Whatever lets a role do more, or denies it less, is wrong, and named."""
    document = permissions("grant", "ReadOnlyAccess")
    change(document)
    found, observed = verdict("grant", role(document))
    assert found is CheckVerdict.WRONG
    assert named in observed


def test_less_rights_are_a_warning() -> None:
    """A role that lacks something, as one of an older release may, gives nobody anything: runs may fail."""
    document = permissions("sweep")
    document["Statement"].remove(statement(document, "FindDrift"))
    found, observed = verdict("sweep", role(document))
    assert found is CheckVerdict.WARN
    assert "FindDrift" in observed
    document["Statement"].append({"Sid": "More", "Effect": "Deny", "Action": "*", "Resource": "*"})
    assert verdict("sweep", role(document))[0] is CheckVerdict.WARN


def test_whatever_else_is_in_a_role_is_wrong() -> None:
    """A second inline policy, and any attached one, is more than the template has."""
    document = permissions("audit")
    more = role(document, inline_policies={"permissions": document, "more": {}})
    assert verdict("audit", more) == (CheckVerdict.WRONG, "it also has more")
    attached = role(document, attached=("arn:aws:iam::aws:policy/AdministratorAccess",))
    assert verdict("audit", attached)[0] is CheckVerdict.WRONG
    assert verdict("audit", role(document, inline_policies={}))[0] is CheckVerdict.WRONG


@pytest.mark.parametrize("name", ["*", "A*", "?", "", "x/*", "a b"])
def test_a_pattern_of_managed_policies_is_nobodys_choice(name: str) -> None:
    """The template takes whole names alone: a list with a pattern was widened by hand."""
    found, observed = verdict("grant", role(permissions("grant", "ReadOnlyAccess", name)))
    assert (found, "AttachListed" in observed) == (CheckVerdict.WRONG, True)


@pytest.mark.parametrize("services", [("*", "s3"), ("d*", "s3"), ("*b",), ("s3", "?"), ("",), ("S3",), ()])
def test_a_pattern_of_services_is_nobodys_choice(services: tuple[str, ...]) -> None:
    """A boundary lists services, or says * alone: with a pattern in the list it bounds nothing and looks as if."""
    check = role_permissions.boundary(PLACE, boundary(*services))
    assert (check.verdict, "none that the template takes" in check.observed) == (CheckVerdict.WRONG, True)


def test_a_boundary_around_nothing_is_wrong() -> None:
    """No service at all is no choice that the template takes."""
    document = boundary("s3")
    statement(document, "ListedServices")["Action"] = []
    assert role_permissions.boundary(PLACE, document).verdict is CheckVerdict.WRONG


@pytest.mark.parametrize(
    "stack",
    ["arn:aws:cloudformation:x", STACK.replace("1111", "9999"), STACK.replace("jitbot", "?"), f"{STACK}*"],
)
def test_a_boundary_protects_a_stack_of_its_account(stack: str) -> None:
    """Another account's stack, or no stack at all, in the place of the template's own leaves that one unprotected."""
    document = boundary("s3")
    statement(document, "NothingOfJitbot")["Resource"][3] = stack
    assert role_permissions.boundary(PLACE, document).verdict is CheckVerdict.WRONG


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["Statement"].remove(statement(d, "NoWayOut")),
        lambda d: statement(d, "NoWayOut")["Action"].remove("sts:Assume*"),
        lambda d: d["Statement"].remove(statement(d, "NotListed")),
        lambda d: statement(d, "NotListed")["NotAction"].append("iam:*"),
        lambda d: statement(d, "ListedServices")["Action"].append("iam:PassRole"),
        lambda d: statement(d, "NothingOfJitbot")["Resource"].pop(),
        lambda d: statement(d, "NothingOfJitbot")["Resource"].__setitem__(3, "arn:aws:cloudformation:*"),
        lambda d: statement(d, "KeysBehindServices").pop("Condition"),
        lambda d: d.update(Statement=[]),
    ],
)
def test_a_boundary_that_bounds_less_is_wrong(change: Callable[[Document], object]) -> None:
    """A boundary without one of its denials, or wider, is wrong."""
    document = boundary("dynamodb", "s3")
    change(document)
    assert role_permissions.boundary(PLACE, document).verdict is CheckVerdict.WRONG


def test_what_cannot_be_read_is_unknown() -> None:
    """No answer is unknown; a role that is not there is another check's; a boundary that is not there is wrong."""
    assert verdict("grant", Unknown(why="no")) == (CheckVerdict.UNKNOWN, "no")
    for unseen in (
        *role_permissions.role(PLACE, "grant", Unknown(why="no")),
        role_permissions.boundary(PLACE, Unknown(why="no")),
    ):
        assert "template" not in unseen.fix  # what could not be seen is no reason to change the account
    assert list(role_permissions.role(PLACE, "grant", None)) == []
    assert role_permissions.boundary(PLACE, Unknown(why="no")).verdict is CheckVerdict.UNKNOWN
    gone = role_permissions.boundary(PLACE, None)
    assert (gone.verdict, gone.observed) == (
        CheckVerdict.WRONG,
        "AWS has no policy jitbot-boundary there",
    )


def test_the_audit_role_is_compared_with_the_trail_that_is_named() -> None:
    """With one in the settings the role must be able to ask it; what may ask without one may do too much."""
    trail = OwnTrail(region="eu-west-1", log_group="aws-cloudtrail-logs")
    named = replace(PLACE, settings=replace(PLACE.settings, trail=trail))
    plain, asking = (
        _filled(role_permissions.stack_of(PLACE), service_roles.audit_permissions(each))
        for each in (None, trail)
    )
    for place, document, verdict in (
        (PLACE, plain, CheckVerdict.OK), (named, asking, CheckVerdict.OK),
        (PLACE, asking, CheckVerdict.WRONG), (named, plain, CheckVerdict.WRONG),
    ):  # fmt: skip
        (check,) = role_permissions.role(place, "audit", role(document))
        assert check.verdict is verdict, check
