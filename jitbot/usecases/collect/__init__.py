"""Collects the facts of a case from git and GitHub."""
