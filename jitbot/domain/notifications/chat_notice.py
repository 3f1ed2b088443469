"""What chat hears of a notification: validated words alone, as one job of a run hands them to the next.

A name that does not have the form of its kind is left out, so no text that a person chose freely gets here. The job
that sends does not trust what it is handed: it reads every word by the same forms again.
"""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from jitbot.domain.ledger.events import EndReason
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.grammar import LOGIN
from jitbot.domain.notifications.channels import Channels
from jitbot.domain.notifications.notification import Notification, NotificationKind
from jitbot.domain.text.json_codec import MOMENT, NUMBER, TEXT, Codec, many, one_of, or_none, record

HANDED = "notifications"  # the output of the job that records, and the key in it
HANDED_TO = "JITBOT_NOTIFICATIONS"  # the variable in which the job that sends gets it
_MOST = 50  # notifications that one run hands on; of the rest it hands on the number
_ACCOUNTS = 8  # that one of them names
_LONGEST = 100_000  # characters of it all: Linux gives a process no variable of more than 128 KiB
_HIGHEST = 10**9  # of numbers
_LOGIN = re.compile(rf"(?:{LOGIN})?", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)  # of a policy, and of an account
_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)  # of a finding


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatNotice:
    """One notification in validated words. `by` ended it; `more_accounts` are not named."""

    kind: NotificationKind
    pull_request: int
    policy: str
    requester: str = ""
    accounts: tuple[str, ...] = ()
    more_accounts: int = 0
    until: datetime | None = None  # the end of the access; of a review, its deadline
    why: EndReason | None = None
    by: str = ""
    codes: tuple[str, ...] = ()  # why it was refused


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOn:
    """What a run hands on to the job that sends. `attempt` is the run's: a re-run of that job alone sends nothing twice."""

    attempt: int
    notifications: tuple[ChatNotice, ...]
    more: int = 0


def notices(found: Iterable[Notification], channels: Channels) -> tuple[ChatNotice, ...]:
    """Those of these notifications that go to any channel, in words."""
    return tuple(_notice(each) for each in found if _NAME.fullmatch(each.policy) and channels.of(each.policy))


def _notice(each: Notification) -> ChatNotice:
    accounts = [status.account for status in each.statuses if _NAME.fullmatch(status.account)]
    why = next((status.why for status in each.statuses), "")
    ended = each.kind is NotificationKind.ENDED
    decision = each.state.end_decision if ended else None
    by = decision.evidence.by if decision is not None else ""
    codes = (reason.code for reason in each.decision.evidence.reasons)
    return ChatNotice(
        kind=each.kind,
        pull_request=each.pull_request,
        policy=each.policy,
        requester=each.requester if _LOGIN.fullmatch(each.requester) else "",
        accounts=tuple(accounts[:_ACCOUNTS]),
        more_accounts=len(each.statuses) - len(accounts[:_ACCOUNTS]),
        until=each.review.review_by if each.review is not None else None if ended else each.expires_at,
        why=EndReason(why) if ended and why in set(EndReason) else None,
        by=by if _LOGIN.fullmatch(by) else "",
        codes=tuple(code for code in codes if _CODE.fullmatch(code))[:_ACCOUNTS]
        if each.kind is NotificationKind.REFUSED
        else (),
    )


def hand_on(found: tuple[ChatNotice, ...], attempt: int) -> str:
    """What the next job of this run is given: one line of ASCII that cannot be too long. Empty if there is nothing."""
    kept = found[:_MOST]
    while len(text := json.dumps(_HANDED.dump(_handed(found, kept, attempt)))) > _LONGEST:
        kept = kept[: len(kept) // 2]
    return text if found else ""


def _handed(found: tuple[ChatNotice, ...], kept: tuple[ChatNotice, ...], attempt: int) -> HandedOn:
    return HandedOn(attempt=attempt, notifications=kept, more=len(found) - len(kept))


def handed(text: str) -> HandedOn:
    """What a job was given. Raises InvalidError, which repeats nothing of it, for anything that `hand_on` would not make."""
    found: HandedOn | None = None
    if len(text) <= _LONGEST:
        with suppress(TypeError, ValueError, RecursionError):
            found = _HANDED.load(json.loads(text))
    if found is None or len(found.notifications) > _MOST:
        raise InvalidError(f"{HANDED_TO} holds no notifications of a run; nothing is sent")
    return found


def by_channel(found: HandedOn, channels: Channels) -> Mapping[str, HandedOn]:
    """What each channel gets of it. The rest that is not named is counted everywhere: nobody knows whose it is."""
    mine: dict[str, list[ChatNotice]] = {}
    for each in found.notifications:
        for channel in channels.of(each.policy):
            mine.setdefault(channel, []).append(each)
    return {channel: replace(found, notifications=tuple(several)) for channel, several in mine.items()}


def _word(form: re.Pattern[str], value: object) -> str:
    word = TEXT.load(value)
    if form.fullmatch(word) is None:
        raise ValueError("a word has not the form of its kind")
    return word


def _number(lowest: int, value: object) -> int:
    number = NUMBER.load(value)
    if not lowest <= number <= _HIGHEST:
        raise ValueError("a number is out of bounds")
    return number


def _few(codec: Codec[str], value: object) -> tuple[str, ...]:
    found = many(codec).load(value)
    if len(found) > _ACCOUNTS:
        raise ValueError("a list is too long")
    return found


def _words(form: re.Pattern[str]) -> Codec[str]:
    return Codec(partial(_word, form), str)


def _numbers(lowest: int) -> Codec[int]:
    return Codec(partial(_number, lowest), int)


def _lists(form: re.Pattern[str]) -> Codec[tuple[str, ...]]:
    return Codec(partial(_few, _words(form)), many(_words(form)).dump)


_NOTICE = record(
    ChatNotice,
    kind=one_of(NotificationKind),
    pull_request=_numbers(1),
    policy=_words(_NAME),
    requester=_words(_LOGIN),
    accounts=_lists(_NAME),
    more_accounts=_numbers(0),
    until=or_none(MOMENT),
    why=or_none(one_of(EndReason)),
    by=_words(_LOGIN),
    codes=_lists(_CODE),
)
_HANDED = record(HandedOn, attempt=_numbers(1), notifications=many(_NOTICE), more=_numbers(0))
