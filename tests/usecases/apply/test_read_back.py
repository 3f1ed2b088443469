"""AWS shows what was before for some seconds: looked at again, written once, and never called done unseen."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest

from jitbot.domain.aws import iam
from jitbot.domain.aws.roles import Actual, Receipt
from jitbot.domain.enforce.changes import Deny, Remove
from jitbot.domain.ledger.events import EndReason
from jitbot.domain.model.documents import AccountId, Sha
from jitbot.domain.model.errors import UnavailableError
from jitbot.ports.cloud import Account
from jitbot.usecases.apply.end_access import deny, remove
from jitbot.usecases.context import Context, Run
from jitbot.usecases.read_back import PAUSES, Patience

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
RECEIPT = Receipt(at=NOW, request_ids=("r",))
ACCOUNT = AccountId("111111111111")
ROLE = Actual(
    account_id=ACCOUNT,
    role_name="jit-alice",
    role_id="AROA1",
    path="/jit/",
    trust_policy={},
    permissions_boundary="",
    max_session_duration=3600,
    inline_policies={},
    attached=(),
    tags={},
)
DENIED = replace(ROLE, attached=(iam.DENY_ALL,))
WINDOW = iam.Window(starts_at=None, expires_at=NOW)


@dataclass(slots=True)
class SlowAccount:
    """An account that shows a role as it was: each reading is the next of these, the last one for ever."""

    shown: list[Actual | None]
    found: Iterator[bool]  # whether a denial finds the role
    writes: list[str] = field(default_factory=list)

    def read(self, _name: str) -> tuple[Actual | None, Receipt]:
        """The role, as far as AWS knows."""
        return (self.shown.pop(0) if len(self.shown) > 1 else self.shown[0]), RECEIPT

    def deny(self, _name: str) -> Receipt | None:
        """Attach."""
        self.writes.append("deny")
        return RECEIPT if next(self.found) else None

    def remove(self, _actual: Actual) -> None:
        """Delete."""
        self.writes.append("remove")


@pytest.fixture
def slept() -> list[float]:
    """The pauses that were made."""
    return []


def a_world(slept: list[float]) -> Context:
    """A world of which only the waiting and the run are looked at."""
    return cast("Context", SimpleNamespace(sleep=slept.append, run=Run()))


def denied(account: SlowAccount, slept: list[float]) -> object:
    """The event of an early end."""
    change = Deny(
        request="r", commit=Sha(""), account="prod", account_id=ACCOUNT, role_name=ROLE.role_name, window=WINDOW,
        why=EndReason.REVOKED, detail="",
    )  # fmt: skip
    return deny(a_world(slept), cast("Account", account), change, (change.why, change.detail), NOW)


def test_a_denial_that_shows_late_is_one_write(slept: list[float]) -> None:
    """Attached once, looked at until it shows, and only then recorded."""
    account = SlowAccount([ROLE, ROLE, None, DENIED], iter([True]))
    assert denied(account, slept) is not None
    assert account.writes == ["deny"]
    assert slept == list(PAUSES[:2])


def test_a_role_that_is_not_found_yet_is_denied_all_the_same(slept: list[float]) -> None:
    """The role was made a second ago: AWS finds it at the second attempt."""
    account = SlowAccount([ROLE, ROLE, DENIED], iter([False, True]))
    assert denied(account, slept) is not None
    assert account.writes == ["deny", "deny"]


def test_a_denial_that_never_shows_is_not_recorded(slept: list[float]) -> None:
    """After the last pause the run says so, and the end stays due."""
    account = SlowAccount([ROLE], iter([True]))
    with pytest.raises(UnavailableError, match="does not read back as denied"):
        denied(account, slept)
    assert (account.writes, slept) == (["deny"], list(PAUSES))


def test_a_removal_that_shows_late_is_one_write(slept: list[float]) -> None:
    """Deleted once, and looked at until it is gone; if it never is, nothing is called removed."""
    change = Remove(
        request="r", commit=Sha(""), account="prod", account_id=ACCOUNT, role_name=ROLE.role_name, window=WINDOW
    )  # fmt: skip
    account = SlowAccount([ROLE, ROLE, None], iter([]))
    assert remove(a_world(slept), cast("Account", account), change)
    assert (account.writes, slept) == (["remove"], list(PAUSES[:1]))
    with pytest.raises(UnavailableError, match="still there"):
        remove(a_world(slept), cast("Account", SlowAccount([ROLE], iter([]))), change)


def test_patience_is_a_minute_and_so_many_questions() -> None:
    """A flood of what is in doubt uses both up, for the whole run, and no more."""
    slept: list[float] = []
    patience = Patience()
    while patience.wait(slept.append):
        pass
    assert (sum(slept), slept) == (60, sorted(slept))
    patience = Patience()
    assert [patience.take() for _ in range(201)] == [True] * 200 + [False]
    assert not patience.wait(slept.append)
    assert [Patience(left=left).wait(slept.append) for left in (1, 0)] == [True, False]
