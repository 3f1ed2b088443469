"""Verbs to try jitbot on this machine."""
