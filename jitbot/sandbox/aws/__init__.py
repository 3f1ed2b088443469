"""The embedded AWS: moto keeps the objects; the layer around it refuses what AWS refuses."""

from jitbot.sandbox.aws.server import AwsSandbox
from jitbot.sandbox.aws.wire import AwsFault

__all__ = ["AwsFault", "AwsSandbox"]
