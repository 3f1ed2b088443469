"""`jitbot import people` and `teams`, against the embedded GitHub: an admin in a clone, with their own token."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from asking_office import Office, open_office
from desk import Said, before_imports, said

from jitbot.sandbox.github.records import GitHubFault
from jitbot.sandbox.organisation import acme_tree

PEOPLE, TEAMS = "policies/people.yaml", "policies/teams.yaml"
HEAD = "login,identity_center\n"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """acme, where alice has something live, with more people and teams on GitHub."""
    with open_office(
        tmp_path_factory.mktemp("home"), lambda issuer: before_imports(acme_tree(issuer))
    ) as office:
        words = ("-a", "prod", "-d", "1h", "-p", "table=orders", "-r", "live one", "--format", "json")
        live = office.run("request", "orders-db-read", *words).json
        office.approve("bob", live["pull_request"])
        office.workflows.idle()
        for number in range(1, 31):
            office.acme.github.add_user(f"new-{number}", 5000 + number)
        office.acme.github.add_user("robot", 4999, type="Bot")
        office.acme.github.add_team("acme/new", ["alice", "bob", "Carol"])
        office.acme.github.add_team("acme/strangers", ["alice", "new-1"])
        yield office


class Admin:
    """olivia in her clone, with a CSV file."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office, self.folder = office, folder
        office.acme.git("olivia", "checkout", "--quiet", "--force", "origin/main", cwd=folder)
        office.acme.git("olivia", "clean", "--quiet", "-fd", cwd=folder)

    def run(self, *arguments: str) -> Said:
        """Run jitbot here."""
        environ = {**self.office.environ("olivia"), "GITHUB_SERVER_URL": self.office.acme.github.url}
        return said(*arguments, folder=self.folder, environ=environ, now=self.office.acme.clock.now())

    def people(self, rows: str, *arguments: str) -> Said:
        """Import people by these rows."""
        (self.folder / "people.csv").write_text(HEAD + rows, "utf-8")
        return self.run("import", "people", "people.csv", *arguments)

    def text(self, path: str = PEOPLE) -> str:
        """A file here."""
        return (self.folder / path).read_text("utf-8")

    def hand_over(self, *logins: str) -> None:
        """Give these people's entries to the import."""
        text = self.text()
        for login in logins:
            assert f"{login}@acme.com}}" in text
            text = text.replace(f"{login}@acme.com}}", f"{login}@acme.com, source: csv}}")
        (self.folder / PEOPLE).write_text(text, "utf-8")


@pytest.fixture
def admin(running: Office) -> Admin:
    """olivia, at main's tip."""
    return Admin(running, running.acme.clone("admin"))


NEW = "new-1,new-1@acme.com\nnew-2,\n"


def test_people_are_added_and_nothing_else_changes(admin: Admin) -> None:
    """With GitHub's id of each; `check` has nothing against it, and a second import finds nothing to do."""
    before = admin.text()
    answer = admin.people(NEW)
    assert (answer.code, answer.out) == (0, "+ new-1\n+ new-2\n")
    lines = "  new-1: {github_id: 5001, identity_center: new-1@acme.com, source: csv}\n  new-2: {github_id: 5002, source: csv}\n"
    assert admin.text() == f"{before}{lines}"
    assert admin.run("check").code == 0
    again = admin.people(NEW)
    assert (again.code, again.out) == (0, "")
    assert "nothing changes" in again.err


def test_check_changes_nothing(admin: Admin) -> None:
    """It ends with 1 if something would change, and with 0 if nothing would."""
    before = admin.text()
    assert admin.people(NEW, "--check").code == 1
    assert admin.text() == before
    admin.people(NEW)
    assert admin.people(NEW, "--check").code == 0
    assert admin.people(NEW, "--check", "--pull-request").code == 2


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            "nobody-here,x@acme.com\n",
            "people.csv:2:1: nobody-here is nobody's login on GitHub [unknown-login]",
        ),
        ("robot,\n", "robot is no person on GitHub, but a Bot [not-a-person]"),
        ("new-1,\nNEW-1,\n", "[repeated-value]"),
        ("new-1,alice@acme.com\n", "[repeated-principal]"),
        ("new-1,new 1\n", "[bad-user-name]"),
        ("", "the file has no row [empty-source]"),
    ],
)
def test_what_is_unclear_is_imported_nowhere(admin: Admin, rows: str, expected: str) -> None:
    """Unknown, repeated, another's identity, what `check` would refuse: the reason, and no change."""
    before = admin.text()
    answer = admin.people(rows)
    assert answer.code == 1
    assert expected in answer.out
    assert "nothing was imported" in answer.err
    assert admin.text() == before


def test_who_has_live_access_is_named_before_they_go(admin: Admin) -> None:
    """alice's grant would end: the import says so, and waits for the number."""
    admin.hand_over("alice", "dave")
    before = admin.text()
    answer = admin.people("dave,dave@acme.com\n")
    assert answer.code == 1
    assert "1 of 2 would be removed, which ends live access: alice in prod until " in answer.err
    assert "--removals 1" in answer.err
    assert admin.text() == before
    assert admin.people("dave,dave@acme.com\n", "--removals", "2").code == 1
    answer = admin.people("dave,dave@acme.com\n", "--removals", "1")
    assert answer.code == 1  # she is in teams, too: what `check` refuses is not written
    assert "alice, of acme/payments, is not in policies/people.yaml [unknown-person]" in answer.out
    assert admin.text() == before


def test_who_becomes_another_identity_is_named_too(admin: Admin) -> None:
    """The grant is for the principal of before; the import of another one ends it."""
    admin.hand_over("alice")
    answer = admin.people("alice,alice.b@acme.com\n")
    assert (answer.code, answer.out) == (1, "~ alice\n")
    assert "ends live access: alice in prod" in answer.err
    answer = admin.people("alice,alice.b@acme.com\n", "--removals", "1")
    assert answer.code == 0
    assert "this ends live access: alice in prod" in answer.err
    assert "alice: {github_id: 1001, identity_center: alice.b@acme.com, source: csv}" in admin.text()


def test_a_shrunken_source_is_refused(admin: Admin) -> None:
    """A tenth is asked for; entries of others do not count, and are not touched."""
    every = "".join(f"new-{number},\n" for number in range(1, 31))
    assert admin.people(every).code == 0
    before = admin.text()
    fewer = "".join(f"new-{number},\n" for number in range(1, 27))
    answer = admin.people(fewer)
    assert "4 of 30 would be removed" in answer.err
    assert (answer.code, admin.text()) == (1, before)
    assert admin.people(fewer, "--removals", "4").code == 0
    assert "erin: {github_id: 1005}" in admin.text()


def test_entries_of_others_stay(admin: Admin) -> None:
    """A person whom somebody wrote down is left alone, and the import says so."""
    before = admin.text()
    answer = admin.people("alice,somebody.else@acme.com\n")
    assert (answer.code, admin.text()) == (0, before)
    assert "alice is in policies/people.yaml without `source:`, and stays as it is" in answer.err


def test_a_pull_request_is_opened_as_the_person(admin: Admin) -> None:
    """On main as it is, with nothing written here; its files are those that an import here would write."""
    before = admin.text()
    answer = admin.people(NEW, "--pull-request")
    assert answer.code == 0, answer.err
    assert admin.text() == before
    (pull,) = (each for each in admin.office.pulls() if each.title.startswith("Import people"))
    assert pull.title == "Import people: 2 added"
    assert pull.author.login == "olivia"
    assert answer.out.splitlines()[-1].endswith(f"/pull/{pull.number}")
    proposed = admin.office.github.store.read(pull.head_sha, PEOPLE).decode()
    admin.people(NEW)
    assert proposed == admin.text()


def test_a_team_comes_with_githubs_members(admin: Admin) -> None:
    """The team that is named; entries without `source:` stay as they are."""
    before = admin.text(TEAMS)
    answer = admin.run("import", "teams", "acme/new")
    assert (answer.code, answer.out) == (0, "+ acme/new: alice\n+ acme/new: bob\n+ acme/new: carol\n")
    assert admin.text(TEAMS).startswith(before)
    assert admin.run("check").code == 0
    admin.office.acme.github.add_team("acme/new", ["bob", "dave"])
    try:
        answer = admin.run("import", "teams")
        assert answer.code == 1
        assert "2 of 3 would be removed" in answer.err
        assert "acme/payments is in policies/teams.yaml without `source:`" in answer.err
        assert admin.run("import", "teams", "--removals", "2").code == 0
        assert admin.text(TEAMS).endswith("  members:\n    - bob\n    - dave\n")
    finally:
        admin.office.acme.github.add_team("acme/new", ["alice", "bob", "Carol"])


@pytest.mark.parametrize(
    ("team", "expected"),
    [
        (
            "acme/strangers",
            "new-1, of acme/strangers on GitHub, is not in policies/people.yaml [unknown-person]",
        ),
        ("acme/nowhere", "GitHub shows this token no team acme/nowhere [unknown-team]"),
    ],
)
def test_a_team_that_is_unclear_is_imported_nowhere(admin: Admin, team: str, expected: str) -> None:
    """Somebody unknown, or no such team: the reason, and no change."""
    before = admin.text(TEAMS)
    answer = admin.run("import", "teams", team)
    assert (answer.code, admin.text(TEAMS)) == (1, before)
    assert expected in answer.out


def test_without_github_nothing_is_imported(admin: Admin) -> None:
    """A failure is no empty answer."""
    before = admin.text()
    admin.office.acme.github.faults = lambda _, path: GitHubFault(status=403) if "/users/" in path else None
    try:
        answer = admin.people(NEW)
    finally:
        admin.office.acme.github.faults = None
    assert (answer.code, admin.text()) == (3, before)
