"""Is the record whole and true, and did everything happen in time? Findings, from values alone."""
