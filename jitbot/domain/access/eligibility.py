"""May this person ask for this, here, for that long? What the schema cannot say of a request.

The same findings serve `check` (before), the comment (during) and the decision (at the merge).
"""

import re
from collections.abc import Callable, Collection, Iterator
from datetime import datetime

from jitbot.domain.model.account_groups import AccountGroups
from jitbot.domain.model.bounds import PATH_AGE, PATH_AHEAD, START_AHEAD
from jitbot.domain.model.documents import (
    Accounts,
    Finding,
    Login,
    Parameter,
    ParameterKind,
    People,
    Person,
    Policy,
    Request,
    Teams,
)
from jitbot.domain.model.grammar import INTEGER, literal_problem, parse_request_path
from jitbot.domain.model.roster import Roster
from jitbot.domain.text import duration, timestamp


def findings(
    request: Request,
    *,
    policy: Policy,
    accounts: Accounts,
    groups: AccountGroups,
    people: People,
    roster: Roster,
    when: datetime,
    extends: bool = False,
) -> tuple[Finding, ...]:
    """Everything that keeps `request` from being granted under these rules at `when`; empty if nothing does.

    `when` is the merge, or now where there is none yet. A request that `extends` may be dated as it was:
    its path was young when it was first merged, and the end of that grant bounds the extension.
    """
    return (
        *_requester(request, policy, people, roster, when),
        *_accounts(request, policy, accounts, groups),
        *_duration(request, policy),
        *_parameters(request, policy),
        *_path(request, policy),
        *(() if extends else _date(request, when)),
        *_start(request, when),
        *_ticket(request, policy),
    )


def is_eligible(login: Login, eligible: tuple[str, ...], teams: Teams) -> bool:
    """Whether a policy's `eligible` names the login itself or one of its teams. Nobody is eligible by default."""
    return login.casefold() in eligible_logins(eligible, teams)


def eligible_logins(eligible: tuple[str, ...], teams: Teams) -> frozenset[str]:
    """Whom a policy's `eligible` names, by themselves or by their teams, casefolded; known to people.yaml or not."""
    named = frozenset(entry.casefold() for entry in eligible)
    members = (logins for team, logins in teams.items() if f"@{team}".casefold() in named)
    return named.union(login.casefold() for logins in members for login in logins)


def left_alone(
    policy: Policy, people: People, teams: Teams, alone: Callable[[Person], bool]
) -> tuple[Login, ...]:
    """Who may ask under a policy, and leaves too few others to approve it, or to review it afterwards."""
    named = eligible_logins(policy.eligible, teams)
    able = (person for person in people.values() if person.login.casefold() in named)
    return tuple(person.login for person in able if alone(person))


def start_of(request: Request, when: datetime) -> datetime:
    """When access by a merge at this moment begins: then, or where `starts_at` says so, later."""
    return max(request.starts_at or when, when)


def member_until(request: Request, policy: Policy, roster: Roster, when: datetime) -> datetime | None:
    """When the membership ends by which the requester may ask, if it has an end: access ends then at the latest."""
    return roster.until(request.requester, policy.eligible, start_of(request, when))


def _requester(
    request: Request, policy: Policy, people: People, roster: Roster, when: datetime
) -> Iterator[Finding]:
    person = people.get(request.requester)  # `parse_case` refuses what nobody known asks for
    if person is not None and person.principal is None:
        yield Finding.at(
            request,
            "requester",
            "no-principal",
            f"{request.requester} has no AWS principal in policies/people.yaml",
            "people without one can approve, but not ask",
        )
    moments = ((when, "at the merge"), (start_of(request, when), "when the access begins"))
    missing = [
        at for moment, at in moments if not is_eligible(request.requester, policy.eligible, roster.at(moment))
    ]
    dates = roster.dates(request.requester, policy.eligible)
    if missing and dates:
        yield Finding.at(
            request,
            "requester",
            "not-eligible",
            f"{request.requester} may use {policy.name} only {dates}, so not {missing[0]}",
            "ask for access that begins, and is merged, within these dates",
        )
    elif missing:
        who = ", ".join(policy.eligible)
        yield Finding.at(
            request,
            "requester",
            "not-eligible",
            f"{request.requester} may not use {policy.name}; eligible: {who}",
            "ask the owners of the policy, or use another one",
        )


def allowed_accounts(policy: Policy, groups: AccountGroups, known: Collection[str]) -> tuple[str, ...]:
    """The accounts that may be asked for under a policy, groups expanded; only those that accounts.yaml knows."""
    return tuple(alias for alias in groups.listed(policy.accounts) if alias in known)


def _accounts(
    request: Request, policy: Policy, accounts: Accounts, groups: AccountGroups
) -> Iterator[Finding]:
    allowed = allowed_accounts(policy, groups, accounts)
    if not request.accounts:
        yield Finding.at(
            request, "accounts", "no-account", "a request names at least one account", "add an account"
        )
    for index, alias in enumerate(request.accounts):
        if alias not in allowed:
            yield Finding.at(
                request,
                f"accounts.{index}",
                "account-not-allowed",
                f"{policy.name} does not give access to {alias}; it knows: {', '.join(allowed)}",
                "choose one of these",
            )
        if alias in request.accounts[:index]:
            yield Finding.at(
                request, f"accounts.{index}", "account-twice", f"{alias} is named twice", "name it once"
            )


def _duration(request: Request, policy: Policy) -> Iterator[Finding]:
    if request.duration > policy.max_duration:
        most = duration.show(policy.max_duration)
        yield Finding.at(
            request,
            "duration",
            "duration-above-maximum",
            f"{duration.show(request.duration)} is above the maximum of {policy.name}, {most}",
            f"ask for {most} or less, extensions included",
        )


def _parameters(request: Request, policy: Policy) -> Iterator[Finding]:
    declared = {parameter.name: parameter for parameter in policy.parameters}
    for name in sorted(declared.keys() - request.parameters.keys()):
        yield Finding.at(
            request,
            "parameters",
            "parameter-missing",
            f"{policy.name} asks for {name}{_meaning(declared[name])}",
            f"add `{name}:` under `parameters:`",
        )
    for name, value in request.parameters.items():
        if name not in declared:
            known = ", ".join(declared) or "none"
            yield Finding.at(
                request,
                f"parameters.{name}",
                "parameter-unknown",
                f"{policy.name} has no parameter {name}; it has: {known}",
                "remove it",
            )
        elif problem := value_problem(value, declared[name]):
            yield Finding.at(
                request, f"parameters.{name}", "parameter-refused", f"{name} {problem}", _hint(declared[name])
            )


def value_problem(value: str, parameter: Parameter) -> str | None:
    """Why a value is not one of the parameter's, as the end of a sentence; None if it is.

    The literal rule comes first and whatever the pattern says: a value is never a wildcard or a variable.
    """
    problem = literal_problem(value, parameter.separators)
    if problem is not None:
        return problem
    if parameter.kind is ParameterKind.INTEGER:
        low, high = parameter.minimum, parameter.maximum
        if low is None or high is None:
            return "has no bounds in the policy, so no value is safe"
        fits = INTEGER.fullmatch(value) is not None and low <= int(value) <= high
        return None if fits else f"is not a whole number from {low} to {high}"
    if parameter.enum:
        return None if value in parameter.enum else "is none of the values the policy lists"
    if parameter.pattern is None:
        return "has neither enum nor pattern in the policy, so no value is safe"
    return None if re.fullmatch(parameter.pattern, value, re.ASCII) else "does not match the policy's pattern"


def _path(request: Request, policy: Policy) -> Iterator[Finding]:
    path = parse_request_path(request.path)
    if isinstance(path, Finding):
        yield path
        return
    if path.policy != policy.name:
        yield Finding.at(
            request,
            "",
            "wrong-folder",
            f"{request.path} lies in the folder of {path.policy}, not of {policy.name}",
            "the first folder under requests/ is the policy",
        )
    if path.slug_for(request.requester) is None:
        yield Finding.at(
            request,
            "requester",
            "wrong-name",
            f"the file's name does not begin with its requester, {request.requester}",
            f"name it {path.date:%d}-{request.requester}-<a few words>.yaml, or correct `requester:`",
        )


def _date(request: Request, when: datetime) -> Iterator[Finding]:
    path = parse_request_path(request.path)
    oldest, latest = (when - PATH_AGE).date(), (when + PATH_AHEAD).date()
    if not isinstance(path, Finding) and not oldest <= path.date <= latest:
        yield Finding.at(
            request,
            "",
            "path-date",
            f"the path is dated {path.date}; at its merge it must lie between {oldest} and {latest}",
            "move it to today's date, and have it approved there",
        )


def _start(request: Request, when: datetime) -> Iterator[Finding]:
    if request.starts_at is None:
        return
    if request.starts_at > when + START_AHEAD:
        yield Finding.at(
            request,
            "starts_at",
            "starts-too-late",
            f"{timestamp.show(request.starts_at)} is more than 7 days ahead",
            "ask again when it is nearer",
        )
    if request.starts_at + request.duration <= when:
        yield Finding.at(
            request,
            "starts_at",
            "already-over",
            "the window asked for is already over",
            "ask for a later one",
        )


def _ticket(request: Request, policy: Policy) -> Iterator[Finding]:
    if policy.ticket_required and request.ticket is None:
        yield Finding.at(
            request, "", "ticket-missing", f"{policy.name} asks for a ticket", "add a line `ticket: …`"
        )


def _meaning(parameter: Parameter) -> str:
    return f" ({parameter.description})" if parameter.description else ""


def _hint(parameter: Parameter) -> str:
    if parameter.enum:
        return f"choose one of: {', '.join(parameter.enum)}"
    if parameter.kind is ParameterKind.INTEGER:
        return f"write a whole number from {parameter.minimum} to {parameter.maximum}"
    return f"write a value that matches {parameter.pattern}"
