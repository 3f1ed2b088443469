"""`jitbot audit sessions`: of which grants it asks, in which regions, and what it says where nothing can be known."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

import pytest
from acme_facts import DATA, HOUR, NOW, PROD
from audit_facts import a_recorded
from builders import an_approval, an_outcome, the_documents
from use_facts import DAY, a_call, an_opening

from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import DeniedError, InvalidError, JitbotError
from jitbot.domain.usage.role_usage import Opening, Period, TrailCall, Usage
from jitbot.usecases.usage.sessions import used

TOLD = (an_approval(), an_outcome(EventType.GRANTED))


@dataclass(kw_only=True)
class Trails:
    """CloudTrail in memory: alice entered her role once, in Ireland, and made one call."""

    silent: tuple[str, ...] = ()  # regions that let nobody see who entered
    mute: tuple[str, ...] = ()  # regions that say nothing of calls
    asked: list[tuple[AccountId, str]] = field(default_factory=list)

    def of(self, account_id: AccountId, region: str) -> Any:
        """One region's history."""
        self.asked.append((account_id, region))
        return _Trail(all=self, region=region)

    def regions(self, _: AccountId) -> tuple[str, ...]:
        """Nobody asks for all of them."""
        raise AssertionError

    def spent(self) -> bool:
        """Nor how long it takes."""
        raise AssertionError


@dataclass(kw_only=True)
class _Trail:
    all: Trails
    region: str

    def openings(self, _: str, __: Period) -> Iterator[Opening]:
        if self.region in self.all.silent:
            raise DeniedError(f"{self.region} lets nobody see who entered")
        yield from [an_opening()] if self.region == "eu-west-1" else []

    def calls(self, *_: object) -> Iterator[TrailCall]:
        if self.region in self.all.mute:
            raise DeniedError(f"{self.region} says nothing of calls")
        yield from [a_call()] if self.region == "eu-west-1" else []


def asked(
    *told: Event, trails: Trails | None = None, regions: tuple[str, ...] = (), now: datetime = NOW + 2 * HOUR
) -> tuple[tuple[Usage, ...], list[str]]:
    """The use of the grants that these events tell of, and what was said."""
    said: list[str] = []
    recorded = [a_recorded(each, order) for order, each in enumerate(told)]
    return used(trails or Trails(), recorded, regions=regions, now=now, say=said.append), said


def naming(event: Event, region: str) -> Event:
    """The same approval of a policy that names this region."""
    allowed = {"Effect": "Allow", "Resource": [f"arn:aws:dynamodb:{region}:111111111111:table/orders"]}
    documents = tuple(replace(each, permission_policy={"Statement": [allowed]}) for each in event.documents)
    return replace(event, documents=documents)


def test_it_looks_where_the_policy_says_and_where_sts_is() -> None:
    """Each region once; a region that is named by hand stands for all of the policy's."""
    trails = Trails()
    (use,), said = asked(naming(TOLD[0], "eu-west-1"), TOLD[1], trails=trails)
    assert (use.regions, said) == (("eu-west-1", "us-east-1"), ["looking in eu-west-1, us-east-1"])
    assert trails.asked == [(PROD, "eu-west-1"), (PROD, "us-east-1")]
    assert (use.openings, use.calls, use.documents.account_id) == ((an_opening(),), (a_call(),), PROD)
    (use,), _ = asked(naming(TOLD[0], "eu-west-1"), TOLD[1], regions=("us-east-1", "eu-north-1"))
    assert (use.regions, use.openings) == (("eu-north-1", "us-east-1"), ())


def test_without_any_region_it_asks_for_one() -> None:
    """To ask nowhere would look as if nothing was done."""
    with pytest.raises(InvalidError, match="--region"):
        asked(*TOLD)


def test_what_is_no_longer_kept_is_no_answer() -> None:
    """CloudTrail forgets after 90 days."""
    with pytest.raises(InvalidError, match="90 days"):
        asked(*TOLD, regions=("eu-west-1",), now=NOW + 100 * DAY)


def test_only_what_was_granted_can_have_been_used() -> None:
    """Each role once, however often it was approved; in another account alice's request was never granted."""
    other = the_documents("data")
    assert other.account_id == DATA
    both = replace(TOLD[0], documents=(*TOLD[0].documents, other))
    found, _ = asked(both, TOLD[1], regions=("eu-west-1",))
    assert [each.documents.account_id for each in found] == [PROD]
    for nothing in [(), (TOLD[0],), (TOLD[1],)]:
        with pytest.raises(InvalidError, match="nothing was ever granted"):
            asked(*nothing, regions=("eu-west-1",))


@pytest.mark.parametrize("which", ["silent", "mute"])
def test_a_region_that_does_not_answer_ends_it(which: str) -> None:
    """What is shown is all there is, or nothing is shown."""
    with pytest.raises(JitbotError, match="us-east-1 "):
        asked(*TOLD, trails=Trails(**cast("Any", {which: ("us-east-1",)})), regions=("eu-west-1",))
