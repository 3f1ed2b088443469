"""`jitbot audit sessions`: what was done with each role of a request, region by region, side by side."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from jitbot.domain.access import request_state
from jitbot.domain.audit.history.ledger_history import RecordedEvent
from jitbot.domain.aws.iam import Documents
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.usage.role_usage import GLOBAL, Opening, Period, TrailCall, Usage, period_of, regions_of
from jitbot.ports.trail import Trail, Trails

MOST_AT_ONCE = 8  # regions; each has a rate of its own


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
    """Two rounds: where the role was entered, then, in every region, what was called in each session."""
    everywhere = [trails.of(documents.account_id, region) for region in regions]
    arn = documents.role_arn
    with ThreadPoolExecutor(max_workers=MOST_AT_ONCE) as pool:
        entered = pool.map(lambda trail: list(trail.openings(arn, period)), everywhere)
        openings = {each.event_id: each for found in entered for each in found}

        def called(trail: Trail) -> list[TrailCall]:
            return [
                call for each in asked_apart(openings.values()) for call in trail.calls(each, arn, period)
            ]

        calls = {each.event_id: each for found in pool.map(called, everywhere) for each in found}
    return Usage(
        documents=documents,
        period=period,
        regions=regions,
        openings=tuple(sorted(openings.values(), key=lambda each: each.at)),
        calls=tuple(sorted(calls.values(), key=lambda each: each.at)),
        cut=cut,
    )


def asked_apart(openings: Iterable[Opening]) -> Iterable[Opening]:
    """What to ask about, each once: every key, and every session by its name.

    A federated sign-in gives the console another key than the one that was signed in with:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
    """
    asked = {}
    for each in openings:
        asked[each.key or f"={each.session}"] = each
        asked[f"={each.session}"] = replace(each, key="")
    return asked.values()
