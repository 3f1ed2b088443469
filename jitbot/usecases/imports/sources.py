"""The plan of each import: what its source says, asked for where it is, beside what the files say."""

from collections.abc import Sequence

from jitbot.domain.imports import accounts as by_organizations
from jitbot.domain.imports import people as by_csv
from jitbot.domain.imports import teams as by_github
from jitbot.domain.imports.accounts import GroupSource
from jitbot.domain.imports.entries import FileChanges, FileEntries, ImportSource, compare
from jitbot.domain.imports.people import PeopleFile
from jitbot.domain.imports.plan import ImportPlan
from jitbot.domain.model.account_groups import ACCOUNT_GROUPS
from jitbot.domain.model.documents import ACCOUNTS, PEOPLE, TEAMS, AccountId, Finding, Login, Source
from jitbot.domain.model.errors import InvalidError
from jitbot.ports.directory import IdentityStore, Organization
from jitbot.usecases.imports.run_import import ImportTarget

Planned = ImportPlan | tuple[Finding, ...]  # the plan, or what is wrong with the source


def plan_people(
    target: ImportTarget, people: PeopleFile, store: str, directory: IdentityStore | None
) -> Planned:
    """People by a CSV file: each login is asked of GitHub, each user name, where there is a store, of Identity Center."""
    if people.findings:
        return people.findings
    file, github = target.file(PEOPLE), target.client().github
    accounts = {row.login: github.account(row.login) for row in people.rows}
    findings = tuple(by_csv.known_to_github(people, accounts, file))
    if directory is not None:
        findings += tuple(by_csv.known_to_identity_center(people, directory.users(store), store))
    if findings:
        return findings
    changes = compare(file, by_csv.wanted_people(people, accounts), ImportSource.CSV)
    ends = (*changes.removed, *by_csv.replaced(file, changes.changed))
    return ImportPlan(
        name="people",
        source=ImportSource.CSV,
        files=((file, changes),),
        ends=tuple(map(Login, ends)),
        notes=_left_alone(changes),
    )


def plan_teams(target: ImportTarget, named: Sequence[str]) -> Planned:
    """Teams by GitHub: those that are named, else those that the rules name, and those of the last import."""
    file, rules = target.file(TEAMS), target.rules()
    if rules.people.value is None:
        raise InvalidError(f"{PEOPLE} does not read: see `jitbot check`")
    parsed = (
        target.documents.parse_policy(Source(path=path, content=content))
        for path, content in target.tree.read(target.policies).items()
    )
    policies = [each.value for each in parsed if each.value is not None]
    teams = tuple(named) or by_github.named_teams(policies, rules.codeowners, file)
    if not teams:
        raise InvalidError("no rule names a team: say which to import, as ORGANISATION/TEAM")
    members = {team: target.client().github.members(team) for team in teams}
    own = {key.casefold() for key in file.own(ImportSource.GITHUB)}
    others = {each.key.casefold() for each in file.entries} - own
    if findings := tuple(by_github.team_findings(members, rules.people.value, others)):
        return findings
    kept = {key: each.value for key, each in file.own(ImportSource.GITHUB).items()}
    asked = {team.casefold() for team in members}
    wanted = {key: value for key, value in kept.items() if key.casefold() not in asked}
    wanted |= by_github.wanted_teams(members, file)
    changes = compare(file, wanted, ImportSource.GITHUB)
    return ImportPlan(
        name="teams", source=ImportSource.GITHUB, files=((file, changes),), notes=_left_alone(changes)
    )


def plan_accounts(target: ImportTarget, organization: Organization, source: GroupSource) -> Planned:
    """Accounts and their groups by AWS Organizations."""
    file, groups_file = target.file(ACCOUNTS), target.file(ACCOUNT_GROUPS)
    found = organization.accounts(tags=bool(source.tags))
    named = by_organizations.aliases(found, file)
    groups, findings = by_organizations.groups_of(found, named, source)
    findings = (*by_organizations.account_findings(found, named, file), *findings)
    if findings:
        return findings
    changes = compare(file, by_organizations.wanted_accounts(named, file), ImportSource.ORGANIZATIONS)
    wanted = by_organizations.wanted_groups(groups, groups_file)
    group_changes = compare(groups_file, wanted, ImportSource.ORGANIZATIONS)
    return ImportPlan(
        name="accounts",
        source=ImportSource.ORGANIZATIONS,
        files=((file, changes), (groups_file, group_changes)),
        closes=tuple(_closed(file, changes)),
        notes=(*_left_alone(group_changes), *_not_usable(found)),
    )


def _closed(file: FileEntries, changes: FileChanges) -> list[AccountId]:
    values = file.by_key
    return [AccountId(str(value["id"])) for key in changes.removed if isinstance(value := values[key], dict)]


def _left_alone(changes: FileChanges) -> tuple[str, ...]:
    return tuple(
        f"{key} is in {changes.path} without `source:`, and stays as it is" for key in changes.left_alone
    )


def _not_usable(accounts: Sequence[by_organizations.OrganizationAccount]) -> tuple[str, ...]:
    return tuple(
        f"{each.account_id} ({each.name}) is left out: it is {'the management account' if each.manages else each.state}"
        for each in accounts
        if not each.is_usable
    )
