"""Was the ledger only ever added to? What a commit of its branch did that no batch of ours does."""

from collections.abc import Iterator
from datetime import datetime

from jitbot.domain import moments
from jitbot.domain.attestation import CLOCK_SKEW, KEYS, TOKENS
from jitbot.domain.audit.problems import Problem, Weight
from jitbot.domain.events import FOLDER
from jitbot.domain.model import Sha
from jitbot.domain.ports.archive import Step

_NO_EFFECT = "it has no effect on what counts; find out who pushed it: `git show --stat {commit}`"


def ours(path: str) -> bool:
    """Whether a path of the ledger's branch is one that batches are made of."""
    return path.startswith((FOLDER, TOKENS, KEYS))


def problems(step: Step, objection: str | None) -> Iterator[Problem]:
    """What is wrong with one commit of the branch; `objection` is why it counts for nothing, None if it counts."""
    if not step.whole:
        yield _told(step, "too-large", "it changes more paths than anybody reads", "")
        return
    kept = [each for each in step.touched if ours(each.path)]
    gone = [each.path for each in kept if each.status == "D"]
    edited = [each.path for each in kept if each.status in "MT"]
    if gone:
        yield _told(step, "event-deleted", f"it deletes {_named(gone)}", gone[0])
    if edited:
        yield _told(step, "event-edited", f"it changes {_named(edited)}", edited[0])
    if objection is not None and not gone and not edited and (step.parents or kept):
        first = next((each.path for each in kept if each.path.startswith(FOLDER)), "")
        yield _told(step, "unattested", f"what it adds is no record: {objection}", first)


def redated(step: Step, issued_at: datetime) -> Iterator[Problem]:
    """A batch whose commit bears another date than its token: it would hide from whoever reads by date."""
    if abs(step.at - issued_at) > CLOCK_SKEW:
        when, said = moments.show(issued_at), moments.show(step.at)
        yield _told(step, "back-dated", f"it was attested at {when}, and its commit is dated {said}", "")


def unreadable(step: Step, path: str, why: str) -> Problem:
    """An attested event that this jitbot cannot read."""
    return Problem(
        code="unreadable",
        weight=Weight.UNCHECKED,
        message=f"commit {step.commit[:10]} of the ledger is ours, and an event of it cannot be read: {why}",
        hint="a newer jitbot wrote it, or it is too large: verify with that one, or look at it with `git show`",
        event=path,
        commit=step.commit,
    )


def rewritten(expected: Sha, head: Sha, where: str) -> Problem:
    """The ledger no longer holds a commit that it held."""
    return Problem(
        code="history-rewritten",
        weight=Weight.BROKEN,
        message=f"the ledger at {head[:10]} does not hold {expected[:10]}, {where}",
        hint="its history was rewritten or cut short: compare with a clone that has the older one, and restore it",
        commit=expected,
    )


def _told(step: Step, code: str, what: str, event: str) -> Problem:
    return Problem(
        code=code,
        weight=Weight.BROKEN,
        message=f"commit {step.commit[:10]} of the ledger: {what}",
        hint=_NO_EFFECT.format(commit=step.commit[:10]),
        event=event,
        commit=step.commit,
    )


def _named(paths: list[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
