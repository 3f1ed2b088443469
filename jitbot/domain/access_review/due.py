"""When the access review of a policy is due. A review is done on a day, and it is in time until the end of the last one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from jitbot.domain.model import owners
from jitbot.domain.model.documents import Finding, Person, Policy, policy_path
from jitbot.domain.model.merge_facts import Rules

_OF_YEARS = 366  # days: no review may be longer ago than this, so further back nothing is looked at


def due_on(since: date, every: timedelta) -> date:
    """The last day on which the next review is in time, counted from the last one."""
    return since + every


def looks_back(policy: Policy | None, every: timedelta | None, now: datetime) -> timedelta:
    """How long ago the last review of a policy was, as its file says; without one, the time between two reviews."""
    last = policy.reviewed if policy is not None else None
    if last is None or last > now.date():
        return every or timedelta(days=90)
    return min(timedelta(days=_OF_YEARS), now - datetime.combine(last, datetime.min.time(), now.tzinfo))


def future_review(policy: Policy, when: datetime) -> tuple[Finding, ...]:
    """A finding if the file says that the review is still to come: a review is done at the merge at the latest."""
    if policy.reviewed is None or policy.reviewed <= when.date():
        return ()
    message = f"the review of {policy.reviewed} is still to come: it is {when.date()} in UTC"
    hint = f"write reviewed: {when.date()}, or an earlier day"
    return (Finding.at(policy, "reviewed", "review-to-come", message, hint),)


@dataclass(frozen=True, slots=True, kw_only=True)
class LapsedReview:
    """A policy whose next review was due before today, by the date in its file; nothing is said of a file without one."""

    policy: str
    due: date


def lapsed(
    policies: Iterable[Policy], rules: Rules, person: Person, now: datetime
) -> tuple[LapsedReview, ...]:
    """The reviews that are overdue of the policies whose files this person owns, the oldest first."""
    settings, people, roster = rules.settings.value, rules.people.value, rules.teams.value
    if settings is None or settings.review_every is None or people is None or roster is None:
        return ()
    teams, found = roster.at(now), list[LapsedReview]()
    for policy in policies:
        due = None if policy.reviewed is None else due_on(policy.reviewed, settings.review_every)
        if due is None or now.date() <= due:
            continue
        path = policy_path(policy.name)
        if owners.of(path, codeowners=rules.codeowners, people=people, teams=teams).include(person):
            found.append(LapsedReview(policy=policy.name, due=due))
    return tuple(sorted(found, key=lambda each: (each.due, each.policy)))
