"""The notes of a rehearsal: what they keep, and that they read back."""

import pytest
from rehearsal_facts import END, PATH, SECOND, SEEN

from jitbot.domain.setup.rehearsal.notes import CallOutcome, RehearsalNotes, dump, load

NOTHING = RehearsalNotes(request=PATH)


@pytest.mark.parametrize("notes", [NOTHING, SEEN])
def test_they_read_back(notes: RehearsalNotes) -> None:
    """Nothing is lost between two shells."""
    assert load(dump(notes)) == notes


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"\xff", b'{"request": 1}', b"[" * 100_000, dump(SEEN).replace(b"true", b'"yes"')],
)
def test_anything_else_is_not_read(content: bytes) -> None:
    """Whatever is in the file, it raises ValueError and nothing else."""
    with pytest.raises(ValueError, match=r"."):
        load(content)


def test_a_refusal_before_the_first_answer_is_forgotten() -> None:
    """IAM may refuse a new role for some seconds: only a refusal that stays counts."""
    early = NOTHING.read(CallOutcome(at=END - 9 * SECOND, refusal="no"))
    assert (early.first_refused, early.read_refusal) == (END - 9 * SECOND, "no")
    allowed = early.read(CallOutcome(at=END - 8 * SECOND)).read(CallOutcome(at=END - 7 * SECOND))
    assert (allowed.allowed_from, allowed.last_allowed) == (END - 8 * SECOND, END - 7 * SECOND)
    assert (allowed.first_refused, allowed.read_refusal) == (None, "")
    over = allowed.read(CallOutcome(at=END, refusal="no")).read(
        CallOutcome(at=END + SECOND, refusal="still no")
    )
    assert (over.first_refused, over.last_allowed) == (END, END - 7 * SECOND)
    assert over.read_refusal == "still no"


def test_an_answer_after_a_refusal_takes_it_back() -> None:
    """What was called refused for good is not, if AWS allows it once more."""
    assert SEEN.read(CallOutcome(at=END + SECOND)).still_refused is None
