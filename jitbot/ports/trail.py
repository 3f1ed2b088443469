"""The record that the cloud keeps of the calls made to it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from jitbot.domain.model.documents import AccountId
from jitbot.domain.usage.role_usage import Opening, Period, TrailCall
from jitbot.domain.usage.use_event import ServiceCalls


class Trail(Protocol):
    """What one account in one region recorded. Each method may stop at the most that anybody reads, with TooMuchError."""

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

    def regions(self, account_id: AccountId) -> tuple[str, ...]:
        """Every region that is enabled in an account: entering is recorded in the one whose endpoint was asked."""
        ...

    def spent(self) -> bool:
        """Whether this run has asked as much as one run may; the next one goes on."""
        ...


class CallLog(Protocol):
    """A trail that an organisation keeps by itself: every call that it was set to record, for as long as it is kept."""

    def calls_of(
        self, account_id: AccountId, role_arns: Sequence[str], period: Period
    ) -> Mapping[str, tuple[ServiceCalls, ...]]:
        """The calls made with each of these roles, summed by service and error; a role without any is not in it.

        All roles are of this account. Raises TooMuchError if there are more sums than are read.
        """
        ...
