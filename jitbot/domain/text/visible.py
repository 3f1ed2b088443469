"""Characters that a reader does not see, or takes for others, and where those have their place in ordinary writing.

Direction marks, blanks and joiners can hide text from a reviewer: https://www.unicode.org/reports/tr36/. Some of
them are spelling all the same, each beside certain characters alone: a joiner between Arabic letters
(https://www.rfc-editor.org/rfc/rfc5892#appendix-A.1), the parts of an emoji
(https://www.unicode.org/reports/tr51/#emoji_sequences), the wide space of Japanese, the no-break space of French.
"""

import re
import unicodedata
from collections.abc import Iterator

# Letters and signs that Unicode does not count as control or format characters, yet nobody can see.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    chr(code)
    for start, end in ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
    for code in range(start, end + 1)
)
_NOT_PLAIN = re.compile(r"[^ -~]")
_STYLES = "\ufe0e\ufe0f"  # of the sign before: as text, as a picture
_NON_JOINER, _JOINER = "\u200c", "\u200d"
_WIDE_SPACE, _NO_BREAK = "\u3000", "\u00a0\u202f"
_VIRAMA = 9  # the combining class of the sign that takes a letter its vowel
_PICTURES = "\u203c\u2049\u2139\u3030"  # emoji that Unicode counts among marks and letters
_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"  # of skin
_BLACK_FLAG, _TAGS_END = "\U0001f3f4", "\U000e007f"
# England, Scotland, Wales: the only sequences of tags that are in general use.
_FLAGS = tuple(
    _BLACK_FLAG + "".join(chr(0xE0000 + ord(letter)) for letter in region) + _TAGS_END
    for region in ("gbeng", "gbsct", "gbwls")
)
_NO_NAMES = {"\t": "TAB", "\n": "LINE FEED", "\r": "CARRIAGE RETURN", "\x00": "NULL", "\x1b": "ESCAPE"}


def unseen(character: str) -> str | None:
    """What makes this character, by itself, differ from how it looks (`control`, `hidden`, `space`), or None."""
    if " " <= character <= "~":
        return None
    category = unicodedata.category(character)
    if category == "Cc":
        return "control"
    if category == "Zs":
        return "space"
    return "hidden" if category[0] == "C" or category in {"Zl", "Zp"} or character in _BLANK else None


def unseen_in(text: str) -> Iterator[tuple[int, str]]:
    """Index and kind of each unseen character that does not belong where it is."""
    for found in _NOT_PLAIN.finditer(text):
        kind = unseen(found.group())
        if kind is not None and not _belongs(text, found.start()):
            yield found.start(), kind


def name_of(character: str) -> str:
    """A character as people can look it up: `U+200B ZERO WIDTH SPACE`."""
    number = f"U+{ord(character):04X}"
    if unicodedata.category(character) == "Cs":
        return f"{number}, half of a character"
    name = unicodedata.name(character, "") or _NO_NAMES.get(character, "")
    return f"{number} {name}" if name else number


def _belongs(text: str, index: int) -> bool:
    """Whether the unseen character at this index is ordinary spelling beside its neighbours."""
    character, before, after = text[index], text[:index][-1:], text[index + 1 : index + 2]
    if character in _STYLES:
        return _is_picture(before) or (before in set("0123456789#*") and after == "\u20e3")
    if character == _JOINER and _is_picture(text[:index].rstrip(_STYLES + _TONES)[-1:]):
        return _is_picture(after)
    if character in (_NON_JOINER, _JOINER):
        return _is_joined(text, index)
    if character in _WIDE_SPACE + _NO_BREAK:
        return _is_between_words(character, before, after)
    start = text.rfind(_BLACK_FLAG, 0, index)
    return any(text.startswith(flag, start) and index < start + len(flag) for flag in _FLAGS)


def _is_picture(character: str) -> bool:
    """Whether this may be an emoji, or a sign that has the form of one."""
    return character > "~" and (character in _PICTURES or unicodedata.category(character) in {"So", "Sm"})


def _is_joined(text: str, index: int) -> bool:
    """Whether a joiner is where letters can join: between two of the Arabic script, or beside a virama."""
    before, after = text[:index], text[index + 1 : index + 2]
    beside = before[-1:] + (after if text[index] == _JOINER else "")
    if any(unicodedata.combining(each) == _VIRAMA for each in beside):
        return True
    while before and unicodedata.combining(before[-1]):
        before = before[:-1]  # vowel signs on the letter
    return _is_arabic(before[-1:]) and _is_arabic(after)


def _is_arabic(character: str) -> bool:
    return character != "" and unicodedata.name(character, "").startswith("ARABIC LETTER")


def _is_between_words(space: str, before: str, after: str) -> bool:
    """Whether a space that is not the ordinary one parts words, and nothing that YAML or a reader takes for marks."""
    if not after or before in ":-?[{" or after == "#":  # nothing before is in any text
        return False
    if any(unseen(each) or each.isspace() for each in (before, after)):
        return False
    return space != _WIDE_SPACE or any(
        unicodedata.east_asian_width(each) in {"W", "F"} for each in (before, after)
    )
