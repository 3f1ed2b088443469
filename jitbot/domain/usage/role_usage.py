"""What was done with a grant: when its role was entered, what was called, what was denied, or that it was never used."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from jitbot.domain.aws import iam
from jitbot.domain.aws.iam import Documents
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.text import timestamp

KEPT = timedelta(days=90)  # by CloudTrail's event history
LAG = timedelta(minutes=15)  # until a call is found there
GLOBAL = "us-east-1"  # where global services, and sign-ins to the console, are recorded
_DENIALS = ("AccessDenied", "Unauthorized", "Forbidden", "NotAuthorized")


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From `start` to `end`, both within."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One session that somebody opened in the role. `key` is its access key id; CloudTrail has none for the console."""

    event_id: str
    at: datetime
    region: str
    by: str  # ARN of the principal that entered
    session: str
    key: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailCall:
    """One call made in a session of the role. `error` is empty where it went well."""

    event_id: str
    at: datetime
    region: str
    service: str  # dynamodb.amazonaws.com
    name: str  # DescribeTable
    error: str
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The use of one role. `cut` says that some of its period is kept no more, or not there yet."""

    documents: Documents
    period: Period
    regions: tuple[str, ...]
    openings: tuple[Opening, ...]
    calls: tuple[TrailCall, ...]
    cut: str = ""

    @property
    def never(self) -> bool:
        """Whether nobody ever entered the role, as far as is recorded."""
        return not self.openings and not self.calls

    @property
    def times(self) -> tuple[datetime, datetime] | None:
        """The first and the last use."""
        times = sorted([*(each.at for each in self.openings), *(each.at for each in self.calls)])
        return (times[0], times[-1]) if times else None

    @property
    def denied(self) -> tuple[TrailCall, ...]:
        """The calls that AWS did not allow."""
        return tuple(call for call in self.calls if is_denial(call.error))

    def as_json(self) -> dict[str, object]:
        """The use for machines."""
        first, last = self.times or (None, None)
        return {
            "account": self.documents.account,
            "account_id": self.documents.account_id,
            "role_arn": self.documents.role_arn,
            "from": timestamp.show(self.period.start),
            "to": timestamp.show(self.period.end),
            "regions": list(self.regions),
            "never_used": self.never,
            "first_use": None if first is None else timestamp.show(first),
            "last_use": None if last is None else timestamp.show(last),
            "entered": [_opening(each) for each in self.openings],
            "calls": [
                {"service": service, "call": name, "count": count, "denied": denied}
                for (service, name), (count, denied) in summed(self.calls).items()
            ],
            "denied": len(self.denied),
            "cut": self.cut or None,
        }


def summed(calls: Iterable[TrailCall]) -> Mapping[tuple[str, str], tuple[int, int]]:
    """How often each operation was called, and how often denied, the most used first."""
    all_calls = list(calls)
    counts = Counter((call.service, call.name) for call in all_calls)
    denials = Counter((call.service, call.name) for call in all_calls if is_denial(call.error))
    return {name: (count, denials[name]) for name, count in counts.most_common()}


def is_denial(error: str) -> bool:
    """Whether an error code says that something was not allowed; services have their own words for it."""
    return any(word in error for word in _DENIALS)


def period_of(recorded: Iterable[Event], documents: Documents, now: datetime) -> tuple[Period, str] | None:
    """When the role could be used, as far as CloudTrail keeps it, with what is cut off. None if it is all gone."""
    events = list(recorded)
    begins = [
        each.at
        for each in events
        if each.kind is EventType.GRANTED and each.account_id == documents.account_id
    ]
    ends = [each.window.expires_at for each in events if each.window is not None]
    start = min(begins, default=min((each.at for each in events), default=now)) - LAG
    end = min(max(ends, default=now) + iam.SESSION, now)
    if end <= now - KEPT or end <= start:
        return None
    cut = []
    if start < now - KEPT:
        cut.append("what lies more than 90 days back is not kept")
    if now - end < LAG:
        cut.append("calls of the last 15 minutes may be missing yet")
    return Period(start=max(start, now - KEPT), end=end), "; ".join(cut)


def regions_of(documents: Documents) -> frozenset[str]:
    """The regions that a grant's own statements name, in a condition or in a resource."""
    found: set[str] = set()
    statements = documents.permission_policy.get("Statement", [])
    for statement in statements if isinstance(statements, list) else []:
        if isinstance(statement, dict) and statement.get("Effect") == "Allow":
            found |= _named(statement)
    return frozenset(each for each in found if each and not set("*?${}") & set(each))


def _named(statement: Mapping[str, object]) -> set[str]:
    found: set[str] = set()
    conditions = statement.get("Condition", {})
    for operator in conditions.values() if isinstance(conditions, dict) else ():
        wanted = operator.get("aws:RequestedRegion") if isinstance(operator, dict) else None
        found |= set(_texts(wanted))
    for arn in _texts(statement.get("Resource")):
        parts = arn.split(":")
        found |= {parts[3]} if len(parts) > 5 else set()
    return found


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str)]


def _opening(opening: Opening) -> dict[str, str]:
    return {
        "at": timestamp.show(opening.at),
        "by": opening.by,
        "session": opening.session,
        "region": opening.region,
        "address": opening.address,
        "console": "yes" if not opening.key else "no",
    }
