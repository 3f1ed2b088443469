"""The files that people write, read strictly: values of `jitbot.domain.model.documents`, or every finding at once.

A document never raises, whatever its bytes. What one document cannot know of another (does this alias
exist, is the requester eligible) is for `jitbot.domain.access.eligibility`.
A file that was read a short while ago is not parsed again: most commits share the rules, and all requests do.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from jitbot.adapters.documents import access, registry, workflow
from jitbot.domain.model.documents import Parsed, Source

if TYPE_CHECKING:
    from jitbot.domain.imports.entries import FileEntries

_KEPT = 256  # files of each kind that are remembered, by path and content
_POLICIES = 4 * _KEPT  # small ones, and a comparison of rules reads all of both sides

parse_settings = lru_cache(_KEPT)(registry.parse_settings)
parse_accounts = lru_cache(_KEPT)(registry.parse_accounts)
parse_account_groups = lru_cache(_KEPT)(registry.parse_account_groups)
parse_notify = lru_cache(_KEPT)(registry.parse_notify)
parse_teams = lru_cache(_KEPT)(registry.parse_teams)
parse_people = lru_cache(_KEPT)(registry.parse_people)
parse_policy = lru_cache(_POLICIES)(access.parse_policy)
parse_workflow = lru_cache(_KEPT)(workflow.parse_workflow)
parse_request = lru_cache(_KEPT)(access.parse_request)


def parse_entries(source: Source) -> "Parsed[FileEntries]":
    """As `entries.parse_entries`, which only imports need: it is loaded for them."""
    from jitbot.adapters.documents import entries

    return entries.parse_entries(source)


__all__ = [
    "parse_account_groups",
    "parse_accounts",
    "parse_entries",
    "parse_notify",
    "parse_people",
    "parse_policy",
    "parse_request",
    "parse_settings",
    "parse_teams",
    "parse_workflow",
]
