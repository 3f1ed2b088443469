"""What the ledger says of a review after access: the mark of a grant that owes one, and what a reviewer said."""

from enum import StrEnum

MARK = "break_glass"  # in the evidence of an approval: access was given before anybody approved


class ReviewOutcome(StrEnum):
    """What a reviewer said."""

    APPROVED = "approved"
    OBJECTED = "objected"
