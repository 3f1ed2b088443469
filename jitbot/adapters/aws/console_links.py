"""A link into the AWS console that signs in, through AWS's sign-in endpoint.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html. Not
proven against the real endpoint.
"""

import json
from urllib.parse import urlencode

import requests
from jitbot.domain.enforce.grant_target import Session
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.text.addresses import is_private

_SIGNIN, _CONSOLE = "https://signin.aws.amazon.com", "https://console.aws.amazon.com/"
_TIMEOUT = 20


def federated(session: Session, *, endpoint: str | None = None) -> str:
    """A link that signs its holder in as this session, for the next 15 minutes. It is a secret.

    The console's session lasts as long as the one given. No error quotes what was sent.
    """
    site = endpoint or _SIGNIN
    if not is_private(site):
        raise DeniedError(f"{site} is neither TLS nor this machine; no credentials are sent there")
    keys = {
        "sessionId": session.access_key,
        "sessionKey": session.secret_key,
        "sessionToken": session.token,
    }
    asked = {"Action": "getSigninToken", "Session": json.dumps(keys)}
    try:
        answer = requests.get(f"{site}/federation", params=asked, timeout=_TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        # Its text, and its cause's, would show the link and all that is in it.
        raise UnavailableError(
            f"{site} could not be asked for a sign-in token: {type(error).__name__}"
        ) from None
    if answer.status_code != requests.codes.ok:
        raise DeniedError(
            f"{site} gave no sign-in token: status {answer.status_code}; use the Switch Role link instead"
        )
    try:
        token = answer.json()["SigninToken"]
    except (ValueError, KeyError, TypeError):
        raise UnavailableError(f"{site} answered without a sign-in token") from None
    login = {"Action": "login", "Issuer": "jitbot", "Destination": _CONSOLE, "SigninToken": str(token)}
    return f"{site}/federation?{urlencode(login)}"
