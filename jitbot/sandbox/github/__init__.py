"""An embedded GitHub: real git repositories, and of the API what jitbot and its adversaries use."""

from jitbot.sandbox.github.records import Dispatch, GitHubFault, PullRequestRule, Ruleset
from jitbot.sandbox.github.sandbox import GitHubSandbox

__all__ = ["Dispatch", "GitHubFault", "GitHubSandbox", "PullRequestRule", "Ruleset"]
