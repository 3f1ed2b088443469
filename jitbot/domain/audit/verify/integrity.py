"""Was the ledger only ever added to? Changes by commits of its branch that jitbot's own batches never make."""

from collections.abc import Iterator
from datetime import datetime

from jitbot.domain.audit.history.findings import AuditFinding, Severity, Subject
from jitbot.domain.ledger.attestation import CLOCK_SKEW
from jitbot.domain.ledger.batches import Unreadable, folders_of, is_ours
from jitbot.domain.ledger.events import FOLDER
from jitbot.domain.ledger.git_history import HistoryStep
from jitbot.domain.model.documents import Sha
from jitbot.domain.text import timestamp

_OF_BATCHES = (".json", ".jwt")
# The whole name: who pushed it may also push a tag that is called as the short one, and git takes that first.
_NO_EFFECT = "it has no effect on what counts; find out who pushed it: `git show --stat {commit}`"


def problems(step: HistoryStep, objection: str | None) -> Iterator[AuditFinding]:
    """What is wrong with one commit of the branch; `objection` is why it counts for nothing, None if it counts."""
    if not step.whole:
        yield _finding(step, "too-large", "it changes more paths than anybody reads", "")
        return
    kept = [each for each in step.touched if is_ours(each.path)]
    gone = [each.path for each in kept if each.status == "D"]
    if gone and objection is None:
        cleared = _cleared(step)
        gone = [path for path in gone if path not in cleared]
    edited = [each.path for each in kept if each.status in "MT"]
    if gone:
        yield _finding(step, "event-deleted", f"it deletes {_named(gone)}", gone[0])
    if edited:
        yield _finding(step, "event-edited", f"it changes {_named(edited)}", edited[0])
    if objection is not None and not gone and not edited and (step.parents or kept):
        first = next((each.path for each in kept if each.path.startswith(FOLDER)), "")
        yield _finding(step, "unattested", f"what it adds is no record: {objection}", first)


def redated(step: HistoryStep, issued_at: datetime) -> Iterator[AuditFinding]:
    """A batch whose commit date differs from its token's: it would be hidden from a reader that selects by date."""
    if abs(step.at - issued_at) > CLOCK_SKEW:
        when, said = timestamp.show(issued_at), timestamp.show(step.at)
        yield _finding(step, "back-dated", f"it was attested at {when}, and its commit is dated {said}", "")


def unreadable(found: Unreadable) -> Iterator[AuditFinding]:
    """Attested events that this version of jitbot cannot read. Only what they may be about is in doubt."""
    for request in sorted(found.requests) or [""]:
        about = f", and may be about {request}" if request else ""
        subject = Subject(event=found.path, commit=found.commit, request=request)
        yield subject.problem(
            "unreadable",
            f"commit {found.commit[:10]} of the ledger holds an attested event that cannot be read{about}: {found.why}",
            "if a newer jitbot wrote it, verify with that one; otherwise look at the event: `git show` of that commit",
            Severity.UNCHECKED,
        )


def rewritten(expected: Sha, head: Sha, where: str) -> AuditFinding:
    """The ledger no longer holds a commit that it held."""
    return Subject(commit=expected).problem(
        "history-rewritten",
        f"the ledger at {head[:10]} does not hold {expected[:10]}, {where}",
        "its history was rewritten or cut short: compare with a clone that has the older one, and restore it",
    )


def main_rewritten(expected: Sha, main: Sha) -> AuditFinding:
    """main's first-parent line no longer has a commit that it had: a deletion or a change of people may be gone with it."""
    return Subject(commit=expected).problem(
        "main-rewritten",
        f"main at {main[:10]} does not have {expected[:10]}, up to which a recorded verification looked",
        "its history was rewritten or cut short, and what it asked to end may be missing: compare with an older clone",
    )


def _cleared(step: HistoryStep) -> frozenset[str]:
    """The files that were in the place of a folder that this commit needs. They were no files of a batch."""
    folders = folders_of(each.path for each in step.touched if each.status == "A")
    return frozenset(path for path in folders if not path.endswith(_OF_BATCHES))


def _finding(step: HistoryStep, code: str, what: str, event: str) -> AuditFinding:
    subject = Subject(name=f"commit {step.commit[:10]} of the ledger", event=event, commit=step.commit)
    return subject.problem(code, what, _NO_EFFECT.format(commit=step.commit))


def _named(paths: list[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
