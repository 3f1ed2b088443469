"""Was a change of the rules approved by the people who own what it changes? Pure: runs and audits ask the same.

Nothing is decided by it: GitHub's ruleset keeps such a change off main, and this says whether it did.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from jitbot.domain.access.approvals.reviews import approved_at
from jitbot.domain.ledger.git_history import RULE_PATHS, RuleChange
from jitbot.domain.model import bounds, owners
from jitbot.domain.model.codeowners import Rule
from jitbot.domain.model.documents import Parsed, People, Person, Sha
from jitbot.domain.model.merge_facts import Actor, Dismissal, PullRequest, Review, Rules, latest_judgements
from jitbot.domain.model.roster import Roster

NO_APPROVAL = "nobody approved it before the merge whose approval counts"
NOT_READ = "it changes more files than are read, so nobody knows whose approval it needs"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReview:
    """The reviews of one change of the rules. `lacks` says what is missing; empty if it was approved."""

    counted: tuple[Review, ...] = ()
    not_counted: tuple[tuple[Review, str], ...] = ()  # each with why
    lacks: str = ""


def recorded_paths(change: RuleChange) -> tuple[str, ...]:
    """The paths that are recorded of a change, those first that a decision reads; the last ones are left out."""
    return tuple(bounds.cut(path) for path in _in_order(change.paths)[: bounds.RULE_PATHS])


def reviewed(
    change: RuleChange,
    pull: PullRequest,
    reviews: tuple[Review, ...],
    dismissals: Iterable[Dismissal],
    rules: Rules,
) -> RuleReview:
    """Judge the reviews of a merged pull request, by the people and owners before the change (`rules`)."""
    if pull.merged_at is None:
        return RuleReview(lacks=NO_APPROVAL)
    counted: list[Review] = []
    others: list[tuple[Review, str]] = []
    for review in latest_judgements(reviews, pull.merged_at):
        approved = approved_at(review, dismissals, pull.merged_at)
        why = why_not(review, pull.author, pull.head, rules.people) if approved else "did not approve"
        if why:
            others.append((review, why))
        else:
            counted.append(review)
    return RuleReview(
        counted=tuple(counted[: bounds.RULE_REVIEWS]),
        not_counted=tuple(others[: bounds.RULE_REVIEWS]),
        lacks=lacking(change, counted, rules, pull.merged_at),
    )


def why_not(review: Review, author: Actor, head: Sha, people: Parsed[People]) -> str:
    """Why an approval does not count; empty if it does. The answer ends a sentence that begins with the login."""
    known = people.value or {}
    person = owners.person_behind(review.user, known)
    if person is None:
        return "is not in policies/people.yaml before the change"
    behind = owners.person_behind(author, known)
    if review.user.github_id == author.github_id or (
        behind is not None and owners.same_human(person, behind)
    ):
        return "is its author"
    if review.commit != head:
        return f"approved {review.commit[:10]}, which is not the last commit, {head[:10]}"
    return ""


def lacking(change: RuleChange, approvals: Sequence[Review], rules: Rules, merged_at: datetime) -> str:
    """Why these approvals are not enough; empty if they are: one, and one by an owner of each changed path.

    An owner is one at the review and at the merge. A path that nobody known owns needs no approval of its own.
    """
    people: People = rules.people.value or {}
    behind = ((owners.person_behind(each.user, people), each.submitted_at) for each in approvals)
    given = [(person, at) for person, at in behind if person is not None]
    if not given:
        return NO_APPROVAL
    if not change.whole:
        return NOT_READ
    without = list(_unapproved(change, given, rules, merged_at))
    return f"nobody approved it who owns {bounds.some(without)}" if without else ""


def _unapproved(
    change: RuleChange, given: Sequence[tuple[Person, datetime]], rules: Rules, merged_at: datetime
) -> Iterator[str]:
    """The changed paths that have owners, none of whom is among those who approved, and when."""
    people, roster = rules.people.value or {}, rules.teams.value or Roster(everybody={})
    lacks: dict[Rule | None, bool] = {}  # by the line that decides: there are few, and may be many paths
    for path in _in_order(change.paths):
        line = rules.codeowners.rule_for(path) if rules.codeowners is not None else None
        if line not in lacks:

            @cache
            def owned(at: datetime, path: str = path) -> owners.Owners:
                return owners.of(path, codeowners=rules.codeowners, people=people, teams=roster.at(at))

            own = (owned(merged_at).include(person) and owned(at).include(person) for person, at in given)
            lacks[line] = bool(owned(merged_at).people) and not any(own)
        if lacks[line]:
            yield bounds.cut(path)


def _in_order(paths: Iterable[str]) -> list[str]:
    return sorted(paths, key=lambda path: (_place(path), path))


def _place(path: str) -> int:
    """Which of the rules' places a path lies in: the first ones are those that a decision reads."""
    places = (at for at, rule in enumerate(RULE_PATHS) if path == rule or path.startswith(f"{rule}/"))
    return next(places, len(RULE_PATHS))
