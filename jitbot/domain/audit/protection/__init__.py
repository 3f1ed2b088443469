"""How main and ledger were protected over time. Begin with `safeguards`, the list of what is looked at, then `timeline`."""
