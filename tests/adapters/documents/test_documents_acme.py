"""The documents that the repository ships: acme, its examples, and the starter policies."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

import jitbot
from jitbot.adapters import documents
from jitbot.commands.setup import templates
from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import People, Policy, Request, Source, Teams

ACME = Path(jitbot.__file__).parent / "sandbox" / "acme"
STARTER = Path(__file__).parents[3]
ROOTS = [pytest.param(ACME, id="acme"), pytest.param(STARTER, id="starter")]


def _source(root: Path, path: str) -> Source:
    return Source(path=path, content=(root / path).read_bytes())


def _policies(root: Path) -> dict[str, Policy]:
    paths = sorted(path.relative_to(root).as_posix() for path in (root / "policies/access").iterdir())
    parsed = [documents.parse_policy(_source(root, path)) for path in paths]
    assert [each.findings for each in parsed] == [()] * len(paths)
    return {each.value.name: each.value for each in parsed if each.value is not None}


def _people(root: Path) -> People:
    return documents.parse_people(_source(root, "policies/people.yaml")).value or {}


def _teams(root: Path) -> Teams:
    roster = documents.parse_teams(_source(root, "policies/teams.yaml")).value
    return {} if roster is None else roster.everybody


def _groups(root: Path) -> Mapping[str, tuple[str, ...]]:
    """The groups of accounts; the starter repository has no such file."""
    path = "policies/account-groups.yaml"
    if not (root / path).exists():
        return {}
    read = documents.parse_account_groups(_source(root, path))
    assert read.value is not None, read.findings
    return read.value.groups


@pytest.mark.parametrize("root", ROOTS)
def test_rules_agree_with_each_other(root: Path) -> None:
    """Every alias, login and team that a rule names is there."""
    accounts = documents.parse_accounts(_source(root, "policies/accounts.yaml")).value
    groups = _groups(root)
    people, teams, policies = _people(root), _teams(root), _policies(root)
    assert documents.parse_settings(_source(root, "policies/settings.yaml")).findings == ()
    assert accounts
    assert {account for members in groups.values() for account in members} <= accounts.keys()
    assert len(policies) >= 3
    assert {login for members in teams.values() for login in members} <= people.keys()
    for policy in policies.values():
        assert set(policy.accounts) <= {*accounts, *(f"@{group}" for group in groups)}
        assert all(entry.removeprefix("@") in teams or entry in people for entry in policy.eligible)


@pytest.mark.parametrize("root", ROOTS)
def test_every_request_and_every_rule_has_an_owner(root: Path) -> None:
    """CODEOWNERS has no finding; each policy's folder has a line of its own, ownerless for break-glass alone."""
    owners = codeowners.parse((root / ".github/CODEOWNERS").read_text(encoding="utf-8"))
    assert owners.findings == ()
    assert owners.rules[0].pattern == "*"
    for name, policy in _policies(root).items():
        rule = owners.rule_for(f"requests/{name}/2026-11/24-alice-x.yaml")
        assert rule is not None
        assert rule.pattern == f"/requests/{name}/"
        assert bool(rule.owners) == (policy.approvals > 0)
    for path in (
        "policies/people.yaml",
        ".github/CODEOWNERS",
        ".github/workflows/grant.yml",
        "jitbot/cli.py",
        "pyproject.toml",
    ):
        rule = owners.rule_for(path)
        assert rule is not None
        assert rule.pattern not in {"*", ""}
    assert owners.rules[-1].pattern == "/.github/"
    assert {owner for rule in owners.rules for owner in rule.owners} <= {f"@{team}" for team in _teams(root)}


def test_acme_is_who_it_is() -> None:
    """The facts that the sandbox, the demo and the scenarios count on."""
    people, policies = _people(ACME), _policies(ACME)
    assert {login: person.github_id for login, person in people.items()} == {
        "alice": 1001, "bob": 1002, "carol": 1003, "dave": 1004, "erin": 1005, "frank": 1006,
        "grace": 1007, "heidi": 1008, "olivia": 1009, "mallory": 1666,
    }  # fmt: skip
    assert {login for login, person in people.items() if person.principal is None} == {
        "erin",
        "heidi",
        "olivia",
    }
    assert documents.parse_accounts(_source(ACME, "policies/accounts.yaml")).value == {
        "prod": "111111111111", "staging": "012345670123", "data": "333333333333",
    }  # fmt: skip
    assert {name: policy.approvals for name, policy in policies.items()} == {
        "account-read-only": 1, "orders-db-read": 1, "production-admin": 2, "production-break-glass": 0,
        "s3-prefix-read": 1, "service-logs-read": 1, "sqs-redrive": 1, "ssm-shell": 1,
    }  # fmt: skip
    assert policies["production-admin"].ticket_required
    assert "${aws:userid}" in policies["ssm-shell"].statements[2].resources[0]


def test_acme_uses_all_of_it() -> None:
    """The example shows each kind of rule: groups, dates, imports, lists of rules, a policy of the library, break-glass."""
    policies, library = _policies(ACME), templates.library()
    rules = [rule for policy in policies.values() for rule in policy.approval_rules]
    named = [rule.when for rule in rules if rule.when is not None]
    assert any(when.accounts == ("@production",) for when in named)
    assert any(when.duration_over and when.parameters for when in named)
    assert any(len(rule.teams) == 2 for rule in rules)
    assert any("@production" in policy.accounts for policy in policies.values())
    assert policies["sqs-redrive"].statements == _filled(library["sqs-redrive"].text).statements
    assert policies["production-break-glass"].approvals == 0
    roster = documents.parse_teams(_source(ACME, "policies/teams.yaml")).value
    assert roster is not None
    dated = [each for team in roster.everybody for each in roster.entries(team) if each.since and each.until]
    assert [each.login for each in dated] == ["carol"]
    for name, source in (
        ("people", "csv"),
        ("teams", "github"),
        ("accounts", "organizations"),
        ("account-groups", "organizations"),
    ):
        assert f"source: {source}" in (ACME / f"policies/{name}.yaml").read_text("utf-8")


def _filled(text: str) -> Policy:
    source = Source(
        path="policies/access/filled.yaml",
        content=text.replace("__ELIGIBLE__", "[alice]").replace("__ACCOUNTS__", "[prod]").encode(),
    )
    policy = documents.parse_policy(source).value
    assert policy is not None
    return policy


def _example(path: Path) -> tuple[str, str, Source]:
    text = path.read_text(encoding="utf-8")
    place = re.findall(r"^# path: (.+)$", text, re.MULTILINE)
    finds = re.findall(r"^# finds: (.+)$", text, re.MULTILINE)
    return place[0], "".join(finds), Source(path=place[0], content=text.encode())


GOOD = sorted((ACME / "examples/good").glob("*.yaml"))
BAD = sorted((ACME / "examples/bad").glob("*.yaml"))


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_good_examples_are_good(path: Path) -> None:
    """A good example asks under a policy of acme for accounts and parameters that it has."""
    parsed = documents.parse_request(_example(path)[2])
    assert parsed.findings == ()
    request = parsed.value
    assert isinstance(request, Request)
    policy = _policies(ACME)[request.path.split("/")[1]]
    assert set(request.accounts) <= set(policy.accounts)
    assert request.duration <= policy.max_duration
    assert set(request.parameters) == {parameter.name for parameter in policy.parameters}


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad_examples_find_what_they_say(path: Path) -> None:
    """A bad example has the findings that its comment names, and no other."""
    _, expected, source = _example(path)
    found = {f"{each.line}:{each.column} {each.code}" for each in documents.parse_request(source).findings}
    assert found == set(expected.split(", "))


def test_there_are_examples() -> None:
    """The folders are where the tests look."""
    assert len(GOOD) >= 3
    assert len(BAD) >= 6


def test_the_readme_shows_a_good_request() -> None:
    """The request in requests/README.md reads as it is."""
    readme = (STARTER / "requests/README.md").read_text(encoding="utf-8")
    block = re.search(r"(?:^    \w.*\n|^      .*\n)+(?=\n\|)", readme, re.MULTILINE)
    assert block is not None
    text = re.sub(r"^    ", "", block[0], flags=re.MULTILINE)
    path = "requests/orders-db-read/2026-11/24-your-login-refunds.yaml"
    parsed = documents.parse_request(Source(path=path, content=text.encode()))
    assert parsed.findings == ()
