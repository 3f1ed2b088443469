"""The one tree of exceptions; a class exists only where a caller acts differently."""


class JitbotError(Exception):
    """Something stopped the work. The text says what, and what to do; `cli` prints it and exits 3."""


class InvalidError(JitbotError):
    """The user's own input is wrong, and the user can fix it; `cli` exits 1."""


class UnavailableError(JitbotError):
    """GitHub, AWS, the issuer or git gave no usable answer, so nothing may be concluded from it."""


class TooMuchError(UnavailableError):
    """There is more than is read. What was read stays true, and trying again will not help."""


class DeniedError(JitbotError):
    """GitHub or AWS answered with a refusal. Trying the same again will not help."""


class BranchMovedError(JitbotError):
    """The ledger's head is no longer the one this batch was made for: read again, decide again."""


class SupersededError(JitbotError):
    """The code that runs is not main's: an older run, which must do nothing."""
