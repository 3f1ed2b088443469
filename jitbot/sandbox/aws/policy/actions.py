"""Which action on which resource a call is, with the condition keys that come with it.

https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from jitbot.sandbox.aws.policy import s3_actions
from jitbot.sandbox.aws.policy.evaluator import AccessQuestion
from jitbot.sandbox.aws.sessions import Caller
from jitbot.sandbox.aws.store import Entity, RoleStore
from jitbot.sandbox.aws.wire import AwsCall, Protocol, RefusedError

_PREFIXES = {"monitoring": "cloudwatch"}  # where the signing name is not the prefix of the actions

# A role's or user's boundary is a condition key of these alone in every edition of AWS's reference.
_BOUNDARY_OF_ENTITY = re.compile(
    r"(Put|Delete|Attach|Detach)(Role|User)Policy|Delete(Role|User)PermissionsBoundary"
)
_BOUNDARY_OF_REQUEST = re.compile(r"Create(Role|User)|Put(Role|User)PermissionsBoundary")


def questions(
    call: AwsCall, caller: Caller, store: RoleStore, context: Mapping[str, tuple[str, ...]]
) -> tuple[AccessQuestion, ...]:
    """What must be allowed for this call, all of it; never empty.

    What the sandbox has no resource for is asked of `*`, which only a policy for `*` allows.
    """
    if call.protocol is Protocol.S3:
        return tuple(
            AccessQuestion(action=action, resource=resource, context={**context, **more})
            for action, resource, more in s3_actions.wanted(call)
        )
    action = f"{_PREFIXES.get(call.service, call.service)}:{call.operation or call.method}"
    base = AccessQuestion(action=action, context=context)
    if call.service == "iam":
        return (_iam(call, caller, store, base),)
    prefix = f"arn:aws:{call.service}:{call.region}:{caller.account_id}"
    document, find = call.document, _RESOURCES.get(call.service)
    try:
        resources = find(call.operation, document, prefix) if find else ()
    except (AttributeError, KeyError, TypeError) as problem:
        raise RefusedError(
            "SerializationException", "The request names its resource in no known way"
        ) from problem
    return tuple(replace(base, resource=resource) for resource in resources) or (base,)


def _iam(call: AwsCall, caller: Caller, store: RoleStore, base: AccessQuestion) -> AccessQuestion:
    given = call.parameters
    account = f"arn:aws:iam::{caller.account_id}"
    keys: dict[str, tuple[str, ...]] = {}
    entity: Entity | None = None
    resource = "*"
    if "RoleName" in given:
        entity = store.role(caller.account_id, given["RoleName"])
        resource = _named(account, "role", given["RoleName"], given.get("Path"), entity)
    elif "UserName" in given:
        entity = store.user(caller.account_id, given["UserName"])
        resource = _named(account, "user", given["UserName"], given.get("Path"), entity)
    elif "PolicyArn" in given:
        resource = given["PolicyArn"]
    elif call.operation == "CreatePolicy":
        resource = f"{account}:policy{given.get('Path', '/')}{given.get('PolicyName', '')}"
    elif "OpenIDConnectProviderArn" in given:
        resource = given["OpenIDConnectProviderArn"]
    if "PolicyArn" in given:
        keys["iam:policyarn"] = (given["PolicyArn"],)
    if boundary := _boundary(call, entity):
        keys["iam:permissionsboundary"] = (boundary,)
    return replace(base, resource=resource, context={**base.context, **keys, **_tag_keys(call, entity)})


def _named(account: str, kind: str, name: str, path: str | None, entity: Entity | None) -> str:
    """The ARN to ask about. AWS cannot know the path of what does not exist, so a rule for one path
    does not reach it: the answer is AccessDenied then, not NoSuchEntity.
    """
    return entity.arn if entity else f"{account}:{kind}{path or '/'}{name}"


def _boundary(call: AwsCall, entity: Entity | None) -> str | None:
    if _BOUNDARY_OF_REQUEST.fullmatch(call.operation):
        return call.parameters.get("PermissionsBoundary")
    return entity.boundary if entity and _BOUNDARY_OF_ENTITY.fullmatch(call.operation) else None


def _tag_keys(call: AwsCall, entity: Entity | None) -> dict[str, tuple[str, ...]]:
    tags = call.tags()
    keys: dict[str, tuple[str, ...]] = {
        f"aws:requesttag/{key.lower()}": (value,) for key, value in tags.items()
    }
    names = tuple(tags) or call.members("TagKeys")
    if names:
        keys["aws:tagkeys"] = names
    for key, value in entity.tags if entity else ():
        keys[f"aws:resourcetag/{key.lower()}"] = keys[f"iam:resourcetag/{key.lower()}"] = (value,)
    return keys


def _dynamodb(operation: str, document: Mapping[str, Any], prefix: str) -> tuple[str, ...]:
    names = [document["TableName"]] if "TableName" in document else []
    if operation in ("BatchGetItem", "BatchWriteItem"):
        names += list(document.get("RequestItems", {}))
    for item in document.get("TransactItems", []):
        names += [part["TableName"] for part in item.values()]
    index = f"/index/{document['IndexName']}" if "IndexName" in document else ""
    return tuple((name if name.startswith("arn:") else f"{prefix}:table/{name}") + index for name in names)


def _logs(operation: str, document: Mapping[str, Any], prefix: str) -> tuple[str, ...]:
    names = [document[key] for key in ("logGroupName", "logGroupIdentifier") if key in document]
    for key in ("logGroupNames", "logGroupIdentifiers"):
        names += document.get(key, [])
    if operation == "DescribeLogGroups":
        names = [""]
    stream = document.get("logStreamName", "")
    return tuple(
        f"{name if name.startswith('arn:') else f'{prefix}:log-group:{name}'}:log-stream:{stream}"
        for name in names
    )


def _ssm(operation: str, document: Mapping[str, Any], prefix: str) -> tuple[str, ...]:
    if operation == "StartSession":
        instance = f"{prefix.replace(':ssm:', ':ec2:')}:instance/{document.get('Target', '')}"
        name = document.get("DocumentName")
        return (instance, f"{prefix}:document/{name}") if name else (instance,)
    if "SessionId" in document:
        return (f"{prefix}:session/{document['SessionId']}",)
    names = [document["Name"]] if "Name" in document else document.get("Names", [])
    kind = "parameter" if "Parameter" in operation else "document"
    return tuple(f"{prefix}:{kind}/{name.lstrip('/')}" for name in names)


_RESOURCES: Mapping[str, Callable[[str, Mapping[str, Any], str], tuple[str, ...]]] = {
    "dynamodb": _dynamodb,
    "logs": _logs,
    "ssm": _ssm,
}
