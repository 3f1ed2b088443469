"""Translates AWS's errors into jitbot's."""

from collections.abc import Iterator
from contextlib import contextmanager

import botocore.exceptions

from jitbot import catalogs
from jitbot.domain.model.errors import DeniedError, UnavailableError

# STS answers this, too, while it cannot fetch the issuer's keys: that passes, and a token that is wrong does not.
_PASSING = (("InvalidIdentityToken", "retrieve"),)
(_UNCLEAR,) = catalogs.lists("aws_errors", "unclear")


def lacks_issuer(error: botocore.exceptions.ClientError) -> bool:
    """Whether STS could not ask the issuer of a token for its keys."""
    said = error.response.get("Error", {})
    code, message = str(said.get("Code", "")), str(said.get("Message", ""))
    return code == "IDPCommunicationError" or any(code == name and part in message for name, part in _PASSING)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Translate AWS's errors: a clear refusal is a DeniedError, everything else an UnavailableError, with the action."""
    try:
        yield
    except botocore.exceptions.ClientError as error:
        said = error.response.get("Error", {})
        code, message = str(said.get("Code", "")), " ".join(str(said.get("Message", "")).split())[:300]
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        unclear = code in _UNCLEAR or lacks_issuer(error)
        kind = UnavailableError if unclear or status >= 500 else DeniedError
        raise kind(f"AWS would not {doing}: {code}: {message}") from error
    except botocore.exceptions.BotoCoreError as error:
        raise UnavailableError(f"could not {doing}: {' '.join(str(error).split())[:300]}") from error
