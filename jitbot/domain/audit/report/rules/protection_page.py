"""The safeguards over a period on the page: texts, and a strip of the period for those that a look can see."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from jitbot.domain.audit.protection.timeline import EVERY
from jitbot.domain.audit.report.rules.protection_rows import SafeguardRow, exceptions
from jitbot.domain.audit.verify.grant_record import ControlAnswer
from jitbot.domain.text import escape

_LOOK = {"yes": "seen to hold", "no": "lost", "unknown": "not seen", "": "nobody looked"}
_CELLS = 60  # of a strip, at most
_GRAVITY = (ControlAnswer.YES, ControlAnswer.UNKNOWN, ControlAnswer.NO)


def section(rows: Iterable[SafeguardRow], start: datetime, until: datetime) -> list[Mapping[str, object]]:
    """What `templates/report/page.html` asks for, as inert texts: safeguards of which the same is said are one row."""
    return [_page_row(each, strip(each[0], start, until)) for each in alike(rows)]


def _page_row(rows: Sequence[SafeguardRow], cells: Iterable[tuple[datetime, str]]) -> Mapping[str, object]:
    first = rows[0]
    return {
        "names": [escape.terminal(each.safeguard) for each in rows],
        "answer": str(first.seen_to_hold),
        "seen": escape.terminal(first.in_words),
        "said": [escape.terminal(each) for each in first.said],
        "mark": "exception" if exceptions([first]) else "",
        "cells": [{"mark": answer or "none", "title": f"{at:%F}: {_LOOK[answer]}"} for at, answer in cells],
    }


def alike(rows: Iterable[SafeguardRow]) -> tuple[tuple[SafeguardRow, ...], ...]:
    """The rows in their order, those together of which every look and every admin says the same."""
    found: dict[object, list[SafeguardRow]] = {}
    for row in rows:
        found.setdefault((row.seen_to_hold, row.in_words, row.said, row.marks), []).append(row)
    return tuple(map(tuple, found.values()))


def strip(row: SafeguardRow, start: datetime, until: datetime) -> tuple[tuple[datetime, str], ...]:
    """The period in parts of whole weeks, each with its first moment and the worst answer of a look in it.

    The answer is empty where nobody looked. A safeguard of which no look saw anything has no parts.
    """
    if all(answer is ControlAnswer.UNKNOWN for _, answer in row.marks):
        return ()
    weeks = max(1, -(-(until - start) // (_CELLS * EVERY)))
    width = weeks * EVERY
    worst: dict[int, ControlAnswer] = {}
    for at, answer in row.marks:
        cell = (at - start) // width
        worst[cell] = max(worst.get(cell, answer), answer, key=_GRAVITY.index)
    whole = (until - start) // width
    cells = max(1, whole + (whole in worst))  # what is left of a part is shown if somebody looked in it
    return tuple((start + number * width, str(worst.get(number, ""))) for number in range(cells))
