"""What each import asks of its source, what it leaves alone, and when it plans nothing, on acme's own files."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from acme_facts import NOW, an_actor

from jitbot.adapters import documents
from jitbot.domain.imports.accounts import GroupSource, OrganizationAccount
from jitbot.domain.imports.people import read_csv
from jitbot.domain.imports.plan import ImportPlan
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import InvalidError
from jitbot.sandbox.organisation import acme_tree
from jitbot.usecases.collect.memory_tree import MemoryTree
from jitbot.usecases.imports.run_import import ImportTarget
from jitbot.usecases.imports.sources import plan_accounts, plan_people, plan_teams

ACME = acme_tree("https://x.example")
TEAMS = "policies/teams.yaml"


def target(
    members: Mapping[str, tuple[str, ...]] | None = None, *, policies: tuple[str, ...] = (), **files: str
) -> ImportTarget:
    """acme's files with these in the place of others, and a GitHub that knows everybody, and these teams."""
    changed = {f"policies/{name}.yaml": text.encode() for name, text in files.items()}
    nobody: Any = None
    github = SimpleNamespace(
        account=lambda login: None if login == "nobody" else an_actor(login), members=(members or {}).get
    )
    client: Any = lambda: SimpleNamespace(github=github)  # noqa: E731
    return ImportTarget(
        tree=MemoryTree({**ACME, **changed}, {}),
        policies=policies,
        documents=documents,
        catalogue=nobody,
        client=client,
        at=NOW,
    )


def good(found: Any) -> ImportPlan:
    """The plan; nothing was wrong."""
    assert isinstance(found, ImportPlan), found
    return found


def codes(found: Any) -> list[str]:
    """What was wrong."""
    assert isinstance(found, tuple), found
    return [each.code for each in found]


def people(login: str, user: str = "x@acme.com") -> Any:
    """A CSV file of one person."""
    return read_csv("people.csv", f"login,identity_center\n{login},{user}\n".encode())


class Store:
    """An identity store of one user."""

    def users(self, store: str) -> Mapping[str, bool]:
        """It is enabled."""
        assert store == "d-1"
        return {"x@acme.com": True}


def test_people_are_those_of_the_file() -> None:
    """An import's own entries go with it; entries of others stay, and are said to."""
    plan = good(plan_people(target(), people("heidi"), "", None))
    ((_, changes),) = plan.files
    assert (list(changes.removed), plan.ends) == (["grace"], ("grace", "heidi"))  # heidi is another user now
    plan = good(plan_people(target(), people("erin"), "", None))
    assert any("erin is in policies/people.yaml without `source:`" in each for each in plan.notes)


def test_a_file_of_people_that_is_wrong_plans_nothing() -> None:
    """By itself, by GitHub, or by Identity Center, where that is asked."""
    assert codes(plan_people(target(), read_csv("people.csv", b"x\n"), "", None)) == ["bad-header"]
    assert codes(plan_people(target(), people("nobody"), "", None)) == ["unknown-login"]
    wrong = people("heidi", "y@acme.com")
    assert codes(plan_people(target(), wrong, "d-1", Store())) == ["unknown-user"]
    good(plan_people(target(), wrong, "d-1", None))
    good(plan_people(target(), people("heidi"), "d-1", Store()))


def test_teams_are_those_that_are_named_or_that_the_rules_name() -> None:
    """Those of the last import that are not asked for stay as they were."""
    members = {"acme/new": ("bob",), "acme/data-leads": ("grace", "heidi"), "acme/Data-Leads": ("grace",)}
    ((_, changes),) = good(plan_teams(target(members), ["acme/new"])).files
    assert (list(changes.added), changes.changed, changes.removed) == (["acme/new"], {}, ())
    ((_, changes),) = good(plan_teams(target(members), ["acme/Data-Leads"])).files
    assert (changes.added, list(changes.changed), changes.removed) == ({}, ["acme/data-leads"], ())
    policy = "policies/access/orders-db-read.yaml"
    plan = good(plan_teams(target(members, policies=(policy, "policies/accounts.yaml")), []))
    assert any("acme/payments is in policies/teams.yaml" in each for each in plan.notes)
    without = good(plan_teams(target(members), []))
    assert not any("acme/payments is in" in each for each in without.notes)


def test_teams_that_nobody_can_import_plan_nothing() -> None:
    """GitHub shows none, no rule names any, or nobody knows who the people are."""
    assert codes(plan_teams(target(), ["acme/gone"])) == ["unknown-team"]
    assert codes(plan_teams(target({"acme/new": ("stranger",)}), ["acme/new"])) == ["unknown-person"]
    with pytest.raises(InvalidError, match="does not read"):
        plan_teams(target(people="people: ["), ["acme/new"])
    nobody = target(teams="acme/x: [bob]\n")
    files = {path: content for path, content in ACME.items() if "CODEOWNERS" not in path}
    files[TEAMS] = b"acme/x: [bob]\n"
    alone = ImportTarget(
        tree=MemoryTree(files, {}),
        policies=(),
        documents=documents,
        catalogue=nobody.catalogue,
        client=nobody.client,
        at=NOW,
    )
    with pytest.raises(InvalidError, match="no rule names a team"):
        plan_teams(alone, [])


def account(number: str, name: str, **changes: Any) -> OrganizationAccount:
    """One account of the organisation."""
    parts = {"state": "ACTIVE", "units": ("Test",), "tags": {}, "manages": False, **changes}
    return OrganizationAccount(account_id=AccountId(number), name=name, **parts)


def accounts(*found: OrganizationAccount, tags: tuple[str, ...] = (), **files: Any) -> Any:
    """The plan of an organisation of these accounts."""

    def listed(*, tags: bool) -> tuple[OrganizationAccount, ...]:
        asked.append(tags)
        return found

    asked: list[bool] = []
    organization: Any = SimpleNamespace(accounts=listed)
    plan = plan_accounts(target(**files), organization, GroupSource(tags=tags))
    assert asked == [bool(tags)]
    return plan


def test_accounts_are_those_that_can_be_used() -> None:
    """One that is gone is closed; each that is left out is said, and why."""
    plan = good(
        accounts(
            account("444444444444", "New"),
            account("555555555555", "Old", state="SUSPENDED"),
            account("666666666666", "Root", manages=True),
        )
    )
    (_, changes), _ = plan.files
    assert (list(changes.added), changes.removed, plan.closes) == (["new"], ("data",), ("333333333333",))
    left = [each for each in plan.notes if "is left out" in each]
    assert left == [
        "555555555555 (Old) is left out: it is SUSPENDED",
        "666666666666 (Root) is left out: it is the management account",
    ]
    assert good(accounts(account("333333333333", "Data"), tags=("team",))).closes == ()


def test_an_organisation_without_accounts_plans_nothing() -> None:
    """It would close them all."""
    assert "empty-source" in codes(accounts())
