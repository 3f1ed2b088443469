"""Is what the ledger says of the protection of main and ledger possible, and said by who may say it?

What GitHub answered cannot be asked again. So each event is held against itself and against its own token.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from jitbot.domain.audit.history.findings import AuditFinding, Severity, Subject
from jitbot.domain.audit.history.ledger_history import RecordedEvent
from jitbot.domain.audit.protection.looks import Sight, possible
from jitbot.domain.audit.protection.safeguards import BY_CODE
from jitbot.domain.audit.protection.timeline import MOST_APART
from jitbot.domain.ledger.events import PROTECTION, Event, EventType
from jitbot.domain.model.bounds import cut
from jitbot.domain.setup.doctor.report import CheckVerdict
from jitbot.domain.text import timestamp

WORKFLOW = "audit.yml"
_LOOK = "find out which run recorded it; GitHub's audit log shows what the rules were then"

_UNKNOWN, _NEWER = "protection-unknown", "verify with the release that main's workflows pin"


def problems(recorded: Sequence[RecordedEvent], now: datetime) -> Iterator[AuditFinding]:
    """Everything wrong with the looks and with what admins said. A ledger without them has nothing wrong."""
    for each in recorded:
        if each.event.kind in PROTECTION:
            for code, message in _of(each):
                unknown = code == _UNKNOWN
                severity = Severity.UNCHECKED if unknown else Severity.BROKEN
                yield each.subject.problem(code, message, _NEWER if unknown else _LOOK, severity)
    looks = [each.event.at for each in recorded if each.event.kind is EventType.PROTECTION_SEEN]
    if looks and now - max(looks) > MOST_APART:
        yield Subject(name="the protection of main and ledger").problem(
            "protection-not-looked-at",
            f"the last look was at {timestamp.show(max(looks))}",
            "see the runs of audit.yml: one looks every week",
            Severity.NOTE,
        )


def _of(recorded: RecordedEvent) -> Iterator[tuple[str, str]]:
    if not recorded.is_by(WORKFLOW):
        yield "protection-by-another-workflow", "it was recorded by another workflow than audit.yml"
    if recorded.event.kind is EventType.PROTECTION_SAID:
        yield from _person(recorded)
    yield from _words(recorded.event)


def _person(recorded: RecordedEvent) -> Iterator[tuple[str, str]]:
    """A statement is of the person who started the run, as GitHub's token names that account."""
    evidence, actor = recorded.event.evidence, recorded.batch.actor_id
    if not evidence.by or evidence.github_id is None or actor != str(evidence.github_id):
        said = f"it names {evidence.by or 'nobody'} with the GitHub id {evidence.github_id}"
        yield "protection-by-another", f"{said}, and its run was started by {actor or 'nobody known'}"


def _words(event: Event) -> Iterator[tuple[str, str]]:
    words = event.evidence.safeguards
    if not words:
        yield "protection-implausible", "it answers nothing"
        return
    is_look = event.kind is EventType.PROTECTION_SEEN
    known = {str(each) for each in (Sight if is_look else CheckVerdict)}
    for code, word in sorted(words.items()):
        if code not in BY_CODE or word not in known:
            yield _UNKNOWN, f'this jitbot does not know what "{cut(word, 40)}" of {cut(code, 40)} means'
        elif is_look and word not in possible(code):
            yield "protection-implausible", f'a run saw "{word}" of {code}, which no run can see'
