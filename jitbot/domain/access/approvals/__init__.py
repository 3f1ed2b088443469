"""What a request needs to be approved, and who fills which place."""
