"""What a person does with a token of their own: ask, wait, and look."""
