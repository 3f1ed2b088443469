"""Verbs for people who use a grant."""
