"""What is late, too long or too early: one set of limits for every part of the audit.

AWS itself refuses from the recorded expiry on, so these limits are only about the runs. The runs are hourly at best,
and GitHub starts them late. An early end is due within two hours, since access lasts until then; everything else is
due within a day.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from jitbot.domain.ledger.attestation import CLOCK_SKEW
from jitbot.domain.ledger.events import Event

DECIDED_WITHIN = timedelta(days=1)  # of the merge
GRANTED_WITHIN = timedelta(days=1)  # of the decision
# After a revocation, a deletion or an offboarding: until then somebody still has access.
ENDED_WITHIN = timedelta(hours=2)
CONFIRMED_WITHIN = timedelta(days=1)  # of the expiry, after which nobody has any
RULES_RECORDED_WITHIN = timedelta(days=1)  # of the commit that changed them
REMOVED_WITHIN = timedelta(days=1)  # of the moment from which a role may be removed


def before_decision(granted_at: datetime, decided_at: datetime) -> bool:
    """Whether access was given before it was decided, by more than the clocks of two runs may differ."""
    return granted_at < decided_at - CLOCK_SKEW


def longer_than(most: timedelta, began: datetime, not_after: datetime) -> bool:
    """Whether access from its first start to its end lasts longer than its policy allows."""
    return not_after - began > most


def confirming(expired: Iterable[Event], over: datetime | None) -> Event | None:
    """The first record that the end at `over` was seen. Records of an earlier term's end do not count."""
    found = (
        each
        for each in expired
        if over is None or (each.window is not None and each.window.expires_at >= over)
    )
    return min(found, key=lambda each: each.at, default=None)


def removing(removed: Iterable[Event], over: datetime | None) -> Event | None:
    """The first removal recorded from `over` on."""
    return min(
        (each for each in removed if over is None or each.at >= over), key=lambda each: each.at, default=None
    )
