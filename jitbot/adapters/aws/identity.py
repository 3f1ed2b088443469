"""The identity of a run in AWS: the job's token enters the role for its purpose; otherwise ambient credentials."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import boto3
import botocore
import botocore.config
import botocore.session
import botocore.utils

from jitbot.adapters.aws.errors import translated
from jitbot.domain.model.bounds import ACCOUNTS_AT_ONCE
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import DeniedError

REGION = "us-east-1"  # IAM is global; STS is asked where its global endpoint is
_SECONDS = 900  # the shortest session that AWS gives; a run that takes longer is finished by the next


def config(attempts: int, *, signed: bool = True) -> botocore.config.Config:
    """How every client calls: waits are bounded, and so are retries, with jitter."""
    retries: Any = {"mode": "standard", "total_max_attempts": attempts}
    return botocore.config.Config(
        connect_timeout=5,
        read_timeout=20,
        max_pool_connections=ACCOUNTS_AT_ONCE,
        user_agent_extra="jitbot",
        retries=retries,
        signature_version=None if signed else botocore.UNSIGNED,
    )


def client_of(
    session: boto3.Session, service: Any, region: str, *, endpoint: str | None, attempts: int
) -> Any:
    """A client of a service in a region, for what this session may do there. AWS's errors are translated."""
    with translated(f"reach {service} in {region}"):
        return session.client(service, region_name=region, endpoint_url=endpoint, config=config(attempts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """How this run proves to AWS who it is: a web-identity token of its job, or the ambient credentials.

    `token` gives the job's OIDC token for STS; None means ambient: a profile or keys, as boto3 finds them.
    """

    role_name: str  # jitbot's own role in each account, for a job
    session_name: str  # names the run in CloudTrail
    token: Callable[[], str] | None = None
    access_key: str | None = None
    secret_key: str | None = None
    session_token: str | None = None
    profile: str | None = None

    def session(self) -> boto3.Session:
        """The ambient credentials; what a job signs with is known once it has entered an account."""
        session: Any = botocore.session.get_session()
        session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_moment)
        return boto3.Session(
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            aws_session_token=self.session_token,
            profile_name=self.profile,
            region_name=REGION,
            botocore_session=session,
        )

    def config(self, attempts: int) -> botocore.config.Config:
        """The configuration of clients that call as this identity: with a token, nothing else signs."""
        return config(attempts, signed=self.token is None)

    def enter(self, sts: Any, account_id: AccountId) -> Mapping[str, str] | None:
        """The credentials of the role in an account; None where the ambient ones are to be used as they are.

        Raises DeniedError if an unexpected account answers.
        https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
        """
        if self.token is None:
            _same_account(sts.get_caller_identity()["Account"], account_id)
            return None
        answer = sts.assume_role_with_web_identity(
            RoleArn=f"arn:aws:iam::{account_id}:role/{self.role_name}",
            RoleSessionName=self.session_name,
            WebIdentityToken=self.token(),
            DurationSeconds=_SECONDS,
        )
        _same_account(answer["AssumedRoleUser"]["Arn"].split(":")[4], account_id)
        found: Mapping[str, str] = answer["Credentials"]
        return found


def _moment(value: Any) -> datetime:
    """A time in AWS's answer. botocore guesses its form, which takes longer than all else that is read of a role."""
    if isinstance(value, str) and value.endswith("Z"):
        with suppress(ValueError):
            return datetime.fromisoformat(value)
    found: datetime = botocore.utils.parse_timestamp(value)
    return found


def _same_account(answered: str, expected: AccountId) -> None:
    if answered != expected:
        raise DeniedError(
            f"account {answered} answered where {expected} was meant; nothing was done there: use its own credentials"
        )
