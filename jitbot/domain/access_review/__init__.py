"""Access reviews: what an owner looks at, when the next one is due, and the pull request that moves the date."""
