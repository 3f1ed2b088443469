"""Which open pull requests can give nothing any more, by time alone, so that they are closed with the reason.

Time only takes from what is asked for here: a path grows older, a window passes, a grant has ended. Whatever could
still be granted, by waiting, by an approval or by a change of the rules, is left alone, and so is everything that
touches another file.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jitbot.domain.access.request_state import RequestState
from jitbot.domain.model.bounds import PATH_AGE
from jitbot.domain.model.documents import Request
from jitbot.domain.model.grammar import RequestPath, parse_request_path
from jitbot.domain.model.merge_facts import ChangeKind
from jitbot.domain.text import timestamp

GRACE = timedelta(days=1)  # so long a pull request stays open after it was opened, or opened again


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenChange:
    """What an open pull request does to one request file of main. `state` is the ledger's; None if it is in doubt."""

    path: str
    kind: ChangeKind
    request: Request | None  # at the head; None if it does not read
    state: RequestState | None


def is_young(opened_at: datetime, now: datetime) -> bool:
    """Whether its author still has time to see what is wrong, and to push another commit."""
    return now - opened_at < GRACE


def why_over(changes: Sequence[OpenChange], touched: Iterable[str], now: datetime) -> str:
    """Why nothing in this pull request can ever be granted, as it is; empty if anything could, or is something else."""
    if not changes or {each.path for each in changes} != set(touched):
        return ""
    whys = [_why(each, now) for each in changes]
    return "; ".join(dict.fromkeys(whys)) if all(whys) else ""


def _why(change: OpenChange, now: datetime) -> str:
    match change.kind:
        case ChangeKind.DELETED:  # this ends access, which is never too late
            return ""
        case ChangeKind.ADDED:
            return _too_old(change.path, now) or _window_over(change.request, now)
        case ChangeKind.MODIFIED:
            return _ended(change.state, now)


def _too_old(path: str, now: datetime) -> str:
    parsed = parse_request_path(path)
    if isinstance(parsed, RequestPath) and parsed.date < (now - PATH_AGE).date():
        return (
            f"its path is dated {parsed.date}, and a path of more than {PATH_AGE.days} days is never granted"
        )
    return ""


def _window_over(request: Request | None, now: datetime) -> str:
    if request is None or request.starts_at is None or request.starts_at + request.duration > now:
        return ""
    return f"the window that it asks for ended at {timestamp.show(request.starts_at + request.duration)}"


def _ended(state: RequestState | None, now: datetime) -> str:
    """Of an extension: that the grant is over in all its accounts, which no approval undoes."""
    over_at = state.over_at if state is not None else None
    if over_at is None or over_at > now:
        return ""
    return f"the grant that it extends ended at {timestamp.show(over_at)}"
