"""The table of assumptions: in step with the list of what is unproven, and how it ends."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.setup.rehearsal.assumption import ASSUMPTIONS, RehearsalVerdict, as_json, exit_code

LIST = Path(__file__).parents[4] / ".github/docs/unproven.md"
ONE = ASSUMPTIONS[0]
HELD, FAILED, UNSEEN = ONE.held("so"), ONE.failed("not so"), ONE.unseen("nobody looked")


def test_it_is_in_step_with_the_list() -> None:
    """A line of the list names `doctor --rehearse` exactly if an assumption answers it, word for word, under its heading."""
    listed = set()
    heading = ""
    for line in LIST.read_text("utf-8").splitlines():
        heading = line.removeprefix("## ") if line.startswith("## ") else heading
        cells = re.split(r" \| ", line.strip("| "))
        if line.startswith("| ") and len(cells) == 3 and "doctor --rehearse" in cells[1]:
            listed.add((heading, cells[0]))
    assert listed == {(each.group, each.line) for each in ASSUMPTIONS}


def test_codes_are_stable_names() -> None:
    """Each is kebab-case, and no two are the same."""
    codes = [each.code for each in ASSUMPTIONS]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ((HELD,), ExitCode.DONE),
        ((HELD, UNSEEN), ExitCode.UNSURE),
        ((HELD, UNSEEN, FAILED), ExitCode.REFUSED),
        ((), ExitCode.UNSURE),
        (ASSUMPTIONS, ExitCode.UNSURE),
    ],
)
def test_how_it_ends(answers: tuple[object, ...], code: ExitCode) -> None:
    """What did not hold is worse than what was not seen, and nothing at all is not seen."""
    assert exit_code(answers) is code  # type: ignore[arg-type]


def test_for_machines() -> None:
    """Each with its question."""
    assert as_json([replace(HELD, verdict=RehearsalVerdict.HELD)]) == [
        {
            "code": "signed",
            "group": "GitHub",
            "title": "GitHub signs the commit that asks",
            "verdict": "held",
            "observed": "so",
            "line": ONE.line,
        }
    ]
