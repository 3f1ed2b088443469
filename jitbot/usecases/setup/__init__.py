"""Checks how everything is set up, and sets it."""
