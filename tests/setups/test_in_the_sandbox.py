"""Each organisation's repository at work: its files on the embedded GitHub, its accounts on the embedded AWS, its imports."""

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aws_directory import Directory, open_directory
from desk import Said, said
from moto.organizations import utils
from organisation import NOW, SETUPS, Laid
from rich.console import Console

from jitbot.cli import main
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme
from jitbot.sandbox.story.stage import Stage

# Of each: who asks under which policy, for what, and who approves.
ASKED: Mapping[str, tuple[str, str, dict[str, Any], tuple[str, ...]]] = {
    "startup": ("diego", "database-connect", {"parameters": {"user": "writer"}}, ("hugo", "ben")),
    "company": (
        "orders-7",
        "orders-table-read",
        {"accounts": ["orders-production"], "duration": "3h", "parameters": {"table": "orders"}},
        ("orders-2", "security-5"),
    ),
    "bank": (
        "carla",
        "payments-redrive",
        {
            "accounts": ["payments-prod"],
            "duration": "1h",
            "ticket": "CHG-7",
            "parameters": {"queue": "transfers"},
        },
        ("greta", "lars"),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Running:
    """An organisation, running."""

    laid: Laid
    stage: Stage

    @property
    def name(self) -> str:
        """Which it is."""
        return self.laid.setup.name

    def write_people(self, folder: Path) -> None:
        """The staff department's file: everybody but olivia."""
        rows = ["login,identity_center,github_id"]
        for login, person in self.stage.acme.people.items():
            if login != "olivia":
                rows.append(f"{login},{getattr(person.principal, 'user_name', '')},{person.github_id}")
        (folder / "people.csv").write_text("\n".join(rows) + "\n", "utf-8")

    def run(self, *arguments: str, folder: Path, **environ: str) -> Said:
        """Run jitbot as olivia, who administers the repository."""
        acme = self.stage.acme
        known = {
            "GITHUB_API_URL": acme.github.api_url,
            "GITHUB_SERVER_URL": acme.github.url,
            "GITHUB_TOKEN": acme.token("olivia"),
            "JITBOT_REPOSITORY": acme.repository,
        }
        return said(*arguments, folder=folder, environ={**known, **environ}, now=self.stage.now)


@pytest.fixture(scope="module", params=[each.name for each in SETUPS])
def running(request: pytest.FixtureRequest, organisations: Mapping[str, Laid]) -> Iterator[Running]:
    """The organisation on the embedded GitHub and AWS."""
    laid = organisations[request.param]
    with Acme(Clock(NOW), tree=laid.tree) as acme:
        acme.clone("runner")
        yield Running(laid=laid, stage=Stage(acme=acme, jitbot=main, console=Console(file=io.StringIO())))


def test_what_was_approved_is_granted(running: Running) -> None:
    """By whom the rules name, one of each team; not before the last of them, and to the requester alone."""
    stage = running.stage
    login, policy, fields, by = ASKED[running.name]
    for slug, approvers in (("early", by[:1]), ("work", by)):
        path, text = stage.request(login, policy, slug, **fields)
        number = stage.propose(login, slug, {path: text})
        for approver in approvers:
            stage.must(stage.review(approver, number))
        stage.must(stage.merge("olivia", number))
    ran = stage.run("grant", workflow="grant.yml", code=1)
    assert "not-enough-approvals" in ran.output
    assert f"1 of {len(by)} approvals" in ran.output
    held = stage.run("status", "--all", "--format", "json", workflow="grant.yml", code=0, aside=True).output
    (live,) = [each for each in json.loads(held) if each["state"] == "live"]
    assert live["request"].endswith(f"-{login}-work.yaml")
    assert stage.assume(login, live["role_arn"]) is not None
    other = next(each for each in stage.acme.people if each != login and stage.acme.people[each].principal)
    assert stage.assume(other, live["role_arn"]) is None


def lay_out(directory: Directory, groups: Mapping[str, tuple[str, ...]], accounts: Iterable[str]) -> None:
    """AWS Organizations as the groups say: a unit for each that is no product's, and a tag for each product's."""
    units = {name: directory.unit(name.capitalize()) for name in groups if not name.startswith("product-")}
    for alias in accounts:
        within = [name for name in groups if alias in groups[name]]
        (unit,) = (units[name] for name in within if name in units)
        tags = {"product": alias.partition("-")[0]} if len(within) > 1 else {}
        directory.account(alias.replace("-", " ").capitalize(), unit, **tags)


def test_an_import_changes_nothing(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are as the imports of people, teams and accounts leave them; where they are written by hand they stay."""
    laid, stage = running.laid, running.stage
    folder, accounts = stage.acme.clone("importing"), stage.acme.accounts
    running.write_people(folder)
    answers = [running.run("import", "people", "people.csv", "--check", folder=folder)]
    answers.append(running.run("import", "teams", "--check", folder=folder))
    groups = laid.rules("rehearsal").account_groups.value
    assert groups is not None
    if groups.groups:
        numbers = iter(accounts.values())
        with open_directory() as directory:
            monkeypatch.setattr(utils, "make_random_account_id", lambda: next(numbers))
            lay_out(directory, groups.groups, accounts)
            tag = ("--tag", "product") if running.name == "company" else ()
            answers.append(
                running.run("import", "accounts", *tag, "--check", folder=folder, **directory.environ)
            )
    for answer in answers:
        assert (answer.code, answer.out) == (0, ""), answer.err


def test_an_import_sees_what_is_lost(running: Running) -> None:
    """One person less in people.yaml and teams.yaml, and the import would add them: the check above is not blind."""
    folder = running.stage.acme.clone("losing")
    running.write_people(folder)
    lost = [login for login in running.stage.acme.people if login != "olivia"][-1]
    for name in ("people", "teams"):
        file = folder / f"policies/{name}.yaml"
        lines = file.read_text("utf-8").replace(f", {lost}]", "]").splitlines(keepends=True)
        kept = [line for line in lines if not re.match(rf" +(- )?{lost}(:|$)", line)]
        file.write_text("".join(kept), "utf-8")
    answer = running.run("import", "people", "people.csv", "--check", folder=folder)
    assert (answer.code, answer.out) == (1, f"+ {lost}\n"), answer.err
