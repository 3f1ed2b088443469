"""The action behind a path-style S3 request, which names only a method, a path and a query.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from urllib.parse import unquote

from jitbot.sandbox.aws.wire import AwsCall

Wanted = tuple[str, str, dict[str, tuple[str, ...]]]  # action, resource, further condition keys

_VERBS = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "DELETE": "Delete", "POST": "Put"}
# Parts of a bucket or object with actions of their own, and what the actions call them.
_PARTS = {
    "acl": "Acl",
    "cors": "CORS",
    "encryption": "Encryption",
    "lifecycle": "Lifecycle",
    "location": "Location",
    "logging": "Logging",
    "notification": "Notification",
    "object-lock": "ObjectLockConfiguration",
    "ownershipControls": "OwnershipControls",
    "policy": "Policy",
    "publicAccessBlock": "PublicAccessBlock",
    "replication": "Replication",
    "retention": "Retention",
    "tagging": "Tagging",
    "versioning": "Versioning",
    "website": "Website",
}


def wanted(call: AwsCall) -> tuple[Wanted, ...]:
    """Everything an S3 request needs; a copy also reads its source."""
    bucket, _, key = call.path.lstrip("/").partition("/")
    if not bucket:
        return (("s3:ListAllMyBuckets", "*", {}),)
    arn = f"arn:aws:s3:::{bucket}"
    if not key:
        return (_bucket(call, arn),)
    found: list[Wanted] = [(_object_action(call), f"{arn}/{key}", {})]
    if source := call.headers.get("x_amz_copy_source"):
        path = unquote(source).lstrip("/").partition("?")[0]
        found.append(("s3:GetObject", f"arn:aws:s3:::{path}", {}))
    return tuple(found)


def _bucket(call: AwsCall, arn: str) -> Wanted:
    part = next((part for part in _PARTS if part in call.parameters), None)
    if part:
        return f"s3:{_VERBS.get(call.method, 'Put')}Bucket{_PARTS[part]}", arn, {}
    if call.method == "PUT":
        return "s3:CreateBucket", arn, {}
    if call.method == "DELETE":
        return "s3:DeleteBucket", arn, {}
    if call.method == "POST":
        return ("s3:DeleteObject" if "delete" in call.parameters else "s3:PutObject"), f"{arn}/*", {}
    keys: dict[str, tuple[str, ...]] = {
        f"s3:{name}": (call.parameters[name],) for name in ("prefix", "delimiter") if name in call.parameters
    }
    return ("s3:ListBucketVersions" if "versions" in call.parameters else "s3:ListBucket"), arn, keys


def _object_action(call: AwsCall) -> str:
    part = next((part for part in _PARTS if part in call.parameters), None)
    if part:
        return f"s3:{_VERBS.get(call.method, 'Put')}Object{_PARTS[part]}"
    if "uploadId" in call.parameters and call.method in ("GET", "DELETE"):
        return "s3:ListMultipartUploadParts" if call.method == "GET" else "s3:AbortMultipartUpload"
    version = "Version" if "versionId" in call.parameters and call.method != "PUT" else ""
    return f"s3:{_VERBS.get(call.method, 'Put')}Object{version}"
