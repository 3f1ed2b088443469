"""The access reviews of each policy: from the dates that main's commits move, and the record of how each came to main.

A review is a commit of main that moves the date in a policy's file forward, in a pull request that an owner of the file
other than its author approved, as the attested event of that commit has it. Nothing else is evidence of a review: the
file alone says what somebody wrote.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from jitbot.domain.access.rule_changes.rule_event import approvals_of, author_of, record_of_rules
from jitbot.domain.access.rule_changes.rule_review import lacking, why_not
from jitbot.domain.access_review.due import due_on
from jitbot.domain.audit.history.limits import RULES_RECORDED_WITHIN
from jitbot.domain.ledger.events import Event
from jitbot.domain.ledger.evidence import RuleOutcome
from jitbot.domain.ledger.git_history import RuleChange
from jitbot.domain.model import owners
from jitbot.domain.model.documents import Sha, policy_path
from jitbot.domain.model.merge_facts import Rules


class MoveResult(StrEnum):
    """What a change of the date comes to. Only COUNTED is a review."""

    COUNTED = "reviewed"
    NOT_COUNTED = "does not count"
    WITHDRAWN = "moved back"  # the reviews after the new date count no longer
    WAITING = "not recorded yet"
    UNKNOWN = "unknown"


class ReviewStanding(StrEnum):
    """Where a policy stands. Only OVERDUE is an exception."""

    IN_TIME = "in time"
    OVERDUE = "overdue"
    NEVER = "first review not due yet"
    WAITING = "not recorded yet"  # it would be overdue without a change that the next run records
    UNKNOWN = "unknown"  # it is overdue, unless a change counts of which nobody knows who approved it
    NOT_ASKED = "not asked for"  # settings.yaml asks for no reviews


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """What one commit of main's first-parent line did to the file of one policy.

    `before` and `after` are the dates; a file that does not read has the date that was read last. `existed` and `exists`
    are about the file. `every` is how often reviews were due before the commit. `rules` are the rules before it, None
    where this clone lacks them; `digest` is of the rules after it. `changed_at` is when another commit changed what the
    policy rests on, at the latest: the last one that may have come after an approval of this one.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessReview:
    """One change of a policy's date, and whether it is a review. `due` is the last day on which a review was in time."""

    policy: str
    day: date | None
    before: date | None
    commit: Sha
    merged_at: datetime
    result: MoveResult
    why: str = ""
    author: str = ""
    reviewed_by: tuple[str, ...] = ()
    pull_request: int | None = None
    digest: str = ""
    due: date | None = None
    withdrawn_by: Sha | None = None
    run: str = ""

    @property
    def is_late(self) -> bool:
        """Whether it is a review, and came after it was due."""
        return self.result is MoveResult.COUNTED and self.due is not None and self.merged_at.date() > self.due


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyStanding:
    """A policy at the end: its last review that still counts, and when the next one is due.

    `claimed` is the date in its file.
    """

    policy: str
    claimed: date | None
    last: AccessReview | None
    due: date | None
    state: ReviewStanding
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessReviews:
    """Every change of a date, in main's order, and where each policy stands that is there at the end, by name."""

    made: tuple[AccessReview, ...] = ()
    policies: tuple[PolicyStanding, ...] = ()
    every: timedelta | None = None  # how often reviews are due at the end


def access_reviews(
    changes: Iterable[PolicyChange],
    events: Iterable[Event],
    now: datetime,
    *,
    every: timedelta | None,
    asked_at: RuleChange | None,
) -> AccessReviews:
    """The reviews by these changes, oldest first, and the record of rules; of two events of one commit the first counts.

    `every` is how often reviews are due at the end. `asked_at` is the commit that first asked for reviews: a policy that
    was never reviewed is due so long after it, or after its own first merge, whichever is later.
    """
    recorded = record_of_rules(events)
    first = None if asked_at is None else _day(asked_at, recorded, now)
    line = _Line(recorded=recorded, seen_at=now, asked=first)
    for change in changes:
        line.take(change)
    made = tuple(
        replace(each, withdrawn_by=line.withdrawn.get((each.policy, each.commit))) for each in line.made
    )
    standing = tuple(line.standing(name, every) for name in sorted(line.lives))
    return AccessReviews(made=made, policies=standing, every=every)


@dataclass(slots=True)
class _Life:
    """One policy from the commit that added its file on. `counted` are the reviews that count, the last one last.

    `open` are those since then of which it is not known whether they count.
    """

    began: date
    claimed: date | None
    counted: list[AccessReview] = field(default_factory=list)
    open: list[AccessReview] = field(default_factory=list)

    @property
    def last(self) -> AccessReview | None:
        return self.counted[-1] if self.counted else None


@dataclass(slots=True, kw_only=True)
class _Line:
    """main's line as far as it was followed."""

    recorded: Mapping[Sha, Event]
    seen_at: datetime
    asked: date | None  # the first day on which reviews were asked for
    lives: dict[str, _Life] = field(default_factory=dict)
    made: list[AccessReview] = field(default_factory=list)
    withdrawn: dict[tuple[str, Sha], Sha] = field(default_factory=dict)

    def take(self, change: PolicyChange) -> None:
        """The next change of a policy's file."""
        life = self.lives.get(change.policy)
        if not change.exists:
            self.lives.pop(change.policy, None)
        elif life is None:  # a date in a new file is no review: nothing was in use yet
            began = _day(change.change, self.recorded, self.seen_at)
            self.lives[change.policy] = _Life(began=began, claimed=change.after)
        elif change.after != life.claimed:
            life.claimed = change.after
            self._moved(life, change)

    def _moved(self, life: _Life, change: PolicyChange) -> None:
        """A date that moved. A review is held against the last review, not against a date that nobody reviewed."""
        last, after = life.last, change.after
        if after is None or (last is not None and last.day is not None and after <= last.day):
            self._withdraw(life, change)
            return
        result, why, by = _judged(change, self.recorded.get(change.change.commit), self.seen_at)
        review = self._review(change, result, why, reviewed_by=by, due=self._due(life, change.every))
        self.made.append(review)
        if result is MoveResult.COUNTED:
            life.counted.append(review)
            life.open.clear()
        elif result is not MoveResult.NOT_COUNTED:
            life.open.append(review)

    def _withdraw(self, life: _Life, change: PolicyChange) -> None:
        after = change.after
        gone = [each for each in life.counted if after is None or (each.day is not None and each.day > after)]
        life.counted = [each for each in life.counted if each not in gone]
        life.open.clear()
        for each in gone:
            self.withdrawn[each.policy, each.commit] = change.change.commit
        count = (
            "the review of a later day counts"
            if len(gone) == 1
            else f"{len(gone)} reviews of later days count"
        )
        why = f"{count} no longer" if gone else "its date is not after that of the last review"
        self.made.append(self._review(change, MoveResult.WITHDRAWN, why))

    def _review(
        self,
        change: PolicyChange,
        result: MoveResult,
        why: str,
        *,
        reviewed_by: tuple[str, ...] = (),
        due: date | None = None,
    ) -> AccessReview:
        event = self.recorded.get(change.change.commit)
        return AccessReview(
            policy=change.policy,
            day=change.after,
            before=change.before,
            commit=change.change.commit,
            merged_at=_moment(change.change, event, self.seen_at),
            result=result,
            why=why,
            author=event.evidence.author.login if event is not None else "",
            reviewed_by=reviewed_by,
            pull_request=event.evidence.pull_request if event is not None else None,
            digest=change.digest,
            due=due,
            run=event.run if event is not None else "",
        )

    def _due(self, life: _Life, every: timedelta | None) -> date | None:
        """The last day on which the next review of a policy is in time; None where none is asked for."""
        return None if every is None else due_on(self._since(life), every)

    def _since(self, life: _Life) -> date:
        """The day from which the next review is counted."""
        if life.last is not None and life.last.day is not None:
            return life.last.day
        return max(life.began, self.asked or life.began)

    def standing(self, name: str, every: timedelta | None) -> PolicyStanding:
        """Where a policy stands now."""
        life = self.lives[name]
        due = self._due(life, every)
        state, why = _state(life, due, self.seen_at.date())
        return PolicyStanding(
            policy=name,
            claimed=life.claimed,
            last=life.last,
            due=due,
            state=state,
            why=why,
        )


def _state(life: _Life, due: date | None, today: date) -> tuple[ReviewStanding, str]:
    lie = (
        ""
        if life.claimed is None or (life.last is not None and life.claimed == life.last.day)
        else f"; the date in its file, {life.claimed}, is of no review"
    )
    if due is None:
        return ReviewStanding.NOT_ASKED, "settings.yaml has no review_every"
    if today <= due:
        if life.last is None:
            return ReviewStanding.NEVER, f"the first review is due by {due}{lie}"
        return ReviewStanding.IN_TIME, f"the next review is due by {due}{lie}"
    for result, state in (
        (MoveResult.WAITING, ReviewStanding.WAITING),
        (MoveResult.UNKNOWN, ReviewStanding.UNKNOWN),
    ):
        found = next((each for each in reversed(life.open) if each.result is result), None)
        if found is not None:
            return state, f"it was due by {due}; the review of {found.day}: {found.why}"
    never = "it was never reviewed, and " if life.last is None else ""
    return ReviewStanding.OVERDUE, f"{never}the review was due by {due}{lie}"


def _judged(
    change: PolicyChange, event: Event | None, now: datetime
) -> tuple[MoveResult, str, tuple[str, ...]]:
    """Whether a date that moved forward is a review, why not, and who reviewed."""
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
            return _signed(change, event, _moment(change.change, event, now))
        case _:
            return MoveResult.UNKNOWN, f"GitHub did not say who approved it: {evidence.reason}", ()


def _signed(
    change: PolicyChange, event: Event, merged_at: datetime
) -> tuple[MoveResult, str, tuple[str, ...]]:
    """The same of a merge that was approved: an owner of this policy's file must be among those who did."""
    rules, path, no = change.rules, policy_path(change.policy), MoveResult.NOT_COUNTED
    if rules is None:
        return MoveResult.UNKNOWN, "the rules before it are not in this clone", ()
    if change.after is not None and change.after > merged_at.date():
        return no, f"its date, {change.after}, is after the merge", ()
    author, head = author_of(event), Sha(event.evidence.head)
    counted = [each for each in approvals_of(event) if not why_not(each, author, head, rules.people)]
    dated = [each for each in counted if not (change.after and each.submitted_at.date() < change.after)]
    if counted and not dated:
        return no, f"it was approved before its date, {change.after}", ()
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


def _day(change: RuleChange, recorded: Mapping[Sha, Event], now: datetime) -> date:
    return _moment(change, recorded.get(change.commit), now).date()


def _moment(change: RuleChange, event: Event | None, now: datetime) -> datetime:
    """When a commit came to main: as GitHub said; else its own date, which its author chooses, but never after its record."""
    if event is None:
        return min(change.at, now)
    return event.evidence.merged_at or min(change.at, event.at)
