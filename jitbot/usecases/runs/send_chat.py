"""`jitbot notify`: send to chat what a run handed on, and say what did not arrive. Nothing is sent a second time."""

from collections.abc import Mapping
from dataclasses import dataclass

from jitbot.domain.model.errors import InvalidError
from jitbot.domain.notifications import as_chat
from jitbot.domain.notifications.channels import NOTIFY, Channels
from jitbot.domain.notifications.chat_notice import HandedOn, by_channel
from jitbot.ports.chat import Chat


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """To which channels something was sent, and why it did not arrive where it did not."""

    channels: tuple[str, ...] = ()
    trouble: Mapping[str, str]


def send(chat: Chat, channels: Channels, handed: HandedOn, *, attempt: int, repository: str) -> Sent:
    """Send these notifications, one message to each channel. What another attempt of the run recorded was sent by it.

    `repository` is the address of the repository's page.
    """
    if handed.attempt != attempt:
        return Sent(trouble={})
    each = by_channel(handed, channels)
    messages = {
        channel: as_chat.message(found, channels.shapes[channel], repository)
        for channel, found in each.items()
    }
    return Sent(channels=tuple(messages), trouble=chat.send(messages))


def send_trial(chat: Chat, channels: Channels, channel: str, *, repository: str) -> Sent:
    """Send one message to one channel, to see whether it arrives. Raises InvalidError for a channel that is not there."""
    shape = channels.shapes.get(channel)
    if shape is None:
        known = ", ".join(channels.shapes) or "none"
        raise InvalidError(f"{NOTIFY} has no channel {channel[:40]!r}; its channels: {known}")
    message = as_chat.trial(channel, shape, repository)
    return Sent(channels=(channel,), trouble=chat.send({channel: message}))
