"""Which request a person means by what they typed: its path, a unique part of it, or the number of its pull request."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence

from jitbot.domain.model.errors import InvalidError
from jitbot.domain.text.amount import many
from jitbot.domain.text.escape import quoted

# Chooses, of the requests that fit, those that the person most likely means; it returns none if it has no preference.
Preference = Callable[[Sequence[str]], Collection[str]]

_PULL_REQUEST = re.compile(r"(?:#|https?://\S+/pull/)?([1-9][0-9]{0,9})", re.ASCII)
_LISTED = 10  # of several requests that fit: how many an error lists


def pull_number(text: str) -> int | None:
    """The number of a pull request, if that is what was typed: 7, #7, or its address."""
    match = _PULL_REQUEST.fullmatch(text)
    return int(match[1]) if match else None


def resolve(text: str, known: Mapping[str, Collection[int]], *, prefer: Sequence[Preference] = ()) -> str:
    """The path of the request that a person means.

    `known` maps the paths of requests to the numbers of all their pull requests. Where several fit, each preference in
    turn narrows them down. Raises InvalidError if none or several fit, with the first ten of several.
    """
    if text in known:
        return text
    if not text.strip():
        raise InvalidError("no request is named; `jitbot status` lists them")  # it would fit every path
    number = pull_number(text)
    fits = [path for path, pulls in known.items() if (text in path if number is None else number in pulls)]
    for preferred in prefer:
        chosen = preferred(fits)
        fits = [path for path in fits if path in chosen] or fits
    if len(fits) == 1:
        return fits[0]
    if not fits:
        raise InvalidError(f"no request is called {quoted(text)}; `jitbot status` lists them")
    listed = "\n  ".join(sorted(fits)[:_LISTED])
    raise InvalidError(f"{quoted(text)} fits {many(len(fits), 'request')}; which one?\n  {listed}")
