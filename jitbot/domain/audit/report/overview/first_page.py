"""The first page as tables of the pack: the answers, the populations, and what was active at the end."""

from collections.abc import Iterable, Sequence
from dataclasses import fields

from jitbot.domain.audit.report.columns import COLUMNS
from jitbot.domain.audit.report.overview.answer import AuditAnswer
from jitbot.domain.audit.report.overview.populations import ActiveGrants, Population
from jitbot.domain.audit.report.pack_table import PackTable, cells_of
from jitbot.domain.text import timestamp

_ANSWER = ("name", "question", "answer", "exceptions", "unknown", "controls", "numbers", "files")
# Of the population's columns those that say who could do what until when.
_ACTIVE = (
    "grant_id", "request", "policy", "account", "account_id", "role", "requester", "requester_github_id",
    "requester_principal", "reason", "risk", "granted_at", "not_before", "not_after", "approvals", "break_glass",
)  # fmt: skip


def answers_table(answers: Iterable[AuditAnswer]) -> PackTable:
    """The rows of the first page."""
    return PackTable(
        name="answers",
        about="The first page: what auditors ask, each question with its answer, the numbers of it, exceptions, and the files "
        "that they were counted from. Without a number, nothing there can be an exception.",
        heads=_ANSWER,
        rows=cells_of(answers, _ANSWER),
    )


def populations_table(populations: Sequence[Population]) -> PackTable:
    """The populations, each with its dates."""
    heads = tuple(each.name for each in fields(Population))
    return PackTable(
        name="populations",
        about="Who may ask, what was granted, what was used, what is gone: how many, and between which dates.",
        heads=heads,
        rows=cells_of(populations, heads),
    )


def active_table(active: ActiveGrants) -> PackTable:
    """Who could do what at the period's last moment."""
    columns = dict(COLUMNS)
    return PackTable(
        name="active",
        about=f"Every grant that was active at {timestamp.show(active.at)}, the last moment that was looked at.",
        heads=_ACTIVE,
        rows=tuple(tuple(columns[name](record) for name in _ACTIVE) for record in active.records),
    )
