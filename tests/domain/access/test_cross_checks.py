"""Documents that name each other must agree."""

import pytest
from acme_facts import (
    ACCOUNTS,
    NOW,
    PEOPLE,
    SECOND,
    TEAMS,
    a_policy,
    teams,
)

from jitbot.domain.access.cross_checks import (
    account_findings,
    group_findings,
    policy_findings,
    teams_findings,
)
from jitbot.domain.model.account_groups import AccountGroups
from jitbot.domain.model.documents import FindingLevel, Login, Policy, Position
from jitbot.domain.model.roster import Membership, Roster

GROUPS = AccountGroups(groups={"production": ("prod", "data")})


def of_policy(policy: Policy) -> list[tuple[str, str, int, int]]:
    """What is wrong with a policy beside acme's other files: code, file and place."""
    found = (
        *account_findings(policy, ACCOUNTS, GROUPS),
        *policy_findings(policy, people=PEOPLE, teams=TEAMS),
    )
    assert all(finding.message and finding.hint for finding in found)
    return [(finding.code, finding.file, finding.line, finding.column) for finding in found]


FILE = "policies/access/orders-db-read.yaml"
WHERE = {
    "eligible": Position(line=2, column=1),
    "eligible.1": Position(line=2, column=20),
    "accounts": Position(line=3, column=1),
    "accounts.1": Position(line=3, column=18),
}


def test_a_policy_that_names_what_is_there() -> None:
    """Known accounts, groups of them, teams (in any case) and people are fine."""
    assert of_policy(a_policy(accounts=("@production", "staging"))) == []
    assert of_policy(a_policy(eligible=("@Acme/Payments", "dave"))) == []
    upper = {"Acme/Payments": (Login("alice"),)}
    assert policy_findings(a_policy(), people=PEOPLE, teams=upper) == ()


@pytest.mark.parametrize(
    ("changes", "code", "place"),
    [
        ({"accounts": ("prod", "mars")}, "unknown-account", "accounts.1"),
        ({"accounts": ("mars",)}, "unknown-account", "accounts"),
        ({"accounts": ("prod", "@mars")}, "unknown-group", "accounts.1"),
        ({"accounts": ("prod", "production")}, "unknown-account", "accounts.1"),
        ({"eligible": ("dave", "@acme/nobody")}, "unknown-team", "eligible.1"),
        ({"eligible": ("dave", "@dave")}, "unknown-team", "eligible.1"),
        ({"eligible": ("stranger",)}, "unknown-person", "eligible"),
        ({"eligible": ("dave", "acme/payments")}, "unknown-person", "eligible.1"),
    ],
)
def test_a_policy_that_names_what_is_not_there(changes: dict[str, object], code: str, place: str) -> None:
    """Each unknown name is a finding at its own place."""
    position = WHERE[place]
    assert of_policy(a_policy(where=WHERE, **changes)) == [(code, FILE, position.line, position.column)]


@pytest.mark.parametrize(
    ("field", "means"), [("eligible", "it makes nobody eligible"), ("reviewers", "nobody reviews for it")]
)
def test_what_an_unknown_team_means(field: str, means: str) -> None:
    """Nobody may ask by it, or nobody reviews by it."""
    found = policy_findings(a_policy(**{field: ("@acme/nobody",)}), people=PEOPLE, teams=TEAMS)
    assert means in found[0].message


def test_a_policy_without_places_is_named_as_a_file() -> None:
    """Where no place is known, the finding is about the file."""
    assert of_policy(a_policy(accounts=("mars",))) == [("unknown-account", FILE, 0, 0)]


def test_members_must_be_known() -> None:
    """Each login of a team that people.yaml does not know, as it spells it, is a finding; no other is."""
    found = teams_findings(Roster(everybody=teams(sre="dave stranger", data="Grace")), PEOPLE, NOW)
    assert [(each.code, each.message.split(",")[0], each.file) for each in found] == [
        ("unknown-person", "stranger", "policies/teams.yaml"),
        ("unknown-person", "Grace", "policies/teams.yaml"),
    ]
    assert teams_findings(Roster(everybody=TEAMS), PEOPLE, NOW) == ()


@pytest.mark.parametrize(
    ("eligible", "codes"),
    [
        (("dave", "erin"), ["no-principal"]),
        (("erin",), ["no-principal", "nobody-can-ask"]),
        (("@acme/security",), ["nobody-can-ask"]),
        (("@acme/payments",), []),
        (("stranger",), ["unknown-person"]),
    ],
)
def test_who_cannot_ask_is_a_warning(eligible: tuple[str, ...], codes: list[str]) -> None:
    """A person who is named and has no AWS principal; and that nobody is left, where all that is named is known."""
    found = policy_findings(a_policy(eligible=eligible), people=PEOPLE, teams=TEAMS)
    assert [each.code for each in found] == codes
    assert all(each.level is FindingLevel.WARNING for each in found if each.code != "unknown-person")


def test_a_group_of_accounts_that_are_not_there() -> None:
    """Each unknown member is a finding at its own place in account-groups.yaml."""
    where = {"production": Position(line=1, column=13), "production.1": Position(line=1, column=20)}
    groups = AccountGroups(groups={"production": ("prod", "mars"), "rest": ("staging",)}, where=where)
    found = group_findings(groups, ACCOUNTS)
    assert [(each.code, each.file, each.line, each.column) for each in found] == [
        ("unknown-account", "policies/account-groups.yaml", 1, 20)
    ]
    assert "mars, of the group production," in found[0].message


def test_a_membership_that_is_over_is_a_warning() -> None:
    """From `until` on; it keeps nothing from being granted, and is in the way of whoever reads the file."""
    entries = (
        Membership(login=Login("dave"), until=NOW),
        Membership(login=Login("carol"), until=NOW + SECOND),
    )
    where = {"acme/sre.0": Position(line=2, column=5)}
    (found,) = teams_findings(Roster.of({"acme/sre": entries}, where), PEOPLE, NOW)
    assert (found.code, found.level, found.line) == ("membership-over", FindingLevel.WARNING, 2)
    assert found.message == "dave has not been in acme/sre since 2026-11-24 09:01 UTC"
