"""The request that a person means; if they name none, their newest one that may be running.

The ledger is read through the API here and is not verified: anyone with write access can add files to its tip and
remove them. So it may help to find a request, but it never proves that there is nothing to end. main's content and
the number of a pull request come from GitHub itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jitbot.domain.access.request_state import RequestState, fold_events
from jitbot.domain.ledger.events import GIVES, Event
from jitbot.domain.model.bounds import MEMORY
from jitbot.domain.model.documents import PLAIN, Login
from jitbot.domain.model.errors import InvalidError, JitbotError
from jitbot.domain.model.grammar import RequestPath, parse_request_path
from jitbot.domain.request.request_reference import pull_number, resolve
from jitbot.domain.text import timestamp
from jitbot.usecases.ledger.remote_ledger import UnverifiedLedger
from jitbot.usecases.request.requester_client import RemoteTree, RequesterClient

UNVERIFIED = "nobody has verified that here: `jitbot status` in a clone does"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerAnswer:
    """The events of the branch `ledger`, unverified, and the reason if it could not be read."""

    events: tuple[Event, ...] = ()
    trouble: str = ""
    states: dict[str, RequestState] = field(default_factory=dict)

    def state(self, request: str) -> RequestState:
        """The recorded state of a request."""
        return self.states.get(request, RequestState(request=request))

    def until(self, request: str) -> datetime | None:
        """The latest end that any event gives a request. An event that is added can make it later, never earlier."""
        ends = [
            event.window.expires_at
            for event in self.events
            if event.request == request and event.kind in GIVES and event.window is not None
        ]
        return max(ends, default=None)

    def may_run(self, request: str, now: datetime) -> bool:
        """Whether its time is not over; early ends are ignored."""
        until = self.until(request)
        return until is not None and now < until


def ask_ledger(ledger: UnverifiedLedger, now: datetime) -> LedgerAnswer:
    """The branch's events of the last 21 days; an empty answer with the reason if they cannot be read."""
    try:
        events = ledger.events(now - MEMORY, now)
    except JitbotError as error:
        return LedgerAnswer(trouble=str(error))
    return LedgerAnswer(events=events, states=dict(fold_events(events)))


def which(client: RequesterClient, answer: LedgerAnswer, text: str | None, now: datetime) -> str:
    """The request of that path, unique part or pull request; without a text, the person's newest that may be running.

    Requests that are on main, and live, are preferred.
    """
    if text is None:
        return _newest(client, answer, now)
    if (number := pull_number(text)) is not None:
        return client.request_of(number)
    if isinstance(parse_request_path(text), RequestPath):
        return text

    def may_run(paths: Iterable[str]) -> list[str]:
        return [path for path in paths if answer.may_run(path, now)]

    def the_open_one(paths: Iterable[str]) -> list[str]:
        found = [path for path in may_run(paths) if not answer.state(path).ended_early]
        return found if len(found) == 1 else []  # an end that nobody has verified hides nothing from a list

    known = dict.fromkeys((*answer.states, *client.requests(_month_and_last(now))), ())
    return resolve(text, known, prefer=(lambda paths: _at_main(client, paths), may_run, the_open_one))


def asked_before(client: RequesterClient, text: str, now: datetime) -> tuple[str, bytes]:
    """The path and content of the request that a person means, of main or of a pull request, merged or not."""
    path, number = which(client, LedgerAnswer(), text, now), pull_number(text)
    if number is None:
        return path, client.read_request(path)[0]
    content = RemoteTree(client.github, client.github.pull(number).head).read([path]).get(path)
    if content is None:
        raise InvalidError(f"pull request {number} holds no request: it deletes {path}")
    return path, content


def the_only_one(client: RequesterClient, answer: LedgerAnswer, text: str | None, now: datetime) -> str:
    """As `which`; but raise InvalidError with what to type where no text is given, and several of main may be running."""
    if text is None:
        running = [path for path in _running(client, answer, now) if not answer.state(path).ended_early]
        several = _at_main(client, running)
        if len(several) > 1:
            lines = (f"  jitbot release {path}{_until(answer, path)}" for path in sorted(several))
            raise InvalidError("\n".join(("several of yours are live; say which:", *lines)))
    return which(client, answer, text, now)


def _until(answer: LedgerAnswer, path: str) -> str:
    until = answer.until(path)
    return f"   # until {timestamp.show(until)}" if until is not None else ""


def _running(client: RequesterClient, answer: LedgerAnswer, now: datetime) -> list[str]:
    """The person's requests that may be running. Raises InvalidError with what to do if none may."""
    login = client.person.login
    own = [path for path in answer.states if _is_of(path, login) and answer.may_run(path, now)]
    # The ledger is not verified here: what main holds and the ledger lacks may be running. What ended is meant last.
    if all(answer.state(path).ended_early for path in own):
        own += [path for path in client.requests(_month_and_last(now)) if _silent(path, login, answer, now)]
    if not own:
        raise InvalidError(
            f"{login} has nothing live in {client.place.repository}, as the branch ledger says; {UNVERIFIED}. "
            "What you name is tried all the same"
        )
    return own


def _newest(client: RequesterClient, answer: LedgerAnswer, now: datetime) -> str:
    own = _running(client, answer, now)
    merged = _at_main(client, own)

    def rank(path: str) -> tuple[bool, bool, datetime, str]:
        state = answer.state(path)
        return path in merged, not state.ended_early, state.began or now, path

    return max(own, key=rank)


def _month_and_last(now: datetime) -> tuple[str, str]:
    """This month and the one before, as requests are filed: 2026-11, 2026-10."""
    return f"{now:%Y-%m}", f"{now.replace(day=1) - timedelta(days=1):%Y-%m}"


def _silent(path: str, login: Login, answer: LedgerAnswer, now: datetime) -> bool:
    """Whether a request is this person's, recent enough to be running, and has no decision in the ledger."""
    parsed = parse_request_path(path)
    young = isinstance(parsed, RequestPath) and parsed.date >= (now - MEMORY).date()
    return young and _is_of(path, login) and not answer.state(path).decided


def _is_of(path: str, login: Login) -> bool:
    parsed = parse_request_path(path)
    return isinstance(parsed, RequestPath) and parsed.slug_for(login) is not None


def _at_main(client: RequesterClient, paths: Iterable[str]) -> frozenset[str]:
    """Those of them that are ordinary files on main, which only an approved merge can change.

    Their contents are not read: a single file that is not text would make this fail for everybody.
    """
    wanted = frozenset(paths)
    client.tree.list(path.rpartition("/")[0] for path in wanted)  # all folders in one question
    entries = (client.tree.entry(path) for path in wanted)
    return frozenset(entry.path for entry in entries if entry is not None and entry.mode == PLAIN)
