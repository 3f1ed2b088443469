"""Who may end access early: the requester, an owner of the request, or an owner of the rules. Who may stop and lift."""

from collections.abc import Iterable
from datetime import datetime

from jitbot.domain.ledger.stops import Stop
from jitbot.domain.model import owners
from jitbot.domain.model.codeowners import CodeOwners, owners_of, unusable
from jitbot.domain.model.documents import SETTINGS, People, Person, Teams
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.model.merge_facts import Actor, Rules
from jitbot.domain.model.roster import Roster

_RULES = SETTINGS  # its owners are those of policies/


def entitled(actor: Actor, request: str, requester_id: object, rules: Rules, at: datetime) -> Person:
    """The person behind a GitHub account, if they may end this request under these rules at this moment; by GitHub id.

    Raises DeniedError with the reason if they may not, and UnavailableError if the rules cannot be read.
    """
    person, people, roster = _known(actor, rules)
    if person.github_id == requester_id:
        return person
    if not any(_owned(path, rules, people, roster.at(at)).include(person) for path in (request, _RULES)):
        raise DeniedError(
            f"{person.login} is neither the requester nor an owner of {request} or of policies/"
        )
    return person


def owner_of_rules(actor: Actor, rules: Rules, at: datetime) -> Person:
    """The person behind a GitHub account, if these rules say that they own `policies/` at this moment; known by GitHub id.

    Raises DeniedError with the reason if they do not, and UnavailableError if the rules cannot be read.
    """
    person, people, roster = _known(actor, rules)
    if not _owned(_RULES, rules, people, roster.at(at)).include(person):
        raise DeniedError(f"{person.login} is no owner of policies/, and only they may stop, or lift a stop")
    return person


def why_not_lifted_by(person: Person, stops: Iterable[Stop], now: datetime) -> str:
    """Why this owner of `policies/` may lift no stop: they are stopped themselves. Empty if they may."""
    if any(stop.subject.is_person(person.github_id) and stop.holds(now) for stop in stops):
        return f"{person.login} is stopped, and so lifts no stop: another owner of policies/ does"
    return ""


def _known(actor: Actor, rules: Rules) -> tuple[Person, People, Roster]:
    people, roster = rules.people.value, rules.teams.value
    if people is None or roster is None:
        raise UnavailableError(
            "people.yaml or teams.yaml on main cannot be read, so nobody is known to be entitled"
        )
    person = owners.person_behind(actor, people)
    if person is None:
        raise DeniedError(f"{actor.login or 'nobody'} is not known by this GitHub id in policies/people.yaml")
    return person, people, roster


def _owned(path: str, rules: Rules, people: People, teams: Teams) -> owners.Owners:
    """Who owns a path. Raises UnavailableError if CODEOWNERS cannot be relied on: then nobody knows who does not."""
    if why := unusable(rules.codeowners):
        raise UnavailableError(
            f"CODEOWNERS on main cannot be relied on, so nobody is known to be an owner: {why[0].message}"
        )
    return owners.of(path, codeowners=rules.codeowners, people=people, teams=teams)


def why_deletion_ends_nothing(
    actor: Actor, request: str, requester_id: object, rules: Rules, at: datetime
) -> str:
    """Why a deletion of the request's file, proposed by this account and merged at this moment, does not end access. Empty if it ends access.

    Raises UnavailableError if the rules cannot be read.
    """
    if not needs_entitlement(request, rules):
        return ""
    try:
        entitled(actor, request, requester_id, rules, at)
    except DeniedError as error:
        return str(error)
    return ""


def needs_entitlement(request: str, rules: Rules) -> bool:
    """Whether a deletion of the request's file ends access only if its author may end the access.

    If CODEOWNERS names an owner, that owner approves the deletion. If it names none, anybody may merge a deletion.
    """
    return not is_owned(request, rules.codeowners)


def is_owned(request: str, codeowners: CodeOwners | None) -> bool:
    """Whether CODEOWNERS names an owner of the request's file."""
    return codeowners is not None and bool(owners_of(codeowners, request))
