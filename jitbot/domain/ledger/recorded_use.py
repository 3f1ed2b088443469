"""What an event `used` holds: what CloudTrail showed of one grant after its end, and what it could not show."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from jitbot.domain.text.json_object import JsonObject, each, moment, number, text, texts

CALLS = "calls"  # the one `about` that leaves no doubt whether a role was entered


class UseState(StrEnum):
    """What is known of a grant's use, in the words of the comment, the page, the table and the JSON.

    NEVER is said only where everything was looked at in which entering is recorded. All else is NOT_SEEN.
    """

    ENTERED = "entered"
    NEVER = "never entered"
    NOT_SEEN = "not seen"


class Unseen(StrEnum):
    """Why something may have been done that was not seen."""

    DATA_EVENTS = "data-events"  # reading and writing data is not in CloudTrail's event history
    TRAIL_SELECTION = "trail-selection"  # a trail of one's own holds what it was set to record
    OTHER_REGIONS = "other-regions"  # calls were looked for only where the policy's statements say
    REGIONS_UNKNOWN = "regions-unknown"  # AWS did not say which regions the account has
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    TOO_MUCH = "too-much"  # more events than are read
    AGE = "age"  # CloudTrail's event history keeps 90 days
    LATER = "later"  # the grant was extended after the question


@dataclass(frozen=True, slots=True)
class RecordedUnseen(JsonObject):
    """One part that was out of sight. `about` is "entering" or "calls"; `where` a region, or what was asked."""

    what = text("what")
    about = text("about")
    where = text("where")
    why = text("why")

    @property
    def hides_entering(self) -> bool:
        """Whether the role may have been entered there. A kind that this jitbot does not know may hide it."""
        return self.about != CALLS


@dataclass(frozen=True, slots=True)
class ServiceUse(JsonObject):
    """The calls of one service that a trail of one's own recorded."""

    service = text("service")
    calls = number("calls")
    denied = number("denied")


@dataclass(frozen=True, slots=True)
class RecordedUse(JsonObject):
    """The use of one grant. `calls` and `services` are there only if a trail of one's own answered: None is not zero."""

    state = text("state")
    begins = moment("from")
    ends = moment("until")  # the time that was asked about
    regions = texts("regions")  # in which was looked who entered
    call_regions = texts("call_regions")  # in which was looked what was called
    entered = number("entered")
    first_use = moment("first_use")
    last_use = moment("last_use")
    denied = number("denied")  # calls that AWS did not allow, as far as they were seen
    calls = number("calls")
    services = each("services", ServiceUse)
    services_count = number("services_count")
    not_seen = each("not_seen", RecordedUnseen)
    not_seen_count = number("not_seen_count")


def state_of(entered: int | None, not_seen: Iterable[RecordedUnseen]) -> UseState:
    """The one answer to "was it used?": nothing that was out of sight ever becomes "never"."""
    if entered is None or entered < 0:
        return UseState.NOT_SEEN
    if entered > 0:
        return UseState.ENTERED
    return UseState.NOT_SEEN if any(unseen.hides_entering for unseen in not_seen) else UseState.NEVER
