"""Joins CloudTrail, and a trail of one's own, to the use cases that ask what was done with a grant."""

from jitbot.domain.model.bounds import TRAIL_PAGES
from jitbot.domain.model.documents import Settings
from jitbot.ports.trail import CallLog, Trails
from jitbot.terminal.invocation import Invocation
from jitbot.wiring.context import aws_endpoint, aws_identity


def open_trails(invocation: Invocation, settings: Settings) -> tuple[Trails, CallLog | None]:
    """CloudTrail's event history, and the trail that the settings name; None if they name none."""
    from jitbot.adapters.aws.call_log import OwnCallLog
    from jitbot.adapters.aws.trail import AwsTrails

    endpoint = aws_endpoint(invocation.environ)
    identity = aws_identity(invocation.environ, settings, "audit")
    trails = AwsTrails(identity, endpoint=endpoint, sleep=invocation.pause, pages=TRAIL_PAGES)
    if settings.trail is None:
        return trails, None
    return trails, OwnCallLog(settings.trail, trails.session, endpoint=endpoint, sleep=invocation.pause)
