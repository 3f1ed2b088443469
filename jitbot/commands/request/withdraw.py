"""`jitbot withdraw`."""

import sys
from collections.abc import Sequence

import click

from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.model.grammar import is_request
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.domain.text import escape
from jitbot.domain.text.amount import many
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.prompts import sure, tell
from jitbot.usecases.request.requester_client import RequesterClient
from jitbot.wiring.requester import open_client

_MOST = 10  # own open pull requests whose files are listed, where none is named


def withdraw(invocation: Invocation, *, number: int | None, yes: bool, repo: str | None) -> int:
    """Carry out `jitbot withdraw`."""
    client = open_client(invocation, "withdraw", repo)
    pull = client.github.pull(number) if number is not None else _only(client)
    asked = _asked(client, pull)
    if pull.closed_at is not None:
        click.echo(escape.log(f"#{pull.number} is closed already"))
        return ExitCode.DONE
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("nobody is here to say yes: give --yes")
        others = len(asked) - 1
        more = f", and changes {many(others, 'more file')}" if others else ""
        if not sure(f"close #{pull.number}, which asks for {escape.terminal(asked[0])}{more}?"):
            tell("nothing was closed")
            return ExitCode.REFUSED
    _must_wait(client.github_write.close_pull(pull.number))
    click.echo(escape.log(f"#{pull.number} is closed: {pull.url}"))
    return ExitCode.DONE


def _only(client: RequesterClient) -> PullRequest:
    """The person's one open request. Raises InvalidError with what to type if there is none, or several."""
    mine = [
        each for each in client.github.open_pulls() if each.author.github_id == client.place.actor.github_id
    ][:_MOST]
    found = [each for each in mine if any(map(is_request, client.github.files(each.number)))]
    if not found:
        raise InvalidError(
            f"no open request of {client.place.actor.login} waits in {client.place.repository}"
        )
    if len(found) > 1:
        lines = (f"  jitbot withdraw {each.number}   # {escape.terminal(each.title)}" for each in found)
        raise InvalidError("\n".join(("several of yours wait; say which:", *lines)))
    return found[0]


def _asked(client: RequesterClient, pull: PullRequest) -> Sequence[str]:
    """What it changes, the requests first. Raises InvalidError unless it is the person's own, asks for access, and is not merged."""
    _must_wait(pull)
    who = client.place.actor
    if pull.author.github_id != who.github_id:
        raise InvalidError(
            f"#{pull.number} is {pull.author.login}'s, and only they can withdraw it; an owner of its path can request changes: {pull.url}"
        )
    paths = sorted(client.github.files(pull.number), key=lambda path: not is_request(path))
    if not paths or not is_request(paths[0]):
        raise InvalidError(f"#{pull.number} asks for no access; close it on its page, {pull.url}")
    return paths


def _must_wait(pull: PullRequest) -> None:
    if pull.merged_at is not None:
        raise InvalidError(
            f"#{pull.number} is merged, so there is nothing to withdraw; to end what it gives: jitbot release {pull.number}"
        )
