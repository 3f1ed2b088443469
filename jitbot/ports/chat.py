"""The chat channels that notifications are sent to."""

from collections.abc import Mapping
from typing import Protocol


class Chat(Protocol):
    """Webhooks, by the names of their channels. An address is a secret: nothing that is returned or raised names one."""

    def send(self, messages: Mapping[str, Mapping[str, object]]) -> Mapping[str, str]:
        """Send one message to each of these channels, side by side, each once.

        Returns why a channel did not take its message, for each that did not. Takes seconds at the most, whatever the
        other side does.
        """
        ...
