"""Is the list complete, and how was that tested? What was read for a report, and what the recorded verifications said."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.audit.history.findings import Severity
from jitbot.domain.audit.history.ledger_history import LedgerHistory
from jitbot.domain.audit.history.main_history import Merged
from jitbot.domain.audit.report.overview.answer import AuditAnswer
from jitbot.domain.audit.verify.completeness import undecided
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.model.merge_facts import ChangeKind
from jitbot.domain.text import timestamp
from jitbot.domain.text.amount import many


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """What was tested of the list of a period.

    `merged` counts the request files that main got or changed in the period; `due` of them may be decided yet, `missing` should
    have been. `attested` of the ledger's `commits` are signed as the work of this repository's workflows. `left_out` parts of
    the ledger were left out, `unchecked` ones could not be checked. `verified` counts the recorded verifications of the
    period, and `failed` those that found something.
    """

    merged: int
    due: int
    missing: int
    commits: int
    attested: int
    anchored: bool
    left_out: int
    unchecked: int
    verified: int
    failed: int
    last_verified: datetime | None

    @property
    def decided(self) -> int:
        """The merged request files of which a decision is recorded."""
        return self.merged - self.due - self.missing


def completeness_of(
    history: LedgerHistory,
    merges: Iterable[Merged],
    *,
    unread: Collection[str],
    start: datetime,
    end: datetime,
    now: datetime,
) -> Completeness:
    """What git and the ledger show of a period. `unread` are the parts of main that could not be read."""
    asked = [each for each in merges if _in_period(each, start, end, now)]
    found = [each.severity for each in undecided(asked, history, now)]
    severities = [each.severity for each in history.problems]
    verified = [event for event in history.events if _verifies(event, start, end)]
    return Completeness(
        merged=len(asked),
        due=found.count(Severity.NOTE),
        missing=found.count(Severity.BROKEN),
        commits=history.commits,
        attested=len(history.batches),
        anchored=history.anchored,
        left_out=sum(each is not Severity.UNCHECKED for each in severities),
        unchecked=severities.count(Severity.UNCHECKED) + len(unread),
        verified=len(verified),
        failed=sum(bool(event.cause) for event in verified),
        last_verified=max((event.at for event in verified), default=None),
    )


def _in_period(merged: Merged, start: datetime, end: datetime, now: datetime) -> bool:
    """By the commit's date. One ahead of us is in every period: a date is no excuse."""
    at = merged.change.committed_at
    return merged.change.kind is not ChangeKind.DELETED and (start <= at < end or at > now)


def _verifies(event: Event, start: datetime, end: datetime) -> bool:
    return event.kind is EventType.VERIFIED and start <= event.at < end


def completeness_answer(tested: Completeness | None) -> AuditAnswer:
    """The row of the first page; None, where nothing was tested, is unknown."""
    numbers = {}
    if tested is not None:
        names = ("merged", "decided", "due", "missing", "commits", "attested", "left_out", "unchecked", "verified", "failed")  # fmt: skip
        numbers = {name: int(getattr(tested, name)) for name in names}
    return AuditAnswer(
        name="completeness",
        question="Is the list complete, and how was that tested?",
        answer="It was not tested." if tested is None else " ".join(_tests(tested)),
        section="completeness",
        files=("verdicts.json",),
        numbers=numbers,
        exceptions=0 if tested is None else tested.missing,
        unknown=1 if tested is None else tested.unchecked + (not tested.anchored),
        caution=tested is not None and bool(tested.left_out or tested.failed or not tested.verified),
    )


def _tests(tested: Completeness) -> list[str]:
    merged = many(tested.merged, "request file")
    waits = f"; {tested.due:,} may be decided yet" if tested.due else ""
    lacking = f"; of {tested.missing:,} it is missing" if tested.missing else ""
    words = [
        f"{merged} came to main in the period; the decision is recorded of {tested.decided:,}{waits}{lacking}.",
        f"{tested.attested:,} of the ledger's {many(tested.commits, 'commit')} are signed as the work of its workflows.",
    ]
    if tested.left_out:
        words.append(f"{many(tested.left_out, 'part')} of the ledger left out.")
    if tested.unchecked:
        words.append(f"{many(tested.unchecked, 'part')} could not be checked.")
    if not tested.anchored:
        words.append("Nobody vouches for the keys that sign it.")
    if tested.last_verified is None:
        return [*words, "No verification by the audit workflow is recorded in the period."]
    failed = f"; {tested.failed:,} found something" if tested.failed else ", and found nothing wrong"
    when = timestamp.show(tested.last_verified)
    return [*words, f"The audit workflow verified the whole record {many(tested.verified, 'time')}, the last time at {when}{failed}."]  # fmt: skip
