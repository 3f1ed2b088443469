"""What an import takes from its source, and what it refuses: unknown, repeated, shrunken."""

from typing import Any

import pytest
from acme_facts import NOW, PEOPLE, a_policy, an_actor
from builders import a_request_state, a_revocation, an_approval, an_outcome

from jitbot.adapters import documents
from jitbot.domain.imports import accounts as by_organizations
from jitbot.domain.imports import people as by_csv
from jitbot.domain.imports import teams as by_github
from jitbot.domain.imports.accounts import GroupSource, OrganizationAccount
from jitbot.domain.imports.entries import FileEntries, ImportSource, compare
from jitbot.domain.imports.plan import ImportPlan, live_grants, proposal, too_much
from jitbot.domain.ledger.events import EventType
from jitbot.domain.model import codeowners
from jitbot.domain.model.account_groups import ACCOUNT_GROUPS
from jitbot.domain.model.documents import ACCOUNTS, TEAMS, AccountId, Finding, GithubId, Login, Source
from jitbot.domain.model.documents import PEOPLE as PEOPLE_FILE
from jitbot.domain.model.merge_facts import Actor

CSV = "login,identity_center,iam_user,github_id\n"
ROLE = "arn:aws:iam::222222222222:user/bob"


def entries(path: str, text: str = "") -> FileEntries:
    """A registry file as entries."""
    parsed = documents.parse_entries(Source(path=path, content=text.encode()))
    assert parsed.value is not None, parsed.findings
    return parsed.value


def found(findings: Any) -> list[tuple[str, int]]:
    """The codes of findings, with their lines; each says what to do."""
    listed: list[Finding] = list(findings)
    assert all(each.hint and each.message for each in listed)
    return [(each.code, each.line) for each in listed]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{CSV}alice,alice@acme.com,,\nbob,,{ROLE},1002\nerin,,,\n", []),
        ("\ufeffLogin , GitHub_ID\r\nalice,1001\r\n\r\n", []),
        ("", [("bad-header", 1)]),
        ("login\n", [("empty-source", 1)]),
        ("login,email\nalice,a@b.c\n", [("bad-header", 1)]),
        ("login,login\nalice,alice\n", [("bad-header", 1)]),
        ("identity_center\nalice\n", [("bad-header", 1)]),
        ("login,github_id\nalice\nbob,1,2\n", [("bad-row", 2), ("bad-row", 3)]),
        ("login\na b\n-x\n", [("bad-login", 2), ("bad-login", 3)]),
        ("login,github_id\n,1\n", [("bad-login", 2)]),
        ("login\nalice\nbob\nAlice\n", [("repeated-value", 4)]),
        ("login,identity_center\na,x@y\nb,X@y\n", [("repeated-value", 3)]),
        ("login,github_id\na,1\nb,1\n", [("repeated-value", 3)]),
        ("login,github_id\na,01\nb,x\n", [("bad-github-id", 2), ("bad-github-id", 3)]),
        (f"{CSV}a,x@y,{ROLE},\n", [("two-principals", 2)]),
        ('login\n"alice\n', [("not-csv", 0)]),
        (b"login\n\xff\n", [("not-csv", 0)]),
        ("login\n" + "".join(f"u{number}\n" for number in range(5001)), [("too-large", 0)]),
        (b"login\n" + b"\n" * (1 << 20), [("too-large", 0)]),
    ],
)
def test_a_csv_file_of_people(text: str | bytes, expected: list[tuple[str, int]]) -> None:
    """Every row stands for one person; a file that is unclear anywhere is imported nowhere."""
    read = by_csv.read_csv("people.csv", text if isinstance(text, bytes) else text.encode())
    assert found(read.findings) == expected
    assert bool(read.rows) is not bool(expected)


def rows(text: str) -> by_csv.PeopleFile:
    """A good file of people."""
    read = by_csv.read_csv("people.csv", text.encode())
    assert read.findings == ()
    return read


@pytest.mark.parametrize(
    ("row", "actor", "code"),
    [
        ("alice,", an_actor("alice"), ""),
        ("alice,1001", an_actor("alice"), ""),
        ("alice,1002", an_actor("alice"), "another-account"),
        ("alice,", None, "unknown-login"),
        ("alice,", an_actor("alice", kind="Bot"), "not-a-person"),
        ("alice,", an_actor("alice", kind="Organization"), "not-a-person"),
        ("carol,", an_actor("carol", github_id=GithubId(9)), "another-account"),
        ("carol,9", an_actor("carol", github_id=GithubId(9)), ""),
    ],
)
def test_what_github_says_of_a_login(row: str, actor: Actor | None, code: str) -> None:
    """A login that another account has taken over is refused, until the file names the new id."""
    file = entries(PEOPLE_FILE, "people:\n  carol: {github_id: 1003, source: csv}\n")
    read = rows(f"login,github_id\n{row}\n")
    accounts = {read.rows[0].login: actor}
    assert found(by_csv.known_to_github(read, accounts, file)) == ([(code, 2)] if code else [])


def test_what_identity_center_says_of_a_user_name() -> None:
    """Exactly this name, and enabled; a row without one is not asked for."""
    read = rows(f"{CSV}a,alice@acme.com,,\nb,Bob@acme.com,,\nc,carol@acme.com,,\nd,dave@acme.com,,\ne,,,\n")
    users = {"alice@acme.com": True, "bob@acme.com": True, "dave@acme.com": False}
    findings = list(by_csv.known_to_identity_center(read, users, "d-1"))
    assert found(findings) == [("unknown-user", 3), ("unknown-user", 4), ("unknown-user", 5)]
    assert "it has 'bob@acme.com'" in findings[0].message
    assert "is disabled" in findings[2].message


def test_who_becomes_somebody_else_is_known() -> None:
    """Another id, or another principal: what they have in AWS ends by that. A new principal where there was none is one too."""
    text = "".join(
        f"  {name}: {{github_id: {number}, identity_center: {name}@acme.com, source: csv}}\n"
        for number, name in enumerate(("alice", "bob", "carol"), 1)
    )
    file = entries(
        PEOPLE_FILE,
        f'defaults: {{identity_center: {{account: "222222222222", permission_set: D}}}}\npeople:\n{text}',
    )
    read = rows(f"{CSV}alice,alice@acme.com,,\nBob,bob@acme.com,,7\ncarol,c@acme.com,,\n")
    accounts = {
        Login("alice"): an_actor("alice", github_id=GithubId(1)),
        Login("Bob"): an_actor("bob", github_id=GithubId(7)),
        Login("carol"): an_actor("carol", github_id=GithubId(3)),
    }
    changes = compare(file, by_csv.wanted_people(read, accounts), ImportSource.CSV)
    assert by_csv.replaced(file, changes.changed) == ("bob", "carol")


def test_the_teams_that_the_rules_name() -> None:
    """Those of policies, CODEOWNERS and the last import, each once; logins are none."""
    file = entries(TEAMS, "acme/old: {source: github, members: [bob]}\nacme/by-hand: [bob]\n")
    owned = codeowners.parse("* @acme/platform @frank\n/x/ @Acme/Payments\n")
    policy = a_policy(eligible=("@acme/payments", "dave"), reviewers=("@acme/security",))
    named = by_github.named_teams([policy], owned, file)
    assert named == ("acme/payments", "acme/security", "acme/platform", "acme/old")
    odd = a_policy(eligible=("acme/odd", "@acme/payments"))
    assert by_github.named_teams([odd], None, entries(TEAMS)) == ("acme/payments",)


def test_a_team_that_nobody_shows_has_no_members() -> None:
    """It is a finding already."""
    assert by_github.wanted_teams({"acme/a": None}, entries(TEAMS)) == {
        "acme/a": {"source": "github", "members": []}
    }


def test_what_is_wrong_with_a_team() -> None:
    """No such team, nobody in it, somebody whom people.yaml does not know: nothing is imported."""
    members = {
        "acme/a": None,
        "acme/b": frozenset[str](),
        "acme/c": frozenset({"bob", "zed"}),
        "acme/d": None,
    }
    findings = list(by_github.team_findings(members, PEOPLE, {"acme/d"}))
    assert [each.code for each in findings] == ["unknown-team", "empty-source", "unknown-person"]
    assert "zed, of acme/c on GitHub" in findings[2].message


def test_members_keep_their_order_and_dates_stay() -> None:
    """Who is there stays where they are, new ones follow by name; a dated entry is a person's, in GitHub's team or not."""
    file = entries(
        TEAMS,
        "acme/c:\n  source: github\n  members:\n    - zoe\n    - {login: erin, until: 2027-01-06}\n    - Bob\n    - dave\n",
    )
    wanted = by_github.wanted_teams({"acme/c": frozenset({"bob", "zoe", "alice", "ERIN"})}, file)
    dated = {"login": "erin", "until": "2027-01-06"}
    assert wanted == {"acme/c": {"source": "github", "members": ["zoe", dated, "Bob", "alice"]}}


def an_account(
    number: int, name: str, *units: str, state: str = "ACTIVE", manages: bool = False, **tags: str
) -> OrganizationAccount:
    """An account of the organisation."""
    return OrganizationAccount(
        account_id=AccountId(f"{number:012}"), name=name, state=state, units=units, tags=tags, manages=manages
    )


ORGANIZATION = (
    an_account(1, "Root", manages=True),
    an_account(2, "Prod Payments", "Workloads", "Production", env="live"),
    an_account(3, "prod-data", "Workloads", "Production", env="live"),
    an_account(4, "Dev", "Workloads", "Development", env="test"),
    an_account(5, "Old", "Workloads", "Development", state="SUSPENDED"),
    an_account(6, "Log archive"),
)


def test_accounts_have_an_alias_that_stays() -> None:
    """A new one's name gives it; one that a person or an earlier import wrote is kept, whatever the name is now."""
    file = entries(ACCOUNTS, 'payments: "000000000002"\ndata: {id: "000000000003", source: organizations}\n')
    named = by_organizations.aliases(ORGANIZATION, file)
    assert list(named.values()) == ["payments", "data", "dev", "log-archive"]
    assert list(by_organizations.account_findings(ORGANIZATION, named, file)) == []
    wanted = by_organizations.wanted_accounts(named, file)
    assert list(wanted) == ["data", "dev", "log-archive"]
    assert not compare(file, wanted, ImportSource.ORGANIZATIONS).removed


@pytest.mark.parametrize(
    ("accounts", "text", "code"),
    [
        ((an_account(2, "Dev"), an_account(3, "DEV!")), "", "repeated-alias"),
        ((an_account(2, "Dev"),), 'dev: "000000000009"\n', "repeated-alias"),
        ((an_account(2, "42"),), "", "bad-account-alias"),
        ((an_account(2, "x" * 33),), "", "bad-account-alias"),
        ((an_account(2, "プロダクション"),), "", "bad-account-alias"),
        ((an_account(1, "Root", manages=True), an_account(2, "x", state="CLOSED")), "", "empty-source"),
    ],
)
def test_what_is_wrong_with_accounts(accounts: Any, text: str, code: str) -> None:
    """Two of one name, a name that is no alias, none at all: nothing is imported, and the hint says how to name one by hand."""
    file = entries(ACCOUNTS, text)
    named = by_organizations.aliases(accounts, file)
    assert [each.code for each in by_organizations.account_findings(accounts, named, file)] == [code]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            GroupSource(),
            {
                "workloads": ("prod-payments", "prod-data", "dev"),
                "production": ("prod-payments", "prod-data"),
                "development": ("dev",),
            },
        ),
        (
            GroupSource(units=("Workloads",)),
            {
                "workloads": ("prod-payments", "prod-data", "dev"),
                "production": ("prod-payments", "prod-data"),
                "development": ("dev",),
            },
        ),
        (GroupSource(units=("Workloads/Production",)), {"production": ("prod-payments", "prod-data")}),
        (
            GroupSource(units=("Workloads/Development",), tags=("env",)),
            {"development": ("dev",), "env-live": ("prod-payments", "prod-data"), "env-test": ("dev",)},
        ),
    ],
)
def test_units_and_tags_become_groups(source: GroupSource, expected: dict[str, tuple[str, ...]]) -> None:
    """A unit's group has the accounts of the units in it, too; what is not active is in none."""
    named = by_organizations.aliases(ORGANIZATION, entries(ACCOUNTS))
    assert by_organizations.groups_of(ORGANIZATION, named, source) == (expected, ())


@pytest.mark.parametrize(
    ("accounts", "source", "code"),
    [
        ((an_account(2, "a", "X", "Prod"), an_account(3, "b", "Y", "prod")), GroupSource(), "repeated-group"),
        ((an_account(2, "a", "Env prod", env="prod"),), GroupSource(tags=("env",)), "repeated-group"),
        ((an_account(2, "a", "1st"),), GroupSource(), "bad-account-group"),
        ((an_account(2, "a", "Prod"),), GroupSource(units=("Pro",)), "unknown-unit"),
    ],
)
def test_what_is_wrong_with_groups(accounts: Any, source: GroupSource, code: str) -> None:
    """Two units of one name, a unit and a tag of one name, a name that is none, a unit that is not there."""
    named = by_organizations.aliases(accounts, entries(ACCOUNTS))
    _, findings = by_organizations.groups_of(accounts, named, source)
    assert [each.code for each in findings] == [code]


def test_a_group_keeps_the_order_of_its_file() -> None:
    """New members follow; those that left are gone."""
    file = entries(ACCOUNT_GROUPS, "production: {source: organizations, accounts: [data, old, prod]}\n")
    wanted = by_organizations.wanted_groups({"production": ("new", "prod", "data")}, file)
    assert wanted == {"production": {"source": "organizations", "accounts": ["data", "prod", "new"]}}


def people_plan(before: int, after: int, *ends: str) -> ImportPlan:
    """An import of people that held so many, and would hold the first of them."""
    lines = "".join(f"  u{number}: {{github_id: {number + 1}, source: csv}}\n" for number in range(before))
    file = entries(PEOPLE_FILE, f"people:\n  erin: {{github_id: 999}}\n{lines}")
    wanted = {f"u{number}": {"github_id": str(number + 1), "source": "csv"} for number in range(after)}
    changes = compare(file, wanted, ImportSource.CSV)  # type: ignore[arg-type]  # a dict of such values is one
    return ImportPlan(
        name="people", source=ImportSource.CSV, files=((file, changes),), ends=tuple(map(Login, ends))
    )


@pytest.mark.parametrize(
    ("before", "after", "live", "allowed", "refused"),
    [
        (60, 55, (), None, False),
        (60, 54, (), None, True),
        (10, 9, (), None, False),
        (9, 8, (), None, True),
        (60, 60, (), None, False),
        (60, 54, (), 6, False),
        (60, 54, (), 5, True),
        (60, 54, (), 7, True),
        (60, 59, (), 2, True),
        (60, 59, ("alice in prod",), None, True),
        (60, 59, ("alice in prod",), 1, False),
        (60, 60, (), 0, False),
    ],
)
def test_how_much_may_go_unasked(
    before: int, after: int, live: tuple[str, ...], allowed: int | None, refused: bool
) -> None:
    """At most five and at most a tenth, and nobody with live access; beyond that, exactly as many as was said."""
    why = too_much(people_plan(before, after), live, allowed)
    assert bool(why) is refused
    if refused and allowed is None:
        assert why.endswith(f"--removals {before - after}")
        assert all(each in why for each in live)


def test_members_and_group_members_count_too() -> None:
    """Of lists each item is counted, and so is a person who becomes somebody else."""
    file = entries(
        TEAMS, "acme/a: {source: github, members: [a, b, c]}\nacme/b: {source: github, members: [a]}\n"
    )
    wanted: Any = {"acme/a": {"source": "github", "members": ["c", "d"]}}
    plan = ImportPlan(
        name="teams", source=ImportSource.GITHUB, files=((file, compare(file, wanted, ImportSource.GITHUB)),)
    )
    assert plan.lines == ("- acme/b: a", "- acme/a: a", "- acme/a: b", "+ acme/a: d")
    assert (plan.held, plan.removed) == (4, ("acme/b: a", "acme/a: a", "acme/a: b"))
    file = entries(PEOPLE_FILE, "people:\n  bob: {github_id: 1, source: csv}\n")
    wanted = {"bob": {"github_id": "2", "source": "csv"}}
    changes = compare(file, wanted, ImportSource.CSV)
    plan = ImportPlan(name="people", source=ImportSource.CSV, files=((file, changes),), ends=(Login("bob"),))
    assert (plan.lines, plan.removed) == (("~ bob",), ("bob",))


def test_whose_live_access_ends() -> None:
    """By login, in any case, and by account; what is over already is not named."""
    state = a_request_state(an_approval(), an_outcome(EventType.GRANTED))
    over = a_request_state(an_approval(), an_outcome(EventType.GRANTED), a_revocation(at=NOW))
    plan = people_plan(9, 8, "Alice")
    (named,) = live_grants(plan, [state], NOW)
    assert named.startswith("alice in prod until 2026-11-24T11:00:00Z (requests/")
    assert list(live_grants(plan, [over], NOW)) == []
    assert list(live_grants(people_plan(9, 8, "bob"), [state], NOW)) == []
    closing = ImportPlan(
        name="accounts", source=ImportSource.ORGANIZATIONS, files=(), closes=(AccountId("111111111111"),)
    )
    assert len(list(live_grants(closing, [state], NOW))) == 1


def test_the_text_of_the_pull_request() -> None:
    """What comes and goes, and whose access ends; names are inert, and many are counted."""
    made = proposal(people_plan(300, 3), {"policies/people.yaml": b"x"}, ("@alice in prod",), NOW)
    assert (made.branch, made.title) == ("jitbot/import/people-2026-11-24", "Import people: 297 removed")
    assert "and 97 more" in made.body
    assert "⚠️ This ends live access" in made.body
    assert "@alice" not in made.body


def test_a_small_change_is_shown_whole() -> None:
    """Nothing is counted, and no access is said to end."""
    made = proposal(people_plan(10, 9), {}, (), NOW)
    assert "⚠️" not in made.body
    assert "more" not in made.body
    assert "more" not in proposal(people_plan(203, 3), {}, (), NOW).body
    assert "and 1 more" in proposal(people_plan(204, 3), {}, (), NOW).body


@pytest.mark.parametrize(
    ("before", "after", "live", "said"),
    [
        (60, 54, (), "6 of 60 would be removed. If"),
        (60, 59, ("alice in prod",), "1 would be removed, which ends live access: alice in prod. If"),
        (60, 54, ("a", "b"), "6 of 60 would be removed, which ends live access: a; b. If"),
    ],
)
def test_why_it_is_asked_is_said(before: int, after: int, live: tuple[str, ...], said: str) -> None:
    """How much goes, and whose access."""
    assert too_much(people_plan(before, after), live, None).startswith(said)


def test_who_goes_is_counted_once() -> None:
    """Also where the person is named as one whose identity ends."""
    assert people_plan(2, 1, "u1").removed == ("u1",)


def test_each_line_of_a_plan() -> None:
    """Items of a list that comes, empties or fills; a member with dates by the login; an entry without a list by its key."""
    file = entries(
        TEAMS,
        "acme/a: {source: github, members: [a]}\n"
        "acme/c: {source: github, members: [{login: c, until: 2027-01-01}]}\n",
    )
    wanted: Any = {
        "acme/a": {"source": "github", "members": []},
        "acme/d": {"source": "github", "members": ["d"]},
        "acme/e": {"source": "github", "members": []},
    }
    changes = compare(file, wanted, ImportSource.GITHUB)
    plan = ImportPlan(name="teams", source=ImportSource.GITHUB, files=((file, changes),))
    assert plan.lines == ("- acme/c: c", "- acme/a: a", "+ acme/d: d", "+ acme/e")


def test_a_file_of_the_very_size_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """In bytes and in rows; one less is too large."""
    content = f"{CSV}a,,,1\nb,,,2\n".encode()
    for name, size in (("MOST_BYTES", len(content)), ("MOST_ROWS", 2)):
        with monkeypatch.context() as patched:
            patched.setattr(by_csv, name, size)
            assert len(by_csv.read_csv("people.csv", content).rows) == 2
            patched.setattr(by_csv, name, size - 1)
            assert found(by_csv.read_csv("people.csv", content).findings) == [("too-large", 0)]


def test_who_says_the_other_id_is_named() -> None:
    """The row, or the last import."""
    file = entries(PEOPLE_FILE, "people:\n  carol: {github_id: 1003, source: csv}\n")
    for row, said in (("carol,7", "the row names 7"), ("carol,", "the last import found 1003")):
        read = rows(f"login,github_id\n{row}\n")
        actor = an_actor("carol", github_id=GithubId(9))
        (other,) = by_csv.known_to_github(read, {read.rows[0].login: actor}, file)
        assert said in other.message


def test_a_row_of_nobody_becomes_no_entry() -> None:
    """It is a finding already."""
    assert by_csv.wanted_people(rows("login\nalice\n"), {Login("alice"): None}) == {}


def test_who_only_belongs_to_another_import_is_the_same() -> None:
    """The source of an entry is no part of whom it stands for."""
    file = entries(PEOPLE_FILE, "people:\n  bob: {github_id: 1, source: csv}\n")
    assert by_csv.replaced(file, {"bob": {"github_id": "1", "source": "other"}}) == ()
