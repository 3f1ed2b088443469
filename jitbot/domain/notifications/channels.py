"""Which policy's notifications go to which chat channels, as policies/notify.yaml says; and where the channels are.

The file names channels and holds no address. Addresses are a secret: anyone who has one can write to the channel.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from jitbot.domain.model.documents import Finding, Position, policy_path
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.text.addresses import is_private

NOTIFY = "policies/notify.yaml"
SECRET = "JITBOT_CHANNELS"  # noqa: S105 - the name of the secret: channel -> address, as one object of JSON
_LONGEST = 2_048  # characters of an address


class ChannelShape(StrEnum):
    """What a channel's webhook takes."""

    TEXT = "text"  # {"text": …}: Slack, Mattermost, Rocket.Chat, Discord's address for Slack, and others
    TEAMS = "teams"  # an Adaptive Card: a webhook of Microsoft Teams Workflows


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """policies/notify.yaml: the channels with their shapes, and the policies whose notifications go there."""

    shapes: Mapping[str, ChannelShape]
    policies: Mapping[str, tuple[str, ...]]
    default: tuple[str, ...] = ()  # for every policy that `policies` does not name
    where: Mapping[str, Position] = field(default_factory=dict, compare=False, repr=False)

    @property
    def path(self) -> str:
        """The file that says this."""
        return NOTIFY

    def of(self, policy: str) -> tuple[str, ...]:
        """The channels of one policy. A name that is no channel is left out: it has a finding of its own."""
        return tuple(each for each in self.policies.get(policy, self.default) if each in self.shapes)


NO_CHANNELS = Channels(shapes={}, policies={})


def channel_findings(channels: Channels, policies: Collection[str]) -> Iterator[Finding]:
    """What notify.yaml names and nobody knows: channels that it does not define, and policies that are not there."""
    for policy in channels.policies:
        if policy not in policies:
            message = f"there is no {policy_path(policy)}, so nothing of it is sent"
            hint = "correct the name, or take the policy out"
            yield Finding.at(channels, f"policies.{policy}", "unknown-policy", message, hint)
    for entry, named in (("default", channels.default), *_entries(channels.policies)):
        for index, channel in enumerate(named):
            if channel not in channels.shapes:
                message = f"{channel} is not among the channels of this file, so nothing is sent there"
                hint = f"add `{channel}: text` or `{channel}: teams` under channels, or take it out here"
                yield Finding.at(channels, f"{entry}.{index}", "unknown-channel", message, hint)


def _entries(policies: Mapping[str, tuple[str, ...]]) -> Iterable[tuple[str, tuple[str, ...]]]:
    return ((f"policies.{policy}", named) for policy, named in policies.items())


def addresses(secret: str) -> Mapping[str, str]:
    """The channels' addresses of the secret. Raises InvalidError, which repeats nothing of it, if one of them is wrong."""
    try:
        found = json.loads(secret)
    except (ValueError, RecursionError):
        raise InvalidError(f"{SECRET} is no JSON: write an object of channels and addresses") from None
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise InvalidError(f"{SECRET} is no object of channels and addresses")
    for number, (_, address) in enumerate(found.items(), start=1):
        if not _is_address(address):
            raise InvalidError(
                f"{SECRET}: address {number} is no https:// address without a user name and blanks"
            )
    return found


def _is_address(text: str) -> bool:
    """Whether it is one address, over TLS or on this very machine, that means the same to every reader of addresses."""
    plain = all("!" <= character <= "~" and character not in '\\"<>^`{|}' for character in text)
    return plain and len(text) <= _LONGEST and is_private(text) and "@" not in urlsplit(text).netloc
