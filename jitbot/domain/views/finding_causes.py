"""Many findings for people: those of one cause together, and what matters most where not all can be shown."""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from jitbot.domain.model.documents import Finding, FindingLevel

Cause = tuple[Finding, ...]  # alike, in their order; never empty


def by_cause(findings: Iterable[Finding]) -> tuple[Cause, ...]:
    """The findings in their order, those together that say the same and are fixed alike.

    The name of the file that a finding is in makes no cause of its own: what is wrong in 20 policies is one thing.
    """
    found: dict[tuple[str, ...], list[Finding]] = {}
    for each in findings:
        name = re.escape(PurePosixPath(each.file).stem)
        said = (re.sub(rf"(?<![\w-]){name}(?![\w-])", "", text) for text in (each.message, each.hint))
        found.setdefault((each.level, each.code, *said), []).append(each)
    return tuple(map(tuple, found.values()))


def urgent_first(causes: Sequence[Cause]) -> tuple[Cause, ...]:
    """Errors before warnings before notices, and of each the first of every kind before the second of any."""
    levels, seen = list(FindingLevel), dict[tuple[str, str], int]()
    order = []
    for index, (first, *_) in enumerate(causes):
        kind = (first.level, first.code)
        seen[kind] = seen.get(kind, 0) + 1
        order.append((levels.index(first.level), seen[kind], index))
    return tuple(causes[index] for *_, index in sorted(order))
