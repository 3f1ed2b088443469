"""What a step of a job hands to GitHub in a file: its outputs, and its part of the job's summary.

The runner names a new file for each step in the step's environment. Without that name there is no step, and nothing is written.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#environment-files
"""

from collections.abc import Mapping
from pathlib import Path

from jitbot.domain.model.errors import UnavailableError


def write_output(environ: Mapping[str, str], name: str, value: str) -> None:
    """Make a value of one line an output of this step. Raises UnavailableError if it cannot be written."""
    _append(environ, "GITHUB_OUTPUT", f"{name}={value}", what="the output of this step")


def add_to_summary(environ: Mapping[str, str], text: str) -> None:
    """Add Markdown to the job's summary. Raises UnavailableError if it cannot be written."""
    _append(environ, "GITHUB_STEP_SUMMARY", text, what="the job's summary")


def _append(environ: Mapping[str, str], variable: str, text: str, *, what: str) -> None:
    path = environ.get(variable, "")
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")
    except OSError as error:
        raise UnavailableError(f"{what} cannot be written: {error.strerror}") from error
