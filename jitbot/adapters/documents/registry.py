"""What everybody shares: settings, accounts and their groups, people, teams and channels."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from jitbot.adapters.documents import strict_yaml
from jitbot.adapters.documents.document import Document, Path, dotted
from jitbot.adapters.documents.shape import check_shape
from jitbot.domain.model.account_groups import AccountGroups
from jitbot.domain.model.documents import (
    AccountId,
    ByLogin,
    GithubId,
    IamRole,
    IamUser,
    IdentityCenter,
    Login,
    OwnTrail,
    Parsed,
    People,
    Person,
    Position,
    Principal,
    Settings,
    Source,
)
from jitbot.domain.model.roster import Membership, Roster
from jitbot.domain.notifications.channels import Channels, ChannelShape
from jitbot.domain.text import duration, timestamp
from jitbot.domain.text.escape import quoted

_PRINCIPALS = ("identity_center", "iam_user", "iam_role")


def parse_settings(source: Source) -> Parsed[Settings]:
    """Read policies/settings.yaml."""
    document = strict_yaml.read(source)
    check_shape(document, "settings")
    return document.parsed(
        lambda value: Settings(
            repository=str(value["repository"]),
            repository_id=int(value["repository_id"]),
            namespace=str(value["namespace"]),
            issuer=str(value["issuer"]),
            approvals_valid_for=duration.parse(value["approvals_valid_for"]),
            trail=_trail(value["trail"]) if "trail" in value else None,
            review_every=_days(value["review_every"]) if "review_every" in value else None,
        )
    )


def _days(text: str) -> timedelta:
    return timedelta(days=int(text.removesuffix("d")))


def _trail(value: Mapping[str, Any]) -> OwnTrail:
    given = {**value, **value.get("athena", {})}
    texts = {name: str(text) for name, text in given.items() if name not in ("account", "athena")}
    return OwnTrail(account=AccountId(str(given["account"])) if "account" in given else None, **texts)


def parse_accounts(source: Source) -> Parsed[Mapping[str, AccountId]]:
    """Read policies/accounts.yaml: alias -> account id, each account under one alias."""
    document = strict_yaml.read(source, most=strict_yaml.MAX_REGISTRY_BYTES)
    check_shape(document, "accounts")
    numbers = ((path, _part(value, "id")) for path, value in document.children())
    document.distinct(numbers, "repeated-account", "has an alias already")
    return document.parsed(_accounts)


def _accounts(value: Mapping[str, str]) -> Mapping[str, AccountId]:
    return {alias: AccountId(str(_part(entry, "id"))) for alias, entry in value.items()}


def _part(entry: Any, name: str) -> Any:
    """What an entry says: it is that itself, or has it under this name beside the `source:` of an import."""
    return entry[name] if isinstance(entry, dict) else entry


def _where(document: Document, name: str) -> Mapping[str, Position]:
    """The places of a file whose entries may have their list under this name: as if each were the list itself."""
    places = dict(document.where)
    for path, place in document.places.items():
        if len(path) > 2 and path[1] == name:
            places[dotted((path[0], *path[2:]))] = place
    return places


def parse_account_groups(source: Source) -> Parsed[AccountGroups]:
    """Read policies/account-groups.yaml: group -> aliases, in the order of the file."""
    document = strict_yaml.read(source, most=strict_yaml.MAX_REGISTRY_BYTES)
    check_shape(document, "account-groups")
    return document.parsed(
        lambda value: AccountGroups(
            groups={group: tuple(map(str, _part(entry, "accounts"))) for group, entry in value.items()},
            where=_where(document, "accounts"),
        )
    )


def parse_notify(source: Source) -> Parsed[Channels]:
    """Read policies/notify.yaml: channels with their shapes, and the policies whose notifications go there."""
    document = strict_yaml.read(source)
    check_shape(document, "notify")
    return document.parsed(
        lambda value: Channels(
            shapes={name: ChannelShape(str(shape)) for name, shape in value["channels"].items()},
            policies={name: tuple(map(str, named)) for name, named in value.get("policies", {}).items()},
            default=tuple(map(str, value.get("default", ()))),
            where=document.where,
        )
    )


def parse_teams(source: Source) -> Parsed[Roster]:
    """Read policies/teams.yaml: `org/team` -> members, some with dates, in the order of the file."""
    document = strict_yaml.read(source, most=strict_yaml.MAX_REGISTRY_BYTES)
    check_shape(document, "teams")
    teams = document.children()
    document.distinct(_keys(teams), "repeated-team", "is there already", key=True)
    for path, entry in teams:
        _check_members(document, (*path, "members") if isinstance(entry, dict) else path)
    return document.parsed(
        lambda value: Roster.of(
            {team: tuple(map(_membership, _part(entry, "members"))) for team, entry in value.items()},
            _where(document, "members"),
        )
    )


def _check_members(document: Document, team: Path) -> None:
    """Nobody is a member twice at one moment, and every membership has a moment."""
    seen: dict[str, list[Membership]] = {}
    for path, entry in document.children(*team):
        member = _membership(entry)
        if member.since is not None and member.until is not None and member.since >= member.until:
            message = f"{member.login} is a member at no moment: `until` must be after `from`"
            document.refuse((*path, "until"), "bad-membership", message, "swap the dates, or remove one")
        earlier = seen.setdefault(member.login.casefold(), [])
        if any(member.meets(each) for each in earlier):
            message = f"{quoted(member.login)} is a member already"
            hint = "each may be listed once for each moment; `until` itself belongs to the next entry"
            document.refuse(path, "repeated-login", message, hint)
        earlier.append(member)


def _membership(entry: Any) -> Membership:
    if isinstance(entry, str):
        return Membership(login=Login(str(entry)))
    since, until = (timestamp.parse_day(entry[name]) if name in entry else None for name in ("from", "until"))
    return Membership(login=Login(str(entry["login"])), since=since, until=until)


def _keys(children: tuple[tuple[Path, Any], ...]) -> Iterator[tuple[Path, str]]:
    return ((path, str(path[-1])) for path, _ in children)


def parse_people(source: Source) -> Parsed[People]:
    """Read policies/people.yaml: login -> person; nobody is there twice, under whatever login or identity."""
    document = strict_yaml.read(source, most=strict_yaml.MAX_REGISTRY_BYTES)
    check_shape(document, "people")
    people = document.children("people")
    document.distinct(_keys(people), "repeated-login", "is there already", key=True)
    numbers = (((*path, "github_id"), person["github_id"]) for path, person in people)
    document.distinct(numbers, "repeated-github-id", "is the GitHub id of another login")
    for path, person in people:
        _check_principal(document, path, person)
    document.distinct(_identities(people), "repeated-principal", "is the AWS identity of another login")
    return document.parsed(_people)


def _check_principal(document: Document, path: Path, person: Mapping[str, Any]) -> None:
    kinds = [kind for kind in _PRINCIPALS if kind in person]
    for kind in kinds[1:]:
        message = f"{path[-1]} has {kinds[0]} and {kind}"
        document.refuse(
            (*path, kind), "two-principals", message, "a person is one AWS identity: keep one", key=True
        )
    if isinstance(person.get("identity_center"), str) and "defaults" not in document.value:
        hint = "add defaults: {identity_center: {account: …, permission_set: …}}, or write all three out"
        message = "a user name alone needs defaults for account and permission set"
        document.refuse((*path, "identity_center"), "missing-defaults", message, hint)


def _identities(people: tuple[tuple[Path, Any], ...]) -> Iterator[tuple[Path, str]]:
    """What AWS knows a person by. A user of Identity Center is one person under every permission set."""
    for path, person in people:
        for kind in _PRINCIPALS:
            if kind in person:
                entry = person[kind]
                name = entry if isinstance(entry, str) else entry.get("userid") or entry["user_name"]
                yield (*path, kind), str(name)


def _people(value: Mapping[str, Any]) -> People:
    default = value.get("defaults", {}).get("identity_center", {})
    return ByLogin(
        {
            login: Person(
                login=Login(login),
                github_id=GithubId(int(entry["github_id"])),
                principal=_principal(entry, default),
            )
            for login, entry in value["people"].items()
        }
    )


def _principal(entry: Mapping[str, Any], default: Mapping[str, str]) -> Principal | None:
    match entry:
        case {"iam_user": arn}:
            return IamUser(arn=str(arn))
        case {"iam_role": role}:
            return IamRole(arn=str(role["arn"]), userid=str(role["userid"]))
        case {"identity_center": center}:
            full = {**default, "user_name": center} if isinstance(center, str) else center
            return IdentityCenter(
                account=AccountId(str(full["account"])),
                permission_set=str(full["permission_set"]),
                user_name=str(full["user_name"]),
            )
    return None
