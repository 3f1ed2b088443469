"""What a step hands to GitHub goes into the files that the runner named, and nowhere else."""

from pathlib import Path

import pytest

from jitbot.domain.model.errors import UnavailableError
from jitbot.terminal.step_files import add_to_summary, write_output


def test_an_output_and_a_summary_are_added(tmp_path: Path) -> None:
    """Below what the step wrote before, each in its own file."""
    output, summary = tmp_path / "output", tmp_path / "summary"
    output.write_text("a=b\n")
    environ = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
    write_output(environ, "due", "true")
    add_to_summary(environ, "# Prüfung")
    assert (output.read_text("utf-8"), summary.read_text("utf-8")) == ("a=b\ndue=true\n", "# Prüfung\n")


def test_without_a_step_nothing_is_written() -> None:
    """On a person's machine there is no such file."""
    write_output({"GITHUB_OUTPUT": ""}, "due", "true")
    add_to_summary({}, "x")


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    """A folder is no file."""
    environ = {"GITHUB_OUTPUT": str(tmp_path), "GITHUB_STEP_SUMMARY": str(tmp_path)}
    with pytest.raises(UnavailableError, match="the output of this step cannot be written: Is a directory"):
        write_output(environ, "due", "true")
    with pytest.raises(UnavailableError, match="the job's summary cannot be written: Is a directory"):
        add_to_summary(environ, "x")
