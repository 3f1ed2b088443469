"""Who fills which place, and who could fill those that are open."""

import pytest
from acme_facts import PEOPLE, a_person, a_policy, a_request, owned_by, people, teams, the_rules
from acme_facts import TEAMS as ACMES
from builders import a_case, a_ground, a_merge, a_review

from jitbot.domain.access.approvals import requirement as requirement_module
from jitbot.domain.access.approvals.pending_approvals import pending
from jitbot.domain.access.approvals.places import Place, can_fill, fill, open_places, places_in_words
from jitbot.domain.access.approvals.requirement import Requirement, of_rules
from jitbot.domain.model.approval_rules import ApprovalRule
from jitbot.domain.model.documents import AccountId, ByLogin, GithubId, Login, Person
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.model.owners import human_keys

TEAMS = teams(leads="bob carol olivia", security="bob erin heidi", sre="dave")


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
        (2, "leads security", "carol", "olivia erin", [("leads", "carol", ""), ("security", "", "erin")]),
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


def test_a_large_organisation_is_judged_in_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """300 people, 40 teams, 60 accounts: each member is looked at a few times, not once for each other."""
    logins = [Login(f"p{number}") for number in range(300)]
    known = ByLogin(
        people(*(a_person(login, github_id=GithubId(9000 + at)) for at, login in enumerate(logins)))
    )
    members = {f"acme/t{at}": tuple(logins[at::8]) for at in range(40)}
    names = tuple(f"@{name}" for name in members)
    rules = tuple(ApprovalRule(need=6, teams=names[at : at + 6]) for at in range(0, 36, 6))
    accounts = {f"a{at}": AccountId(f"{at:012d}") for at in range(60)}
    held = the_rules(
        policy=a_policy(approval_rules=(ApprovalRule(need=1), *rules), accounts=tuple(accounts)),
        people=known,
        teams={**ACMES, **members},
        accounts=accounts,
        codeowners=owned_by(*names),
    )
    reviews = tuple(
        a_review(login, review_id=at + 1, user=Actor(login=login, github_id=GithubId(9000 + at)))
        for at, login in enumerate(logins[:20])
    )
    merge = a_merge(head_rules=held, reviews=reviews, permissions=dict.fromkeys(logins, "write"))
    parsed_case = a_ground(a_case(rules=held, merge=merge, request=a_request(accounts=tuple(accounts))))
    asked: list[Person] = []

    def counted(person: Person) -> frozenset[str]:
        asked.append(person)
        return human_keys(person)

    monkeypatch.setattr(requirement_module, "human_keys", counted)
    found = pending(parsed_case)
    assert (found.required, len(found.approvals), found.missing, found.possible) == (36, 20, 16, True)
    assert len(asked) < 100_000
