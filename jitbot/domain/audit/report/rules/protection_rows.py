"""The safeguards over a period as the report, the table and the JSON have them: one row each.

"yes" is said only of what was seen to hold on every look, without a gap. An admin's word is shown beside, and changes
no answer.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from jitbot.domain.audit.protection.looks import AdminStatement, Sight, looks_of, statements_of
from jitbot.domain.audit.protection.safeguards import SAFEGUARDS, Safeguard
from jitbot.domain.audit.protection.timeline import Gap, Loss, Mark, Timeline, timeline
from jitbot.domain.audit.report.overview.answer import AuditAnswer, in_words
from jitbot.domain.audit.report.pack_table import PackTable, cells_of
from jitbot.domain.audit.verify.grant_record import ControlAnswer
from jitbot.domain.ledger.events import Event
from jitbot.domain.setup.doctor.report import CheckVerdict
from jitbot.domain.text import timestamp
from jitbot.domain.text.amount import many

TABLE = "protection"  # of the pack
_SAID = 3  # people whose newest word is shown
_IN_WORDS = {
    CheckVerdict.OK: "as it should be",
    CheckVerdict.WARN: "doctor warns of it",
    CheckVerdict.UNKNOWN: "not seen either",
    CheckVerdict.WRONG: "not as it should be",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeguardRow:
    """One safeguard in a period. The numbers are of looks; `said` is what admins say of it, each once."""

    code: str
    safeguard: str
    seen_to_hold: ControlAnswer
    in_words: str
    looks: int
    held: int
    not_held: int
    no_rule: int
    not_seen: int
    first_look: datetime | None
    last_look: datetime | None
    losses: tuple[str, ...]
    not_known: tuple[str, ...]
    said: tuple[str, ...]
    marks: tuple[tuple[datetime, ControlAnswer], ...]  # each look with its answer: for the page alone


# The columns, in their order.
NAMES = tuple(each.name for each in fields(SafeguardRow) if each.name != "marks")


def safeguard_rows(
    events: Iterable[Event], start: datetime, end: datetime, now: datetime
) -> tuple[SafeguardRow, ...]:
    """A row for each safeguard, by what was recorded until `now`; none where nothing was ever recorded."""
    every = [each for each in events if each.at <= now]
    looks, statements = looks_of(every), statements_of(every)
    until = min(end, now)
    if until <= start or not (looks or statements):
        return ()
    said = [each for each in statements if start <= each.at < end]
    return tuple(_row(each, timeline(each.code, looks, start, until), said) for each in SAFEGUARDS)


def exceptions(rows: Iterable[SafeguardRow]) -> tuple[SafeguardRow, ...]:
    """Those that were lost in a part of the period."""
    return tuple(row for row in rows if row.seen_to_hold is ControlAnswer.NO)


def doubts(rows: Iterable[SafeguardRow]) -> tuple[str, ...]:
    """The codes of those that a look can see here, and of which the looks do not say that they held throughout.

    What no look can see is none: it is unknown for ever, and the answer says so.
    """
    by_code = {row.code: row for row in rows}
    return tuple(
        each.code
        for each in SAFEGUARDS
        if each.branch and ((row := by_code.get(each.code)) is None or _is_in_doubt(each, row))
    )


def _is_in_doubt(safeguard: Safeguard, row: SafeguardRow) -> bool:
    elsewhere = safeguard.may_be_a_setting and 0 < row.looks == row.no_rule
    return row.seen_to_hold is ControlAnswer.UNKNOWN and not elsewhere


def figures(rows: Sequence[SafeguardRow]) -> Mapping[str, object]:
    """All of them counted by their answer, and the losses one by one."""
    answers = Counter(row.seen_to_hold for row in rows)
    return {
        "safeguards": len(rows),
        "looks": max((row.looks for row in rows), default=0),
        "seen_to_hold": answers[ControlAnswer.YES],
        "unknown": [row.code for row in rows if row.seen_to_hold is ControlAnswer.UNKNOWN],
        "in_doubt": list(doubts(rows)),
        "exceptions": [{"safeguard": row.code, "why": row.in_words} for row in exceptions(rows)],
    }


def in_short(rows: Sequence[SafeguardRow]) -> str:
    """The exceptions and doubts as the end of a sentence; empty if there are none."""
    counts = {"lost": len(exceptions(rows)), "not seen to hold throughout": len(doubts(rows))}
    said = ", ".join(f"{number:,} {word}" for word, number in counts.items() if number)
    return f"; of the safeguards of main and ledger: {said}" if said else ""


def protection_answer(rows: Sequence[SafeguardRow]) -> AuditAnswer:
    """The row of the first page. What no look sees is a caution; where nobody looked, or saw gaps, it is a doubt."""
    answers, doubtful = Counter(row.seen_to_hold for row in rows), len(doubts(rows))
    counts = [
        ("yes", answers[ControlAnswer.YES]),
        ("out of sight", max(0, answers[ControlAnswer.UNKNOWN] - doubtful)),
        ("unknown", doubtful),
        ("no", answers[ControlAnswer.NO]),
    ]
    looks = max((row.looks for row in rows), default=0)
    return AuditAnswer(
        name="protection",
        question="Was each safeguard of main and ledger seen to hold throughout?",
        answer=f"Of {many(len(rows), 'safeguard')}, on {many(looks, 'look')}: {in_words(counts)}."
        if rows
        else "The ledger holds no look, so nobody knows.",
        section="protection",
        files=(f"{TABLE}.csv", f"{TABLE}.json"),
        numbers={
            "safeguards": len(rows),
            "looks": looks,
            **{word.replace(" ", "_"): number for word, number in counts},
        },
        exceptions=len(exceptions(rows)),
        unknown=doubtful,
        caution=any(row.seen_to_hold is not ControlAnswer.YES for row in rows) or not rows,
    )


def protection_table(rows: Sequence[SafeguardRow]) -> PackTable:
    """The rows for the pack."""
    return PackTable(
        name=TABLE,
        about="Each safeguard of main and ledger on GitHub, and what the weekly looks saw of it. `seen_to_hold` is "
        '"no" of an exception, and "yes" only of what every look saw hold, without a gap. `said` is the word of admins, '
        "which changes no answer.",
        heads=NAMES,
        rows=cells_of(rows, NAMES),
    )


def _row(safeguard: Safeguard, found: Timeline, statements: Sequence[AdminStatement]) -> SafeguardRow:
    count = Counter(each.sight for each in found.looks)
    answer = ControlAnswer.UNKNOWN if found.gaps else ControlAnswer.YES
    return SafeguardRow(
        code=safeguard.code,
        safeguard=safeguard.title,
        seen_to_hold=ControlAnswer.NO if found.losses else answer,
        in_words=_in_words(safeguard, found),
        looks=len(found.looks),
        held=count[Sight.HELD],
        not_held=count[Sight.NOT_HELD],
        no_rule=count[Sight.NO_RULE],
        not_seen=count[Sight.NOT_SEEN],
        first_look=found.looks[0].at if found.looks else None,
        last_look=found.looks[-1].at if found.looks else None,
        losses=tuple(map(_loss, found.losses)),
        not_known=tuple(map(_gap, found.gaps)),
        said=tuple(_said(safeguard.code, statements)),
        marks=tuple((each.at, _mark(each)) for each in found.looks),
    )


def _in_words(safeguard: Safeguard, found: Timeline) -> str:
    if not safeguard.branch:
        return "out of sight of every look: GitHub does not show it to a job's token"
    number = len(found.looks)
    if not (number or found.losses or found.gaps):
        return "no look lies in this period, and those around it saw it hold"
    held = sum(each.sight is Sight.HELD for each in found.looks)
    parts = [f"seen to hold on {held:,} of {many(number, 'look')}"]
    parts += [_lost_in_words(each) for each in found.losses]
    begins = {each.since for each in found.losses}  # the time before a loss is said with it
    gaps = [_days(each.since, each.until) for each in found.gaps if each.until not in begins]
    parts += [f"nobody knows from {', from '.join(gaps)}"] if gaps else []
    rules = sum(each.sight is Sight.NO_RULE and not each.is_loss for each in found.looks)
    parts += [f"no ruleset asked for it on {rules:,}; what is out of sight may"] if rules else []
    return "; ".join(parts)


def _lost_in_words(loss: Loss) -> str:
    """It was lost at some time after the last look that saw it hold, and until the next such look at most."""
    seen = f"last seen to hold on {loss.after:%F}" if loss.after is not None else "never seen to hold before"
    if loss.until is None:
        return f"lost since {loss.since:%F} ({seen})"
    return f"lost from {_days(loss.since, loss.until)} at most ({seen})"


def _days(since: datetime, until: datetime) -> str:
    """In days; to the minute on one day."""
    same_day = since.date() == until.date()
    return f"{since:%F %H:%M} to {until:%H:%M}" if same_day else f"{since:%F} to {until:%F}"


def _loss(loss: Loss) -> str:
    """`from 2026-… to 2026-… at most, after 2026-…, on 2 looks`."""
    until = (
        f"to {timestamp.show(loss.until)} at most" if loss.until is not None else "and not seen to hold since"
    )
    after = (
        f", after {timestamp.show(loss.after)}" if loss.after is not None else ", never seen to hold before"
    )
    return f"from {timestamp.show(loss.since)} {until}{after}, on {many(loss.looks, 'look')}"


def _gap(gap: Gap) -> str:
    return f"from {timestamp.show(gap.since)} to {timestamp.show(gap.until)}"


def _mark(look: Mark) -> ControlAnswer:
    if look.is_loss:
        return ControlAnswer.NO
    return ControlAnswer.YES if look.sight is Sight.HELD else ControlAnswer.UNKNOWN


def _said(code: str, statements: Sequence[AdminStatement]) -> Iterable[str]:
    """The newest word of each admin, the newest of all first."""
    newest: dict[tuple[int | None, str], str] = {}
    for each in statements:
        if code in each.words:
            who = (each.github_id, each.by)
            newest.pop(who, None)
            newest[who] = (
                f"{each.by or 'nobody known'} on {timestamp.for_people(each.at)}: {_IN_WORDS[each.words[code]]}"
            )
    words = list(reversed(newest.values()))
    yield from words[:_SAID]
    if len(words) > _SAID:
        yield f"and {many(len(words) - _SAID, 'more admin')}"
