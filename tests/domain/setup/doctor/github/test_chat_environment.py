"""Chat's environment and its secret: what is wrong, what is only missing, and what cannot be seen."""

from dataclasses import replace
from typing import Any

import pytest
from github_facts import FINE, LIMITED

from jitbot.domain.notifications.channels import NO_CHANNELS, Channels, ChannelShape
from jitbot.domain.setup.doctor.github.chat_environment import checks
from jitbot.domain.setup.doctor.github.github_state import Environment
from jitbot.domain.setup.doctor.report import CheckVerdict, Unknown

CHANNELS = Channels(shapes={"access": ChannelShape.TEXT}, policies={})
HIDDEN = Unknown(why="hidden")


def verdicts(channels: Channels = CHANNELS, **changes: Any) -> dict[str, CheckVerdict]:
    """How each check comes out."""
    return {each.code: each.verdict for each in checks(replace(FINE, **changes), channels)}


def allowing(*names: str) -> Environment:
    """An environment that these may use."""
    return replace(LIMITED, allows=frozenset(names))


def test_as_it_is_set_up_it_is_fine() -> None:
    """Limited to main, the secret there and nowhere else."""
    assert set(verdicts().values()) == {CheckVerdict.OK}
    assert list(verdicts()) == ["chat-environment", "chat-secret-place", "chat-secret"]


@pytest.mark.parametrize(
    "environment",
    [
        allowing("main", "*"),
        allowing("every branch and tag"),
        allowing("every protected branch"),
        allowing("the tag main"),
        allowing("ledger"),
        allowing(),
    ],
)
def test_an_environment_for_others_is_wrong(environment: Environment) -> None:
    """Whatever it allows beside main or in its place."""
    assert verdicts(environment=environment)["chat-environment"] is CheckVerdict.WRONG


@pytest.mark.parametrize(
    ("channels", "expected"), [(CHANNELS, CheckVerdict.WARN), (NO_CHANNELS, CheckVerdict.OK)]
)
def test_without_an_environment_nothing_can_leak(channels: Channels, expected: CheckVerdict) -> None:
    """It is missing where channels are named, and else nobody needs it."""
    found = verdicts(channels, environment=None)
    assert found == {"chat-environment": expected, "chat-secret-place": CheckVerdict.OK}


def test_a_secret_elsewhere_is_wrong() -> None:
    """Also where the environment has it too, and where no channel is named."""
    for channels in (CHANNELS, NO_CHANNELS):
        found = verdicts(channels, secrets=frozenset({"JITBOT_CHANNELS", "OTHER"}))
        assert found["chat-secret-place"] is CheckVerdict.WRONG


def test_a_secret_that_is_missing_is_a_warning() -> None:
    """Of channels that are named; without channels nobody asks."""
    empty = replace(LIMITED, secrets=frozenset({"OTHER"}))
    assert verdicts(environment=empty)["chat-secret"] is CheckVerdict.WARN
    assert "chat-secret" not in verdicts(NO_CHANNELS, environment=empty)


def test_what_cannot_be_seen_is_not_fine() -> None:
    """Each of the three."""
    unseen = replace(LIMITED, secrets=HIDDEN)
    assert verdicts(environment=HIDDEN)["chat-environment"] is CheckVerdict.UNKNOWN
    assert verdicts(secrets=HIDDEN)["chat-secret-place"] is CheckVerdict.UNKNOWN
    assert verdicts(environment=unseen)["chat-secret"] is CheckVerdict.UNKNOWN


@pytest.mark.parametrize(
    ("names", "said"), [((), "it allows nothing at all"), (("main", "*"), "it allows *, main")]
)
def test_what_it_allows_is_said(names: tuple[str, ...], said: str) -> None:
    """By name; where it allows nothing, no job can use it."""
    (found, *_) = checks(replace(FINE, environment=allowing(*names)), CHANNELS)
    assert found.observed == said
