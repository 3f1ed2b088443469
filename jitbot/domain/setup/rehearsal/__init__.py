"""Which assumptions about GitHub and AWS a rehearsal can see, where it is, and which of them held."""
