"""What auditors read and keep: the grants of a period, each control's answer, pages, tables and packs."""
