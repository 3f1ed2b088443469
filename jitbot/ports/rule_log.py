"""What happened to the rules on main, as an audit asks git for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from jitbot.domain.ledger.git_history import RuleChange


class RuleLog(Protocol):
    """main's history, by what it did to the rules."""

    def rule_changes(self, paths: Sequence[str], start: datetime, end: datetime) -> tuple[RuleChange, ...]:
        """The commits of main's first-parent line that touch these paths, from `start` until, not at, `end`."""
        ...
