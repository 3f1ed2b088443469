"""What all verbs share at a terminal: output, prompts, options and paths."""
