"""Notifies people of what a run recorded: a comment on each pull request, and what the job that writes to chat is handed.

It comes last, when every access is given and every end is made, and nothing that goes wrong in it fails a run. The
run whose commit recorded an event is the only one that notifies of it, once: a notification may be lost, and is never
there twice.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice

from jitbot.domain.model.documents import Source
from jitbot.domain.model.errors import DeniedError, JitbotError
from jitbot.domain.model.github_objects import Comment, Unannounced
from jitbot.domain.notifications.as_comment import comments
from jitbot.domain.notifications.channels import NO_CHANNELS, NOTIFY, Channels
from jitbot.domain.notifications.chat_notice import HANDED, hand_on, notices
from jitbot.domain.notifications.notification import Notification, notifications
from jitbot.usecases.context import Context, file_at_main
from jitbot.usecases.ledger.ledger import Ledger
from jitbot.usecases.pull_request.kept_comment import of_merged, to_edit

MOST = 50  # comments of one run: GitHub takes some 80 in a minute
_TOGETHER = 5  # in one call, each beside an edit: GitHub ends one after ten seconds, and so many are lost if its answer is

Conversation = tuple[str, tuple[Comment, ...]]


@dataclass(slots=True)
class Announcing:
    """What a run knows of conversations: by a pull request's number its node id and first comments, without another call."""

    conversation: Callable[[int], Conversation | None] = lambda _: None


@contextmanager
def announced(ledger: Ledger) -> Iterator[Announcing]:
    """Notify of what is recorded inside this, even where it ends with an error."""
    announcing = Announcing()
    try:
        yield announcing
    except JitbotError:
        _announce(ledger, announcing)
        raise
    _announce(ledger, announcing)


def _announce(ledger: Ledger, announcing: Announcing) -> None:
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
    try:
        left = _together(ledger, announcing, dict(islice(comments(found).items(), MOST)))
    except JitbotError as error:
        context.say(
            f"a call for comments has no answer, so some are not notified, nor anybody after them: {error}"
        )
        return
    for number, body in left.items():
        try:
            context.issues.announce(number, body)
        except DeniedError as error:
            context.say(f"no notification on #{number}: {error}")
        except JitbotError as error:
            context.say(f"no notification on #{number}, nor on those after it: {error}")
            return


def _together(ledger: Ledger, announcing: Announcing, wanted: Mapping[int, str]) -> Mapping[int, str]:
    """Write notifications in few calls, with the kept comment of each pull request beside it; gives those that are left.

    Those whose conversation is not known are left, and those that GitHub refused so. One that may be there is not.
    """
    known = {each: found for each in wanted if (found := announcing.conversation(each)) is not None}
    left, numbers = wanted.keys() - known.keys(), iter(known)
    while some := list(islice(numbers, _TOGETHER)):
        nodes = {known[number][0]: number for number in some}
        edits = dict(_edits(ledger, {number: known[number][1] for number in some}))
        try:
            without = ledger.context.issues.announce_together(
                {node: wanted[number] for node, number in nodes.items()}, edits
            )
        except DeniedError:  # of the whole call, so nothing of it was made
            without = Unannounced(refused=frozenset(nodes))
        left |= {nodes[node] for node in without.refused}
        for number in sorted(nodes[node] for node in without.unclear):
            ledger.context.say(f"no notification on #{number}, as far as is known: GitHub had an error there")
    return {number: body for number, body in wanted.items() if number in left}


def _edits(ledger: Ledger, there: Mapping[int, tuple[Comment, ...]]) -> Iterator[tuple[str, str]]:
    """What the kept comments should say now, as `jitbot comment` says it; it looks again afterwards, at all of them."""
    history = ledger.read()
    for number, found in there.items():
        try:
            shown = of_merged(ledger.context, history, number, ledger.at)
        except JitbotError:  # `jitbot comment` says what is wrong
            continue
        if (comment := to_edit(replace(shown, comments_there=found))) is not None:
            yield comment.node_id, shown.body


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
        context.say(f"chat is not notified: {finding.in_words}")
    return parsed.value or NO_CHANNELS
