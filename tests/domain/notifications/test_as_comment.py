"""Notifications as comments: whom they mention, what they say, and that nobody's text does anything in them."""

import re
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import pytest
from acme_facts import DAY, HOUR, MERGED_AT, PATH, a_request
from builders import a_revocation, a_window, an_extension, an_outcome
from comment_facts import HOSTILE, OURS, rendered
from hypothesis import example, given
from notification_facts import (
    ALICE,
    GLASS,
    GRANTED,
    REVIEWERS,
    SEVEN,
    a_refusal,
    an_end,
    approval,
    body,
    found,
)

from jitbot.domain.access.post_review import overdue_event, pending_reviews
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.notifications.as_comment import comments, mention
from jitbot.domain.views.comment_body import LONGEST, is_ours

TEXTS = st.text(max_size=60) | st.sampled_from([HOSTILE, "@bob", "x @acme/sre", "a@b", "\n@carol", "`@dave"])


def mentions(text: str) -> set[str]:
    """Everybody whom GitHub may find mentioned: an at sign with a name after it, outside code."""
    return set(re.findall(r"@([A-Za-z0-9_][A-Za-z0-9_/-]*)", re.sub(r"`[^`\n]*`", "", text)))


def is_harmless(text: str) -> bool:
    """Whether there is nothing in it but what jitbot itself puts there, mentions aside."""
    seen = rendered(text)
    own = all(each.startswith("https://signin.aws.amazon.com/switchrole?") for each in seen.addresses)
    plain = all(character == "\n" or character >= " " for character in text)
    return set(seen.tags) <= OURS and own and not seen.remarks and plain


def test_what_is_granted_says_how_to_use_it_and_for_how_long() -> None:
    """Who has what until when, a command, the console's link, how to get more time and until when, how to end it."""
    made = body(approval(), GRANTED)
    seen = rendered(made)
    assert seen.text.startswith("✅ @alice, you have orders-db-read in prod, until 24 Nov 2026, 11:00 UTC.\n")
    assert "jitbot exec 7 -- aws sts get-caller-identity, or switch role in prod" in seen.text
    assert "jitbot extend 7 --by 1h; at the most until 24 Nov 2026, 13:00 UTC" in seen.text
    assert "Done early: jitbot release 7" in seen.text
    assert [each.partition("?")[0] for each in seen.addresses] == ["https://signin.aws.amazon.com/switchrole"]
    assert mentions(made) == {"alice"}
    assert is_harmless(made)


def test_what_cannot_be_extended_is_not_offered() -> None:
    """Where the policy allows no more, it says so; where the record does not say, it makes no promise."""
    full = approval(evidence={**SEVEN, "max_duration_seconds": 7200})
    assert "**No more time**: the policy allows none" in body(full, GRANTED)
    unknown = body(approval(evidence=ALICE), GRANTED)
    assert "jitbot extend 7 --by 1h`\n" in unknown
    assert "at the most" not in unknown


def test_a_later_start_is_said() -> None:
    """What begins later is not there yet, and the comment does not say that it is."""
    window = a_window(starts_at=MERGED_AT + HOUR, expires_at=MERGED_AT + 3 * HOUR)
    seen = rendered(body(approval(window=window), an_outcome(EventType.GRANTED, window=window))).text
    assert seen.startswith(
        "🗓️ @alice, you have orders-db-read in prod from 24 Nov 2026, 10:00 UTC until 24 Nov 2026, 12:00 UTC."
    )


def test_a_start_that_has_come_is_not_said() -> None:
    """Then there is access, as if it had begun with the merge."""
    window = a_window(starts_at=MERGED_AT, expires_at=MERGED_AT + 3 * HOUR)
    seen = rendered(body(approval(window=window), an_outcome(EventType.GRANTED, window=window))).text
    assert seen.startswith("✅ @alice, you have orders-db-read in prod, until 24 Nov 2026, 12:00 UTC.")


def test_an_extension_is_called_one() -> None:
    """Longer, and until when."""
    longer = an_extension(evidence=dict(SEVEN))
    window = a_window(expires_at=MERGED_AT + 3 * HOUR)
    granted = an_outcome(EventType.GRANTED, commit=longer.commit, window=window)
    seen = rendered(body(longer, granted, before=(approval(), GRANTED))).text
    assert seen.startswith("✅ @alice, you have orders-db-read in prod longer, until 24 Nov 2026, 12:00 UTC.")


def test_a_refusal_says_why_and_what_to_do() -> None:
    """Two reasons with their hints, the number of the rest, and the command to ask anew."""
    reasons = [{"code": "x", "message": f"reason {each}", "hint": f"hint {each}"} for each in range(4)]
    seen = rendered(body(a_refusal(*reasons))).text
    assert seen.startswith(
        "❌ @alice, this was refused after the merge: nothing was granted of orders-db-read.\n"
    )
    assert "reason 1\n→ hint 1" in seen.replace("reason 1→", "reason 1\n→")
    assert ("reason 2" in seen, "and 2 more" in seen) == (False, True)
    assert "jitbot request --again 7" in seen
    kept = rendered(body(a_refusal(*reasons, commit="f" * 40), before=(approval(), GRANTED))).text
    assert "no more time was granted with orders-db-read" in kept
    assert "What was granted before stays, until 24 Nov 2026, 11:00 UTC." in kept


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (EndReason.REVOKED, "bob revoked it"),
        (EndReason.RELEASED, "bob gave it back"),
        (EndReason.DELETED, "its file was deleted"),
        (EndReason.OFFBOARDED, "not in policies/people.yaml"),
        (EndReason.DRIFT, "changed in AWS by hand"),
    ],
)
def test_an_early_end_says_by_whom(why: EndReason, said: str) -> None:
    """The requester alone is mentioned, and hears who ended it and why."""
    decided = a_revocation(why=why, evidence={"by": "bob", "reason": "over @erin"})
    before = (approval(), GRANTED, *([decided] if why in (EndReason.REVOKED, EndReason.RELEASED) else []))
    made = body(an_end(why), before=before)
    seen = rendered(made).text
    assert seen.startswith("⚪ @alice, your access with orders-db-read in prod has ended early: ")
    assert said in seen
    assert "early: in " not in seen
    assert "jitbot request --again 7" in seen
    assert mentions(made) == {"alice"}


def test_accounts_that_ended_for_different_reasons_say_so() -> None:
    """Each account with its own reason."""
    both = approval(asked=a_request(accounts=("prod", "staging")))
    ends = (an_end(EndReason.DRIFT), an_end(EndReason.DELETED, account="staging"))
    seen = rendered(body(*ends, before=(both,))).text
    assert "in prod the role was changed in AWS by hand" in seen
    assert "in staging its file was deleted" in seen


def test_a_break_glass_asks_its_reviewers() -> None:
    """Those who may review it are mentioned, with how and by when; a week late they are asked again."""
    given_ = approval(evidence=GLASS)
    made = body(given_, GRANTED)
    assert "🔎 @erin or @frank: **alice** used break-glass, **orders-db-read** in **prod**" in made
    assert "by **25 Nov 2026, 09:00 UTC**: `jitbot approve 7`" in made
    assert mentions(made) == {"alice", "erin", "frank"}
    (pending,) = pending_reviews([given_])
    late = body(overdue_event(pending, now=MERGED_AT + 2 * DAY, run="run"), before=(given_, GRANTED))
    assert late.startswith("🔴 @erin or @frank: **alice** used break-glass")
    assert mentions(late) == {"erin", "frank"}
    alone = body(
        overdue_event(pending, now=MERGED_AT + 2 * DAY, run="run")
    )  # the approval is not read any more
    assert "used break-glass, **orders-db-read**. Its review" in alone
    nobody = body(overdue_event(replace(pending, reviewers=()), now=MERGED_AT + 2 * DAY, run="run"))
    assert nobody.startswith("🔴 nobody: **alice** used")


def test_many_reviewers_are_counted() -> None:
    """Of a large team twenty are mentioned; the issue names all."""
    many = [{"login": f"r{each}", "github_id": each} for each in range(30)]
    evidence = {**GLASS, "break_glass": {**GLASS["break_glass"], "reviewers": many}}
    made = body(approval(evidence=evidence))
    assert len(mentions(made)) == 20
    assert "or 10 more" in made


def test_one_pull_request_gets_one_comment() -> None:
    """Several requests of one pull request are sections of one comment; another pull request has its own."""
    second = PATH.replace("refunds", "second")
    refused = [a_refusal({"message": "no"}), a_refusal({"message": "no"}, request=second)]
    other = a_refusal({"message": "no"}, commit="e" * 40, evidence={**ALICE, "pull_request": 8})
    made = comments(found(*refused, other))
    assert list(made) == [7, 8]
    assert made[7].count("refused after the merge") == 2
    many = [a_refusal({"message": "no"}, request=f"{PATH}{each}") for each in range(9)]
    assert "And 5 more" in body(*many)
    assert "more: see" not in body(*many[:4])


@pytest.mark.parametrize("login", ["", "dependabot[bot]", "acme/sre", "a b", "-x", "x" * 40, "al\u0456ce"])
def test_only_a_login_is_mentioned(login: str) -> None:
    """A bot, a team, and whatever is no login is named, and nobody is notified."""
    assert mentions(mention(login)) == set()
    assert mention("alice-1") == "@alice-1"


def test_the_kept_comment_is_never_taken_for_a_notification() -> None:
    """No notification carries the mark by which the kept comment is found, whatever people wrote into it."""
    mark = "<!-- jitbot: requests -->"
    reason = {"message": mark, "hint": mark}
    assert not is_ours(body(a_refusal(reason)))
    assert not is_ours(body(approval(), GRANTED))


@given(texts=st.tuples(TEXTS, TEXTS, TEXTS), reviewer=TEXTS)
@example(texts=(HOSTILE, HOSTILE, HOSTILE), reviewer=HOSTILE)
def test_nobodys_text_does_anything(texts: tuple[str, str, str], reviewer: str) -> None:
    """Reasons, hints, names and paths mention nobody, link nowhere and format nothing, whatever is in them."""
    message, hint, login = texts
    evil: dict[str, Any] = {"author": {"login": login}, "pull_request": 7}
    reasons = [{"message": message, "hint": hint}, {"message": hint}]
    strange = f"requests/{message.replace('/', '')}/x/{hint}"
    written: list[Event] = [
        a_refusal(evidence={**evil, "reasons": reasons}),
        a_refusal(request=strange, evidence={**evil, "reasons": reasons}),
    ]
    glass = {
        **GLASS,
        **evil,
        "break_glass": {**GLASS["break_glass"], "reviewers": [{"login": reviewer}, *REVIEWERS]},
    }
    given_ = (approval(evidence=glass, request=strange), replace(GRANTED, request=strange))
    made = body(*written) + body(*given_)
    ended = body(an_end(), before=(approval(), a_revocation(evidence={"by": login, "reason": message})))
    asked = {name for name in (login, reviewer) if mention(name) == f"@{name}"}
    assert mentions(made) <= {*asked, "erin", "frank"}
    assert mentions(ended) == {"alice"}
    assert is_harmless(made)
    assert is_harmless(ended)


def test_the_largest_fits() -> None:
    """The longest reasons, in characters that take most room once they are inert, are less than GitHub takes."""
    long = "<" * 5_000
    reasons = [{"message": long, "hint": long}] * 9
    strange = [f"requests/{'$' * 4_000}/{each}" for each in range(9)]
    assert len(body(*(a_refusal(*reasons, request=each) for each in strange))) < LONGEST
