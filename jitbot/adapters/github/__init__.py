"""GitHub: one client, and a class for each thing that jitbot wants of it."""

from jitbot.adapters.github.client import Client
from jitbot.adapters.github.forge import GitHubForge
from jitbot.adapters.github.personal import GitHubPersonal

__all__ = ["Client", "GitHubForge", "GitHubPersonal"]
