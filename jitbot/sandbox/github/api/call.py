"""One REST call and its answer, apart from HTTP."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from jitbot.sandbox.github.records import RefusalError, User
from jitbot.sandbox.github.site import Site

T = TypeVar("T")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a call answers; `body` None is an empty body."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubCall:
    """Who asks, and what. `later` runs when the site's lock is free again, before the answer is sent."""

    site: Site
    actor: User
    url: str
    query: Mapping[str, str]
    body: Json
    later: list[Callable[[], None]] = field(default_factory=list)

    def text(self, name: str, default: str | None = None) -> str:
        """A text of the body; 422 where it is missing without a default, or no text."""
        value = self.optional(name)
        if value is None:
            value = default
        if value is None:
            problem = {"resource": "Unknown", "field": name, "code": "missing_field"}
            raise RefusalError(422, "Validation Failed", (problem,))
        return value

    def optional(self, name: str) -> str | None:
        """A text of the body, or None; 422 where it is something else."""
        value = self.body.get(name)
        if value is not None and not isinstance(value, str):
            raise RefusalError(422, f"Invalid request.\n\nFor '{name}', {value!r} is not a string.")
        return value

    def must_write(self) -> None:
        """403 unless the actor may push."""
        if not self.actor.may_write:
            raise RefusalError(403, "Resource not accessible by personal access token")

    def page(self, items: Sequence[T], shape: Callable[[T], Json]) -> Reply:
        """One page of a list, with the Link header that leads through the rest."""
        body, headers = self.slice(items)
        return Reply(body=[shape(item) for item in body], headers=headers)

    def slice(self, items: Sequence[T]) -> tuple[Sequence[T], dict[str, str]]:
        """The items of the page that the query asks for, and its Link header."""
        size = min(max(_number(self.query, "per_page", 30), 1), 100)
        page = max(_number(self.query, "page", 1), 1)
        last = max(-(-len(items) // size), 1)
        targets: dict[str, int] = {}
        if page > 1:
            targets |= {"prev": min(page - 1, last), "first": 1}
        if page < last:
            targets |= {"next": page + 1, "last": last}
        links = ", ".join(f'<{self._page_url(number)}>; rel="{name}"' for name, number in targets.items())
        return items[(page - 1) * size : page * size], {"Link": links} if links else {}

    def _page_url(self, page: int) -> str:
        return f"{self.url}?{urlencode({**self.query, 'page': str(page)})}"


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else default
