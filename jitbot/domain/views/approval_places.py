"""Which rules of approval hold, and who fills which place, in words: the same in every view."""

from collections.abc import Iterable

from jitbot.domain.access.approvals.places import Place
from jitbot.domain.access.approvals.requirement import Requirement
from jitbot.domain.views.wording import Escaper, listed


def rules_that_hold(requirement: Requirement, escaper: Escaper) -> str:
    """The rules of approval that hold for a request."""
    return f"Rules that hold: {'; '.join(map(escaper.plain, requirement.in_words()))}"


def placed(places: Iterable[Place], escaper: Escaper) -> str:
    """Who fills which place, and who could fill those that are open, as in `1 of leads: bob; waits for 1 of sre: dave`."""
    kinds: dict[tuple[str, bool], list[Place]] = {}
    for place in places:
        name = "the owners" if place.team is None else escaper.plain(place.team.short)
        kinds.setdefault((name, place.person is None), []).append(place)
    return "; ".join(_places(name, each, escaper) for (name, _), each in kinds.items())


def _places(name: str, places: list[Place], escaper: Escaper) -> str:
    """Places of one kind, which are all filled or all open."""
    given = [escaper.strong(each.person.login) for each in places if each.person is not None]
    if given:
        return f"{len(places)} of {name}: {listed(given, 'and')}"
    able = listed((escaper.strong(person.login) for person in places[0].able), "or")
    return f"waits for {len(places)} of {name}: {able or 'nobody can give it'}"
