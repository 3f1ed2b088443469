"""The adapter of the port `Chat`: webhooks of Slack, Mattermost, Microsoft Teams and others. None is proven here.

Each message is sent once: a call whose answer was lost may have been taken. No redirect is followed and no answer is
read. An address is a secret, and errors of the transport name it: so none of them is ever shown, only its kind.
"""

import http.client
import json
import threading
import time
from collections.abc import Mapping

import urllib3.exceptions

import requests
from jitbot.domain.notifications.channels import SECRET

CONNECT = 5.0  # seconds until there is a connection
ANSWER = 10.0  # seconds from one part of the answer to the next
ALL = 20.0  # seconds for all channels together: an answer may come in many parts


class Webhooks:
    """The webhooks at these addresses, by channel."""

    def __init__(
        self, addresses: Mapping[str, str], *, user_agent: str = "jitbot", seconds: float = ALL
    ) -> None:
        self._addresses = addresses
        self._headers = {"User-Agent": user_agent, "Content-Type": "application/json"}
        self._seconds = seconds

    def send(self, messages: Mapping[str, Mapping[str, object]]) -> Mapping[str, str]:
        """As the port says. A channel that has not answered in time is left behind; it keeps nothing from ending."""
        outcomes: dict[str, str] = {}

        def post(channel: str, message: Mapping[str, object]) -> None:
            outcomes[channel] = self._post(channel, message)

        threads = [threading.Thread(target=post, args=each, daemon=True) for each in messages.items()]
        until = time.monotonic() + self._seconds
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(until - time.monotonic(), 0.0))
        answered = dict(outcomes)
        waiting = dict.fromkeys(messages, f"it has not answered within {self._seconds:g} seconds")
        return {channel: why for channel, why in (waiting | answered).items() if why}

    def _post(self, channel: str, message: Mapping[str, object]) -> str:
        """Why a channel does not take a message; empty if it does."""
        address = self._addresses.get(channel)
        if address is None:
            return f"the secret {SECRET} has no address for it"
        try:
            # The answer's body is never read, however long it is.
            with requests.post(
                address,
                data=json.dumps(message).encode(),
                headers=self._headers,
                timeout=(CONNECT, ANSWER),
                allow_redirects=False,
                stream=True,
            ) as answer:
                status = answer.status_code
        except requests.exceptions.Timeout:
            return "it does not answer in time"
        except (OSError, ValueError, http.client.HTTPException, urllib3.exceptions.HTTPError) as error:
            return f"it cannot be reached: {type(error).__name__}"
        if 300 <= status < 400:
            return f"it answered {status}, a redirect, which is not followed"
        return "" if 200 <= status < 300 else f"it answered {status}"
