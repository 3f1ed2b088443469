"""Who fills which place, and who could fill those that are open."""

import pytest
from acme_facts import PEOPLE, a_person, teams

from jitbot.domain.access.approvals.places import Place, can_fill, fill, open_places, places_in_words
from jitbot.domain.access.approvals.requirement import Requirement, of_rules
from jitbot.domain.model.approval_rules import ApprovalRule
from jitbot.domain.model.documents import Person

TEAMS = teams(leads="bob carol", security="bob erin heidi", sre="dave")


def requirement(need: int, *names: str) -> Requirement:
    """So many approvals, one of each of these teams."""
    rule = ApprovalRule(need=need, teams=tuple(f"@acme/{name}" for name in names))
    return of_rules((rule,), TEAMS, PEOPLE)


def persons(logins: str) -> tuple[Person, ...]:
    """These people, in this order."""
    return tuple(a_person(login) for login in logins.split())


def shown(places: tuple[Place, ...]) -> list[tuple[str, str, str]]:
    """Team, who fills it, who could."""
    return [
        (
            each.team.short if each.team else "",
            each.person.login if each.person else "",
            " ".join(person.login for person in each.able),
        )
        for each in places
    ]


@pytest.mark.parametrize(
    ("need", "names", "approvers", "able", "expected"),
    [
        (1, "", "", "bob erin", [("", "", "bob erin")]),
        (1, "", "bob", "erin", [("", "bob", "")]),
        (2, "", "bob erin dave", "", [("", "bob", ""), ("", "erin", "")]),
        (2, "leads security", "carol", "bob erin dave", [("leads", "carol", ""), ("security", "", "bob erin")]),
        (2, "leads security", "dave", "bob", [("leads", "", "bob"), ("security", "", "bob")]),
        (3, "leads security", "carol erin dave", "", [("leads", "carol", ""), ("security", "erin", ""), ("", "dave", "")]),
        (3, "leads", "dave bob", "erin", [("leads", "bob", ""), ("", "dave", ""), ("", "", "erin")]),
    ],
)  # fmt: skip
def test_who_fills_what(
    need: int, names: str, approvers: str, able: str, expected: list[tuple[str, str, str]]
) -> None:
    """The places of teams come first, then those of any owner."""
    found = fill(requirement(need, *names.split()), persons(approvers), persons(able))
    assert shown(found) == expected
    assert len(open_places(found)) == sum(not who for _, who, _ in expected)


def test_who_is_in_two_teams_gives_way() -> None:
    """bob is in both: he stands for the one whose other members did not approve."""
    found = fill(requirement(2, "leads", "security"), persons("bob carol"))
    assert shown(found) == [("leads", "carol", ""), ("security", "bob", "")]
    assert can_fill(requirement(2, "leads", "security"), persons("bob carol"))


def test_who_is_in_two_teams_fills_one_place() -> None:
    """bob alone is one of the two; carol may be the other, since bob then moves."""
    wanted = requirement(2, "leads", "security")
    found = fill(wanted, persons("bob"), persons("carol erin dave"))
    assert shown(found) == [("leads", "bob", ""), ("security", "", "carol erin")]
    assert not can_fill(wanted, persons("bob"))
    assert not can_fill(wanted, persons("bob dave"))


def test_words() -> None:
    """Each place, with who fills it, or nobody."""
    found = fill(requirement(3, "leads", "security"), persons("carol dave"))
    assert places_in_words(found) == "1 of leads: carol; 1 of security: nobody; any owner: dave"
    assert places_in_words(()) == ""
