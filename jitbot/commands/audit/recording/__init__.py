"""What `audit.yml` records in the ledger beside its verdict."""
