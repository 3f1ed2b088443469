"""`jitbot import accounts`, against AWS Organizations in moto: an admin in a clone, with the credentials of a reader."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aws_directory import Directory, open_directory
from desk import ISSUER, Desk, Said, before_imports, said

from jitbot.sandbox.organisation import acme_tree

ACCOUNTS, GROUPS, POLICY = (
    "policies/accounts.yaml",
    "policies/account-groups.yaml",
    "policies/access/orders-db-read.yaml",
)


@pytest.fixture(autouse=True)
def _nothing_is_imported_yet(desk: Desk) -> None:
    """acme's files with every entry as a person's."""
    before = acme_tree(ISSUER)
    after = before_imports(before)
    for path, content in after.items():
        desk.write(path, content)
    for path in before.keys() - after.keys():
        (desk.root / path).unlink()


@pytest.fixture
def directory() -> Iterator[Directory]:
    """An organisation with two units, one in the other."""
    with open_directory() as opened:
        yield opened


class Importer:
    """A desk with acme's files, and the organisation."""

    def __init__(self, desk: Desk, directory: Directory) -> None:
        self.desk, self.directory = desk, directory
        workloads = directory.unit("Workloads")
        self.production = directory.unit("Production", workloads)
        self.ids = [
            directory.account(name, unit, environment=stage)
            for name, unit, stage in (
                ("Orders prod", self.production, "live"),
                ("Orders data", self.production, "live"),
                ("Orders dev", workloads, "test"),
            )
        ]

    def run(self, *arguments: str) -> Said:
        """Run jitbot here."""
        return said(*arguments, folder=self.desk.root, environ=self.directory.environ)

    def text(self, path: str) -> str:
        """A file here; empty if there is none."""
        file = self.desk.root / path
        return file.read_text("utf-8") if file.exists() else ""


@pytest.fixture
def importer(desk: Desk, directory: Directory) -> Importer:
    """Before the first import."""
    return Importer(desk, directory)


def test_accounts_and_groups_are_added(importer: Importer) -> None:
    """An alias for each by its name, a group for each unit and tag; `check` has nothing against it."""
    before = importer.text(ACCOUNTS)
    answer = importer.run("import", "accounts", "--tag", "environment")
    assert answer.code == 0, answer.out + answer.err
    one, two, three = importer.ids
    lines = (
        f'orders-prod: {{id: "{one}", source: organizations}}\norders-data: {{id: "{two}", source: organizations}}\n'
        f'orders-dev: {{id: "{three}", source: organizations}}\n'
    )
    assert set(importer.text(ACCOUNTS).splitlines()) == set((before + lines).splitlines())
    assert importer.text(ACCOUNTS).startswith(before)
    groups = importer.text(GROUPS)
    assert (
        "production:\n  source: organizations\n  accounts:\n    - orders-prod\n    - orders-data\n" in groups
    )
    assert "environment-test:\n  source: organizations\n  accounts:\n    - orders-dev\n" in groups
    assert "is left out: it is the management account" in answer.err
    assert importer.run("check").code == 0
    assert importer.run("import", "accounts", "--tag", "environment", "--check").code == 0


def test_a_new_account_joins_its_group_where_the_file_is(importer: Importer) -> None:
    """A comment that somebody wrote stays, and so does an alias that somebody chose."""
    importer.desk.write(ACCOUNTS, importer.text(ACCOUNTS) + f'shop: "{importer.ids[0]}"  # not orders\n')
    assert importer.run("import", "accounts").code == 0
    noted = importer.text(GROUPS).replace("    - shop\n", "    - shop  # the first\n")
    importer.desk.write(GROUPS, noted)
    importer.directory.account("Stock", importer.production)
    answer = importer.run("import", "accounts")
    assert (answer.code, sorted(answer.out.splitlines())) == (
        0,
        ["+ production: stock", "+ stock", "+ workloads: stock"],
    )
    assert "    - shop  # the first\n    - orders-data\n    - stock\n" in importer.text(GROUPS)
    assert "orders-prod" not in importer.text(ACCOUNTS)


def test_an_account_that_goes_is_asked_for(importer: Importer) -> None:
    """With its places in groups; and it does not go while a policy names it."""
    assert importer.run("import", "accounts").code == 0
    policy = importer.text(POLICY)
    importer.desk.write(POLICY, policy.replace("accounts: [prod, staging]", "accounts: [prod, orders-dev]"))
    before = importer.text(ACCOUNTS), importer.text(GROUPS)
    organizations = importer.directory.client("organizations")
    organizations.close_account(AccountId=importer.ids[2])
    answer = importer.run("import", "accounts", "--removals", "2")
    assert answer.code != 0  # the ledger of acme is on no GitHub here, so nobody knows what is live
    assert (importer.text(ACCOUNTS), importer.text(GROUPS)) == before


def test_groups_alone_can_be_refused_by_check(importer: Importer) -> None:
    """A group that a policy names does not go: `check` would find nothing behind the name."""
    assert importer.run("import", "accounts", "--unit", "Workloads/Production").code == 0
    policy = importer.text(POLICY)
    importer.desk.write(
        POLICY, policy.replace("accounts: [prod, staging]", 'accounts: [prod, staging, "@production"]')
    )
    assert importer.run("check").code == 0
    before = importer.text(GROUPS)
    answer = importer.run("import", "accounts", "--tag", "environment", "--unit", "Workloads")
    assert answer.code == 0  # production is still among them
    importer.desk.write(GROUPS, before)
    organizations = importer.directory.client("organizations")
    organizations.update_organizational_unit(OrganizationalUnitId=importer.production, Name="Live")
    answer = importer.run("import", "accounts", "--unit", "Workloads/Live", "--removals", "2")
    assert answer.code == 1
    assert "@production is not in policies/account-groups.yaml, so it stands for no account" in answer.out
    assert importer.text(GROUPS) == before


def test_without_credentials_nothing_is_imported(importer: Importer) -> None:
    """What AWS does not answer is no empty organisation."""
    environ = {**importer.directory.environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    before = importer.text(ACCOUNTS)
    answer = said("import", "accounts", folder=importer.desk.root, environ=environ)
    assert (answer.code, importer.text(ACCOUNTS)) == (3, before)


def test_sixty_accounts(desk: Desk, directory: Directory, tmp_path: Path) -> None:
    """A file of sixty accounts in six units is written in seconds, and read by `check`."""
    units = [directory.unit(f"Team {number}") for number in range(6)]
    for number in range(60):
        directory.account(f"Team {number % 6} stage {number // 6}", units[number % 6])
    shutil.copytree(desk.root, tmp_path / "copy")
    begun = time.monotonic()
    answer = said("import", "accounts", folder=desk.root, environ=directory.environ)
    assert answer.code == 0, answer.out + answer.err
    seconds = time.monotonic() - begun
    added = answer.out.splitlines()
    assert (len(added), seconds < 60) == (120, True)
    assert desk.run("check").code == 0
