"""Reads an OIDC token as STS does: signature by the issuer's published keys, issuer, audience, time.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from jitbot.sandbox.aws.policy.conditions import Context
from jitbot.sandbox.aws.store import RoleStore
from jitbot.sandbox.aws.wire import RefusedError

# The claims of GitHub's tokens that AWS offers as condition keys.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
_CLAIMS = (
    "aud",
    "sub",
    "actor",
    "actor_id",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "repository_owner_id",
    "workflow",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebIdentity:
    """A token that was found true for one account."""

    provider_arn: str
    subject: str
    audience: str
    context: Context


def verify(token: str, account_id: str, store: RoleStore, now: datetime) -> WebIdentity:
    """Check a token against the account's OIDC provider; raises RefusedError in AWS's words."""
    import jwt

    try:
        unproven: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        key_id = str(jwt.get_unverified_header(token).get("kid", ""))
    except jwt.PyJWTError as problem:
        raise _invalid(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
        ) from problem
    issuer = str(unproven.get("iss", ""))
    name = issuer.partition("://")[2]
    provider_arn = f"arn:aws:iam::{account_id}:oidc-provider/{name}"
    audiences = store.audiences(account_id, provider_arn) if account_id in store.accounts else None
    if not name or audiences is None:
        raise _invalid(f"No OpenIDConnect provider found in your account for {issuer}")
    claims = _proven(token, key_id, issuer)
    audience = claims.get("aud")
    if not isinstance(audience, str) or audience not in audiences:
        raise _invalid("Incorrect token audience")
    _check_time(claims, now)
    found = {f"{name}:{claim}".lower(): (str(claims[claim]),) for claim in _CLAIMS if claim in claims}
    return WebIdentity(
        provider_arn=provider_arn, subject=str(claims.get("sub", "")), audience=audience, context=found
    )


def _proven(token: str, key_id: str, issuer: str) -> dict[str, Any]:
    import jwt

    keys = [key for key in _published_keys(issuer) if key.get("kid") == key_id and key.get("kty") == "RSA"]
    if len(keys) != 1:
        raise _invalid("Couldn't retrieve verification key from your identity provider")
    options: Any = {f"verify_{part}": False for part in ("exp", "nbf", "iat", "aud", "iss")}
    try:
        claims: dict[str, Any] = jwt.decode(token, jwt.PyJWK(keys[0]), algorithms=["RS256"], options=options)
    except jwt.PyJWTError as problem:
        raise _invalid("The token's signature does not match the identity provider's key") from problem
    return claims


def _published_keys(issuer: str) -> list[dict[str, Any]]:
    url = f"{issuer}/.well-known/jwks"
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname != "127.0.0.1":
        raise RefusedError(
            "IDPCommunicationError", f"The sandbox asks issuers on 127.0.0.1 alone, not {issuer}"
        )
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxy stands before this machine
            answer = session.get(url, timeout=5)
        answer.raise_for_status()
        keys = answer.json()["keys"]
    except (requests.RequestException, ValueError, KeyError, TypeError) as problem:
        raise RefusedError("IDPCommunicationError", f"The issuer {issuer} publishes no keys") from problem
    return [key for key in keys if isinstance(key, dict)]


def _check_time(claims: dict[str, Any], now: datetime) -> None:
    expires_at, not_before = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(expires_at, int) or not isinstance(not_before, int):
        raise _invalid("Missing a required claim: exp")
    seconds = int(now.timestamp())
    if seconds >= expires_at:
        limit = datetime.fromtimestamp(expires_at, UTC)
        message = (
            f"Token expired: current date/time {now:%c} must be before the expiration date/time {limit:%c}"
        )
        raise RefusedError("ExpiredTokenException", message)
    if seconds < not_before:
        raise _invalid("Token is not yet valid")


def _invalid(message: str) -> RefusedError:
    return RefusedError("InvalidIdentityToken", message)
