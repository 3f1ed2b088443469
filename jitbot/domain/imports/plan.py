"""What an import would change, said before it is done: who comes, who goes, and what is too much to go unasked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.access.request_state import RequestState
from jitbot.domain.enforce.grant_status import GrantState, grant_statuses
from jitbot.domain.imports.entries import FileChanges, FileEntries, ImportSource, Value, items_of
from jitbot.domain.model.documents import AccountId, Login
from jitbot.domain.text import escape, timestamp

MOST_REMOVED = 5  # of what an import holds, so many may go unasked, and no more than
PART_REMOVED = 10  # one in so many
_SHOWN = 200  # lines of a pull request's text


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """The changes of one import. `ends` are the people whose access ends by it, `closes` the accounts no longer swept."""

    name: str  # people, teams or accounts
    source: ImportSource
    files: tuple[tuple[FileEntries, FileChanges], ...]
    ends: tuple[Login, ...] = ()
    closes: tuple[AccountId, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything would change."""
        return any(changes for _, changes in self.files)

    @property
    def lines(self) -> tuple[str, ...]:
        """Every change in a line: `+ alice`, `- bob`, `~ carol`, and of lists `+ acme/payments: dave`."""
        return tuple(line for file, changes in self.files for line in _lines(file, changes))

    @property
    def removed(self) -> tuple[str, ...]:
        """What goes: entries, items of lists, and people who become somebody else."""
        gone = tuple(line.removeprefix("- ") for line in self.lines if line.startswith("- "))
        kept = {key for _, changes in self.files for key in changes.changed}
        return (*gone, *(login for login in self.ends if login in kept))

    @property
    def held(self) -> int:
        """How much the import holds now: entries, of lists their items."""
        own = (each.value for file, _ in self.files for each in file.own(self.source).values())
        return sum(len(items_of(value)) or 1 for value in own)


def too_much(plan: ImportPlan, live: Iterable[str], allowed: int | None) -> str:
    """Why this may not be done as it is, and how to ask for it; empty if it may.

    `live` says what access ends by it, `allowed` how much the person said may go.
    """
    removed, named = len(plan.removed), tuple(live)
    many = removed > MOST_REMOVED or removed * PART_REMOVED > plan.held
    if allowed is not None and allowed != removed:
        return f"--removals {allowed} does not fit: {removed} would be removed. Look at what they are first"
    if allowed is not None or not (many or named):
        return ""
    why = f"{removed} of {plan.held} would be removed" if many else f"{removed} would be removed"
    ending = f", which ends live access: {'; '.join(named)}" if named else ""
    return f"{why}{ending}. If this is right, say so: --removals {removed}"


def live_grants(plan: ImportPlan, states: Iterable[RequestState], now: datetime) -> Iterator[str]:
    """The live access that ends because its person goes, or that no sweep sees any more because its account goes."""
    logins = {login.casefold() for login in plan.ends}
    for each in grant_statuses(states, now):
        ends = each.requester.casefold() in logins or each.account_id in plan.closes
        if each.state is not GrantState.ENDED and ends:
            yield f"{each.requester} in {each.account} until {timestamp.show(each.expires_at)} ({each.request})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProposal:
    """The pull request of an import: its files, and its text."""

    files: Mapping[str, bytes]
    branch: str
    title: str
    body: str
    message: str


def proposal(
    plan: ImportPlan, files: Mapping[str, bytes], live: Iterable[str], now: datetime
) -> ImportProposal:
    """The pull request that makes these changes. What others wrote is inert in it."""
    signs = [line[0] for line in plan.lines]
    counts = ((signs.count("+"), "added"), (signs.count("~"), "changed"), (signs.count("-"), "removed"))
    counted = ", ".join(f"{number} {word}" for number, word in counts if number)
    shown = [f"- `{line[0]}` {escape.markdown(line[2:])}" for line in plan.lines[:_SHOWN]]
    more = [f"- and {len(plan.lines) - _SHOWN} more"] if len(plan.lines) > _SHOWN else []
    ending = (
        [f"⚠️ This ends live access: {escape.markdown('; '.join(live))}."] if (live := tuple(live)) else []
    )
    notes = [escape.markdown(note) for note in plan.notes]
    about = f"`jitbot import {plan.name}` made this from {plan.source}. Only entries with `source: {plan.source}` change."
    return ImportProposal(
        files=files,
        branch=f"jitbot/import/{plan.name}-{now:%Y-%m-%d}",
        title=f"Import {plan.name}: {counted}",
        body="\n\n".join([about, *ending, "\n".join([*shown, *more]), *notes]),
        message=f"Import {plan.name}",
    )


def _lines(file: FileEntries, changes: FileChanges) -> Iterator[str]:
    before = file.by_key
    for key in changes.removed:
        yield from _of_list("-", key, items_of(before[key])) or [f"- {key}"]
    for key, value in changes.changed.items():
        old, new = items_of(before[key]), items_of(value)
        yield from _of_list("-", key, [item for item in old if item not in new])
        yield from _of_list("+", key, [item for item in new if item not in old])
        if not old and not new:
            yield f"~ {key}"
    for key, value in changes.added.items():
        yield from _of_list("+", key, items_of(value)) or [f"+ {key}"]


def _of_list(sign: str, key: str, items: Iterable[Value]) -> list[str]:
    names = (str(item["login"]) if isinstance(item, dict) else str(item) for item in items)
    return [f"{sign} {key}: {name}" for name in names]
