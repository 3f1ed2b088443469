"""Notifies people of what a run recorded: a comment on each pull request, and what the job that writes to chat is handed.

It comes last, when every access is given and every end is made, and nothing that goes wrong in it fails a run. The
run whose commit recorded an event is the only one that notifies of it, once: a notification may be lost, and is never
there twice.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from jitbot.domain.model.documents import Source
from jitbot.domain.model.errors import DeniedError, JitbotError
from jitbot.domain.notifications.as_comment import comments
from jitbot.domain.notifications.channels import NO_CHANNELS, NOTIFY, Channels
from jitbot.domain.notifications.chat_notice import HANDED, hand_on, notices
from jitbot.domain.notifications.notification import Notification, notifications
from jitbot.usecases.context import Context, file_at_main
from jitbot.usecases.ledger.ledger import Ledger

MOST = 50  # comments of one run: GitHub takes some 80 in a minute


@contextmanager
def announced(ledger: Ledger) -> Iterator[None]:
    """Notify of what is recorded inside this, even where it ends with an error."""
    try:
        yield
    except JitbotError:
        _announce(ledger)
        raise
    _announce(ledger)


def _announce(ledger: Ledger) -> None:
    if not ledger.committed:
        return
    context = ledger.context
    try:
        found = _notifications(ledger)
        if handed := hand_on(notices(found, _channels(context)), context.run.attempt):
            context.output(HANDED, handed)
    except JitbotError as error:
        context.say(f"nobody is notified: {error}")
        return
    for number, body in list(comments(found).items())[:MOST]:
        try:
            context.issues.announce(number, body)
        except DeniedError as error:
            context.say(f"no notification on #{number}: {error}")
        except JitbotError as error:
            context.say(f"no notification on #{number}, nor on those after it: {error}")
            return


def _notifications(ledger: Ledger) -> tuple[Notification, ...]:
    history = ledger.read()
    found = notifications(ledger.committed, history.events, history.states, ledger.at)
    return tuple(each for each in found if not history.doubt_of(each.decision.request))


def _channels(context: Context) -> Channels:
    """Main's notify.yaml. What does not read notifies no channel, and a run says so."""
    content = file_at_main(context.git, NOTIFY)
    if content is None:
        return NO_CHANNELS
    parsed = context.documents.parse_notify(Source(path=NOTIFY, content=content))
    for finding in parsed.findings[:1]:
        context.say(f"chat is not notified: {finding.file}:{finding.line}: {finding.message}")
    return parsed.value or NO_CHANNELS
