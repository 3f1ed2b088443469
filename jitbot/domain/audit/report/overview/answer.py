"""One row of the first page: a question of auditors, answered from the record, with the numbers that the answer rests on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from jitbot.domain.audit.report.overview.controls import controls_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditAnswer:
    """A question, its answer in words, and where to look further.

    `numbers` are those of `answer`, for machines. `exceptions` and `unknown` are None where nothing can be one.
    `section` is the id of a section of the page; `files` are those of the pack that it was counted from.
    `of_grants`: its exceptions are grants, which other rows may count as well. `caution`: the words name something to look at
    that is no exception.
    """

    name: str
    question: str
    answer: str
    section: str
    files: tuple[str, ...]
    numbers: Mapping[str, int] = field(default_factory=dict)
    exceptions: int | None = None
    unknown: int | None = None
    of_grants: bool = False
    caution: bool = False

    @property
    def controls(self) -> tuple[str, ...]:
        """The ids of the controls that it speaks to."""
        return controls_of(self.name)

    @property
    def mark(self) -> str:
        """How it is shown: `bad` for exceptions, `warn` for what is unknown, `good` if neither is there and one could be."""
        if self.exceptions:
            return "bad"
        if self.unknown or self.caution:
            return "warn"
        return "" if self.exceptions is None and self.unknown is None else "good"


def beside_grants(answers: Iterable[AuditAnswer]) -> tuple[int, int]:
    """The exceptions and the unknown of the rows that are not about grants: each grant is counted once, elsewhere."""
    others = [each for each in answers if not each.of_grants]
    return sum(each.exceptions or 0 for each in others), sum(each.unknown or 0 for each in others)


def in_words(counts: Iterable[tuple[str, int]]) -> str:
    """`yes: 3; no: 1`, without what is zero; empty if all are."""
    return "; ".join(f"{name}: {count:,}" for name, count in counts if count)
