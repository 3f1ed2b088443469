"""`jitbot request`."""

import sys
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import get_close_matches

import click

from jitbot.commands.request.resolve_request import asked_before
from jitbot.commands.request.submit import SubmitOptions, check_and_open
from jitbot.domain.model import owners
from jitbot.domain.model.documents import Parameter, Policy, Request, Source, policy_path
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.grammar import any_request, policy_of
from jitbot.domain.request import new_request
from jitbot.terminal import prompts
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.request.open_pull_request import free_path
from jitbot.usecases.request.requester_client import RequesterClient
from jitbot.wiring.requester import open_client


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDraft:
    """The answers from the command line, or from the request that is asked for again. None and () mean: no answer."""

    policy: str | None
    accounts: tuple[str, ...]
    duration: timedelta | None
    reason: str | None
    ticket: str | None
    starts_at: datetime | None
    parameters: tuple[tuple[str, str], ...]


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
    """Carry out `jitbot request`."""
    draft = RequestDraft(
        policy=policy,
        accounts=tuple(name for each in accounts for name in each.split(",") if name),
        duration=duration,
        reason=reason,
        ticket=ticket,
        starts_at=starts_at,
        parameters=parameters,
    )
    client = open_client(invocation, "request", repo)
    if again is not None:
        draft = _again(client, draft, again, invocation.now)
    chosen, whole, asked = _complete(client, draft)
    wanted = _request(client, chosen, whole, invocation.now)
    content = new_request.text(wanted).encode()
    submit_options = SubmitOptions(
        now=invocation.now, ask=asked, dry=dry_run, wait=timeout if wait else None, form=form
    )
    return check_and_open(client, Source(path=wanted.path, content=content), submit_options)


def _again(client: RequesterClient, draft: RequestDraft, text: str, now: datetime) -> RequestDraft:
    """The draft, with its open answers taken from a former request."""
    path, content = asked_before(client, text, now)
    old = client.parse(Source(path=path, content=content))
    given = dict(draft.parameters)
    return replace(
        draft,
        policy=draft.policy or policy_of(path),
        accounts=draft.accounts or old.accounts,
        duration=draft.duration or old.duration,
        reason=draft.reason or old.reason,
        ticket=draft.ticket or old.ticket,
        parameters=tuple({**old.parameters, **given}.items()),
    )


def _complete(client: RequesterClient, draft: RequestDraft) -> tuple[Policy, RequestDraft, bool]:
    """The policy, the complete draft, and whether the person was asked anything."""
    usable = {each.name: each for each in client.usable()}
    at_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    policy = _policy(client, draft.policy, usable, at_terminal=at_terminal)
    draft = _only_choices(policy, client.accounts_of(policy), draft)
    missing = _missing(policy, draft)
    if missing:
        _known_parameters(policy, draft)
    if missing and not at_terminal:
        raise click.UsageError(f"missing, and there is no terminal to ask at: {', '.join(missing)}")
    return policy, _asked(client, policy, draft), bool(missing) or draft.policy is None


def _policy(
    client: RequesterClient, name: str | None, usable: dict[str, Policy], *, at_terminal: bool
) -> Policy:
    if name is None and not at_terminal:
        raise click.UsageError(f"missing: POLICY; you may use: {', '.join(usable)}")
    if name is None:
        names = {each: _owners(client, each) for each in usable}
        return usable[prompts.choose("policy", [prompts.describe(each, names) for each in usable.values()])]
    if name in usable:
        return usable[name]
    if name in {each.name for each in client.policies}:
        raise InvalidError(
            f"{client.person.login} may not use {name}; you may use: {', '.join(usable)}. "
            f"Ask {client.owners_of(policy_path(name))} if it should be otherwise"
        )
    likely = ", ".join(new_request.named(name, usable) or get_close_matches(name, usable) or usable)
    if policy_path(name) in client.tree.read([policy_path(name)]):
        raise InvalidError(f"the policy {name} cannot be read: see `jitbot check`; you may use: {likely}")
    raise InvalidError(f"there is no policy {name!r}; you may use: {likely}")


def _known_parameters(policy: Policy, draft: RequestDraft) -> None:
    """Raise UsageError for a parameter that the policy does not have, before anything is asked."""
    names = [each.name for each in policy.parameters]
    if unknown := [name for name, _ in draft.parameters if name not in names]:
        asks = f"asks for: {', '.join(names)}" if names else "asks for none"
        raise click.UsageError(f"{policy.name} has no parameter {unknown[0]!r}; it {asks}")


def _only_choices(policy: Policy, known: tuple[str, ...], draft: RequestDraft) -> RequestDraft:
    """The draft, with the answers for which there is only one choice."""
    given = dict(draft.parameters)
    only = {each.name: each.enum[0] for each in policy.parameters if len(each.enum) == 1}
    accounts = draft.accounts or (known if len(known) == 1 else ())
    return replace(draft, accounts=accounts, parameters=tuple({**only, **given}.items()))


def _open_parameters(policy: Policy, draft: RequestDraft) -> list[Parameter]:
    given = dict(draft.parameters)
    return [each for each in policy.parameters if each.name not in given]


def _missing(policy: Policy, draft: RequestDraft) -> list[str]:
    """The open answers of a draft, by the option that gives each of them."""
    return [
        *([] if draft.accounts else ["--account"]),
        *(f"-p {each.name}=…" for each in _open_parameters(policy, draft)),
        *([] if draft.duration else ["--duration"]),
        *(["--ticket"] if policy.ticket_required and draft.ticket is None else []),
        *([] if draft.reason else ["--reason"]),
    ]


def _asked(client: RequesterClient, policy: Policy, draft: RequestDraft) -> RequestDraft:
    """Ask for what is missing, in the order of the file."""
    accounts = draft.accounts or prompts.choose_accounts(policy, client.accounts_of(policy))
    answers = [(each.name, prompts.choose_parameter(each)) for each in _open_parameters(policy, draft)]
    length = draft.duration or prompts.choose_duration(policy)
    ticket = draft.ticket
    if policy.ticket_required and ticket is None:
        ticket = prompts.choose_ticket(lambda text: _ticket_problem(client, text))
    return replace(
        draft,
        accounts=accounts,
        duration=length,
        ticket=ticket,
        parameters=(*draft.parameters, *answers),
        reason=draft.reason or prompts.choose_sentence("why, in one line, for the approver"),
    )


def _ticket_problem(client: RequesterClient, text: str) -> str:
    """What the schema of a request says of a ticket; empty if it takes it."""
    probe = Request(
        path=f"requests/any/2026-11/24-{client.person.login}-any.yaml",
        requester=client.person.login,
        accounts=("any",),
        duration=timedelta(hours=1),
        reason="any",
        parameters={},
        ticket=text,
    )
    found = client.documents.parse_request(
        Source(path=probe.path, content=new_request.text(probe).encode())
    ).findings
    return found[0].hint or found[0].message if found else ""


def _request(client: RequesterClient, policy: Policy, draft: RequestDraft, now: datetime) -> Request:
    """The request, in the order of the policy's parameters, at a path of its own."""
    order = [each.name for each in policy.parameters]
    given = dict(draft.parameters)
    parameters = {name: given[name] for name in (*order, *given)}
    reason = draft.reason or ""
    others = (draft.ticket or "", " ".join(parameters.values()))
    return Request(
        path=free_path(client, policy.name, reason, now, others),
        requester=client.person.login,
        accounts=draft.accounts,
        duration=draft.duration or timedelta(),
        reason=reason,
        parameters=parameters,
        ticket=draft.ticket,
        starts_at=draft.starts_at,
    )


def _owners(client: RequesterClient, policy: str) -> str:
    """Who approves under a policy: the owners of its folder."""
    rules = client.rules(policy)
    found = owners.of(
        any_request(policy), codeowners=rules.codeowners, people=client.people, teams=client.teams
    )
    return " ".join(found.names) or "nobody"
