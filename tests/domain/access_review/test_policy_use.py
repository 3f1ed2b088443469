"""What was asked for under a policy, and done with it: counted from the ledger, and never more than it says."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from acme_facts import DAY, EXPIRES_AT, HOUR, MERGED_AT, NOW, PATH, a_request
from builders import an_approval, an_extension, an_outcome
from use_facts import DATA, REFUSED, UNUSED, a_seen_use, a_used_event

from jitbot.domain.access.request_state import fold_events
from jitbot.domain.access_review.policy_use import PolicyUse, policy_use
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence

POLICY = "orders-db-read"
LATER = EXPIRES_AT + 30 * DAY


def used(
    *events: Event, since: datetime = MERGED_AT - DAY, now: datetime = LATER, **fields: Any
) -> PolicyUse:
    """The use of a policy by these events; alice and carol may ask, for prod and staging."""
    given = {"name": POLICY, "accounts": ("prod", "staging"), "people": ("alice", "carol"), **fields}
    return policy_use(states=fold_events(events).values(), since=since, now=now, **given)


def refused(login: str = "carol", slug: str = "no") -> Event:
    """Somebody's request for staging that was refused."""
    asked = {"requester": login, "accounts": ["staging"], "policy": POLICY}
    path = PATH.replace("alice-refunds", f"{login}-{slug}")
    return Event(kind=EventType.REFUSED, at=NOW, request=path, evidence=Evidence({"asked": asked}))


GRANTED = an_outcome(EventType.GRANTED)


def test_of_nothing_everything_was_never_asked_for() -> None:
    """No request: every account and everybody who can ask."""
    found = used()
    assert (found.requests, found.grants, found.last_asked) == (0, 0, None)
    assert (found.never_accounts, found.never_people) == (("prod", "staging"), ("alice", "carol"))


def test_a_grant_and_a_refusal() -> None:
    """Who asked for what is known of both; only the one was granted."""
    found = used(an_approval(), GRANTED, refused())
    assert (found.requests, found.refused, found.people, found.grants) == (2, 1, 2, 1)
    assert (found.never_accounts, found.never_people) == ((), ())
    assert found.last_asked == NOW
    bare = replace(
        refused(slug="bare"), evidence=Evidence({"asked": {"requester": "carol", "policy": POLICY}})
    )
    found = used(an_approval(), GRANTED, refused(), bare)
    assert (found.requests, found.refused, found.people) == (3, 2, 2)


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (None, "not asked"),
        (a_used_event(), "entered"),
        (a_used_event(UNUSED), "never entered"),
        (a_used_event(a_seen_use(openings=(), calls=(), regions=(), not_seen=(DATA, REFUSED))), "not seen"),
    ],
)
def test_a_use_has_the_word_that_everything_else_shows(event: Event | None, state: str) -> None:
    """What nobody saw is a word of its own, and never zero."""
    found = used(an_approval(), GRANTED, *([event] if event is not None else []))
    assert dict(found.uses) == {state: 1}


def test_a_live_grant_is_not_over() -> None:
    """Its use is asked later; an approval that was not granted is no grant."""
    assert dict(used(an_approval(), GRANTED, now=NOW + HOUR).uses) == {"not over": 1}
    assert used(an_approval(), now=NOW + HOUR).grants == 0


def test_only_what_was_asked_for_since() -> None:
    """At that very moment counts; an extension counts by its own merge; other policies do not."""
    assert used(an_approval(), since=NOW).requests == 1
    assert used(an_approval(), since=NOW + timedelta(seconds=1)).requests == 0
    extended = an_extension(evidence={"merged_at": "2026-11-24T10:00:00Z"})
    assert used(an_approval(), extended, since=MERGED_AT + HOUR).requests == 1
    assert used(an_approval(), name="other").requests == 0


def test_logins_are_compared_as_github_does() -> None:
    """ALICE is alice."""
    assert used(an_approval(), people=("ALICE", "Carol")).never_people == ("Carol",)


def test_reviews_of_break_glass_that_are_open() -> None:
    """The request is named until somebody approves it."""
    glass = an_approval(evidence={"break_glass": {"review_by": "2026-11-25T09:00:00Z", "reviewers": []}})
    assert used(glass, GRANTED).to_review == (PATH,)
    assert used(an_approval(), GRANTED).to_review == ()


def test_many_grants_are_counted_each() -> None:
    """One for each request and account."""
    events: list[Event] = []
    for number in range(30):
        request = a_request(path=PATH.replace("refunds", f"r{number}"), accounts=("prod", "staging"))
        events.append(an_approval(asked=request))
        events += [
            an_outcome(EventType.GRANTED, account, request=request.path) for account in request.accounts
        ]
    found = used(*events)
    assert (found.requests, found.grants, found.people) == (30, 60, 1)
    assert found.as_json()["use"] == {
        "entered": 0, "never entered": 0, "not seen": 0, "not asked": 60, "not over": 0,
    }  # fmt: skip
