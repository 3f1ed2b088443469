"""What a rehearsal saw from the machine it runs on, and neither GitHub nor the ledger keeps: noted, to be resumed."""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from jitbot.domain.text.json_codec import FLAG, MOMENT, TEXT, or_none, record


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutcome:
    """How AWS answered one call, and when, by its own clock. `refusal` is what it said, empty if it allowed it."""

    at: datetime
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalNotes:
    """What was seen so far of one rehearsal. No credentials are in it.

    An empty text, and None, mean that it was not seen.
    """

    request: str
    signed: bool | None = None  # whether GitHub signed the commit that asks
    branch: str = ""  # what became of it
    branch_gone: bool | None = None
    moves: str = ""  # what GitHub calls the moves of the branch, once it is gone, in the order of its list
    trigger: str = ""  # the event that started the run which decided, as GitHub names it
    sweep_ref: str = ""  # the name of main by which GitHub started sweep.yml
    entered_at: datetime | None = None
    entered_as: str = ""  # the ARN that AWS knows the person by
    is_principal: bool | None = None  # whether that is the principal that the ledger records
    entry_refusal: str = ""  # what AWS last said, before it let the person in
    allowed_from: datetime | None = None
    last_allowed: datetime | None = None
    first_refused: datetime | None = None  # after the last call that was allowed
    read_refusal: str = ""
    other_allowed: bool | None = None
    other_answer: str = ""
    still_refused: datetime | None = None  # the same session, looked at again after its end
    entry_after: str = ""  # what AWS said to somebody who wanted to enter after the end
    entered_after: bool | None = None

    def read(self, outcome: CallOutcome) -> "RehearsalNotes":
        """The notes with one more answer to the granted read. IAM may refuse at first: only what comes last counts."""
        if outcome.refusal:
            first = self.first_refused or outcome.at
            return replace(self, first_refused=first, read_refusal=outcome.refusal)
        return replace(
            self,
            allowed_from=self.allowed_from or outcome.at,
            last_allowed=outcome.at,
            first_refused=None,
            still_refused=None,
            read_refusal="",
        )


_CODEC = record(
    RehearsalNotes,
    request=TEXT,
    signed=or_none(FLAG),
    branch=TEXT,
    branch_gone=or_none(FLAG),
    moves=TEXT,
    trigger=TEXT,
    sweep_ref=TEXT,
    entered_at=or_none(MOMENT),
    entered_as=TEXT,
    is_principal=or_none(FLAG),
    entry_refusal=TEXT,
    allowed_from=or_none(MOMENT),
    last_allowed=or_none(MOMENT),
    first_refused=or_none(MOMENT),
    read_refusal=TEXT,
    other_allowed=or_none(FLAG),
    other_answer=TEXT,
    still_refused=or_none(MOMENT),
    entry_after=TEXT,
    entered_after=or_none(FLAG),
)


def dump(notes: RehearsalNotes) -> bytes:
    """The notes as JSON."""
    return (json.dumps(_CODEC.dump(notes), indent=1) + "\n").encode()


def load(content: bytes) -> RehearsalNotes:
    """The reverse of `dump`. Raises ValueError for anything else."""
    try:
        return _CODEC.load(json.loads(content))
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error
