"""The template that prepares one AWS account for jitbot: issuer, boundary, and jitbot's three roles.

It is written in CloudFormation, and so are the documents inside it (`service_roles`). The module `cloudformation`
computes what CloudFormation makes of them, for comparison. Nothing is filled in here: the same template serves every
account, as a stack or a StackSet.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jitbot.domain.aws import iam, service_roles
from jitbot.domain.aws.service_roles import Document, choose, sub
from jitbot.domain.model.documents import Policy, Settings
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.grammar import NAMESPACE
from jitbot.domain.setup.doctor.repository import GITHUBS_ISSUER

SERVICE_PATTERN = r"[a-z0-9-]+|\*"  # a prefix of actions, such as dynamodb
MANAGED_PATTERN = "[A-Za-z0-9_+=.@-]*"  # a name, as in ReadOnlyAccess; for no names CloudFormation has [""]
ANY_SERVICE = ("*",)
BOUNDARY_LIMIT = 6144  # IAM quotas: "managed policy length", white space not counted
_BOUNDARY_REST = 1400  # without services; with the longest namespace, partition and name of a stack

_DESCRIPTION = "jitbot: the issuer, the boundary and the three roles of just-in-time access in this account."
_EARLY_END = (
    "There is no DenyAll policy here on purpose. A grant is ended early by arn:aws:iam::aws:policy/AWSDenyAll, "
    "which AWS keeps in every account and which nobody in the account can edit or delete."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What an administrator decides about the accounts; the defaults of the template's parameters.

    `services` are prefixes of actions, or `*` alone; `managed_policies` names of AWS managed policies.
    Without an owner id the template has no default for it, so that CloudFormation asks.
    """

    services: tuple[str, ...]
    managed_policies: tuple[str, ...] = ()
    owner_id: int | None = None
    creates_provider: bool = True
    pins_claims: bool = True


def check_pins(settings: Settings, options: Options) -> None:
    """Raise InvalidError if the template would keep jitbot out of every account.

    Of an issuer of one's own (an Enterprise Server, ghe.com, an enterprise's path) AWS knows aud and sub alone. One
    without TLS is the sandbox's, whose AWS knows all claims; AWS itself takes no such issuer.
    """
    if options.pins_claims and settings.issuer != GITHUBS_ISSUER and settings.issuer.startswith("https:"):
        raise InvalidError(
            f"AWS knows the claims repository_id, ref and job_workflow_ref only of {GITHUBS_ISSUER}, and the issuer "
            f"here is {settings.issuer}: pinned, the roles would let nobody in. Give --no-pin; then any workflow on "
            "main may enter any of the three roles, so review changes of .github/workflows with that in mind"
        )


def boundary_size(services: Sequence[str]) -> int:
    """How many characters the boundary has at most, of the `BOUNDARY_LIMIT` that AWS takes: each service twice."""
    return _BOUNDARY_REST + 2 * sum(len(f'"{service}:*",') for service in services)


def services_of(policies: Iterable[Policy]) -> tuple[str, ...]:
    """The services that these policies use; all of them as soon as one has a managed policy, whose reach is AWS's.

    A service that the boundary denies as a whole is none of them.
    """
    found: set[str] = set()
    for policy in policies:
        found |= {action.partition(":")[0].lower() for each in policy.statements for action in each.actions}
        found |= set(ANY_SERVICE if policy.managed_policies else ())
    reachable = {service for service in found if not service_roles.is_out_of_reach(f"{service}:*")}
    return ANY_SERVICE if "*" in found else tuple(sorted(reachable))


def managed_policies_of(policies: Iterable[Policy]) -> tuple[str, ...]:
    """The AWS managed policies that these policies attach, by name."""
    return tuple(sorted({name for policy in policies for name in policy.managed_policies}))


def template(settings: Settings, options: Options) -> Document:
    """The CloudFormation template for one account, ready to be printed as JSON or YAML."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": _DESCRIPTION,
        "Metadata": {"jitbot": {"EarlyEnd": _EARLY_END}},
        "Parameters": _parameters(settings, options),
        "Conditions": _CONDITIONS,
        "Resources": _resources(settings),
        "Outputs": {
            f"{purpose.title()}Role": {"Value": {"Fn::GetAtt": [f"{purpose.title()}Role", "Arn"]}}
            for purpose in service_roles.WORKFLOWS
        },
    }


_CONDITIONS: Document = {
    "CreatesProvider": {"Fn::Equals": [{"Ref": "CreateOidcProvider"}, "true"]},
    "PinsNewClaims": {"Fn::Equals": [{"Ref": "PinNewClaims"}, "true"]},
    "AnyService": {"Fn::Equals": [{"Fn::Join": [",", {"Ref": "BoundaryServices"}]}, "*"]},
    "AttachesManaged": {
        "Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "ManagedPolicies"}]}, ""]}],
    },
}


def _parameters(settings: Settings, options: Options) -> Document:
    owner, _, name = settings.repository.partition("/")
    owner_id = "" if options.owner_id is None else str(options.owner_id)
    return {
        "RepositoryOwner": _text("Who owns the access repository on GitHub.", owner, "[A-Za-z0-9_-]+"),
        "RepositoryOwnerId": _text(
            "GitHub's number of that owner: gh api users/OWNER --jq .id", owner_id, "[1-9][0-9]*"
        ),
        "RepositoryName": _text("The name of the access repository.", name, "[A-Za-z0-9._-]+"),
        "RepositoryId": _text(
            "GitHub's number of it: gh api repos/OWNER/NAME --jq .id",
            str(settings.repository_id),
            "[1-9][0-9]*",
        ),
        "Namespace": _text(
            "Grants live under the IAM path /<namespace>/; all that is made here is called <namespace>bot-something.",
            settings.namespace,
            NAMESPACE.pattern,
        ),
        "CreateOidcProvider": _choice(
            "false where the account knows the issuer already, with the audience sts.amazonaws.com: AWS takes each once.",
            options.creates_provider,
        ),
        "BoundaryServices": _list(
            "The services that grants may use at most, by the prefix of their actions. Beware of *: then only "
            "IAM, other credentials, the organisation and CloudTrail's integrity are out of every grant's reach.",
            options.services,
            SERVICE_PATTERN,
        ),
        "ManagedPolicies": _list(
            "The AWS managed policies that may be attached to grants, by name; may be empty.",
            options.managed_policies,
            MANAGED_PATTERN,
        ),
        "PinNewClaims": _choice(
            "Pin the ids of repository and owner, ref and workflow as condition keys of their own. false only for "
            "another issuer than GitHub's own: AWS knows these keys of that one alone, and would keep everybody out.",
            options.pins_claims,
        ),
    }


def _resources(settings: Settings) -> Document:
    roles = {f"{purpose.title()}Role": _role(purpose, settings) for purpose in service_roles.WORKFLOWS}
    return {
        "OidcProvider": {
            "Type": "AWS::IAM::OIDCProvider",
            "Condition": "CreatesProvider",
            # Others may have come to rely on it: a second namespace, or somebody's deployments.
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {"Url": settings.issuer, "ClientIdList": [service_roles.AUDIENCE]},
        },
        "Boundary": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "ManagedPolicyName": sub("${Namespace}bot-boundary"),
                "Description": "The most that any grant can do.",
                "PolicyDocument": service_roles.boundary(),
            },
        },
        **roles,
    }


def _role(purpose: str, settings: Settings) -> Document:
    issuer = settings.issuer.partition("://")[2]
    document = service_roles.permissions(purpose, settings.trail)
    existing = sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/" + issuer)
    provider = choose("CreatesProvider", {"Ref": "OidcProvider"}, existing)
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": sub("${Namespace}bot-" + purpose),
            "MaxSessionDuration": int(iam.SESSION.total_seconds()),
            "AssumeRolePolicyDocument": service_roles.trust_policy(purpose, issuer=issuer, provider=provider),
            "Policies": [{"PolicyName": "permissions", "PolicyDocument": document}],
        },
    }


def _text(description: str, default: str, pattern: str) -> Document:
    parameter: Document = {"Type": "String", "Description": description, "AllowedPattern": f"^({pattern})$"}
    return {**parameter, "Default": default} if default else parameter


def _choice(description: str, default: bool) -> Document:
    choices = {"AllowedValues": ["true", "false"], "Default": "true" if default else "false"}
    return {"Type": "String", "Description": description, **choices}


def _list(description: str, default: tuple[str, ...], pattern: str) -> Document:
    kind = {"Type": "CommaDelimitedList", "Description": description}
    return {**kind, "AllowedPattern": f"^({pattern})$", "Default": ",".join(default)}
