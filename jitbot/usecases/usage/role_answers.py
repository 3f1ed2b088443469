"""What CloudTrail's event history answers about one role: who entered it, anywhere, and then what each session called.

Regions are asked side by side. One that does not answer, or stops in the middle, takes nothing from the others.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from jitbot.domain.model.errors import JitbotError, TooMuchError
from jitbot.domain.usage.role_usage import Opening, Period, TrailCall
from jitbot.ports.trail import Trail

_MOST_AT_ONCE = 8  # regions; each has a rate of its own
Answer = TypeVar("Answer")
Errors = Mapping[str, JitbotError]  # by region


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleAnswers:
    """The answers, each once, oldest first; and by region the error that kept more from being read."""

    openings: tuple[Opening, ...]
    calls: tuple[TrailCall, ...]
    regions: tuple[str, ...]  # in which was asked who entered
    call_regions: tuple[str, ...]  # in which was asked what was called
    unopened: Errors
    uncalled: Errors
    left_out: int = 0  # sessions whose calls were not asked for


def ask(
    trails: Mapping[str, Trail],
    role_arn: str,
    period: Period,
    *,
    where: Callable[[Collection[Opening]], tuple[str, ...]] | None = None,
    most: int | None = None,
) -> RoleAnswers:
    """Both rounds. `where` chooses the regions of the second, all without it; `most` bounds the sessions in it."""
    with ThreadPoolExecutor(max_workers=_MOST_AT_ONCE) as pool:
        entered = list(pool.map(lambda region: _read(trails[region].openings(role_arn, period)), trails))
        openings = {each.event_id: each for found, _ in entered for each in found}
        looked = tuple(trails) if where is None else where(openings.values())
        sessions = _apart(openings.values())

        def called(region: str) -> tuple[list[TrailCall], JitbotError | None]:
            asked = sessions[:most]
            return _read(call for each in asked for call in trails[region].calls(each, role_arn, period))

        answered = list(pool.map(called, looked))
    calls = {each.event_id: each for found, _ in answered for each in found}
    return RoleAnswers(
        openings=tuple(sorted(openings.values(), key=lambda each: each.at)),
        calls=tuple(sorted(calls.values(), key=lambda each: each.at)),
        regions=tuple(trails),
        call_regions=looked,
        unopened=_errors(zip(trails, entered, strict=True)),
        uncalled=_errors(zip(looked, answered, strict=True)),
        left_out=max(len(sessions) - most, 0) if most is not None else 0,
    )


def answering(regions: Iterable[str], errors: Errors) -> tuple[str, ...]:
    """The regions that answered, if only as far as anybody reads."""
    return tuple(each for each in regions if isinstance(errors.get(each), TooMuchError | None))


def _read(answers: Iterator[Answer]) -> tuple[list[Answer], JitbotError | None]:
    """What was read, as far as it could be, and the error that ended it."""
    found: list[Answer] = []
    try:
        for each in answers:
            found.append(each)  # noqa: PERF402  # one by one: what was read before an error stays
    except JitbotError as error:
        return found, error
    return found, None


def _errors(answers: Iterable[tuple[str, tuple[list[Answer], JitbotError | None]]]) -> Errors:
    return {region: error for region, (_, error) in answers if error is not None}


def _apart(openings: Iterable[Opening]) -> list[Opening]:
    """What to ask about, each once: every key, and every session by its name.

    A federated sign-in gives the console another key than the one that was signed in with:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
    """
    asked = {}
    for each in openings:
        asked[each.key or f"={each.session}"] = each
        asked[f"={each.session}"] = replace(each, key="")
    return list(asked.values())
