"""How a command ends: the numbers that the documentation promises to scripts."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the caller may conclude."""

    DONE = 0  # everything asked for is so
    REFUSED = 1  # refused, invalid or broken: trying the same again will not help
    MISUSED = 2  # the command was called in a way that does not exist
    UNSURE = 3  # not done, or in doubt: try again, or somebody must look
