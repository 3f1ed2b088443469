"""Notifications as chat messages: both shapes, what they say, and that they hold nothing but words and links."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from acme_facts import EXPIRES_AT
from notification_facts import NOTICE

from jitbot.domain.ledger.events import EndReason
from jitbot.domain.notifications.as_chat import message, trial
from jitbot.domain.notifications.channels import ChannelShape
from jitbot.domain.notifications.chat_notice import ChatNotice, HandedOn
from jitbot.domain.notifications.notification import NotificationKind

PAGE = "https://github.com/acme/access"


def lines(*several: ChatNotice, more: int = 0, shape: ChannelShape = ChannelShape.TEXT) -> list[str]:
    """The lines of the message about these."""
    made = message(HandedOn(attempt=1, notifications=several, more=more), shape, PAGE)
    if shape is ChannelShape.TEXT:
        assert set(made) == {"text"}
        return str(made["text"]).split("\n")
    return [block["text"] for block in card(made)["body"]]


def card(made: Any) -> dict[str, Any]:
    """The Adaptive Card of a message for Teams, whose envelope is as its webhooks take it."""
    (attachment,) = made["attachments"]
    assert (set(made), made["type"]) == ({"type", "attachments"}, "message")
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["contentUrl"] is None
    content: dict[str, Any] = attachment["content"]
    assert (content["type"], content["version"]) == ("AdaptiveCard", "1.2")
    assert all((block["type"], block["wrap"]) == ("TextBlock", True) for block in content["body"])
    return content


KINDS = {
    NotificationKind.GRANTED: "✅ alice has orders-db-read in prod until 24 Nov 2026, 11:00 UTC.",
    NotificationKind.EXTENDED: "✅ alice has orders-db-read in prod longer, until 24 Nov 2026, 11:00 UTC.",
    NotificationKind.REFUSED: "❌ Refused after the merge: orders-db-read, asked for by alice (too-late).",
    NotificationKind.ENDED: "⚪ alice had orders-db-read in prod. It ended early: revoked by bob.",
    NotificationKind.REVIEW_DUE: "🔎 Break-glass: alice used orders-db-read in prod. To be reviewed by 24 Nov 2026, 11:00 UTC.",
    NotificationKind.REVIEW_OVERDUE: "🔴 Break-glass: alice used orders-db-read in prod. Its review was due by 24 Nov 2026, 11:00 UTC.",
}


@pytest.mark.parametrize("kind", NotificationKind)
def test_each_kind_is_a_sentence_and_a_link(kind: NotificationKind) -> None:
    """The same words in both shapes, with the link as each of them has it."""
    one = replace(NOTICE, kind=kind, codes=("too-late",), why=EndReason.REVOKED, by="bob")
    assert lines(one) == [f"{KINDS[kind]} {PAGE}/pull/7"]
    assert lines(one, shape=ChannelShape.TEAMS) == [f"{KINDS[kind]} [#7]({PAGE}/pull/7)"]


@pytest.mark.parametrize("why", [None, *EndReason])
def test_every_reason_of_an_end_has_words(why: EndReason | None) -> None:
    """Also one that no early end has, and one that the record does not name."""
    (line,) = lines(replace(NOTICE, kind=NotificationKind.ENDED, why=why, by=""))
    assert re.search(r"It ended early: [a-z][\w .]+\. https://", line)


def test_what_is_not_known_is_not_invented() -> None:
    """Without a requester, accounts or a time the sentence still is one."""
    (line,) = lines(ChatNotice(kind=NotificationKind.GRANTED, pull_request=7, policy="x"))
    assert line == f"✅ somebody has x until an unknown time. {PAGE}/pull/7"
    (line,) = lines(ChatNotice(kind=NotificationKind.REFUSED, pull_request=7, policy="x"))
    assert line == f"❌ Refused after the merge: x, asked for by somebody. {PAGE}/pull/7"
    (line,) = lines(replace(NOTICE, kind=NotificationKind.ENDED, why=EndReason.REVOKED))
    assert "revoked by jitbot." in line


def test_the_rest_is_counted() -> None:
    """Twenty lines at the most, and one that says how many more; eight accounts, and how many more."""
    several = lines(*[NOTICE] * 25, more=4)
    assert (len(several), several[-1]) == (21, f"And 9 more: see {PAGE}/pulls")
    wide = replace(NOTICE, accounts=tuple(f"a{each}" for each in range(8)), more_accounts=3)
    assert "in a0, a1, a2, a3, a4, a5, a6, a7 and 3 more until" in lines(wide)[0]


@pytest.mark.parametrize("shape", ChannelShape)
def test_nothing_in_a_message_mentions_or_formats(shape: ChannelShape) -> None:
    """No mark by which a chat system mentions or formats is in it, apart from the links."""
    for kind in NotificationKind:
        one = replace(NOTICE, kind=kind, requester="channel", by="here", why=EndReason.STOPPED)
        for line in lines(one, shape=shape, more=3):
            assert not set(re.sub(r"\[#7\]\([^()]*\)|https:\S+", "", line)) & set("@<>[]*~`|\\")


def test_a_large_message_is_one_that_teams_takes() -> None:
    """28 KB: https://learn.microsoft.com/en-us/microsoftteams/limits-specifications-teams."""
    longest = replace(
        NOTICE,
        kind=NotificationKind.REFUSED,
        policy="p" * 32,
        requester="r" * 39,
        accounts=("a" * 32,) * 8,
        more_accounts=10**9,
        codes=("c" * 40,) * 8,
        until=EXPIRES_AT,
    )
    for kind in NotificationKind:
        several = (replace(longest, kind=kind),) * 50
        made = message(HandedOn(attempt=1, notifications=several), ChannelShape.TEAMS, PAGE)
        assert len(json.dumps(made)) < 28_000


@pytest.mark.parametrize("shape", ChannelShape)
def test_a_trial_says_what_it_is(shape: ChannelShape) -> None:
    """Whose channel it is, and what will come here."""
    made = trial("payments", shape, PAGE)
    said = made["text"] if shape is ChannelShape.TEXT else card(made)["body"][0]["text"]
    assert (
        said == f"This is a test of the channel payments by jitbot. Notifications of {PAGE} will come here."
    )
