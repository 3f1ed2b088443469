"""Changes of the rules: how each came to main, and whether owners approved it."""
