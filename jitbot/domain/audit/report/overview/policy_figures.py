"""The figures of a period by policy: how long people waited, what was refused and why, what was never used, break-glass."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from jitbot.domain.access_review.entitlements import Entitlement
from jitbot.domain.audit.report.overview.waiting_times import NOT_KNOWN, MedianTime, median_of, waited
from jitbot.domain.audit.report.pack_table import PackTable
from jitbot.domain.audit.report.use_rows import UseFigures, use_figures
from jitbot.domain.audit.verify.grant_record import ControlAnswer, GrantOutcome, GrantRecord

TABLE = "figures"  # of the pack
NO_CODE = "not recorded"  # in the place of a reason
ALL = "all policies"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFigures:
    """The items of one policy in figures. The items of all policies are those of the period, each in one of them.

    `reasons` counts the refused items that name a reason, the most frequent first; an item may name several. `reviews`
    counts the answers of whether break-glass was reviewed in time. `eligible` is None where nobody knows who may ask.
    """

    policy: str
    items: int
    requests: int
    eligible: int | None
    granted: int
    refused: int
    gone: int
    reasons: tuple[tuple[str, int], ...]
    to_approved: MedianTime
    to_live: MedianTime
    in_all: MedianTime
    use: UseFigures
    break_glass: int
    reviews: Mapping[ControlAnswer, int]

    @property
    def review_counts(self) -> str:
        """`yes: 2; not due yet: 1`."""
        return "; ".join(f"{answer}: {count}" for answer, count in self.reviews.items() if count)


def policy_figures(
    records: Sequence[GrantRecord], entitlements: Iterable[Entitlement] = ()
) -> tuple[PolicyFigures, ...]:
    """The figures of each policy of which there is an item, in the order of names; and of all policies, as the last."""
    eligible = {each.policy: len(each.eligible) for each in entitlements if each.is_known}
    by_policy: dict[str, list[GrantRecord]] = {}
    for record in records:
        by_policy.setdefault(record.policy, []).append(record)
    each = [_figures(name, items, eligible.get(name)) for name, items in sorted(by_policy.items())]
    return (*each, _figures(ALL, records, None))


def _figures(policy: str, records: Sequence[GrantRecord], eligible: int | None) -> PolicyFigures:
    asked = waited(records)
    by_owners = [each for each in asked if each.by_owners]
    refused = [each for each in records if each.outcome is GrantOutcome.REFUSED]
    glass = [each for each in records if each.break_glass and each.granted]
    answers = Counter(each.judgements["reviewed_in_time"].answer for each in glass if "reviewed_in_time" in each.judgements)  # fmt: skip
    return PolicyFigures(
        policy=policy,
        items=len(records),
        requests=len({each.request for each in records if each.request}),
        eligible=eligible,
        granted=sum(bool(each.granted) for each in records),
        refused=len(refused),
        gone=sum(each.removed_at is not None and each.verified_absent for each in records),
        reasons=reasons_of(refused),
        to_approved=median_of(by_owners, lambda each: each.to_approved),
        to_live=median_of(by_owners, lambda each: each.to_live),
        in_all=median_of(asked, lambda each: each.in_all),
        use=use_figures(records),
        break_glass=len(glass),
        reviews={answer: answers[answer] for answer in ControlAnswer},
    )


def reasons_of(refused: Iterable[GrantRecord]) -> tuple[tuple[str, int], ...]:
    """Why items were refused, by the code of the reason: how many items name it. The most frequent come first."""
    counts = Counter(code for record in refused for code in codes_of(record))
    return tuple(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def codes_of(record: GrantRecord) -> tuple[str, ...]:
    """The codes of an item's refusal, each once."""
    found = [code or NO_CODE for each in record.decisions for code in each.codes]
    return tuple(dict.fromkeys(found)) or (NO_CODE,)


def figures_table(figures: Iterable[PolicyFigures]) -> PackTable:
    """The figures for the pack."""
    rows = [_cells(each) for each in figures]
    return PackTable(
        name=TABLE,
        about="Figures by policy, and of all policies in the last row. Medians are of requests, in seconds, with how many times are "
        "known; a median that would be one person's is left out, and `withheld` says so. Everything else counts items.",
        heads=tuple(name for name, _ in _HEADS),
        rows=tuple(rows),
    )


def _cells(each: PolicyFigures) -> tuple[object, ...]:
    return tuple(value(each) for _, value in _HEADS)


def _reviewed(answer: ControlAnswer) -> Callable[[PolicyFigures], object]:
    return lambda each: each.reviews[answer]


_Cell = Callable[[PolicyFigures], object]


def _median(name: str, of: Callable[[PolicyFigures], MedianTime]) -> tuple[tuple[str, _Cell], ...]:
    """The columns of one median."""
    return (
        (f"{name}_median_seconds", lambda each: of(each).seconds),
        (f"{name}_known", lambda each: of(each).known),
        (f"{name}_requests", lambda each: of(each).requests),
        (f"{name}_withheld", lambda each: of(each).withheld),
    )


_HEADS: tuple[tuple[str, _Cell], ...] = (
    ("policy", lambda each: each.policy),
    ("items", lambda each: each.items),
    ("requests", lambda each: each.requests),
    ("eligible", lambda each: NOT_KNOWN if each.eligible is None else each.eligible),
    ("granted", lambda each: each.granted),
    ("refused", lambda each: each.refused),
    ("refused_because", lambda each: [f"{code}: {count}" for code, count in each.reasons]),
    *_median("asked_to_approved", lambda each: each.to_approved),
    *_median("approved_to_live", lambda each: each.to_live),
    *_median("asked_to_live", lambda each: each.in_all),
    ("over", lambda each: each.use.over),
    ("entered", lambda each: each.use.entered),
    ("never_entered", lambda each: each.use.never),
    ("use_not_known", lambda each: each.use.not_known),
    ("gone", lambda each: each.gone),
    ("break_glass", lambda each: each.break_glass),
    *(
        (f"reviewed_in_time_{answer.replace(' ', '_')}", _reviewed(answer))
        for answer in ControlAnswer
        if answer is not ControlAnswer.NOT_REQUIRED
    ),
)
