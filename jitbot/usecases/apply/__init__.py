"""Applies a plan to AWS, and reads back what became of it."""
