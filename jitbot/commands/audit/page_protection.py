"""The section of the report on the safeguards of main and ledger, as texts for the template."""

from collections.abc import Mapping, Sequence

from jitbot.commands.audit.page_overview import inert
from jitbot.domain.audit.report.protection_rows import SafeguardRow, alike, exceptions, strip
from jitbot.domain.text import escape
from jitbot.usecases.audit.period_report import PeriodReport

_LOOK = {"yes": "seen to hold", "no": "lost", "unknown": "not seen", "": "nobody looked"}


def safeguards(survey: PeriodReport) -> list[Mapping[str, object]]:
    """The rows; safeguards of which the same is said are one."""
    return [_row(each, survey) for each in alike(survey.protection)]


def _row(rows: Sequence[SafeguardRow], survey: PeriodReport) -> Mapping[str, object]:
    first = rows[0]
    cells = strip(first, survey.start, min(survey.end, survey.judged_at))
    mark = "exception" if exceptions([first]) else ""
    return {
        **inert(answer=first.seen_to_hold, seen=first.in_words, mark=mark),
        "names": [escape.terminal(each.safeguard) for each in rows],
        "said": [escape.terminal(each) for each in first.said],
        "cells": [{"mark": answer or "none", "title": f"{at:%F}: {_LOOK[answer]}"} for at, answer in cells],
    }
