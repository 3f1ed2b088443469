"""notify.yaml, what it names that nobody knows, and the secret with the addresses."""

import json

import pytest

from jitbot.domain.model.errors import InvalidError
from jitbot.domain.notifications.channels import (
    NO_CHANNELS,
    Channels,
    ChannelShape,
    addresses,
    channel_findings,
)

SECRET = "s3cret-part-of-an-address"
CHANNELS = Channels(
    shapes={"payments": ChannelShape.TEXT},
    policies={"orders-db-read": ("payments", "nowhere"), "gone": ()},
    default=("elsewhere",),
)


def test_what_nobody_knows_is_found() -> None:
    """A policy that is not there, and each channel that the file does not define."""
    found = [(each.code, each.file) for each in channel_findings(CHANNELS, {"orders-db-read"})]
    assert found == [
        ("unknown-policy", "policies/notify.yaml"),
        ("unknown-channel", "policies/notify.yaml"),
        ("unknown-channel", "policies/notify.yaml"),
    ]
    fine = Channels(shapes=CHANNELS.shapes, policies={"orders-db-read": ("payments",)}, default=("payments",))
    assert list(channel_findings(fine, {"orders-db-read"})) == []
    assert list(channel_findings(NO_CHANNELS, set())) == []


def test_a_channel_that_is_none_gets_nothing() -> None:
    """Of what a policy names, only channels that the file defines."""
    assert CHANNELS.of("orders-db-read") == ("payments",)
    assert CHANNELS.of("any") == ()


def test_addresses_are_read() -> None:
    """Over TLS; without TLS on this very machine alone."""
    given = {"payments": "https://hooks.slack.example/services/T0/B0/x", "here": "http://127.0.0.1:8000/chat"}
    longest = "https://hooks.slack.example/!~"
    given["long"] = longest + "x" * (2_048 - len(longest))
    assert addresses(json.dumps(given)) == given
    assert addresses("{}") == {}


@pytest.mark.parametrize(
    "address",
    [
        f"http://hooks.slack.example/{SECRET}",
        f"ftp://hooks.slack.example/{SECRET}",
        f"//hooks.slack.example/{SECRET}",
        f"file:///{SECRET}",
        f"https:///{SECRET}",
        f"https://user@hooks.slack.example/{SECRET}",
        f"https://hooks.slack.example\\@evil.example/{SECRET}",
        f"https://hooks.slack.example/ {SECRET}",
        f"https://hooks.slack.example/{SECRET}\n",
        f"https://hooks.slack.example/\u043e{SECRET}",
        f"http://127.0.0.1.evil.example/{SECRET}",
        f"http://127.0.0.1@evil.example/{SECRET}",
        f"https://[::1/{SECRET}",
        f"https://hooks.slack.example/{SECRET}{'x' * 2_048}",
        *(f"https://hooks.slack.example/{SECRET}{character}" for character in '\\"<>^`{|}'),
        "",
    ],
)
def test_an_address_that_is_none_is_refused_and_not_repeated(address: str) -> None:
    """No address but one over TLS is written to, and no part of the secret comes into a message."""
    with pytest.raises(InvalidError) as raised:
        addresses(json.dumps({"payments": "https://fine.example/x", "other": address}))
    assert SECRET not in str(raised.value)
    assert str(raised.value).startswith("JITBOT_CHANNELS: address 2 is no https:// address")
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    "secret", [SECRET, f'["{SECRET}"]', f'{{"{SECRET}": 1}}', f'{{"{SECRET}"', "[" * 50_000]
)
def test_a_secret_that_is_none_is_refused_and_not_repeated(secret: str) -> None:
    """Anything but an object of texts."""
    with pytest.raises(InvalidError) as raised:
        addresses(secret)
    assert SECRET not in str(raised.value)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
