"""The words for a use: how often at least, when, what was denied; and what was out of sight."""

from dataclasses import replace

import pytest
from acme_facts import MINUTE, NOW
from use_facts import DATA, REFUSED, UNUSED, a_call, a_seen_use, a_sum, a_used_event, an_opening

from jitbot.domain.ledger.recorded_use import CALLS, RecordedUnseen, Unseen
from jitbot.domain.usage import in_words
from jitbot.domain.usage.use_event import GrantUse, SeenUse, unseen, use_of


def known(seen: SeenUse) -> GrantUse:
    """What the record says of it."""
    event = a_used_event(seen)
    found = use_of([event], event.commit)
    assert found is not None
    return found


TWICE = (an_opening(1), an_opening(2, at=NOW + 6 * MINUTE))
SPAN = "first use 2026-11-24T09:06:00Z, last use 2026-11-24T09:11:00Z"


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (a_seen_use(), f"entered once, {SPAN}"),
        (a_seen_use(openings=TWICE), f"entered 2 times, {SPAN}"),
        (a_seen_use(not_seen=(REFUSED, DATA)), f"entered at least once, {SPAN}"),
        (a_seen_use(calls=(a_call(error="AccessDenied"),)), f"entered once, {SPAN}; 1 denied call seen"),
        (
            a_seen_use(services=(a_sum(calls=1), a_sum(calls=2, error="AccessDenied"))),
            "entered once, first use 2026-11-24T09:06:00Z, last use 2026-11-24T09:21:00Z; 3 calls seen; 2 denied calls seen",
        ),
        (
            a_seen_use(services=(a_sum(calls=1),)),
            "entered once, first use 2026-11-24T09:06:00Z, last use 2026-11-24T09:21:00Z; 1 call seen",
        ),
        (UNUSED, "never entered"),
        (replace(UNUSED, not_seen=(REFUSED,)), "not seen"),
    ],
)
def test_a_use_in_words(seen: SeenUse, words: str) -> None:
    """As much as is known, and "at least" where a part was out of sight in which somebody may have entered."""
    assert in_words.in_words(known(seen)) == words


def test_what_was_out_of_sight() -> None:
    """What hides an entering first; places with one reason together; a newer word is not kept back."""
    many = [unseen(Unseen.UNAVAILABLE, where=f"eu-west-{number}") for number in range(7)]
    found = in_words.out_of_sight(
        [
            DATA,
            unseen(Unseen.REFUSED, where="eu-west-1", about=CALLS),
            *many,
            RecordedUnseen({"what": "newer"}),
        ]
    )
    assert found == (
        "eu-west-0, eu-west-1, eu-west-2, eu-west-3, eu-west-4, and 2 more (AWS did not answer)",
        "something that this jitbot does not know",
        "calls that read or write data",
        "calls in eu-west-1 (AWS refused)",
    )


def test_every_kind_has_its_words() -> None:
    """No part that was out of sight is left without a phrase."""
    phrases = {in_words.out_of_sight([unseen(what, where="eu-west-1")]) for what in Unseen}
    assert len(phrases) == len(Unseen)
    assert ("something that this jitbot does not know",) not in phrases


def test_a_use_for_machines() -> None:
    """Null, not zero, for what nobody saw."""
    assert in_words.as_json(known(UNUSED)) == {
        "state": "never entered", "entered": 0, "first_use": None, "last_use": None, "denied_calls": 0,
        "calls": None, "not_seen": ["calls that read or write data"], "asked_at": "2026-11-24T14:00:00Z",
    }  # fmt: skip
    unknown = in_words.as_json(known(replace(UNUSED, not_seen=(REFUSED,))))
    assert (unknown["entered"], unknown["denied_calls"]) == (None, None)
    entered = in_words.as_json(known(a_seen_use()))
    assert (entered["first_use"], entered["last_use"]) == ("2026-11-24T09:06:00Z", "2026-11-24T09:11:00Z")


def test_who_entered_at_no_time_entered() -> None:
    """The record may lack when that was; no time is made up."""
    assert in_words.in_words(replace(known(a_seen_use()), first=None, last=None)) == "entered once"


def test_a_part_without_a_place_is_some_of_it() -> None:
    """And calls are said to be calls where a place alone would not say it."""
    assert in_words.out_of_sight([unseen(Unseen.UNAVAILABLE)]) == ("some of it (AWS did not answer)",)
    for what in Unseen:
        (entering,), (calls,) = (
            in_words.out_of_sight([unseen(what, where="here", about=about)]) for about in ("entering", CALLS)
        )
        assert calls == (f"calls in {entering}" if entering.startswith("here") else entering)
