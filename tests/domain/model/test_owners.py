"""Who owns a path, as people: known ones only, and nobody where there is a doubt."""

from typing import Any

import pytest
from acme_facts import (
    HOUR,
    IDENTITY,
    MERGED_AT,
    OWNERS,
    PATH,
    PEOPLE,
    TEAMS,
    a_person,
    an_actor,
    owned_by,
    people,
    teams,
)

from jitbot.domain.model import codeowners, owners
from jitbot.domain.model.codeowners import CodeOwners
from jitbot.domain.model.documents import GithubId, IamRole, IamUser, IdentityCenter, Login, Person, Principal
from jitbot.domain.model.owners import Owners, person_behind, same_human
from jitbot.domain.model.roster import Membership, Roster


def of(file: codeowners.CodeOwners | None, **changes: Any) -> Owners:
    """The owners of alice's request under this CODEOWNERS file."""
    given: dict[str, Any] = {"people": PEOPLE, "teams": TEAMS, **changes}
    return owners.of(PATH, codeowners=file, **given)


def logins(owned: Owners) -> list[str]:
    """Who owns, by login."""
    return [person.login for person in owned.people]


def test_the_last_line_that_matches_decides() -> None:
    """The owners are those of that line alone, with the line itself."""
    owned = of(codeowners.parse(OWNERS))
    assert owned.names == ("@acme/payments-leads",)
    assert owned.rule == "2: /requests/orders-db-read/"
    assert logins(owned) == ["bob"]
    assert owned.findings == ()


def test_a_team_is_its_members_of_today() -> None:
    """teams.yaml says who a team is; a login beside it counts on its own, and nobody twice."""
    file = owned_by("@dave", "@acme/payments-leads")
    assert logins(of(file, teams=teams(payments_leads="bob dave erin"))) == ["dave", "bob", "erin"]


def test_case_does_not_count_in_logins_and_teams() -> None:
    """GitHub ignores it, so one who is spelled differently in two files is one."""
    assert logins(of(owned_by("@BOB", "@Acme/Payments-Leads"))) == ["bob"]
    assert logins(of(owned_by("@bob"), people=people(a_person("Bob", github_id=5)))) == ["Bob"]


def test_owners_whom_nobody_knows_do_not_count() -> None:
    """A stranger, an e-mail address, an unknown team beside a known owner: only the known one owns."""
    owned = of(owned_by("@stranger", "bob@acme.com", "@acme/nobody", "@erin"))
    assert logins(owned) == ["erin"]
    assert owned.names == ("@stranger", "bob@acme.com", "@acme/nobody", "@erin")


NOBODY: dict[str, tuple[codeowners.CodeOwners | None, str, int, int]] = {
    "no file": (None, "no-codeowners", 0, 0),
    "no line": (codeowners.parse("/policies/ @bob\n"), "unowned", 0, 0),
    "a line without owners": (owned_by(), "no-known-owner", 2, 1),
    "strangers": (owned_by("@stranger", "@acme/nobody"), "no-known-owner", 2, 1),
    "an e-mail address": (owned_by("bob@acme.com"), "no-known-owner", 2, 1),
    "a line that GitHub skips": (codeowners.parse("* @bob\n* oops\n"), "codeowners-invalid-owner", 2, 3),
}


@pytest.mark.parametrize(("file", "code", "line", "column"), NOBODY.values(), ids=NOBODY.keys())
def test_in_doubt_nobody_owns(file: codeowners.CodeOwners | None, code: str, line: int, column: int) -> None:
    """There is a finding, with its place, exactly where there is no owner."""
    owned = of(file)
    (finding,) = owned.findings
    assert not owned.people
    assert not owned.names
    assert owned.rule == ""
    assert (finding.code, finding.line, finding.column) == (code, line, column)
    assert finding.file == ".github/CODEOWNERS"
    assert finding.message
    assert finding.hint


def test_a_line_nobody_can_use_names_whom_it_names() -> None:
    """An ownerless line names nobody; another one its strangers."""
    assert of(owned_by()).findings[0].message.endswith("names no owner, so nobody can approve")
    assert "names @stranger @acme/x, of whom" in of(owned_by("@stranger", "@acme/x")).findings[0].message


def test_ownership_goes_by_id() -> None:
    """The same login with another id is somebody else; another login with the id is the owner."""
    owned = of(owned_by("@bob"))
    assert owned.include(a_person("bob"))
    assert owned.include(a_person("robert", github_id=1002))
    assert not owned.include(a_person("bob", github_id=1))
    assert not owned.include(a_person("alice"))


@pytest.mark.parametrize(
    ("login", "changes", "person"),
    [
        ("bob", {}, "bob"),
        ("BOB", {"github_id": 1002}, "bob"),
        ("bob", {"github_id": 1001}, None),
        ("bob", {"kind": "Bot"}, None),
        ("bob", {"kind": "Mannequin"}, None),
        ("robert", {"github_id": 1002}, None),
        ("stranger", {}, None),
        ("", {}, None),
    ],
)
def test_who_is_behind_an_account(login: str, changes: dict[str, object], person: str | None) -> None:
    """Login and id must both be those of people.yaml, and the account a person's."""
    expected = None if person is None else a_person(person)
    assert person_behind(an_actor(login, **changes), PEOPLE) == expected


def test_an_account_is_known_however_people_yaml_spells_it() -> None:
    """Case counts on neither side."""
    upper = a_person("Bob", github_id=1002)
    assert person_behind(an_actor("bob"), {upper.login: upper}) == upper


ARN = "arn:aws:iam::222222222222:role/engineers"
CENTER = IdentityCenter(account=IDENTITY, permission_set="Developer", user_name="x@acme.com")
ONE = Person(login=Login("one"), github_id=GithubId(1), principal=CENTER)


@pytest.mark.parametrize(
    ("principal", "same"),
    [
        (CENTER, True),
        (IdentityCenter(account=IDENTITY, permission_set="Developer", user_name="X@acme.com"), True),
        (IdentityCenter(account=IDENTITY, permission_set="Developer", user_name="y@acme.com"), False),
        (IamUser(arn=ARN), False),
        (IamRole(arn=ARN, userid="AROA:one"), False),
        (None, False),
    ],
)
def test_one_principal_is_one_human(principal: Principal | None, same: bool) -> None:
    """Two logins whom AWS cannot tell apart are one, whichever is asked first."""
    other = Person(login=Login("two"), github_id=GithubId(2), principal=principal)
    assert same_human(ONE, other) is same
    assert same_human(other, ONE) is same


def test_one_id_is_one_human() -> None:
    """One GitHub id is one person, whatever the login and the principal."""
    assert same_human(ONE, Person(login=Login("two"), github_id=GithubId(1), principal=None))


def test_nobody_without_a_principal_is_somebody_else() -> None:
    """Two people who can only approve are two."""
    assert not same_human(a_person("erin"), a_person("heidi"))
    assert same_human(a_person("erin"), a_person("erin"))


def test_sessions_of_one_shared_role_are_many_people() -> None:
    """Engineers who share a role differ by its session."""
    carol = a_person("carol")
    other = a_person("other", github_id=3, principal=IamRole(arn=ARN, userid="AROAENGINEERSEXAMPLE1:other"))
    assert not same_human(carol, other)


BY_NAME = ["??-?.yaml", "??-alice-*", "2026-11/", "*-refunds.yaml", f"/{PATH}", "/requests/*/*/24-*"]


@pytest.mark.parametrize("pattern", BY_NAME)
def test_a_line_that_picks_single_requests_owns_no_policy(pattern: str) -> None:
    """By length, login, month, ending, path or day: the requester's words would choose who approves."""
    (rule,) = codeowners.parse(f"{pattern} @bob").rules
    assert not owners.owns_policy(rule, "orders-db-read")
    assert owners.picks_requests(rule, "orders-db-read")


@pytest.mark.parametrize("pattern", ["*", "*.yaml", "/requests/orders-*/", "??-*", "/requests/*/????-??/"])
def test_a_line_for_every_name_picks_none(pattern: str) -> None:
    """Whatever the file is called, it is the same line."""
    (rule,) = codeowners.parse(f"{pattern} @bob").rules
    assert owners.owns_policy(rule, "orders-db-read")
    assert not owners.picks_requests(rule, "orders-db-read")
    assert owners.chosen_by_name(PATH, codeowners.parse(f"{pattern} @bob")) is None


def test_what_picks_no_request_of_a_policy_is_nothing_to_it() -> None:
    """Lines for other folders, files and policies."""
    for pattern in (
        "/policies/",
        "*.md",
        "README.md",
        "/requests/production-admin/",
        "/requests/production-*/24-*",
    ):
        (rule,) = codeowners.parse(f"{pattern} @bob").rules
        assert not owners.picks_requests(rule, "orders-db-read"), pattern


@pytest.mark.parametrize("lines", [None, codeowners.parse("/policies/ @bob\n")])
def test_where_no_line_is_for_a_request_none_was_chosen(lines: CodeOwners | None) -> None:
    """No CODEOWNERS, or no line that matches: that nobody owns the file is another finding."""
    assert owners.chosen_by_name(PATH, lines) is None


@pytest.mark.parametrize("path", ["policies/people.yaml", "README.md", ".github/CODEOWNERS"])
def test_only_a_request_is_named_by_whoever_asks(path: str) -> None:
    """Any other file may have owners of its own name."""
    assert owners.chosen_by_name(path, codeowners.parse(f"/{path} @bob\n")) is None


def test_when_owners_end() -> None:
    """By the team that CODEOWNERS names; not of who is named by login too, nor of who is in for good."""
    until = MERGED_AT + HOUR
    members = (
        Membership(login=Login("bob"), until=until),
        Membership(login=Login("erin"), until=until),
        Membership(login=Login("frank")),
    )
    roster = Roster.of({"acme/x": members})
    owned = of(owned_by("@acme/x", "@erin"), teams=roster.at(MERGED_AT))
    assert owners.ends(owned.people, owned, roster, MERGED_AT) == {"bob": until}
