"""Who fills which place of a requirement: one place for each team, and the rest for any owner.

One person fills one place, so this is a matching, not a count: somebody in two teams is asked for once.
https://en.wikipedia.org/wiki/Matching_(graph_theory)#In_unweighted_bipartite_graphs
"""

from collections.abc import Sequence
from dataclasses import dataclass

from jitbot.domain.access.approvals.requirement import RequiredTeam, Requirement
from jitbot.domain.model.documents import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One of the approvals that are needed. `team` is None if any owner's will do; `able` could still fill it."""

    team: RequiredTeam | None
    person: Person | None
    able: tuple[Person, ...] = ()


def fill(
    requirement: Requirement, approvers: Sequence[Person], able: Sequence[Person] = ()
) -> tuple[Place, ...]:
    """The places of a requirement, as many as possible of them filled by these people; each person fills one.

    The people are distinct humans. `able` are the others whose approval would count if they gave it.
    """
    teams = requirement.teams
    matched = _match(teams, approvers)
    left = [person for index, person in enumerate(approvers) if index not in matched.values()]
    places = [
        _of_team(team, matched.get(at), teams, matched, approvers, able) for at, team in enumerate(teams)
    ]
    for at in range(requirement.need - len(teams)):
        filled = at < len(left)
        places.append(
            Place(team=None, person=left[at] if filled else None, able=() if filled else tuple(able))
        )
    return tuple(places)


def open_places(places: Sequence[Place]) -> tuple[Place, ...]:
    """The places that nobody fills."""
    return tuple(place for place in places if place.person is None)


def can_fill(requirement: Requirement, people: Sequence[Person]) -> bool:
    """Whether these distinct humans are enough for every place."""
    return not open_places(fill(requirement, people))


def _of_team(
    team: RequiredTeam,
    by: int | None,
    teams: Sequence[RequiredTeam],
    matched: dict[int, int],
    approvers: Sequence[Person],
    able: Sequence[Person],
) -> Place:
    if by is not None:
        return Place(team=team, person=approvers[by])
    helping = _helping(team, teams, matched, approvers)
    return Place(
        team=team, person=None, able=tuple(each for each in able if any(one.has(each) for one in helping))
    )


def _helping(
    team: RequiredTeam, teams: Sequence[RequiredTeam], matched: dict[int, int], approvers: Sequence[Person]
) -> list[RequiredTeam]:
    """The teams of which one more approval would fill the place of this one.

    They are the team itself, and each other whose place is filled by somebody who could move here, directly or after
    others have moved.
    """
    found = [team]
    for each in found:  # grows while it is read
        found += [
            teams[at]
            for at, person in matched.items()
            if teams[at] not in found and each.has(approvers[person])
        ]
    return found


def _match(teams: Sequence[RequiredTeam], people: Sequence[Person]) -> dict[int, int]:
    """A largest assignment of people to teams, by their indexes: team -> person. Earlier people and teams come first."""
    fits = [[index for index, person in enumerate(people) if team.has(person)] for team in teams]
    taken: dict[int, int] = {}  # person -> team

    def place(team: int, tried: set[int]) -> bool:
        for person in fits[team]:
            if person in tried:
                continue
            tried.add(person)
            if person not in taken or place(taken[person], tried):
                taken[person] = team
                return True
        return False

    for team in range(len(teams)):
        place(team, set())
    return {team: person for person, team in sorted(taken.items(), key=lambda each: each[1])}


def places_in_words(places: Sequence[Place]) -> str:
    """Who filled which place: `1 of payments-leads: bob; 1 of security: nobody; any owner: carol`."""
    return "; ".join(
        f"{'any owner' if each.team is None else f'1 of {each.team.short}'}: "
        f"{'nobody' if each.person is None else each.person.login}"
        for each in places
    )
