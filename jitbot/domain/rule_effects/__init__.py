"""What a change of rules does: two rule sets compared, for the people who approve the change."""
