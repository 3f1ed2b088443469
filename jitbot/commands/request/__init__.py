"""Verbs for people who ask for access."""
