"""The decision: who gets access, which approvals count, and what a request has become."""
