"""Evidence that any jitbot may have written: each part is what it should be, or as good as not there."""

import pytest
from acme_facts import MERGED_AT

from jitbot.domain.audit.report import json_access


@pytest.mark.parametrize("junk", [None, 1, True, "x", [], {}])
def test_only_its_own_kind_is_read(junk: object) -> None:
    """Anything else is empty."""
    assert json_access.obj(junk) == (junk if isinstance(junk, dict) else {})
    assert json_access.items(junk) == (junk if isinstance(junk, list) else ())
    assert json_access.text(junk) == (junk if isinstance(junk, str) else "")
    assert json_access.number(junk) == (1 if junk == 1 and junk is not True else None)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("2026-11-24T09:00:00Z", True),
        ("2026-11-24T09:00:00+00:00", False),
        ("2026-11-24T10:00:00+01:00", False),
        ("2026-11-24T09:00:00", False),
        ("2026-11-24", False),
        ("now", False),
        (7, False),
        (None, False),
    ],
)
def test_a_moment_in_our_own_spelling(text: object, fits: bool) -> None:
    """No other spelling of a time was ever recorded."""
    assert json_access.moment(text) == (MERGED_AT if fits else None)
