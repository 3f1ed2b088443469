"""The first page of a report: what auditors ask of a period, each question with its answer, and the figures behind it."""
