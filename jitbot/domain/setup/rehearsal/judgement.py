"""Which assumptions held: from what GitHub, the ledger and this machine saw, one answer for each, with the reason.

An assumption fails only on what was seen; a look that came too late, or none, leaves it unseen.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from jitbot.domain.ledger.events import Event
from jitbot.domain.setup.rehearsal.assumption import ASSUMPTIONS, Assumption, RehearsalVerdict
from jitbot.domain.setup.rehearsal.notes import RehearsalNotes
from jitbot.domain.setup.rehearsal.record import RehearsalRecord
from jitbot.domain.text import timestamp

SOON = timedelta(minutes=10)  # a run that a merge starts has begun by then; the schedule's may take an hour
LAG = timedelta(seconds=1)  # AWS dates an answer when it sends it, in whole seconds, after it has decided
# So close to the end somebody must have looked, on both sides, to know its second.
NEAR = timedelta(seconds=5)
Judge = Callable[[Assumption, RehearsalRecord, RehearsalNotes], Assumption]


def judged(record: RehearsalRecord, notes: RehearsalNotes) -> tuple[Assumption, ...]:
    """Every assumption with its answer, in the order of the table."""
    return tuple(_JUDGES[each.code](each, record, notes) for each in ASSUMPTIONS)


def _signed(it: Assumption, _record: RehearsalRecord, notes: RehearsalNotes) -> Assumption:
    if notes.signed is None:
        return it.unseen("the commit was not looked at")
    return it.answer(notes.signed, "GitHub calls it verified" if notes.signed else "it is not verified")


def _counted(it: Assumption, record: RehearsalRecord, _notes: RehearsalNotes) -> Assumption:
    event = record.decided
    if event is None:
        return it.unseen("no decision is recorded")
    names = ", ".join(each.login for each in event.evidence.approvals) or "nobody"
    seen = f"{len(event.evidence.approvals)} of {event.evidence.approvals_required}: {names}"
    if record.approved is not None:
        return it.held(seen)
    codes = {each.code for each in event.evidence.reasons}
    if "not-enough-approvals" not in codes:
        return it.unseen(f"refused for another reason: {', '.join(sorted(codes))}")
    why = "; ".join(f"{each.login} {each.why}" for each in event.evidence.not_counted)
    return it.failed(f"{seen}; not counted: {why}") if why else it.unseen("nobody approved it")


def _started(it: Assumption, record: RehearsalRecord, notes: RehearsalNotes) -> Assumption:
    answer = _soon(it, record, record.decided)
    if answer.verdict is not RehearsalVerdict.HELD:
        return answer
    if not notes.trigger:
        return it.unseen(f"{answer.observed}; GitHub did not show what started that run")
    return it.answer(notes.trigger == "push", f"{answer.observed}, which a {notes.trigger} started")


def _live(it: Assumption, record: RehearsalRecord, _notes: RehearsalNotes) -> Assumption:
    return _soon(it, record, record.granted)


def _soon(it: Assumption, record: RehearsalRecord, event: Event | None) -> Assumption:
    merged_at = record.pull.merged_at
    if event is None or merged_at is None:
        return it.unseen("nothing of it is recorded")
    took = event.at - merged_at
    by = f", by {event.run}" if event.run else ""
    return it.answer(took <= SOON, f"{_seconds(took)} after the merge{by}")


def _pushes(it: Assumption, record: RehearsalRecord, _notes: RehearsalNotes) -> Assumption:
    event = record.approved
    if event is None or "facts" not in event.evidence.json:
        return it.unseen("no decision is recorded")
    known = not event.evidence.lacks_pushes
    return it.answer(known, "GitHub named who pushed" if known else "GitHub did not say who pushed")


def _pushes_kept(it: Assumption, _record: RehearsalRecord, notes: RehearsalNotes) -> Assumption:
    if not notes.moves:
        return it.unseen("nobody asked for them after the branch was removed")
    return it.answer(notes.moves.startswith("branch_creation"), notes.moves)


def _attested(it: Assumption, record: RehearsalRecord, _notes: RehearsalNotes) -> Assumption:
    kinds = [str(each.kind) for each in record.events]
    if record.removed is not None:
        return it.held(", ".join(dict.fromkeys(kinds)))
    if not kinds and record.pull.merged_at is not None and record.ignored:
        return it.failed(record.ignored)
    return it.unseen(f"so far: {', '.join(dict.fromkeys(kinds)) or 'nothing'}")


def _dispatched(it: Assumption, _record: RehearsalRecord, notes: RehearsalNotes) -> Assumption:
    if not notes.sweep_ref:
        return it.unseen("no workflow was started from here")
    return it.answer(
        notes.sweep_ref.startswith("refs/heads/"), f"GitHub started sweep.yml by {notes.sweep_ref}"
    )


def _branch(it: Assumption, _record: RehearsalRecord, notes: RehearsalNotes) -> Assumption:
    if notes.branch_gone is None:
        return it.unseen("it was not looked at")
    return it.answer(notes.branch_gone, notes.branch)


def _entered(it: Assumption, _record: RehearsalRecord, notes: RehearsalNotes) -> Assumption:
    if notes.entered_at is None:
        refused = notes.entry_refusal
        return it.failed(refused) if refused else it.unseen("nobody tried while it was live")
    if notes.is_principal:
        return it.held(f"as {notes.entered_as}, at {timestamp.show(notes.entered_at)}")
    return it.failed(f"AWS let {notes.entered_as} in, which is not the principal that is recorded")


def _allowed(it: Assumption, _record: RehearsalRecord, notes: RehearsalNotes) -> Assumption:
    if notes.allowed_from is not None:
        return it.held(f"from {timestamp.show(notes.allowed_from)} on")
    return it.failed(notes.read_refusal) if notes.read_refusal else it.unseen("nobody tried")


def _only_granted(it: Assumption, _record: RehearsalRecord, notes: RehearsalNotes) -> Assumption:
    if notes.other_allowed is None:
        return it.unseen("nobody tried")
    return it.answer(not notes.other_allowed, notes.other_answer)


def _end(it: Assumption, record: RehearsalRecord, notes: RehearsalNotes) -> Assumption:
    over, last, first = record.expires_at, notes.last_allowed, notes.first_refused
    if over is None or last is None:
        return it.unseen("nobody saw the read allowed")
    until = f"the end is {timestamp.show(over)}; allowed until {timestamp.show(last)}"
    seen = f"{until}, refused from {timestamp.show(first)}" if first is not None else until
    if last > over + LAG:
        return it.failed(f"{_seconds(last - over)} late: {seen}")
    if record.cut_short:
        return it.unseen(f"it ended early: {record.cut_short}")
    if first is None:
        return it.unseen(f"no call after the end: {seen}")
    if first < over:
        return it.failed(f"{_seconds(over - first)} early: {seen}")
    if over - last > NEAR or first - over > NEAR:
        return it.unseen(f"nobody looked in the seconds around it: {seen}")
    return it.held(seen)


def _over(it: Assumption, record: RehearsalRecord, notes: RehearsalNotes) -> Assumption:
    over, again, last = record.expires_at, notes.still_refused, notes.last_allowed
    if over is not None and last is not None and last > over + LAG:
        return it.failed(f"it was allowed at {timestamp.show(last)}")
    if record.over_at is None or again is None:
        return it.unseen("nobody looked with such a session")
    return it.held(f"refused at {timestamp.show(again)}, {_seconds(again - record.over_at)} after the end")


def _no_entry(it: Assumption, _record: RehearsalRecord, notes: RehearsalNotes) -> Assumption:
    if notes.entered_after is None:
        return it.unseen("nobody tried")
    return it.answer(not notes.entered_after, notes.entry_after)


def _confirmed(it: Assumption, record: RehearsalRecord, _notes: RehearsalNotes) -> Assumption:
    event, over = record.confirmed, record.expires_at
    if event is None or over is None:
        early = record.early
        return it.unseen(f"it ended otherwise: {early.why}" if early is not None else "no sweep has seen it")
    seen = event.evidence.seen
    return it.answer(seen == "as recorded", f"{_seconds(event.at - over)} after the end: {seen}")


def _removed(it: Assumption, record: RehearsalRecord, _notes: RehearsalNotes) -> Assumption:
    event, due = record.removed, record.removable_at
    if event is None or due is None:
        return it.unseen("it is not removed yet")
    gone = "read back as gone" if event.evidence.verified_absent else "not read back"
    return it.answer(event.evidence.verified_absent, f"{_seconds(event.at - due)} after it could be: {gone}")


def _seconds(length: timedelta) -> str:
    """A length in words: `40 s`, `3 min 5 s`."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


_JUDGES: Mapping[str, Judge] = {
    "signed": _signed,
    "counted": _counted,
    "started": _started,
    "live": _live,
    "pushes": _pushes,
    "pushes-kept": _pushes_kept,
    "attested": _attested,
    "dispatched": _dispatched,
    "branch": _branch,
    "entered": _entered,
    "allowed": _allowed,
    "only-granted": _only_granted,
    "end": _end,
    "over": _over,
    "no-entry": _no_entry,
    "confirmed": _confirmed,
    "removed": _removed,
}
