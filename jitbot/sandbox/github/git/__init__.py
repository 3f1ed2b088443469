"""The embedded GitHub's repositories: git's objects, commits, and git over HTTP."""
