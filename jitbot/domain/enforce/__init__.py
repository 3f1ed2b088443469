"""What is to be done in AWS: the plan, its changes, drift, and what a grant is now."""
