"""A rehearsal as GitHub and the ledger know it: its pull request, its attested events, and so where it is."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from jitbot.domain.aws import iam
from jitbot.domain.ledger.events import GIVES, EndReason, Event, EventType
from jitbot.domain.model.merge_facts import PullRequest


class RehearsalStep(StrEnum):
    """Where a rehearsal is. What is next follows from this alone, so it can be resumed anywhere."""

    ASKED = "asked"
    CLOSED = "closed"  # not merged: final
    MERGED = "merged"  # and not decided yet
    REFUSED = "refused"  # final
    APPROVED = "approved"  # and not granted yet
    LIVE = "live"
    OVER = "over"  # by the clock; no sweep has seen it yet
    ENDED = "ended early"
    CONFIRMED = "confirmed"  # the end is recorded; the role stays for one session length
    REMOVABLE = "removable"  # that is over too, and a sweep removes the role
    REMOVED = "removed"  # final


FINAL_STEPS = frozenset({RehearsalStep.CLOSED, RehearsalStep.REFUSED, RehearsalStep.REMOVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalRecord:
    """The pull request of a rehearsal, and the events of its request that are attested, oldest first."""

    request: str
    pull: PullRequest
    events: tuple[Event, ...] = ()
    ignored: str = ""  # why a commit of the ledger does not count, if there is one

    def step(self, now: datetime) -> RehearsalStep:
        """Where it is at a moment."""
        if self.pull.merged_at is None:
            return RehearsalStep.ASKED if self.pull.is_open else RehearsalStep.CLOSED
        over = self.expires_at
        if over is None:
            return RehearsalStep.MERGED if self.refused is None else RehearsalStep.REFUSED
        if self.removed is not None:
            return RehearsalStep.REMOVED
        ended = self.confirmed is not None or self.early is not None
        if ended and now >= over + iam.SESSION:
            return RehearsalStep.REMOVABLE
        if self.early is not None:
            return RehearsalStep.ENDED
        if self.confirmed is not None:
            return RehearsalStep.CONFIRMED
        if now >= over:
            return RehearsalStep.OVER
        return RehearsalStep.APPROVED if self.granted is None else RehearsalStep.LIVE

    @property
    def approved(self) -> Event | None:
        """The decision that gives it."""
        return self._first(*GIVES)

    @property
    def refused(self) -> Event | None:
        """The decision that refuses it."""
        return self._first(EventType.REFUSED)

    @property
    def decided(self) -> Event | None:
        """The decision, whichever it is."""
        return self.approved or self.refused

    @property
    def run(self) -> int | None:
        """The number of the run that decided; None where none is recorded."""
        found = (
            re.search(r"/actions/runs/([0-9]{1,18})/", self.decided.run) if self.decided is not None else None
        )
        return int(found[1]) if found is not None else None

    @property
    def granted(self) -> Event | None:
        """The role, made and read back."""
        return self._first(EventType.GRANTED)

    @property
    def early(self) -> Event | None:
        """The end before its time; before a sweep has carried it out, the revocation that asks for it."""
        ended = [each for each in self.events if each.kind is EventType.ENDED]
        early = next((each for each in ended if each.why is not EndReason.EXPIRED), None)
        return early or self.revoked

    @property
    def revoked(self) -> Event | None:
        """Who ended it by hand, and why."""
        return self._first(EventType.REVOKED)

    @property
    def failures(self) -> tuple[str, ...]:
        """What AWS or GitHub refused to a run, each once."""
        return tuple(dict.fromkeys(each.cause for each in self.events if each.kind is EventType.FAILED))

    @property
    def confirmed(self) -> Event | None:
        """The sweep's record that it expired."""
        return next((each for each in self.events if each.why is EndReason.EXPIRED), None)

    @property
    def removed(self) -> Event | None:
        """The role, gone and read back."""
        return self._first(EventType.REMOVED)

    @property
    def expires_at(self) -> datetime | None:
        """The second from which AWS must refuse; None before it was approved."""
        approved = self.approved
        return None if approved is None or approved.window is None else approved.window.expires_at

    @property
    def over_at(self) -> datetime | None:
        """When access is, or was, over: at the recorded end, or at an early one."""
        return self.expires_at if self.early is None else _effective(self.early)

    @property
    def cut_short(self) -> str:
        """Why it was over before the recorded end, so that nobody sees AWS refuse at that second; empty if it was not."""
        early, recorded = self.early, self.expires_at
        if early is None or recorded is None or _effective(early) >= recorded:
            return ""
        return str(early.why)

    @property
    def removable_at(self) -> datetime | None:
        """When the last session that could have been opened is over."""
        return None if self.expires_at is None else self.expires_at + iam.SESSION

    def _first(self, *kinds: EventType) -> Event | None:
        return next((each for each in self.events if each.kind in kinds), None)


def _effective(early: Event) -> datetime:
    """From when an early end holds."""
    return early.evidence.effective_at or early.at
