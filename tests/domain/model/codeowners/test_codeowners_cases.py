"""The documented rules of CODEOWNERS patterns, case by case."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jitbot.domain.model.codeowners import Rule, parse

CASES = Path(__file__).with_name("codeowners_cases.txt")


def _cases() -> Iterator[tuple[str, str, bool]]:
    pattern = ""
    for line in CASES.read_text("utf-8").splitlines():
        if line.startswith(("+ ", "- ")):
            yield pattern, line[2:], line.startswith("+")
        elif line and not line.startswith("#"):
            pattern = line


@pytest.mark.parametrize(("pattern", "path", "owned"), list(_cases()))
def test_a_pattern_covers_the_paths_that_github_documents(pattern: str, path: str, owned: bool) -> None:
    """A pattern owns exactly the paths that GitHub's rules give it."""
    assert Rule(line=1, pattern=pattern, owners=()).covers(path) is owned


def test_the_cases_are_many_and_are_read_without_doubt() -> None:
    """There are at least 150 cases, for and against, and no pattern among them is refused."""
    cases = list(_cases())
    assert len(cases) >= 150
    assert {owned for _, _, owned in cases} == {True, False}
    assert parse("\n".join(pattern for pattern, _, _ in cases)).findings == ()
