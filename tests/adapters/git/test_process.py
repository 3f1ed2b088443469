"""What of git's words is shown when it fails."""

import pytest

from jitbot.adapters.git.process import last_line

TAIL = (
    "fatal: Could not read from remote repository.\n\n"
    "Please make sure you have the correct access rights\nand the repository exists.\n"
)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (f"fatal: 'origin' does not appear to be a git repository\n{TAIL}", "fatal: 'origin' does not appear to be a git repository"),
        (f"ssh: connect to host github.com port 22: refused\n{TAIL}", "ssh: connect to host github.com port 22: refused"),
        ("remote: no\nfatal: Authentication failed for 'x'\n", "fatal: Authentication failed for 'x'"),
        (TAIL, "and the repository exists."),
        ("", "no reason given"),
    ],
)  # fmt: skip
def test_the_reason_is_shown(words: str, shown: str) -> None:
    """The last line that says something about this failure; what git adds to each of them does not."""
    assert last_line(words.encode()) == shown
