"""git, read through its plumbing: commits and blobs at fetched tips, never the working tree.

https://git-scm.com/docs/git#_low_level_commands_plumbing
"""

from jitbot.adapters.git.clone import GitRepository

__all__ = ["GitRepository"]
