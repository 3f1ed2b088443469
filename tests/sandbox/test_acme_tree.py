"""acme's files in the sandbox: whatever day it is there, carol is on call next week."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from jitbot.adapters import documents
from jitbot.domain.model.documents import Login, Source
from jitbot.domain.model.roster import Roster
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import WRITTEN_FOR, Acme, acme_tree

PATH, WEEK = "policies/teams.yaml", timedelta(weeks=1)


def roster(tree: dict[str, bytes]) -> Roster:
    """teams.yaml, read."""
    found = documents.parse_teams(Source(path=PATH, content=tree[PATH])).value
    assert found is not None
    return found


@given(
    st.timedeltas(timedelta(days=-2000), timedelta(days=30_000)).map(
        lambda step: (WRITTEN_FOR + step).replace(microsecond=0)
    )
)
def test_the_week_on_call_is_always_the_next(now: datetime) -> None:
    """It begins within seven days, and lasts for seven: no file grows old, and nobody is on call by accident."""
    (dated,) = [each for each in roster(acme_tree("any", now)).entries("acme/sre") if each.since is not None]
    assert dated.since is not None
    assert dated.until == dated.since + WEEK
    assert timedelta() < dated.since - now <= WEEK


def test_at_the_storys_beginning_nothing_is_moved() -> None:
    """The dates are those of the file that is shipped."""
    assert acme_tree("any") == acme_tree("any", WRITTEN_FOR)
    assert b"from: 2026-11-30T09:00:00Z, until: 2026-12-07T09:00:00Z" in acme_tree("any")[PATH]


def test_github_has_who_is_a_member_now() -> None:
    """Its own teams have no dates: carol is not among them before her week."""
    with Acme(Clock(datetime(2027, 5, 5, 12, tzinfo=UTC))) as acme:
        assert acme.teams["acme/sre"] == (Login("dave"),)
        assert acme.github._site.teams["acme/sre"] == (Login("dave"),)
