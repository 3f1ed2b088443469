"""Briefings in plain values, and a reader of Markdown that tells what a browser would make of it."""

import re
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from html.parser import HTMLParser
from typing import Any

from acme_facts import MERGED_AT, a_request, the_rules
from builders import a_case, a_ground, a_merge, a_request_state
from catalogue_facts import the_catalogue
from markdown_it import MarkdownIt

from jitbot.domain.access.approvals.pending_approvals import pending
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.model.documents import Request
from jitbot.domain.model.merge_facts import ChangeKind, Rules
from jitbot.domain.views.grant_preview import would_grant
from jitbot.domain.views.request_summary import Held, RequestSummary

HOSTILE = (
    "@acme/platform #7 GH-8 https://evil.example www.evil.example </details> <img src=x onerror=alert(1)> "
    "![a](http://evil.example/x.png) [l](javascript:alert(1)) `code` ```fence ~~~ **b** <!-- jitbot: requests --> "
    "<script>alert(1)</script> $x$ | a | \\ &lt; \u202eturned\u2066 \u200b \x1b[31m\r\n# head\n- item\n> quote\n---"
)
OURS = {"p", "strong", "em", "br", "blockquote", "ul", "li", "details", "summary", "b", "code", "pre", "sub", "a", "hr", "span"}  # fmt: skip


def a_summary(
    request: Request | None = None,
    *,
    rules: Rules | None = None,
    reviews: tuple[Any, ...] = (),
    state: RequestState | None = None,
    **changes: Any,
) -> RequestSummary:
    """Alice's request as an approver is told of it, before anyone has reviewed it."""
    asked, held = request or a_request(), rules or the_rules()
    parsed_case = a_ground(a_case(request=asked, rules=held, merge=a_merge(head_rules=held, reviews=reviews)))
    summary = RequestSummary(
        path=asked.path,
        kind=ChangeKind.ADDED,
        request=asked,
        grant_preview=would_grant(asked, held, MERGED_AT, the_catalogue(), state),
        awaiting=pending(parsed_case),
        held=Held(count=0, last=None),
        former=(state or a_request_state()).current,
    )
    return replace(summary, **changes)


@dataclass
class Rendered(HTMLParser):
    """The tags, the addresses and the text of a comment, as a browser would have them."""

    tags: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag, and where it leads."""
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name != "class"]

    def handle_data(self, data: str) -> None:
        """Keep what people see."""
        self.text += data

    def handle_comment(self, data: str) -> None:
        """Keep what people do not see."""
        self.remarks.append(data.strip())


_FILES = r"(?:https://github\.com|http://127\.0\.0\.1:\d+)/acme/access/pull/\d+/files"


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@lru_cache(maxsize=16)  # a test looks at one comment in several ways
def rendered(body: str) -> Rendered:
    """A comment, rendered."""
    found = Rendered()
    found.feed(_markdown().render(body))
    return found


def is_inert(body: str) -> bool:
    """Whether nothing is in a comment but what jitbot itself puts there, whatever people wrote into it."""
    seen = rendered(body)
    plain = re.sub(r"^(`{3,})\w*$.*?^\1$", "", body, flags=re.MULTILINE | re.DOTALL)
    mentions = re.findall(r"@[A-Za-z0-9]", re.sub(r"`[^`\n]*`", "", plain))
    known = all(
        each.startswith("https://signin.aws.amazon.com/switchrole?") or re.fullmatch(_FILES, each)
        for each in seen.addresses
    )
    printable = all(character.isprintable() or character in "\n\u200b" for character in body)
    return (
        set(seen.tags) <= OURS
        and seen.remarks == ["jitbot: requests"]
        and not mentions
        and known
        and printable
        and plain.count("</details>") == seen.tags.count("details")
    )
