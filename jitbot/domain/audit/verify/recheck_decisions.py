"""Decides again: from the bytes, from the rules at the commits, and from what the forge told. Never from the verdict."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from jitbot import __version__
from jitbot.domain.access import request_state
from jitbot.domain.access.approval import Decision, Verdict, decide
from jitbot.domain.audit.verify.findings import AuditFinding, Severity
from jitbot.domain.audit.verify.ledger_history import RecordedEvent
from jitbot.domain.audit.verify.main_history import Merged
from jitbot.domain.aws import iam
from jitbot.domain.evidence import case_json
from jitbot.domain.evidence.case_json import Facts
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.model import duration, timestamp
from jitbot.domain.model.documents import Parsed, Request, Sha
from jitbot.domain.model.merge_facts import Case, ChangeKind, Merge, Rules

MEMORY = timedelta(days=21)  # as far back as a run looks
GIVES = (EventType.APPROVED, EventType.EXTENDED)
DECIDES = (*GIVES, EventType.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckInputs:
    """What git holds of one decision. `head_rules` is None where the blobs behind them are not all here."""

    merged: Merged
    request: Parsed[Request] | None
    rules: Rules
    head_rules: Rules | None
    facts: Facts | None  # as `facts_of` reads them from the event


def facts_of(event: Event) -> Facts | None:
    """What the forge told, from the event's evidence. None if it is not there, or not whole."""
    try:
        return case_json.load(event.evidence.get("facts"))
    except ValueError:
        return None


def life_before(
    decision: RecordedEvent, others: Iterable[RecordedEvent], orders: Mapping[tuple[str, Sha], int]
) -> request_state.RequestState:
    """What the ledger said of the request when this was decided.

    In one batch, decisions were made in the order in which main had their commits.
    """
    event, mine = decision.event, orders.get((decision.event.request, decision.event.commit), -1)
    earlier = [
        each.event
        for each in others
        if each.event.at >= event.at - MEMORY
        and (
            each.batch.order < decision.batch.order
            or (
                each.batch.order == decision.batch.order
                and orders.get((each.event.request, each.event.commit), mine) < mine
            )
        )
    ]
    return request_state.fold_events(earlier).get(
        event.request, request_state.RequestState(request=event.request)
    )


def case_of(event: Event, parsed_case: RecheckInputs, told: Facts) -> Case:
    """The case as the run met it, from git's bytes and the attested facts."""
    merged, since = parsed_case.merged, event.at - MEMORY
    return Case(
        change=merged.change,
        request=parsed_case.request,
        rules=parsed_case.rules,
        touched=merged.touched,
        earlier=any(moment >= since for moment in merged.before),
        clashes=merged.clashes,
        listed=told.listed,
        default_branch=told.default_branch,
        merge=_merge(told, parsed_case),
    )


def problems(
    decision: RecordedEvent, parsed_case: RecheckInputs | None, so_far: request_state.RequestState
) -> Iterator[AuditFinding]:
    """Everything wrong with one decision, given what git holds of it (None: main has no such change)."""
    event, tell = decision.event, _Teller(decision)
    if parsed_case is None:
        if event.kind in GIVES:
            yield tell.broken(
                "not-on-main",
                f"main's first-parent line has no commit {event.commit[:10]} that changes this request",
                "access was approved that main never asked for, or main was rewritten: find out which",
            )
        return
    yield from _other_commits(event, parsed_case, tell)
    told = parsed_case.facts
    if told is None:
        if event.kind in GIVES:
            yield tell.unchecked(
                "evidence-incomplete",
                "its evidence lacks what GitHub told, so it cannot be decided again",
                f"it was recorded by jitbot {_version(event)}; read the reviews with --online",
            )
        return
    if told.told is not None and parsed_case.head_rules is None and event.kind in GIVES:
        yield tell.unchecked(
            "head-not-here",
            "the rules at the pull request's head are not in this clone",
            "fetch the head: git fetch origin "
            f"refs/pull/{told.told.pull_request.number}/head, then verify again",
        )
        return
    yield from _judged(event, decide(case_of(event, parsed_case, told), so_far, event.at), parsed_case, tell)


def rules_not_here(decision: RecordedEvent, base: Sha) -> AuditFinding:
    """That this one decision cannot be made again, since the clone lacks rules that it met."""
    return _Teller(decision).unchecked(
        "rules-not-here",
        f"this clone lacks rules of main at {base[:10]}",
        "fetch main with all that it holds: `git fetch --refetch`, then verify again",
    )


def longer_than(event: Event, most: timedelta) -> bool:
    """Whether what was approved lasts longer than this, from its first start."""
    began = event.ask.get("began")
    if event.window is None or not isinstance(began, str):
        return False
    return event.window.expires_at - timestamp.parse(began) > most


@dataclass(frozen=True, slots=True)
class _Teller:
    """Findings about one recorded event."""

    recorded: RecordedEvent

    def broken(self, code: str, message: str, hint: str) -> AuditFinding:
        return self._tell(code, Severity.BROKEN, message, hint)

    def unchecked(self, code: str, message: str, hint: str) -> AuditFinding:
        return self._tell(code, Severity.UNCHECKED, message, hint)

    def _tell(self, code: str, severity: Severity, message: str, hint: str) -> AuditFinding:
        event = self.recorded.event
        return AuditFinding(
            code=code,
            severity=severity,
            message=f"{event.kind} {event.request}: {message}",
            hint=hint,
            event=self.recorded.path,
            commit=self.recorded.batch.commit,
            request=event.request,
        )


def _merge(told: Facts, parsed_case: RecheckInputs) -> Merge | None:
    found = told.told
    if found is None:
        return None
    return Merge(
        pull_request=found.pull_request,
        files=found.files,
        fetched_head=found.fetched_head,
        head_blob=found.head_blob,
        head_rules=parsed_case.head_rules or parsed_case.rules,
        reviews=found.reviews,
        commits=found.commits,
        touching=found.touching,
        permissions=found.permissions,
        retargeted_at=found.retargeted_at,
        merge_seen=found.merge_seen,
        dismissals=found.dismissals,
        pushes=found.pushes,
        too_many_moves=found.too_many_moves,
    )


def _other_commits(event: Event, parsed_case: RecheckInputs, tell: _Teller) -> Iterator[AuditFinding]:
    """The event names a base or a blob that is not the one that main has."""
    change = parsed_case.merged.change
    named = (event.evidence.get("rules_commit"), event.evidence.get("request_blob"))
    if named != (change.base, change.blob):
        yield tell.broken(
            "other-commits",
            "it names rules or bytes that are not those of its merge on main",
            "compare `git show` of the event with main; the workflow that wrote it did not read main",
        )


def _judged(
    event: Event, again: Decision, parsed_case: RecheckInputs, tell: _Teller
) -> Iterator[AuditFinding]:
    policy = parsed_case.rules.policy.value
    if event.kind in GIVES and policy is not None and longer_than(event, policy.max_duration):
        yield tell.broken(
            "longer-than-policy",
            f"it lasts longer than the {duration.show(policy.max_duration)} that its policy allows",
            "end it with `jitbot revoke` if it still runs, and find out how it was recorded",
        )
    wrong = "".join(_differences(event, again, parsed_case))
    if not wrong:
        return
    if _version(event) != __version__:
        yield tell.unchecked(
            "older-rules",
            f"decided by jitbot {_version(event)}; the rules of {__version__} say otherwise: {wrong}",
            "verify it with the jitbot that main had at that time: `git log main -- jitbot`",
        )
    elif event.kind is EventType.REFUSED and not parsed_case.merged.sure:
        yield tell.unchecked(
            "refusal-not-checked",
            f"after a commit of main that is too large to read, {wrong}",
            "look at the files beside it at its merge: the run may have seen more there",
        )
    elif event.kind is EventType.REFUSED:
        yield tell.broken("wrong-refusal", wrong, "the requester may ask anew; find out why it was refused")
    else:
        yield tell.broken(
            "wrong-approval",
            wrong,
            "access was given without what it takes: end it with `jitbot revoke` if it still runs",
        )


def _differences(event: Event, again: Decision, parsed_case: RecheckInputs) -> Iterator[str]:
    """What the record says otherwise than the decision made again; nothing if they agree."""
    if event.kind is EventType.REFUSED:
        if again.verdict is Verdict.APPROVED:
            yield "nothing speaks against it, and yet it was refused"
        return
    if again.verdict is not Verdict.APPROVED or again.parsed_case is None or again.window is None:
        reasons = "; ".join(f"{reason.message} [{reason.code}]" for reason in again.reasons)
        yield f"it must not have been approved: {reasons}"
        return
    first = parsed_case.merged.change.kind is ChangeKind.ADDED
    if event.kind is not (EventType.APPROVED if first else EventType.EXTENDED):
        yield "an ask was recorded as an extension, or the other way round"
    elif event.window != again.window:
        yield f"what was approved ends at {timestamp.show(again.window.expires_at)}, not when it is recorded to"
    elif [iam.digest(each) for each in event.documents] != [iam.digest(each) for each in again.grants]:
        yield "other documents were recorded than the approved ones"
    elif event.ask != request_state.asked(
        again.parsed_case.request,
        again.parsed_case.requester,
        again.window.expires_at - again.parsed_case.request.duration,
    ):
        yield "something else was asked for than is recorded"


def _version(event: Event) -> str:
    version = event.evidence.get("jitbot")
    return version if isinstance(version, str) else "unknown"
