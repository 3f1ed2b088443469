"""`jitbot status`."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import click

from jitbot.commands.request.status_rows import (
    Row,
    asked_json,
    asked_row,
    due_json,
    due_row,
    granted_json,
    granted_row,
    refused_json,
    refused_row,
    unread_json,
    waiting_json,
    waiting_row,
)
from jitbot.domain.access.approvals.pending_approvals import NotKnown
from jitbot.domain.access.request_state import RequestState, fold_events, pull_requests
from jitbot.domain.access_review.due import lapsed
from jitbot.domain.enforce.grant_status import (
    GrantState,
    RefusedRequest,
    grant_statuses,
    refused_requests,
)
from jitbot.domain.ledger.stops import Stop, stops_of
from jitbot.domain.model import owners
from jitbot.domain.model.bounds import MEMORY, some
from jitbot.domain.model.documents import same_login
from jitbot.domain.model.errors import InvalidError, JitbotError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.domain.request.to_approve import DueReview, due_reviews
from jitbot.domain.setup.doctor.report import tried
from jitbot.domain.setup.doctor.workflows import CLOCK, LONGEST_SILENCE
from jitbot.domain.text import escape, timestamp
from jitbot.domain.text.amount import many
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_json, print_table
from jitbot.terminal.prompts import folded, tell
from jitbot.usecases.ledger import remote_ledger
from jitbot.usecases.ledger.ledger_view import read
from jitbot.usecases.request.open_requests import OpenRequest, UnreadRequest, open_requests
from jitbot.usecases.request.requester_client import RequesterClient
from jitbot.usecases.request.to_approve import Waiting, to_approve
from jitbot.wiring.context import open_context
from jitbot.wiring.kept_clone import is_in_its_clone
from jitbot.wiring.requester import open_client

_NEWS = timedelta(days=7)  # so long one's own refusals are shown unasked


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRead:
    """The ledger's states, and the reasons if they may be incomplete or are not verified."""

    states: Mapping[str, RequestState]
    numbers: Mapping[str, tuple[int, ...]]
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
    pulls: tuple[PullRequest, ...] = ()  # every open one


def status(
    invocation: Invocation,
    *,
    person: str | None,
    everything: bool,
    ended: bool,
    at: datetime | None,
    alone: bool,
    repo: str | None,
    form: str,
) -> int:
    """Carry out `jitbot status`."""
    if alone:
        return _to_approve(invocation, repo, form)
    client, trouble = _client(invocation, repo)
    record = _record(invocation, client, repo)
    who, troubled = (person, "") if person or everything else _me(client)
    seen = _asks(client, who, invocation.now) if at is None else Seen()
    when, old, mine = at or invocation.now, everything or ended, who is not None and person is None
    found = [
        each
        for each in grant_statuses(record.states.values(), when)
        if (old or each.state is not GrantState.ENDED) and _is_shown(each.requester, who)
    ]
    # One's own refusals are shown to people for some days: a script asks for them.
    shows = old or (mine and form != "json")
    refused = _refused(record, who, when, since=None if old else when - _NEWS) if shows else []
    if form == "json":
        asked = [*asked_json(seen.asks), *map(unread_json, seen.unread)]
        granted = (granted_json(each, record.numbers) for each in found)
        print_json([*asked, *granted, *map(refused_json, refused)])
    else:
        waiting = _waits(client, record, seen, invocation.now) if mine and at is None else ()
        rows = [*map(asked_row, seen.asks), *map(granted_row, found), *map(refused_row, refused)]
        _print([*rows, *waiting], mine=mine)
        if mine and at is None:
            if not [*rows, *waiting]:
                tell("what was merged a moment ago is shown when its run has decided it")
            _print_lapsed(client, invocation.now)
    _print_stops(record.stops, who, when)
    _print_unknown(seen)
    if at is None and (why := trouble or troubled or seen.trouble):
        click.echo(f"? what is only asked for is not shown: {escape.log(why)}", err=True)
    _print_clock(invocation, client)
    return _concluded(record)


def _concluded(record: LedgerRead) -> int:
    if record.note:
        tell(f"… {record.note}")
    if record.doubt:
        click.echo(f"? this may be incomplete: {escape.log(record.doubt)}", err=True)
    return ExitCode.UNSURE if record.doubt else ExitCode.DONE


def _refused(
    record: LedgerRead, who: str | None, when: datetime, *, since: datetime | None
) -> list[RefusedRequest]:
    """What was refused until then, and since a moment if one is given."""
    return [
        each
        for each in refused_requests(record.states.values())
        if _is_shown(each.requester, who) and each.at <= when and (since is None or since < each.at)
    ]


def _to_approve(invocation: Invocation, repo: str | None, form: str) -> int:
    """What waits for this person alone."""
    client = open_client(invocation, "status", repo)
    person, record = client.person, _record(invocation, client, repo)
    waiting = to_approve(client, person, client.github.open_pulls(), invocation.now)
    due, page = due_reviews(record.states.values(), person), client.place.url
    if form == "json":
        reviews = (row for each in due for row in due_json(each, page))
        print_json([*waiting_json(waiting.found), *reviews])
    elif rows := _waiting_rows(waiting, due, page, invocation.now):
        _print(rows, mine=False)
    else:
        click.echo("nothing waits for you")
    _print_more(waiting)
    return _concluded(record)


def _waits(client: RequesterClient | None, record: LedgerRead, seen: Seen, now: datetime) -> Sequence[Row]:
    """What waits for the person whose token this is; what cannot be read of it is said and hides nothing else."""
    if client is None:
        return ()
    try:
        waiting = to_approve(client, client.person, seen.pulls, now)
    except JitbotError as error:
        click.echo(f"? what waits for you is not known: {escape.log(str(error))}", err=True)
        waiting = Waiting()
    _print_more(waiting)
    due = due_reviews(record.states.values(), client.person)
    return _waiting_rows(waiting, due, client.place.url, now)


def _waiting_rows(waiting: Waiting, due: Sequence[DueReview], page: str, now: datetime) -> Sequence[Row]:
    return [
        *(waiting_row(each, now) for each in waiting.found),
        *(due_row(each, page, now) for each in due),
    ]


def _print_more(waiting: Waiting) -> None:
    if waiting.more:
        tell(f"… and {waiting.more} more open pull requests that may wait for you, not looked into")


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


def _print_lapsed(client: RequesterClient | None, now: datetime) -> None:
    """Say which access reviews are overdue, by the dates in the files of the policies that this person owns."""
    if client is None:
        return
    try:
        found = lapsed(client.policies, client.rules(""), client.person, now)
    except JitbotError as error:
        click.echo(f"? which access reviews are overdue is not known: {escape.log(str(error))}", err=True)
        return
    if found:
        named = some([f"{each.policy} (was due by {each.due})" for each in found])
        tell(
            f"! {many(len(found), 'access review')} overdue: {named}. Ask for them: jitbot review-rules --due"
        )


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
    """The requester's client, or the reason why there is none: in its clone `status` works without it."""
    try:
        return open_client(invocation, "status", repo), ""
    except InvalidError as error:
        if repo is not None or not is_in_its_clone(invocation):
            raise
        return None, str(error)


def _asks(client: RequesterClient | None, who: str | None, now: datetime) -> Seen:
    if client is None:
        return Seen()
    try:
        pulls = client.github.open_pulls()
        found, more = open_requests(client, who, now, listed=pulls)
    except JitbotError as error:
        return Seen(trouble=str(error))
    return Seen(
        asks=tuple(each for each in found if isinstance(each, OpenRequest)),
        unread=tuple(each for each in found if isinstance(each, UnreadRequest)),
        more=more,
        pulls=pulls,
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
        doubt=f"this jitbot cannot read {many(ledger.unreadable, 'event')}" if ledger.unreadable else "",
        note="as the ledger's branch says; who wrote it is verified in a clone",
        stops=stops_of(events),
    )


def _me(client: RequesterClient | None) -> tuple[str | None, str]:
    """The login whose token this is, if people.yaml knows this person; None means everybody."""
    if client is None:
        return None, ""
    try:
        found = owners.person_behind(client.place.actor, client.people)
    except JitbotError as error:
        return None, str(error)
    return (found.login if found is not None else None), ""


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


def _print(rows: Sequence[Row], *, mine: bool) -> None:
    """One line for each in a pipe, so that grep finds the whole line; two narrow columns at a terminal."""
    if not rows:
        click.echo("nothing is granted")
        return
    if not sys.stdout.isatty():
        print_table(("who", "request", "account", "state", "until"), rows)
        return
    for who, request, account, state, until in rows:
        policy, _, name = request.removesuffix(".yaml").partition("/")
        by = "" if mine and not state.startswith("waits for you") else f"{who}: "
        what = click.style(escape.log(f"{by}{policy} in {account}"), bold=True)
        click.echo(what)
        click.echo(folded(f"  {state} ({until})", sys.stdout, "  "))
        click.echo(f"  {escape.log(name)}")
