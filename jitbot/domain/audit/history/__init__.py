"""What an audit reads: the whole ledger, main's history, what they had to end, and what is late."""
