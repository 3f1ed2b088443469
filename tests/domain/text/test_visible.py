"""What a reader does not see, and where it is ordinary writing all the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.text import visible
from jitbot.domain.text.visible import name_of, unseen, unseen_in

WALES = "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"


@pytest.mark.parametrize(
    ("character", "kind"),
    [
        (" ", None), ("~", None), ("é", None), ("日", None), ("\x7f", "control"), ("\x1f", "control"), ("\x85", "control"),
        ("\u00a0", "space"), ("\u3000", "space"), ("\u202e", "hidden"), ("\u200b", "hidden"), ("\u2028", "hidden"),
        ("\u2029", "hidden"), ("\ue000", "hidden"), ("\u2800", "hidden"), ("\ufe0f", "hidden"),
    ],
)  # fmt: skip
def test_what_looks_like_another(character: str, kind: str | None) -> None:
    """Controls, spaces that are not the ordinary one, and whatever cannot be seen at all."""
    assert unseen(character) == kind


@given(st.characters())
def test_what_cannot_be_seen_is_not_printable_or_blank(character: str) -> None:
    """Every character that Python would not print is refused; every one refused beyond that is blank."""
    kind = unseen(character)
    if not character.isprintable():
        assert kind
    elif kind:
        assert character in visible._BLANK


@pytest.mark.parametrize(
    "text",
    [
        "⚠\ufe0f refunds", "1\ufe0f\u20e3 first", "#\ufe0f\u20e3", "‼\ufe0f", "ℹ\ufe0f", "↔\ufe0e",
        "👩\u200d💻", "👩🏽\u200d💻", "🏳\ufe0f\u200d🌈", "🧔\u200d♂\ufe0f", "👨\u200d👩\u200d👧", WALES,
        "نمی\u200cشود", "نِ\u200cشود", "क्\u200dष", "क्\u200cष", "র\u200d্য", "ශ්\u200dරී",
        "本番障害\u3000返金", "INC-1\u3000返金", "返金\u3000INC-1",
        "Pourquoi\u00a0?", "Urgent\u202f: la file", "«\u00a0file\u00a0»", "1\u202f000\u00a0€", "M.\u00a0Dupont",
    ],
)  # fmt: skip
def test_ordinary_writing_is_seen(text: str) -> None:
    """Emoji, joined letters and the spaces of Japanese and French are spelling where they stand."""
    assert list(unseen_in(text)) == []


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("a\ufe0f", [1]), ("\ufe0f", [0]), ("+\ufe0f", [1]), ("~\ufe0f", [1]), ("1\ufe0f", [1]), ("a\ufe0f\u20e3", [1]), ("⚠\ufe0f\ufe0f", [2]),
        ("⚠\ufe01", [1]), ("a\u200db", [1]), ("👩\u200d", [1]), ("👩\u200da", [1]), ("a\u200d💻", [1]), ("👩\u200d\u200d💻", [1, 2]),
        ("👩\u200c💻", [1]), ("ن\u200c", [1]), ("\u200cن", [0]), ("ن\u200ca", [1]), ("a\u200cن", [1]), ("ن\u200c\u200cش", [1, 2]),
        ("क\u200cष", [1]), ("क\u200c्", [1]), ("ن\u200b", [1]), ("ن\u200fش", [1]),
        ("a\u3000b", [1]), ("返\u3000", [1]), ("\u3000返", [0]), (":\u3000返", [1]), ("返\u3000#1", [1]), ("返\u3000 返", [1]),
        ("\u00a0?", [0]), ("a\u00a0", [1]), ("a\u00a0\u00a0b", [1, 2]), ("a \u00a0b", [2]), ("-\u00a0b", [1]), ("a\u00a0#b", [1]),
        ("a\u2009b", [1]), ("a\u00a0\u200bb", [1, 2]), ("a\u00a0\nb", [1, 2]),
        (WALES.replace("\U000e0077", "\U000e0078"), [1, 2, 3, 4, 5, 6]), (WALES[:-1], [1, 2, 3, 4, 5]), (f"a{WALES[1:]}", [1, 2, 3, 4, 5, 6]), (f"{WALES}\U000e0061", [7]),
    ],
)  # fmt: skip
def test_out_of_its_place_it_is_unseen(text: str, at: list[int]) -> None:
    """The same characters beside others hide something, or pass for what they are not."""
    assert [index for index, _ in unseen_in(text)] == at


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("\u200b", "U+200B ZERO WIDTH SPACE"), ("\t", "U+0009 TAB"), ("\ud83d", "U+D83D, half of a character"),
        ("\x07", "U+0007"), ("\ue000", "U+E000"),
    ],
)  # fmt: skip
def test_a_character_is_named_as_it_can_be_looked_up(character: str, name: str) -> None:
    """By its number, and by its name where it has one."""
    assert name_of(character) == name
