"""The access reviews of each policy: from the dates that main's commits move, and the record of how each came to main.

A review is a commit of main that moves the date in a policy's file forward, in a pull request that an owner of the file
other than its author approved, as the attested event of that commit has it. Nothing else is evidence of a review: the
file alone says what somebody wrote.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from jitbot.domain.access.rule_changes.rule_event import record_of_rules
from jitbot.domain.access_review.due import due_on
from jitbot.domain.audit.history.policy_changes import (
    IntervalChange,
    MoveResult,
    PolicyChange,
    day_of,
    judged,
    latest_of,
    moment_of,
)
from jitbot.domain.ledger.events import Event
from jitbot.domain.ledger.git_history import RuleChange
from jitbot.domain.model.documents import Sha
from jitbot.domain.text.amount import many


class ReviewStanding(StrEnum):
    """Where a policy stands. Only OVERDUE is an exception."""

    IN_TIME = "in time"
    OVERDUE = "overdue"
    NEVER = "first review not due yet"
    WAITING = "not recorded yet"  # it would be overdue without a change that the next run records
    UNKNOWN = "unknown"  # it is overdue, unless a change counts of which nobody knows who approved it
    NOT_ASKED = "not asked for"  # settings.yaml asks for no reviews
    REMOVED = "removed"  # the policy is there no longer


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessReview:
    """One change of a policy's date, and whether it is a review; or the commit after which an overdue one is asked for no longer.

    `due` is the last day on which a review was in time. `app` says that an app opened the pull request: the
    person who approved it may have started the app.
    """

    policy: str
    day: date | None
    before: date | None
    commit: Sha
    merged_at: datetime
    result: MoveResult
    why: str = ""
    author: str = ""
    app: bool = False
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

    `claimed` is the date in its file. `removed_at` is when the file was taken away, at the latest.
    """

    policy: str
    claimed: date | None
    last: AccessReview | None
    due: date | None
    state: ReviewStanding
    why: str = ""
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessReviews:
    """Every change of a date, in main's order, and where each policy stands, by name: those there at the end, and those removed."""

    made: tuple[AccessReview, ...] = ()
    policies: tuple[PolicyStanding, ...] = ()
    removed: tuple[PolicyStanding, ...] = ()
    every: timedelta | None = None  # how often reviews are due at the end


def access_reviews(
    changes: Iterable[PolicyChange | IntervalChange],
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
    first = None if asked_at is None else day_of(asked_at, recorded, now)
    line = _Line(recorded=recorded, seen_at=now, asked=first)
    for change in changes:
        if isinstance(change, PolicyChange):
            line.take(change)
        else:
            line.interval(change)
    made = tuple(
        replace(each, withdrawn_by=line.withdrawn.get((each.policy, each.commit))) for each in line.made
    )
    standing = tuple(line.standing(name, every) for name in sorted(line.lives))
    removed = tuple(line.removed(name) for name in sorted(line.gone))
    return AccessReviews(made=made, policies=standing, removed=removed, every=every)


@dataclass(slots=True)
class _Life:
    """One policy from the commit that added its file on. `counted` are the reviews that count, the last one last.

    `open` are the moves of the date since then: some of them may count, when more is known. `away` are the times in
    which the file was not there; `gone` is the last one's beginning, and the commit.
    """

    began: date
    claimed: date | None
    content: str
    gone: tuple[datetime, Sha] | None = None
    away: list[tuple[date, date]] = field(default_factory=list)
    counted: list[AccessReview] = field(default_factory=list)
    open: list[AccessReview] = field(default_factory=list)

    @property
    def last(self) -> AccessReview | None:
        return self.counted[-1] if self.counted else None

    @property
    def day(self) -> date | None:
        """The day of the last review."""
        return self.last.day if self.last is not None else None

    def away_since(self, day: date) -> timedelta:
        """For how long it was not there since a day."""
        return sum((max(end - max(start, day), timedelta()) for start, end in self.away), timedelta())


@dataclass(slots=True, kw_only=True)
class _Line:
    """main's line as far as it was followed."""

    recorded: Mapping[Sha, Event]
    seen_at: datetime
    asked: date | None  # the first day on which reviews were asked for
    lives: dict[str, _Life] = field(default_factory=dict)
    gone: dict[str, _Life] = field(default_factory=dict)
    made: list[AccessReview] = field(default_factory=list)
    withdrawn: dict[tuple[str, Sha], Sha] = field(default_factory=dict)

    def take(self, change: PolicyChange) -> None:
        """The next change of a policy's file."""
        life = self.lives.get(change.policy)
        if life is not None and not change.exists:
            self._remove(life, change)
        elif not change.exists:
            pass
        elif life is None:  # a date in a new file is no review: nothing was in use yet
            self._add(change)
        elif change.after != life.claimed:
            life.claimed = change.after
            self._moved(life, change)

    def interval(self, change: IntervalChange) -> None:
        """Reviews are due otherwise from this commit on: what was overdue, and is no longer, lapsed by it."""
        at = latest_of(change.change, self.recorded, self.seen_at)
        how = "has no review_every" if change.after is None else f"has review_every: {change.after.days}d"
        for name, life in sorted(self.lives.items()):
            due = self._due(life, change.after)
            if due is None or at.date() <= due:
                self._lapse(name, life, change.change, change.before, f"settings.yaml {how} since")

    def _remove(self, life: _Life, change: PolicyChange) -> None:
        """A file that was taken away. One of the same content that came before it goes on in its time."""
        self._lapse(change.policy, life, change.change, change.every, "the policy was removed")
        at = latest_of(change.change, self.recorded, self.seen_at)
        life.gone, life.content = (at, change.change.commit), change.content
        self.gone[change.policy] = self.lives.pop(change.policy)
        for other in self.lives.values():
            self._go_on(other, life, at.date())

    def _add(self, change: PolicyChange) -> None:
        """A new file. What was there before goes on: under its name, and with the same content under another one.

        The days without it do not count.
        """
        day = day_of(change.change, self.recorded, self.seen_at)
        life = self.gone.pop(change.policy, None)
        if life is None:
            life = _Life(began=day, claimed=change.after, content=change.content)
        elif life.gone is not None:
            life.away.append((life.gone[0].date(), day))
        life.claimed, life.content = change.after, change.content
        self.lives[change.policy] = life
        for former in self.gone.values():
            self._go_on(life, former, day)

    def _go_on(self, life: _Life, former: _Life, day: date) -> None:
        """A policy with the content of one that is gone began when that one was reviewed last, days without it aside."""
        if former.gone is not None and life.content and life.content == former.content:
            since = self._since(former)
            used = former.gone[0].date() - since - former.away_since(since)
            life.began = min(life.began, day - max(used, timedelta()))

    def _lapse(self, name: str, life: _Life, change: RuleChange, every: timedelta | None, how: str) -> None:
        """Write down an overdue review that is asked for no longer: nobody made it."""
        due = self._due(life, every)
        at = latest_of(change, self.recorded, self.seen_at)
        state, why = _state(life, due, at.date())
        if state in _PAST:
            move = PolicyChange(policy=name, change=change, before=life.claimed, after=None)
            self.made.append(self._review(move, MoveResult.LAPSED, f"{how}; {why}", due=due, at=at))

    def _moved(self, life: _Life, change: PolicyChange) -> None:
        """A date that moved. A review is held against the last review, not against a date that nobody reviewed."""
        after = change.after
        if after is None or (life.day is not None and after <= life.day):
            self._withdraw(life, change)
            return
        result, why, by = judged(change, after, self.recorded.get(change.change.commit), self.seen_at)
        review = self._review(change, result, why, reviewed_by=by, due=self._due(life, change.every))
        self.made.append(review)
        if result is MoveResult.COUNTED:
            life.counted.append(review)
            life.open.clear()
        else:
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
            else f"{many(len(gone), 'review')} of later days count"
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
        at: datetime | None = None,
    ) -> AccessReview:
        event = self.recorded.get(change.change.commit)
        return AccessReview(
            policy=change.policy,
            day=change.after,
            before=change.before,
            commit=change.change.commit,
            merged_at=at or moment_of(change.change, event, self.seen_at),
            result=result,
            why=why,
            author=event.evidence.author.login if event is not None else "",
            app=event is not None and event.evidence.author.is_app,
            reviewed_by=reviewed_by,
            pull_request=event.evidence.pull_request if event is not None else None,
            digest=change.digest,
            due=due,
            run=event.run if event is not None else "",
        )

    def _due(self, life: _Life, every: timedelta | None) -> date | None:
        """The last day on which the next review of a policy is in time; None where none is asked for."""
        if every is None:
            return None
        since = self._since(life)
        return due_on(since, every) + life.away_since(since)

    def _since(self, life: _Life) -> date:
        """The day from which the next review is counted."""
        if life.day is not None:
            return life.day
        return max(life.began, self.asked or life.began)

    def removed(self, name: str) -> PolicyStanding:
        """A policy that is there no longer, and its last review."""
        life = self.gone[name]
        at, commit = life.gone or (self.seen_at, Sha(""))
        return PolicyStanding(
            policy=name,
            claimed=life.claimed,
            last=life.last,
            due=None,
            state=ReviewStanding.REMOVED,
            why=f"commit {commit[:10]} removed it",
            removed_at=at,
        )

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


# A review that was due, and of which nobody can say that it was made.
_PAST = frozenset({ReviewStanding.OVERDUE, ReviewStanding.UNKNOWN, ReviewStanding.WAITING})


def _state(life: _Life, due: date | None, today: date) -> tuple[ReviewStanding, str]:
    lie = (
        "" if life.claimed in (None, life.day) else f"; the date in its file, {life.claimed}, is of no review"
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
