"""What the ledger keeps of a decision, so that an auditor can decide again, years later and offline."""
