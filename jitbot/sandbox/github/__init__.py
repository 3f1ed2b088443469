"""An embedded GitHub: real git repositories, and of the API what jitbot and its adversaries use."""

from jitbot.sandbox.github.records import Dispatch, Fault, PullRequestRule, Ruleset
from jitbot.sandbox.github.sandbox import GitHubSandbox

__all__ = ["Dispatch", "Fault", "GitHubSandbox", "PullRequestRule", "Ruleset"]
