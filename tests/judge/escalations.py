"""What somebody would try who holds a session of one of jitbot's own roles, or of the strongest grant."""

from collections.abc import Mapping
from typing import Any

from grants import PROD, STRANGER, allowing
from judge import Document
from stack import IAM, ISSUER, Attempt

BOUNDARY, OTHER_BOUNDARY = f"{IAM}policy/jitbot-boundary", f"{IAM}policy/lesser"
GRANT, OWN = (
    f"{IAM}role/jit/jit-alice-orders-0123456789",
    f"{IAM}role/jit/jit-dave-production-admin-0123456789",
)
DENY_ALL, ADMIN = "arn:aws:iam::aws:policy/AWSDenyAll", "arn:aws:iam::aws:policy/AdministratorAccess"
JITBOTS = tuple(f"{IAM}role/jitbot-{purpose}" for purpose in ("grant", "sweep", "audit"))
# Roles that are no grants, some of them nearly.
ELSEWHERE = (
    f"{IAM}role/Administrator",
    f"{IAM}role/jit-alice-orders-0123456789",
    f"{IAM}role/jit",
    f"{IAM}role/jitx/jit-alice",
    f"{IAM}role/x/jit/jit-alice",
    f"{IAM}role/ops/ops-alice",
    f"{IAM}role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Developer_0123456789abcdef",
    f"arn:aws:iam::{STRANGER}:role/jit/jit-alice",
    f"{IAM}role/JIT/jit-alice",
    f"{IAM}role//jit/jit-alice",
)
# A role's name is taken in the whole account: under the own path, or one below it that looks like the beginning of a
# name of one's own, the names that somebody else's roles have or will have.
NAMES_OF_OTHERS = tuple(
    f"{IAM}role/jit/{below}{name}"
    for below in ("", "jit-x/", "jit-/jit-/")
    for name in ("ops-alice-orders-0123456789", "opsbot-grant", "Administrator", "jit")
)
_BOUNDED = {"iam:PermissionsBoundary": BOUNDARY}
_TAGS: Mapping[str, Any] = {"aws:TagKeys": ["jitbot:request", "jitbot:policy"]}
_READS = (
    Attempt(says="list", action="iam:ListRoles", resource="*"),
    Attempt(says="count", action="iam:GetAccountSummary", resource="*"),
    Attempt(says="read", action="iam:GetRole", resource=GRANT),
    Attempt(says="read", action="iam:GetRolePolicy", resource=GRANT),
    Attempt(says="read", action="iam:ListRolePolicies", resource=GRANT),
    Attempt(says="read", action="iam:ListAttachedRolePolicies", resource=GRANT),
    Attempt(says="read the boundary", action="iam:GetPolicy", resource=BOUNDARY),
    Attempt(says="read the boundary", action="iam:GetPolicyVersion", resource=BOUNDARY),
)

GRANT_WORK = (
    Attempt(says="create", action="iam:CreateRole", resource=GRANT, context=_BOUNDED),
    Attempt(says="write", action="iam:PutRolePolicy", resource=GRANT, context=_BOUNDED),
    Attempt(
        says="attach",
        action="iam:AttachRolePolicy",
        resource=GRANT,
        context=_BOUNDED | {"iam:PolicyARN": ADMIN},
    ),
    *(
        Attempt(
            says="deny", action="iam:AttachRolePolicy", resource=each, context={"iam:PolicyARN": DENY_ALL}
        )
        for each in (GRANT, *NAMES_OF_OTHERS[:1])
    ),
    Attempt(says="extend", action="iam:UpdateAssumeRolePolicy", resource=GRANT),
    Attempt(says="tag", action="iam:TagRole", resource=GRANT, context=_TAGS),
    *_READS,
    Attempt(says="find nothing", action="iam:GetRole", resource=f"{IAM}role/jit-nobody"),
)
SWEEP_WORK = (
    Attempt(says="deny", action="iam:AttachRolePolicy", resource=GRANT, context={"iam:PolicyARN": DENY_ALL}),
    Attempt(says="detach", action="iam:DetachRolePolicy", resource=GRANT, context={"iam:PolicyARN": ADMIN}),
    Attempt(says="take away", action="iam:DeleteRolePolicy", resource=GRANT),
    Attempt(says="remove", action="iam:DeleteRole", resource=GRANT),
    Attempt(says="remove what a hand made", action="iam:DeleteRole", resource=NAMES_OF_OTHERS[0]),
    *_READS,
    Attempt(says="look for drift", action="iam:GetAccountAuthorizationDetails", resource="*"),
)
AUDIT_WORK = (
    *_READS,
    Attempt(says="read jitbot's own", action="iam:GetRolePolicy", resource=JITBOTS[0]),
    Attempt(says="look around", action="iam:GetAccountAuthorizationDetails", resource="*"),
    Attempt(says="what was done", action="cloudtrail:LookupEvents", resource="*"),
    Attempt(says="and where", action="ec2:DescribeRegions", resource="*"),
)


def _on(action: str, resources: tuple[str, ...], **context: str) -> tuple[Attempt, ...]:
    keys = {f"iam:{key}": value for key, value in context.items()}
    return tuple(Attempt(says="reach", action=action, resource=each, context=keys) for each in resources)


# Nothing of this is anybody's work: identities, other ways in, and the limits themselves.
IDENTITIES = (
    *_on("iam:CreateUser", (f"{IAM}user/mallory",)),
    *_on("iam:CreateAccessKey", (f"{IAM}user/bob",)),
    *_on("iam:CreateLoginProfile", (f"{IAM}user/bob",)),
    *_on("iam:UpdateLoginProfile", (f"{IAM}user/bob",)),
    *_on("iam:PutUserPolicy", (f"{IAM}user/bob",)),
    *_on("iam:AttachUserPolicy", (f"{IAM}user/bob",), PolicyARN=ADMIN),
    *_on("iam:AddUserToGroup", (f"{IAM}group/admins",)),
    *_on("iam:CreateGroup", (f"{IAM}group/mallory",)),
    *_on("iam:PutGroupPolicy", (f"{IAM}group/admins",)),
    *_on("iam:CreateInstanceProfile", (f"{IAM}instance-profile/mallory",)),
    *_on("iam:AddRoleToInstanceProfile", (f"{IAM}instance-profile/mallory",)),
    *_on("iam:CreateSAMLProvider", (f"{IAM}saml-provider/mallory",)),
    *_on("iam:CreateOpenIDConnectProvider", (f"{IAM}oidc-provider/mallory.example",)),
    *_on("iam:AddClientIDToOpenIDConnectProvider", (f"{IAM}oidc-provider/{ISSUER}",)),
    *_on("iam:DeleteOpenIDConnectProvider", (f"{IAM}oidc-provider/{ISSUER}",)),
    *_on("iam:CreateServiceSpecificCredential", (f"{IAM}user/bob",)),
    *_on("iam:UploadSSHPublicKey", (f"{IAM}user/bob",)),
    *_on("iam:DeactivateMFADevice", (f"{IAM}user/bob",)),
    *_on("iam:UpdateAccountPasswordPolicy", ("*",)),
)
_TRUSTING: Document = allowing({"AWS": "*"}, "sts:AssumeRole", "")
BECOMING = (
    *(
        Attempt(says="become", action="sts:AssumeRole", resource=each, resource_policy=_TRUSTING)
        for each in (GRANT, *JITBOTS[:1], *ELSEWHERE[:1])
    ),
    *_on("iam:PassRole", (GRANT, *JITBOTS[:1], *ELSEWHERE[:1])),
    *_on("sts:GetFederationToken", (f"arn:aws:sts::{PROD}:federated-user/mallory",)),
)
LIMITS = (
    *_on("iam:CreatePolicyVersion", (BOUNDARY, OTHER_BOUNDARY)),
    *_on("iam:SetDefaultPolicyVersion", (BOUNDARY,)),
    *_on("iam:DeletePolicyVersion", (BOUNDARY,)),
    *_on("iam:DeletePolicy", (BOUNDARY,)),
    *_on("iam:CreatePolicy", (f"{IAM}policy/mallory",)),
    *_on("iam:PutRolePermissionsBoundary", (GRANT, *JITBOTS[:1]), PermissionsBoundary=OTHER_BOUNDARY),
    *_on("iam:PutRolePermissionsBoundary", (GRANT,), PermissionsBoundary=BOUNDARY),
    *_on("iam:DeleteRolePermissionsBoundary", (GRANT, *JITBOTS[:1])),
)
REMOVING = (
    *_on("iam:DeleteRole", (GRANT, *JITBOTS, *ELSEWHERE[:3])),
    *_on("iam:DeleteRolePolicy", (GRANT, *JITBOTS, *ELSEWHERE[:1])),
    *_on("iam:DetachRolePolicy", (GRANT, *JITBOTS[:1]), PolicyARN=DENY_ALL, PermissionsBoundary=BOUNDARY),
)

GRANT_ATTEMPTS = (
    *_on("iam:CreateRole", (GRANT,)),
    *_on("iam:CreateRole", (GRANT,), PermissionsBoundary=OTHER_BOUNDARY),
    *_on("iam:CreateRole", (GRANT,), PermissionsBoundary=f"{IAM}policy/opsbot-boundary"),
    *_on("iam:CreateRole", (GRANT,), PermissionsBoundary=f"{IAM}policy/x/jitbot-boundary"),
    *_on("iam:CreateRole", (GRANT,), PermissionsBoundary=BOUNDARY.replace(PROD, STRANGER)),
    *_on("iam:CreateRole", (GRANT,), PermissionsBoundary=ADMIN),
    *_on("iam:CreateRole", (*ELSEWHERE, *JITBOTS), PermissionsBoundary=BOUNDARY),
    *_on("iam:CreateRole", NAMES_OF_OTHERS, PermissionsBoundary=BOUNDARY),
    *_on("iam:PutRolePolicy", NAMES_OF_OTHERS, PermissionsBoundary=BOUNDARY),
    *_on("iam:PutRolePolicy", (GRANT,)),
    *_on("iam:PutRolePolicy", (GRANT,), PermissionsBoundary=OTHER_BOUNDARY),
    *_on("iam:PutRolePolicy", (*ELSEWHERE, *JITBOTS), PermissionsBoundary=BOUNDARY),
    *_on("iam:UpdateAssumeRolePolicy", (*ELSEWHERE, *JITBOTS)),
    *_on("iam:UpdateRole", (GRANT, *JITBOTS)),
    *_on("iam:GetAccountAuthorizationDetails", ("*",)),
    *_on("iam:AttachRolePolicy", (GRANT,), PolicyARN=ADMIN),
    *_on("iam:AttachRolePolicy", (GRANT,), PolicyARN=ADMIN, PermissionsBoundary=OTHER_BOUNDARY),
    *(
        attempt
        for unlisted in (
            "arn:aws:iam::aws:policy/IAMFullAccess",
            f"{ADMIN}-Amplify",
            f"{IAM}policy/AdministratorAccess",
        )
        for attempt in _on("iam:AttachRolePolicy", (GRANT,), PolicyARN=unlisted, PermissionsBoundary=BOUNDARY)
    ),
    *_on("iam:AttachRolePolicy", (*ELSEWHERE, *JITBOTS), PolicyARN=ADMIN, PermissionsBoundary=BOUNDARY),
    *_on("iam:AttachRolePolicy", (*ELSEWHERE, *JITBOTS), PolicyARN=DENY_ALL),
    *(
        Attempt(says="tag", action="iam:TagRole", resource=each, context=_TAGS)
        for each in (
            *ELSEWHERE,
            *JITBOTS,
        )
    ),
    Attempt(says="tag otherwise", action="iam:TagRole", resource=GRANT, context={"aws:TagKeys": ["team"]}),
    Attempt(
        says="tag more", action="iam:TagRole", resource=GRANT, context={"aws:TagKeys": ["jitbot:a", "team"]}
    ),
    *REMOVING,
    *IDENTITIES,
    *BECOMING,
    *LIMITS,
)
SWEEP_ATTEMPTS = (
    *_on("iam:CreateRole", (GRANT, *ELSEWHERE[:1]), PermissionsBoundary=BOUNDARY),
    *_on("iam:PutRolePolicy", (GRANT, *JITBOTS[:2]), PermissionsBoundary=BOUNDARY),
    *_on("iam:UpdateAssumeRolePolicy", (GRANT, *JITBOTS[:2])),
    *_on("iam:UpdateRole", (GRANT,)),
    *_on("iam:TagRole", (GRANT,)),
    *(
        attempt
        for arn in (
            ADMIN,
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
            f"{IAM}policy/AWSDenyAll",
            f"{DENY_ALL}x",
        )
        for attempt in _on("iam:AttachRolePolicy", (GRANT,), PolicyARN=arn, PermissionsBoundary=BOUNDARY)
    ),
    *_on("iam:AttachRolePolicy", (*ELSEWHERE, *JITBOTS), PolicyARN=DENY_ALL),
    *_on("iam:DetachRolePolicy", (*ELSEWHERE, *JITBOTS), PolicyARN=DENY_ALL),
    *_on("iam:DeleteRole", (*ELSEWHERE, *JITBOTS)),
    *_on("iam:DeleteRolePolicy", (*ELSEWHERE, *JITBOTS)),
    *IDENTITIES,
    *BECOMING,
    *LIMITS,
)
AUDIT_ATTEMPTS = (
    *_on("iam:CreateRole", (GRANT,), PermissionsBoundary=BOUNDARY),
    *_on("iam:PutRolePolicy", (GRANT, *JITBOTS), PermissionsBoundary=BOUNDARY),
    *_on("iam:UpdateAssumeRolePolicy", (GRANT, *JITBOTS)),
    *_on("iam:AttachRolePolicy", (GRANT,), PolicyARN=DENY_ALL, PermissionsBoundary=BOUNDARY),
    *_on("iam:TagRole", (GRANT,)),
    *_on("cloudtrail:StopLogging", (f"arn:aws:cloudtrail:eu-west-1:{PROD}:trail/all",)),
    *REMOVING,
    *IDENTITIES,
    *BECOMING,
    *LIMITS,
)

_ROLE_WRITES = (
    *("iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:AttachRolePolicy", "iam:DetachRolePolicy"),
    *("iam:DeleteRolePolicy", "iam:DeleteRole", "iam:UpdateRole", "iam:TagRole", "iam:UntagRole"),
)
_TRAIL = f"arn:aws:cloudtrail:eu-west-1:{PROD}:trail/all"
STACK = f"arn:aws:cloudformation:us-east-1:{PROD}:stack/jitbot/5a1b7c1e-0000-4000-8000-000000000000"
ADMIN_ATTEMPTS = (
    *(attempt for write in _ROLE_WRITES for attempt in _on(write, (OWN, GRANT, *JITBOTS, *ELSEWHERE[:1]))),
    *_on("iam:CreateRole", (f"{IAM}role/mallory", f"{IAM}role/jit/mallory")),
    *_on("iam:CreateServiceLinkedRole", (f"{IAM}role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",)),
    *_on("iam:CreateAccountAlias", ("*",)),
    *_on("iam:GetRole", (GRANT, *JITBOTS)),
    *_on("iam:GetPolicy", (BOUNDARY,)),
    *_on("sts:AssumeRoot", (f"arn:aws:iam::{PROD}:root",)),
    *_on("sts:GetSessionToken", ("*",)),
    *_on("sts:GetWebIdentityToken", ("*",)),
    *_on("organizations:LeaveOrganization", ("*",)),
    *_on("organizations:CreateAccount", ("*",)),
    *_on("account:PutAlternateContact", (f"arn:aws:account::{PROD}:account",)),
    *_on("identitystore:CreateUser", (f"arn:aws:identitystore::{PROD}:identitystore/d-0123456789",)),
    *_on("sso:CreateInstance", ("*",)),
    *_on("sso-directory:CreateUser", ("*",)),
    *_on("sso-oauth:CreateTokenWithIAM", ("*",)),
    *_on("signin:CreateOAuth2Token", ("*",)),
    *_on("cloudtrail:StopLogging", (_TRAIL,)),
    *_on("cloudtrail:DeleteTrail", (_TRAIL,)),
    *_on("cloudtrail:UpdateTrail", (_TRAIL,)),
    *_on("cloudtrail:PutEventSelectors", (_TRAIL,)),
    *_on("cloudtrail:PutInsightSelectors", (_TRAIL,)),
    *_on(
        "cloudtrail:DeleteEventDataStore",
        (f"arn:aws:cloudtrail:eu-west-1:{PROD}:eventdatastore/0123456789abcdef",),
    ),
    *_on("cloudformation:UpdateStack", (STACK,)),
    *_on("cloudformation:DeleteStack", (STACK,)),
    *IDENTITIES,
    *BECOMING,
    *LIMITS,
)
# The limits of the boundary: an administrator is one all the same.
ADMIN_WORK = (
    *_on("dynamodb:GetItem", (f"arn:aws:dynamodb:eu-west-1:{PROD}:table/orders",)),
    *_on("iam:ListRoles", ("*",)),
    *_on("iam:GetRole", ELSEWHERE[:1]),
    *_on("cloudtrail:LookupEvents", ("*",)),
)
