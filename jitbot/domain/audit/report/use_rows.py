"""What was done with the grants of a period: in figures, and as the columns of each. What was not seen is never counted as unused."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from jitbot.domain.access_review.policy_use import NOT_OVER
from jitbot.domain.audit.report.overview.answer import AuditAnswer
from jitbot.domain.audit.verify.grant_record import NOT_READ, GrantOutcome, GrantRecord
from jitbot.domain.ledger.recorded_use import UseState
from jitbot.domain.text.amount import many
from jitbot.domain.usage import in_words
from jitbot.domain.usage.in_words import NOT_ASKED
from jitbot.domain.usage.use_event import GrantUse

_TIMES = ("first_use", "last_use")  # empty where nobody entered
_READ: Mapping[str, Callable[[GrantUse], object]] = {
    "first_use": lambda use: use.first,
    "last_use": lambda use: use.last,
    "calls": lambda use: use.calls,
    "denied_calls": lambda use: use.denied,
    "entered": lambda use: use.entered,
}
_MORE: Mapping[str, Callable[[GrantUse], object]] = {
    "calls_by_service": lambda use: _services(use),
    "use_not_seen": lambda use: in_words.out_of_sight(use.not_seen),
    "use_asked_at": lambda use: use.at,
}
# The columns that were there before any use was recorded, at their former places.
FORMER = ("first_use", "last_use", "calls", "denied_calls")
ADDED = ("use", "entered", *_MORE)


@dataclass(frozen=True, slots=True, kw_only=True)
class UseFigures:
    """The grants of a period by what is known of their use. `over` are all that are counted; live ones are not.

    `out_of_sight` says in words what was not seen, and of how many grants.
    """

    over: int
    entered: int
    never: int
    not_seen: int
    not_asked: int
    with_denied: int
    out_of_sight: tuple[tuple[str, int], ...]

    @property
    def not_known(self) -> int:
        """How many may have been used, or not."""
        return self.not_seen + self.not_asked

    def as_json(self) -> Mapping[str, object]:
        """The figures for machines."""
        return {
            "over": self.over,
            UseState.ENTERED: self.entered,
            UseState.NEVER: self.never,
            UseState.NOT_SEEN: self.not_seen,
            NOT_ASKED: self.not_asked,
            "with_denied_calls": self.with_denied,
            "out_of_sight": [{"what": what, "grants": count} for what, count in self.out_of_sight],
        }

    @property
    def rows(self) -> tuple[tuple[str, int, str], ...]:
        """Each state, how many grants it is true of, and what it means."""
        return (
            (UseState.ENTERED, self.entered, "The role was entered, at least as often as is said."),
            (UseState.NEVER, self.never, "Nobody entered it, and all was looked at in which entering is recorded."),
            (UseState.NOT_SEEN, self.not_seen, "No entering was seen, and a part was out of sight: it may have been used."),
            (NOT_ASKED, self.not_asked, "Nothing is recorded: CloudTrail was not asked, or not yet. It may have been used."),
        )  # fmt: skip


def use_figures(records: Iterable[GrantRecord]) -> UseFigures:
    """The figures of these grants; what was never given, or is not over, is not among them."""
    over = [record for record in records if is_over(record)]
    states = Counter(state_in_words(record) for record in over)
    unseen = Counter(what for record in over for what in _out_of_sight(record.use))
    return UseFigures(
        over=len(over),
        entered=states[UseState.ENTERED],
        never=states[UseState.NEVER],
        not_seen=states[UseState.NOT_SEEN],
        not_asked=states[NOT_ASKED],
        with_denied=sum(bool(record.use is not None and record.use.denied) for record in over),
        out_of_sight=tuple(sorted(unseen.items(), key=lambda each: (-each[1], each[0]))),
    )


def is_over(record: GrantRecord) -> bool:
    """Whether a grant was given, and is over."""
    return record.outcome is GrantOutcome.OVER


def state_in_words(record: GrantRecord) -> str:
    """The state of a grant's use; empty for what was never given."""
    if record.use is not None:
        return record.use.state
    if not record.granted:
        return ""
    return NOT_ASKED if is_over(record) else NOT_OVER


def in_short(figures: UseFigures) -> str:
    """The figures as the end of a sentence; empty if nothing is over."""
    if not figures.over:
        return ""
    never, not_known = f"{figures.never:,} never entered", f"{figures.not_known:,} not known"
    over = f"{many(figures.over, 'grant')} that {'is' if figures.over == 1 else 'are'} over"
    return f"; of {over}: {never}, {not_known}"


def use_answer(figures: UseFigures) -> AuditAnswer:
    """The row of the first page. What is not known is shown, and is no exception: CloudTrail shows only a part."""
    over = f"Of {many(figures.over, 'grant')} that {'is' if figures.over == 1 else 'are'} over"
    words = f"{over}: {figures.entered:,} entered, {figures.never:,} never entered, {figures.not_known:,} not known."
    denied = f" Denied calls were seen in {figures.with_denied:,}." if figures.with_denied else ""
    return AuditAnswer(
        name="use",
        question="Was the access used?",
        answer=f"{words}{denied}" if figures.over else "No grant of this period is over.",
        section="use",
        files=("population.csv", "population.json"),
        numbers={
            "over": figures.over,
            "entered": figures.entered,
            "never": figures.never,
            "not_known": figures.not_known,
            "with_denied_calls": figures.with_denied,
        },
    )


def cell_of(record: GrantRecord, name: str) -> object:
    """One column of a grant's use. A number or a time that nobody knows is a word, never a zero and never empty."""
    use = record.use
    if name == "use":
        return state_in_words(record)
    if use is None:
        return NOT_READ if record.granted and name in _READ else None
    if name in _READ:
        known = _READ[name](use)
        timed = name in _TIMES and use.state is not UseState.NOT_SEEN
        return UseState.NOT_SEEN if known is None and not timed else known
    return _MORE[name](use)


def use_json(use: GrantUse | None) -> Mapping[str, object] | None:
    """The use of a grant, as JSON; None where nothing is recorded."""
    if use is None:
        return None
    services = [
        {"service": each.service, "calls": each.calls, "denied": each.denied} for each in use.services
    ]
    return {**in_words.as_json(use), "services": services, "regions": list(use.regions), "run": use.run}


def lines(record: GrantRecord) -> Sequence[str]:
    """The use for the page: what is known, then what was out of sight, a line each; none for what was never given."""
    use = record.use
    if use is None:
        return [state] if (state := state_in_words(record)) else []
    not_seen = in_words.out_of_sight(use.not_seen)
    return [in_words.in_words(use), "; ".join(_services(use)), "; ".join(not_seen), use.run]


def _services(use: GrantUse) -> list[str]:
    """`dynamodb 3`, `s3 2 (2 denied)`."""
    return [
        f"{each.service.removesuffix('.amazonaws.com')} {each.calls or 0}"
        + (f" ({each.denied} denied)" if each.denied else "")
        for each in use.services
    ]


def _out_of_sight(use: GrantUse | None) -> tuple[str, ...]:
    return in_words.out_of_sight(use.not_seen) if use is not None else ()
