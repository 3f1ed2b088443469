"""Teams by GitHub: who is in them now. An entry with dates is a person's, and is kept as it is."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from jitbot.domain.imports.entries import FileEntries, ImportSource, Value, items_of
from jitbot.domain.model.codeowners import CodeOwners
from jitbot.domain.model.documents import TEAMS, Finding, People, Policy


def named_teams(
    policies: Iterable[Policy], codeowners: CodeOwners | None, file: FileEntries
) -> tuple[str, ...]:
    """The teams that the rules name, and those of the last import, as they are spelt first."""
    names = [
        *(name for policy in policies for name in (*policy.eligible, *policy.reviewers)),
        *(name for rule in (codeowners.rules if codeowners is not None else ()) for name in rule.owners),
        *(f"@{team}" for team in file.own(ImportSource.GITHUB)),
    ]
    found: dict[str, str] = {}
    for name in names:
        if name.startswith("@") and "/" in name:
            found.setdefault(name.casefold(), name.removeprefix("@"))
    return tuple(found.values())


def team_findings(
    members: Mapping[str, Collection[str] | None], people: People, others: Collection[str]
) -> Iterator[Finding]:
    """Why a team cannot be imported: GitHub shows none, or nobody in it, or somebody whom people.yaml does not know.

    `others` are the teams in the file that belong to no import: what GitHub says of them changes nothing.
    """
    for team, logins in members.items():
        if team.casefold() in others:
            continue
        if logins is None:
            message = f"GitHub shows this token no team {team}"
            hint = "check its name; the token needs read:org, and its owner must be in the organisation"
            yield Finding.in_file(TEAMS, "unknown-team", message, hint)
        elif not logins:
            message = f"GitHub shows nobody in {team}"
            yield Finding.in_file(
                TEAMS, "empty-source", message, "if that is right, remove the team here by hand"
            )
        for login in sorted(logins or (), key=str.casefold):
            if login not in people:
                message = f"{login}, of {team} on GitHub, is not in policies/people.yaml"
                yield Finding.in_file(
                    TEAMS, "unknown-person", message, "import the people first, or add the person"
                )


def wanted_teams(members: Mapping[str, Collection[str] | None], file: FileEntries) -> Mapping[str, Value]:
    """The entries of teams.yaml: members in the order of the file, new ones by name; dated entries as they are."""
    own = {key.casefold(): each.value for key, each in file.own(ImportSource.GITHUB).items()}
    return {
        team: {
            "source": ImportSource.GITHUB.value,
            "members": _members(items_of(own.get(team.casefold(), "")), logins or ()),
        }
        for team, logins in members.items()
    }


def _members(before: Sequence[Value], logins: Collection[str]) -> list[Value]:
    there = {login.casefold() for login in logins}
    dated = {str(each.get("login", "")).casefold() for each in before if isinstance(each, dict)}
    kept = [each for each in before if isinstance(each, dict) or str(each).casefold() in there]
    known = {each.casefold() for each in before if isinstance(each, str)} | dated
    return [*kept, *sorted((each for each in logins if each.casefold() not in known), key=str.casefold)]
