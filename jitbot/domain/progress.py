"""How far a request has come, for the person who waits for it. Steers people; decides nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from jitbot.domain import owners
from jitbot.domain.counting import latest_judgements
from jitbot.domain.events import Event, Kind
from jitbot.domain.evidence import Review
from jitbot.domain.life import Life, Term
from jitbot.domain.model import Login, People, Person, Sha
from jitbot.domain.owners import Owners


class Step(StrEnum):
    """Where a request is. The last four are final."""

    ASKED = "asked"
    MERGED = "merged"
    APPROVED = "approved"  # decided and recorded, not yet in AWS
    GRANTED = "granted"
    REFUSED = "refused"
    CLOSED = "closed"
    ENDED = "ended"


FINAL = frozenset({Step.GRANTED, Step.REFUSED, Step.CLOSED, Step.ENDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What there is to see of a pull request and its request at one moment."""

    step: Step
    approved_by: tuple[Login, ...] = ()
    objected_by: tuple[Login, ...] = ()
    statuses: Mapping[str, str]
    reasons: tuple[str, ...] = ()  # of a refusal, or of what AWS refused so far
    term: Term | None = None  # once it is approved


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinions:
    """Whose reviews of an open pull request would count as it is now."""

    approved_by: tuple[Login, ...]
    objected_by: tuple[Login, ...]


def opinions(
    reviews: tuple[Review, ...],
    *,
    head: Sha,
    owned_by: Owners,
    requester: Login,
    people: People,
    now: datetime,
) -> Opinions:
    """The owners who approved this head, each human once, and those who ask for changes."""
    asker = people.get(requester)
    approved: list[Person] = []
    objected: list[Person] = []
    for review in latest_judgements(reviews, now):
        person = owners.person_behind(review.user, people)
        if person is None or not owned_by.include(person):
            continue
        known = (*approved, asker) if asker is not None else tuple(approved)
        if review.state == "CHANGES_REQUESTED":
            objected.append(person)
        elif review.state == "APPROVED" and review.commit == head and not _any_of(person, known):
            approved.append(person)
    return Opinions(
        approved_by=tuple(each.login for each in approved), objected_by=tuple(each.login for each in objected)
    )


def after_merge(
    commit: Sha, events: Iterable[Event], life: Life
) -> tuple[Step, tuple[str, ...], Term | None]:
    """What the record says of a merge of a request: how far it is, with reasons where it was refused or failed."""
    told = list(events)
    if refused := [event for event in told if event.kind is Kind.REFUSED and event.commit == commit]:
        return Step.REFUSED, _reasons(refused[-1]), None
    term = next((each for each in life.terms if each.commit == commit), None)
    if term is None:
        return Step.MERGED, (), None
    if life.ended_early:
        return Step.ENDED, (), term
    holdings = [life.holding(each.account_id) for each in term.documents]
    if holdings and all(each.granted_for(commit) is not None for each in holdings):
        return Step.GRANTED, (), term
    failed = tuple(dict.fromkeys(event.cause for event in told if event.kind is Kind.FAILED))
    return Step.APPROVED, failed, term


def _any_of(person: Person, others: Iterable[Person]) -> bool:
    return any(owners.same_human(person, other) for other in others)


def _reasons(event: Event) -> tuple[str, ...]:
    listed = event.evidence.get("reasons")
    found = (
        (each.get("message") for each in listed if isinstance(each, dict)) if isinstance(listed, list) else ()
    )
    return tuple(str(each) for each in found if each)
