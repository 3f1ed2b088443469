"""people.yaml and teams.yaml against GitHub: is everybody who they are said to be, and able to approve?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jitbot.domain.model.codeowners import CodeOwners, expand
from jitbot.domain.model.documents import Login, People, Teams
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Question, Unknown, listed

_MAY_APPROVE = frozenset({"write", "admin"})


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
    yield _known(accounts)
    yield _same(known, accounts)
    yield _writing({login: found for login, found in accounts.items() if login.casefold() in approving})


def _known(accounts: Mapping[Login, GitHubAccount]) -> Check:
    question = Question(
        code="people-exist",
        group="people.yaml",
        title="every login exists, and is a person",
        means="promise 1: a login that nobody has can be taken by somebody else (its id would not fit)",
        mend="take them out of policies/people.yaml, or write the login as it is now",
    )
    problems, doubts = [], []
    for login, found in accounts.items():
        if isinstance(found.actor, Unknown):
            doubts.append(f"{login} ({found.actor.why})")
        elif found.actor is None:
            problems.append(f"{login} is nobody's login")
        elif found.actor.kind != "User":
            problems.append(f"{login} is a {found.actor.kind}")
    return _settled(question, problems, doubts)


def _same(known: People, accounts: Mapping[Login, GitHubAccount]) -> Check:
    question = Question(
        code="people-ids",
        group="people.yaml",
        title="every github_id is that login's",
        means="their approvals and requests count for nothing, or the login is another person's now",
        mend="compare with `gh api users/LOGIN --jq .id`, and find out who it is before you write it",
    )
    problems, doubts = [], []
    for login, found in accounts.items():
        if isinstance(found.actor, Unknown):
            doubts.append(f"{login} ({found.actor.why})")
        elif found.actor is not None and found.actor.github_id != known[login].github_id:
            problems.append(f"{login} is {found.actor.github_id}, not {known[login].github_id}")
    return _settled(question, problems, doubts)


def _writing(approvers: Mapping[Login, GitHubAccount]) -> Check:
    question = Question(
        code="people-write",
        group="people.yaml",
        title="who approves may write",
        means="GitHub and jitbot count the approvals of those who may write, and nobody else's",
        mend="give them, or their team, the role Write in the repository's settings",
    )
    if not approvers:
        return question.no("CODEOWNERS names nobody who is in people.yaml")
    problems, doubts = [], []
    for login, found in approvers.items():
        if isinstance(found.permission, Unknown):
            doubts.append(f"{login} ({found.permission.why})")
        elif found.permission not in _MAY_APPROVE:
            problems.append(f"{login} has {found.permission}")
    return _settled(question, problems, doubts)


def team_members(
    known: Teams, found: Mapping[str, frozenset[str] | Unknown | None], codeowners: CodeOwners | None
) -> Iterator[Check]:
    """teams.yaml against GitHub's teams; None: GitHub knows no such team."""
    # Whoever may see no team of an organisation is answered as if there were none.
    seen = {team.partition("/")[0] for team, there in found.items() if isinstance(there, frozenset)}
    named = {owner.casefold() for rule in (codeowners.rules if codeowners else ()) for owner in rule.owners}
    for team, members in known.items():
        owns = f"@{team}".casefold() in named
        question = Question(
            code=f"team-{team.replace('/', '-')}",
            group="teams.yaml",
            title=f"{team} is as on GitHub",
            means="GitHub lets its own members approve, jitbot counts those of teams.yaml alone",
            mend="change policies/teams.yaml, or the team on GitHub, so that both say the same",
            otherwise=CheckVerdict.WRONG if owns else CheckVerdict.WARN,
        )
        there = found.get(team)
        if there is None and team.partition("/")[0] not in seen:
            there = Unknown(why="GitHub shows this token no team of the organisation")
        yield _compared(question, {login.casefold() for login in members}, there)


def _compared(question: Question, here: set[str], there: frozenset[str] | Unknown | None) -> Check:
    if isinstance(there, Unknown):
        return question.unknown(
            there.why, mend="run doctor with a token that may read the organisation's members"
        )
    if there is None:
        return question.no("GitHub shows no such team, and does show others of the organisation")
    github = {login.casefold() for login in there}
    told = [
        f"{listed(sorted(names))} only {where}"
        for names, where in ((here - github, "in teams.yaml"), (github - here, "on GitHub"))
        if names
    ]
    return question.answer(not told, "; ".join(told))


def _approving(codeowners: CodeOwners | None, teams: Teams) -> set[str]:
    named = {owner for rule in (codeowners.rules if codeowners else ()) for owner in rule.owners}
    return {login.casefold() for login in expand(sorted(named), teams)}


def _settled(question: Question, problems: list[str], doubts: list[str]) -> Check:
    if problems:
        return question.no(listed(problems))
    return question.unknown(listed(doubts)) if doubts else question.ok()
