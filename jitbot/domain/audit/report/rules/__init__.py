"""What a report says of the rules: how they changed, when they were reviewed, and how main and ledger were protected."""
