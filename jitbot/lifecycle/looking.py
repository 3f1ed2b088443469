"""Looking at what was just written, for as long as AWS may still show what was before."""

from collections.abc import Iterator

from jitbot.lifecycle.world import World

PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds, at most: the world's sleep takes a part of each away


def looks(world: World) -> Iterator[None]:
    """A turn for each look, with a longer pause before each; then it is over, and the next run looks again.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html (eventual consistency)
    """
    yield
    for pause in PAUSES:
        world.sleep(pause)
        yield
