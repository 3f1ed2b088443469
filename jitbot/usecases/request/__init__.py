"""What a person does with their own token: ask for access, wait, and read."""
