"""GitHub: one client, and a class for each of the ports `GitHubRead`, `GitHubWrite`, `Issues` and `PersonReview`."""

from jitbot.adapters.github.client import Client
from jitbot.adapters.github.issues import GitHubIssues
from jitbot.adapters.github.person_review import GitHubPersonReview
from jitbot.adapters.github.reader import GitHubReader
from jitbot.adapters.github.writer import GitHubWriter

__all__ = ["Client", "GitHubIssues", "GitHubPersonReview", "GitHubReader", "GitHubWriter"]
