"""people.yaml and teams.yaml against GitHub: is everybody who they are said to be, and able to approve?"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from jitbot.domain.access.approvals.reviews import MAY_WRITE
from jitbot.domain.model.codeowners import CodeOwners, expand
from jitbot.domain.model.documents import Login, People, Teams
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.model.roster import Roster
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Unknown, listed

_EXIST = Check(
    code="people-exist",
    group="people.yaml",
    title="every login exists, and is a person",
    impact="promise 1: a login that nobody has can be taken by somebody else (its id would not fit)",
    fix="take them out of policies/people.yaml, or write the login as it is now",
)
_IDS = Check(
    code="people-ids",
    group="people.yaml",
    title="every github_id is that login's",
    impact="their approvals and requests count for nothing, or the login is another person's now",
    fix="compare with `gh api users/LOGIN --jq .id`, and find out who it is before you write it",
)
_WRITE = Check(
    code="people-write",
    group="people.yaml",
    title="who approves may write",
    impact="GitHub and jitbot count the approvals of those who may write, and nobody else's",
    fix="give them, or their team, the role Write in the repository's settings",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubAccount:
    """What GitHub says of a login: who it is (None: nobody), and what it may do here."""

    actor: Actor | Unknown | None
    permission: str | Unknown


def people(
    known: People, accounts: Mapping[Login, GitHubAccount], codeowners: CodeOwners | None, teams: Teams
) -> Iterator[Check]:
    """The checks of people.yaml. Who owns a line of CODEOWNERS must be able to approve."""
    if not known:
        return
    approving = _approving(codeowners, teams)
    yield _each(_EXIST, accounts, _who)
    yield _each(_IDS, accounts, partial(_whose, known))
    approvers = {login: found for login, found in accounts.items() if login.casefold() in approving}
    if approvers:
        yield _each(_WRITE, approvers, _may)
    else:
        yield _WRITE.no("CODEOWNERS names nobody who is in people.yaml")


def _each(
    check: Check,
    accounts: Mapping[Login, GitHubAccount],
    look: Callable[[Login, GitHubAccount], str | Unknown],
) -> Check:
    """A check of several people; `look` gives what is wrong with one of them, empty if nothing is."""
    seen = [(login, look(login, found)) for login, found in accounts.items()]
    problems = [f"{login} {each}" for login, each in seen if each and not isinstance(each, Unknown)]
    doubts = [f"{login} ({each.why})" for login, each in seen if isinstance(each, Unknown)]
    if problems:
        return check.no(listed(problems))
    return check.unknown(listed(doubts)) if doubts else check.ok()


def _who(_: Login, found: GitHubAccount) -> str | Unknown:
    if isinstance(found.actor, Unknown):
        return found.actor
    if found.actor is None:
        return "is nobody's login"
    return "" if found.actor.kind == "User" else f"is a {found.actor.kind}"


def _whose(known: People, login: Login, found: GitHubAccount) -> str | Unknown:
    if isinstance(found.actor, Unknown):
        return found.actor
    wanted = known[login].github_id
    if found.actor is None or found.actor.github_id == wanted:  # nobody's login is another check's finding
        return ""
    return f"is {found.actor.github_id}, not {wanted}"


def _may(_: Login, found: GitHubAccount) -> str | Unknown:
    if isinstance(found.permission, Unknown):
        return found.permission
    return "" if found.permission in MAY_WRITE else f"has {found.permission}"


def team_members(
    roster: Roster,
    at: datetime,
    found: Mapping[str, frozenset[str] | Unknown | None],
    codeowners: CodeOwners | None,
) -> Iterator[Check]:
    """Compare teams.yaml at this moment with GitHub's teams. None means that GitHub shows no such team."""
    # GitHub answers a token that may not see an organisation's teams as if there were none.
    seen = {team.partition("/")[0] for team, there in found.items() if isinstance(there, frozenset)}
    named = {owner.casefold() for owner in _named(codeowners)}
    for team, members in roster.at(at).items():
        owns = f"@{team}".casefold() in named
        question = Check(
            code=f"team-{team.replace('/', '-')}",
            group="teams.yaml",
            title=f"{team} is as on GitHub",
            impact="GitHub lets its own members approve, jitbot counts those of teams.yaml alone",
            fix="change policies/teams.yaml, or the team on GitHub, so that both say the same",
            otherwise=CheckVerdict.WRONG if owns else CheckVerdict.WARN,
        )
        there = found.get(team)
        if there is None and team.partition("/")[0] not in seen:
            there = Unknown(why="GitHub shows this token no team of the organisation")
        dates = {each.login.casefold(): each.dates for each in roster.entries(team)}
        yield _compared(question, {login.casefold() for login in members}, there, dates)


def _compared(
    question: Check, here: set[str], there: frozenset[str] | Unknown | None, dates: Mapping[str, str]
) -> Check:
    """`dates` says of members in teams.yaml when they are one."""
    if isinstance(there, Unknown):
        return question.unknown(
            there.why, fix="run doctor with a token that may read the organisation's members"
        )
    if there is None:
        return question.no("GitHub shows no such team, and does show others of the organisation")
    github = {login.casefold() for login in there}
    differences = [
        f"{listed(_with_dates(login, dates) for login in sorted(names))} only {where}"
        for names, where in ((here - github, "in teams.yaml"), (github - here, "on GitHub"))
        if names
    ]
    return question.answer(not differences, "; ".join(differences))


def _with_dates(login: str, dates: Mapping[str, str]) -> str:
    return f"{login} (in teams.yaml {dates[login]})" if dates.get(login) else login


def _approving(codeowners: CodeOwners | None, teams: Teams) -> set[str]:
    return {login.casefold() for login in expand(sorted(_named(codeowners)), teams)}


def _named(codeowners: CodeOwners | None) -> set[str]:
    return {owner for rule in (codeowners.rules if codeowners else ()) for owner in rule.owners}
