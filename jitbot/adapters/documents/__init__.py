"""The files that people write, read strictly: values of `jitbot.domain.model.documents`, or every finding at once.

A document never raises, whatever its bytes. What one document cannot know of another (does this alias
exist, is the requester eligible) is for `jitbot.domain.access.eligibility`.
"""

from jitbot.adapters.documents.access import parse_policy, parse_request
from jitbot.adapters.documents.registry import parse_accounts, parse_people, parse_settings, parse_teams

__all__ = ["parse_accounts", "parse_people", "parse_policy", "parse_request", "parse_settings", "parse_teams"]
