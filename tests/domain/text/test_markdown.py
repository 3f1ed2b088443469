"""Pieces of Markdown, as GitHub shows them: none of them says more than it should, or hides what follows."""

from comment_facts import rendered

from jitbot.domain.text.markdown import cut, exact, fenced, hidden, short


def test_long_texts_are_cut() -> None:
    """What fits is whole; one character more, and it is cut and says so. What is made inert takes no more than its room."""
    fits = "x" * 600
    assert (cut(fits), cut(fits + "x")) == (fits, fits + "…")
    assert cut("$" * 200) == "<span>$</span>" * 200
    assert cut("$" * 201).endswith("…")
    assert len(cut("$" * 16_000)) <= 2_800


def test_nothing_closes_a_fence() -> None:
    """A fence is longer than any run of backticks in it."""
    for text in ("```", "a\n`````\nb", "x"):
        seen = rendered(fenced(text, "ini"))
        assert seen.tags == ["pre", "code"]
        assert seen.text.rstrip("\n") == text


def test_a_name_is_cut_sooner_and_spelt_out() -> None:
    """A value takes less room than a reason, and a letter of another script shows as what it is."""
    assert len(short("$" * 16_000)) <= 800
    assert exact("orders-db-re\u0430d") == "orders-db-re\\\\u0430d"


def test_what_is_folded_away_is_markdown_again() -> None:
    """The summary is HTML; what is inside is read as Markdown, so a fence in it is a block of code."""
    seen = rendered(f"{hidden('More', fenced('a'))}\n\nafter")
    assert seen.tags == ["details", "summary", "pre", "code", "p"]
    assert seen.text.split() == ["More", "a", "after"]
