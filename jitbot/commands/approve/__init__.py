"""Verbs for people who review requests."""
