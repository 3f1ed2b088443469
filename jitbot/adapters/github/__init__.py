"""GitHub: one client, and a class for each thing that jitbot wants of it."""

from jitbot.adapters.github.apply_settings import GitHubRepositorySettings
from jitbot.adapters.github.client import Client
from jitbot.adapters.github.conversation import GitHubConversation
from jitbot.adapters.github.forge import GitHubForge
from jitbot.adapters.github.issues import GitHubIssues
from jitbot.adapters.github.personal import GitHubPersonal
from jitbot.adapters.github.settings import GitHubSetup

__all__ = [
    "Client",
    "GitHubConversation",
    "GitHubForge",
    "GitHubIssues",
    "GitHubPersonal",
    "GitHubRepositorySettings",
    "GitHubSetup",
]
