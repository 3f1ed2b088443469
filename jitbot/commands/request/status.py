"""`jitbot status`."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import click

from jitbot.domain.access.pending_approvals import NotKnown, PendingApprovals
from jitbot.domain.access.request_state import RequestState, fold_events, pull_requests
from jitbot.domain.enforce.grant_status import (
    GrantState,
    GrantStatus,
    RefusedRequest,
    grant_statuses,
    refused_requests,
)
from jitbot.domain.ledger.stops import Stop, stops_of
from jitbot.domain.model.bounds import MEMORY
from jitbot.domain.model.documents import same_login
from jitbot.domain.model.errors import InvalidError, JitbotError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.setup.doctor.report import tried
from jitbot.domain.setup.doctor.workflows import CLOCK, LONGEST_SILENCE
from jitbot.domain.text import duration, escape, timestamp
from jitbot.domain.usage.in_words import as_json as use_json
from jitbot.domain.views.approval_places import placed
from jitbot.domain.views.request_summary import temporary
from jitbot.domain.views.wording import TERMINAL
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.option_types import Moment, format_option, repo_option
from jitbot.terminal.output import print_json, print_table
from jitbot.terminal.prompts import folded, tell
from jitbot.usecases.ledger import remote_ledger
from jitbot.usecases.ledger.ledger_view import read
from jitbot.usecases.request.open_requests import OpenRequest, UnreadRequest, open_requests
from jitbot.usecases.request.requester_client import RequesterClient
from jitbot.wiring.context import open_context
from jitbot.wiring.kept_clone import is_in_its_clone
from jitbot.wiring.requester import open_client


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRead:
    """The ledger's states, and the reasons if they may be incomplete or are not verified."""

    states: Mapping[str, RequestState]
    numbers: Mapping[str, int | None]
    doubt: str = ""  # something may be missing
    note: str = ""  # something is not proven
    stops: tuple[Stop, ...] = ()  # every one that is recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is asked for, what of it could not be read, how many were not looked into, and what kept us from looking."""

    asks: tuple[OpenRequest, ...] = ()
    unread: tuple[UnreadRequest, ...] = ()
    more: int = 0
    trouble: str = ""


@click.command()
@click.option("--person", help="Only what this login asked for.")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Everybody's, and what has ended or was refused too, of the last 21 days.",
)
@click.option("--ended", is_flag=True, help="What has ended or was refused too, of the last 21 days.")
@click.option(
    "--at", type=Moment(), help="Show the grants as of this time, past or future; without open requests."
)
@repo_option
@format_option
@click.pass_obj
def status(
    invocation: Invocation,
    *,
    person: str | None,
    everything: bool,
    ended: bool,
    at: datetime | None,
    repo: str | None,
    form: str,
) -> int:
    """Show what is asked for, and waits for whom; what is granted, and until when.

    Yours, if the token is of somebody in policies/people.yaml; everybody's otherwise. In a clone the ledger is
    read with git and every entry of it is verified; with --repo, or without a clone, it is read through the API,
    and nothing is verified.

    Example: jitbot status
    """
    client, trouble = _client(invocation, repo)
    record = _record(invocation, client, repo)
    who, troubled = (person, "") if person or everything else _me(client)
    seen = _asks(client, who, invocation.now) if at is None else Seen()
    found = [
        each
        for each in grant_statuses(record.states.values(), at or invocation.now)
        if (everything or ended or each.state is not GrantState.ENDED) and _is_shown(each.requester, who)
    ]
    refused = [
        each
        for each in refused_requests(record.states.values())
        if (everything or ended) and _is_shown(each.requester, who) and each.at <= (at or invocation.now)
    ]
    if form == "json":
        asked = [*_asked_json(seen.asks), *map(_unread_json, seen.unread)]
        print_json([*asked, *(_json(each, record.numbers) for each in found), *map(_refused_json, refused)])
    else:
        _print(
            [*map(_asked_row, seen.asks), *map(_row, found), *map(_refused_row, refused)],
            mine=who is not None and person is None,
        )
    _print_stops(record.stops, who, at or invocation.now)
    _print_unknown(seen)
    if at is None and (why := trouble or troubled or seen.trouble):
        click.echo(f"? what is only asked for is not shown: {escape.log(why)}", err=True)
    _print_clock(invocation, client)
    if record.note:
        tell(f"… {record.note}")
    if record.doubt:
        click.echo(f"? this may be incomplete: {escape.log(record.doubt)}", err=True)
    return ExitCode.UNSURE if record.doubt else ExitCode.DONE


def _is_shown(requester: str, who: str | None) -> bool:
    """Whether a requester is the one who is asked about; None asks about everybody."""
    return who is None or same_login(who, requester)


def _print_stops(stops: Sequence[Stop], who: str | None, at: datetime) -> None:
    """Say which stops hold: of one person, theirs and those of policies."""
    for stop in stops:
        concerned = who is None or bool(stop.subject.policy) or same_login(stop.subject.login, who)
        if stop.event.at <= at and stop.holds(at) and concerned:
            why = escape.log(f"{stop.in_words}: {stop.event.evidence.reason}")
            click.echo(f"! {why}", err=True)


def _print_clock(invocation: Invocation, client: RequesterClient | None) -> None:
    """Say that the schedule starts nothing any more, where the token may see that. It is `doctor` that looks closely."""
    if client is None:
        return
    newest = tried(partial(client.github.last_scheduled, CLOCK))
    if isinstance(newest, datetime) and invocation.now - newest > LONGEST_SILENCE:
        click.echo(
            f"! the schedule has started nothing since {timestamp.show(newest)}: what is deleted or offboarded does not "
            "end on time; an admin runs `jitbot doctor`",
            err=True,
        )


def _client(invocation: Invocation, repo: str | None) -> tuple[RequesterClient | None, str]:
    """The requester's client, or the reason why there is none: in a clone `status` works without it."""
    try:
        return open_client(invocation, "status", repo), ""
    except InvalidError as error:
        return None, str(error)


def _asks(client: RequesterClient | None, who: str | None, now: datetime) -> Seen:
    if client is None:
        return Seen()
    try:
        found, more = open_requests(client, who, now)
    except JitbotError as error:
        return Seen(trouble=str(error))
    return Seen(
        asks=tuple(each for each in found if isinstance(each, OpenRequest)),
        unread=tuple(each for each in found if isinstance(each, UnreadRequest)),
        more=more,
    )


def _record(invocation: Invocation, client: RequesterClient | None, repo: str | None) -> LedgerRead:
    """The ledger: verified if there is a clone, otherwise unverified."""
    if client is None or (repo is None and is_in_its_clone(invocation)):
        history = read(open_context(invocation, "status"), invocation.now)
        numbers = pull_requests(history.events)
        return LedgerRead(
            states=history.states, numbers=numbers, doubt=history.incomplete, stops=history.stops
        )
    ledger = remote_ledger.UnverifiedLedger(client.github)
    events = ledger.events(invocation.now - MEMORY, invocation.now)
    return LedgerRead(
        states=fold_events(events),
        numbers=pull_requests(events),
        doubt=f"{ledger.unreadable} events cannot be read by this jitbot" if ledger.unreadable else "",
        note="as the ledger's branch says; who wrote it is verified in a clone",
        stops=stops_of(events),
    )


def _me(client: RequesterClient | None) -> tuple[str | None, str]:
    """The login whose token this is, if people.yaml knows it; None means everybody."""
    if client is None:
        return None, ""
    try:
        login, people = client.place.actor.login, client.people
    except JitbotError as error:
        return None, str(error)
    return (login if login in people else None), ""


def _print_unknown(seen: Seen) -> None:
    requests: tuple[OpenRequest | UnreadRequest, ...] = (*seen.asks, *seen.unread)
    for each in requests:
        if not isinstance(each.approvals, NotKnown):
            continue
        why = escape.log(each.approvals.why)
        if isinstance(each, UnreadRequest):
            click.echo(f"? what pull request {each.number} asks for is not known: {why}", err=True)
        else:
            click.echo(f"? who approved pull request {each.number} is not known: {why}", err=True)
    if seen.more:
        click.echo(f"… and {seen.more} more open pull requests, not looked into", err=True)


def _print(rows: Sequence[tuple[str, str, str, str, str]], *, mine: bool) -> None:
    """One line for each in a pipe, so that grep finds the whole line; two narrow columns at a terminal."""
    if not rows:
        click.echo("nothing is granted")
        return
    if not sys.stdout.isatty():
        print_table(("who", "request", "account", "state", "until"), rows)
        return
    for who, request, account, state, until in rows:
        policy, _, name = request.removesuffix(".yaml").partition("/")
        by = "" if mine else f"{who}: "
        what = click.style(escape.log(f"{by}{policy} in {account}"), bold=True)
        click.echo(what)
        click.echo(folded(f"  {state} ({until})", sys.stdout, "  "))
        click.echo(f"  {escape.log(name)}")


def _asked_row(each: OpenRequest) -> tuple[str, str, str, str, str]:
    known = each.approvals
    count = f"{len(known.approvals)}" if isinstance(known, PendingApprovals) else "?"
    waits = f"asked, {count} of {each.needed} by {' '.join(each.owners) or 'nobody'}"
    if isinstance(known, PendingApprovals) and known.requirement.by_rules:
        waits = f"asked, {known.filled} of {each.needed}: {placed(known.places, TERMINAL)}"
    if isinstance(known, PendingApprovals) and (for_a_time := temporary(known)):
        waits += f" ({for_a_time})"
    if each.needed < 1 and isinstance(known, PendingApprovals):
        waits = "asked, break-glass: any one approval for GitHub"
    path = each.request.removeprefix("requests/")
    return (each.requester, path, ", ".join(each.accounts), waits, f"pull request {each.number}")


def _row(each: GrantStatus) -> tuple[str, str, str, str, str]:
    path = each.request.removeprefix("requests/")
    return (
        each.requester,
        path,
        each.account,
        _state(each),
        timestamp.show(each.ended_at or each.expires_at),
    )


def _refused_row(each: RefusedRequest) -> tuple[str, str, str, str, str]:
    path = each.request.removeprefix("requests/")
    why = f"refused: {'; '.join(each.reasons) or 'no reason is recorded'}"
    return (each.requester, path, ", ".join(each.accounts), why, timestamp.show(each.at))


def _refused_json(each: RefusedRequest) -> dict[str, object]:
    """What was refused, with the keys of what is granted: null for all that there is not."""
    return {
        "request": each.request,
        "requester": each.requester,
        "account": None,
        "account_id": None,
        "role_arn": None,
        "state": "refused",
        "why": "; ".join(each.reasons) or None,
        "expires_at": None,
        "seconds_left": None,
        "ended_at": timestamp.show(each.at),
        "pull_request": each.pull_request,
        "url": None,
        "waiting_for": None,
    }


def _asked_json(asks: Sequence[OpenRequest]) -> list[dict[str, object]]:
    return [
        _open_json(
            each, requester=each.requester, account=account, approvals=each.needed, owners=list(each.owners)
        )
        for each in asks
        for account in each.accounts
    ]


def _unread_json(each: UnreadRequest) -> dict[str, object]:
    """A pull request that could not be read: null for all that is not known of it, and why."""
    return _open_json(each, requester=None, account=None, approvals=None, owners=None)


def _open_json(
    each: OpenRequest | UnreadRequest,
    *,
    requester: str | None,
    account: str | None,
    approvals: int | None,
    owners: list[str] | None,
) -> dict[str, object]:
    """What an open pull request asks for in one account, with the keys of what is granted."""
    return {
        "request": each.request,
        "requester": requester,
        "account": account,
        "account_id": None,
        "role_arn": None,
        "state": "asked",
        "why": None,
        "expires_at": None,
        "seconds_left": None,
        "pull_request": each.number,
        "url": each.url,
        "waiting_for": {"approvals": approvals, **_approved_json(each.approvals), "owners": owners},
    }


def _approved_json(approvals: PendingApprovals | NotKnown) -> dict[str, object]:
    """Whose approvals count; null, and why, where that is not known."""
    if isinstance(approvals, NotKnown):
        return {"approved_by": None, "not_known": approvals.why}
    return {
        "approved_by": [each.person.login for each in approvals.approvals],
        **_rules_json(approvals),
    }


def _rules_json(approvals: PendingApprovals) -> dict[str, object]:
    """Of a policy whose `approvals:` is a list alone: the rules that hold, and each place with who fills it, or could."""
    if not approvals.requirement.by_rules:
        return {}
    places = [
        {
            "team": each.team.name if each.team is not None else None,
            "approved_by": each.person.login if each.person is not None else None,
            "able": [person.login for person in each.able],
        }
        for each in approvals.places
    ]
    return {"approval_rules": list(approvals.requirement.in_words()), "places": places}


def _state(each: GrantStatus) -> str:
    mark = f", break-glass, {each.review}" if each.review else ""
    mark += ", rehearsal" if each.is_rehearsal else ""
    left = "" if each.state is GrantState.ENDED else f", {duration.show(each.left)} left"
    return f"{each.why or each.state}{left}{mark}"


def _json(each: GrantStatus, numbers: Mapping[str, int | None]) -> dict[str, object]:
    return {
        "request": each.request,
        "requester": each.requester,
        "account": each.account,
        "account_id": each.account_id,
        "role_arn": each.role_arn,
        "state": each.state,
        "why": each.why or None,
        **({"break_glass": each.review} if each.review else {}),
        **({"rehearsal": True} if each.is_rehearsal else {}),
        "expires_at": timestamp.show(each.expires_at),
        "seconds_left": int(each.left.total_seconds()),
        **({"ended_at": timestamp.show(each.ended_at)} if each.ended_at is not None else {}),
        **({"use": use_json(each.use)} if each.use is not None else {}),
        "pull_request": numbers.get(each.request),
        "url": None,
        "waiting_for": None,
    }
