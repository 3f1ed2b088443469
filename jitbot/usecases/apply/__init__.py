"""Applies a plan to AWS, and reads the result back."""
