"""The template: what its parameters change, and what no parameter can."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.session import get_session

from jitbot.domain.aws import iam, service_roles
from jitbot.domain.model.documents import AccountId, OwnTrail, Policy, Settings, Statement
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.setup import account_template
from jitbot.domain.setup.account_template import Options
from jitbot.sandbox.aws import stacks
from jitbot.sandbox.aws.policy import evaluator
from jitbot.sandbox.aws.policy.evaluator import AccessQuestion, Evaluation

PROD = AccountId("111111111111")
SETTINGS = Settings(
    repository="acme/access",
    repository_id=700001,
    namespace="jit",
    issuer="https://token.actions.githubusercontent.com",
    approvals_valid_for=timedelta(hours=24),
)
OPTIONS = Options(services=("dynamodb", "s3"), managed_policies=("ReadOnlyAccess",), owner_id=9000)


def resources(
    options: Options = OPTIONS, settings: Settings = SETTINGS, **parameters: str
) -> dict[str, dict[str, Any]]:
    """The properties of every resource of the stack in production."""
    template = account_template.template(settings, options)
    found = stacks.resolve(template, account_id=PROD, parameters=parameters)
    return {name: resource.properties for name, resource in found.items()}


def policy(*actions: str, managed: tuple[str, ...] = ()) -> Policy:
    """An access policy that allows these actions."""
    return Policy(
        name="p",
        description="",
        eligible=(),
        accounts=(),
        max_duration=timedelta(hours=1),
        approvals=1,
        ticket_required=False,
        parameters=(),
        statements=(Statement(actions=actions, resources=("*",)),) if actions else (),
        managed_policies=managed,
    )


def statement(document: dict[str, Any], sid: str) -> dict[str, Any]:
    """The statement of that name."""
    (found,) = [each for each in document["Statement"] if each["Sid"] == sid]
    return dict(found)


def permissions(made: dict[str, dict[str, Any]], purpose: str) -> dict[str, Any]:
    """The inline policy of one of jitbot's own roles."""
    (inline,) = made[f"{purpose}Role"]["Policies"]
    return dict(inline["PolicyDocument"])


def test_the_names_are_those_that_grants_expect() -> None:
    """Roles, boundary and session length are what the rest of jitbot assumes of an account."""
    made = resources()
    for purpose in ("grant", "sweep", "audit"):
        role = made[f"{purpose.title()}Role"]
        assert iam.own_name(SETTINGS, purpose) == role["RoleName"]
        assert role["MaxSessionDuration"] == 3600
    assert iam.boundary_arn(SETTINGS, PROD).endswith(f":policy/{made['Boundary']['ManagedPolicyName']}")
    assert iam.boundary_arn(SETTINGS, PROD) in json.dumps(permissions(made, "Grant"))


def test_a_namespace_changes_every_name() -> None:
    """Given as a parameter or in the settings alike; nothing of another namespace is named any more."""
    by_parameter = resources(Namespace="ops")
    assert by_parameter == resources(settings=replace(SETTINGS, namespace="ops"))
    text = json.dumps(by_parameter)
    assert "opsbot-grant" in text
    assert "role/ops/*" in text
    assert "role/jit" not in text
    assert "jitbot-" not in text


def test_two_namespaces_fit_into_one_account() -> None:
    """The second leaves the issuer to the first; no other name occurs in both."""
    first, second = resources(), resources(Namespace="ops", CreateOidcProvider="false")
    names = [
        {each.get("RoleName") or each.get("ManagedPolicyName") or each["Url"] for each in made.values()}
        for made in (first, second)
    ]
    assert (len(names[0]), len(names[1])) == (5, 4)
    assert names[0].isdisjoint(names[1])


def test_the_repository_is_a_parameter() -> None:
    """Both forms of the subject, the id and the workflows follow it."""
    made = resources(RepositoryOwner="o", RepositoryOwnerId="1", RepositoryName="n", RepositoryId="2")
    (trust,) = made["SweepRole"]["AssumeRolePolicyDocument"]["Statement"]
    issuer = "token.actions.githubusercontent.com"
    workflows = [f"o/n/.github/workflows/{file}.yml@refs/heads/main" for file in ("sweep", "revoke")]
    assert trust["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": ["repo:o/n:ref:refs/heads/main", "repo:o@1/n@2:ref:refs/heads/main"],
            f"{issuer}:repository_id": "2",
            f"{issuer}:repository_owner_id": "1",
            f"{issuer}:ref": "refs/heads/main",
            f"{issuer}:job_workflow_ref": workflows,
        }
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RepositoryOwner", "acme/x"),
        ("RepositoryOwner", "*"),
        ("RepositoryOwnerId", ""),
        ("RepositoryOwnerId", "0"),
        ("RepositoryName", "access:ref"),
        ("RepositoryId", "*"),
        ("Namespace", "jit/x"),
        ("Namespace", "j*"),
        ("CreateOidcProvider", "maybe"),
        ("BoundaryServices", ""),
        ("BoundaryServices", "s3:*"),
        ("BoundaryServices", "s3,ec2:Describe"),
        ("ManagedPolicies", "*"),
        ("ManagedPolicies", "ReadOnlyAccess,job-function/Billing"),
        ("PinNewClaims", "no"),
    ],
)
def test_a_parameter_takes_names_alone(name: str, value: str) -> None:
    """No pattern, no path and nothing empty gets into a document by way of a parameter."""
    with pytest.raises(InvalidError):
        resources(OPTIONS, SETTINGS, **{name: value})


@pytest.mark.parametrize("how", ["option", "parameter"])
def test_without_pins_the_older_claims_remain(how: str) -> None:
    """Audience and subject are never optional; the newer claims go together."""
    made = (
        resources(replace(OPTIONS, pins_claims=False)) if how == "option" else resources(PinNewClaims="false")
    )
    for purpose in ("Grant", "Sweep", "Audit"):
        (trust,) = made[f"{purpose}Role"]["AssumeRolePolicyDocument"]["Statement"]
        keys = {key.rpartition(":")[2] for key in trust["Condition"]["StringEquals"]}
        assert keys == {"aud", "sub"}


@pytest.mark.parametrize(
    ("issuer", "fits"),
    [
        ("https://token.actions.githubusercontent.com", True),
        ("https://token.actions.githubusercontent.com/acme", False),
        ("https://token.actions.acme.ghe.com", False),
        ("https://ghes.acme.com/_services/token", False),
        ("http://127.0.0.1:4711", True),
    ],
)
def test_claims_are_pinned_only_where_aws_knows_them(issuer: str, *, fits: bool) -> None:
    """Of another issuer AWS knows audience and subject alone: a pinned role would let nobody in."""
    settings = replace(SETTINGS, issuer=issuer)
    account_template.check_pins(settings, replace(OPTIONS, pins_claims=False))
    if fits:
        account_template.check_pins(settings, OPTIONS)
    else:
        with pytest.raises(InvalidError, match=r"Give --no-pin; then any workflow on main may enter"):
            account_template.check_pins(settings, OPTIONS)


def test_an_existing_provider_is_trusted_and_not_made() -> None:
    """Trust is the same whether the stack makes the provider or finds it."""
    made, found = resources(), resources(replace(OPTIONS, creates_provider=False))
    assert made["OidcProvider"] == {"Url": SETTINGS.issuer, "ClientIdList": ["sts.amazonaws.com"]}
    assert "OidcProvider" not in found
    assert made["GrantRole"] == found["GrantRole"]


def test_the_provider_outlives_the_stack() -> None:
    """Others in the account may rely on it by then."""
    template: Any = account_template.template(SETTINGS, OPTIONS)
    provider = template["Resources"]["OidcProvider"]
    assert (provider["DeletionPolicy"], provider["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_owner_must_be_told() -> None:
    """Without the owner's number there is no default, so that CloudFormation asks instead of guessing."""
    template: Any = account_template.template(SETTINGS, replace(OPTIONS, owner_id=None))
    assert "Default" not in template["Parameters"]["RepositoryOwnerId"]


def test_the_boundary_allows_the_listed_services() -> None:
    """Each by its prefix; `*` stands for all."""
    listed = statement(resources()["Boundary"]["PolicyDocument"], "ListedServices")
    assert listed["Action"] == ["dynamodb:*", "s3:*"]
    anything = statement(resources(BoundaryServices="*")["Boundary"]["PolicyDocument"], "ListedServices")
    assert anything["Action"] == "*"


def test_what_the_boundary_denies_as_a_whole_is_not_offered() -> None:
    """A policy that names such a service puts it on no list; one that is denied in part stays."""
    actions = (
        "dynamodb:GetItem",
        "iam:GetRole",
        "signin:CreateOAuth2Token",
        "SSO-oauth:*",
        "sso:ListInstances",
        "identitystore:*",
    )
    assert account_template.services_of([policy(*actions)]) == ("dynamodb", "iam")


def test_the_boundary_and_what_is_told_of_it_agree() -> None:
    """What is told to be out of reach is what the document denies, by the beginnings of names alone."""
    denied = statement(resources()["Boundary"]["PolicyDocument"], "NoWayOut")["Action"]
    assert all(each.endswith("*") and each.count("*") == 1 for each in denied)
    assert all(service_roles.is_out_of_reach(each) for each in denied)
    assert not any(
        service_roles.is_out_of_reach(each)
        for each in ("iam:GetRole", "iam:*", "sts:GetCallerIdentity", "ssm:*")
    )


def test_only_listed_managed_policies_are_attached() -> None:
    """Each by its whole ARN in AWS's own account; without any, the permission is not there at all."""
    named = permissions(resources(ManagedPolicies="ReadOnlyAccess,SecurityAudit"), "Grant")
    assert statement(named, "AttachListed")["Condition"]["ArnLike"] == {
        "iam:PolicyARN": ["arn:*:iam::aws:policy/ReadOnlyAccess", "arn:*:iam::aws:policy/SecurityAudit"]
    }
    for none in (
        resources(ManagedPolicies=""),
        resources(Options(services=("s3",), owner_id=9000)),
    ):
        assert "AttachListed" not in {each["Sid"] for each in permissions(none, "Grant")["Statement"]}


@pytest.mark.parametrize(
    "services",
    [("*",), ("iam", "sts", "organizations", "account", "cloudtrail", "sso", "signin", "sso-oauth")],
)
def test_the_boundary_denies_every_write_that_awss_client_knows(services: tuple[str, ...]) -> None:
    """Also where the services themselves are listed: each operation of IAM but its reading ones, and the others'."""
    document = resources(Options(services=services, owner_id=9000))["Boundary"]["PolicyDocument"]
    models = get_session()

    def denied(service: str, operation: str) -> bool:
        question = AccessQuestion(action=f"{service}:{operation}", resource=f"arn:aws:{service}::{PROD}:x/y")
        return evaluator.evaluate([document], question) is Evaluation.DENY

    operations = models.get_service_model("iam").operation_names
    reads = tuple(each for each in operations if each.startswith(("Get", "List", "Generate", "Simulate")))
    assert [each for each in operations if each not in reads and not denied("iam", each)] == []
    assert [each for each in reads if denied("iam", each)] == []
    assert denied("iam", "PassRole")
    harmless = {"DecodeAuthorizationMessage", "GetAccessKeyInfo", "GetCallerIdentity"}
    minting = [each for each in models.get_service_model("sts").operation_names if each not in harmless]
    assert [each for each in minting if not denied("sts", each)] == []
    for service in ("organizations", "account", "sso-admin", "identitystore"):
        names = models.get_service_model(service).operation_names
        prefix = service.removesuffix("-admin")
        assert [each for each in names if not denied(prefix, each)] == []
    assert denied("signin", "CreateOAuth2Token")
    assert denied("sso-oauth", "CreateTokenWithIAM")
    taking = ("Delete", "Deregister", "Disable", "Put", "Stop", "Update")
    tampering = [
        each for each in models.get_service_model("cloudtrail").operation_names if each.startswith(taking)
    ]
    assert {"StopLogging", "DeleteTrail", "UpdateTrail"} <= set(tampering)
    assert [each for each in tampering if not denied("cloudtrail", each)] == []


def test_the_documents_fit_into_aws() -> None:
    """With many services and policies listed: boundary 6,144, role policies 10,240, trust 2,048 characters."""
    options = Options(
        services=tuple(f"service-number-{number}" for number in range(100)),
        managed_policies=tuple(f"SomeRatherLongPolicyName{number}" for number in range(50)),
        owner_id=999999999,
    )
    made = resources(options)
    assert len(iam.canonical(made["Boundary"]["PolicyDocument"])) <= 6144
    for purpose in ("Grant", "Sweep", "Audit"):
        assert len(iam.canonical(permissions(made, purpose))) <= iam.PERMISSION_LIMIT
        assert len(iam.canonical(made[f"{purpose}Role"]["AssumeRolePolicyDocument"])) <= iam.TRUST_LIMIT


def test_the_template_says_why_it_has_no_denial() -> None:
    """AWS's own policy ends grants; the template carries the reason, and no policy of that kind."""
    template: Any = account_template.template(SETTINGS, OPTIONS)
    assert iam.DENY_ALL in template["Metadata"]["jitbot"]["EarlyEnd"]
    kinds = [each["Type"] for each in template["Resources"].values()]
    assert kinds.count("AWS::IAM::ManagedPolicy") == 1


def test_the_template_fits_into_one_call() -> None:
    """CloudFormation takes 51,200 bytes, descriptions of 1,024, and shows other signs than ASCII as `?`."""
    template: Any = account_template.template(SETTINGS, OPTIONS)
    text = json.dumps(template, ensure_ascii=False, indent=2)
    assert len(text) <= 51_200
    assert text.isascii()
    assert len(template["Description"]) <= 1024


@pytest.mark.parametrize(
    ("policies", "services", "managed"),
    [
        ((), (), ()),
        ((policy("s3:GetObject", "dynamodb:Query"), policy("S3:PutObject")), ("dynamodb", "s3"), ()),
        ((policy("s3:GetObject"), policy(managed=("B", "A"))), ("*",), ("A", "B")),
        ((policy("*"),), ("*",), ()),
    ],
)
def test_the_defaults_are_what_policies_use(
    policies: tuple[Policy, ...], services: tuple[str, ...], managed: tuple[str, ...]
) -> None:
    """A managed policy needs every service, since AWS decides what it allows."""
    assert account_template.services_of(policies) == services
    assert account_template.managed_policies_of(policies) == managed


GROUP = OwnTrail(region="eu-west-1", log_group="aws-cloudtrail-logs")
TABLE = OwnTrail(
    region="eu-west-1", account=PROD, workgroup="jitbot", database="cloudtrail", table="events",
    bucket="acme-trail/AWSLogs", results="acme-athena/jitbot",
)  # fmt: skip
HERE = f"eu-west-1:{PROD}"


def allowed(
    trail: OwnTrail | None, action: str, resource: str, purpose: str = "Audit", **context: str
) -> bool:
    """Whether a role of jitbot's may do this, with such a trail in the settings."""
    document = permissions(resources(settings=replace(SETTINGS, trail=trail)), purpose)
    keys = {f"kms:{name}": (value,) for name, value in context.items()}
    question = AccessQuestion(action=action, resource=resource, context=keys)
    return evaluator.evaluate([document], question) is Evaluation.ALLOW


@pytest.mark.parametrize(
    ("trail", "action", "resource"),
    [
        (GROUP, "logs:StartQuery", f"arn:aws:logs:{HERE}:log-group:aws-cloudtrail-logs"),
        (GROUP, "logs:StartQuery", f"arn:aws:logs:{HERE}:log-group:aws-cloudtrail-logs:*"),
        (GROUP, "logs:GetQueryResults", "*"),
        (TABLE, "athena:StartQueryExecution", f"arn:aws:athena:{HERE}:workgroup/jitbot"),
        (TABLE, "glue:GetTable", f"arn:aws:glue:{HERE}:table/cloudtrail/events"),
        (TABLE, "s3:GetObject", "arn:aws:s3:::acme-trail/AWSLogs/1/x.json.gz"),
        (TABLE, "s3:PutObject", "arn:aws:s3:::acme-athena/jitbot/answer.csv"),
    ],
)
def test_the_audit_may_ask_the_trail_that_is_named(trail: OwnTrail, action: str, resource: str) -> None:
    """Exactly that one: without it in the settings nothing of it is allowed, and grant and sweep never may."""
    assert allowed(trail, action, resource)
    assert not allowed(None, action, resource)
    assert not allowed(TABLE if trail is GROUP else GROUP, action, resource)
    assert not allowed(trail, action, resource, "Grant")
    assert not allowed(trail, action, resource, "Sweep")


@pytest.mark.parametrize(
    ("trail", "action", "resource"),
    [
        (GROUP, "logs:StartQuery", f"arn:aws:logs:{HERE}:log-group:payments"),
        (GROUP, "logs:StartQuery", f"arn:aws:logs:{HERE}:log-group:aws-cloudtrail-logs-2"),
        (GROUP, "logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:aws-cloudtrail-logs"),
        (GROUP, "logs:DeleteLogGroup", f"arn:aws:logs:{HERE}:log-group:aws-cloudtrail-logs"),
        (TABLE, "athena:StartQueryExecution", f"arn:aws:athena:{HERE}:workgroup/primary"),
        (TABLE, "glue:DeleteTable", f"arn:aws:glue:{HERE}:table/cloudtrail/events"),
        (TABLE, "glue:GetTable", f"arn:aws:glue:{HERE}:table/cloudtrail/other"),
        (TABLE, "s3:GetObject", "arn:aws:s3:::acme-trail/other/x"),
        (TABLE, "s3:PutObject", "arn:aws:s3:::acme-trail/AWSLogs/1/x.json.gz"),
        (TABLE, "s3:DeleteObject", "arn:aws:s3:::acme-trail/AWSLogs/1/x.json.gz"),
        (TABLE, "kms:Decrypt", "arn:aws:kms:eu-west-1:1:key/x"),
    ],
)
def test_the_audit_may_change_nothing_of_the_trail(trail: OwnTrail, action: str, resource: str) -> None:
    """It reads, and writes nothing but its own answers; a key only behind the files."""
    assert not allowed(trail, action, resource)


def test_a_key_is_used_behind_the_files_alone() -> None:
    """Through S3 in the trail's region."""
    key = "arn:aws:kms:eu-west-1:1:key/x"
    assert allowed(TABLE, "kms:Decrypt", key, viaservice="s3.eu-west-1.amazonaws.com")
    assert not allowed(TABLE, "kms:Decrypt", key, viaservice="dynamodb.eu-west-1.amazonaws.com")


@pytest.mark.parametrize("trail", [GROUP, TABLE])
def test_nothing_else_means_the_trail_too(trail: OwnTrail) -> None:
    """The role's own limit names each action that it may take, and no more than without a trail but those."""
    made = permissions(resources(settings=replace(SETTINGS, trail=trail)), "Audit")
    given = {
        action
        for each in made["Statement"]
        if each["Effect"] == "Allow"
        for action in _listed(each["Action"])
    }
    assert set(statement(made, "NothingElse")["NotAction"]) == given
    assert len(json.dumps(made, separators=(",", ":"))) < 10_240


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
