"""What every import promises, whatever its source: nothing is written that says anything but what was meant."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import MINUTE, NOW, PROD
from builders import an_approval, an_outcome
from catalogue_facts import the_catalogue
from plain_github import PlainGitHub

from jitbot.adapters import documents
from jitbot.domain.imports.entries import ImportSource, compare
from jitbot.domain.imports.plan import ImportPlan
from jitbot.domain.ledger import batches, events
from jitbot.domain.ledger.events import EventType
from jitbot.domain.model.documents import PEOPLE, Finding, Login, Sha, policy_path
from jitbot.domain.model.errors import InvalidError
from jitbot.usecases.collect.memory_tree import MemoryTree
from jitbot.usecases.imports import run_import
from jitbot.usecases.imports.run_import import (
    ImportTarget,
    ReadyImport,
    open_import,
    prepare,
    refused_by_check,
)

TEXT = "people:\n  erin: {github_id: 1005}\n  alice: {github_id: 1001, source: csv}\n"


def target(mode: str = "") -> ImportTarget:
    """A file of people, and nobody to ask."""
    nobody: Any = None
    modes = {PEOPLE: mode} if mode else {}
    return ImportTarget(
        tree=MemoryTree({PEOPLE: TEXT.encode()}, modes),
        policies=(),
        documents=documents,
        catalogue=nobody,
        client=nobody,
        at=NOW,
    )


def plan(of: ImportTarget) -> ImportPlan:
    """One person more."""
    file = of.file(PEOPLE)
    wanted: Any = {
        "alice": {"github_id": "1001", "source": "csv"},
        "bob": {"github_id": "1002", "source": "csv"},
    }
    changes = compare(file, wanted, ImportSource.CSV)
    return ImportPlan(name="people", source=ImportSource.CSV, files=((file, changes),))


@pytest.mark.parametrize(
    "wrong",
    [
        TEXT,
        TEXT.replace("1005", "1006") + "  bob: {github_id: 1002, source: csv}\n",
        TEXT.replace("  erin: {github_id: 1005}\n", "") + "  bob: {github_id: 1002, source: csv}\n",
        TEXT + "  bob: {github_id: 7, source: csv}\n",
    ],
    ids=["nothing", "another's value", "another's entry gone", "another value"],
)
def test_an_edit_that_says_something_else_is_refused(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    """The file is read back before anybody sees it, whatever the editing did."""
    monkeypatch.setattr(run_import, "edited", lambda *_: wrong)
    with pytest.raises(InvalidError, match="cannot be changed line by line without a loss"):
        prepare(target(), plan(target()), None)


def test_a_file_that_is_a_link_is_not_changed() -> None:
    """What lies behind it is another file."""
    with pytest.raises(InvalidError, match="no ordinary file: git mode 120000"):
        target(mode="120000").file(PEOPLE)


TEAMS = "policies/teams.yaml"


def acmes(*policies: str, live: bool = False, **files: bytes) -> tuple[ImportTarget, PlainGitHub]:
    """acme's own files, with these in the place of others, and its GitHub; `live`: alice has access in prod."""
    github = PlainGitHub()
    github.files |= {f"policies/{name}.yaml": content for name, content in files.items()}
    if live:
        told = (an_approval(), an_outcome(EventType.GRANTED))
        github.push("ledger", {batches.filed(each.path, Sha("a" * 40)): events.dump(each) for each in told})
    made = ImportTarget(
        tree=MemoryTree(github.files, github.modes),
        policies=policies,
        documents=documents,
        catalogue=the_catalogue(),
        client=github.client,
        at=NOW + 2 * MINUTE,
    )
    return made, github


def of_people(of: ImportTarget, *gone: str, **changes: Any) -> ImportPlan:
    """An import by which these of its people go, and nothing else."""
    file = of.file(PEOPLE)
    kept = {key: each.value for key, each in file.own(ImportSource.CSV).items() if key not in gone}
    made = compare(file, kept, ImportSource.CSV)
    return replace(ImportPlan(name="people", source=ImportSource.CSV, files=((file, made),)), **changes)


def ready(found: ReadyImport | tuple[Finding, ...]) -> ReadyImport:
    """Nothing was found against it."""
    assert isinstance(found, ReadyImport), found
    return found


def test_nobody_is_asked_where_nothing_goes() -> None:
    """And a file that does not change is not written."""
    of, github = acmes(live=True)
    found = ready(prepare(of, of_people(of), None))
    assert (found.files, found.live, github.calls) == ({}, (), [])


@pytest.mark.parametrize("goes", [{"ends": (Login("alice"),)}, {"closes": (PROD,)}])
def test_live_access_that_ends_is_named(goes: dict[str, Any]) -> None:
    """Because its person goes, or its account; unless the person says so, that is not done. Without a ledger there is none."""
    of, github = acmes(live=True)
    with pytest.raises(InvalidError, match="0 would be removed, which ends live access: alice in prod until"):
        prepare(of, of_people(of, **goes), None)
    (named,) = ready(prepare(of, of_people(of, **goes), 0)).live
    assert named.startswith("alice in prod until 2026-11-24T11:00:00Z")
    del github.branches["ledger"]
    assert ready(prepare(of, of_people(of, **goes), None)).live == ()


def test_more_than_was_agreed_to_is_not_removed() -> None:
    """One of two is much."""
    of, _ = acmes()
    with pytest.raises(InvalidError, match="1 of 2 would be removed"):
        prepare(of, of_people(of, "heidi"), None)


def test_what_check_finds_in_other_files_is_against_it() -> None:
    """A person that a team names goes: the team's file is wrong then, and a line of owners, which they were not before."""
    of, _ = acmes()
    found = prepare(of, of_people(of, "heidi"), 1)
    assert isinstance(found, tuple)
    assert {(each.file, each.code) for each in found} == {
        (TEAMS, "unknown-person"),
        (".github/CODEOWNERS", "unknown-owner"),
    }


def test_what_was_wrong_before_is_not_against_it() -> None:
    """Neither in a file that changes with it, nor in another one; what it would add in itself is."""
    without = acmes()[1].files[TEAMS].replace(b"    - heidi\n", b"    - heidi\n    - nobody\n")
    of, _ = acmes(teams=without)
    assert ready(prepare(of, of_people(of), None)).files == {}
    found = prepare(of, of_people(of, "heidi"), 1)
    assert isinstance(found, tuple)
    assert [each.message.partition(" ")[0] for each in found] == ["heidi,", "@acme/data-leads"]
    itself = {PEOPLE: of.tree.read([PEOPLE])[PEOPLE].replace(b"1001", b"1002")}
    found = refused_by_check(of, itself)
    assert [each.file for each in found] == [PEOPLE] * len(set(found))  # each is told once


def test_policies_are_looked_at_too() -> None:
    """An account goes in which a policy gives access."""
    path = policy_path("production-admin")
    of, _ = acmes(path)
    changed = {
        "policies/accounts.yaml": of.tree.read(["policies/accounts.yaml"])["policies/accounts.yaml"].replace(
            b"prod:", b"product:"
        )
    }
    assert path in {each.file for each in refused_by_check(of, changed)}
    none, _ = acmes()
    assert path not in {each.file for each in refused_by_check(none, changed)}


def test_what_is_no_ordinary_file_is_not_written_over() -> None:
    """What lies behind a link is another file."""
    of, github = acmes()
    github.modes[".github/CODEOWNERS"] = "120000"
    (found,) = refused_by_check(of, {".github/CODEOWNERS": github.files[".github/CODEOWNERS"]})
    assert (found.file, found.code) == (".github/CODEOWNERS", "codeowners-not-plain")


def test_a_file_that_would_not_read_is_against_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what is wrong in it."""
    monkeypatch.setattr(run_import, "edited", lambda *_: "people: [")
    of, _ = acmes()
    found = prepare(of, of_people(of, "heidi"), 1)
    assert isinstance(found, tuple)
    assert {each.file for each in found} == {PEOPLE}


def test_a_registry_that_does_not_read_is_named() -> None:
    """By its line, with what to do; one that is not there is empty."""
    of, github = acmes(people=b"people: [")
    with pytest.raises(InvalidError, match=rf"{PEOPLE}:\d+: .*; "):
        of.file(PEOPLE)
    del github.files[PEOPLE]
    assert of.file(PEOPLE).entries == ()


def test_it_is_opened_by_who_may_push() -> None:
    """On the first branch that is free; whoever may not push is told so before anything is written."""
    of, github = acmes()
    wanted: Any = {
        "grace": {"github_id": "1007", "source": "csv"},
        "heidi": {"github_id": "1008", "source": "csv"},
    }
    file = of.file(PEOPLE)
    made = replace(of_people(of), files=((file, compare(file, wanted, ImportSource.CSV)),))
    found = ready(prepare(of, made, None))
    assert found.files.keys() == {PEOPLE}
    assert b"grace: {github_id: 1007, source: csv}" in found.files[PEOPLE]
    github.branches["jitbot/import/people-2026-11-24"] = github.branches["main"]
    pull = open_import(github.client(), found, NOW)
    assert pull.head_branch == "jitbot/import/people-2026-11-24-2"
    assert github.trees[pull.head][PEOPLE] == found.files[PEOPLE]
    github.may_write = False
    with pytest.raises(InvalidError, match="alice may not push to acme/access"):
        open_import(github.client(), found, NOW)
    assert len(github.pulls) == 1
