"""What the embedded GitHub allows: pull requests, reviews, merges and the rules of branches."""
