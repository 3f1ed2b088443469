"""Reading again: AWS may show an older state after a write, and GitHub's lists may lag."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from jitbot.usecases.context import Context

PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds, at most: `sleep` shortens each of them at random


def attempts(context: Context) -> Iterator[None]:
    """Yield once for each attempt, after a longer pause each time. When it ends, the next run tries again.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html (eventual consistency)
    """
    yield
    for pause in PAUSES:
        context.sleep(pause)
        yield


# What is in doubt at GitHub is asked again after each of these pauses, a minute together in a whole run: however many
# requests are in doubt, they wait together.
_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_MOST = 200  # requests asked again in a run, all its pauses together


@dataclass(slots=True)
class Patience:
    """How much longer a run waits for answers that are in doubt, and how many it still asks for."""

    pauses: list[float] = field(default_factory=lambda: list(_PAUSES))
    left: int = _MOST

    def wait(self, sleep: Callable[[float], None]) -> bool:
        """Wait for the next turn; False if there is none any more."""
        if not self.pauses or self.left < 1:
            return False
        sleep(self.pauses.pop(0))
        return True

    def take(self) -> bool:
        """Whether one more request may be asked again."""
        self.left -= 1
        return self.left >= 0
