"""One change of main that concerns access reviews, and whether a date that it moves is a review."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from jitbot.domain.access.rule_changes.rule_event import approvals_of, author_of
from jitbot.domain.access.rule_changes.rule_review import lacking, why_not
from jitbot.domain.audit.history.limits import RULES_RECORDED_WITHIN
from jitbot.domain.ledger.events import Event
from jitbot.domain.ledger.evidence import RuleOutcome
from jitbot.domain.ledger.git_history import RuleChange
from jitbot.domain.model import owners
from jitbot.domain.model.documents import Sha, policy_path
from jitbot.domain.model.merge_facts import Rules


class MoveResult(StrEnum):
    """What a change comes to for the review of a policy. Only COUNTED is a review."""

    COUNTED = "reviewed"
    NOT_COUNTED = "does not count"
    WITHDRAWN = "moved back"  # the reviews after the new date count no longer
    LAPSED = "asked for no longer"  # it was overdue when the rules stopped to ask for it
    WAITING = "not recorded yet"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """What one commit of main's first-parent line did to the file of one policy.

    `before` and `after` are the dates; a file that does not read has the date that was read last. `existed` and `exists`
    are about the file. `every` is how often reviews were due before the commit. `rules` are the rules before it, None
    where this clone lacks them; `digest` is of the rules after it. `changed_at` is when another commit changed what the
    policy rests on, at the latest: the last one that may have come after an approval of this one. `content` stands for the
    file without its date: of what was added, or taken away.
    """

    policy: str
    change: RuleChange
    before: date | None
    after: date | None
    existed: bool = True
    exists: bool = True
    every: timedelta | None = None
    rules: Rules | None = None
    digest: str = ""
    changed_at: datetime | None = None
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalChange:
    """A commit after which settings.yaml asks for reviews otherwise: how often before and after; None if not at all."""

    change: RuleChange
    before: timedelta | None
    after: timedelta | None


def judged(
    change: PolicyChange, day: date, event: Event | None, now: datetime
) -> tuple[MoveResult, str, tuple[str, ...]]:
    """Whether a date that moved forward, to this day, is a review, why not, and who reviewed."""
    if event is None:
        if abs(now - change.change.at) <= RULES_RECORDED_WITHIN:
            return MoveResult.WAITING, "the next run of `jitbot grant` records who approved it", ()
        return MoveResult.UNKNOWN, "no event says who approved it", ()
    evidence = event.evidence
    match evidence.outcome:
        case RuleOutcome.PUSHED:
            by = evidence.by or "an account that is gone"
            return MoveResult.NOT_COUNTED, f"it was pushed past the rules by {by}, and nobody approved it", ()
        case RuleOutcome.UNREVIEWED:
            return MoveResult.NOT_COUNTED, f"no other owner approved it: {evidence.reason}", ()
        case RuleOutcome.REVIEWED:
            return _signed(change, day, event, moment_of(change.change, event, now))
        case _:
            return MoveResult.UNKNOWN, f"GitHub did not say who approved it: {evidence.reason}", ()


def _signed(
    change: PolicyChange, day: date, event: Event, merged_at: datetime
) -> tuple[MoveResult, str, tuple[str, ...]]:
    """The same of a merge that was approved: an owner of this policy's file must be among those who did."""
    rules, path, no = change.rules, policy_path(change.policy), MoveResult.NOT_COUNTED
    if rules is None:
        return MoveResult.UNKNOWN, "the rules before it are not in this clone", ()
    if day > merged_at.date():
        return no, f"its date, {day}, is after the merge", ()
    author, head = author_of(event), Sha(event.evidence.head)
    counted = [each for each in approvals_of(event) if not why_not(each, author, head, rules.people)]
    dated = [each for each in counted if each.submitted_at.date() >= day]
    if counted and not dated:
        return no, f"it was approved before its date, {day}", ()
    approvals = [each for each in dated if not (change.changed_at and each.submitted_at <= change.changed_at)]
    if dated and not approvals:
        return no, "what the policy rests on was changed after it was approved", ()
    if not _is_owned(path, rules, merged_at):
        return no, "nobody who is known owns the policy's file", ()
    alone = replace(change.change, paths=(path,))
    if lacks := lacking(alone, approvals, rules, merged_at):
        return no, lacks, ()
    signers = (each.user.login for each in approvals if not lacking(alone, [each], rules, merged_at))
    return MoveResult.COUNTED, "", tuple(signers)


def _is_owned(path: str, rules: Rules, at: datetime) -> bool:
    people, roster = rules.people.value, rules.teams.value
    if people is None or roster is None:
        return False
    return bool(owners.of(path, codeowners=rules.codeowners, people=people, teams=roster.at(at)).people)


def day_of(change: RuleChange, recorded: Mapping[Sha, Event], now: datetime) -> date:
    return moment_of(change, recorded.get(change.commit), now).date()


def moment_of(change: RuleChange, event: Event | None, now: datetime) -> datetime:
    """When a commit came to main: as GitHub said; else its own date, which its author chooses, but never after its record."""
    if event is None:
        return min(change.at, now)
    return event.evidence.merged_at or min(change.at, event.at)


def latest_of(change: RuleChange, recorded: Mapping[Sha, Event], now: datetime) -> datetime:
    """When a commit came to main at the latest. The date of a pushed one would let its author choose when something ended."""
    event = recorded.get(change.commit)
    return min(change.at, now) if event is None else event.came_at
