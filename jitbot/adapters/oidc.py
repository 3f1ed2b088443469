"""GitHub's OIDC issuer: tokens of this run, the issuer's keys, and the proof that a key signed a token.

https://docs.github.com/en/actions/reference/security/oidc. Not proven against the real issuer here.
"""

import base64
import functools
import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import jwt

import requests
from jitbot.domain.model.bounds import TOKEN_READ
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.text.addresses import is_private
from jitbot.domain.text.no_answer import why_no_answer

_TIMEOUT = 20
# Seconds before each further attempt; both calls only read, so each may be repeated.
_PAUSES = (
    0.5,
    1.0,
    2.0,
    4.0,
)
# Others met 403, "Can't issue ID_TOKEN for job in 'Pending' state", in a job that had just left its group's queue.
_PASSING = (requests.codes.forbidden, requests.codes.too_many_requests)
_DOTS = 2  # in a signed token: header, payload, signature
_ALGORITHMS = ["RS256"]  # the one GitHub signs with; naming it refuses `none` and keys used as HMAC secrets
# Read long after, so `exp` says nothing; all other claims are judged by `domain.attestation`.
_SIGNATURE_ALONE = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
_RS256 = jwt.get_algorithm_by_name("RS256")
_EXTENSIONS = {"crit", "b64"}  # of a header: they change what is signed, and how


@functools.lru_cache(maxsize=64)
def _public(key: str) -> Any:
    """The key itself. A long ledger is signed with few."""
    return jwt.PyJWK.from_json(key).key


@functools.lru_cache(maxsize=256)
def _header(header: str) -> Mapping[str, object]:
    """The header of a token, as jwt reads it; a long ledger has few. Raises as jwt does for what is none."""
    return jwt.get_unverified_header(f"{header}..")


class ActionsOidc:
    """The issuer as a job sees it. `request_url` and `request_token` are what Actions puts into the environment."""

    def __init__(
        self,
        issuer: str,
        *,
        request_url: str = "",
        request_token: str = "",
        user_agent: str = "jitbot",
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._sleep = sleep or time.sleep
        # One for the run: a second token takes no second connection, nor are the authorities of TLS read again for it.
        self._session = requests.Session()
        self._keys: Mapping[str, str] | None = None  # asked once a run
        self._issuer = issuer.rstrip("/")
        self._request_url = request_url
        self._headers = {"User-Agent": user_agent, "Accept": "application/json"}
        self._authorization = {"Authorization": f"Bearer {request_token}"}

    def token(self, audience: str) -> str:
        """A token of this run for this audience. Raises DeniedError outside a job that may ask for one."""
        if not self._request_url:
            raise DeniedError(
                "there is no OIDC token: this is not an Actions job with `permissions: id-token: write`"
            )
        if not is_private(self._request_url):
            raise DeniedError(
                "ACTIONS_ID_TOKEN_REQUEST_URL is neither TLS nor this machine; nothing is sent there"
            )
        answer = self._get(self._request_url, {"audience": audience}, self._authorization)
        value = answer.get("value")
        if not isinstance(value, str):
            raise UnavailableError("the OIDC issuer answered without a token")
        return value

    def keys(self) -> Mapping[str, str]:
        """The public keys the issuer publishes now, fetched over TLS (a sandbox's, over loopback)."""
        if self._keys is None:
            self._keys = self._published()
        return self._keys

    def _published(self) -> Mapping[str, str]:
        if not self._issuer.startswith("https://") and urlsplit(self._issuer).hostname != "127.0.0.1":
            raise DeniedError(
                f"the issuer {self._issuer} is not reached over TLS; its keys would prove nothing"
            )
        answer = self._get(f"{self._issuer}/.well-known/jwks", {}, {})
        keys = answer.get("keys")
        if not isinstance(keys, list):
            raise UnavailableError("the OIDC issuer answered without keys")
        return {
            str(key["kid"]): json.dumps(key, sort_keys=True)
            for key in keys
            if isinstance(key, dict) and "kid" in key
        }

    def key_id(self, token: str) -> str:
        """The key a token says it was signed with; empty if it is no token."""
        if len(token) > TOKEN_READ:
            return ""
        try:
            return str(_header(token.partition(".")[0]).get("kid", "")) if token.count(".") == _DOTS else ""
        except (jwt.PyJWTError, ValueError, RecursionError):  # the last for JSON nested without end
            return ""

    def verified(self, token: str, keys: Mapping[str, str]) -> Mapping[str, object] | None:
        """The claims of a token that one of these keys signed; None for anything else."""
        key = keys.get(self.key_id(token))
        if key is None:
            return None
        try:
            public = _public(key)
            if (plain := _plainly_signed(token, public)) is not None:
                return plain
            options: Any = {"verify_signature": True, **_SIGNATURE_ALONE}
            claims: dict[str, Any] = jwt.decode(token, public, algorithms=_ALGORITHMS, options=options)
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            return None
        return claims

    def _get(self, url: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, Any]:
        """The object at an address. A temporary failure is tried again; a refusal and a redirect are final."""
        for pause in _PAUSES:
            try:
                return self._once(url, parameters, headers)
            except _FinalError:
                raise
            except UnavailableError:
                self._sleep(pause)
        return self._once(url, parameters, headers)

    def _once(self, url: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, Any]:
        try:
            answer = self._session.get(
                url,
                params=parameters,
                headers={**self._headers, **headers},
                timeout=_TIMEOUT,
                # A redirect could lead the run's bearer token, or the question for keys, out of TLS.
                allow_redirects=False,
            )
        except requests.exceptions.RequestException as error:
            raise UnavailableError(f"the OIDC issuer does not answer: {why_no_answer(error)}") from error
        if answer.status_code != requests.codes.ok:
            passing = answer.status_code >= 500 or answer.status_code in _PASSING
            kind = UnavailableError if passing else _FinalError
            raise kind(f"the OIDC issuer answered {answer.status_code}")
        try:
            content = answer.json()
        except requests.exceptions.JSONDecodeError as error:
            raise UnavailableError("the OIDC issuer's answer is not JSON") from error
        if not isinstance(content, dict):
            raise UnavailableError("the OIDC issuer's answer is not an object")
        return content


def _plainly_signed(token: str, public: Any) -> Mapping[str, object] | None:
    """The claims of a token as the issuer spells one, if the signature holds. None: `jwt.decode` must judge it.

    `jwt.decode` looks at each character, which takes longer than all else that is done with a token, and an audit reads
    tens of thousands. This accepts nothing that it refuses: the header and the signature are judged by its own parts.
    """
    header, payload, signature = token.split(".")
    read = _header(header)
    if read.get("alg") not in _ALGORITHMS or not _EXTENSIONS.isdisjoint(read):
        return None
    content, proof = _decoded(payload), _decoded(signature)
    if content is None or proof is None:
        return None
    if not _RS256.verify(f"{header}.{payload}".encode(), _RS256.prepare_key(public), proof):
        return None
    claims = json.loads(content)
    return claims if isinstance(claims, dict) else None


def _decoded(segment: str) -> bytes | None:
    """The bytes of a part of a token; None for any spelling but the one that they have in base64url."""
    content = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    return content if base64.urlsafe_b64encode(content).rstrip(b"=") == segment.encode() else None


class _FinalError(UnavailableError):
    """The issuer refused: another attempt would get the same answer."""
