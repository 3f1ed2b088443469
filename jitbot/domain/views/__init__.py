"""What people see of a request: the preview of a merge, comments and titles."""
