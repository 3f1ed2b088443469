"""`jitbot notify` as a job and an admin run it: what is sent where, how often, and what is never printed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from acme_facts import EXPIRES_AT
from desk import Said, said

from jitbot.domain.notifications.chat_notice import ChatNotice, hand_on
from jitbot.domain.notifications.notification import NotificationKind
from jitbot.sandbox.chat import ChatSandbox, lines
from jitbot.sandbox.organisation import acme_tree

SECRET = "s3cret-part-of-an-address"


def notice(policy: str, kind: NotificationKind = NotificationKind.GRANTED) -> ChatNotice:
    """What a run hands on about this policy."""
    return ChatNotice(
        kind=kind, pull_request=7, policy=policy, requester="alice", accounts=("prod",), until=EXPIRES_AT
    )


HANDED = hand_on((notice("orders-db-read"), notice("production-break-glass", NotificationKind.REVIEW_DUE)), 1)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """acme's files, as a checkout has them."""
    for path, content in acme_tree("https://token.actions.githubusercontent.com").items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return tmp_path


@pytest.fixture
def chat() -> Iterator[ChatSandbox]:
    """acme's chat."""
    with ChatSandbox() as found:
        yield found


def notify(files: Path, chat: ChatSandbox, *arguments: str, **environ: str) -> Said:
    """Run it in the job for chat."""
    secret = json.dumps(
        {name: f"{url}?{SECRET}" for name, url in chat.addresses(["access", "security"]).items()}
    )
    given = {
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_RUN_ID": "1",
        "JITBOT_CHANNELS": secret,
        **environ,
    }
    answer = said("notify", *arguments, folder=files, environ=given)
    assert SECRET not in answer.out + answer.err
    assert "127.0.0.1" not in answer.out + answer.err
    return answer


def received(chat: ChatSandbox) -> dict[str, list[str]]:
    """What people read in each channel."""
    return {channel.partition("?")[0]: lines(message) for channel, message in chat.messages}


def test_each_channel_gets_what_is_meant_for_it(files: Path, chat: ChatSandbox) -> None:
    """By policies/notify.yaml, in each channel's own shape, with links to this repository."""
    answer = notify(files, chat, JITBOT_NOTIFICATIONS=HANDED)
    assert (answer.code, answer.out) == (0, "sent to access\nsent to security\n")
    assert received(chat) == {
        "access": [
            "✅ alice has orders-db-read in prod until 24 Nov 2026, 11:00 UTC. https://github.com/acme/access/pull/7",
            "🔎 Break-glass: alice used production-break-glass in prod. To be reviewed by 24 Nov 2026, 11:00 UTC. "
            "https://github.com/acme/access/pull/7",
        ],
        "security": [
            "🔎 Break-glass: alice used production-break-glass in prod. To be reviewed by 24 Nov 2026, 11:00 UTC. "
            "[#7](https://github.com/acme/access/pull/7)",
        ],
    }
    assert {key for _, message in chat.messages for key in message} == {"text", "type", "attachments"}


@pytest.mark.parametrize("attempt", ["2", "3"])
def test_a_job_that_is_run_again_sends_nothing(files: Path, chat: ChatSandbox, attempt: str) -> None:
    """GitHub hands it what the first attempt recorded, and that was sent by the first attempt."""
    answer = notify(files, chat, JITBOT_NOTIFICATIONS=HANDED, GITHUB_RUN_ATTEMPT=attempt)
    assert (answer.code, answer.out, chat.messages) == (0, "nothing to send\n", [])
    again = hand_on((notice("orders-db-read"),), int(attempt))
    assert notify(files, chat, JITBOT_NOTIFICATIONS=again, GITHUB_RUN_ATTEMPT=attempt).code == 0
    assert len(chat.messages) == 1


@pytest.mark.parametrize("handed", ["", HANDED])
def test_without_a_file_nothing_is_sent(files: Path, chat: ChatSandbox, handed: str) -> None:
    """No notify.yaml is no channel."""
    (files / "policies/notify.yaml").unlink()
    answer = notify(files, chat, JITBOT_NOTIFICATIONS=handed)
    assert (answer.code, answer.out, chat.messages) == (0, "nothing to send\n", [])


@pytest.mark.parametrize(
    ("change", "code", "why"),
    [
        ({"JITBOT_CHANNELS": ""}, 3, "! access: the secret JITBOT_CHANNELS has no address for it\n"),
        ({"JITBOT_CHANNELS": SECRET}, 1, "error: JITBOT_CHANNELS is no JSON"),
        (
            {"JITBOT_CHANNELS": json.dumps({"access": f"http://evil.example/{SECRET}"})},
            1,
            "error: JITBOT_CHANNELS: address 1",
        ),
        ({"JITBOT_NOTIFICATIONS": "{}"}, 1, "error: JITBOT_NOTIFICATIONS holds no notifications of a run"),
        (
            {"JITBOT_NOTIFICATIONS": HANDED.replace("alice", "<!here>")},
            1,
            "error: JITBOT_NOTIFICATIONS holds no",
        ),
        (
            {"GITHUB_SERVER_URL": "http://github.example"},
            1,
            "error: policies/settings.yaml and GITHUB_SERVER_URL",
        ),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_sent(
    files: Path, chat: ChatSandbox, change: dict[str, str], code: int, why: str
) -> None:
    """A secret, a hand-over or a server that is none; no part of a secret is repeated."""
    answer = notify(files, chat, **{"JITBOT_NOTIFICATIONS": HANDED, **change})
    assert (answer.code, answer.err.startswith(why)) == (code, True), answer.err
    assert chat.messages == []


def test_a_file_that_does_not_read_sends_nothing(files: Path, chat: ChatSandbox) -> None:
    """The finding names its line."""
    (files / "policies/notify.yaml").write_text("channels: {access: smoke}\n")
    answer = notify(files, chat, JITBOT_NOTIFICATIONS=HANDED)
    assert (answer.code, answer.err.startswith("error: policies/notify.yaml:1: ")) == (1, True)
    assert chat.messages == []


def test_settings_that_do_not_read_name_no_repository(files: Path, chat: ChatSandbox) -> None:
    """Then no link leads anywhere."""
    (files / "policies/settings.yaml").write_text("repository: x\n")
    answer = notify(files, chat, JITBOT_NOTIFICATIONS=HANDED)
    assert (answer.code, "must say which repository this is" in answer.err, chat.messages) == (1, True, [])


def test_a_channel_that_fails_is_named(files: Path, chat: ChatSandbox) -> None:
    """The others have their message; the exit code says that something did not arrive."""
    addresses = {**chat.addresses(["access"]), "security": f"http://127.0.0.1:9/{SECRET}"}
    answer = notify(files, chat, JITBOT_NOTIFICATIONS=HANDED, JITBOT_CHANNELS=json.dumps(addresses))
    assert (answer.code, answer.out) == (3, "sent to access\n")
    assert answer.err == "! security: it cannot be reached: ConnectionError\n"
    assert set(received(chat)) == {"access"}


@pytest.mark.parametrize("channel", ["access", "security"])
def test_a_channel_can_be_tried(files: Path, chat: ChatSandbox, channel: str) -> None:
    """One message, to that channel alone, in its shape; from an admin's machine as well."""
    answer = notify(files, chat, "--test", channel, GITHUB_RUN_ID="")
    assert (answer.code, answer.out) == (0, f"sent to {channel}\n")
    ((_, message),) = chat.messages
    (line,) = lines(message)
    assert line == (
        f"This is a test of the channel {channel} by jitbot. "
        "Notifications of https://github.com/acme/access will come here."
    )


@pytest.mark.parametrize("channel", ["nowhere", "", "@here"])
def test_a_channel_that_is_none_cannot_be_tried(files: Path, chat: ChatSandbox, channel: str) -> None:
    """The channels that there are are named."""
    answer = notify(files, chat, "--test", channel)
    assert answer.code == 1
    assert (
        answer.err
        == f"error: policies/notify.yaml has no channel {channel!r}; its channels: access, security\n"
    )
    assert chat.messages == []


def test_outside_a_repository_it_says_so(tmp_path: Path, chat: ChatSandbox) -> None:
    """It needs policies/ beside it."""
    answer: Any = notify(tmp_path, chat, "--test", "access")
    assert (answer.code, "no policies/settings.yaml in" in answer.err) == (1, True)
