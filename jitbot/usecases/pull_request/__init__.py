"""What people see of an open pull request: the check, the comment, the summary."""
