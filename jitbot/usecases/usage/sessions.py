"""`jitbot audit sessions`: what was done with each role of a request, region by region, side by side."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from jitbot.domain.access import request_state
from jitbot.domain.audit.history.ledger_history import RecordedEvent
from jitbot.domain.aws.iam import Documents
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.usage.role_usage import GLOBAL, Period, Usage, period_of, regions_of
from jitbot.ports.trail import Trails
from jitbot.usecases.usage.role_answers import ask


def used(
    trails: Trails,
    recorded: Sequence[RecordedEvent],
    *,
    regions: Iterable[str],
    now: datetime,
    say: Callable[[str], None],
) -> tuple[Usage, ...]:
    """The use of each role that was granted to a request. `regions`: none means those that its statements name.

    Raises InvalidError if nothing was granted, if it is no longer kept, or if no region is known.
    """
    found = []
    for documents in _granted(recorded):
        period = period_of((each.event for each in recorded), documents, now)
        if period is None:
            raise InvalidError(
                "CloudTrail keeps calls for 90 days, and this grant is older: ask your own trail"
            )
        named = sorted({*regions} or regions_of(documents))
        if not named:
            raise InvalidError("the policy names no region: say which ones to look in, with --region")
        everywhere = tuple(dict.fromkeys((*named, GLOBAL)))
        say(f"looking in {', '.join(everywhere)}")
        found.append(_usage(trails, documents, everywhere, *period))
    return tuple(found)


def _granted(recorded: Sequence[RecordedEvent]) -> tuple[Documents, ...]:
    states = request_state.fold_events(each.event for each in recorded)
    granted = [
        (documents.account_id, documents)
        for each in states.values()
        if each.current is not None
        for documents in each.current.documents
        if each.account_state(documents.account_id).granted
    ]
    if not granted:
        raise InvalidError("nothing was ever granted to this request, so nothing can have been done with it")
    return tuple(dict(granted).values())


def _usage(trails: Trails, documents: Documents, regions: tuple[str, ...], period: Period, cut: str) -> Usage:
    """Where the role was entered, and in every region what was called. Raises the first error of any region."""
    everywhere = {region: trails.of(documents.account_id, region) for region in regions}
    found = ask(everywhere, documents.role_arn, period)
    for error in (*found.unopened.values(), *found.uncalled.values()):
        raise error
    return Usage(
        documents=documents,
        period=period,
        regions=regions,
        openings=found.openings,
        calls=found.calls,
        cut=cut,
    )
