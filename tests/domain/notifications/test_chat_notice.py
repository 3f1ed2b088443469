"""What one job hands to the next: validated words, bounded, and read again as if a stranger had written them."""

import json
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import pytest
from acme_facts import DAY, MERGED_AT, a_request
from builders import a_revocation, an_outcome
from comment_facts import HOSTILE
from hypothesis import given
from notification_facts import ALICE, GLASS, GRANTED, NOTICE, SEVEN, a_refusal, an_end, approval, found

from jitbot.domain.access.post_review import overdue_event, pending_reviews
from jitbot.domain.ledger.events import EndReason, EventType
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.notifications import chat_notice
from jitbot.domain.notifications.channels import Channels, ChannelShape
from jitbot.domain.notifications.chat_notice import (
    ChatNotice,
    HandedOn,
    by_channel,
    hand_on,
    handed,
    notices,
)
from jitbot.domain.notifications.notification import NotificationKind

CHANNELS = Channels(
    shapes={"payments": ChannelShape.TEXT, "security": ChannelShape.TEAMS},
    policies={"quiet": (), "loud": ("payments", "security"), "lost": ("nowhere",)},
    default=("payments",),
)
GOOD: dict[str, Any] = json.loads(hand_on((NOTICE,), 1))


def test_what_is_handed_on_reads_back() -> None:
    """One line of ASCII; nothing at all where there is nothing."""
    text = hand_on((NOTICE, replace(NOTICE, kind=NotificationKind.ENDED, why=EndReason.REVOKED, by="bob")), 3)
    assert text.isascii()
    assert "\n" not in text
    back = handed(text)
    assert (back.attempt, back.more) == (3, 0)
    assert back.notifications[0] == NOTICE
    assert (back.notifications[1].why, back.notifications[1].by) == (EndReason.REVOKED, "bob")
    assert hand_on((), 1) == ""


def test_a_grant_in_words() -> None:
    """Who has what, where, until when."""
    assert notices(found(GRANTED, before=(approval(),)), CHANNELS) == (NOTICE,)


def test_an_end_in_words() -> None:
    """Why and by whom; the time that it would have lasted is not said."""
    (one,) = notices(found(an_end(), before=(approval(), a_revocation())), CHANNELS)
    assert (one.kind, one.why, one.by, one.until) == ("ended", EndReason.REVOKED, "bob", None)


def test_an_end_of_which_no_reason_is_recorded() -> None:
    """It is an end all the same, without a reason that somebody made up."""
    (one,) = notices(found(an_end(why=None), before=(approval(),)), CHANNELS)
    assert (one.kind, one.why, one.by) == ("ended", None, "")


def test_only_an_end_has_a_reason_and_somebody_who_ended_it() -> None:
    """A refusal, or an overdue review, of what was revoked before is none of that."""
    revoked = (approval(evidence=GLASS), GRANTED, a_revocation(), an_end())
    (pending,) = pending_reviews(revoked)
    late = overdue_event(pending, now=MERGED_AT + 2 * DAY, run="")
    for written in (a_refusal({"code": "x"}, commit="f" * 40), late):
        (one,) = notices(found(written, before=revoked), CHANNELS)
        assert (one.why, one.by) == (None, "")


def test_only_a_refusal_has_codes() -> None:
    """Whatever the evidence of an approval holds."""
    given_ = approval(evidence={**SEVEN, "reasons": [{"code": "x"}]})
    assert notices(found(GRANTED, before=(given_,)), CHANNELS) == (NOTICE,)


def test_a_review_in_words() -> None:
    """Its deadline, not the end of the access."""
    first, _ = notices(found(approval(evidence=GLASS), GRANTED), CHANNELS)
    assert (first.kind, first.requester, first.until) == ("review-due", "alice", MERGED_AT.replace(day=25))


def test_a_refusal_in_words() -> None:
    """The codes of its reasons, and nothing that they say."""
    evil = {"code": "not-enough-approvals", "message": HOSTILE, "hint": HOSTILE}
    (one,) = notices(found(a_refusal(evil, {"code": HOSTILE}, {"code": "x"})), CHANNELS)
    assert one == ChatNotice(
        kind=NotificationKind.REFUSED,
        pull_request=7,
        policy="orders-db-read",
        requester="alice",
        codes=("not-enough-approvals", "x"),
    )


@pytest.mark.parametrize(
    ("policy", "channels"),
    [
        ("loud", {"payments", "security"}),
        ("quiet", set()),
        ("lost", set()),
        ("any-other", {"payments"}),
        (HOSTILE.replace("/", ""), set()),
    ],
)
def test_a_policy_goes_where_the_file_says(policy: str, channels: set[str]) -> None:
    """To its own channels, else to the default; an empty list is none, and so is a name that is no policy's."""
    said = notices(found(a_refusal({"code": "x"}, request=f"requests/{policy}/x/y")), CHANNELS)
    assert bool(said) is bool(channels)
    each = by_channel(HandedOn(attempt=1, notifications=said, more=2), CHANNELS)
    assert set(each) == channels
    assert all((one.more, one.notifications) == (2, said) for one in each.values())


def test_names_that_are_none_are_left_out() -> None:
    """A requester, an account, an actor of another form than its kind's is nobody, and says nothing."""
    evil = {**ALICE, "author": {"login": "@channel <!here>"}}
    (one,) = notices(found(a_refusal({"code": "x"}, evidence=evil)), CHANNELS)
    assert one.requester == ""
    ended = found(an_end(), before=(approval(), a_revocation(evidence={"by": "<!channel>"})))
    strange = replace(ended[0], statuses=(replace(ended[0].statuses[0], account="Prod|x"),))
    (two,) = notices([strange], CHANNELS)
    assert (two.by, two.accounts, two.more_accounts) == ("", (), 1)


def test_many_are_counted() -> None:
    """Fifty at the most are handed on, and eight accounts of each are named; the rest is a number."""
    many = handed(hand_on((NOTICE,) * 70, 1))
    assert (len(many.notifications), many.more) == (50, 20)
    accounts = tuple(f"a{each}" for each in range(9))
    both = approval(asked=a_request(accounts=("prod", "staging", "data")))
    three = found(
        *(an_outcome(EventType.GRANTED, each) for each in ("prod", "staging", "data")), before=(both,)
    )
    wide = replace(three[0], statuses=tuple(replace(three[0].statuses[0], account=each) for each in accounts))
    (one,) = notices([wide], CHANNELS)
    assert (one.accounts, one.more_accounts) == (accounts[:8], 1)


def test_what_would_be_too_long_is_cut_by_half(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text of the very length is handed on whole; of a longer one half is handed on, and the rest is counted."""
    text = hand_on((NOTICE,) * 4, 1)
    monkeypatch.setattr(chat_notice, "_LONGEST", len(text))
    assert hand_on((NOTICE,) * 4, 1) == text
    assert len(handed(text).notifications) == 4
    monkeypatch.setattr(chat_notice, "_LONGEST", len(text) - 1)
    halved = handed(hand_on((NOTICE,) * 4, 1))
    assert (len(halved.notifications), halved.more) == (2, 2)


def test_the_largest_can_be_handed_on() -> None:
    """The longest words there are fit into what a process can be given, none of them lost."""
    longest = replace(
        NOTICE,
        kind=NotificationKind.REVIEW_OVERDUE,
        why=EndReason.OFFBOARDED,
        policy="p" * 32,
        requester="r" * 39,
        by="b" * 39,
        accounts=tuple(f"{each}".join(("a", "a" * 30)) for each in range(8)),
        codes=tuple(f"{each}".join(("c", "c" * 38)) for each in range(8)),
        more_accounts=10**9,
        pull_request=10**9,
    )
    text = hand_on((longest,) * 60, 10**9)
    assert len(text) < 100_000
    assert len(handed(text).notifications) == 50


WRONG: dict[str, Any] = {
    "kind": ["granted!", None, 1, ["granted"]],
    "pull_request": [0, -1, "7", 7.5, True, 10**10, None],
    "policy": ["", "A", "a" * 33, "a b", "../x", None, "a\n"],
    "requester": ["@alice", "a b", "<!channel>", "a" * 40, None, "\u0430lice"],
    "accounts": ["prod", [1], ["Prod"], ["<x>"], ["a"] * 9, None],
    "more_accounts": [-1, "1", None],
    "until": ["tomorrow", 5, "2026-11-24 09:00:00", "9999-01-01T00:00:00Z"],
    "why": ["bored", 1],
    "by": ["@bob", None, "bob\nx"],
    "codes": [["X"], ["a b"], "x", None, ["<!here>"]],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in WRONG.items() for value in values]
)
def test_one_wrong_word_is_enough(key: str, value: object) -> None:
    """Whatever has another form than its kind's: nothing of all that was handed on is sent, and none of it is repeated."""
    wrong = {**GOOD, "notifications": [*GOOD["notifications"], {**GOOD["notifications"][0], key: value}]}
    with pytest.raises(InvalidError) as raised:
        handed(json.dumps(wrong))
    assert str(raised.value) == "JITBOT_NOTIFICATIONS holds no notifications of a run; nothing is sent"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "[" * 90_000,
        json.dumps({**GOOD, "attempt": 0}),
        json.dumps({**GOOD, "more": -1}),
        json.dumps({**GOOD, "notifications": GOOD["notifications"] * 51}),
        json.dumps(GOOD) + " " * 100_000,
    ],
)
def test_what_no_run_hands_on_is_not_read(text: str) -> None:
    """Too much of it, or anything else than an object of notifications."""
    with pytest.raises(InvalidError):
        handed(text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_anything_reads_or_is_refused(value: object) -> None:
    """Whatever lies in a key, reading it is a refusal or words of their own form."""
    for key in WRONG:
        wrong = {**GOOD, "notifications": [{**GOOD["notifications"][0], key: value}]}
        try:
            (one,) = handed(json.dumps(wrong)).notifications
        except InvalidError:
            continue
        assert handed(hand_on((one,), 1)).notifications == (one,)
