"""How much is kept of what is too much: whole up to the bound, and beyond it cut and counted."""

from jitbot.domain.model import bounds


def test_some_of_many_are_named() -> None:
    """Five, and how many more; of five all."""
    texts = ["a", "b", "c", "d", "e", "f"]
    assert bounds.some(texts[:5]) == "a, b, c, d, e"
    assert bounds.some(texts) == "a, b, c, d, e, and 1 more"


def test_a_text_is_cut_at_its_length() -> None:
    """One of exactly that length is whole; a longer one ends with what says so, and is no longer."""
    assert bounds.cut("abc", 3) == "abc"
    assert bounds.cut("abcd", 3) == "ab…"


def test_what_was_left_out_is_counted() -> None:
    """Only where something was."""
    assert bounds.more("things", [1, 2], 2) == {}
    assert bounds.more("things", [1, 2, 3], 2) == {"things_count": 3}


def test_few_paths_are_few_in_number_and_in_bytes() -> None:
    """Both to the last one; names of letters that take several bytes are longer than they look."""
    assert bounds.are_few(["x"] * bounds.FILES)
    assert not bounds.are_few(["x"] * (bounds.FILES + 1))
    fits = ["x" * bounds.FILE_NAMES]
    assert bounds.are_few(fits)
    assert not bounds.are_few([*fits, "x"])
    assert not bounds.are_few(["é" * bounds.FILE_NAMES])
