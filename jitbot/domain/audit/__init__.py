"""The proof: what an auditor finds in the record, from values alone."""
