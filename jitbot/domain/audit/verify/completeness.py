"""Is the record whole? Every merge has its decision, every grant its approval, and nothing is more than was approved."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from jitbot.domain.access.too_large import TooLarge
from jitbot.domain.audit.history.findings import AuditFinding, Severity, Subject
from jitbot.domain.audit.history.ledger_history import LedgerHistory, RecordedEvent
from jitbot.domain.audit.history.limits import DECIDED_WITHIN, before_decision
from jitbot.domain.audit.history.main_history import Merged
from jitbot.domain.aws import iam
from jitbot.domain.ledger.events import DECIDES, GIVES, EndReason, EventType
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.merge_facts import ChangeKind
from jitbot.domain.text import timestamp


def anchored(history: LedgerHistory) -> Iterator[AuditFinding]:
    """Whether anybody vouches for the keys by which the record is believed."""
    if not history.anchored:
        yield Subject().problem(
            "keys-unconfirmed",
            "nobody vouches for the issuer's keys: those that the ledger's first batch brings were taken",
            "give the keys that the issuer publishes with --keys FILE, read them with --online, or have "
            "policies/issuer-keys.json owned on main",
            Severity.UNCHECKED,
        )


def undecided(merges: Iterable[Merged], history: LedgerHistory, now: datetime) -> Iterator[AuditFinding]:
    """The requests that main has and the ledger says nothing of."""
    for merged in merges:
        change = merged.change
        if change.kind is ChangeKind.DELETED or (change.path, change.commit) in history.decisions:
            continue
        late = _undecided_too_long(change.committed_at, now)
        yield Subject(commit=change.commit, request=change.path).problem(
            "no-decision" if late else "decision-due",
            f"{change.path} was merged at {timestamp.show(change.committed_at)}, and no decision is recorded",
            "the ledger was cut short, or `jitbot grant` does not run: look at its runs and at the ledger's head"
            if late
            else "the next run of `jitbot grant` decides it",
            Severity.BROKEN if late else Severity.NOTE,
        )


def _undecided_too_long(merged_at: datetime, now: datetime) -> bool:
    return not abs(now - merged_at) <= DECIDED_WITHIN  # a date ahead of us is no excuse


def refused_whole(
    too_large: Iterable[TooLarge], history: LedgerHistory, now: datetime
) -> Iterator[AuditFinding]:
    """The commits of main that ask for more than one merge may: each is refused once, and no other commit is."""
    merges = {each.commit: each for each in too_large}
    refused = {
        each.event.commit: each
        for each in history.recorded
        if each.event.kind is EventType.REFUSED and not each.event.request
    }
    for commit, merge in merges.items():
        if commit not in refused:
            late = _undecided_too_long(merge.committed_at, now)
            when = timestamp.show(merge.committed_at)
            yield Subject(commit=commit).problem(
                "no-decision" if late else "decision-due",
                f"commit {commit[:10]} of {when} changes more than one merge may, and no refusal is recorded",
                "look at the runs of grant" if late else "the next run of `jitbot grant` records it",
                Severity.NOTE,  # it gives nothing, whatever the ledger says
            )
    for commit, recorded in refused.items():
        if commit not in merges:
            yield _in_account(recorded).problem(
                "wrong-refusal",
                "a whole commit is recorded as refused that main does not have, or that asks for no more than it may",
                "the requesters may ask anew; find out why it was refused",
            )


def not_followed(commits: Iterable[Sha]) -> Iterator[AuditFinding]:
    """The commits of main that change too much to be followed, and could not be asked for what they left."""
    for commit in dict.fromkeys(commits):
        yield Subject(commit=commit).problem(
            "commit-not-read",
            f"commit {commit[:10]} of main changes too much to be followed, and this clone does not show its files",
            "access may have been to end by it: fetch all of main, `git fetch --refetch`, and verify again",
            Severity.UNCHECKED,
        )


def decided_twice(history: LedgerHistory) -> Iterator[AuditFinding]:
    """A merge is decided once: a refusal is final, and so is an approval."""
    for each in history.recorded:
        first = history.decisions.get((each.event.request, each.event.commit))
        if first is not None and first is not each and each.event.kind in DECIDES:
            yield _in_account(each).problem(
                "decided-twice",
                f"was decided before: {first.event.kind} at {timestamp.show(first.event.at)}",
                "the first decision of a merge is the one that counts: find out what ran twice",
            )


def outcomes_without_approval(history: LedgerHistory) -> Iterator[AuditFinding]:
    """Access that nobody approved, or that is other than was approved; ends that cannot be."""
    ended: dict[tuple[str, str], RecordedEvent] = {}
    for each in history.recorded:
        event = each.event
        where = (event.request, event.account_id)
        if event.kind is EventType.GRANTED:
            yield from _grant(each, history.decisions.get((event.request, event.commit)), ended.get(where))
        elif event.kind is EventType.ENDED and event.why is not EndReason.EXPIRED:
            ended.setdefault(where, each)
        elif (
            event.kind is EventType.ENDED and event.window is not None and event.at < event.window.expires_at
        ):
            yield _in_account(each).problem(
                "ended-before-end",
                f"is recorded as expired before its end, {timestamp.show(event.window.expires_at)}",
                "the role may still let its requester in: look at it in AWS",
            )


def _grant(
    grant: RecordedEvent, decision: RecordedEvent | None, end: RecordedEvent | None
) -> Iterator[AuditFinding]:
    event = grant.event
    if decision is None or decision.event.kind not in GIVES or decision.batch.order > grant.batch.order:
        yield _in_account(grant).problem(
            "granted-without-approval",
            f"no approval of merge {event.commit[:10]} is recorded before it",
            "end it with `jitbot release` if it still runs, and find out which run did it",
        )
        return
    if before_decision(event.at, decision.event.at):
        yield _in_account(grant).problem(
            "granted-before-approval",
            f"access was there at {timestamp.show(event.at)}, before the decision at "
            f"{timestamp.show(decision.event.at)}",
            "find out which run did it",
        )
    if end is not None:
        yield _in_account(grant).problem(
            "granted-after-end",
            f"access was given although its end was recorded at {timestamp.show(end.event.at)}",
            "an early end is final: end it by hand, and find out which run did it",
        )
    approved = [each for each in decision.event.documents if each.account_id == event.account_id]
    if len(approved) != len(event.documents) or not all(map(_same_access, approved, event.documents)):
        yield _in_account(grant).problem(
            "granted-otherwise",
            "the role that was read back is not the one that was approved",
            "compare the documents of both events; end it with `jitbot release` if it still runs",
        )


def _same_access(one: iam.Documents, other: iam.Documents) -> bool:
    """Whether two roles give the same. What is kept once for both is not written as text to be compared."""
    parts = zip(_giving(one), _giving(other), strict=True)
    return all(mine is its or iam.canonical(mine) == iam.canonical(its) for mine, its in parts)


def _giving(documents: iam.Documents) -> tuple[object, ...]:
    """All of a role that gives access; its tags give none."""
    rest = [
        documents.role_arn,
        sorted(documents.managed_policies),
        documents.permissions_boundary,
        timestamp.show(documents.window.expires_at),
    ]
    return documents.trust_policy, documents.permission_policy, rest


def _in_account(recorded: RecordedEvent) -> Subject:
    subject = recorded.subject
    return replace(subject, name=f"{subject.name} in {recorded.event.account or 'all accounts'}")
