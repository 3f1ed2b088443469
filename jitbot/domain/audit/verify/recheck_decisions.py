"""Make each decision again: from git's bytes, the rules at the commits and GitHub's recorded answers, not the verdict."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from jitbot import __version__
from jitbot.domain.access import request_state
from jitbot.domain.access.approval import Decision, Verdict, decide
from jitbot.domain.access.decision_event import other_evidence, other_rules
from jitbot.domain.audit.history.findings import AuditFinding, Severity, Subject
from jitbot.domain.audit.history.ledger_history import RecordedEvent
from jitbot.domain.audit.history.limits import longer_than
from jitbot.domain.audit.history.main_history import Merged
from jitbot.domain.aws import iam
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.case_json import Facts
from jitbot.domain.ledger.events import GIVES, Event, EventType
from jitbot.domain.ledger.stops import CODE
from jitbot.domain.model.bounds import MEMORY
from jitbot.domain.model.documents import Parsed, Request, Sha
from jitbot.domain.model.merge_facts import Case, ChangeKind, Merge, Rules
from jitbot.domain.text import duration, timestamp

AtHead = Mapping[tuple[Sha, str], Sha | None]  # the blob at each path of a pull request's head


@dataclass(frozen=True, slots=True, kw_only=True)
class InGit:
    """What git holds of one decision. `head_rules` is None where the blobs behind them are not all here."""

    merged: Merged
    request: Parsed[Request] | None
    rules: Rules
    head_rules: Rules | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFacts:
    """All that one recorded decision is judged by.

    `in_git` is None where main has no such change, or where this clone lacks rules that the decision met at `lacks`.
    """

    decision: RecordedEvent
    so_far: request_state.RequestState  # what the ledger said of the request when this was decided
    facts: Facts | None  # as the event's evidence has them
    in_git: InGit | None
    lacks: Sha | None = None
    at_head: AtHead = field(default_factory=dict)  # as far as the head is here


def state_before(
    decision: RecordedEvent, others: Iterable[RecordedEvent], orders: Mapping[tuple[str, Sha], int]
) -> request_state.RequestState:
    """What the ledger said of the request when this was decided. `others` are its other events, and every stop.

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
    return request_state.fold_request(earlier, event.request)


def case_of(event: Event, in_git: InGit, case_facts: Facts) -> Case:
    """The case as the run met it, from git's bytes and the attested facts."""
    merged, since = in_git.merged, event.at - MEMORY
    return Case(
        change=merged.change,
        request=in_git.request,
        rules=in_git.rules,
        touched=merged.touched,
        earlier=any(moment >= since for moment in merged.before),
        clashes=merged.clashes,
        listed=case_facts.listed,
        default_branch=case_facts.default_branch,
        merge=_merge(case_facts, in_git),
    )


def attested(event: Event, facts: Facts | None) -> AtHead:
    """What an approval records of the pull request's head: the blob at each path that the decision read."""
    if facts is None or facts.snapshot is None or event.kind not in GIVES:
        return {}
    head = facts.snapshot.pull_request.head
    blobs = {**facts.snapshot.head_rules, event.request: facts.snapshot.head_blob}
    return {(head, path): blob for path, blob in blobs.items()}


def problems(facts: DecisionFacts) -> Iterator[AuditFinding]:
    """Everything wrong with one decision."""
    event, subject, in_git = facts.decision.event, facts.decision.subject, facts.in_git
    yield from _other_head(facts)
    if facts.lacks is not None:
        yield subject.rules_not_here(facts.lacks)
    elif in_git is not None:
        yield from _other_commits(event, in_git, subject)
        yield from _decided_again(event, in_git, facts, subject)
    elif event.kind in GIVES:
        yield subject.problem(
            "not-on-main",
            f"main's first-parent line has no commit {event.commit[:10]} that changes this request",
            "access was approved that main never asked for, or main was rewritten: find out which",
        )


def _other_head(facts: DecisionFacts) -> Iterator[AuditFinding]:
    """Where the pull request's head is in this clone, the attested facts must be those of git."""
    said = attested(facts.decision.event, facts.facts)
    for (head, path), blob in facts.at_head.items():
        if blob != said[head, path]:
            yield facts.decision.subject.problem(
                "other-head",
                f"at the head {head[:10]}, {path} is not what the evidence says",
                "what was approved is not what was recorded: look at the pull request's head",
            )


def _decided_again(
    event: Event, in_git: InGit, facts: DecisionFacts, subject: Subject
) -> Iterator[AuditFinding]:
    case_facts, gives = facts.facts, event.kind in GIVES
    if case_facts is None:
        if gives:
            yield subject.problem(
                "evidence-incomplete",
                "its evidence lacks GitHub's answers, so it cannot be decided again",
                f"it was recorded by jitbot {_version(event)}; read the reviews with --online",
                Severity.UNCHECKED,
            )
    elif case_facts.snapshot is not None and in_git.head_rules is None and gives:
        yield subject.problem(
            "head-not-here",
            "the rules at the pull request's head are not in this clone",
            f"fetch the head: git fetch origin refs/pull/{case_facts.snapshot.pull_request.number}/head, then verify again",
            Severity.UNCHECKED,
        )
    else:
        case = case_of(event, in_git, case_facts)
        again = decide(case, facts.so_far, event.at)
        yield from _judged(event, again, in_git, subject, case)


def lasts_longer(event: Event, most: timedelta) -> bool:
    """Whether what was approved lasts longer than this, from its first start."""
    began = event.ask.began
    return (
        event.window is not None and began is not None and longer_than(most, began, event.window.expires_at)
    )


def _merge(case_facts: Facts, in_git: InGit) -> Merge | None:
    found = case_facts.snapshot
    if found is None:
        return None
    return Merge(
        pull_request=found.pull_request,
        files=found.files,
        fetched_head=found.fetched_head,
        head_blob=found.head_blob,
        head_rules=in_git.head_rules or in_git.rules,
        reviews=found.reviews,
        commits=found.commits,
        touching=found.touching,
        permissions=found.permissions,
        retargeted_at=found.retargeted_at,
        merge_seen=found.merge_seen,
        dismissals=found.dismissals,
        pushes=found.pushes,
        too_many_moves=found.too_many_moves,
        reopened_at=found.reopened_at,
        head_pushed_at=found.head_pushed_at,
    )


def _other_commits(event: Event, in_git: InGit, subject: Subject) -> Iterator[AuditFinding]:
    """The event names a base or a blob that is not the one that main has."""
    change = in_git.merged.change
    named = (event.evidence.rules_commit, event.evidence.request_blob)
    if named != (change.base, change.blob):
        yield subject.problem(
            "other-commits",
            "it names rules or bytes that are not those of its merge on main",
            "compare `git show` of the event with main; the workflow that wrote it did not read main",
        )


def _judged(
    event: Event, again: Decision, in_git: InGit, subject: Subject, case: Case
) -> Iterator[AuditFinding]:
    policy = in_git.rules.policy.value
    if event.kind in GIVES and policy is not None and lasts_longer(event, policy.max_duration):
        yield subject.problem(
            "longer-than-policy",
            f"it lasts longer than the {duration.show(policy.max_duration)} that its policy allows",
            "end it with `jitbot release` if it still runs, and find out how it was recorded",
        )
    wrong = "".join(_differences(event, again, in_git, case))
    if not wrong:
        return
    if _version(event) != __version__:
        yield subject.problem(
            "older-rules",
            f"decided by jitbot {_version(event)}; the rules of {__version__} say otherwise: {wrong}",
            "verify it with the jitbot that main had at that time: `git log refs/remotes/origin/main -- jitbot`",
            Severity.UNCHECKED,
        )
    elif event.kind is EventType.REFUSED and not in_git.merged.sure:
        yield subject.problem(
            "refusal-not-checked",
            f"after a commit of main that is too large to read, {wrong}",
            "look at the files beside it at its merge: the run may have seen more there",
            Severity.UNCHECKED,
        )
    elif event.kind is EventType.REFUSED:
        yield subject.problem(
            "wrong-refusal", wrong, "the requester may ask anew; find out why it was refused"
        )
    else:
        yield subject.problem(
            "wrong-approval",
            wrong,
            "access was given without what it takes: end it with `jitbot release` if it still runs",
        )


def _differences(event: Event, again: Decision, in_git: InGit, case: Case) -> Iterator[str]:
    """How the record differs from the decision made again; empty if they agree."""
    if event.kind is EventType.REFUSED:
        if again.verdict is Verdict.APPROVED:
            yield "nothing speaks against it, and yet it was refused"
        elif _for_a_stop(event) and CODE not in {reason.code for reason in again.reasons}:
            yield "it was refused for a stop that the ledger does not hold"
        elif not _same_codes(event, again):
            yield "it was refused for other reasons than are recorded"
        return
    if again.verdict is not Verdict.APPROVED or again.parsed_case is None or again.window is None:
        reasons = "; ".join(f"{reason.message} [{reason.code}]" for reason in again.reasons)
        yield f"it must not have been approved: {reasons}"
        return
    first = in_git.merged.change.kind is ChangeKind.ADDED
    if event.kind is not (EventType.APPROVED if first else EventType.EXTENDED):
        yield "an ask was recorded as an extension, or the other way round"
    elif event.window != again.window:
        yield f"what was approved ends at {timestamp.show(again.window.expires_at)}, not when it is recorded to"
    elif [iam.digest(each) for each in event.documents] != [iam.digest(each) for each in again.grants]:
        yield "other documents were recorded than the approved ones"
    elif event.ask != Ask.of_request(again.parsed_case.request, again.parsed_case.requester, again.began):
        yield "something else was asked for than is recorded"
    elif other_rules(event.evidence, again.parsed_case, again.approvals):
        yield "other rules of approval, or other people for them, are recorded than those that the rules give"
    elif other := other_evidence(event.evidence, case, again):
        yield f"its evidence differs from GitHub's own answers in it: {', '.join(other)}"


def _same_codes(event: Event, again: Decision) -> bool:
    """Whether a refusal names at least one of the reasons. What could not be parsed is not compared: how it is unreadable
    depends on who reads it. An old refusal may name no reason by its code.
    """
    recorded = {reason.code for reason in event.evidence.reasons if reason.code}
    unread = again.parsed_case is None
    return unread or not recorded or not recorded.isdisjoint(reason.code for reason in again.reasons)


def _for_a_stop(event: Event) -> bool:
    return any(reason.code == CODE for reason in event.evidence.reasons)


def _version(event: Event) -> str:
    return event.evidence.jitbot or "unknown"
