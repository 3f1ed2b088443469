"""What was done with a grant: what to ask CloudTrail, what its answers show, and what they leave out of sight."""
