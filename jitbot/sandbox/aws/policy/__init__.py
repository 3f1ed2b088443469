"""The embedded AWS's reading of policy documents: which action on which resource, and whether it is allowed."""
