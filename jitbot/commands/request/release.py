"""`jitbot release`."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import click

from jitbot.adapters.local import aws_config
from jitbot.adapters.local.session_cache import kept_sessions
from jitbot.commands.request.resolve_request import UNVERIFIED, LedgerAnswer, ask_ledger, the_only_one
from jitbot.domain.access import may_end
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.model.errors import DeniedError, InvalidError, JitbotError, UnavailableError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.request.request_reference import pull_number
from jitbot.domain.text import escape, timestamp
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_json
from jitbot.terminal.prompts import tell
from jitbot.usecases.ledger.remote_ledger import UnverifiedLedger
from jitbot.usecases.request.follow import ended, looks
from jitbot.usecases.request.requester_client import RequesterClient
from jitbot.wiring.requester import open_client

WORKFLOW = "revoke.yml"
_RECORDS = "the ledger records, unverified, that"


def release(
    invocation: Invocation,
    *,
    request: str | None,
    reason: str,
    repo: str | None,
    no_wait: bool,
    timeout: timedelta,
    form: str,
) -> int:
    """Carry out `jitbot release`."""
    client = open_client(invocation, "release", repo)
    ledger, now = UnverifiedLedger(client.github), invocation.now
    answer = ask_ledger(ledger, now)
    path = the_only_one(client, answer, request, now)
    _must_be(client, answer, path, request)
    _dispatch(client, {"request": path, "reason": reason})
    tell(f"{path}: {WORKFLOW} is started")
    _forget(invocation, path, client.place.repository)
    forbidden = _forbidden(client, answer, path)
    against = forbidden or _against(answer, path, now)
    if against:
        tell(f"{against}; {WORKFLOW} is started all the same")
    waits = not no_wait and not against  # what is said already would be believed at once
    over = _wait(client, ledger, path, now, timeout) if waits else None
    if form == "json":
        print_json({"request": path, "started": True, "ended": over is not None})
    elif over is not None:
        click.echo(escape.log(_sentence(over)))
    if against:
        tell(f"what it did is in its run, and in `jitbot status` in a clone: {_runs(client)}")
    elif over is None and not no_wait:
        raise UnavailableError(
            f"the ledger does not say yet that {path} ended; the run is among these, and running this again "
            f"does no harm: {_runs(client)}"
        )
    return ExitCode.REFUSED if forbidden else ExitCode.DONE


def _forbidden(client: RequesterClient, answer: LedgerAnswer, path: str) -> str:
    """Why the workflow will refuse this person, by main's rules; empty if it will not, or that is unknown."""
    term = answer.state(path).current
    try:
        may_end.entitled(
            client.place.actor,
            path,
            term.ask.github_id if term is not None else None,
            client.rules(policy_of(path)),
            client.at,
        )
    except DeniedError as error:
        return str(error) if term is not None else ""
    except JitbotError:
        return ""
    return ""


def _forget(invocation: Invocation, request: str, repository: str) -> None:
    """Remove what this machine keeps of the grant: sessions, and profiles. AWS refuses them, and says less about why."""
    kept_sessions(invocation.environ).forget(request, repository)
    file = aws_config.config_file(invocation.environ)
    try:
        gone = [
            each
            for each in aws_config.blocks(file)
            if each.request == request and each.may_be_of(repository) and aws_config.remove(file, each)
        ]
    except InvalidError as error:
        tell(f"? its profile may still be in the AWS config: {error}")
        return
    if gone:
        tell(f"its profile was taken out of {file}")


def _must_be(client: RequesterClient, answer: LedgerAnswer, path: str, text: str | None) -> None:
    """Raise InvalidError for a request that neither main nor the ledger knows: nothing was ever merged there."""
    if answer.state(path).current is None and not client.tree.read([path]):
        number = pull_number(text or "")
        withdraw = f"jitbot withdraw {number}" if number else "jitbot withdraw"
        raise InvalidError(
            f"{path} was never approved, so there is nothing to end: {client.place.branch} has no such file. "
            f"To withdraw a request that still waits: {withdraw}"
        )


def _against(answer: LedgerAnswer, path: str, now: datetime) -> str:
    """Why there is nothing to end by the unverified ledger; empty if the ledger says that there is."""
    if answer.trouble:
        return ""
    if answer.state(path).current is None:
        return f"{_RECORDS} it was never approved"
    return f"{_RECORDS} it is over" if ended(answer.state(path)) or not answer.may_run(path, now) else ""


def _runs(client: RequesterClient) -> str:
    return f"{client.place.url}/actions/workflows/{WORKFLOW}"


def _dispatch(client: RequesterClient, inputs: Mapping[str, str]) -> None:
    """Start the workflow. To start it twice does no harm, so a retry needs no care."""
    try:
        client.github_write.dispatch(WORKFLOW, client.place.branch, inputs)
    except DeniedError as error:
        raise DeniedError(
            f"{WORKFLOW} could not be started ({error}): the token needs to write actions. You can start it on "
            "GitHub under Actions, or delete the request's file in a pull request"
        ) from error


def _wait(
    client: RequesterClient, ledger: UnverifiedLedger, request: str, now: datetime, patience: timedelta
) -> RequestState | None:
    """The request, as soon as the ledger says that it ended everywhere; None if the waiting time ended first."""
    for waited in looks(client, patience):
        state = ledger.states(now + waited).get(request)
        if state is not None and ended(state):
            return state
    return None


def _sentence(state: RequestState) -> str:
    term = state.current
    ends = [state.account_state(each.account_id).end for each in term.documents] if term is not None else []
    latest = max(timestamp.show(event.at) for event in ends if event is not None)
    where = " and ".join(each.account for each in term.documents) if term is not None else ""
    return f"{state.request} ended in {where} at {latest}, as the ledger records; {UNVERIFIED}"
