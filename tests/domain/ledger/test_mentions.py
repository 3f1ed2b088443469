"""Whether bytes could name a person: "no" is said only where no reading of them does."""

import json

import pytest
from builders import an_approval, an_outcome
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.ledger.events import EventType, dump
from jitbot.domain.ledger.mentions import Glimpse, Mentions, glimpse

TEXTS = st.text(max_size=8) | st.sampled_from(
    ["alice", "Alice", "\u017f", "\u212a", "ß", "al\\ice", 'a"b', "\ud800"]
)


@given(login=TEXTS.filter(bool), other=TEXTS, ascii_only=st.booleans(), upper=st.booleans())
def test_no_name_is_overlooked(login: str, other: str, ascii_only: bool, upper: bool) -> None:
    """In whatever letters and escapes JSON writes it, and wherever it lies."""
    named = login.upper() if upper and login.upper().casefold() == login.casefold() else login
    text = json.dumps({"a": other, "b": [f"{other}{named}"]}, ensure_ascii=ascii_only)
    content = text.encode(errors="backslashreplace")
    assert Mentions(login).may_be_in(content)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"by": "carol"}', False),
        (b'{"by": "alice"}', True),
        (b'{"by": "ALICE"}', True),
        (b'{"by": "\\u0061lice"}', True),
        (b'{"reason": "a \\"quoted\\" word\\n"}', False),  # these escapes write no letter of a login
        ('{"by": "carol", "reason": "größer"}'.encode(), False),
        (b"\xff\xfe{\0", True),
        (None, True),
    ],
)
def test_what_may_name_alice(content: bytes | None, expected: bool) -> None:
    """Also what nobody can read here, or only in another encoding."""
    assert Mentions("alice").may_be_in(content) is expected


def test_an_unusual_name_may_be_behind_any_escape() -> None:
    """JSON can write a blank or a quote in more ways than letters."""
    assert Mentions('a"b').may_be_in(b'{"by": "a\\"b"}')
    assert Mentions("a/b").may_be_in(b'{"by": "a\\/b"}')


def test_what_is_seen_of_an_event() -> None:
    """Its request, and whether it may say why that was made."""
    approval, outcome = an_approval(), an_outcome(EventType.ENDED)
    assert glimpse(dump(approval)) == Glimpse(request=approval.request, may_say_why=True)
    assert glimpse(dump(outcome)) == Glimpse(request=outcome.request, may_say_why=False)
    hidden = dump(approval).replace(b'"reason"', b'"\\u0072eason"')
    assert glimpse(hidden) == Glimpse(request=approval.request, may_say_why=True)


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (b'"schema": 1', b'"schema": 2'),
        (b'  "request"', b'   "request"'),
        (b'"requests/', b'"\\u0072equests/'),
        (b'"requests/', b'"\xff'),
        (b'  "at"', b'  "request": "x",\n  "at"'),
    ],
)
def test_of_what_is_written_otherwise_nothing_is_seen(written: bytes, instead: bytes) -> None:
    """Then the key may lie in another object, or the text be another one, so the event must be read."""
    content = dump(an_outcome(EventType.ENDED))
    assert glimpse(content.replace(written, instead, 1)) is None
    assert glimpse(None) is None
