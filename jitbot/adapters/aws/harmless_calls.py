"""Two reads of EC2 with a grant's session, each asked once, so that every answer is one of a known second.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import boto3
from botocore.exceptions import ClientError

from jitbot.adapters.aws.errors import translated
from jitbot.adapters.aws.identity import REGION, config
from jitbot.domain.enforce.grant_target import Session
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.setup.rehearsal.notes import CallOutcome

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
_REFUSED = frozenset({"UnauthorizedOperation", "AccessDenied"})


class HarmlessCalls:
    """The adapter of the port `SessionCalls`. The calls go to the person's own region, else to `REGION`."""

    def __init__(self, environ: Mapping[str, str], *, endpoint: str | None) -> None:
        self._region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or REGION
        self._endpoint = endpoint
        self._client: tuple[str, Any] = ("", None)

    def granted(self, session: Session) -> CallOutcome:
        return self._asked(self._for(session).describe_regions)

    def other(self, session: Session) -> CallOutcome:
        return self._asked(self._for(session).describe_availability_zones)

    def _for(self, session: Session) -> Any:
        """The client of a session: made once, since that takes longer than a call."""
        if self._client[0] != session.access_key:
            with translated("call EC2 with the session"):
                client = boto3.client(
                    "ec2",
                    region_name=self._region,
                    endpoint_url=self._endpoint,
                    aws_access_key_id=session.access_key,
                    aws_secret_access_key=session.secret_key,
                    aws_session_token=session.token,
                    config=config(1),
                )
            self._client = session.access_key, client
        return self._client[1]

    def _asked(self, call: Callable[[], Mapping[str, Any]]) -> CallOutcome:
        """The outcome of one call. Whatever is neither an answer nor a refusal of the action says nothing about a grant."""
        try:
            with translated("answer a harmless read"):
                return _outcome(call)
        except DeniedError as error:
            raise UnavailableError(str(error)) from error


def _outcome(call: Callable[[], Mapping[str, Any]]) -> CallOutcome:
    try:
        return CallOutcome(at=_dated(call()))
    except ClientError as error:
        said = error.response.get("Error", {})
        if said.get("Code") not in _REFUSED:
            raise
        refusal = " ".join(f"{said['Code']}: {said.get('Message', '')}".split())[:300]
        return CallOutcome(at=_dated(error.response), refusal=refusal)


def _dated(answer: Mapping[str, Any]) -> datetime:
    """When AWS answered, by its own clock. Raises UnavailableError if it does not say."""
    date = answer["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
    if date is None:
        raise UnavailableError("AWS answered without a date")
    at: datetime = parsedate_to_datetime(date).astimezone(UTC)
    return at
