"""Accounts by AWS Organizations: an alias for each, and a group for each organisational unit and each value of a tag."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jitbot.domain.imports.entries import FileEntries, ImportSource, Value
from jitbot.domain.model.account_groups import ACCOUNT_GROUPS
from jitbot.domain.model.documents import ACCOUNTS, AccountId, Finding

_ALIAS = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationAccount:
    """One account as AWS Organizations has it. `units` are the names of the units it is in, the outermost first."""

    account_id: AccountId
    name: str
    state: str  # ACTIVE, SUSPENDED…: https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html
    units: tuple[str, ...]
    tags: Mapping[str, str]
    manages: bool  # whether it is the management account

    @property
    def is_usable(self) -> bool:
        """Whether access may be granted in it. The management account is for a person to add, by hand."""
        return self.state == ACTIVE and not self.manages


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSource:
    """What account groups are made of: the units below these paths (none: all), and the values of these tags."""

    units: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


def alias_of(text: str) -> str:
    """A name as an alias: `acme-prod` of "Acme Prod"; what is no alias if nothing usable is in it."""
    return "-".join(re.findall(r"[a-z0-9]+", text.casefold()))


def aliases(accounts: Iterable[OrganizationAccount], file: FileEntries) -> Mapping[AccountId, str]:
    """The alias of each usable account: the one that the file has already; for a new one, that of its name.

    An alias never changes: policies and requests name it.
    """
    known = {_number(each.value): each.key for each in file.entries}
    usable = [each for each in accounts if each.is_usable]
    return {each.account_id: known.get(each.account_id, alias_of(each.name)) for each in usable}


def account_findings(
    accounts: Sequence[OrganizationAccount], named: Mapping[AccountId, str], file: FileEntries
) -> Iterator[Finding]:
    """Accounts that cannot have their alias: it is none, or two want it, or somebody else's entry has it."""
    if not named:
        yield Finding.in_file(
            ACCOUNTS,
            "empty-source",
            "AWS Organizations lists no account to import",
            "are these the right credentials?",
        )
    taken = {each.key: _number(each.value) for each in file.entries}
    for account in accounts:
        alias = named.get(account.account_id)
        if alias is None:
            continue
        hint = f'write it by hand: a line `alias: "{account.account_id}"` of your choice; the import then uses it'
        what = f"{account.account_id} ({account.name})"
        if not _ALIAS.fullmatch(alias):
            message = f"the name of {what} makes no alias: a-z, 0-9 and -, at most 32, a letter first"
            yield Finding.in_file(ACCOUNTS, "bad-account-alias", message, hint)
        elif taken.setdefault(alias, account.account_id) != account.account_id:
            message = f"{what} would be {alias}, which is {taken[alias]} already"
            yield Finding.in_file(ACCOUNTS, "repeated-alias", message, hint)


def groups_of(
    accounts: Sequence[OrganizationAccount], named: Mapping[AccountId, str], source: GroupSource
) -> tuple[Mapping[str, tuple[str, ...]], tuple[Finding, ...]]:
    """The groups, each with its aliases, nested units followed; and where two units or tags want one name."""
    members: dict[str, dict[str, list[str]]] = {}
    for account in accounts:
        if account.account_id in named:
            for name, where in _origins(account, source):
                members.setdefault(name, {}).setdefault(where, []).append(named[account.account_id])
    findings = [
        Finding.in_file(
            ACCOUNT_GROUPS,
            "repeated-group",
            f"{' and '.join(origins)} would both be the group {name}",
            "rename one in AWS, or say with --unit and --tag which are to be groups",
        )
        for name, origins in members.items()
        if len(origins) > 1
    ]
    findings += [
        Finding.in_file(
            ACCOUNT_GROUPS,
            "bad-account-group",
            f"{next(iter(origins))} makes no name of a group",
            "rename it in AWS",
        )
        for name, origins in members.items()
        if not _ALIAS.fullmatch(name)
    ]
    groups = {name: tuple(*origins.values()) for name, origins in members.items() if len(origins) == 1}
    unknown = [path for path in source.units if not any(_below(account, path) for account in accounts)]
    findings += [
        Finding.in_file(
            ACCOUNT_GROUPS, "unknown-unit", f"no account is in a unit {path}", "write it as Parent/Child"
        )
        for path in unknown
    ]
    return groups, tuple(findings)


def _origins(account: OrganizationAccount, source: GroupSource) -> Iterator[tuple[str, str]]:
    """The groups that an account is in, each with the unit or the tag that makes it."""
    for depth in range(1, len(account.units) + 1):
        path = "/".join(account.units[:depth])
        if not source.units or any(path == each or path.startswith(f"{each}/") for each in source.units):
            yield alias_of(account.units[depth - 1]), f"the unit {path}"
    for key in source.tags:
        if account.tags.get(key):
            yield alias_of(f"{key} {account.tags[key]}"), f"the tag {key}={account.tags[key]}"


def _below(account: OrganizationAccount, path: str) -> bool:
    return f"{'/'.join(account.units)}/".startswith(f"{path}/")


def wanted_accounts(named: Mapping[AccountId, str], file: FileEntries) -> Mapping[str, Value]:
    """The import's own entries of accounts.yaml: not those whose account a person wrote down."""
    others = {_number(each.value) for each in file.entries if not each.belongs_to(ImportSource.ORGANIZATIONS)}
    return {
        alias: {"id": str(account_id), "source": ImportSource.ORGANIZATIONS.value}
        for account_id, alias in named.items()
        if account_id not in others
    }


def wanted_groups(groups: Mapping[str, Collection[str]], file: FileEntries) -> Mapping[str, Value]:
    """The entries of account-groups.yaml; members in the order of the file, new ones after them."""
    own = {key: each.value for key, each in file.own(ImportSource.ORGANIZATIONS).items()}
    found: dict[str, Value] = {}
    for name, aliases_ in groups.items():
        value = own.get(name)
        before = value.get("accounts", []) if isinstance(value, dict) else []
        kept = [each for each in before if each in aliases_] if isinstance(before, list) else []
        new = [each for each in aliases_ if each not in kept]
        found[name] = {"source": ImportSource.ORGANIZATIONS.value, "accounts": [*kept, *new]}
    return found


def _number(value: Value) -> str:
    return value if isinstance(value, str) else str(value.get("id", "")) if isinstance(value, dict) else ""
