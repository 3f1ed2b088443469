"""The duration grammar: what is a duration, what is not, and how it is shown."""

import json
import re
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import jitbot
from jitbot.domain.text.duration import MAXIMUM, MINIMUM, parse, show

NOT_DURATIONS = (
    """
4 hours|in 4 hrz|4h hours|four hours|forever|none|null|never|no|tomorrow|until 5pm
60s|3600s|1h30m15s|1h1h|1m1h|1h1d|30m1d|1m1m|2d1d|1d1m1h
1w|1y|1M|1mo|1H|2D|15M|90min|2hr|2hrs|4hours|1hour
1e3h|1.5h|.5h|1,5h|1_0h|0x1h|1/2h|1h/2|+1h|-1h|--1h|1h-30m|1h+30m|1h,30m|1h;30m|1:30|01:30|PT1H|P1DT2H
0|1|90|7200|h|m|d|dhm|hm|0x0fh
0h|0m|0d|0d2h|1h0m|2h00m|0h30m|01h|007d|1h05m|015m|00m
9999999h|12345h|123456m|1000d|99999999999999999999999999999999999999m
infh|nanh|Infinity|1h\\n|1h\\0|'2h'|"2h"|${2h}|{{h}}|2h # note|2h//|1h&&1h
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

HIDDEN = [
    "",
    " ",
    "\n",
    "\t",
    "2h\n",
    "\n2h",
    " 2h",
    "2h ",
    "2 h",
    "1h 30m",
    "2h\r\n",
    "2h\x00",
    "\ufeff2h",
    "2h\u200b",
]
UNICODE = [
    "\u0662h",
    "\u0968h",
    "\uff12h",
    "\U0001d7d0h",
    "\u00b2h",
    "\u2461h",
    "\u216bh",
    "2\uff48",
    "2\u210e",
    "\u22121h",
]

OUTSIDE = ["1m", "14m", "10081m", "169h", "8d", "7d1m", "6d24h1m", "6d23h61m", "999d", "9999h", "99999m"]


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("15m", 15),
        ("60m", 60),
        ("90m", 90),
        ("10080m", 10_080),
        ("1h", 60),
        ("2h", 120),
        ("10h", 600),
        ("168h", 10_080),
        ("1d", 1_440),
        ("2d", 2_880),
        ("7d", 10_080),
        ("1h1m", 61),
        ("1h30m", 90),
        ("1h90m", 150),
        ("1d2h", 1_560),
        ("1d5m", 1_445),
        ("1d2h3m", 1_563),
        ("6d23h60m", 10_080),
    ],
)
def test_a_duration_is_days_hours_and_minutes(text: str, minutes: int) -> None:
    """Days, hours and minutes add up, each at most once and in that order."""
    assert parse(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", NOT_DURATIONS + HIDDEN + UNICODE)
def test_what_is_not_a_duration_is_refused(text: str) -> None:
    """Anything but the grammar is refused whole, and the message shows what to write instead."""
    with pytest.raises(ValueError, match="is not a duration; write 90m, 2h, 1h30m or 2d"):
        parse(text)


@pytest.mark.parametrize("text", OUTSIDE)
def test_a_duration_outside_the_bounds_is_refused(text: str) -> None:
    """A well-formed duration under 15 minutes or over 7 days is refused, and the message gives the bounds."""
    with pytest.raises(ValueError, match=f"'{text}' is outside 15m to 7d"):
        parse(text)


def test_the_bad_durations_are_many_and_differ() -> None:
    """There are at least 60 bad durations, each listed once."""
    bad = NOT_DURATIONS + HIDDEN + UNICODE + OUTSIDE
    assert len(bad) >= 60
    assert len(set(bad)) == len(bad)


def test_the_bounds_are_15_minutes_and_7_days() -> None:
    """The bounds themselves are durations."""
    assert timedelta(minutes=15) == MINIMUM == parse("15m")
    assert timedelta(days=7) == MAXIMUM == parse("7d")


@pytest.mark.parametrize("text", ["1" * 10_000 + "h", "x" * 10_000, "1h" * 5_000])
def test_a_long_text_is_cut_in_the_message(text: str) -> None:
    """However long the text, the message is one that people can read, and comes at once."""
    with pytest.raises(ValueError, match="…") as refusal:
        parse(text)
    assert len(str(refusal.value)) < 120


def test_a_text_of_40_characters_is_shown_whole() -> None:
    """A text is cut only where it is long."""
    with pytest.raises(ValueError, match=f"^'{'x' * 40}' is not"):
        parse("x" * 40)


def test_control_characters_are_shown_as_escapes() -> None:
    """A hostile text cannot break out of the message: what is not printable is escaped."""
    with pytest.raises(ValueError, match=r"^'2h\\n::stop\\x1b\[0m' is not"):
        parse("2h\n::stop\x1b[0m")


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(0), "0m"),
        (timedelta(seconds=59), "0m"),
        (timedelta(minutes=1), "1m"),
        (timedelta(minutes=15, seconds=59, microseconds=999_999), "15m"),
        (timedelta(hours=1), "1h"),
        (timedelta(minutes=90), "1h30m"),
        (timedelta(hours=24), "1d"),
        (timedelta(days=1, minutes=5), "1d5m"),
        (timedelta(days=6, hours=23, minutes=59), "6d23h59m"),
        (timedelta(days=7), "7d"),
    ],
)
def test_a_duration_is_shown_in_its_own_grammar(duration: timedelta, text: str) -> None:
    """Days, hours and minutes are named where there are any; seconds are dropped."""
    assert show(duration) == text


@given(st.integers(min_value=15, max_value=7 * 24 * 60))
def test_what_is_shown_is_read_back(minutes: int) -> None:
    """Every duration within the bounds is read back from its text as it was."""
    duration = timedelta(minutes=minutes)
    assert parse(show(duration)) == duration


@given(st.integers(0, 8), st.integers(0, 200), st.integers(0, 11_000))
def test_what_is_written_adds_up_or_is_refused(days: int, hours: int, minutes: int) -> None:
    """Any combination of the three units is exactly their sum, or outside the bounds and refused."""
    parts = ((days, "d"), (hours, "h"), (minutes, "m"))
    text = "".join(f"{number}{unit}" for number, unit in parts if number)
    total = timedelta(days=days, hours=hours, minutes=minutes)
    if MINIMUM <= total <= MAXIMUM:
        assert parse(text) == total
    else:
        with pytest.raises(ValueError, match=r"is outside|is not a duration"):
            parse(text)


@given(st.text(st.characters()))
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    """No text does anything but give a duration within the bounds or raise ValueError."""
    try:
        duration = parse(text)
    except ValueError:
        return
    assert MINIMUM <= duration <= MAXIMUM


SCHEMAS = Path(jitbot.__file__).with_name("schemas")
PATTERNS = {
    name: json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))["$defs"]["duration"]["pattern"]
    for name in ("request", "policy", "settings")
}
NUMBERS = (
    0,
    1,
    9,
    10,
    14,
    15,
    16,
    24,
    60,
    99,
    100,
    159,
    160,
    168,
    169,
    999,
    1000,
    10079,
    10080,
    10081,
    99999,
)


def in_an_editor(text: str) -> bool:
    """Whether the schemas' pattern, the same in each, takes a text."""
    (pattern,) = set(PATTERNS.values())
    return re.fullmatch(pattern, text) is not None


def parsed(text: str) -> bool:
    """Whether the parser takes it."""
    try:
        return bool(parse(text))
    except ValueError:
        return False


@pytest.mark.parametrize("unit", ["m", "h", "d"])
def test_an_editor_knows_the_bounds_of_one_unit(unit: str) -> None:
    """Of a number of minutes, hours or days the pattern says exactly what the parser says."""
    for number in {*NUMBERS, *range(12_000)}:
        text = f"{number}{unit}"
        assert in_an_editor(text) is parsed(text), text


def test_an_editor_takes_whatever_the_parser_takes() -> None:
    """Of several units a pattern cannot add up: it takes more than seven days, and no other form than the parser."""
    parts = [["", *(f"{number}{unit}" for number in NUMBERS)] for unit in "dhm"]
    texts = ["".join(each) for each in product(*parts)]
    of = {"d": 24 * 60, "h": 60, "m": 1}
    assert any(map(parsed, texts))
    for text in texts:
        if in_an_editor(text) is not parsed(text):
            numbers = [int(number) * of[unit] for number, unit in re.findall(r"(\d+)([dhm])", text)]
            assert timedelta(minutes=sum(numbers)) > MAXIMUM, text


@pytest.mark.parametrize(
    "text",
    ["", "2", "h", "2H", "2 h", "1m1h", "1h1d", "2h2h", "-2h", "2.5h", "02h", "PT2H", "2h\n", "two hours"],
)
def test_what_is_no_duration_is_none_in_an_editor(text: str) -> None:
    """The pattern refuses every form that the parser refuses."""
    assert (in_an_editor(text), parsed(text)) == (False, False)
