"""The adapter of the port `GitHubRead`, put together from its parts."""

from jitbot.adapters.github.pull_requests import PullRequestReader
from jitbot.adapters.github.settings import SettingsReader


class GitHubReader(PullRequestReader, SettingsReader):
    """One repository's `jitbot.ports.github_read.GitHubRead`."""
