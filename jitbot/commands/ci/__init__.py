"""Verbs that the workflows run."""
