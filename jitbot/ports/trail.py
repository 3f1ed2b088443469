"""The record that the cloud keeps of the calls made to it."""

from collections.abc import Iterator
from typing import Protocol

from jitbot.domain.audit.report.usage import Opening, Period, TrailCall
from jitbot.domain.model.documents import AccountId


class Trail(Protocol):
    """What one account in one region recorded. Each method may stop at the most that anybody reads."""

    def openings(self, role_arn: str, period: Period) -> Iterator[Opening]:
        """Every time that the role was entered, from a program or in the console."""
        ...

    def calls(self, opening: Opening, role_arn: str, period: Period) -> Iterator[TrailCall]:
        """Every call that was made in the session so opened."""
        ...


class Trails(Protocol):
    """The records of every account and region. Accounts are entered one by one, and their records read side by side."""

    def of(self, account_id: AccountId, region: str) -> Trail:
        """The record of an account in a region. Raises DeniedError if another account answers."""
        ...
