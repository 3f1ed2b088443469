"""Notifications as one new comment on a pull request, which mentions just the people whom they concern.

GitHub notifies nobody of an edited comment. So beside the comment that is kept current there is a new, short one. It
is never read again. All that people wrote is escaped: nothing in it mentions, links or formats.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import assert_never

from jitbot.domain.access.post_review import PendingReview
from jitbot.domain.enforce.grant_status import GrantState, GrantStatus
from jitbot.domain.model.grammar import LOGIN
from jitbot.domain.notifications.notification import Notification, NotificationKind
from jitbot.domain.text.markdown import exact
from jitbot.domain.views.merged_comment import how_it_ended, more_time, refusal
from jitbot.domain.views.wording import MARKDOWN, listed, when

_LOGIN = re.compile(LOGIN, re.ASCII)
_MENTIONED = 20  # people whom one notification mentions, before it counts the rest
_SECTIONS = 4  # requests of one pull request that its comment is about
_REASONS = 2
_LINKS = 3  # accounts with a link each; the kept comment has all
_FOOT = (
    "<sub>jitbot writes this once. The comment that it keeps current shows what holds now, and the ledger is the "
    "record.</sub>"
)


def comments(found: Iterable[Notification]) -> Mapping[int, str]:
    """One comment for each pull request, by its number, in the order in which things happened."""
    by_pull: dict[int, list[Notification]] = {}
    for each in found:
        by_pull.setdefault(each.pull_request, []).append(each)
    return {number: _comment(several) for number, several in by_pull.items()}


def _comment(several: Sequence[Notification]) -> str:
    sections = [_section(each) for each in several[:_SECTIONS]]
    if len(several) > _SECTIONS:
        sections.append(f"And {len(several) - _SECTIONS} more: see the comment that is kept current.")
    return "\n\n".join((*sections, f"{_FOOT}\n"))


def mention(login: str) -> str:
    """The person as GitHub notifies them. A name that is no person's login, such as a bot's, notifies nobody."""
    return f"@{login}" if _LOGIN.fullmatch(login) else MARKDOWN.strong(login)


def _section(each: Notification) -> str:
    who, what = mention(each.requester), f"**{exact(each.policy)}**"
    where = _accounts(each.statuses)
    match each.kind:
        case NotificationKind.GRANTED | NotificationKind.EXTENDED:
            return "\n".join((_begins(each, who, what, where), "", *_use(each)))
        case NotificationKind.REFUSED:
            said = refusal(each.decision, each.statuses, each.pull_request, most=_REASONS)
            return f"❌ {who}, this was refused after the merge: {said}"
        case NotificationKind.ENDED:
            return f"⚪ {who}, your access with {what} in {where} has ended early: {_end(each)}"
        case NotificationKind.REVIEW_DUE | NotificationKind.REVIEW_OVERDUE:
            return _review(each, each.review, what, where) if each.review is not None else ""
        case _:
            assert_never(each.kind)


def _accounts(statuses: Sequence[GrantStatus]) -> str:
    return listed((MARKDOWN.strong(status.account) for status in statuses), "and")


def _begins(each: Notification, who: str, what: str, where: str) -> str:
    """Who has what, from when until when."""
    first = each.statuses[0]
    until = MARKDOWN.strong(when(first.expires_at))
    if first.state is GrantState.PLANNED and first.starts_at is not None:
        return f"🗓️ {who}, you have {what} in {where} from {MARKDOWN.strong(when(first.starts_at))} until {until}."
    more = " longer" if each.kind is NotificationKind.EXTENDED else ""
    return f"✅ {who}, you have {what} in {where}{more}, until {until}."


def _use(each: Notification) -> Iterator[str]:
    """How to use it, how to get more time, how to end it."""
    number = each.pull_request
    links = [f"[{MARKDOWN.plain(status.account)}]({status.switch_role})" for status in each.statuses[:_LINKS]]
    yield f"- Use it: `jitbot exec {number} -- aws sts get-caller-identity`, or switch role in {listed(links, 'or')}"
    yield f"- {more_time(each.state, each.decision, each.statuses[0].expires_at, number)}"
    yield f"- Done early: `jitbot release {number}`"


def _end(each: Notification) -> str:
    """Why it ended and by whom, once for all accounts in which it ended for the same reason."""
    by_reason: dict[str, list[GrantStatus]] = {}
    for status in each.statuses:
        by_reason.setdefault(status.why, []).append(status)
    said = [how_it_ended(each.state, several[0]) for several in by_reason.values()]
    if len(by_reason) > 1:
        said = [
            f"in {_accounts(several)} {text}" for several, text in zip(by_reason.values(), said, strict=True)
        ]
    return (
        f"{'; '.join(said)}.\n\nIf you still need it, ask anew: `jitbot request --again {each.pull_request}`"
    )


def _review(each: Notification, pending: PendingReview, what: str, where: str) -> str:
    """Who may review a break-glass, by when, and how. It asks nobody who may not."""
    logins = [mention(reviewer.login) for reviewer in pending.reviewers]
    who = listed(logins, "or", most=_MENTIONED) or "nobody"
    by = MARKDOWN.strong(when(pending.review_by))
    used = f"{MARKDOWN.strong(each.requester)} used break-glass, {what}{f' in {where}' if where else ''}"
    number = each.pull_request
    how = f"`jitbot approve {number}`, or end it: `jitbot release {number} --reason …`"
    if each.kind is NotificationKind.REVIEW_OVERDUE:
        return f"🔴 {who}: {used}. Its review was due by {by}, and nobody has approved it. Do it now: {how}"
    return f"🔎 {who}: {used}, before anybody approved it. One of you reviews it by {by}: {how}"
