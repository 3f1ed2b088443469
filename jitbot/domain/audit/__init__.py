"""What an auditor asks of the ledger, answered from its events alone."""
