"""What of git's words is shown when it fails."""

import pytest

from jitbot.adapters.git.process import NO_TOKEN, Token, last_line, why_not_fetched

TAIL = (
    "fatal: Could not read from remote repository.\n\n"
    "Please make sure you have the correct access rights\nand the repository exists.\n"
)


BELOW_A_MOUNT = (
    "fatal: not a git repository (or any parent up to mount point /home)\n"
    "Stopping at filesystem boundary (GIT_DISCOVERY_ACROSS_FILESYSTEM not set).\n"
)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (f"fatal: 'origin' does not appear to be a git repository\n{TAIL}", "fatal: 'origin' does not appear to be a git repository"),
        (f"ssh: connect to host github.com port 22: refused\n{TAIL}", "ssh: connect to host github.com port 22: refused"),
        ("remote: no\nfatal: Authentication failed for 'x'\n", "fatal: Authentication failed for 'x'"),
        (TAIL, "and the repository exists."),
        (BELOW_A_MOUNT, "fatal: not a git repository (or any parent up to mount point /home)"),
        ("", "no reason given"),
    ],
)  # fmt: skip
def test_the_reason_is_shown(words: str, shown: str) -> None:
    """The last line that says something about this failure; what git adds to each of them does not."""
    assert last_line(words.encode()) == shown


SENT = Token("ghs_secret", "https://github.com")
ASKED = "fatal: could not read Username for 'https://github.com': terminal prompts disabled"


@pytest.mark.parametrize(
    ("words", "token", "shown"),
    [
        (ASKED, SENT, "the server refuses the token: it is wrong or has expired; set GITHUB_TOKEN"),
        ("fatal: Authentication failed for 'https://github.com/a/b/'", SENT, "the server refuses the token: it is"),
        (ASKED, NO_TOKEN, "the server asks who you are: set GITHUB_TOKEN"),
        (ASKED.replace("github.com", "ghe.acme.com"), SENT, "the server asks who you are: set GITHUB_TOKEN"),
        ("fatal: unable to access 'https://github.com/a/b/': The requested URL returned error: 403", SENT, "the server refuses the token: it may not"),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 403", SENT, "fatal: unable to access"),
        ("remote: Repository not found.", SENT, "the server shows no such repository"),
        ("fatal: couldn't find remote ref refs/heads/x", SENT, "fatal: couldn't find remote ref refs/heads/x"),
    ],
)  # fmt: skip
def test_what_git_says_of_a_token_is_said_with_the_way_out(words: str, token: Token, shown: str) -> None:
    """git asks for a name where a token was refused; who reads that must know that it is the token."""
    said = why_not_fetched(f"{words}\n{TAIL}".encode(), token)
    assert said.startswith(shown)
    assert "ghs_secret" not in said
