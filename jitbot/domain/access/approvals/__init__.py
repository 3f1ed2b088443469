"""Approvals: what a request needs, which reviews count, who fills which place, and what is still open."""
