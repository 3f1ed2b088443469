"""What a new request looks like: its name, its text, and the pull request around it. Decides nothing."""

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from jitbot.domain.access import eligibility
from jitbot.domain.model.documents import Login, Person, Policy, Request, Teams
from jitbot.domain.text import duration, escape, timestamp
from jitbot.domain.views import titles
from jitbot.domain.views.grant_preview import GrantPreview
from jitbot.domain.views.request_summary import labelled, membership
from jitbot.domain.views.wording import UNESCAPED

CHECK = "jitbot/check"  # the status that is green where nothing is wrong with the requests
APPROVAL = "jitbot/approval"  # and the one that is green once enough approvals count
_USUAL = timedelta(hours=1)
_SLUG_LENGTH = 40
# Latin letters that no decomposition makes plain.
_LATIN = str.maketrans(
    {"æ": "ae", "ð": "d", "ø": "o", "þ": "th", "đ": "d", "ħ": "h", "ı": "i", "ł": "l", "œ": "oe"}
)
_ALIAS = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)
# What YAML reads as this very text without quotes; anything else is quoted as JSON, which YAML reads too.
_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ,./()+_-]*[A-Za-z0-9./()+_-])?", re.ASCII)

_OPTIONS = {
    "accounts": "--account",
    "duration": "--duration",
    "reason": "--reason",
    "ticket": "--ticket",
    "starts_at": "--starts-at",
}


def usual_duration(policy: Policy) -> timedelta:
    """What is offered to a person who says nothing else: an hour, or the policy's maximum if that is less."""
    return min(_USUAL, policy.max_duration)


def slug(text: str) -> str:
    """A text as part of a file's name: `inc-1234-refunds-are-stuck`; at most 40 of a-z, 0-9 and -, perhaps none."""
    latin = text.casefold().translate(_LATIN)
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    whole = "-".join(words)[: _SLUG_LENGTH + 1]
    return whole if len(whole) <= _SLUG_LENGTH else whole.rpartition("-")[0] or whole[:_SLUG_LENGTH]


def name(reason: str, others: Iterable[str], when: datetime) -> str:
    """What a request's file is called: by its reason, else by the first of the other texts that has a letter of a-z.

    Most of the world writes in other letters; what has none at all is called by the time of day.
    """
    names = (slug(each) for each in (reason, *others))
    return next((each for each in names if re.search("[a-z]", each)), f"at-{when:%H%M}")


def numbered(name: str, number: int) -> str:
    """The name, the first time; after that `name-2`, `name-3`, still of at most 40 characters."""
    ending = f"-{number}" if number > 1 else ""
    return name[: _SLUG_LENGTH - len(ending)].rstrip("-") + ending


def path(policy: str, login: Login, when: datetime, name: str) -> str:
    """Where a request asked for at `when` lies."""
    return f"requests/{policy}/{when:%Y-%m}/{when:%d}-{login}-{name}.yaml"


def branch(request: str, kind: str = "ask") -> str:
    """The branch on which a request is asked for, or extended."""
    policy, month, name = request.removeprefix("requests/").removesuffix(".yaml").split("/")
    return f"jitbot/{kind}/{policy}/{month}-{name}"


def text(request: Request) -> str:
    """The file of a request: its fields in the order in which people read them."""
    lines = [
        f"requester: {_scalar(request.requester)}",
        f"accounts: [{', '.join(each if _ALIAS.fullmatch(each) else json.dumps(each) for each in request.accounts)}]",
        f"duration: {duration.show(request.duration)}",
        f"reason: {_scalar(request.reason)}",
    ]
    lines += [f"{name}: {_scalar(value)}" for name, value in request.optional]
    if request.starts_at is not None:
        lines.append(f"starts_at: {timestamp.show(request.starts_at)}")
    if request.parameters:
        lines.append("parameters:")
        lines += [f"  {name}: {_scalar(value)}" for name, value in request.parameters.items()]
    return "\n".join(lines) + "\n"


def option(text: str, line: int) -> str:
    """The option of `jitbot request` from which a line (from 1) of the text of a new request comes; empty if none."""
    lines = text.splitlines()
    name = lines[line - 1].partition(":")[0] if 0 < line <= len(lines) else ""
    return f"-p {name.strip()}=…" if name.startswith(" ") else _OPTIONS.get(name, "")


def web_link(repository: str, *, branch: str, path: str, text: str) -> str:
    """GitHub's page for a new file, filled in; `repository` is its address on the web.

    https://docs.github.com/en/repositories/working-with-files/managing-files/creating-new-files
    """
    return f"{repository}/new/{quote(branch)}?filename={quote(path)}&value={quote(text, safe='')}"


def longer(content: bytes, line: int, wanted: str) -> bytes:
    """A request's file with another duration at its line (from 1), and nothing else changed."""
    lines = content.decode().split("\n")
    lines[line - 1] = re.sub(r"(duration\s*:\s*)[^\s#,}]+", rf"\g<1>{wanted}", lines[line - 1], count=1)
    return "\n".join(lines).encode()


def usable(policies: Iterable[Policy], person: Person, teams: Teams) -> tuple[Policy, ...]:
    """The policies that this person may ask under, by name."""
    if person.principal is None:
        return ()
    found = (each for each in policies if eligibility.is_eligible(person.login, each.eligible, teams))
    return tuple(sorted(found, key=lambda each: each.name))


def named(text: str, names: Collection[str]) -> tuple[str, ...]:
    """The names that fit a typed part: the name that equals it, otherwise those that contain all of its words."""
    wanted = text.casefold().split()
    if text in names:
        return (text,)
    return tuple(name for name in names if wanted and all(word in name.casefold() for word in wanted))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """A proposal to the approvers: one file, and the text of its pull request."""

    request: str
    content: bytes
    branch: str
    title: str
    body: str
    message: str  # of the commit: validated tokens alone, since it ends up in main's history

    @property
    def files(self) -> Mapping[str, bytes]:
        """What its one commit adds."""
        return {self.request: self.content}


def ask(grant_preview: GrantPreview, content: bytes) -> NewRequest:
    """The pull request for a new request."""
    asked = grant_preview.request
    ending = f" for {duration.show(asked.duration)}"
    return NewRequest(
        request=asked.path,
        content=content,
        branch=branch(asked.path),
        title=titles.proposed(grant_preview),
        body=_body(
            grant_preview,
            f"asks for **{duration.show(asked.duration)}** of `{grant_preview.policy.name}`",
            (),
            first="the merge",
        ),
        message=titles.headline(grant_preview, "Ask for", ending),
    )


def extension(grant_preview: GrantPreview, content: bytes, former: Request) -> NewRequest:
    """The pull request that makes a request longer."""
    asked = grant_preview.request
    before, after = duration.show(former.duration), duration.show(asked.duration)
    ending = f" from {before} to {after}"
    change = f"asks for more time with `{grant_preview.policy.name}`: **{after}** in all instead of {before}"
    note = (
        "Only the duration changes. Until this is approved and merged, the grant ends as it was approved.",
    )
    return NewRequest(
        request=asked.path,
        content=content,
        branch=branch(asked.path, f"extend-to-{after}"),
        title=titles.asked(grant_preview, "extends", ending),
        body=_body(grant_preview, change, note, first="the first start"),
        message=titles.headline(grant_preview, "Extend", ending),
    )


def _body(grant_preview: GrantPreview, change: str, notes: tuple[str, ...], *, first: str) -> str:
    """Markdown for the approver. Everything a person wrote in it is inert. `first`: from when the duration counts."""
    asked, policy = grant_preview.request, grant_preview.policy
    begins = timestamp.show(asked.starts_at) if asked.starts_at is not None else first
    rows = [
        ("why", asked.reason),
        *asked.optional,
        ("where", ", ".join(grant_preview.where)),
        ("how long", f"{duration.show(asked.duration)}, from {begins}"),
        *((labelled(name), escape.literal(value)) for name, value in grant_preview.parameters),
        ("what", policy.description),
        ("risk", "; ".join((grant_preview.risk.level.in_words, *grant_preview.risk.reasons))),
        ("approve", grant_preview.who_approves()),
        *((("member", text),) if (text := membership(grant_preview, UNESCAPED)) else ()),
    ]
    table = "\n".join(f"| {escape.markdown(name)} | {escape.markdown(value)} |" for name, value in rows)
    return "\n\n".join(
        (
            f"{escape.markdown(asked.requester)} {change}.",
            f"| | |\n|---|---|\n{table}",
            *notes,
            "Merging this grants exactly the documents that `jitbot explain` shows for the file; what counts is "
            "the file, not these words.",
        )
    )


def _scalar(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)
