"""The issues that the workflows open, keep current and close."""
