"""Notifications as chat messages, in the two shapes that webhooks take.

They hold validated words and links alone, so nothing in them formats or mentions. Logins are without an @: some chat
systems mention people and whole channels by it.

- Text: `{"text": …}`, https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and
  https://developers.mattermost.com/integrate/webhooks/incoming
- Teams: a message with an Adaptive Card, as webhooks of Workflows take it,
  https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
"""

from collections.abc import Callable, Mapping
from typing import assert_never

from jitbot.domain.ledger.events import EndReason
from jitbot.domain.notifications.channels import ChannelShape
from jitbot.domain.notifications.chat_notice import ChatNotice, HandedOn
from jitbot.domain.notifications.notification import NotificationKind
from jitbot.domain.views.wording import listed, when

Message = Mapping[str, object]  # a JSON object
_LINES = 20  # notifications that one message shows; the rest is counted
_NAMED = 8  # accounts
_ENDED: Mapping[EndReason | None, str] = {
    EndReason.RELEASED: "given back by {by}",
    EndReason.REVOKED: "revoked by {by}",
    EndReason.STOPPED: "stopped by {by}",
    EndReason.DELETED: "its file was deleted",
    EndReason.OFFBOARDED: "the person is not in people.yaml as approved any more",
    EndReason.ORPHAN: "the role was changed in AWS by hand",
    EndReason.DRIFT: "the role was changed in AWS by hand",
}


def message(found: HandedOn, shape: ChannelShape, repository: str) -> Message:
    """One message of all these notifications. `repository` is the address of its page, for links."""
    match shape:
        case ChannelShape.TEXT:
            lines = _lines(found, lambda number: f"{repository}/pull/{number}", repository)
            return {"text": "\n".join(lines)}
        case ChannelShape.TEAMS:
            lines = _lines(found, lambda number: f"[#{number}]({repository}/pull/{number})", repository)
            return _card(lines)
        case _:
            assert_never(shape)


def trial(channel: str, shape: ChannelShape, repository: str) -> Message:
    """What `jitbot notify --test` sends."""
    said = f"This is a test of the channel {channel} by jitbot. Notifications of {repository} will come here."
    return {"text": said} if shape is ChannelShape.TEXT else _card([said])


def _lines(found: HandedOn, link: Callable[[int], str], repository: str) -> list[str]:
    shown = found.notifications[:_LINES]
    lines = [f"{_sentence(each)} {link(each.pull_request)}" for each in shown]
    more = len(found.notifications) - len(shown) + found.more
    return [*lines, *([f"And {more} more: see {repository}/pulls"] if more else [])]


def _sentence(each: ChatNotice) -> str:
    who = each.requester or "somebody"
    names = [*each.accounts, *([f"{each.more_accounts} more"] if each.more_accounts else [])]
    where = f" in {listed(names, 'and', most=_NAMED + 1)}" if names else ""
    until = when(each.until) if each.until is not None else "an unknown time"
    match each.kind:
        case NotificationKind.GRANTED:
            return f"✅ {who} has {each.policy}{where} until {until}."
        case NotificationKind.EXTENDED:
            return f"✅ {who} has {each.policy}{where} longer, until {until}."
        case NotificationKind.REFUSED:
            why = f" ({', '.join(each.codes)})" if each.codes else ""
            return f"❌ Refused after the merge: {each.policy}, asked for by {who}{why}."
        case NotificationKind.ENDED:
            why = _ENDED.get(each.why, "see the pull request")
            return f"⚪ {who} had {each.policy}{where}. It ended early: {why.format(by=each.by or 'jitbot')}."
        case NotificationKind.REVIEW_DUE:
            return f"🔎 Break-glass: {who} used {each.policy}{where}. To be reviewed by {until}."
        case NotificationKind.REVIEW_OVERDUE:
            return f"🔴 Break-glass: {who} used {each.policy}{where}. Its review was due by {until}."
        case _:
            assert_never(each.kind)


def _card(lines: list[str]) -> Message:
    blocks = [{"type": "TextBlock", "text": line, "wrap": True} for line in lines]
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": blocks,
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": content,
    }
    return {"type": "message", "attachments": [attachment]}
