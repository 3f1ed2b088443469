"""CloudTrail is asked what was done with grants: with one, for a person, and with each that is over, for the record."""
