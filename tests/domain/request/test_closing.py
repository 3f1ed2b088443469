"""Which open pull requests can give nothing any more, by time alone; and that all that is closed would be refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from acme_facts import EXPIRES_AT, HOUR, MERGED_AT, NOW, PATH, SECOND, a_request, the_rules
from builders import a_request_state, a_revocation, an_approval, an_extension, an_outcome
from catalogue_facts import the_catalogue
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.access.request_state import RequestState
from jitbot.domain.ledger.events import EventType
from jitbot.domain.model.documents import Parsed, Sha
from jitbot.domain.model.merge_facts import ChangeKind
from jitbot.domain.request.closing import GRACE, OpenChange, is_young, why_over
from jitbot.domain.views.preview import preview_grant, unasked

DAY = timedelta(days=1)
LAST = datetime(
    2026, 12, 1, 23, 59, 59, tzinfo=UTC
)  # the last second at which the path of the 24th may be merged
UNKNOWN = RequestState(request=PATH)


def a_change(kind: ChangeKind = ChangeKind.ADDED, **changes: Any) -> OpenChange:
    """Alice's first request, as an open pull request has it."""
    found = OpenChange(path=PATH, kind=kind, request=a_request(), state=UNKNOWN)
    return replace(found, **changes)


def over(*changes: OpenChange, now: datetime = NOW, touched: tuple[str, ...] | None = None) -> str:
    """Why a pull request with these changes is over."""
    found = changes or (a_change(),)
    return why_over(found, touched if touched is not None else [each.path for each in found], now)


def test_a_path_is_over_the_second_it_may_not_be_merged_any_more() -> None:
    """Seven days by date: until the last second of the seventh it waits, then it is over, whatever the file says."""
    assert over(now=LAST) == over(a_change(request=None), now=LAST) == ""
    reason = "its path is dated 2026-11-24, and a path of more than 7 days is never granted"
    assert over(now=LAST + SECOND) == reason
    assert over(a_change(request=None), now=LAST + SECOND) == reason


def test_a_window_is_over_at_its_end() -> None:
    """A planned request waits until its whole window has passed."""
    planned = a_change(request=a_request(starts_at=MERGED_AT + HOUR))
    assert over(planned, now=MERGED_AT + 3 * HOUR - SECOND) == ""
    assert (
        over(planned, now=MERGED_AT + 3 * HOUR) == "the window that it asks for ended at 2026-11-24T12:00:00Z"
    )


def test_an_extension_is_over_with_its_grant() -> None:
    """At the recorded end, or an early one; the dated path does not matter to an extension."""
    granted = a_request_state(an_approval(), an_outcome(EventType.GRANTED))
    longer = a_change(ChangeKind.MODIFIED, state=granted)
    assert over(longer, now=EXPIRES_AT - SECOND) == ""
    assert over(longer, now=EXPIRES_AT) == "the grant that it extends ended at 2026-11-24T11:00:00Z"
    extended = a_request_state(an_approval(), an_extension())
    assert over(replace(longer, state=extended), now=EXPIRES_AT) == ""
    revoked = a_request_state(an_approval(), an_outcome(EventType.GRANTED), a_revocation())
    assert "ended at" in over(replace(longer, state=revoked), now=NOW + HOUR)


@pytest.mark.parametrize(
    "alive",
    [
        a_change(ChangeKind.DELETED, request=None),
        a_change(ChangeKind.MODIFIED, state=None),
        a_change(ChangeKind.MODIFIED),
        a_change(path="requests/orders-db-read/2026-11/99-alice-no-day.yaml"),
        a_change(path="requests/orders-db-read/not-a-month/24-alice-x.yaml"),
        a_change(path="requests/orders-db-read/2027-01/24-alice-x.yaml"),
    ],
)
def test_what_time_does_not_decide_stays_open(alive: OpenChange) -> None:
    """An end of access, an extension while the ledger is in doubt or silent, a path that is none, one dated ahead."""
    late = LAST + SECOND
    assert over(alive, now=late) == ""
    assert over(alive, a_change(), now=late) == ""
    assert over(a_change(), alive, now=late) == ""


@pytest.mark.parametrize(
    "other", ["policies/people.yaml", ".github/CODEOWNERS", "requests/README.md", "requests/x", "a.txt"]
)
def test_what_holds_another_file_stays_open(other: str) -> None:
    """A single file beside the request, whatever it is; and a pull request without a request."""
    late = LAST + SECOND
    assert over(now=late) != ""
    assert over(now=late, touched=(PATH, other)) == ""
    assert over(now=late, touched=(other,)) == ""
    assert why_over((), (), late) == ""


def test_its_author_has_a_day() -> None:
    """From when it was opened, or opened again."""
    assert is_young(NOW, NOW + GRACE - SECOND)
    assert not is_young(NOW, NOW + GRACE)


moments = st.integers(0, 30 * 24 * 3600).map(lambda seconds: NOW - 4 * DAY + seconds * SECOND)
states = st.sampled_from(
    [
        UNKNOWN,
        a_request_state(an_approval()),
        a_request_state(an_approval(), an_outcome(EventType.GRANTED), a_revocation()),
        a_request_state(an_approval(), an_extension(), an_outcome(EventType.GRANTED)),
    ]
)


@given(
    now=moments,
    later=st.timedeltas(timedelta(), 30 * DAY),
    starts=st.none() | moments,
    hours=st.integers(1, 4),
    kind=st.sampled_from([ChangeKind.ADDED, ChangeKind.MODIFIED]),
    state=states,
)
def test_all_that_is_closed_would_be_refused_for_ever(
    now: datetime,
    later: timedelta,
    starts: datetime | None,
    hours: int,
    kind: ChangeKind,
    state: RequestState,
) -> None:
    """What is over stays over, and the decision itself refuses it, now and at any later merge, under today's rules."""
    request = a_request(starts_at=starts, duration=hours * HOUR)
    if not over(a_change(kind, request=request, state=state), now=now):
        return
    at = now + later
    assert over(a_change(kind, request=request, state=state), now=at)
    rules = the_rules()
    case = unasked(
        PATH, Parsed(value=request), at, rules=rules, head_rules=rules, blob=Sha("a" * 40), kind=kind
    )
    assert preview_grant(case, at, the_catalogue(), so_far=state).findings
