"""What jitbot's own roles may do and whom they trust, and the boundary around every grant.

Each document is a fragment of the template in `account_template.py`, whose parameters and conditions it names.
CloudFormation fills in `{"Fn::Sub": …}` and similar functions in each account.

The rules behind them: jitbot may create roles only under its own path and only inside the boundary. The role that
ends access can neither create nor widen anything. No grant can reach IAM, other roles, or its own limits.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from collections.abc import Mapping

from jitbot.domain.model.documents import OwnTrail

Document = dict[str, object]

WORKFLOWS: Mapping[str, tuple[str, ...]] = {  # purpose -> the workflow files that may enter
    "grant": ("grant.yml",),
    "sweep": ("sweep.yml", "revoke.yml"),
    "audit": ("audit.yml",),
}
AUDIENCE = "sts.amazonaws.com"
MAIN = "refs/heads/main"


def sub(text: str) -> Document:
    """Text in which CloudFormation fills in `${…}`."""
    return {"Fn::Sub": text}


def choose(condition: str, then: object, otherwise: object) -> Document:
    """One of two values, by a condition of the template."""
    return {"Fn::If": [condition, then, otherwise]}


_NOTHING = {"Ref": "AWS::NoValue"}
_IAM = "arn:${AWS::Partition}:iam::${AWS::AccountId}:"
_GRANTS = sub(_IAM + "role/${Namespace}/*")
# What is made is named by the namespace, too: a role's name is taken in the whole account, whatever its path. Otherwise
# one namespace could take the names that the grants of another will have.
_NEW_GRANTS = sub(_IAM + "role/${Namespace}/${Namespace}-*")
# A star matches slashes too, so `_NEW_GRANTS` covers other names here.
_BELOW = sub(_IAM + "role/${Namespace}/*/*")
_OWN_ROLES = sub(_IAM + "role/${Namespace}bot-*")
_BOUNDARY = sub(_IAM + "policy/${Namespace}bot-boundary")
_DENY_ALL = sub("arn:${AWS::Partition}:iam::aws:policy/AWSDenyAll")

_ROLE_READS = (
    *("iam:GetRole", "iam:GetRolePolicy"),
    *("iam:ListAttachedRolePolicies", "iam:ListRolePolicies"),
)
_WHOLE_ACCOUNT = "iam:GetAccountAuthorizationDetails"
# IAM reads by Get, List, Generate and Simulate. Everything else is denied by its first letter, so that a verb
# that AWS adds later is denied from the start. A test compares the list with AWS's own client.
_IAM_WRITES = tuple(f"iam:{start}*" for start in ("A", "C", "D", "E", "P", "R", "Se", "T", "U"))
# Credentials that would outlive the grant or belong to somebody else. Not `AssumeRole*`: there is AssumeRoot. What
# AWS adds (as it added GetScopedCredentials) is denied by its first letter, except Get[AC]…, which show who asks.
_OTHER_CREDENTIALS = ("sts:Assume*", "sts:GetD*", "sts:GetF*", "sts:GetS*", "sts:GetW*")
_WHO_MAY_WHAT = (
    *("account:*", "identitystore:*", "organizations:*"),
    *("signin:*", "sso:*", "sso-directory:*", "sso-oauth:*"),
)
_TRAIL_TAMPERING = tuple(
    f"cloudtrail:{verb}*" for verb in ("Delete", "Deregister", "Disable", "Put", "Stop", "Update")
)


_ESCAPES = (*_IAM_WRITES, *_OTHER_CREDENTIALS, *_WHO_MAY_WHAT, *_TRAIL_TAMPERING)


def is_out_of_reach(action: str) -> bool:
    """Whether the boundary denies to every grant this action, or all that a pattern of actions covers."""
    return action.casefold().startswith(tuple(each.removesuffix("*").casefold() for each in _ESCAPES))


def boundary() -> Document:
    """The most that any grant can do, whatever its policies, its account's policies or a bucket's policy say.

    Denials are explicit, because nothing else overrides a resource policy that names a session.
    """
    listed = {"Listed": {"Fn::Join": [":*,", {"Ref": "BoundaryServices"}]}}
    services = {"Fn::Split": [",", {"Fn::Sub": ["${Listed}:*", listed]}]}
    keys = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    # The stack too: had an administrator once given it a role, updating it would need no rights in IAM.
    own = [_GRANTS, _OWN_ROLES, sub(_IAM + "policy/${Namespace}bot-*"), {"Ref": "AWS::StackId"}]
    # Only for calls of the session's own: through a listed service it may need another, as keys behind a bucket.
    unlisted = {"Sid": "NotListed", "Effect": "Deny", "NotAction": services, "Resource": "*"}
    unlisted["Condition"] = {"BoolIfExists": {"aws:ViaAWSService": "false"}}
    return _document(
        _statement("ListedServices", "Allow", choose("AnyService", "*", services), "*"),
        choose("AnyService", _NOTHING, unlisted),
        _statement("KeysBehindServices", "Allow", keys, "*", {"Bool": {"aws:ViaAWSService": "true"}}),
        _statement("NoWayOut", "Deny", list(_ESCAPES), "*"),
        _statement("NothingOfJitbot", "Deny", "*", own),
    )


def grant_permissions() -> Document:
    """Create and extend grants: under the path, inside the boundary, never more."""
    bounded: Document = {"StringEquals": {"iam:PermissionsBoundary": _BOUNDARY}}
    attach, create = "iam:AttachRolePolicy", ["iam:CreateRole", "iam:PutRolePolicy"]
    listed = _statement("AttachListed", "Allow", attach, _GRANTS, {**bounded, "ArnLike": _managed()})
    tags: Document = {"ForAllValues:StringLike": {"aws:TagKeys": "jitbot:*"}}
    return _document(
        *_reading(),
        _statement("Create", "Allow", create, _NEW_GRANTS, bounded),
        _statement("NoPathBelow", "Deny", create, _BELOW),
        choose("AttachesManaged", listed, _NOTHING),
        # Without the boundary's condition: what has lost its boundary must above all be deniable.
        _statement("EndEarly", "Allow", attach, _GRANTS, _is_deny_all()),
        # AWS's references disagree whether this action knows the boundary, so nothing depends on it.
        _statement("Extend", "Allow", "iam:UpdateAssumeRolePolicy", _GRANTS),
        # No other tags: another policy may give access by a tag. The key is never absent here, as ForAllValues demands.
        _statement("Tag", "Allow", "iam:TagRole", _GRANTS, tags),
        _only(
            *_READS,
            *("iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePolicy"),
            *("iam:TagRole", "iam:UpdateAssumeRolePolicy"),
        ),
    )


def sweep_permissions() -> Document:
    """End and remove grants: nothing here creates or widens."""
    remove = ["iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy"]
    return _document(
        *_reading(),
        _statement("FindDrift", "Allow", _WHOLE_ACCOUNT, "*"),
        _statement("EndEarly", "Allow", "iam:AttachRolePolicy", _GRANTS, _is_deny_all()),
        # Detaching knows no list: what was attached by hand, or struck off the list, must be removable too.
        _statement("Remove", "Allow", remove, _GRANTS),
        _only(*_READS, _WHOLE_ACCOUNT, "iam:AttachRolePolicy", *remove),
    )


def audit_permissions(trail: OwnTrail | None = None) -> Document:
    """Read what is there and what was done; with a trail of one's own, ask that too."""
    reads = [_WHOLE_ACCOUNT, "cloudtrail:LookupEvents", "ec2:DescribeRegions"]
    asking = _asking(trail) if trail is not None else ()
    more = [action for each in asking for action in _actions(each)]
    return _document(
        *_reading(),
        _statement("ReadOwn", "Allow", list(_ROLE_READS), _OWN_ROLES),
        _statement("ReadAll", "Allow", reads, "*"),
        *asking,
        _only(*_READS, *reads, *dict.fromkeys(more)),
    )


def _asking(trail: OwnTrail) -> tuple[Document, ...]:
    """What it takes to ask a log group, or a table of Athena: for the account that holds it, and harmless elsewhere.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
    https://docs.aws.amazon.com/athena/latest/ug/security-iam-athena.html
    """
    here = f"{trail.region}:${{AWS::AccountId}}:"
    if trail.log_group:
        group = f"arn:${{AWS::Partition}}:logs:{here}log-group:{trail.log_group}"
        return (
            _statement("AskTrail", "Allow", "logs:StartQuery", [sub(group), sub(f"{group}:*")]),
            _statement("ReadAnswers", "Allow", ["logs:GetQueryResults", "logs:StopQuery"], "*"),
        )
    glue = f"arn:${{AWS::Partition}}:glue:{here}"
    catalogue = [
        f"{glue}catalog",
        f"{glue}database/{trail.database}",
        f"{glue}table/{trail.database}/{trail.table}",
    ]
    asks = (
        "athena:GetQueryExecution",
        "athena:GetQueryResults",
        "athena:StartQueryExecution",
        "athena:StopQueryExecution",
    )
    workgroup = sub(f"arn:${{AWS::Partition}}:athena:{here}workgroup/{trail.workgroup}")
    buckets = [each.partition("/")[0] for each in (trail.bucket, trail.results)]
    own = "arn:${AWS::Partition}:s3:::"
    through: Document = {"StringEquals": {"kms:ViaService": f"s3.{trail.region}.amazonaws.com"}}
    return (
        _statement("AskTrail", "Allow", list(asks), workgroup),
        _statement("ReadTable", "Allow", ["glue:GetDatabase", "glue:GetPartitions", "glue:GetTable"], [sub(each) for each in catalogue]),
        _statement("FindFiles", "Allow", ["s3:GetBucketLocation", "s3:ListBucket"], [sub(f"{own}{each}") for each in dict.fromkeys(buckets)]),
        _statement("ReadFiles", "Allow", "s3:GetObject", [sub(f"{own}{each}/*") for each in (trail.bucket, trail.results)]),
        _statement("WriteAnswers", "Allow", ["s3:AbortMultipartUpload", "s3:PutObject"], sub(f"{own}{trail.results}/*")),
        _statement("KeysBehindFiles", "Allow", ["kms:Decrypt", "kms:GenerateDataKey"], "*", through),
    )  # fmt: skip


def _actions(statement: Document) -> tuple[str, ...]:
    action = statement["Action"]
    return tuple(map(str, action)) if isinstance(action, list) else (str(action),)


def permissions(purpose: str, trail: OwnTrail | None = None) -> Document:
    """What one of jitbot's roles may do."""
    match purpose:
        case "grant":
            return grant_permissions()
        case "sweep":
            return sweep_permissions()
        case "audit":
            return audit_permissions(trail)
    raise KeyError(purpose)


def trust_policy(purpose: str, *, issuer: str, provider: object) -> Document:
    """Only the role's own workflows on main of this repository, in both forms of GitHub's subject.

    `issuer` is without its scheme; `provider` the ARN of the provider. The newer claims are pinned where
    AWS knows them, which is only of GitHub's own issuer: of another, a condition on them would keep everybody out.
    https://docs.github.com/actions/reference/security/oidc
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
    """
    workflow = "${RepositoryOwner}/${RepositoryName}/.github/workflows/"
    always: Document = {
        f"{issuer}:aud": AUDIENCE,
        f"{issuer}:sub": [
            sub(f"repo:${{RepositoryOwner}}/${{RepositoryName}}:ref:{MAIN}"),
            sub(
                "repo:${RepositoryOwner}@${RepositoryOwnerId}/${RepositoryName}@${RepositoryId}"
                f":ref:{MAIN}"
            ),
        ],
    }
    newer: Document = {
        f"{issuer}:repository_id": {"Ref": "RepositoryId"},
        f"{issuer}:repository_owner_id": {"Ref": "RepositoryOwnerId"},
        f"{issuer}:ref": MAIN,
        f"{issuer}:job_workflow_ref": [sub(f"{workflow}{file}@{MAIN}") for file in WORKFLOWS[purpose]],
    }
    statement: Document = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": choose("PinsNewClaims", {**always, **newer}, always)},
    }
    return _document(statement)


def requester_policy(namespace: str) -> Document:
    """What a requester needs on their own side to enter grants; plain IAM, with nothing to be filled in."""
    actions = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    return _document(_statement("EnterGrants", "Allow", actions, f"arn:aws:iam::*:role/{namespace}/*"))


_POLICY_READS = ("iam:GetPolicy", "iam:GetPolicyVersion")
_ACCOUNT_READS = ("iam:GetAccountSummary", "iam:ListRoles")  # the first shows how near the quota is
_READS = (*_ROLE_READS, *_POLICY_READS, *_ACCOUNT_READS)


def _reading() -> tuple[Document, ...]:
    """List every role; read grants. AWS asks for a role that does not exist without its path, so reading by
    the grants' name prefix makes its absence visible as NoSuchEntity instead of AccessDenied.
    """
    by_name = sub(_IAM + "role/${Namespace}-*")
    return (
        _statement("ReadAccount", "Allow", list(_ACCOUNT_READS), "*"),
        _statement("ReadGrants", "Allow", list(_ROLE_READS), [_GRANTS, by_name]),
        _statement("ReadBoundary", "Allow", list(_POLICY_READS), _BOUNDARY),
    )


def _only(*actions: str) -> Document:
    """A role's own limit: it can do no more, whatever is attached to it by hand and whatever other policies name it."""
    statement: Document = {"Sid": "NothingElse", "Effect": "Deny", "NotAction": sorted(actions)}
    return {**statement, "Resource": "*"}


def _is_deny_all() -> Document:
    return {"ArnEquals": {"iam:PolicyARN": _DENY_ALL}}


def _managed() -> Document:
    """The listed managed policies, of AWS alone. A delimiter is literal, so the partition is left open in it."""
    prefix = "arn:*:iam::aws:policy/"
    listed = {"Listed": {"Fn::Join": [f",{prefix}", {"Ref": "ManagedPolicies"}]}}
    return {"iam:PolicyARN": {"Fn::Split": [",", {"Fn::Sub": [prefix + "${Listed}", listed]}]}}


def _document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _statement(
    sid: str, effect: str, action: object, resource: object, condition: Document | None = None
) -> Document:
    statement: Document = {"Sid": sid, "Effect": effect, "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement
