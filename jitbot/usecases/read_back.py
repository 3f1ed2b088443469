"""Looking again: at what was just written, while AWS may show what was before, and at what GitHub may not tell yet."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from jitbot.usecases.context import Context

PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds, at most: the world's sleep takes a part of each away


def attempts(context: Context) -> Iterator[None]:
    """A turn for each look, with a longer pause before each; then it is over, and the next run looks again.

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
