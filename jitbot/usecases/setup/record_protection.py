"""`jitbot audit protection`: looks at how GitHub protects main and ledger, and records what it saw, or what an admin says.

No access depends on it. It records on a ledger without its rules too: that they are gone is what must be recorded, and
if somebody takes the event away again, nobody is said to have looked.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from jitbot.domain.audit.protection.checks import WORKFLOW
from jitbot.domain.audit.protection.looks import (
    Look,
    as_text,
    look_event,
    looks_of,
    parsed,
    sights_of,
    statement_event,
)
from jitbot.domain.audit.protection.safeguards import SAFEGUARDS, Rules, as_a_job_sees, of_safeguards
from jitbot.domain.audit.protection.timeline import lost_now
from jitbot.domain.ledger.commit_message import RECORD
from jitbot.domain.ledger.commit_message import SAFEGUARDS as OF_SAFEGUARDS
from jitbot.domain.ledger.events import LEDGER, Event
from jitbot.domain.model.bounds import EVER
from jitbot.domain.model.errors import DeniedError, InvalidError, JitbotError, UnavailableError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.setup.doctor.github.desired_settings import TABLE
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Unknown, tried
from jitbot.domain.text import timestamp
from jitbot.ports.github_write import GitHubWrite
from jitbot.usecases.context import Context, ensure_current, ensure_first_attempt
from jitbot.usecases.issues.protection_issue import Lost, keep_protection_issue
from jitbot.usecases.ledger.ledger import Ledger
from jitbot.usecases.ledger.ledger_view import LedgerReader
from jitbot.usecases.setup.run_doctor import judged, repository_files

T = TypeVar("T")
ADMIN = "admin"  # as GitHub names the permission
ADMINS_SEE = ("main-bypass", "ledger-bypass", "actions-never-approve")  # by which an admin's token is known


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenProtection:
    """What a run saw, what is lost by that and by earlier looks, and what kept it from being recorded or shown."""

    look: Look
    lost: tuple[Lost, ...]
    why: str  # why a branch was not seen, as GitHub says it; empty if both were
    recorded: bool
    troubles: tuple[str, ...]

    @property
    def exit_code(self) -> ExitCode:
        """1 if something is lost, 3 if a branch was not seen or something went wrong, otherwise 0."""
        if self.lost:
            return ExitCode.REFUSED
        return ExitCode.UNSURE if self.why or self.troubles else ExitCode.DONE

    def as_json(self) -> Mapping[str, object]:
        """All of it for machines."""
        return {
            "ok": self.exit_code == ExitCode.DONE,
            "at": timestamp.show(self.look.at),
            "safeguards": dict(self.look.sights),
            "lost": [each.safeguard.code for each in self.lost],
            "why": self.why,
            "recorded": self.recorded,
            "troubles": list(self.troubles),
        }


def look_at_protection(context: Context, now: datetime, *, dry_run: bool = False) -> SeenProtection:
    """Look, keep the one issue about what is lost, and record the look. What fails of it is said, and the rest is done."""
    ensure_current(context)
    troubles: list[str] = []
    look, checks, why = _look(context, now)
    earlier = _attempt(troubles, "earlier looks cannot be read", lambda: _earlier(context, now))
    lost = tuple(_lost((*(earlier or ()), look), checks))
    if dry_run:
        return SeenProtection(look=look, lost=lost, why=why, recorded=False, troubles=tuple(troubles))
    blind = bool(why) or earlier is None
    _attempt(
        troubles,
        "the issue about lost safeguards could not be kept",
        lambda: keep_protection_issue(context, lost, now, blind=blind),
    )
    new = () if _said_today(earlier or (), look) else (look_event(look, why=why, run=context.run.url),)
    recorded = _attempt(troubles, "the look is not recorded", lambda: Ledger(context, now).add(new))
    return SeenProtection(
        look=look, lost=lost, why=why, recorded=recorded is not None, troubles=tuple(troubles)
    )


def _said_today(earlier: Sequence[Look], look: Look) -> bool:
    """Whether the last look was today and saw the same: anyone who may write can start as many as they like."""
    return (
        bool(earlier)
        and earlier[-1].at.date() == look.at.date()
        and dict(earlier[-1].sights) == dict(look.sights)
    )


def record_statement(context: Context, text: str, now: datetime) -> Event:
    """Record what an admin says, who started this run. Raises DeniedError for anybody else, and InvalidError for any other text."""
    ensure_current(context)
    ensure_first_attempt(context, WORKFLOW)
    words, by = parsed(text), context.run.person
    if not by.github_id or context.github.permission(by.login) != ADMIN:
        who = by.login or "nobody known"
        raise DeniedError(
            f"{who} started this run, and is no admin of the repository: only an admin sees this"
        )
    event = statement_event(words, by, at=now, run=context.run.url)
    Ledger(context, now).add([event])
    return event


def say_protection(github_write: GitHubWrite, checks: Iterable[Check]) -> Mapping[str, Check]:
    """Start the workflow that records what doctor showed this admin. Returns what it is given to record.

    Raises InvalidError for somebody who sees no more than a run does, and DeniedError if the workflow cannot be started.
    """
    found = of_safeguards(checks)
    if all(found[code].verdict is CheckVerdict.UNKNOWN for code in ADMINS_SEE if code in found):
        raise InvalidError(
            "this token sees no more than the weekly look does: take that of an admin (gh auth token), who may also write actions"
        )
    try:
        github_write.dispatch(WORKFLOW, "main", {"statement": as_text(found)})
    except DeniedError as error:
        raise DeniedError(
            f"{WORKFLOW} could not be started ({error}): the token needs to write actions, and main's {WORKFLOW} the input "
            "`statement`, which `jitbot init` writes"
        ) from error
    return found


def _look(context: Context, now: datetime) -> tuple[Look, Mapping[str, Check], str]:
    """One call for each branch, judged by doctor's table; and why a branch was not seen."""
    rules = {name: _rules(context, name) for name in ("main", LEDGER)}
    state = as_a_job_sees(context.settings, rules["main"], rules[LEDGER])
    tree = repository_files(context.git, context.documents, now)
    checks = of_safeguards(judged(row, state, tree) for row in TABLE)
    why = "; ".join(
        f"the rules of {name}: {each.why}" for name, each in rules.items() if isinstance(each, Unknown)
    )
    return Look(at=now, sights=sights_of(state, checks)), checks, why


def _rules(context: Context, name: str) -> Rules:
    return tried(lambda: context.github.rules(name).answer)


def _earlier(context: Context, now: datetime) -> tuple[Look, ...]:
    """Every look that was ever recorded. Raises UnavailableError if the ledger cannot be checked."""
    saying = f"{RECORD}: {OF_SAFEGUARDS}"
    history = LedgerReader(context=context, at=now, since=EVER, saying=saying).read()
    if history.doubt:
        raise UnavailableError(history.doubt)
    return looks_of(history.events)


def _lost(looks: Sequence[Look], checks: Mapping[str, Check]) -> Iterator[Lost]:
    for each in SAFEGUARDS:
        loss = lost_now(each.code, looks)
        if loss is not None and each.code in checks:
            yield Lost(safeguard=each, loss=loss, check=checks[each.code])


def _attempt(troubles: list[str], what: str, do: Callable[[], T]) -> T | None:
    """What it gives; None, with the trouble noted, if it fails."""
    try:
        return do()
    except JitbotError as error:
        troubles.append(f"{what}: {error}")
        return None
