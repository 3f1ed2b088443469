"""How long a run really waits between two attempts."""

import random
import time


def pause(seconds: float) -> None:
    """Sleep for at most so long, and at least for half of it.

    By chance, so that runs and accounts that were refused together do not come back together.
    """
    time.sleep(random.uniform(seconds / 2, seconds))  # noqa: S311  # nothing secret hangs on it
