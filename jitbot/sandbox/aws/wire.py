"""HTTP in AWS's protocols: what a request asks for, and an answer or an error in the shape it expects."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

from jitbot.domain.model.errors import JitbotError

_CREDENTIAL = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(\w+)/\d{8}/([\w-]+)/([\w-]+)/aws4_request,.*", re.DOTALL
)
_MEMBER = re.compile(r"(.+)\.member\.\d+")
_FORMS = ("", "ec2", "iam", "sts")  # services that speak in forms alone; the first is no service at all
_MAXIMUM_BODY = 10 * 1024 * 1024


class Protocol(Enum):
    """How a service spells requests, answers and errors."""

    QUERY = "query"
    EC2 = "ec2"
    JSON = "json"
    REST = "rest"
    S3 = "s3"


# One error, four spellings: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
_JSON_CODES = {
    "AccessDenied": "AccessDeniedException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "ExpiredToken": "ExpiredTokenException",
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
}
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
_EC2_CODES = {
    "AccessDenied": "UnauthorizedOperation",
    "ExpiredToken": "RequestExpired",
    "InvalidClientTokenId": "AuthFailure",
}
_S3_CODES = {"InvalidClientTokenId": "InvalidAccessKeyId", "MissingAuthenticationToken": "AccessDenied"}


class RefusedError(JitbotError):
    """AWS's no: an error code as IAM and STS spell it, its sentence, and the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsFault:
    """An error to answer with: instead of the work, or `after` it was done."""

    code: str = "ServiceUnavailable"
    status: int = 503
    after: bool = False
    message: str = "injected by the sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsCall:
    """One request to AWS. `parameters` is the query string and the form, flat (`Tags.member.1.Key`)."""

    service: str
    operation: str
    region: str = "us-east-1"
    access_key: str = ""  # empty exactly if the request is not signed
    session_token: str = ""
    protocol: Protocol = Protocol.QUERY
    method: str = "POST"
    path: str = "/"
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def document(self) -> Mapping[str, Any]:
        """The JSON body; raises RefusedError if it is not an object. Empty in the other protocols."""
        if self.protocol is not Protocol.JSON:
            return {}
        try:
            document = json.loads(self.body or b"{}")
        except ValueError as problem:
            raise RefusedError("SerializationException", "The body is not JSON") from problem
        if not isinstance(document, dict):
            raise RefusedError("SerializationException", "The body is not a JSON object")
        return document

    def members(self, name: str) -> tuple[str, ...]:
        """The values of a list parameter: `members("TagKeys")` of `TagKeys.member.1` and so on."""
        found = ((_MEMBER.fullmatch(key), value) for key, value in self.parameters.items())
        return tuple(value for match, value in found if match and match[1] == name)

    def tags(self) -> dict[str, str]:
        """The parameter `Tags` of the query protocol as a mapping."""
        pairs = self.parameters.items()
        keys = {name[:-4]: value for name, value in pairs if re.fullmatch(r"Tags\.member\.\d+\.Key", name)}
        return {key: self.parameters.get(f"{prefix}.Value", "") for prefix, key in keys.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsAnswer:
    """What goes back over HTTP."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def read_call(environ: dict[str, Any], body: bytes) -> AwsCall:
    """What the request asks for; raises RefusedError where two readings are possible."""
    headers = {key[5:].lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    signed = _CREDENTIAL.fullmatch(headers.get("authorization", ""))
    access_key, region, service = signed.groups() if signed else ("", "us-east-1", "")
    service = service.lower()
    parameters = _parameters(environ, body, service)
    if not signed and parameters.get("Action") == "AssumeRoleWithWebIdentity":
        service = "sts"
    target = headers.get("x_amz_target", "")
    if "Action" in parameters and (target or service == "s3"):
        raise RefusedError("MalformedQueryString", "The request names its operation twice")
    protocol = _protocol(service, target, parameters)
    return AwsCall(
        service=service,
        operation=_operation(protocol, target, parameters),
        region=region,
        access_key=access_key,
        session_token=headers.get("x_amz_security_token", ""),
        protocol=protocol,
        method=environ["REQUEST_METHOD"],
        path=unquote(environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace")),
        parameters=parameters,
        body=body,
        headers=headers,
    )


def read_body(environ: dict[str, Any]) -> bytes:
    """The whole body, put back for the next reader; raises RefusedError above 10 MiB."""
    length = environ.get("CONTENT_LENGTH", "")
    limit = _MAXIMUM_BODY + 1 if environ.get("wsgi.input_terminated") else 0
    if length.isdecimal():
        limit = min(int(length), _MAXIMUM_BODY + 1)
    body: bytes = environ["wsgi.input"].read(limit)
    if len(body) > _MAXIMUM_BODY:
        raise RefusedError("RequestEntityTooLarge", "The sandbox reads at most 10 MiB", 413)
    environ["wsgi.input"] = BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return body


def error(call: AwsCall | None, code: str, message: str, status: int) -> AwsAnswer:
    """An error as the call's protocol spells it; XML of the query protocol when the call is unreadable."""
    protocol = call.protocol if call else Protocol.QUERY
    if protocol in (Protocol.JSON, Protocol.REST):
        code = _JSON_CODES.get(code, code)
        headers = (("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", code))
        return AwsAnswer(
            status=status, body=json.dumps({"__type": code, "message": message}).encode(), headers=headers
        )
    if protocol is Protocol.S3:
        code = _S3_CODES.get(code, code)
    if protocol is Protocol.EC2:
        code = _EC2_CODES.get(code, code)
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    shapes = {
        Protocol.S3: f"<Error>{inner}<RequestId>sandbox</RequestId></Error>",
        Protocol.EC2: f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>sandbox</RequestID></Response>",
        Protocol.QUERY: "<ErrorResponse><Error><Type>Sender</Type>"
        f"{inner}</Error><RequestId>sandbox</RequestId></ErrorResponse>",
    }
    body = b"" if call and call.method == "HEAD" else shapes[protocol].encode()
    return AwsAnswer(status=status, body=body, headers=(("Content-Type", "text/xml"),))


def result(operation: str, inner: str) -> AwsAnswer:
    """A good answer of STS: `inner` is the XML inside `<OperationResult>`."""
    text = (
        f'<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{operation}Result>{inner}'
        f"</{operation}Result><ResponseMetadata><RequestId>sandbox</RequestId></ResponseMetadata></{operation}Response>"
    )
    return AwsAnswer(status=200, body=text.encode(), headers=(("Content-Type", "text/xml"),))


def _parameters(environ: dict[str, Any], body: bytes, service: str) -> dict[str, str]:
    """The query string and the form. What moto would read as a form is read as one, whatever it calls itself."""
    pairs = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    if service in _FORMS or (form and service != "s3"):
        pairs += parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RefusedError("MalformedQueryString", "A parameter is given twice")
    return found


def _protocol(service: str, target: str, parameters: dict[str, str]) -> Protocol:
    if service in ("s3", "ec2"):
        return Protocol(service)
    if service in _FORMS:
        return Protocol.QUERY
    if target:
        return Protocol.JSON
    return Protocol.QUERY if "Action" in parameters else Protocol.REST


def _operation(protocol: Protocol, target: str, parameters: dict[str, str]) -> str:
    if protocol is Protocol.JSON:
        return target.rpartition(".")[2]
    return parameters.get("Action", "") if protocol in (Protocol.QUERY, Protocol.EC2) else ""
