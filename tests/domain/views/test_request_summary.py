"""The sentences that the comment and `jitbot explain` share, and the title."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from acme_facts import (
    EXPIRES_AT,
    HOUR,
    MERGED_AT,
    MINUTE,
    NOW,
    PATH,
    a_policy,
    a_request,
    owned_by,
    sha,
    the_rules,
)
from builders import a_request_state, a_review, an_approval, an_extension, an_outcome
from comment_facts import HOSTILE, a_summary
from use_facts import UNUSED, a_used_event

from jitbot.domain.access import request_state
from jitbot.domain.enforce.grant_status import grant_statuses
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.model.account_groups import AccountGroups
from jitbot.domain.model.documents import Login
from jitbot.domain.model.merge_facts import ChangeKind
from jitbot.domain.model.roster import Membership, Roster
from jitbot.domain.views.request_summary import (
    Held,
    RequestSummary,
    before,
    grant_lines,
    grouped,
    headline,
    held,
    labelled,
    membership,
    more,
    owning,
    temporary,
    waiting,
    worst_first,
)
from jitbot.domain.views.wording import MARKDOWN, TERMINAL, listed, when

OTHER = PATH.replace("refunds", "other")
GRANTED = a_request_state(an_approval())
EXTENDS = a_request(duration=4 * HOUR)


def told(summary: RequestSummary) -> list[str]:
    """What is said of the approvals."""
    assert summary.awaiting is not None
    return list(waiting(summary.awaiting, TERMINAL))


def test_who_must_approve() -> None:
    """Before anyone did, the number and the people; after, by whom."""
    assert told(a_summary()) == ["Waits for one approval, from bob."]
    assert told(a_summary(reviews=(a_review(),))) == ["Approved by bob: 1 of 1 required approvals."]


def test_one_of_two() -> None:
    """What there is, and from whom the rest may come."""
    rules = the_rules(policy=a_policy(approvals=2), codeowners=owned_by("@bob", "@erin", "@heidi"))
    assert told(a_summary(rules=rules, reviews=(a_review(),))) == [
        "1 of 2 approvals, by bob. Waits for one more approval, from erin or heidi."
    ]
    assert told(a_summary(rules=rules)) == ["Waits for 2 approvals, from bob, erin or heidi."]


@pytest.mark.parametrize(
    ("owners", "said"),
    [
        (
            ("@alice",),
            "Nobody can approve this, and 2 more would be needed: an admin must name more approvers.",
        ),
        (
            ("@alice", "@bob"),
            "Only bob can still approve, and 2 more would be needed: an admin must name more approvers.",
        ),
    ],
)
def test_that_it_can_never_be_enough_is_said(owners: tuple[str, ...], said: str) -> None:
    """Where too few people may approve, waiting helps nobody."""
    rules = the_rules(policy=a_policy(approvals=2), codeowners=owned_by(*owners))
    assert told(a_summary(rules=rules)) == [said]


def test_what_does_not_count_is_said_with_its_reason() -> None:
    """An approval of an older commit, and one by somebody else, are named; a mere comment is not."""
    reviews = (
        a_review(commit=sha("older")),
        a_review("carol", review_id=2),
        a_review("dave", review_id=3, state="CHANGES_REQUESTED"),
    )
    first, *rest = told(a_summary(reviews=reviews))
    assert first == "Waits for one approval, from bob."
    assert rest[0].startswith("Not counted: bob approved ")
    assert rest[1] == "Not counted: carol does not own this path in CODEOWNERS."
    assert len(rest) == 2


def test_an_objection_is_said() -> None:
    """An owner who asks for changes is named."""
    review = a_review(state="CHANGES_REQUESTED")
    assert "bob owns this and asks for changes: that must be resolved first." in told(
        a_summary(reviews=(review,))
    )


def test_nothing_before_the_merge_is_asked_for() -> None:
    """Where a policy asks for no approval, that is said, and no name."""
    assert told(a_summary(rules=the_rules(policy=a_policy(approvals=0)))) == [
        "No approval is needed before the merge; it is reviewed after."
    ]


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (None, "What alice had before is not known now: the ledger could not be read."),
        (Held(count=0, last=None), "alice had no other grant in the last 90 days."),
        (
            Held(count=1, last=GRANTED.current, until=EXPIRES_AT),
            "alice had one other grant in the last 90 days: it was orders-db-read in prod, "
            "until 24 Nov 2026, 11:00 UTC.",
        ),
        (
            Held(count=3, last=GRANTED.current, until=EXPIRES_AT),
            "alice had 3 other grants in the last 90 days: the last one was orders-db-read in prod, "
            "until 24 Nov 2026, 11:00 UTC.",
        ),
    ],
)
def test_what_was_had_before(known: Held | None, said: str) -> None:
    """The number and the last one; what is not known is not said to be nothing."""
    assert before(a_summary(held=known), TERMINAL) == said
    assert before(replace(a_summary(held=known), request=None), TERMINAL) == ""


def test_only_the_requesters_other_grants_count() -> None:
    """Neither this request itself nor anybody else's is what the requester had."""
    later = an_approval(asked=a_request(path=OTHER), at=NOW + HOUR)
    bobs = an_approval(asked=a_request(path=PATH.replace("alice", "bob"), requester=Login("bob")))
    refused = Event(kind=EventType.REFUSED, at=NOW, request=PATH.replace("refunds", "no"))
    states = request_state.fold_events([an_approval(), later, bobs, refused])
    last = states[OTHER].current
    assert last is not None
    only = Held(count=1, last=last, until=last.window.expires_at)
    assert held(states.values(), "alice", excluding=PATH) == only
    assert held(states.values(), "alice").count == 2
    assert held(states.values(), "carol") == Held(count=0, last=None)


def test_what_was_given_back_ended_then() -> None:
    """The end of an earlier grant is when access really ended, not when it would have; it decides which was last."""
    back = an_outcome(EventType.ENDED, why=EndReason.RELEASED, at=NOW + MINUTE)
    state = a_request_state(an_approval(), an_outcome(EventType.GRANTED), back)
    known = held([state], "alice")
    assert known.until == back.at < EXPIRES_AT
    assert held([state], "ALICE") == known
    assert before(a_summary(held=known), TERMINAL).endswith(f"in prod, until {when(back.at)}.")
    (other,) = request_state.fold_events([an_approval(asked=a_request(path=OTHER, duration=HOUR))]).values()
    later = held([state, other], "alice")
    assert later.last == other.current


def test_what_an_extension_changes() -> None:
    """The old end, the new one, the difference, and the whole; nothing for a first ask."""
    summary = a_summary(EXTENDS, state=GRANTED, kind=ChangeKind.MODIFIED)
    assert more(summary, TERMINAL) == (
        "Granted until 24 Nov 2026, 11:00 UTC; with this until 24 Nov 2026, 13:00 UTC: 2h more, 4h in all. "
        "Nothing else changes."
    )
    assert more(a_summary(), TERMINAL) == ""
    assert more(a_summary(state=GRANTED), TERMINAL) == ""
    assert more(replace(summary, grant_preview=None), TERMINAL) == ""
    assert more(replace(summary, former=None), TERMINAL) == ""


def test_an_extension_of_nothing() -> None:
    """A duration that is no longer is said to add nothing."""
    same = a_summary(state=GRANTED, kind=ChangeKind.MODIFIED)
    assert "11:00 UTC: nothing more, 2h in all" in more(same, TERMINAL)


def test_an_extension_of_an_extension_counts_from_the_last_end() -> None:
    """What is recorded last is what is extended."""
    twice = a_request_state(an_approval(), an_extension(3 * HOUR))
    assert "1h more, 4h in all" in more(a_summary(EXTENDS, state=twice, kind=ChangeKind.MODIFIED), TERMINAL)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a or b"),
        (["a", "b", "c"], "a, b or c"),
        (list("abcdef"), "a, b, c, d, e or f"),
        (list("abcdefgh"), "a, b, c, d, e, f or 2 more"),
    ],
)
def test_names_are_listed_and_the_rest_counted(names: list[str], text: str) -> None:
    """As people list them."""
    assert listed(names, "or") == text


def test_a_moment_is_shown_for_people() -> None:
    """In UTC, and said so."""
    assert when(MERGED_AT) == "24 Nov 2026, 09:00 UTC"
    assert when(MERGED_AT + timedelta(days=7)) == "1 Dec 2026, 09:00 UTC"


def test_each_voice_makes_text_inert() -> None:
    """On a terminal nothing moves the cursor; in Markdown nobody is called."""
    for text in (TERMINAL.plain(HOSTILE), TERMINAL.strong(HOSTILE)):
        assert text.isprintable()
    assert "@acme" not in MARKDOWN.plain(HOSTILE) + MARKDOWN.strong(HOSTILE)
    assert MARKDOWN.strong("") == "**…**"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("risk", "parameter risk"),
        ("ticket", "parameter ticket"),
        ("how long", "parameter how long"),
        ("table", "table"),
        ("Risk", "Risk"),
    ],
)
def test_a_parameter_passes_for_no_label(name: str, shown: str) -> None:
    """One that is called as a line of jitbot's own says that it is a parameter."""
    assert labelled(name) == shown


def test_how_it_stands() -> None:
    """A line for each account: live with what is left, or how it ended."""
    state = a_request_state(an_approval(), an_outcome(EventType.GRANTED))
    for at, said in (
        (NOW + 29 * MINUTE, "prod: live, 1h30m left, until 24 Nov 2026, 11:00 UTC"),
        (EXPIRES_AT, "prod: expired, 24 Nov 2026, 11:00 UTC"),
    ):
        assert list(grant_lines(a_summary(statuses=grant_statuses([state], at)), TERMINAL)) == [said]


def test_the_verb_says_how_far_it_is() -> None:
    """Nobody "gets" what is only asked for, and nobody "has" what is over."""
    for at, events, verb in (
        (NOW, None, "asks for"),
        (NOW, (an_approval(),), "gets"),
        (NOW, (an_approval(), an_outcome(EventType.GRANTED)), "has"),
        (EXPIRES_AT, (an_approval(), an_outcome(EventType.GRANTED)), "had"),
    ):
        statuses = () if events is None else grant_statuses([a_request_state(*events)], at)
        summary = a_summary(statuses=statuses)
        assert summary.grant_preview is not None
        assert headline(summary, summary.grant_preview).startswith(
            f"alice {verb} orders-db-read in prod for 2h"
        )


def test_who_may_approve_before_anyone_was_asked() -> None:
    """The owners that are known, and not the requester."""
    three = a_summary(rules=the_rules(codeowners=owned_by("@alice", "@bob", "@erin"))).grant_preview
    alone = a_summary(rules=the_rules(codeowners=owned_by("@alice"))).grant_preview
    assert three is not None
    assert alone is not None
    assert owning(three, TERMINAL) == "An approval may come from bob or erin."
    assert owning(alone, TERMINAL) == "Nobody can approve this."


def test_a_group_is_shown_with_its_accounts() -> None:
    """Each group of the policy, expanded; many accounts are counted; without a group there is nothing to add."""
    many = tuple(f"a{number}" for number in range(9))
    groups = AccountGroups(groups={"production": ("prod", "data"), "many": many})
    policy = a_policy(accounts=("@production", "staging", "@many", "@gone"))
    shown = a_summary(rules=the_rules(policy=policy, account_groups=groups)).grant_preview
    plain = a_summary().grant_preview
    assert shown is not None
    assert plain is not None
    assert grouped(shown, TERMINAL) == (
        "orders-db-read is for @production (prod and data), staging, "
        "@many (a0, a1, a2, a3, a4, a5 and 3 more) and @gone (no account)."
    )
    assert "@p" not in grouped(shown, MARKDOWN)  # GitHub would mention somebody
    assert grouped(plain, TERMINAL) == ""


DATED = Roster.of(
    {
        "acme/payments": (Membership(login=Login("alice"), until=EXPIRES_AT),),
        "acme/payments-leads": (
            Membership(login=Login("bob")),
            Membership(login=Login("heidi"), until=datetime(2027, 1, 6, 8, tzinfo=UTC)),
        ),
    }
)


def test_dates_of_memberships_are_shown() -> None:
    """Who may approve, and who may ask, for a time: with its end; and whether access ends by it."""
    summary = a_summary(rules=the_rules(teams=DATED))
    assert told(summary) == ["Waits for one approval, from bob or heidi until 2027-01-06 08:00 UTC."]
    shown = summary.grant_preview
    assert shown is not None
    assert summary.awaiting is not None
    assert owning(shown, TERMINAL) == "An approval may come from bob or heidi until 2027-01-06 08:00 UTC."
    assert temporary(summary.awaiting) == "heidi until 2027-01-06 08:00 UTC"
    cut = "alice may ask until 2026-11-24 11:00 UTC: access ends then, before the duration is over."
    longer = a_summary(a_request(duration=3 * HOUR), rules=the_rules(teams=DATED)).grant_preview
    assert longer is not None
    assert membership(longer, TERMINAL) == cut
    shorter = a_summary(a_request(duration=HOUR), rules=the_rules(teams=DATED)).grant_preview
    assert shorter is not None
    assert membership(shorter, MARKDOWN) == cut.replace("alice", "**alice**").replace(
        "before the duration is over", "at the latest"
    )
    assert (longer.floats, shorter.floats) == (False, True)


def test_without_dates_nothing_is_added() -> None:
    """The sentences are those of a team without dates."""
    summary = a_summary()
    assert summary.grant_preview is not None
    assert summary.awaiting is not None
    assert membership(summary.grant_preview, TERMINAL) == ""
    assert temporary(summary.awaiting) == ""


def test_an_extension_of_what_is_live_is_asked_for() -> None:
    """The existing grant does not make it granted."""
    state = a_request_state(an_approval(), an_outcome(EventType.GRANTED))
    summary = a_summary(statuses=grant_statuses([state], NOW), state=state)
    assert summary.former is not None
    assert summary.grant_preview is not None
    assert headline(summary, summary.grant_preview).startswith("alice asks for")


def test_a_use_is_said_where_it_is_known() -> None:
    """After the end, beside how it ended."""
    state = a_request_state(an_approval(), an_outcome(EventType.GRANTED), a_used_event(UNUSED))
    (line,) = grant_lines(a_summary(statuses=grant_statuses([state], EXPIRES_AT + 4 * HOUR)), TERMINAL)
    assert line == "prod: expired, 24 Nov 2026, 11:00 UTC; never entered"


def test_ends_are_read_last() -> None:
    """After every request, however harmless that is."""
    gone = a_summary(kind=ChangeKind.DELETED, path="a", grant_preview=None)
    asked = a_summary(path="b")
    assert [each.path for each in worst_first([gone, asked])] == ["b", "a"]
