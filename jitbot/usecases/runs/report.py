"""What a run did, as a value: for people to read, for machines as JSON, and for the exit code."""

from collections.abc import Mapping
from dataclasses import dataclass

from jitbot.domain.access import too_large
from jitbot.domain.access.approval import Verdict
from jitbot.domain.access.too_large import TooLarge
from jitbot.domain.enforce.changes import Change, word_of
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.model.documents import Finding
from jitbot.domain.model.exit_code import ExitCode
from jitbot.usecases.apply.apply import Failure
from jitbot.usecases.decide.deciding import Decided

# Ends that mean somebody changed AWS by hand: they fail the run.
_ALARMS = (
    EndReason.ORPHAN,
    EndReason.DRIFT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything one run of grant, sweep or revoke did, or with a dry run would do."""

    decided: tuple[Decided, ...] = ()
    refused: tuple[TooLarge, ...] = ()  # commits of main that are refused as a whole
    planned: tuple[Change, ...] = ()
    recorded: tuple[Event, ...] = ()
    failures: tuple[Failure, ...] = ()
    warnings: tuple[Finding, ...] = ()
    alarms: tuple[Finding, ...] = ()  # what somebody must see to: they fail the run
    doubt: str = ""
    dry: bool = False
    may_have_to_end: bool = True  # whether a sweep may have an early end to make

    @property
    def exit_code(self) -> ExitCode:
        """3 where something is left undone or was tampered with, else 1 where something was refused, else 0."""
        undecided = any(each.decision.verdict is Verdict.UNDECIDED for each in self.decided)
        alarm = any(event.kind is EventType.ENDED and event.why in _ALARMS for event in self.recorded)
        if undecided or alarm or self.alarms or self.failures or self.doubt:
            return ExitCode.UNSURE
        refused = self.refused or any(each.decision.verdict is Verdict.REFUSED for each in self.decided)
        return ExitCode.REFUSED if refused else ExitCode.DONE

    @property
    def idle(self) -> bool:
        """Whether there was nothing to do at all."""
        done = (self.decided, self.refused, self.planned, self.recorded, self.failures, self.alarms)
        return not any(done)

    def as_json(self) -> Mapping[str, object]:
        """The report for machines; the words are those of the ledger."""
        return {
            "exit_code": self.exit_code,
            "dry_run": self.dry,
            "decisions": [_decided(each) for each in self.decided],
            "planned": [_change(each) for each in self.planned],
            "recorded": [
                {"event": event.kind, "request": event.request, "path": event.path} for event in self.recorded
            ],
            "failures": [{"account_id": each.account_id, "message": each.message} for each in self.failures],
            "warnings": [each.as_json() for each in (*self.warnings, *map(too_large.finding, self.refused))],
            "alarms": [each.as_json() for each in self.alarms],
            "doubt": self.doubt,
        }


def _decided(each: Decided) -> Mapping[str, object]:
    return {
        "request": each.change.path,
        "commit": each.change.commit,
        "verdict": each.decision.verdict,
        "reasons": [finding.as_json() for finding in each.decision.reasons],
    }


def _change(each: Change) -> Mapping[str, object]:
    return {
        "change": word_of(each),
        "request": each.request,
        "account": each.account,
        "account_id": each.account_id,
        "role_name": each.role_name,
    }
