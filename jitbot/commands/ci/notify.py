"""`jitbot notify`."""

import click

from jitbot import __version__
from jitbot.adapters import documents
from jitbot.domain.model.documents import SETTINGS, Source
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.notifications.channels import NO_CHANNELS, NOTIFY, SECRET, Channels, addresses
from jitbot.domain.notifications.chat_notice import HANDED_TO, handed
from jitbot.domain.text import escape
from jitbot.domain.text.addresses import origin, server
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.paths import FolderTree, data_root
from jitbot.usecases.runs.send_chat import Sent, send, send_trial
from jitbot.wiring.context import run_of


def notify(invocation: Invocation, *, channel: str | None) -> int:
    """Carry out `jitbot notify`."""
    from jitbot.adapters.webhooks import Webhooks

    environ = invocation.environ
    channels = _channels(invocation)
    given = environ.get(HANDED_TO, "")
    if channel is None and not given:
        click.echo("nothing to send")
        return ExitCode.DONE
    chat = Webhooks(addresses(environ.get(SECRET) or "{}"), user_agent=f"jitbot/{__version__} (notify)")
    repository = _repository(invocation)
    if channel is not None:
        sent = send_trial(chat, channels, channel, repository=repository)
    else:
        sent = send(chat, channels, handed(given), attempt=run_of(environ).attempt, repository=repository)
    _print(sent)
    return ExitCode.UNSURE if sent.trouble else ExitCode.DONE


def _channels(invocation: Invocation) -> Channels:
    """The channels of the files here. Raises InvalidError with the first finding if they do not read."""
    content = FolderTree(root=data_root(invocation.folder)).read([NOTIFY]).get(NOTIFY)
    if content is None:
        return NO_CHANNELS
    parsed = documents.parse_notify(Source(path=NOTIFY, content=content))
    for finding in parsed.findings:
        raise InvalidError(finding.in_words)
    return parsed.value or NO_CHANNELS


def _repository(invocation: Invocation) -> str:
    """The address of the repository's page, by settings.yaml and the server that is configured."""
    content = FolderTree(root=data_root(invocation.folder)).read([SETTINGS]).get(SETTINGS, b"")
    settings = documents.parse_settings(Source(path=SETTINGS, content=content)).value
    place = origin(server(invocation.environ))
    if settings is None or not place:
        raise InvalidError(f"{SETTINGS} and GITHUB_SERVER_URL must say which repository this is, for links")
    return f"{place}/{settings.repository}"


def _print(sent: Sent) -> None:
    for channel in sent.channels:
        if why := sent.trouble.get(channel):
            click.echo(f"! {escape.log(channel)}: {escape.log(why)}", err=True)
        else:
            click.echo(f"sent to {escape.log(channel)}")
    if not sent.channels:
        click.echo("nothing to send")
