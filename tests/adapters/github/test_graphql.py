"""What GitHub's GraphQL calls that which went wrong, in whatever shape it says so."""

from typing import Any

import pytest
from answering_client import refusal
from github import GithubException

from jitbot.adapters.github.graphql import types_of


@pytest.mark.parametrize(
    ("error", "types"),
    [
        (refusal(200, errors=[{"type": "NOT_FOUND"}, {"message": "x"}, "text", None]), {"NOT_FOUND", "None"}),
        (refusal(200, errors="x"), set()),
        (refusal(200), set()),
        (GithubException(502, "text"), set()),
        (GithubException(502, None), set()),
    ],
)
def test_what_has_no_type_is_no_error_of_one(error: Any, types: set[str]) -> None:
    """Only objects of a list have any."""
    assert types_of(error) == types
