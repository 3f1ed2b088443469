"""The record: events, the batches that carry them, and who attested them."""
