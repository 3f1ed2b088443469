"""`jitbot request`."""

import sys
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import click

from jitbot.commands import dialogue
from jitbot.commands.desks import open_desk
from jitbot.commands.fields import Length, Named, former, repo_option, timeout_option
from jitbot.commands.invocation import Invocation
from jitbot.commands.options import dry_option, format_option, wait_option
from jitbot.commands.places import Moment
from jitbot.commands.proposing import Manner, check_and_open
from jitbot.domain import asking, owners
from jitbot.domain.errors import InvalidError
from jitbot.domain.model import Parameter, Policy, Request, Source
from jitbot.domain.vocabulary import policy_of
from jitbot.lifecycle.desk import Desk
from jitbot.lifecycle.opening import free_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was said on the command line, or in the request that is asked for again; None and () are not said."""

    policy: str | None
    accounts: tuple[str, ...]
    duration: timedelta | None
    reason: str | None
    ticket: str | None
    starts_at: datetime | None
    parameters: tuple[tuple[str, str], ...]


@click.command()
@click.argument("policy", required=False)
@click.option(
    "-a", "--account", "accounts", multiple=True, help="Where; several with commas, or given again."
)
@click.option("-d", "--duration", type=Length(), help="How long: 90m, 2h, 1h30m, 2d.")
@click.option("-r", "--reason", help="Why, in one line, for the approver and the record.")
@click.option(
    "-p", "--parameter", "parameters", type=Named(), multiple=True, help="An answer to the policy's question."
)
@click.option("--ticket", help="The ticket behind it, as in INC-1234.")
@click.option("--starts-at", type=Moment(), help="When it begins, in UTC; otherwise at the merge.")
@click.option("--again", metavar="REQUEST", help="Ask for the same as this request once more, in a new file.")
@repo_option
@wait_option
@timeout_option
@dry_option
@format_option
@click.pass_obj
def request(
    invocation: Invocation,
    *,
    policy: str | None,
    accounts: tuple[str, ...],
    duration: timedelta | None,
    reason: str | None,
    parameters: tuple[tuple[str, str], ...],
    ticket: str | None,
    starts_at: datetime | None,
    again: str | None,
    repo: str | None,
    wait: bool,
    timeout: timedelta,
    dry_run: bool,
    form: str,
) -> int:
    """Ask for access: open the pull request that asks under POLICY, in GitHub alone. Needs no clone.

    At a terminal it asks for what is missing. The token is yours: GITHUB_TOKEN, GH_TOKEN, or the one of
    `gh auth login`.

    Example: jitbot request orders-db-read -a prod -d 2h -p table=orders
    """
    wish = Wish(
        policy=policy,
        accounts=tuple(name for each in accounts for name in each.split(",") if name),
        duration=duration,
        reason=reason,
        ticket=ticket,
        starts_at=starts_at,
        parameters=parameters,
    )
    desk = open_desk(invocation, "request", repo)
    if again is not None:
        wish = _again(desk, wish, again, invocation.now)
    chosen, whole, asked = _complete(desk, wish)
    wanted = _request(desk, chosen, whole, invocation.now)
    content = asking.text(wanted).encode()
    manner = Manner(now=invocation.now, ask=asked, dry=dry_run, wait=timeout if wait else None, form=form)
    return check_and_open(desk, Source(path=wanted.path, content=content), manner)


def _again(desk: Desk, wish: Wish, text: str, now: datetime) -> Wish:
    """The wish, with what it leaves open taken from a former request."""
    path, content = former(desk, text, now)
    old = desk.parse(Source(path=path, content=content))
    given = dict(wish.parameters)
    return replace(
        wish,
        policy=wish.policy or policy_of(path),
        accounts=wish.accounts or old.accounts,
        duration=wish.duration or old.duration,
        reason=wish.reason or old.reason,
        ticket=wish.ticket or old.ticket,
        parameters=tuple({**old.parameters, **given}.items()),
    )


def _complete(desk: Desk, wish: Wish) -> tuple[Policy, Wish, bool]:
    """The policy, the wish with nothing missing, and whether anything was asked."""
    usable = {each.name: each for each in desk.usable()}
    at_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    policy = _policy(desk, wish.policy, usable, at_terminal=at_terminal)
    wish = _only_choices(policy, wish)
    missing = _missing(policy, wish)
    if missing and not at_terminal:
        raise click.UsageError(f"missing, and there is no terminal to ask at: {', '.join(missing)}")
    return policy, _asked(desk, policy, wish) if missing else wish, bool(missing) or wish.policy is None


def _policy(desk: Desk, name: str | None, usable: dict[str, Policy], *, at_terminal: bool) -> Policy:
    if name is None and not at_terminal:
        raise click.UsageError(f"missing: POLICY; you may use: {', '.join(usable)}")
    if name is None:
        names = {each: _owners(desk, each) for each in usable}
        return usable[dialogue.choose("policy", [dialogue.describe(each, names) for each in usable.values()])]
    if name in usable:
        return usable[name]
    if name in {each.name for each in desk.policies}:
        raise InvalidError(
            f"{desk.person.login} may not use {name}; you may use: {', '.join(usable)}. "
            f"Ask {desk.owners_of(f'policies/access/{name}.yaml')} if it should be otherwise"
        )
    likely = ", ".join(asking.named(name, usable) or usable)
    raise InvalidError(f"there is no policy {name!r} that reads; you may use: {likely}")


def _only_choices(policy: Policy, wish: Wish) -> Wish:
    """The wish with what can only be answered in one way."""
    given = dict(wish.parameters)
    only = {each.name: each.enum[0] for each in policy.parameters if len(each.enum) == 1}
    accounts = wish.accounts or (policy.accounts if len(policy.accounts) == 1 else ())
    return replace(wish, accounts=accounts, parameters=tuple({**only, **given}.items()))


def _open_parameters(policy: Policy, wish: Wish) -> list[Parameter]:
    given = dict(wish.parameters)
    return [each for each in policy.parameters if each.name not in given]


def _missing(policy: Policy, wish: Wish) -> list[str]:
    """What the wish leaves open, by the options that would say it."""
    return [
        *([] if wish.accounts else ["--account"]),
        *(f"-p {each.name}=…" for each in _open_parameters(policy, wish)),
        *([] if wish.duration else ["--duration"]),
        *(["--ticket"] if policy.ticket_required and wish.ticket is None else []),
        *([] if wish.reason else ["--reason"]),
    ]


def _asked(desk: Desk, policy: Policy, wish: Wish) -> Wish:
    """Ask for what is missing, in the order of the file."""
    accounts = wish.accounts or dialogue.choose_accounts(policy)
    answers = [(each.name, dialogue.choose_parameter(each)) for each in _open_parameters(policy, wish)]
    length = wish.duration or dialogue.choose_duration(policy)
    ticket = wish.ticket
    if policy.ticket_required and ticket is None:
        ticket = dialogue.choose_ticket(lambda text: _ticket_problem(desk, text))
    return replace(
        wish,
        accounts=accounts,
        duration=length,
        ticket=ticket,
        parameters=(*wish.parameters, *answers),
        reason=wish.reason or dialogue.choose_sentence("why, in one line, for the approver"),
    )


def _ticket_problem(desk: Desk, text: str) -> str:
    """What the schema of a request says of a ticket; empty if it takes it."""
    probe = Request(
        path=f"requests/any/2026-11/24-{desk.person.login}-any.yaml",
        requester=desk.person.login,
        accounts=("any",),
        duration=timedelta(hours=1),
        reason="any",
        parameters={},
        ticket=text,
    )
    found = desk.documents.parse_request(
        Source(path=probe.path, content=asking.text(probe).encode())
    ).findings
    return found[0].hint or found[0].message if found else ""


def _request(desk: Desk, policy: Policy, wish: Wish, now: datetime) -> Request:
    """The request, in the order of the policy's parameters, at a path of its own."""
    order = [each.name for each in policy.parameters]
    given = dict(wish.parameters)
    parameters = {name: given[name] for name in (*order, *given) if name in given}
    reason = wish.reason or ""
    return Request(
        path=free_path(desk, policy.name, reason, now),
        requester=desk.person.login,
        accounts=wish.accounts,
        duration=wish.duration or timedelta(),
        reason=reason,
        parameters=parameters,
        ticket=wish.ticket,
        starts_at=wish.starts_at,
    )


def _owners(desk: Desk, policy: str) -> str:
    """Who approves under a policy: the owners of its folder."""
    rules = desk.rules(policy)
    path = asking.path(policy, desk.person.login, datetime(2026, 1, 1), "any")  # noqa: DTZ001 - only a path
    found = owners.of(path, codeowners=rules.codeowners, people=desk.people, teams=desk.teams)
    return " ".join(found.names) or "nobody"
