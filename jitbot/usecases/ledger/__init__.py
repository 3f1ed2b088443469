"""Reads, verifies and writes the ledger's branch."""
