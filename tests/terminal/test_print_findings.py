"""Findings for people: what is wrong in many files is said once, and a screen is enough for any number of them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.model.documents import Finding, FindingLevel
from jitbot.terminal.output import print_findings

LONG = "x" * 200


def finding(number: int = 1, code: str = "no-principal", **more: Any) -> Finding:
    """bob, who cannot ask under some policy."""
    file = f"policies/access/policy-{number}.yaml"
    fields: dict[str, Any] = {"message": "bob cannot ask", "hint": "give bob a principal", **more}
    return Finding(code=code, file=file, line=3, column=12, **fields)


def printed(capsys: pytest.CaptureFixture[str], *findings: Finding) -> list[str]:
    """The lines that a terminal of 80 columns shows."""
    print_findings(findings)
    lines = capsys.readouterr().out.splitlines()
    return [line[at : at + 80] for line in lines for at in range(0, max(len(line), 1), 80)]


def test_one_cause_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """With its first place as compilers write it, where else it is, and what to do."""
    print_findings(map(finding, range(1, 23)))
    assert capsys.readouterr().out.splitlines() == [
        "policies/access/policy-1.yaml:3:12: bob cannot ask [no-principal]",
        "    also policies/access/policy-2.yaml:3:12, policies/access/policy-3.yaml:3:12,"
        " policies/access/policy-4.yaml:3:12, and 18 more",
        "    give bob a principal",
    ]


def test_the_most_urgent_are_shown_and_the_others_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Errors before warnings, the first of each kind before the second of any; the order stays that of the files."""
    warnings = [
        replace(finding(number, "over", message=f"{LONG} {number}"), level=FindingLevel.WARNING)
        for number in range(20)
    ]
    rare = replace(finding(97, "rare"), level=FindingLevel.WARNING)
    lines = printed(capsys, *warnings, rare, finding(99), finding(98, "late", message="late"))
    assert len(lines) <= 40
    assert "policies/access/policy-99.yaml:3:12: bob cannot ask [no-principal]" in lines
    assert any(line.startswith("policies/access/policy-98.yaml") for line in lines)
    assert any(line.startswith("policies/access/policy-97.yaml") for line in lines)
    assert lines[0].startswith("policies/access/policy-0.yaml")
    shown = sum(line.startswith("policies/") for line in lines) - 3
    assert lines[-1] == f"and {20 - shown} more: {20 - shown} over"


def test_what_there_is_not_takes_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A place in the file, other places, what to do: a finding may have none of them. That it is a warning is said."""
    old = Finding(code="old", message="it is old", file="x", level=FindingLevel.WARNING)
    print_findings([old])
    assert capsys.readouterr().out == "x: warning: it is old [old]\n"
    print_findings([old], where=lambda each: f"<{each.file}>")
    assert capsys.readouterr().out == "<x>: warning: it is old [old]\n"


def test_a_screen_is_filled_to_its_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What fits is shown; and the first finding is, however long it is."""
    fits = [finding(number, message=f"{number} cannot ask") for number in range(18)]
    assert len(printed(capsys, *fits)) == 36
    assert printed(capsys, *fits, finding(99))[-1] == "and 1 more: 1 no-principal"
    long = printed(capsys, finding(message=LONG * 20))
    assert (len(long) > 36, long[-1]) == (True, "    give bob a principal")


@given(st.lists(st.integers(0, 300), min_size=1, max_size=300))
def test_forty_lines_are_enough(numbers: list[int]) -> None:
    """Whatever was found, beside a single finding that is longer than a screen."""
    from click.testing import CliRunner

    with CliRunner().isolation() as (out, *_):
        print_findings(
            finding(each, f"code-{each % 7}", message=f"{LONG[: each % 150]} {each}") for each in numbers
        )
        lines = out.getvalue().decode().splitlines()
    assert sum(-(-len(line) // 80) for line in lines) <= 40
