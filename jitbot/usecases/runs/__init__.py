"""The four runs that change something: grant, sweep, revoke, and the review after access."""
