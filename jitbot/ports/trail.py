"""The record that the cloud keeps of the calls made to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from jitbot.domain.model.documents import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From `start` to `end`, both within."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One time that somebody entered the role. `key` is what they got; a console session's is not told."""

    event_id: str
    at: datetime
    region: str
    by: str  # ARN of whoever entered
    session: str
    key: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailCall:
    """One call made in a session of the role. `error` is empty where it went well."""

    event_id: str
    at: datetime
    region: str
    service: str  # dynamodb.amazonaws.com
    name: str  # DescribeTable
    error: str
    session: str


class Trail(Protocol):
    """What one account in one region recorded. Each method may stop at the most that anybody reads."""

    def openings(self, role_arn: str, period: Period) -> Iterator[Opening]:
        """Every time that the role was entered, from a program or in the console."""
        ...

    def calls(self, opening: Opening, role_arn: str, period: Period) -> Iterator[TrailCall]:
        """Every call that was made in the session so opened."""
        ...


class Trails(Protocol):
    """The records of every account and region."""

    def of(self, account_id: AccountId, region: str) -> Trail:
        """The record of an account in a region. Raises DeniedError if another account answers."""
        ...
