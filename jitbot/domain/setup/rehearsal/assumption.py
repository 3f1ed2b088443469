"""One assumption about GitHub or AWS, and whether a rehearsal saw it hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from jitbot.domain.model.exit_code import ExitCode


class RehearsalVerdict(StrEnum):
    """What a rehearsal saw of an assumption. What it did not see counts for nothing."""

    HELD = "held"
    FAILED = "did not hold"
    UNSEEN = "not seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """One thing that jitbot takes for granted. `code` is stable kebab-case, `title` a sentence for people.

    `line` is the open question in `.github/docs/unproven.md` that a rehearsal answers, word for word. `observed` is
    what was seen, or why nothing was.
    """

    code: str
    group: str
    title: str
    line: str
    verdict: RehearsalVerdict = RehearsalVerdict.UNSEEN
    observed: str = ""

    def held(self, observed: str) -> "Assumption":
        """It was seen to be so."""
        return replace(self, verdict=RehearsalVerdict.HELD, observed=observed)

    def failed(self, observed: str) -> "Assumption":
        """It was seen to be otherwise."""
        return replace(self, verdict=RehearsalVerdict.FAILED, observed=observed)

    def unseen(self, why: str) -> "Assumption":
        """Nothing was seen that decides it."""
        return replace(self, verdict=RehearsalVerdict.UNSEEN, observed=why)

    def answer(self, holds: bool, observed: str) -> "Assumption":
        """Held, or not; `observed` is what was seen in either case."""
        return self.held(observed) if holds else self.failed(observed)


_SIGNED = (
    "Does GitHub sign what `createCommitOnBranch` makes with a person's token? Others measured that it does."
)
_COUNTED = "Does an approval that a second person gives on GitHub's website count?"
_STARTED = "Does a merge start `grant.yml` by itself, and how soon is the access live?"
_PUSHES = (
    "Which right does a job need to read who pushed a branch (`GET /repos/{owner}/{repo}/activity`)? "
    "Does it list a deleted branch, and the oldest move first?"
)
_ATTESTED = "Do the tokens of GitHub's own issuer attest what a job records?"
_DISPATCHED = "Can a workflow be started by a branch's whole name, `refs/heads/main`?"
_BRANCH = "Does the branch of a merged request go away?"
_ENTERED = "Does AWS let the recorded principal enter a role, and only in its window?"
_ALLOWED = "Does AWS allow what a grant says, and refuse everything else?"
_END = "Does a session end in the very second of the guard?"
_REMOVED = "Does a sweep confirm the end, and remove the role?"

_GITHUB = (
    ("signed", "GitHub signs the commit that asks", _SIGNED),
    ("counted", "a second person's approval counts", _COUNTED),
    ("started", "the merge starts a run of grant.yml", _STARTED),
    ("live", "the access is live soon after the merge", _STARTED),
    ("pushes", "a job can read who pushed the branch", _PUSHES),
    ("pushes-kept", "GitHub lists the moves of a removed branch, the oldest first", _PUSHES),
    ("attested", "the ledger holds every step, attested by GitHub's issuer", _ATTESTED),
    ("dispatched", "a workflow starts by the branch's whole name", _DISPATCHED),
    ("branch", "the branch is removed", _BRANCH),
)
_AWS = (
    ("entered", "you enter the role, as the principal that is recorded", _ENTERED),
    ("allowed", "the granted read works in the window", _ALLOWED),
    ("only-granted", "a read that was not granted is refused", _ALLOWED),
    ("end", "AWS refuses from the recorded second on", _END),
    ("over", "the session that was opened before the end stays refused", _END),
    ("no-entry", "after the end nobody enters", _ENTERED),
    ("confirmed", "a sweep confirms the end", _REMOVED),
    ("removed", "a sweep removes the role", _REMOVED),
)
ASSUMPTIONS = tuple(
    Assumption(code=code, group=group, title=title, line=line)
    for group, rows in (("GitHub", _GITHUB), ("AWS", _AWS))
    for code, title, line in rows
)


def exit_code(assumptions: Iterable[Assumption]) -> ExitCode:
    """1 where one did not hold, 3 where one was not seen, 0 otherwise; none at all is not seen."""
    verdicts = {each.verdict for each in assumptions}
    if RehearsalVerdict.FAILED in verdicts:
        return ExitCode.REFUSED
    return ExitCode.UNSURE if RehearsalVerdict.UNSEEN in verdicts or not verdicts else ExitCode.DONE


def as_json(assumptions: Sequence[Assumption]) -> list[dict[str, str]]:
    """All of them for machines, in the order in which they are shown."""
    keys = ("code", "group", "title", "verdict", "observed", "line")
    return [{key: str(getattr(each, key)) for key in keys} for each in assumptions]
